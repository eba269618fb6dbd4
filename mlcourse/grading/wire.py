"""The wire between the grader and a student's process: plain data and nothing else.

A frame is two lengths (big-endian: the tree's in 4 bytes, the arrays' in 8), a JSON
tree and a safetensors blob. In the tree, None, booleans, numbers and texts stand for
themselves; everything else is an object with one key that names its type::

    {"list": [...]}  {"tuple": [...]}  {"dict": {"key": ...}}
    {"tensor": i}    {"array": i}      the i-th entry of the blob

Nothing is unpickled, imported or evaluated. What a frame holds is of exactly these
types, so no object of a student's ever meets a check.
"""

import json
import math
import socket
import struct
import time
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

HEADER = struct.Struct(">IQ")
#: Limits on one frame: bytes of the tree, bytes of the arrays, depth of the tree.
MAX_TREE = 16 * 2**20
MAX_BLOB = 257 * 2**20
MAX_DEPTH = 80

#: What an array may hold.
DTYPES = frozenset(
    {
        torch.bool,
        *(torch.uint8, torch.uint16, torch.uint32, torch.uint64),
        *(torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
    }
)


class WireError(Exception):
    """A frame that is not as it should be, or a value that cannot be one."""


def encode(value: object) -> bytes:
    """Return the frame of a plain value."""
    tensors: list[torch.Tensor] = []
    tree = json.dumps(_pack(value, tensors, 0), separators=(",", ":")).encode()
    blob = save({str(i): t for i, t in enumerate(tensors)}) if tensors else b""
    if len(tree) > MAX_TREE or len(blob) > MAX_BLOB:
        raise WireError(f"{len(tree) + len(blob)} bytes are too many for one frame")
    return HEADER.pack(len(tree), len(blob)) + tree + blob


def decode(frame: bytes) -> object:
    """Return the value of a frame; raises WireError, whatever the bytes are."""
    tree, blob = _lengths(frame[: HEADER.size])
    if len(frame) != HEADER.size + tree + blob:
        raise WireError("a frame's length is not what its header says")
    return _decode(frame[HEADER.size : HEADER.size + tree], frame[HEADER.size + tree :])


def send(channel: socket.socket, value: object, *, until: float | None = None) -> None:
    """Send one frame; TimeoutError where the clock passes ``until`` (monotonic)."""
    channel.settimeout(_left(until))
    channel.sendall(encode(value))


def receive(channel: socket.socket, *, until: float | None = None) -> object:
    """Receive one frame; EOFError where the other side has gone."""
    tree, blob = _lengths(_read(channel, HEADER.size, until))
    return _decode(_read(channel, tree, until), _read(channel, blob, until))


def _lengths(header: bytes) -> tuple[int, int]:
    if len(header) != HEADER.size:
        raise WireError("a frame without a whole header")
    tree, blob = HEADER.unpack(header)
    if tree > MAX_TREE or blob > MAX_BLOB:
        raise WireError(f"a frame of {tree + blob} bytes is too large")
    return tree, blob


def _left(until: float | None) -> float | None:
    if until is None:
        return None
    if (left := until - time.monotonic()) <= 0:
        raise TimeoutError
    return left


def _read(channel: socket.socket, size: int, until: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        channel.settimeout(_left(until))
        part = channel.recv(min(size - len(parts), 2**20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _pack(value: object, tensors: list[torch.Tensor], depth: int) -> object:
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list or type(value) is tuple:
        return {
            type(value).__name__: [_pack(item, tensors, depth + 1) for item in value]
        }
    if type(value) is dict:
        if not all(type(key) is str for key in value):
            raise WireError("a dict's keys must be texts")
        return {"dict": {k: _pack(v, tensors, depth + 1) for k, v in value.items()}}
    if type(value) is np.ndarray and value.dtype.kind in "biuf":
        if value.dtype.itemsize > 8:
            raise WireError(f"an array of {value.dtype} cannot be sent")
        native = np.array(value, value.dtype.newbyteorder("="), order="C")
        tensors.append(torch.from_numpy(native))
        return {"array": len(tensors) - 1}
    if type(value) is torch.Tensor and value.layout == torch.strided:
        if value.dtype not in DTYPES or value.is_meta:
            raise WireError(f"a tensor of {value.dtype} cannot be sent")
        tensors.append(
            value.detach().cpu().clone(memory_format=torch.contiguous_format)
        )
        return {"tensor": len(tensors) - 1}
    raise WireError(f"a value of type {type(value).__name__} cannot be sent")


def _decode(tree: bytes, blob: bytes) -> object:
    try:
        tensors = load(blob) if blob else {}
        return _unpack(json.loads(tree.decode()), tensors, 0)
    except (SafetensorError, ValueError, RecursionError, KeyError) as error:
        raise WireError(f"not a frame: {type(error).__name__}") from None
    except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
        raise WireError(f"not a frame: {type(error).__name__}") from None


def _unpack(node: Any, tensors: dict[str, torch.Tensor], depth: int) -> object:
    if depth > MAX_DEPTH:
        raise WireError("nested too deeply")
    if type(node) is str:
        node.encode()  # half a character is a ValueError
        return node
    if type(node) is not dict:
        if node is None or type(node) in (bool, int, float):
            return node
        raise WireError("a list that does not say what it is")
    if len(node) != 1:
        raise WireError("a container must say its type, and nothing else")
    [(kind, content)] = node.items()
    if kind == "dict" and type(content) is dict:
        return {
            _unpack(k, tensors, 0): _unpack(v, tensors, depth + 1)
            for k, v in content.items()
        }
    if kind in ("list", "tuple") and type(content) is list:
        items = [_unpack(item, tensors, depth + 1) for item in content]
        return items if kind == "list" else tuple(items)
    if kind in ("tensor", "array") and type(content) is int:
        tensor = tensors.pop(str(content))  # once: a reference cannot multiply memory
        if tensor.dtype not in DTYPES:
            raise WireError(f"an array of {tensor.dtype}")
        if math.prod(max(size, 1) for size in tensor.shape) > MAX_BLOB:
            raise WireError("an empty array with an absurd shape")
        return tensor if kind == "tensor" else tensor.numpy()
    raise WireError("a type that is not on the wire")
