"""The words of a verdict, and how a message is made fit to be read."""

import re
import textwrap

from mlcourse.grading.verdict import Status, Verdict

#: A symbol and words for each status: colour never carries the meaning alone.
WORDS: dict[Status, str] = {
    "passed": "✓ PASSED",
    "failed": "✗ FAILED",
    "not_attempted": "○ NOT ATTEMPTED YET",
    "error": "✗ ERROR",
    "timeout": "✗ TOO SLOW",
    "grader_error": "! NOT CHECKED",
}
#: No message is longer than this.
_LINES, WIDTH = 6, 88


def title(verdict: Verdict) -> str:
    """Return one line: status, title and points of a check."""
    points = count(verdict.points, "point")
    return f"{WORDS[verdict.status]}: {clean(verdict.title)} ({points})"


def count(number: int | float, noun: str) -> str:
    """Return a number with its noun.

    >>> count(1, "point"), count(2, "point"), count(0.5, "point")
    ('1 point', '2 points', '0.5 points')
    """
    return f"{number:g} {noun}" + ("" if number == 1 else "s")


def clean(text: str) -> str:
    """Return text without terminal colours and control characters."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return text.strip()


def shorten(text: str) -> str:
    """Return at most six lines of text, and no more than fill so many."""
    lines = clean(text[: _LINES * WIDTH]).splitlines()
    if len(lines) > _LINES or len(text) > _LINES * WIDTH:
        lines = [*lines[: _LINES - 1], "..."]
    return "\n".join(lines)


def clip(text: str) -> list[str]:
    """Return text as at most six lines of at most 88 characters."""
    lines = [
        piece
        for line in clean(text[: 2 * _LINES * WIDTH]).splitlines()
        for piece in textwrap.wrap(line, WIDTH) or [""]
    ]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], "..."]
    return [line.rstrip() for line in lines]
