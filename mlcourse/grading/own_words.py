"""What a machine can see of a written answer: that it is there, and not pasted."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

#: No explanation has fewer words, or fewer different ones.
LEAST, DIFFERENT = 40, 20
#: No explanation has more characters: of some, millions would take hours to read.
MOST = 20_000
#: So many words in a row, or this share of all pairs of words, are copied.
RUN, SHARE = 6, 0.3
#: Cyrillic and Greek letters that nobody can tell from a, c, e, i, j, o, p, s, x, y.
_ALIKE = str.maketrans(
    "\u0430\u0441\u0435\u0456\u0458\u043e\u03bf\u0440\u0455\u0445\u0443", "aceijoopsxy"
)


def own_words(
    answers: Any,
    name: str,
    *,
    rubric: str | Sequence[str],
    see: str,
    story: str = "",
    least: tuple[int, int] = (LEAST, DIFFERENT),
) -> str:
    """The words of the answer ``name`` in lower case, one space between two.

    ``rubric`` is the statement's text, or phrases of it that nobody writes by chance;
    ``story`` is what else the statement says: it may be quoted, but does not count;
    ``least`` are the fewest words and the fewest different ones.
    Raises AssertionError, with the section to re-read in ``see``, unless the answer is
    a text of enough words, and not the rubric's.

    >>> from types import SimpleNamespace
    >>> words = " ".join(f"word{i}," for i in range(20))
    >>> answers = SimpleNamespace(value=lambda name: f"{words} The END. {words}")
    >>> own_words(answers, "explain", rubric=["the beginning"], see="")[-20:]
    'word17 word18 word19'
    """
    text = answers.value(name)
    if not isinstance(text, str):
        raise AssertionError(
            f"{name} must be a string, got {type(text).__name__}. {see}"
        )
    if len(text) > MOST:
        raise AssertionError(
            f"{name} has {len(text):,} characters; {MOST:,} are the most for an "
            f"explanation. {see}"
        )
    said = plain_words(text)
    own = _not_quoted(said, plain_words(story))
    for words, beside in (said, ""), (own, " beside what it quotes from the task"):
        different = len(set(words))
        if len(words) < least[0] or different < least[1]:
            raise AssertionError(
                f"{name} has {len(words)} words{beside}, {different} different ones; "
                f"{least[0]} and {least[1]} are the least for an explanation in full "
                f"sentences. {see}"
            )
        if part := _copied(words, rubric):
            raise AssertionError(
                f"{name} repeats the rubric: {part}. Say it in words of your own. {see}"
            )
    return " ".join(own)


def _not_quoted(words: list[str], story: list[str]) -> list[str]:
    """The words without those in a run that stands in the story."""
    runs = {tuple(story[k : k + RUN]) for k in range(len(story) - RUN + 1)}
    quoted: set[int] = set()
    for k in range(len(words) - RUN + 1):
        if tuple(words[k : k + RUN]) in runs:
            quoted.update(range(k, k + RUN))
    return [word for k, word in enumerate(words) if k not in quoted]


def _copied(words: list[str], rubric: str | Sequence[str]) -> str:
    """What the words have from the rubric; empty where it is nothing."""
    said = f" {' '.join(words)} "
    if isinstance(rubric, str):
        told = plain_words(rubric)
        phrases = [told[k : k + RUN] for k in range(len(told) - RUN + 1)]
    else:
        told, phrases = [], [plain_words(phrase) for phrase in rubric]
    for phrase in map(" ".join, phrases):
        if f" {phrase} " in said:
            return f"'{phrase}'"
    known, pairs = set(pairwise(told)), list(pairwise(words))
    taken = sum(pair in known for pair in pairs)
    if taken > SHARE * len(pairs):
        return f"{taken} of its {len(pairs)} pairs of words stand there"
    return ""


def plain_words(text: str) -> list[str]:
    """Words in lower case, without marks, and without what nobody sees.

    >>> plain_words("The sl\u043epe_0 is (ne\u034fver) n\u200b\u00fcll!")
    ['the', 'slope', '0', 'is', 'never', 'n\u00fcll']
    """
    seen = unicodedata.normalize("NFKC", text).lower().translate(_ALIKE)
    plain = "".join(c for c in seen if unicodedata.category(c) not in ("Cf", "Mn"))
    return re.findall(r"[^\W_]+", plain)
