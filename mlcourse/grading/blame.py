"""Whose fault is it: turn an exception of a student's code into a sentence for them."""

import builtins
import linecache
import re
import traceback
from collections.abc import Mapping

from mlcourse.grading.errors import AnswerError, NotAttempted, StudentError

#: The longest message of a student's exception that is passed on.
MESSAGE_LIMIT = 500


def blame(
    error: BaseException, name: str, namespace: Mapping[str, object]
) -> AnswerError:
    """Return the :class:`AnswerError` for an exception of the student's own code."""
    message = message_of(error)
    if isinstance(error, NotImplementedError):
        stub = re.match(r"Task \d\d\.\d+", message)
        if stub or not message:
            return NotAttempted(f"{stub[0] if stub else name} is not written yet")
    kind_of = type.__dict__["__name__"].__get__(type(error))
    message += _advice(error, message, namespace)
    found = StudentError(kind_of, message, _where(error, namespace), name)
    found.trace = _trace(error, namespace)
    return found


def _advice(error: BaseException, message: str, namespace: Mapping[str, object]) -> str:
    """Return what mends a name that the kernel does not know, or knows as another."""
    if type(error) is NameError:
        return "; run the cell that defines it, or look at its spelling"
    if type(error) is TypeError and message.endswith("is not callable"):
        for name in vars(builtins):
            if not name.startswith("_") and not callable(namespace.get(name, callable)):
                return f"; a cell has given the name {name} to something else"
    return ""


def message_of(error: BaseException) -> str:
    """Return an exception's text, shortened, whatever its ``__str__`` does."""
    try:
        # The text of a SyntaxError ends with a file's name and a line: told apart.
        text = str(error.msg if isinstance(error, SyntaxError) else error)
    except BaseException:
        return "(its message cannot be shown)"
    return text if len(text) <= MESSAGE_LIMIT else text[:MESSAGE_LIMIT] + " ..."


def _trace(error: BaseException, namespace: Mapping[str, object]) -> str:
    """Return the traceback from the student's own code on."""
    own = error.__traceback__
    while own is not None and own.tb_frame.f_globals is not namespace:
        own = own.tb_next
    try:
        return "".join(traceback.format_exception(type(error), error, own, limit=-20))
    except BaseException:  # its message or its class may be broken on purpose
        return ""


def _where(error: BaseException, namespace: Mapping[str, object]) -> str:
    """Return the last line of the student's own that was running, as words."""
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals is namespace:
            text = linecache.getline(frame.f_code.co_filename, line).strip()
            where = f"line {line} of the cell" + (f": {text[:80]}" if text else "")
    if not where and isinstance(error, SyntaxError):  # of a cell: nothing has run
        slots = SyntaxError.__dict__  # whatever a class of theirs makes of them
        number, text = (slots[name].__get__(error) for name in ("lineno", "text"))
        if type(number) is int and type(text) is str:
            where = f"line {number} of the cell: {text.strip()[:80]}"
    return where
