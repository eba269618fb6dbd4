"""Where the files of a data set lie: in a folder, or in a zip that is read in place."""

import os
import zipfile
import zlib
from pathlib import Path


class Folder:
    """The files below a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def has(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        return (self.path / name).is_file()

    def read(self, name: str) -> bytes:
        """Return what is in it."""
        return (self.path / name).read_bytes()


class Zip:
    """The members of a zip archive: nothing is unpacked.

    Each process opens the archive for itself, also one that was forked or that got this
    object pickled: two that share one open file move each other's place in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()

    def __reduce__(self) -> tuple[type["Zip"], tuple[Path]]:
        return Zip, (self.path,)

    def _open(self) -> None:
        """Open the archive for this process."""
        self._process = os.getpid()
        try:
            self._archive = zipfile.ZipFile(self.path)
        except zipfile.BadZipFile as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> ValueError:
        return ValueError(
            f"{self.path} is damaged ({error}); delete it and fetch it again"
        )

    def has(self, name: str) -> bool:
        """Return whether there is a member of this name."""
        return name in self._archive.NameToInfo

    def read(self, name: str) -> bytes:
        """Return what is in it."""
        if self._process != os.getpid():
            self._open()
        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise self._damaged(error) from error


#: Files by their names.
Source = Folder | Zip
