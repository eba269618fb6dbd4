"""The wire carries plain data, exactly, and whatever comes in, nothing else happens."""

import math
import socket
import struct
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlcourse.grading import wire

ARRAYS = hnp.arrays(
    st.sampled_from(["?", "u1", "i2", "<u4", ">i8", "f2", "<f4", ">f8"]),
    hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | ARRAYS
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        native = a.dtype.newbyteorder("=")
        return native == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


@given(VALUES)
def test_what_is_sent_is_received(value):
    assert same(value, wire.decode(wire.encode(value)))


@pytest.mark.parametrize("dtype", sorted(wire.DTYPES, key=str))
def test_tensors_of_every_type(dtype):
    value = torch.tensor([[1, 0, 1], [0, 1, 1]]).to(dtype).T
    got = wire.decode(wire.encode([value, value[0, 0]]))
    assert got[0].dtype == dtype
    assert torch.equal(got[0], value)
    assert got[1].shape == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_wire_error(data):
    try:
        wire.decode(data)
    except wire.WireError:
        return


@settings(max_examples=300)
@given(VALUES, st.data())
def test_a_damaged_frame_is_a_value_or_a_wire_error(value, data):
    frame = bytearray(wire.encode(value))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(
            st.integers(0, 255)
        )
    try:
        wire.decode(bytes(frame))
    except wire.WireError:
        return


def frame(tree, blob=b""):
    tree = tree.encode("utf-8", "surrogatepass")
    return wire.HEADER.pack(len(tree), len(blob)) + tree + blob


BLOB = wire.encode(torch.ones(2))[wire.HEADER.size + len('{"tensor":0}') :]


@pytest.mark.errors
@pytest.mark.parametrize(
    "tree",
    [
        "[1]",
        '{"list": 1}',
        '{"set": []}',
        '{"list": [], "tuple": []}',
        '{"tensor": 1}',
        '{"tensor": true}',
        '{"tensor": -1}',
        '{"list": [{"tensor": 0}, {"tensor": 0}]}',
        '"\\ud800"',
        '{"dict": {"\\udfff": 1}}',
        "[" * 100_000,
        '{"list": [' * 200 + "]}" * 200,
        "9" * 5000,
        "cos\nsystem\n(S'echo'\ntR.",
    ],
)
def test_a_tree_that_is_none_of_ours(tree):
    with pytest.raises(wire.WireError):
        wire.decode(frame(tree, BLOB))


@pytest.mark.errors
@pytest.mark.parametrize(
    "value",
    [
        {1},
        {1: 2},
        1j,
        object(),
        b"bytes",
        np.array([1j]),
        np.array(["a"]),
        np.float64(1),
        torch.ones(1).to_sparse(),
        torch.ones(1, dtype=torch.complex64),
        torch.nn.Parameter(torch.ones(1)),
        len,
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_plain_types_are_sent(value):
    with pytest.raises(wire.WireError):
        wire.encode([value])


@pytest.mark.errors
def test_a_frame_that_claims_to_be_huge_is_refused_before_it_is_read():
    with pytest.raises(wire.WireError, match="too large"):
        wire.decode(wire.HEADER.pack(2**31, 2**60))


def test_a_huge_shape_without_content_is_refused():
    text = '{"0":{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}}'
    blob = struct.pack("<Q", len(text)) + text.encode()
    with pytest.raises(wire.WireError):
        wire.decode(frame('{"tensor": 0}', blob))


def test_over_a_socket_with_a_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        big = torch.arange(300_000.0)
        sender = threading.Thread(target=wire.send, args=(theirs, ("answer", big)))
        sender.start()
        how, got = wire.receive(ours, until=time.monotonic() + 20)
        sender.join()
        assert how == "answer"
        assert torch.equal(got, big)
        theirs.sendall(b"\0" * 5)  # the rest of a frame never comes
        with pytest.raises(TimeoutError):
            wire.receive(ours, until=time.monotonic() + 0.05)
        theirs.close()
        with pytest.raises(EOFError):
            wire.receive(ours)
