"""What checks say of returned tables and numbers: shape, range, the known mistake."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mlcourse.grading.as_numbers import as_numbers

#: No table of a task has a larger number; a check may multiply some of this size.
LARGEST = 1e30
#: Tables of so many numbers are shown in full, of larger ones the worst entry.
SHOWN = 9
_LOST = (
    "0 was divided by 0, an exponential left the range of floats (log-sum-exp does "
    "not), or rounding took the argument of a root, a logarithm or an arccos out of "
    "its range (clamp it)"
)


def parts(got: Any, names: Sequence[str], call: str, reading: str) -> list[Any]:
    """Return the things of these names that got consists of, or say how many came."""
    if isinstance(got, Tensor | np.ndarray) and got.ndim:
        got = got.tolist() if got.ndim == 1 else list(got)
    found = list(got) if isinstance(got, list | tuple) else [got]
    if len(found) != len(names):
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        raise AssertionError(
            f"{call} must return {len(names)} things, {listed}, in this order; got "
            f"{len(found)}. {reading}"
        )
    return found


def table(got: Any, shape: tuple[int | None, ...], call: str, reading: str) -> Tensor:
    """Return got as a finite float64 tensor of this shape, or say what is off.

    A None in shape stands for any size.
    """
    numbers = as_numbers(got)
    found = "no table of numbers" if numbers is None else tuple(numbers.shape)
    if (
        numbers is None
        or numbers.ndim != len(shape)
        or any(
            want not in (None, have) for want, have in zip(shape, found, strict=True)
        )
    ):
        wanted = str(shape).replace("None", "any")
        raise AssertionError(
            f"{call} returned {found}, expected shape {wanted}. {reading}"
        )
    if not numbers.isfinite().all():
        raise AssertionError(f"{call} returned NaN or infinity: {_LOST}. {reading}")
    if not (numbers.abs() < LARGEST).all():
        raise AssertionError(
            f"{call} holds {numbers.abs().max():.3g}, and no task has an answer beyond "
            f"{LARGEST:.0e}. {reading}"
        )
    return numbers


def number(got: Any, call: str, reading: str) -> float:
    """Return got as a finite float, or say what came."""
    found = as_numbers(got)
    if found is None or found.numel() != 1:
        came = f"{got!r:.80}" if found is None else f"shape {tuple(found.shape)}"
        raise AssertionError(
            f"{call} returned {came}, expected one finite number. {reading}"
        )
    value = float(found.item())
    if not math.isfinite(value):
        raise AssertionError(
            f"{call} returned {value}, expected one finite number: {_LOST}. {reading}"
        )
    return value


def whole(
    got: Any, shape: tuple[int | None, ...], below: int, call: str, reading: str
) -> Tensor:
    """Return got as whole numbers from 0 to below - 1, or say what is off."""
    found = table(got, shape, call, reading)
    if not ((found == found.floor()) & (found >= 0) & (found < below)).all():
        raise AssertionError(
            f"{call}: entries must be whole numbers, 0 to {below - 1}. {reading}"
        )
    return found.long()


def same(
    got: Any,
    want: Any,
    call: str,
    reading: str,
    mistakes: Iterable[tuple[str, Any]] = (),
    tol: float = 1e-3,
) -> None:
    """Compare two tables; a known mistake is called by its name."""
    got, want = (torch.as_tensor(t, dtype=torch.float64) for t in (got, want))
    if _near(got, want, tol):
        return
    shown = versus(got, want)
    for said, wrong in mistakes:
        if _near(got, torch.as_tensor(wrong, dtype=torch.float64), tol):
            raise AssertionError(f"{call} {shown}: {said}. {reading}")
    raise AssertionError(f"{call} {shown}. Work one entry out by hand. {reading}")


def _near(got: Tensor, want: Tensor, tol: float) -> bool:
    if got.shape != want.shape:
        return False
    return bool(((got - want).abs() <= tol * want.abs().clamp(min=1)).all())


def versus(got: Tensor, want: Tensor) -> str:
    """What came beside what was expected; of a large table its worst entry."""
    few = [str(t.round(decimals=4).tolist()) for t in (got, want)]
    if got.numel() <= SHOWN and few[0] != few[1]:
        return f"returned {few[0]}, expected {few[1]}"
    worst = int(((got - want).abs() / want.abs().clamp(min=1)).argmax())
    place = [int(p) for p in np.unravel_index(worst, tuple(got.shape))]
    return (
        f"has {got.flatten()[worst]:.6g} at {place}, expected "
        f"{want.flatten()[worst]:.6g} there"
    )


def one(
    got: float,
    want: float,
    call: str,
    reading: str,
    mistakes: Iterable[tuple[str, float]] = (),
    tol: float = 1e-4,
) -> None:
    """Compare two numbers; a known mistake is called by its name."""
    if abs(got - want) <= tol * max(1, abs(want)):
        return
    for said, wrong in mistakes:
        if abs(got - wrong) <= tol * max(1, abs(wrong)):
            raise AssertionError(
                f"{call} returned {got:.6g}, expected {want:.6g}: {said}. {reading}"
            )
    raise AssertionError(f"{call} returned {got:.6g}, expected {want:.6g}. {reading}")
