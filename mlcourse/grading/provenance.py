"""What a row of results says of how it came about, and whether that still holds."""

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import mlcourse
from mlcourse.grading.results import Row
from mlcourse.grading.shortcuts import short_cuts
from mlcourse.grading.submissions import Submission
from mlcourse.grading.task import flags, hidden_modules


def provenance(
    submission: Submission, known: Mapping[str, Path], limit: float, isolation: str
) -> Row:
    """Return the beginning of a row: whose it is, and all that its result hangs on."""
    checks = known.get(submission.exercise)
    marked = flags(checks) + hidden_modules(checks) if checks else ()
    return {
        "student": submission.student,
        "exercise": submission.exercise,
        "status": "",
        "reason": submission.problem,
        "file": submission.file,
        "submitted": submission.submitted,
        "sha256": submission.sha256,
        "checks_sha256": _sha256(checks) if checks else "",
        "limit": limit,
        "isolation": isolation,
        "versions": {
            "mlcourse": mlcourse.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "torch")},
        },
        "flags": [*submission.notes, *short_cuts(submission.cells, marked)],
        "checks": [],
        "written": {},
    }


def same(old: Row, new: Row) -> bool:
    """Whether an old row says what a new grading would: it is kept then."""
    keys = ("sha256", "checks_sha256", "limit")
    return (
        all(old[key] == new[key] for key in keys)
        and old["versions"]["mlcourse"] == new["versions"]["mlcourse"]
        and old["status"] != "grader_error"
        and (old["reason"] if old["status"] == "unreadable" else "") == new["reason"]
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
