import pytest

from mlcourse.grading.cells import run_cells
from mlcourse.grading.errors import StudentError
from mlcourse.grading.local import LocalAnswers


def test_one_failing_cell_costs_nothing_else():
    cells = ["a = 1", "b = (", "def f():\n    return a\n1 / 0", "c = a + 1", "def g():"]
    namespace, failed, errors = run_cells(cells)
    assert (namespace["a"], namespace["c"]) == (1, 2)
    assert [e and e.kind for e in errors] == [
        None,
        "SyntaxError",
        "ZeroDivisionError",
        None,
        "_IncompleteInputError" if errors[4].kind.startswith("_") else errors[4].kind,
    ]
    assert str(errors[1]) == (
        "your code raised SyntaxError: '(' was never closed "
        "(line 1 of code cell 2: b = ()"
    )
    assert errors[2].where == "line 3 of code cell 3: 1 / 0"
    answers = LocalAnswers(namespace, failed)
    assert answers.f() == 1  # it was defined before its cell failed
    with pytest.raises(StudentError, match="code cell 5"):
        answers.g()
    with pytest.raises(StudentError, match="SyntaxError"):
        answers.value("b")


def test_magics_and_shell_commands_do_no_harm():
    cells = [
        "%matplotlib inline\na = 1\n!rm -rf nothing\n%load_ext autoreload",
        "%%time\nb = a + 1",
        "%%bash\necho c",
        "files = !ls\nc = 3",
        "get_ipython().system('ls')\nget_ipython().magic('matplotlib inline')",
        "from IPython import get_ipython",
        "%config InlineBackend.figure_format = 'retina'",
    ]
    namespace, _, errors = run_cells(cells)
    assert errors == [None] * 7
    assert (namespace["b"], namespace["c"]) == (2, 3)


def test_a_measured_line_is_run():
    cells = ["%time a = 1 + 1", "%%time\n!ls\nb = 1", "%timeit a = 7", "%time 1 / 0"]
    namespace, _, errors = run_cells(cells)
    assert (namespace["a"], namespace["b"]) == (2, 1)
    assert [e and e.kind for e in errors] == [None, None, None, "ZeroDivisionError"]


def test_an_import_of_what_is_not_here_costs_only_what_needs_it():
    """As on Colab, whose drive is mounted above all other imports."""
    cells = [
        "a = 1\nfrom google.colab import drive\ndrive.mount('/x')\nb = 2\nc = a + b",
        "import absent\nd = absent.f()",
        "import os\nos.chdir(\n    '/no/such/folder')\nif True:\n    e = 3",
        "1 / 0\nf = 4",
    ]
    namespace, failed, errors = run_cells(cells)
    assert (namespace["c"], namespace["e"]) == (3, 3)
    assert not {"drive", "d", "f"} & set(namespace)
    kinds = [*["ModuleNotFoundError"] * 2, "FileNotFoundError", "ZeroDivisionError"]
    assert [e.kind for e in errors] == kinds
    assert failed["drive"].where.startswith("line 2 of code cell 1: from google.colab")


@pytest.mark.parametrize(
    "cell",
    [
        "raise SystemExit",
        "import sys; sys.exit(3)",
        "x = '\ud800'",
        "\0",
        "input()",
        "raise NotImplementedError('Task 01.1')",
        "def f(): yield\nf().throw(GeneratorExit)",
        "class A(BaseException): pass\nraise A",
        "(" * 500 + ")" * 500,
    ],
    ids=ascii,
)
def test_no_cell_stops_the_run(cell):
    namespace, _, errors = run_cells([cell, "after = 1"])
    assert namespace["after"] == 1
    assert errors[0] is not None
    assert errors[1] is None


def test_cells_are_silent_and_warnings_are_no_errors(capsys):
    _, _, errors = run_cells(
        [
            "print(1)",
            "import warnings; warnings.warn('x')",
            "import sys; sys.stderr.write('y')",
        ]
    )
    assert errors == [None] * 3
    assert capsys.readouterr() == ("", "")


def test_two_notebooks_do_not_meet():
    first, _, _ = run_cells(["a = 1"])
    second, _, errors = run_cells(["a"])
    assert errors[0].kind == "NameError"
    assert second is not first
