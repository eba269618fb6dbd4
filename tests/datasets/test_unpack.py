"""Tests for mlcourse.datasets._unpack: a folder, whole or not at all."""

import errno
import io
import os
import random
import tarfile

import pytest
from photo_files import md5, tgz

from mlcourse.datasets import DownloadError
from mlcourse.datasets._unpack import unpack

FILES = {
    "birds/a.txt": b"a",
    "birds/deep/b.bin": random.Random(0).randbytes(9999),
    "other.txt": b"beside",
}


@pytest.fixture
def archive(tmp_path):
    """Write an archive; return its path."""

    def archive(data):
        (tmp_path / "birds.tgz").write_bytes(data)
        return tmp_path / "birds.tgz"

    return archive


def beside(path):
    return sorted(p.name for p in path.parent.iterdir())


def test_the_folder_and_nothing_else(archive):
    data = tgz(FILES)
    folder = unpack(archive(data), "birds", checksum=md5(data))
    assert beside(folder) == ["birds", "birds.tgz"]
    assert (folder / "a.txt").read_bytes() == b"a"
    assert (folder / "deep" / "b.bin").read_bytes() == FILES["birds/deep/b.bin"]
    assert os.access(folder, os.R_OK | os.W_OK | os.X_OK)


def test_interrupted_nothing_is_left_and_then_it_works(archive, monkeypatch):
    data = tgz(FILES)
    path = archive(data)

    def interrupt(self, member, *args, **kwargs):
        if member.name == "birds/deep/b.bin":
            assert "birds" not in beside(path)
            raise KeyboardInterrupt
        return real(self, member, *args, **kwargs)

    real = tarfile.TarFile.makefile
    monkeypatch.setattr(tarfile.TarFile, "makefile", interrupt)
    with pytest.raises(KeyboardInterrupt):
        unpack(path, "birds", checksum=md5(data))
    assert beside(path) == ["birds.tgz"]
    monkeypatch.undo()
    assert len(list(unpack(path, "birds", checksum=md5(data)).iterdir())) == 2


def test_another_process_was_faster(archive, monkeypatch):
    data = tgz(FILES)
    path = archive(data)

    def race(self, *args, **kwargs):
        real(self, *args, **kwargs)
        (path.parent / "birds").mkdir()
        (path.parent / "birds" / "theirs").write_bytes(b"")

    real = tarfile.TarFile.extractall
    monkeypatch.setattr(tarfile.TarFile, "extractall", race)
    assert beside(unpack(path, "birds", checksum=md5(data)) / "x") == ["theirs"]
    assert beside(path) == ["birds", "birds.tgz"]


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
def test_another_file_is_not_unpacked_and_not_deleted(archive):
    path = archive(tgz(FILES))
    with pytest.raises(ValueError, match="birds.tgz must have md5 00, got .*it is dam"):
        unpack(path, "birds", checksum="md5:00")
    assert beside(path) == ["birds.tgz"]


def link(name, target):
    """Return an archive with a symbolic link."""
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as file:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = tarfile.SYMTYPE, target
        file.addfile(member)
    return body.getvalue()


@pytest.mark.errors
@pytest.mark.parametrize(
    "data",
    [
        tgz({"birds/a.txt": b"a", "../../escaped.txt": b"evil"}),
        tgz({"birds/a.txt": b"a", "birds/../../escaped.txt": b"evil"}),
        link("birds", "../../.."),
    ],
    ids=["above", "from within", "by a link"],
)
def test_a_file_elsewhere_is_refused(archive, data):
    path = archive(data)
    with pytest.raises(ValueError, match=r"birds.tgz is damaged or unsafe .*outside"):
        unpack(path, "birds", checksum=md5(data))
    assert beside(path) == ["birds.tgz"]
    assert not list(path.parent.parent.glob("escaped*"))


@pytest.mark.errors
@pytest.mark.parametrize(
    "data",
    [b"<html>", tgz(FILES)[:-3000]],
    ids=["a page", "cut"],
)
def test_damaged(archive, data):
    path = archive(data)
    with pytest.raises(ValueError, match="is damaged or unsafe .*delete it and get it"):
        unpack(path, "birds", checksum=md5(data))
    assert beside(path) == ["birds.tgz"]


@pytest.mark.errors
def test_another_folder(archive):
    data = tgz({"cars/a.txt": b"a"})
    path = archive(data)
    with pytest.raises(ValueError, match="must hold a folder birds, got none"):
        unpack(path, "birds", checksum=md5(data))
    assert beside(path) == ["birds.tgz"]


@pytest.mark.errors
def test_a_full_disk_leaves_nothing(archive, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    data = tgz(FILES)
    path = archive(data)
    monkeypatch.setattr(tarfile, "copyfileobj", full)
    with pytest.raises(DownloadError) as caught:
        unpack(path, "birds", checksum=md5(data))
    assert str(caught.value) == (
        f"could not unpack {path} ({os.strerror(errno.ENOSPC)}); "
        "make room or choose another root"
    )
    assert beside(path) == ["birds.tgz"]
