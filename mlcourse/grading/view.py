"""What a student's process may see of this machine: Python and its packages."""

import os
import sys
import sysconfig
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import platformdirs

#: What else under Landlock may be read; bubblewrap makes its own.
DEVICES = (
    *("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu"),
)

#: What is imported once for all submissions, where one of them names it.
IMPORTS = """
    mlcourse.datasets mlcourse.distances mlcourse.evaluation mlcourse.judgements
    mlcourse.losses mlcourse.miners mlcourse.networks mlcourse.plots mlcourse.samplers
    mlcourse.training matplotlib.pyplot pandas scipy.linalg scipy.optimize scipy.spatial
    scipy.stats sklearn.cluster sklearn.datasets sklearn.decomposition sklearn.ensemble
    sklearn.linear_model sklearn.manifold sklearn.metrics sklearn.model_selection
    sklearn.neighbors sklearn.preprocessing sklearn.svm
"""


def named(cells: Iterable[str]) -> tuple[str, ...]:
    """Return the modules of IMPORTS that code cells name."""
    text = "\n".join(cells)
    known = IMPORTS.split()
    return tuple(n for n in known if all(part in text for part in n.split(".")))


def readable() -> list[Path]:
    """Return every folder or file that a student's process may read."""
    return [*libraries(), *interpreter(), *site_folders(), *data()]


def without_course(path: Path | None = None) -> list[Path]:
    """Return what is readable, path by path where the installed course lies within."""
    if path is None:
        return [inner for top in readable() for inner in without_course(top)]
    if not any(site.is_relative_to(path.resolve()) for site in site_folders()):
        return [path]
    here = [child for child in path.iterdir() if not ours(child)]
    return [inner for child in here for inner in without_course(child)]


def libraries() -> list[Path]:
    """Return where the system's shared libraries are."""
    names = "/lib /lib32 /lib64 /usr/lib /usr/lib32 /usr/lib64 /etc/ld.so.cache"
    return [path for path in map(Path, names.split()) if path.exists()]


def python() -> str:
    """Return the interpreter itself, not a link in an environment."""
    return os.path.realpath(sys.executable)


def interpreter() -> list[Path]:
    """Return the folders of the interpreter and its standard library."""
    base = Path(sys.base_prefix).resolve()
    folders = {Path(python()).parent, base / "lib", base / "lib64"}
    return sorted(path for path in folders if path.is_dir())


@cache
def site_folders() -> tuple[Path, ...]:
    """Return the folders of the installed packages."""
    specs = (find_spec(name) for name in ("numpy", "torch", "matplotlib"))
    found = {Path(s.origin).parents[1] for s in specs if s and s.origin}
    found |= {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    return tuple(sorted(path.resolve() for path in found if path.is_dir()))


def data() -> list[Path]:
    """Return the folder of the course's data, if there is one."""
    named = os.environ.get("MLCOURSE_CACHE")
    path = Path(named or platformdirs.user_cache_dir("mlcourse"))
    return [path.resolve()] if path.is_dir() else []


def ours(path: Path) -> bool:
    """Whether an entry of site-packages is the course itself, or points to it."""
    return "mlcourse" in path.name


def environment(home: Path) -> dict[str, str]:
    """Return the whole environment of a student's process."""
    settings = {
        "HOME": home, "TMPDIR": home, "MPLCONFIGDIR": home / "matplotlib",
        "MPLBACKEND": "Agg", "PATH": "/usr/bin:/bin", "USER": "student",
        "LANG": "C.UTF-8", "OMP_NUM_THREADS": 1, "MKL_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1, "TQDM_DISABLE": 1,
    }  # fmt: skip
    if data():
        settings["MLCOURSE_CACHE"] = data()[0]
    return {name: str(value) for name, value in settings.items()}
