"""The system calls that a student's process is refused, as the kernel's program."""

import errno
import tempfile
from typing import Any

#: System calls that a student's answer never needs, and that reach beyond its process.
REFUSED = """
    fork vfork execve execveat socket connect bind listen ptrace process_vm_readv
    process_vm_writev process_madvise kill tkill tgkill rt_sigqueueinfo
    rt_tgsigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal setpriority
    ioprio_set sched_setscheduler sched_setparam sched_setattr migrate_pages
    move_pages setsid setpgid unshare setns mount umount2 pivot_root chroot
    mount_setattr move_mount open_tree fsopen fsmount fsconfig fspick bpf
    perf_event_open userfaultfd keyctl add_key request_key io_uring_setup
    io_uring_enter io_uring_register memfd_create memfd_secret shmget shmat msgget
    semget mq_open truncate chmod fchmod fchmodat fchmodat2 chown fchown lchown
    fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr
    removexattr lremovexattr fremovexattr mknod mknodat syslog reboot swapon swapoff
    open_by_handle_at name_to_handle_at fanotify_init quotactl acct
"""
CLONE_THREAD = 0x10000
PR_SET_PDEATHSIG = 1
#: Signals sent on behalf of a file: F_SETOWN, F_SETSIG, F_SETOWN_EX.
FCNTLS = (8, 10, 15)
#: The same by FIOSETOWN and SIOCSPGRP; text pushed into a terminal by TIOCSTI.
IOCTLS = (0x8901, 0x8902, 0x5412)


def program() -> bytes:
    """Return the seccomp filter as the kernel's program; empty without libseccomp."""
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError):
        return b""
    refuse = seccomp.ERRNO(errno.EPERM)
    made = seccomp.SyscallFilter(seccomp.ALLOW)
    rules: list[tuple[str, tuple[Any, ...]]] = [(n, ()) for n in REFUSED.split()]
    rules += [
        ("clone", (seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0),)),
        ("prlimit64", (seccomp.Arg(0, seccomp.NE, 0),)),
        ("sched_setaffinity", (seccomp.Arg(0, seccomp.NE, 0),)),
    ]
    numbered = [("prctl", 0, PR_SET_PDEATHSIG)]
    numbered += [("fcntl", 1, command) for command in FCNTLS]
    numbered += [("ioctl", 1, command) for command in IOCTLS]
    for name, place, value in numbered:  # of which the kernel reads 32 bits
        low = seccomp.Arg(place, seccomp.MASKED_EQ, 0xFFFFFFFF, value)
        rules.append((name, (low,)))
    for name, arguments in rules:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
            made.add_rule(refuse, name, *arguments)
    # Unlike clone's, its flags cannot be seen here; glibc then takes clone.
    made.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    with tempfile.TemporaryFile() as file:
        made.export_bpf(file)
        file.seek(0)
        return file.read()
