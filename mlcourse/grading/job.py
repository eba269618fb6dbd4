"""What the process that grades one notebook is told; imports next to nothing."""

from dataclasses import dataclass
from pathlib import Path

from mlcourse.grading.nursery import START
from mlcourse.grading.sandbox import Sandbox

#: A task may take twice the limit of one call, a notebook twelve times.
TASK, NOTEBOOK = 2, 12


@dataclass(frozen=True)
class Job:
    """One notebook to grade: its code cells, the checks, how the code is confined.

    ``limit`` is in seconds, for one call or one cell; ``nursery`` is where its process
    comes from, once there is one.
    """

    cells: list[str]
    checks: Path
    written: tuple[str, ...]
    box: Sandbox
    limit: float
    nursery: Path | None = None

    @property
    def seconds(self) -> float:
        """The longest that the student's code may take in all."""
        return NOTEBOOK * self.limit + START

    @property
    def patience(self) -> float:
        """The longest that grading may take before something of ours must be wrong."""
        return self.seconds + START
