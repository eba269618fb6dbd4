"""Run code aside: silently, and with random streams of its own."""

import contextlib
import io
import random
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

#: What NumPy does by default where it overflows or divides by zero.
_NUMPY = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


class _Nowhere(io.TextIOBase):
    """A text file that forgets, so that a flood of prints costs no memory."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def streams() -> list[Any]:
    """Return the state of the global random streams of torch, NumPy and Python.

    With them goes what else a student may have set for all code: the type of new
    tensors, whether gradients are kept, and what NumPy does where it overflows.
    """
    # The legacy stream is the one that students' code may draw from.
    legacy = np.random.get_state()
    drawn = [torch.get_rng_state(), legacy, random.getstate()]
    return [*drawn, torch.get_default_dtype(), torch.is_grad_enabled(), np.geterr()]


def _set_streams(streams: list[Any]) -> None:
    torch.set_rng_state(streams[0])
    np.random.set_state(streams[1])
    random.setstate(streams[2])
    use_settings(streams)


def use_settings(streams: list[Any]) -> None:
    """Set what goes with the streams, but not these."""
    torch.set_default_dtype(streams[3])
    torch.set_grad_enabled(streams[4])
    np.seterr(**streams[5])


def reseed() -> None:
    """Draw from here on what no other fork of this process draws.

    Torch's stream stays as it is in any new Python: it begins with a fixed seed.
    """
    np.random.seed()
    random.seed()


@contextlib.contextmanager
def fresh_randomness() -> Iterator[None]:
    """Draw from new global random streams inside, and put the old ones back.

    What a student has set for all code does not hold inside: in the grader it could
    not, either, as the checks have a process of their own.
    """
    before = streams()
    use_settings([*before[:3], torch.float32, True, _NUMPY])
    torch.seed()
    reseed()
    try:
        yield
    finally:
        _set_streams(before)


@contextlib.contextmanager
def aside(own: list[Any]) -> Iterator[None]:
    """Run the student's code with its own random streams, in silence.

    ``own`` holds the student's streams between two calls, so that a function that draws
    does not draw the same twice and never moves the check's streams.
    """
    before = streams()
    nowhere = _Nowhere()
    _set_streams(own)
    try:
        with (
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
            warnings.catch_warnings(record=True),
        ):
            warnings.simplefilter("default")  # a warning is no error here
            yield
    finally:
        own[:] = streams()
        _set_streams(before)
