"""``score(map_at_r=0.61)``: what a check measured, whether it passed or not."""

import contextlib
import math
from collections.abc import Iterator
from contextvars import ContextVar

_told: ContextVar[dict[str, float] | None] = ContextVar("_told", default=None)


def score(**values: float) -> None:
    """Keep what a check has measured; the first name is what a leaderboard ranks by.

    Outside of a check, nothing is kept.

    >>> with scores() as told:
    ...     score(map_at_r=0.61, recall_at_1=0.9)
    >>> told
    {'map_at_r': 0.61, 'recall_at_1': 0.9}
    """
    if unfit := [name for name, value in values.items() if not math.isfinite(value)]:
        raise ValueError(f"a score is a finite number; {unfit[0]} is not")
    told = _told.get()
    if told is not None:
        told.update({name: float(value) for name, value in values.items()})


@contextlib.contextmanager
def scores() -> Iterator[dict[str, float]]:
    """Collect the scores that are told inside."""
    told: dict[str, float] = {}
    token = _told.set(told)
    try:
        yield told
    finally:
        _told.reset(token)
