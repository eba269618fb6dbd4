"""Tests for mlcourse.datasets._cache."""

import errno
import hashlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from mlcourse.datasets._cache import cache_folder, cached

ARRAYS = {"x": np.arange(3000).reshape(3, -1), "names": np.array(["a", "\u03b2"])}


def made(arrays=ARRAYS):
    """Return a function that makes the arrays, and the list of its calls."""
    calls = []
    return (lambda: calls.append(1) or arrays), calls


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_made_once_then_read(cache):
    make, calls = made()
    assert same(cached("a", make), ARRAYS)
    assert same(cached("a", make), ARRAYS)
    assert len(calls) == 1
    assert [path.name for path in cache.iterdir()] == ["a"]


def test_another_name_is_another_entry():
    cached("a", lambda: {"x": np.zeros(1)})
    assert cached("b", lambda: {"x": np.ones(1)})["x"].tolist() == [1.0]


def test_folder_is_the_users_unless_told(cache, monkeypatch):
    assert cache_folder() == cache
    monkeypatch.delenv("MLCOURSE_CACHE")
    assert cache_folder().name == "mlcourse"
    monkeypatch.setenv("MLCOURSE_CACHE", "")
    assert cache_folder().name == "mlcourse"


# --- damage ---------------------------------------------------------------------------


def test_any_changed_byte_is_noticed(cache):
    cached("a", made()[0])
    whole = (cache / "a").read_bytes()
    for place in range(0, len(whole), 97):
        damaged = bytearray(whole)
        damaged[place] ^= 0x20
        (cache / "a").write_bytes(damaged)
        make, calls = made()
        assert same(cached("a", make), ARRAYS)
        assert len(calls) == 1, f"byte {place} changed unnoticed"
        assert (cache / "a").read_bytes() == whole


@pytest.mark.parametrize("kept", [0, 1, 31, 32, 33, 1000, -1])
def test_a_file_cut_off_is_made_again(cache, kept):
    cached("a", made()[0])
    whole = (cache / "a").read_bytes()
    (cache / "a").write_bytes(whole[:kept])
    assert same(cached("a", made()[0]), ARRAYS)
    assert (cache / "a").read_bytes() == whole


def test_nothing_is_unpickled_though_the_checksum_be_right(cache):
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{"an": "object"}], dtype=object))
    data = buffer.getvalue()
    cache.mkdir()
    (cache / "a").write_bytes(hashlib.sha256(data).digest() + data)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        cached("a", made()[0])


# --- disk full, read-only, killed -----------------------------------------------------


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["mkdir", "replace"])
def test_a_full_disk_costs_the_cache_only(cache, monkeypatch, step):
    monkeypatch.setattr(Path, step, full)
    assert same(cached("a", made()[0]), ARRAYS)
    monkeypatch.undo()
    assert not cache.exists() or not list(cache.iterdir())


LIMITED = """
import resource, sys, numpy as np
from mlcourse.datasets._cache import cached
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
arrays = cached("a", lambda: {"x": np.arange(9000)})
sys.exit(0 if arrays["x"][-1] == 8999 else 1)
"""
KILLED = """
import os, pathlib, numpy as np
from mlcourse.datasets._cache import cached
pathlib.Path.replace = lambda *_: os._exit(9)
cached("a", lambda: {"x": np.arange(9000)})
"""


def run(script, cache):
    environment = os.environ | {"MLCOURSE_CACHE": str(cache)}
    return subprocess.run([sys.executable, "-c", script], env=environment).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on file sizes there")
def test_a_write_that_the_system_stops_leaves_nothing(cache):
    assert run(LIMITED, cache) == 0
    assert list(cache.iterdir()) == []


def test_killed_before_the_rename_leaves_no_entry(cache):
    assert run(KILLED, cache) == 9
    assert not (cache / "a").exists()
    assert same(cached("a", made()[0]), ARRAYS)


def test_interrupted_before_the_rename_leaves_nothing(cache, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        cached("a", made()[0])
    assert list(cache.iterdir()) == []


def test_a_file_in_place_of_the_folder(cache):
    cache.write_text("not a folder")
    assert same(cached("a", made()[0]), ARRAYS)
    assert cache.read_text() == "not a folder"


# --- several at once ------------------------------------------------------------------


def test_writers_at_once_leave_one_whole_entry(cache):
    start = threading.Barrier(4)
    got = []

    def work(value):
        start.wait()
        for _ in range(20):
            (cache / "a").unlink(missing_ok=True)
            x = cached("a", lambda: {"x": np.full(50_000, value)})["x"]
            got.append(len(x) == 50_000 and len(np.unique(x)) == 1)

    workers = [threading.Thread(target=work, args=(value,)) for value in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == [True] * 80
    assert [path.name for path in cache.iterdir()] == ["a"]
