"""What a machine can see of a written answer: that it is there, and not pasted."""

from collections.abc import Sequence
from typing import Any

#: No explanation has fewer words, or fewer different ones.
LEAST, DIFFERENT = 40, 20
_AROUND = ".,;:!?()\"'*"


def own_words(answers: Any, name: str, *, rubric: Sequence[str], see: str) -> str:
    """The words of the answer ``name`` in lower case, one space between two.

    Raises AssertionError, with the section to re-read in ``see``, unless it is a text
    of enough words and repeats none of the phrases of the rubric.

    >>> from types import SimpleNamespace
    >>> words = " ".join(f"word{i}," for i in range(20))
    >>> answers = SimpleNamespace(value=lambda name: f"{words} The END. {words}")
    >>> own_words(answers, "explain", rubric=["the beginning"], see="")[130:160]
    ' word18 word19 the end word0 w'
    """
    text = answers.value(name)
    if not isinstance(text, str):
        raise AssertionError(
            f"{name} must be a string, got {type(text).__name__}. {see}"
        )
    words = plain_words(text)
    different = len(set(words))
    if len(words) < LEAST or different < DIFFERENT:
        raise AssertionError(
            f"{name} has {len(words)} words, {different} different ones; {LEAST} and "
            f"{DIFFERENT} are the least for an explanation in full sentences. {see}"
        )
    said = " ".join(words)
    for phrase in rubric:
        part = " ".join(plain_words(phrase))
        if f" {part} " in f" {said} ":
            raise AssertionError(
                f"{name} repeats the rubric: '{part}'. Say it in words of your own. "
                f"{see}"
            )
    return said


def runs(text: str, *, length: int = 6) -> list[str]:
    """Every run of ``length`` words of a text, for a rubric that is told in full.

    >>> runs("The slope is never 0.", length=4)
    ['the slope is never', 'slope is never 0']
    """
    words = plain_words(text)
    return [" ".join(words[k : k + length]) for k in range(len(words) - length + 1)]


def plain_words(text: str) -> list[str]:
    """Words in lower case, without the marks around them."""
    return [word for each in text.split() if (word := each.strip(_AROUND).lower())]
