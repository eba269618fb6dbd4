"""Chance in the glyphs: which characters become classes."""

from collections import Counter

import torch
from torch import Generator

from mlcourse.datasets._alphabet import alphabet, is_accented, script_of


def choose(n_classes: int, *, generator: Generator) -> tuple[str, ...]:
    """Draw classes, the scripts taking turns; accented letters come last.

    So every script has about equally many classes, until the small ones run out.
    """
    if n_classes > len(alphabet()):
        raise ValueError(
            f"n_classes must be at most {len(alphabet())}, the number of characters "
            f"that the fonts hold and that differ enough, got {n_classes}"
        )
    order = torch.randperm(len(alphabet()), generator=generator).tolist()
    drawn = sorted((alphabet()[i] for i in order), key=is_accented)
    seen: Counter[str] = Counter()
    turn = {}
    for character in drawn:
        turn[character] = seen[script_of(character)]
        seen[script_of(character)] += 1
    return tuple(sorted(sorted(drawn, key=lambda c: turn[c])[:n_classes]))
