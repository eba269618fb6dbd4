"""Tests for mlcourse.datasets._download and _http, on a server of this computer."""

import errno
import hashlib
import os
import socket
import sys
from pathlib import Path

import pytest

from mlcourse.datasets import DownloadError
from mlcourse.datasets._download import download, require, verified

BODY = bytes(i * i % 251 for i in range(300_000))
SHA256 = f"sha256:{hashlib.sha256(BODY).hexdigest()}"
MD5 = f"md5:{hashlib.md5(BODY).hexdigest()}"


@pytest.fixture(autouse=True)
def served(manners):
    manners.body = BODY


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "file.zip"


def beside(path):
    return sorted(p.name for p in path.parent.iterdir()) if path.parent.exists() else []


# --- what comes -----------------------------------------------------------------------


@pytest.mark.parametrize("checksum", [SHA256, MD5])
def test_the_whole_file_and_nothing_else(url, path, checksum):
    assert download(url, path, checksum=checksum) == path
    assert path.read_bytes() == BODY
    assert beside(path) == ["file.zip"]


def test_an_empty_file(url, path, manners):
    manners.body = b""
    download(url, path, checksum=f"md5:{hashlib.md5(b'').hexdigest()}")
    assert path.read_bytes() == b""


def test_progress_counts_up_to_the_length(url, path):
    seen = []
    download(url, path, checksum=MD5, progress=lambda *step: seen.append(step))
    assert seen == sorted(seen)
    assert seen[-1] == (len(BODY), len(BODY))


def test_nothing_is_printed(url, path, capfd):
    download(url, path, checksum=MD5)
    assert capfd.readouterr() == ("", "")


# --- resuming -------------------------------------------------------------------------


def test_goes_on_where_the_line_was_cut(url, path, manners):
    manners.drop_after = 100_000
    with pytest.raises(DownloadError, match="sent 100000 of 300000 bytes"):
        download(url, path, checksum=MD5)
    assert beside(path) == ["file.zip.part"]
    manners.drop_after = None
    seen = []
    download(url, path, checksum=MD5, progress=lambda *step: seen.append(step))
    assert path.read_bytes() == BODY
    assert manners.asked == [None, "bytes=100000-"]
    assert seen[0][0] > 100_000
    assert seen[-1] == (300_000, 300_000)


def test_a_server_without_ranges_sends_all_again(url, path, manners):
    path.parent.mkdir()
    path.with_name("file.zip.part").write_bytes(BODY[:777])
    manners.ranges = False
    download(url, path, checksum=MD5)
    assert manners.asked == ["bytes=777-"]
    assert path.read_bytes() == BODY


def test_all_was_there_but_the_name(url, path):
    path.parent.mkdir()
    path.with_name("file.zip.part").write_bytes(BODY)
    download(url, path, checksum=MD5)
    assert beside(path) == ["file.zip"]


@pytest.mark.parametrize("part", [b"something else", BODY + b"more"])
def test_a_part_of_another_file_is_thrown_away_and_then_it_works(url, path, part):
    path.parent.mkdir()
    path.with_name("file.zip.part").write_bytes(part)
    with pytest.raises(DownloadError, match="damaged and is removed"):
        download(url, path, checksum=MD5)
    assert beside(path) == []
    download(url, path, checksum=MD5)
    assert path.read_bytes() == BODY


# --- errors ---------------------------------------------------------------------------


def message(caught):
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.errors
def test_damaged(url, path, manners):
    manners.body = b"<html>Please log in</html>"
    got = hashlib.md5(manners.body).hexdigest()
    with pytest.raises(DownloadError) as caught:
        download(url, path, checksum=MD5)
    assert f"expected md5 {MD5[4:]}, got {got}" in message(caught)
    assert beside(path) == []


@pytest.mark.errors
@pytest.mark.parametrize(("status", "words"), [(404, "Not Found"), (503, "Service")])
def test_refused(url, path, manners, status, words):
    manners.status = status
    with pytest.raises(DownloadError) as caught:
        download(url, path, checksum=MD5)
    assert f"127.0.0.1 answered {status} {words}" in message(caught)
    assert f"get file.zip from {url} by hand and put it in {path.parent}" in str(
        caught.value
    )
    assert not path.exists()


@pytest.mark.errors
def test_offline(path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
    with pytest.raises(DownloadError) as caught:
        download(url, path, checksum=MD5)
    assert message(caught).startswith("could not reach 127.0.0.1 (")
    assert f"get file.zip from {url} by hand and put it in {path.parent}" in str(
        caught.value
    )
    assert beside(path) == []


@pytest.mark.errors
def test_offline_keeps_what_came_before(path):
    path.parent.mkdir()
    path.with_name("file.zip.part").write_bytes(BODY[:777])
    with pytest.raises(DownloadError, match="could not reach"):
        download("http://127.0.0.1:9/file", path, checksum=MD5)
    assert path.with_name("file.zip.part").read_bytes() == BODY[:777]


@pytest.mark.errors
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_leaves_nothing(url, path):
    path.parent.mkdir()
    path.with_name("file.zip.part").symlink_to("/dev/full")
    with pytest.raises(DownloadError) as caught:
        download(url, path, checksum=MD5)
    assert message(caught) == (
        f"could not write {path} ({os.strerror(errno.ENOSPC)}); "
        "make room or choose another root"
    )
    assert beside(path) == []


@pytest.mark.errors
def test_a_root_that_is_a_file(url, tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(DownloadError, match="could not write .*choose another root"):
        download(url, tmp_path / "data" / "file.zip", checksum=MD5)
    assert (tmp_path / "data").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be replaced")
def test_interrupted_the_part_is_kept(url, path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(url, path, checksum=MD5, progress=interrupt)
    assert beside(path) == ["file.zip.part"]
    download(url, path, checksum=MD5)
    assert path.read_bytes() == BODY


# --- only on request ------------------------------------------------------------------


def test_a_file_that_is_there_is_not_asked_for(url, path, manners):
    path.parent.mkdir()
    path.write_bytes(b"mine")
    assert require(path, url=url, checksum=MD5, fetch=True).read_bytes() == b"mine"
    assert manners.asked == []


@pytest.mark.errors
def test_nothing_is_fetched_unasked(url, path, manners):
    with pytest.raises(FileNotFoundError, match=r"download=True, or get it from http"):
        require(path, url=url, checksum=MD5, fetch=False)
    assert manners.asked == []


def test_fetched_when_asked(url, path):
    assert require(path, url=url, checksum=MD5, fetch=True).read_bytes() == BODY


@pytest.mark.errors
@pytest.mark.parametrize("fetch", [False, True])
def test_a_note_ends_what_is_said_of_getting_it_by_hand(url, path, manners, fetch):
    manners.status = 404
    with pytest.raises(OSError, match=r"by hand and put it .* \(or ask for it\)$"):
        require(path, url=url, checksum=MD5, fetch=fetch, note=" (or ask for it)")


# --- by hand --------------------------------------------------------------------------


@pytest.mark.parametrize("checksum", [SHA256, MD5])
def test_the_file_that_was_published(tmp_path, checksum):
    (tmp_path / "file").write_bytes(BODY)
    assert verified(tmp_path / "file", checksum) == tmp_path / "file"


@pytest.mark.errors
def test_another_one_is_kept(tmp_path):
    (tmp_path / "file").write_bytes(BODY[:-1])
    with pytest.raises(ValueError, match=f"file must have md5 {MD5[4:]}, got .*again$"):
        verified(tmp_path / "file", MD5)
    assert (tmp_path / "file").read_bytes() == BODY[:-1]
