"""Rows of indices: checked, sorted, counted."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Int, Integer
from torch import Tensor

from mlcourse._check import check_tensor, check_width

#: Whole numbers, one a point.
Labels = Integer[Tensor, " n"] | Bool[Tensor, " n"]
#: What a person may hand in: a tensor, or rows of plain integers.
Rows = Tensor | Sequence[Sequence[int]]


def as_labels(labels: Tensor) -> Labels:
    """Class labels (n,), whole numbers; error if they are not."""
    check_tensor(labels, "labels")
    if labels.ndim != 1 or labels.is_floating_point() or labels.is_complex():
        raise ValueError(
            "labels must be one whole number a point, shape (n,), got "
            f"{tuple(labels.shape)} of {labels.dtype}"
        )
    return labels


def as_rows(rows: Rows, *, name: str, width: int) -> Int[Tensor, "t {width}"]:
    """Rows of ``width`` indices in int64; error if they are not."""
    found = torch.as_tensor(rows)
    if found.numel() == 0:
        return found.new_empty((0, width), dtype=torch.int64)
    check_width(found, name=name, width=width)
    return found.to(torch.int64)


def check_range(rows: Int[Tensor, "t w"], n: int, *, name: str) -> None:
    """Raise ValueError unless all indices are from 0 to n - 1, distinct in a row."""
    wrong = ((rows < 0) | (rows >= n)).any(dim=1)
    if wrong.any():
        raise ValueError(
            f"{name} must hold indices from 0 to n - 1 = {n - 1}, got "
            f"{first(rows, wrong)}; are you counting from 1, or over other points?"
        )
    ordered = rows.sort(dim=1).values
    wrong = (ordered[:, 1:] == ordered[:, :-1]).any(dim=1)
    if wrong.any():
        raise ValueError(
            f"{name} must compare different points, got {first(rows, wrong)}; "
            "no one can judge a point against itself, so drop such rows"
        )


def check_once(rows: Int[Tensor, "t w"], *, name: str) -> None:
    """Raise ValueError if a row occurs twice."""
    _, code, count = rows.unique(dim=0, return_inverse=True, return_counts=True)
    twice = count[code] > 1
    if twice.any():
        raise ValueError(
            f"{name} must hold each judgement once, got {first(rows, twice)} again; "
            "drop the copies: they would count double"
        )


def first(rows: Int[Tensor, "t w"], wrong: Bool[Tensor, " t"]) -> str:
    """The first wrong row in words, and how many there are."""
    where = wrong.nonzero()[0, 0]
    return (
        f"{tuple(rows[where].tolist())} (row {int(where)}; {int(wrong.sum())} in all)"
    )


def sort_rows(rows: Int[Tensor, "t w"]) -> Int[Tensor, "t w"]:
    """Rows in lexicographic order."""
    for column in reversed(range(rows.shape[1])):
        rows = rows[rows[:, column].sort(stable=True).indices]
    return rows
