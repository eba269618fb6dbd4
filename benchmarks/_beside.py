"""Ours beside a peer: CPU time by turns, growth of the peak memory, distances."""

import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor

Step = Callable[[], object]


def milliseconds(draws: int, *steps: Step) -> list[float]:
    """Median CPU time of each step; they take turns, the first turn is left out.

    In its turn a step runs twice and the second time counts: what the other one left
    in the cache, and took from it, is not its own time.
    """
    found: list[list[float]] = [[] for _ in steps]
    for _ in range(draws + 1):
        for times, step in zip(found, steps, strict=True):
            step()
            start = time.process_time()
            step()
            times.append(1e3 * (time.process_time() - start))
    return [statistics.median(times[1:]) for times in found]


def peak() -> float:
    """MiB that this process has held at most, since its start or ``held``."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def held() -> float:
    """MiB that this process holds; its peak is counted from here on."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def grown(prepare: Callable[..., tuple[Step, Step]], *arguments: object) -> float:
    """MiB by which a step raises the peak, in a fresh process that has the imports.

    prepare(*arguments) returns a small step, for caches, and the step.
    """
    with get_context("forkserver").Pool(1) as pool:
        return pool.apply(_grown, (prepare, *arguments))


def _grown(prepare: Callable[..., tuple[Step, Step]], *arguments: object) -> float:
    torch.set_num_threads(1)
    small, step = prepare(*arguments)
    small()
    before = held()
    step()
    return peak() - before


def squares(u: Tensor) -> Tensor:
    """Squared distances of unit vectors, 2 - 2 u'v: one product of matrices."""
    return torch.addmm(u.new_full((), 2), u, u.T, alpha=-2)


def chords(u: Tensor) -> Tensor:
    """Distances of unit vectors."""
    return squares(u).clamp(min=1e-12).sqrt()
