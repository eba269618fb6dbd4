"""Run the checks of one exercise on one notebook, by pytest, in a trusted process."""

import contextlib
import io
import json
import os
import resource
import signal
import time
from collections.abc import Generator
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import torch

from mlcourse.grading.aside import reseed
from mlcourse.grading.client import RemoteAnswers
from mlcourse.grading.errors import AnswerError
from mlcourse.grading.job import Job
from mlcourse.grading.own_words import MOST
from mlcourse.grading.processes import end_with_starter
from mlcourse.grading.score import scores
from mlcourse.grading.session import Session
from mlcourse.grading.task import Check, CheckError, load_checks
from mlcourse.grading.verdict import Verdict, explain, verdict

#: Bytes of address space of the process that checks; a worker has its own, smaller one.
MEMORY = 12 << 30
MESSAGE = 2000

OPTIONS = (
    *("--assert=plain", "--noconftest", "--import-mode=importlib", "--tb=no"),
    *("-c", "/dev/null", "-p", "no:cacheprovider", "-p", "no:doctest"),
    *("-p", "no:faulthandler", "-p", "no:junitxml"),
)


class Grading:
    """The pytest plugin: gives each check its answers, keeps each verdict."""

    def __init__(self, session: Session, checks: list[Check]) -> None:
        self.session = session
        self.checks = {check.name: check for check in checks}
        self.verdicts: dict[str, Verdict] = {}
        self.told: dict[str, float] = {}

    @pytest.fixture
    def answers(self, request: pytest.FixtureRequest) -> RemoteAnswers:
        """The student's answers, on the clock of the check's task."""
        task = self.checks[request.node.name].task
        return RemoteAnswers(self.session, task)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Tell pytest what a task is."""
        config.addinivalue_line("markers", "task(id, points, hidden): see task.py")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Keep what a check says that it measured."""
        with scores() as self.told:
            yield

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the verdict of a check that ran, or that could not be set up."""
        report = yield
        if call.when == "call" or call.excinfo:
            self._judge(self.checks[item.name], call)
        return report

    def _judge(self, check: Check, call: pytest.CallInfo[None]) -> None:
        status, message = (
            explain(call.excinfo.value) if call.excinfo else ("passed", "")
        )
        seconds = round(call.duration, 3)
        self.verdicts[check.name] = verdict(
            check, status, message[:MESSAGE], seconds=seconds, scores=self.told
        )
        self.told = {}


def grade(job: Job, connection: Connection) -> None:
    """Grade one notebook in a process made for it; send the result as JSON text."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    end_with_starter()
    torch.seed()  # each notebook meets inputs of its own
    reseed()
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    started = time.monotonic()
    session = Session(job)
    try:
        result = _run(job, session)
    except CheckError as error:
        result = {"fatal": str(error)}
    except Exception as error:
        result = {
            "status": "grader_error",
            "reason": f"{type(error).__name__}: {error}",
        }
    finally:
        session.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    result["seconds"] = round(time.monotonic() - started, 2)
    result["cpu_seconds"] = round(used.ru_utime + used.ru_stime + session.used, 2)
    with contextlib.suppress(BrokenPipeError):  # no one waits for it any more
        connection.send_bytes(json.dumps(result).encode())


def _run(job: Job, session: Session) -> dict[str, object]:
    checks = load_checks(job.checks)
    plugin = Grading(session, checks)
    with contextlib.suppress(AnswerError):  # which the checks will meet, too
        session.start()
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = pytest.main([*OPTIONS, *_only(job.checks)], plugins=[plugin])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(
            f"pytest ended with {code!r}: {said.getvalue()[-500:].strip()}"
        )
    verdicts = [plugin.verdicts[check.name] for check in checks]
    told = any(v.scores for v in verdicts)
    ours = [v for v in verdicts if v.status == "grader_error"]
    return {
        "status": "grader_error" if ours else "graded",
        "reason": ours[0].message if ours else "",
        "notes": session.notes,
        "checks": [asdict(verdict) for verdict in verdicts],
        "written": {name: _text(session, name) for name in job.written},
        "alias": _text(session, "alias")[:40] if told else "",
    }


def _only(checks: Path) -> list[str]:
    """Return the arguments that keep pytest from listing the folders above a file."""
    folder = str(checks.parent)
    return ["--rootdir", folder, "--confcutdir", folder, str(checks)]


def _text(session: Session, name: str) -> str:
    """Return a written answer; empty where there is none."""
    try:
        return str(RemoteAnswers(session, name).value(name))[:MOST]
    except AnswerError:
        return ""
