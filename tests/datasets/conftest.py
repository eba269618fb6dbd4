"""Fixtures of the data tests: a cache of their own, default data, a web server."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from mlcourse.datasets import glyphs


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder of one test: empty, not even made."""
    monkeypatch.setenv("MLCOURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The data set as lectures use it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLCOURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return glyphs(generator=torch.Generator().manual_seed(0))


@dataclass
class Manners:
    """What the server sends, and how; a test changes it between two requests."""

    body: bytes = b""
    bodies: dict = field(default_factory=dict)  # others, by what follows "?"
    ranges: bool = True  # whether it can begin in the middle
    drop_after: int | None = None  # bytes of an answer, then the line is cut
    status: int | None = None  # of an error, sent instead
    asked: list = field(default_factory=list)  # the Range header of each request


@pytest.fixture
def manners():
    return Manners()


@pytest.fixture
def url(manners, monkeypatch):
    """The address of the file of a server on this computer; of others, with ?NAME."""
    monkeypatch.setenv("no_proxy", "*")

    def answer(request):
        asked = request.headers.get("Range")
        body = manners.bodies.get(request.path.partition("?")[2], manners.body)
        manners.asked.append(asked)
        start = int(asked[len("bytes=") : -1]) if asked and manners.ranges else 0
        size = len(body)
        if manners.status or start > max(0, size - 1):
            request.send_error(manners.status or 416)
            return
        request.send_response(206 if asked and manners.ranges else 200)
        if asked and manners.ranges:
            request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        request.send_header("Content-Length", str(size - start))
        request.end_headers()
        request.wfile.write(body[start:][: manners.drop_after])

    methods = {"do_GET": answer, "log_message": lambda *_: None}
    handler = type("Handler", (BaseHTTPRequestHandler,), methods)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/file"
    server.shutdown()
    thread.join()
    server.server_close()
