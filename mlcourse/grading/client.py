"""Answers that live in a student's process, behind the wire."""

from collections.abc import Callable
from typing import Any

from mlcourse.grading.errors import Died
from mlcourse.grading.session import FORGED, Session


class RemoteAnswers:
    """The face of :class:`mlcourse.grading.local.LocalAnswers`, across the wire."""

    def __init__(self, session: Session, task: str) -> None:
        self._session = session
        self._task = task
        self.memo = session.memo

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args: object, **kwargs: object) -> Any:
            return self._session.ask(self._task, ("call", name, args, kwargs))

        return call

    def value(self, name: str) -> Any:
        """Return the plain value of the student's variable ``name``."""
        return self._session.ask(self._task, ("value", name, (), {}))

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the student's process has used so far."""
        return self._session.cpu_seconds()

    def grad(self, name: str, /, *args: object, wrt: int = 0, **kwargs: object) -> Any:
        """Return the gradient of ``name(*args).sum()`` in ``args[wrt]``, a tensor."""
        point = args[wrt]
        request = ("grad", name, args, {"wrt": wrt, **kwargs})
        found = self._session.ask(self._task, request)
        if getattr(found, "shape", None) != getattr(point, "shape", None):
            raise Died(FORGED)
        return found
