"""Plain data: all that an answer may hold, so that no object acts on a check.

None, bool, int, float, str; lists, tuples and dicts with text keys of these; NumPy and
torch arrays of booleans, integers and real numbers. NumPy's numbers become Python's.
The process-separated grader carries the same types.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mlcourse.grading.errors import Unsupported
from mlcourse.grading.wire import DTYPES

#: Limits on one answer: bytes of its arrays and texts, containers and their depth.
MAX_BYTES = 256 * 2**20
MAX_ITEMS = 1_000_000
MAX_DEPTH = 64

EXPECTED = (
    "expected a number, a text, a NumPy array, a torch tensor, or lists, tuples and "
    "dicts of these"
)


def plain(value: object, what: str) -> object:
    """Return a copy of ``value`` that holds plain data only.

    ``what`` opens the error's sentence, as ``your function knn_predict returned``.

    Raises
    ------
    Unsupported
        if anything in it is of another type, too large, or nested in itself.
    """
    return _Copier(what).copy(value, 0)


def kind(value: object) -> str:
    """Return the name of a value's class, with its article, whatever the class does.

    >>> kind({1}), kind([])
    ('a set', 'a list')
    """
    # type.__name__ itself, since a metaclass may redefine the attribute.
    name: str = type.__dict__["__name__"].__get__(type(value))
    article = "an" if name[:1].lower() in "aeiou" else "a"
    return f"{article} {name}"


class _Copier:
    """One walk over one answer, with its budget."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.items = 0
        self.bytes = 0

    def refuse(self, said: str, expected: str = EXPECTED) -> Unsupported:
        return Unsupported(f"{self.what} {said}: {expected}")

    def spend(self, size: int) -> None:
        self.bytes += size
        if self.bytes > MAX_BYTES:
            raise self.refuse(
                f"more than {MAX_BYTES // 2**20} MiB", "return only what is asked for"
            )

    def copy(self, value: object, depth: int) -> object:
        self.items += 1
        if self.items > MAX_ITEMS or depth > MAX_DEPTH:
            raise self.refuse(
                f"more than {MAX_ITEMS:,} values, or a container within itself",
                "return an array, or only what is asked for",
            )
        if value is None or type(value) in (bool, int, float):
            return self._number(value)
        if type(value) is str:
            return self._text(value)
        if type(value) is list:
            return [self.copy(item, depth + 1) for item in value]
        if type(value) is tuple:
            return tuple(self.copy(item, depth + 1) for item in value)
        if type(value) is dict:
            return {self._key(k): self.copy(v, depth + 1) for k, v in value.items()}
        if type(value) in (torch.Tensor, torch.nn.Parameter):
            assert isinstance(value, torch.Tensor)
            return self._tensor(value)
        if type(value) is np.ndarray:
            return self._array(value)
        if isinstance(value, np.generic) and type(value).__module__ == "numpy":
            return self._scalar(value)
        if isinstance(value, tuple) and _is_result_of_torch(value):
            return tuple(self.copy(item, depth + 1) for item in tuple.__iter__(value))
        raise self.refuse(kind(value))

    def _number(self, value: object) -> object:
        if type(value) is int and value.bit_length() > 1024:
            raise self.refuse("an integer of more than 1024 bits", "use a float")
        return value

    def _text(self, value: str) -> str:
        self.spend(len(value))
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self.refuse("a text with half a character", "write it anew") from None
        return value

    def _key(self, value: object) -> str:
        if type(value) is not str:
            raise self.refuse(f"a dict with {kind(value)} as key", "its keys are texts")
        return self._text(value)

    def _tensor(self, value: torch.Tensor) -> torch.Tensor:
        if value.dtype not in DTYPES or value.layout != torch.strided or value.is_meta:
            raise self.refuse(f"a tensor of {value.dtype}, {value.layout}")
        self.spend(value.numel() * value.element_size())
        return value.detach().cpu().clone()

    def _array(self, value: NDArray[Any]) -> NDArray[Any]:
        if value.dtype.kind not in "biuf" or value.dtype.itemsize > 8:
            reason = "rows of unequal length?" if value.dtype.kind == "O" else EXPECTED
            raise self.refuse(f"an array of dtype {value.dtype}", reason)
        self.spend(value.nbytes)
        return np.array(value)

    def _scalar(self, value: np.generic) -> object:
        if value.dtype.kind == "f":
            return float(value.item())
        if value.dtype.kind in "biuU":
            return self.copy(value.item(), 0)
        raise self.refuse(f"a NumPy {value.dtype}")


def _is_result_of_torch(value: object) -> bool:
    """Whether this is the named tuple of ``torch.max(x, dim=1)`` and its kind."""
    return type(value).__module__ == "torch.return_types"
