"""What the process that grades one notebook is told; imports next to nothing."""

from dataclasses import dataclass
from pathlib import Path

from mlcourse.grading.sandbox import Sandbox

#: Seconds for an interpreter to start on a busy machine; not the student's time.
START = 120
#: A task may take twice the limit of one call, a notebook twelve times.
TASK, NOTEBOOK = 2, 12


@dataclass(frozen=True)
class Job:
    """One notebook to grade: its code cells, the checks, how the code is confined.

    ``limit`` is in seconds, for one call or one cell.
    """

    cells: list[str]
    checks: Path
    written: tuple[str, ...]
    box: Sandbox
    limit: float

    @property
    def seconds(self) -> float:
        """The longest that the student's code may take in all."""
        return NOTEBOOK * self.limit + START

    @property
    def patience(self) -> float:
        """The longest that grading may take before something of ours must be wrong."""
        return self.seconds + START
