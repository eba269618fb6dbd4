"""What checks say of returned tables and numbers: shape, range, the known mistake."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from torch import Tensor

from mlcourse.grading.as_numbers import as_numbers


def table(got: Any, shape: tuple[int, ...], call: str, reading: str) -> Tensor:
    """Return got as a finite float64 tensor of this shape, or say what is off."""
    numbers = as_numbers(got)
    found = "no table of numbers" if numbers is None else tuple(numbers.shape)
    if numbers is None or found != shape:
        raise AssertionError(
            f"{call} returned {found}, expected shape {shape}. {reading}"
        )
    if not numbers.isfinite().all():
        raise AssertionError(
            f"{call} returned NaN or infinity: an exponential left the range of "
            f"floats, or 0 was divided by 0. {reading}"
        )
    return numbers


def number(got: Any, call: str, reading: str) -> float:
    """Return got as a finite float, or say what came."""
    found = as_numbers(got)
    if found is None or found.numel() != 1 or not found.isfinite().all():
        raise AssertionError(
            f"{call} returned {got!r:.80}, expected one finite number. {reading}"
        )
    return float(found.item())


def whole(
    got: Any, shape: tuple[int, ...], below: int, call: str, reading: str
) -> Tensor:
    """Return got as whole numbers from 0 to below - 1, or say what is off."""
    found = table(got, shape, call, reading)
    if not ((found == found.floor()) & (found >= 0) & (found < below)).all():
        raise AssertionError(
            f"{call}: entries must be whole numbers, 0 to {below - 1}. {reading}"
        )
    return found.long()


def same(
    got: Tensor,
    want: Tensor,
    call: str,
    reading: str,
    mistakes: Iterable[tuple[str, Tensor]] = (),
    tol: float = 1e-3,
) -> None:
    """Compare two tables; a known mistake is called by its name."""
    size = want.abs().clamp(min=1)
    if ((got - want).abs() <= tol * size).all():
        return
    for said, wrong in mistakes:
        if ((got - wrong).abs() <= tol * wrong.abs().clamp(min=1)).all():
            raise AssertionError(f"{call}: {said}. {reading}")
    worst = int(((got - want).abs() / size).argmax())
    place = [int(p) for p in np.unravel_index(worst, tuple(got.shape))]
    raise AssertionError(
        f"{call} has {got.flatten()[worst]:.4f} at {place}, expected "
        f"{want.flatten()[worst]:.4f} there. Work one entry out by hand. {reading}"
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
