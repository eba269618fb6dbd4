"""The text files of data sets: a few words a line, separated by blanks."""

from collections.abc import Sequence
from typing import Any

from mlcourse.datasets._source import Source

Kind = type[int] | type[str]


def read_list(
    source: Source, name: str, *kinds: Kind, header: str = ""
) -> list[tuple[Any, ...]]:
    """Return the words of each line below the header, each as of its kind.

    Raises FileNotFoundError where there is no such file, ValueError where a line has
    more or fewer words, or other ones.
    """
    check_files(source, [name])
    lines = source.read(name).decode(errors="replace").splitlines()
    if header and lines[:1] != [header]:
        raise ValueError(_message(source, name, f"begin with {header!r}", lines[:1]))
    rows = []
    for line in lines[1:] if header else lines:
        try:
            words = zip(kinds, line.split(), strict=True)
            rows.append(tuple(kind(word) for kind, word in words))
        except ValueError as error:
            wanted = " ".join(kind.__name__ for kind in kinds)
            message = _message(source, name, f"hold {wanted} in each line", line)
            raise ValueError(message) from error
    return rows


def check_files(source: Source, names: Sequence[str]) -> None:
    """Raise FileNotFoundError unless all of these files are there."""
    missing = [name for name in names if not source.has(name)]
    if missing:
        raise FileNotFoundError(
            f"{source.path} lacks {len(missing)} of {len(names)} files, such as "
            f"{missing[0]}; unpack or fetch the data set anew"
        )


def _message(source: Source, name: str, wanted: str, got: object) -> str:
    return (
        f"{name} in {source.path} must {wanted}, got {got!r}; is it another file under "
        "this name? unpack or fetch the data set anew"
    )
