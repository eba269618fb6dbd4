"""Break every solution on purpose, a little at a time: which checks notice?

    mut/bin/python tools/mutate_solutions.py [--out FILE] [EXERCISE ...]

run in the environment of mutmut (see CONTRIBUTING.md), whose operators it uses. Each
change inside a function between the marks of a solution is one mutant; the task's
checks run on it in a process forked for it. It prints how many mutants of each task
were caught, and each that was not: such a change is either none (another spelling, the
same value) or a wrong answer that would earn full points. Wordings of errors are left
out. A mutant that is still running after a minute, or needs 8 GiB, counts as caught.
"""

import argparse
import difflib
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from libcst import matchers
from mutmut.mutation.file_mutation import create_mutations, deep_replace

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "autograde"))
from test_bank import CHECKS, cell_source, little_memory, sections, solution, verdicts

SECONDS = 60


def inside(node):
    """Yield a node of a syntax tree and all below it."""
    yield node
    for child in node.children:
        yield from inside(child)


def mutants(source):
    """Yield each mutated source of a cell; the wordings of errors stay."""
    module, mutations, *_ = create_mutations("cell", source)
    raised = matchers.findall(module, matchers.Raise())
    worded = {child for node in raised for child in inside(node)}
    for mutation in mutations:
        if mutation.original_node not in worded:
            old, new = mutation.original_node, mutation.mutated_node
            yield deep_replace(module, old, new).code


def survives(exercise, task, source):
    """Whether all checks of the task pass; in a process of its own."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        code = 1
        try:
            names = solution(exercise)
            with little_memory():
                exec(compile(source, "mutant", "exec"), names)
                found = verdicts(exercise, names, task)
                code = int(any(v.status != "passed" for v in found))
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def cells(exercise):
    """Yield the task and the source of each cell with a solution."""
    for task, found in sections(exercise).items():
        for cell in found:
            source = cell_source(cell)
            if cell["cell_type"] == "code" and "# BEGIN SOLUTION" in source:
                yield task, source


def main(exercises, out):
    """Print a line a task and a difference a survivor; keep all in ``out``."""
    for exercise in exercises:
        solution(exercise)
        made, caught, lines = Counter(), Counter(), []
        for task, source in cells(exercise):
            for mutant in mutants(source):
                made[task] += 1
                if not survives(exercise, task, mutant):
                    caught[task] += 1
                    continue
                change = difflib.unified_diff(
                    source.splitlines(), mutant.splitlines(), lineterm="", n=0
                )
                lines.append({"task": task, "change": list(change)[2:]})
        for task, number in made.items():
            print(f"{task}: {caught[task]} of {number} caught", flush=True)
        for line in lines:
            print(line["task"], *line["change"], sep="\n    ", flush=True)
        if out:
            row = {"exercise": exercise, "made": made, "caught": caught, "left": lines}
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    wanted = tuple(given.exercises or CHECKS)
    main([name for name in CHECKS if name.startswith(wanted)], given.out)
