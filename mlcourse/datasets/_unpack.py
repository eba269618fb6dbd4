"""A .tgz, unpacked once into the folder that holds it: whole or not at all."""

import gzip
import tarfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from mlcourse.datasets._download import verified
from mlcourse.datasets._http import DownloadError


def unpack(archive: Path, name: str, *, checksum: str) -> Path:
    """Return the archive's folder of this name, unpacked beside the archive.

    All is unpacked into another folder first, which is removed at the end, also after
    Ctrl-C; other processes see the whole folder or none.

    Raises
    ------
    ValueError : the checksum is another, a file would be written elsewhere, or there is
        no such folder in the archive.
    DownloadError : it cannot be written, in one line.

    """
    verified(archive, checksum)
    folder = archive.with_name(name)
    try:
        with TemporaryDirectory(".part", f"{name}.", archive.parent) as part:
            with tarfile.open(archive, "r:gz") as members:
                members.extractall(part, filter="data")
            if not Path(part, name).is_dir():
                raise ValueError(f"{archive} must hold a folder {name}, got none")
            if not folder.is_dir():  # another process may have been faster
                Path(part, name).replace(folder)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(
            f"{archive} is damaged or unsafe ({error}); delete it and get it again"
        ) from error
    except OSError as error:
        raise DownloadError(
            f"could not unpack {archive} ({error.strerror or error}); "
            "make room or choose another root"
        ) from error
    return folder
