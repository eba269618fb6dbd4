"""Library short cuts in a submission: found for a person to look at, never scored."""

import ast
import re
import warnings
from collections import defaultdict

from mlcourse.grading.words import count

#: A line of IPython's own; its blanks are on it alone, or blank lines take hours.
MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)

#: Calls that find a module or a function by its name as a text.
LOOKUPS = ("getattr", "__import__", "import_module")
#: So many places of each flag are named.
PLACES = 3


def short_cuts(cells: list[str], flags: tuple[str, ...]) -> list[str]:
    """Return where the code uses one of ``flags``, as ``sklearn.neighbors`` or
    ``torch.cdist``: for a person to look at, never for points.

    >>> short_cuts(["import torch as t", "d = t.cdist(x, x)"], ("torch.cdist",))
    ['uses torch.cdist: code cell 2, line 1']
    """
    found, alias = [], dict[str, str]()
    for number, cell in enumerate(cells, start=1):
        try:
            with warnings.catch_warnings(record=True):
                tree = ast.parse(MAGIC.sub("", cell))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            for name in _uses(node, alias):
                for flag in flags:
                    if f"{name}.".startswith(f"{flag}."):
                        line = getattr(node, "lineno", 0)
                        found.append(f"uses {flag}: code cell {number}, line {line}")
    return _few(list(dict.fromkeys(found)))


def _few(found: list[str]) -> list[str]:
    """Return the first places of each flag, and how many more there are.

    >>> _few(["uses a: line 1", "uses b: line 2", *["uses a: again"] * 5])[2:]
    ['uses a: again', 'uses b: line 2', 'uses a: 3 more places']
    """
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for place in found:
        kinds[place.partition(": ")[0]].append(place)
    first = [place for places in kinds.values() for place in places[:PLACES]]
    more = {kind: len(places) - PLACES for kind, places in kinds.items()}
    return first + [
        f"{kind}: {count(n, 'more place')}" for kind, n in more.items() if n > 0
    ]


def _uses(node: ast.AST, alias: dict[str, str]) -> list[str]:
    """Return the full names that a node imports or names; learn its aliases."""
    if isinstance(node, ast.Import):
        for item in node.names:
            first = item.name.partition(".")[0]
            alias[item.asname or first] = item.name if item.asname else first
        return [item.name for item in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        names = {item.asname or item.name: item.name for item in node.names}
        alias.update({short: f"{node.module}.{name}" for short, name in names.items()})
        return [f"{node.module}.{name}" for name in names.values()]
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
        full = alias.get(node.value.id, node.value.id)
        alias.update({t.id: full for t in node.targets if isinstance(t, ast.Name)})
    if isinstance(node, ast.Call) and _called(node.func) in LOOKUPS:
        whose = [alias.get(a.id, a.id) for a in node.args if isinstance(a, ast.Name)]
        texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
        return [".".join([*whose, *(text for text in texts if isinstance(text, str))])]
    if isinstance(node, ast.Attribute):
        parts = [node.attr]
        value = node.value
        while isinstance(value, ast.Attribute):
            parts.append(value.attr)
            value = value.value
        if isinstance(value, ast.Name):
            return [".".join([alias.get(value.id, value.id), *reversed(parts)])]
    return []


def _called(function: ast.expr) -> str:
    """Return the last name of what is called; empty where it has none."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
