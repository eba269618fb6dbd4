"""The bank: wrong answers that every check must catch, right ones that it must accept.

A bank file defines answers under their real names, each marked with its task::

    @wrong("01.2", "counts itself")     # words of the message that must come
    def knn_predict(dist, labels, *, k): ...

    @right("01.2")
    class LoopOverQueries:              # several names that belong together
        def helper(row): ...
        def knn_predict(dist, labels, *, k): ...

    wrong("01.5", "too short", explain_01_5="Because.")     # a value
"""

import types
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Answer = TypeVar("Answer", bound=Callable[..., Any])


@dataclass(frozen=True)
class Entry:
    """One answer of the bank: the names that it defines, and what must come of it."""

    task: str
    right: bool
    message: str
    values: Mapping[str, object]
    number: int


_entries: ContextVar[list[Entry] | None] = ContextVar("_entries", default=None)


def wrong(task: str, message: str, **values: object) -> Callable[[Answer], Answer]:
    """Add an answer to ``task`` that must fail with ``message`` in its verdict."""
    if not message:
        raise ValueError("say which words a failing check must show")
    return _add(task, False, message, values)


def right(task: str, **values: object) -> Callable[[Answer], Answer]:
    """Add an answer to ``task`` that must earn all its points."""
    return _add(task, True, "", values)


def load_bank(path: Path) -> list[Entry]:
    """Run the bank file ``path`` and return its entries in their order."""
    module = types.ModuleType(f"_mlcourse_bank_{path.stem}")
    module.__file__ = str(path)
    entries: list[Entry] = []
    token = _entries.set(entries)
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    finally:
        _entries.reset(token)
    return entries


def overlay(entry: Entry, solution: Mapping[str, object]) -> dict[str, Any]:
    """Return a notebook's namespace: the solution's names with the entry's over them.

    The entry's functions see the names of this namespace, as if their cells had been
    run in the notebook; those of the bank file are below.
    """
    namespace: dict[str, Any] = {}
    for value in entry.values.values():
        namespace.update(getattr(value, "__globals__", {}))
    namespace.update(solution)
    for name, value in entry.values.items():
        namespace[name] = (
            _moved(value, namespace) if isinstance(value, types.FunctionType) else value
        )
    return namespace


def _moved(f: types.FunctionType, namespace: dict[str, Any]) -> types.FunctionType:
    moved = types.FunctionType(
        f.__code__, namespace, f.__name__, f.__defaults__, f.__closure__
    )
    moved.__kwdefaults__ = f.__kwdefaults__
    return moved


def _add(
    task: str, right: bool, message: str, values: dict[str, object]
) -> Callable[[Answer], Answer]:
    def register(values: Mapping[str, object]) -> None:
        entries = _entries.get()
        if entries is not None:  # a bank file that is merely imported collects nothing
            entries.append(Entry(task, right, message, values, len(entries) + 1))

    def mark(answer: Answer) -> Answer:
        if values:
            raise TypeError("give values, or decorate a function or class, not both")
        if isinstance(answer, type):
            members = {k: v for k, v in vars(answer).items() if not k.startswith("__")}
            register(members)
        else:
            register({answer.__name__: answer})
        return answer

    if values:
        register(values)
    return mark
