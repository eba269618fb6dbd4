"""Checks of the exercises: written once, run by students, by the grader and by CI."""

from mlcourse.grading.check import check
from mlcourse.grading.own_words import own_words
from mlcourse.grading.score import score
from mlcourse.grading.task import task

__all__ = ["check", "own_words", "score", "task"]
