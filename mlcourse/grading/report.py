"""What a student reads after ``check("01.2")``: the same words as HTML and as text."""

import inspect
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mlcourse.grading.task import Check
from mlcourse.grading.verdict import Status, Verdict
from mlcourse.grading.words import WIDTH, WORDS, clean, clip, count, shorten, title

#: Border colours with a contrast above 3:1 on white and on black.
_GREEN, _RED, _GREY = "#2e8b57", "#d1495b", "#7a8088"


@dataclass(frozen=True)
class Note:
    """One sentence in a box: a task that is not there, checks that are not found."""

    text: str

    def __repr__(self) -> str:
        return clean(self.text)

    def _repr_html_(self) -> str:
        return _box(_GREY, "Note", f"<div>{escape(clean(self.text))}</div>")


@dataclass(frozen=True)
class Report:
    """The verdicts of one task's visible checks; the first to fail is told in full."""

    task: str
    checks: Sequence[Check]
    verdicts: Sequence[Verdict]
    hidden: int | float

    @property
    def status(self) -> Status:
        """The task's status: the first one among its checks that is not passed."""
        return next((v.status for v in self._failing()), "passed")

    def _failing(self) -> list[Verdict]:
        return [v for v in self.verdicts if v.status != "passed"]

    def _headline(self) -> str:
        earned = sum(v.earned for v in self.verdicts)
        points = sum(v.points for v in self.verdicts)
        words = WORDS[self.status]
        if self.status not in ("passed", "not_attempted", "grader_error"):
            words = "✗ NOT PASSED YET"
        return (
            f"Task {self.task}: {words}, {earned:g} of {count(points, 'visible point')}"
        )

    def _closing(self) -> str:
        if not self.hidden:
            return "This task has no hidden checks."
        return (
            f"Hidden checks add {count(self.hidden, 'point')}: they may ask for more "
            "than the visible ones."
        )

    def __repr__(self) -> str:
        lines = [self._headline()]
        failing = self._failing()
        if failing:
            first = failing[0]
            lines.append(f"  {title(first)}")
            lines += [f"      {line}" for line in clip(first.message)]
            if hint := _hint(first):
                lines += textwrap.wrap(
                    f"Hint: {hint}",
                    WIDTH,
                    initial_indent=" " * 6,
                    subsequent_indent=" " * 6,
                )
        others = failing[1:] + [v for v in self.verdicts if v.status == "passed"]
        lines += [f"  {title(verdict)}" for verdict in others]
        return "\n".join([*lines, self._closing()])

    def _repr_html_(self) -> str:
        colour = {"passed": _GREEN, "not_attempted": _GREY}.get(self.status, _RED)
        failing = self._failing()
        parts = []
        if failing:
            parts.append(self._told(failing[0]))
        others = failing[1:] + [v for v in self.verdicts if v.status == "passed"]
        items = "".join(f"<li>{escape(title(v))}</li>" for v in others)
        if items:
            style = "list-style: none; margin: 0.4em 0; padding: 0"
            parts.append(f'<ul style="{style}">{items}</ul>')
        style = "opacity: 0.85; margin-top: 0.4em"
        parts.append(f'<div style="{style}">{escape(self._closing())}</div>')
        return _box(colour, self._headline(), "".join(parts))

    def _told(self, verdict: Verdict) -> str:
        message = escape(shorten(verdict.message))
        told = (
            f'<div style="margin-top: 0.4em"><strong>{escape(title(verdict))}</strong>'
            f'<div style="white-space: pre-wrap; margin: 0.2em 0 0.2em 1.2em">{message}'
            "</div>"
        )
        if hint := _hint(verdict):
            told += (
                f'<div style="margin-left: 1.2em"><em>Hint:</em> {escape(hint)}</div>'
            )
        check = next(c for c in self.checks if c.name == verdict.name)
        if verdict.status != "not_attempted":
            told += _folded("What the check runs", _source(check))
        return told + _folded("Traceback", verdict.trace) + "</div>"


def _hint(verdict: Verdict) -> str:
    if verdict.status not in ("failed", "timeout"):
        return ""
    return " ".join(clean(verdict.hint).split())


def _source(check: Check) -> str:
    try:
        return inspect.getsource(check.function)
    except (OSError, TypeError):  # written by hand in a session, not in a file
        return ""


def _folded(summary: str, text: str) -> str:
    if not text:
        return ""
    style = "white-space: pre-wrap; font-size: 0.9em; margin: 0.3em 0 0 1.2em"
    return (
        f'<details style="margin: 0.3em 0 0 1.2em"><summary>{summary}</summary>'
        f'<pre style="{style}">{escape(clean(text))}</pre></details>'
    )


def _box(colour: str, headline: str, body: str) -> str:
    style = (
        f"border-left: 6px solid {colour}; padding: 0.4em 0.9em; margin: 0.4em 0; "
        "color: inherit; max-width: 50em; line-height: 1.45"
    )
    head = escape(headline)
    return (
        f'<section style="{style}" aria-label="{head}"><strong>{head}</strong>'
        f"{body}</section>"
    )
