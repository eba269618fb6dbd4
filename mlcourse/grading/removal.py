"""Remove what a student's code has left: also what it locked, however deep it lies."""

import os
from pathlib import Path


def empty(folder: Path) -> None:
    """Remove all that is in a folder, one step at a time.

    No recursion and no long path, so that no depth is too much; no link is followed.
    """
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fchmod(here, 0o700)
        way: list[str] = []
        waiting = [_folders(here)]  # of each folder on the way, those still in it
        while waiting:
            if waiting[-1]:
                name = waiting[-1].pop()
                os.chmod(name, 0o700, dir_fd=here)
                here = _step(here, name)
                way.append(name)
                waiting.append(_folders(here))
            else:
                waiting.pop()
                if way:
                    here = _step(here, "..")
                    os.rmdir(way.pop(), dir_fd=here)
    finally:
        os.close(here)


def _folders(here: int) -> list[str]:
    """Remove the files of a folder; return the names of the folders in it."""
    with os.scandir(here) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=here)
    return [name for name, is_folder in found if is_folder]


def _step(here: int, name: str) -> int:
    """Open a folder seen from another one, which is closed."""
    there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    os.close(here)
    return there
