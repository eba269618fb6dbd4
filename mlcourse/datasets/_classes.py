"""Chance in the glyphs: which characters become classes, and who gets which."""

from collections import Counter

import torch
from jaxtyping import Int64
from torch import Generator, Tensor

from mlcourse.datasets._alphabet import alphabet, is_accented, script_of

#: 0 train, 1 validation, 2 test: dealt like cards, half of the classes to train.
_PARTS = (0, 1, 0, 2)


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


def deal(script: Int64[Tensor, " c"], *, generator: Generator) -> Int64[Tensor, " c"]:
    """Return the part of each class, dealt script by script in random order.

    Any four classes of a script in a row reach all three parts.
    """
    order = torch.randperm(len(script), generator=generator)
    order = order[torch.argsort(script[order], stable=True)]
    part = torch.empty_like(script)
    part[order] = torch.tensor(_PARTS).repeat(len(script))[: len(script)]
    return part
