"""Answers that live in this very process: the student's kernel, or a notebook run here.

Nothing here is a sandbox. It is for the student's own machine and for the course's own
solutions; other people's notebooks are graded in a process of their own.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch

from mlcourse.grading.aside import aside, streams
from mlcourse.grading.blame import blame
from mlcourse.grading.cells import run_cells
from mlcourse.grading.errors import (
    AnswerError,
    StudentError,
    Unsupported,
    empty,
    missing,
    nothing,
)
from mlcourse.grading.plain import kind, plain

__all__ = ["LocalAnswers", "run_cells"]


class LocalAnswers:
    """The answers in a namespace: ``answers.f(...)`` calls the student's ``f``.

    Arguments are copied, results are copied into plain data, prints are swallowed, and
    the student's code has random streams of its own.

    Parameters
    ----------
    namespace : the student's names, looked up at each call
    failed : errors of cells that did not run, by the names that they define

    >>> answers = LocalAnswers({"half": lambda x: x / 2})
    >>> answers.half(3)
    1.5
    """

    def __init__(
        self,
        namespace: Mapping[str, object],
        failed: Mapping[str, StudentError] | None = None,
    ) -> None:
        self._namespace = namespace
        self._failed = failed or {}
        self._streams = streams()
        self.memo: dict[str, Any] = {}  # what checks keep for each other

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*args: object, **kwargs: object) -> Any:
            result = self._run(name, *_arguments(args), **_named(kwargs))
            if result is None:
                raise nothing(name)
            return plain(result, f"your function {name} returned")

        return call

    def value(self, name: str) -> Any:
        """Return the plain value of the student's variable ``name``."""
        found = plain(self._find(name), f"your variable {name} is")
        if found is None or (isinstance(found, str) and not found.strip()):
            raise empty(name)
        return found

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the student's process has used so far."""
        return time.process_time()

    def grad(self, name: str, /, *args: object, wrt: int = 0, **kwargs: object) -> Any:
        """Return the gradient of ``name(*args).sum()`` in ``args[wrt]``, a tensor."""
        inputs = _arguments(args)
        point = inputs[wrt]
        if not isinstance(point, torch.Tensor) or not point.is_floating_point():
            raise TypeError(
                f"argument {wrt} must be a tensor of floats, got {kind(point)}"
            )
        point.requires_grad_()
        inputs[wrt] = point.clone()  # a leaf may not be changed in place, a copy may
        result = self._run(name, *inputs, **_named(kwargs))
        if result is None:
            raise nothing(name)
        if not isinstance(result, torch.Tensor):
            raise Unsupported(
                f"your function {name} returned {kind(result)}: expected a torch "
                "tensor, whose gradient is asked for"
            )
        if not result.requires_grad:
            raise Unsupported(
                f"the result of your function {name} is cut off from its argument "
                f"{wrt}: .item(), .detach(), NumPy or torch.tensor lose the gradient"
            )
        with aside(self._streams), _blamed(name, self._namespace):
            (gradient,) = torch.autograd.grad(
                result.sum(), point, allow_unused=True, materialize_grads=True
            )
        return plain(gradient, f"the gradient of {name} is")

    def _find(self, name: str) -> object:
        if name in self._namespace:
            return self._namespace[name]
        if name in self._failed:
            raise self._failed[name]
        raise missing(name)

    def _run(self, name: str, /, *args: object, **kwargs: object) -> object:
        function = self._find(name)
        if not callable(function):
            raise Unsupported(
                f"{name} is {kind(function)}, not a function: something else was given "
                "this name; run the cell that defines it again"
            )
        with aside(self._streams), _blamed(name, self._namespace):
            return function(*args, **kwargs)


def _arguments(args: Iterable[object]) -> list[Any]:
    """Return copies; what is not plain cannot be sent to a grader either."""
    try:
        return [plain(arg, "the check passed") for arg in args]
    except Unsupported as error:
        raise TypeError(str(error)) from None


def _named(kwargs: Mapping[str, object]) -> dict[str, Any]:
    return dict(zip(kwargs, _arguments(kwargs.values()), strict=True))


@contextlib.contextmanager
def _blamed(name: str, namespace: Mapping[str, object]) -> Iterator[None]:
    """Turn what the student's code raises into an :class:`AnswerError`."""
    try:
        yield
    except (KeyboardInterrupt, AnswerError):
        raise
    except BaseException as error:
        raise blame(error, name, namespace) from None
