"""A class of made-up students: submissions on which to try the grader.

    python docs/classroom.py FOLDER [--exercise 01]

writes FOLDER/submitted and FOLDER/roster.csv. Answers come from the exercise's solution
and its bank of wrong answers; a copy, a blank, a broken file and a hostile notebook are
among them, and one student hands in nothing.
"""

import argparse
import ast
import inspect
import json
import sys
import textwrap
from pathlib import Path

from mlcourse.grading.bank import load_bank
from mlcourse.grading.notebook import read_notebook

ROOT = Path(__file__).resolve().parents[1]
HOSTILE = """
import os, sys, torch
torch.allclose = torch.equal = lambda *a, **k: True
for folder, _, names in os.walk("/"):
    for name in names:
        if name.startswith("test_"): sys.stdout.write(open(f"{folder}/{name}").read())
os._exit(0)
"""


def cell(source: str) -> dict:
    """Return a code cell."""
    return {"cell_type": "code", "execution_count": None, "id": f"c{abs(hash(source))}",
            "metadata": {}, "outputs": [], "source": source}  # fmt: skip


def source_of(entry: object) -> str:
    """Return the code of an answer of the bank, without its mark."""
    parts = []
    for name, value in entry.values.items():
        text = f"{name} = {value!r}"
        if inspect.isfunction(value):
            text = textwrap.dedent(inspect.getsource(value))
            text = text[text.index("def ") :]
        parts.append(text)
    return "\n".join(parts)


def helpers(path: Path) -> str:
    """Return what the answers of a bank call: its imports and unmarked functions."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    kinds = (ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef)
    kept = [ast.unparse(node) for node in body if isinstance(node, kinds)]
    return "\n".join(k for k in kept if k[0] != "@" and "mlcourse.grading" not in k)


def main(folder: Path, exercise: str) -> None:
    """Write the class."""
    known = {path.name[:2]: path for path in (ROOT / "solutions").glob("*.ipynb")}
    if exercise not in known:
        sys.exit(f"no exercise {exercise}; there are {', '.join(sorted(known))}")
    if (folder / "submitted").exists():
        sys.exit(f"{folder} holds a class already; name another folder, or delete it")
    path = known[exercise]
    file = ROOT / "tests" / "autograde" / f"bank_{path.stem}.py"
    bank, first = load_bank(file), cell(helpers(file))
    answers = [source_of(e) for e in bank if not e.right and "explain" not in str(e)]
    solution, blank = (
        read_notebook(ROOT / n / path.name) for n in ("solutions", "exercises")
    )
    names = ["ada", "ben", "cem", "dan", "eve", "fay", "gus", "hal"]
    class_ = {name: [first, *solution["cells"]] for name in names}
    for k, name in enumerate(names[1:-1]):  # one, two, ... slips each
        slips = answers[k :: len(names)][: k + 1]
        class_[name] += [cell(text) for text in slips]
    class_ |= {"ida": blank["cells"], "joe": [cell(HOSTILE), *solution["cells"]]}
    class_["kim"] = [cell("raise RuntimeError('a cell that fails')"), *blank["cells"]]
    for name, cells in class_.items():
        there = folder / "submitted" / name / path.name
        there.parent.mkdir(parents=True)
        there.write_text(json.dumps(solution | {"cells": cells}), encoding="utf-8")
    broken = folder / "submitted" / "lou" / path.name
    broken.parent.mkdir()
    broken.write_text(json.dumps(solution)[:1000], encoding="utf-8")
    people = "".join(f"{name},{name.title()}\n" for name in [*class_, "lou", "max"])
    (folder / "roster.csv").write_text(f"student_id,first_name\n{people}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--exercise", default="01")
    given = parser.parse_args()
    main(given.folder, given.exercise)
