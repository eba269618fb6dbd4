"""Answers that live in this very process: the student's kernel, or a notebook run here.

Nothing here is a sandbox. It is for the student's own machine and for the course's own
solutions; other people's notebooks are graded in a process of their own.
"""

import builtins
import contextlib
import io
import linecache
import random
import re
import traceback
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from IPython.core.inputtransformer2 import TransformerManager

from mlcourse.grading.errors import (
    AnswerError,
    NotAttempted,
    StudentError,
    Unsupported,
    empty,
    missing,
    nothing,
)
from mlcourse.grading.plain import kind, plain

#: The longest message of a student's exception that is passed on.
MESSAGE_LIMIT = 500


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
        self._streams = _streams()

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
        with _aside(self._streams), _blamed(name, self._namespace):
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
        with _aside(self._streams), _blamed(name, self._namespace):
            return function(*args, **kwargs)


def _arguments(args: Iterable[object]) -> list[Any]:
    """Return copies; a function is passed on, the rest must be plain."""
    try:
        return [
            arg
            if isinstance(arg, types.FunctionType | types.BuiltinFunctionType)
            else plain(arg, "the check passed")
            for arg in args
        ]
    except Unsupported as error:
        raise TypeError(str(error)) from None


def _named(kwargs: Mapping[str, object]) -> dict[str, Any]:
    return dict(zip(kwargs, _arguments(kwargs.values()), strict=True))


class _Nowhere(io.TextIOBase):
    """A text file that forgets, so that a flood of prints costs no memory."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


def _streams() -> list[Any]:
    # The legacy stream is the one that students' code may draw from.
    legacy = np.random.get_state()  # noqa: NPY002
    return [torch.get_rng_state(), legacy, random.getstate()]


def _set_streams(streams: list[Any]) -> None:
    torch.set_rng_state(streams[0])
    np.random.set_state(streams[1])  # noqa: NPY002
    random.setstate(streams[2])


@contextlib.contextmanager
def fresh_randomness() -> Iterator[None]:
    """Draw from new global random streams inside, and put the old ones back."""
    before = _streams()
    torch.seed()
    np.random.seed()  # noqa: NPY002
    random.seed()
    try:
        yield
    finally:
        _set_streams(before)


@contextlib.contextmanager
def _aside(own: list[Any]) -> Iterator[None]:
    """Run the student's code with its own random streams, in silence.

    ``own`` holds the student's streams between two calls, so that a function that draws
    does not draw the same twice and never moves the check's streams.
    """
    before = _streams()
    nowhere = _Nowhere()
    _set_streams(own)
    try:
        with (
            contextlib.redirect_stdout(nowhere),
            contextlib.redirect_stderr(nowhere),
            warnings.catch_warnings(record=True),
        ):
            warnings.simplefilter("default")  # a warning is no error here
            yield
    finally:
        own[:] = _streams()
        _set_streams(before)


@contextlib.contextmanager
def _blamed(name: str, namespace: Mapping[str, object]) -> Iterator[None]:
    """Turn what the student's code raises into an :class:`AnswerError`."""
    try:
        yield
    except (KeyboardInterrupt, AnswerError):
        raise
    except BaseException as error:
        raise blame(error, name, namespace) from None


def blame(
    error: BaseException, name: str, namespace: Mapping[str, object]
) -> AnswerError:
    """Return the :class:`AnswerError` for an exception of the student's own code."""
    message = _message(error)
    if isinstance(error, NotImplementedError):
        stub = re.match(r"Task \d\d\.\d+", message)
        if stub or not message:
            return NotAttempted(f"{stub[0] if stub else name} is not written yet")
    kind_of = type.__dict__["__name__"].__get__(type(error))
    found = StudentError(kind_of, message, _where(error, namespace), name)
    found.trace = _trace(error)
    return found


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        return "(its message cannot be shown)"
    return text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + " ..."


def _trace(error: BaseException) -> str:
    """Return the traceback from the student's code on, without the course's frames."""
    try:
        lines = traceback.format_exception(error, limit=-20)
    except BaseException:
        return ""
    return "".join(line for line in lines if __file__ not in line)


def _where(error: BaseException, namespace: Mapping[str, object]) -> str:
    """Return the last line of the student's own that was running, as words."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f"line {error.lineno} of the cell"
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is namespace:
            text = linecache.getline(frame.f_code.co_filename, line).strip()
            where = f"line {line} of the cell" + (f": {text[:80]}" if text else "")
    return where


class _Shell:
    """Magics without IPython: ``%%time`` runs its cell, the others do nothing."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def run_line_magic(self, *args: object, **kwargs: object) -> None:
        """Do nothing."""

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run the cell under a magic that only measures it."""
        if name in ("time", "timeit", "capture", "prun"):
            exec(compile(cell, f"<{name}>", "exec"), self._namespace)

    def system(self, command: str) -> None:
        """Do nothing: no shell command is run."""

    def getoutput(self, command: str) -> list[str]:
        """Return nothing: no shell command is run."""
        return []


def run_cells(
    cells: Iterable[str],
) -> tuple[dict[str, Any], dict[str, StudentError], list[StudentError | None]]:
    """Run code cells one by one in a new namespace, going on after a cell that fails.

    Returns the namespace, the errors by the names that the failing cells would have
    defined, and the error of each cell (None where it ran).
    """
    namespace: dict[str, Any] = {"__name__": "__main__", "__builtins__": builtins}
    shell = _Shell(namespace)
    namespace["get_ipython"] = lambda: shell
    transform = TransformerManager().transform_cell
    failed: dict[str, StudentError] = {}
    errors: list[StudentError | None] = []
    streams = _streams()
    for number, cell in enumerate(cells, start=1):
        error: StudentError | None = None
        try:
            with _aside(streams):
                source = transform(cell)
                place = f"<cell {number}>"
                linecache.cache[place] = (
                    len(source),
                    None,
                    source.splitlines(True),
                    place,
                )
                exec(compile(source, place, "exec"), namespace)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            blamed = blame(raised, "", namespace)
            if isinstance(blamed, StudentError):
                blamed.where = blamed.where.replace("the cell", f"code cell {number}")
                error = blamed
            else:
                error = StudentError("NotImplementedError", _message(raised))
            for name in re.findall(
                r"^(?:def |class )?(\w+)\s*[(=:]", cell, re.MULTILINE
            ):
                failed.setdefault(name, error)
        errors.append(error)
    return namespace, failed, errors
