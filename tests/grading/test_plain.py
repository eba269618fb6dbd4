from collections import OrderedDict

import numpy as np
import pytest
import torch

from mlcourse.grading import plain as module
from mlcourse.grading.errors import Unsupported
from mlcourse.grading.plain import plain


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    return np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -3,
        2**70,
        0.1,
        float("inf"),
        "é\n",
        [1, (2, {"a": [None]})],
        {},
        np.arange(6.0).reshape(2, 3),
        np.array(True),
        np.array([], dtype=np.uint8),
        torch.ones(2, 0),
        torch.tensor([1.5], dtype=torch.bfloat16),
        torch.tensor(3),
    ],
    ids=repr,
)
def test_plain_data_comes_back_as_it_was(value):
    found = plain(value, "it is")
    assert type(found) is type(value)
    assert same(found, value)


def test_arrays_are_copies():
    array, tensor = np.zeros(3), torch.zeros(3)
    copies = plain([array, tensor], "it is")
    array += 1
    tensor += 1
    assert copies[0].tolist() == copies[1].tolist() == [0, 0, 0]


def test_the_graph_is_left_behind():
    tensor = torch.ones(2, requires_grad=True) * 2
    assert not plain(tensor, "it is").requires_grad
    parameter = torch.nn.Parameter(torch.ones(2))
    assert type(plain(parameter, "it is")) is torch.Tensor


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**63), 2**63),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
    ],
)
def test_numpy_numbers_become_pythons(value, expected):
    found = plain(value, "it is")
    assert type(found) is type(expected)
    assert found == expected


def test_the_pairs_of_torch_are_tuples():
    found = plain(torch.tensor([[1.0, 3.0, 2.0]]).max(dim=1), "it is")
    assert type(found) is tuple
    assert [x.item() for x in found] == [3, 1]


class EqualToAll:
    __class__ = float

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __repr__(self):
        raise SystemExit

    def __float__(self):
        return 2.0


class Five(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class Array(np.ndarray):
    pass


class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit


class Nameless(metaclass=Meta):
    pass


def itself():
    value = []
    value.append(value)
    return value


REFUSED = {
    "an EqualToAll": EqualToAll(),
    "a Five": Five(2),
    "an Array": np.zeros(3).view(Array),
    "a Nameless": Nameless(),
    "a generator": (i for i in range(3)),
    "a range": range(3),
    "a set": {1},
    "a complex": 1j,
    "a bytes": b"a",
    "a function": plain,
    "an OrderedDict": OrderedDict(a=1),
    "dtype complex128": np.array([1j]),
    "rows of unequal length?": np.array([[1], [1, 2]], dtype=object),
    "dtype <U1": np.array(["a"]),
    "torch.complex64": torch.tensor([1j]),
    "torch.sparse_coo": torch.eye(2).to_sparse(),
    "a tensor of torch.float32": torch.ones(2, device="meta"),
    "a dict with an int as key": {1: 2},
    "half a character": "\ud800",
    "a container within itself": itself(),
    "more than 1024 bits": 10**400,
    "a NumPy datetime64": np.datetime64("2026-01-01"),
}


@pytest.mark.errors
@pytest.mark.parametrize("words", REFUSED)
@pytest.mark.parametrize("deep", [False, True])
def test_the_rest_is_refused_by_name(words, deep):
    value = REFUSED[words]
    with pytest.raises(Unsupported) as error:
        plain([value] if deep else value, "your function f returned")
    message = str(error.value)
    assert message.startswith("your function f returned ")
    assert words in message


@pytest.mark.errors
def test_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    monkeypatch.setattr(module, "MAX_ITEMS", 50)
    for value in (np.zeros(126), torch.zeros(251), "x" * 1001, [np.zeros(100)] * 2):
        with pytest.raises(Unsupported, match="returned more than"):
            plain(value, "it returned")
    with pytest.raises(Unsupported, match="more than 50 values"):
        plain(list(range(50)), "it returned")
    # An array that is large only on paper counts with the size that a copy has.
    with pytest.raises(Unsupported, match="more than"):
        plain(np.broadcast_to(np.zeros(1), (10**9,)), "it returned")
