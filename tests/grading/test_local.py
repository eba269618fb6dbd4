import random
import sys
import warnings

import numpy as np
import pytest
import torch

from mlcourse.grading.aside import fresh_randomness
from mlcourse.grading.cells import run_cells
from mlcourse.grading.errors import (
    AnswerError,
    NotAttempted,
    StudentError,
    Unsupported,
)
from mlcourse.grading.local import LocalAnswers


def answers_of(*cells):
    namespace, failed, _ = run_cells(cells)
    return LocalAnswers(namespace, failed)


def test_calls_and_values():
    answers = answers_of("def f(x, *, k):\n    return {'a': (x + k, [k])}\nn = 3\n")
    assert answers.f(1, k=2) == {"a": (3, [2])}
    assert answers.value("n") == 3


def test_keywords_of_any_name():
    answers = answers_of("def f(self, name, wrt=0): return self + name + wrt")
    assert answers.f(self=1, name=2, wrt=3) == 6


def test_arguments_are_copied():
    answers = answers_of(
        "def f(x, y, z):\n    x += 1\n    y[:] = 7\n    z.append(1)\n    return 1"
    )
    x, y, z = torch.zeros(2), np.zeros(2), [0]
    answers.f(x, y, z)
    assert x.tolist() == y.tolist() == [0, 0]
    assert z == [0]


def test_results_are_copied():
    answers = answers_of("import torch\nkept = torch.zeros(2)\ndef f(): return kept")
    got = answers.f()
    got += 1
    assert answers.f().tolist() == [0, 0]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("def f(): raise NotImplementedError('Task 01.2')", "Task 01.2 is not written"),
        ("def f(): raise NotImplementedError", "f is not written yet"),
        ("def g(): pass", "f is not defined yet: run its cell"),
    ],
)
def test_what_is_not_attempted(cell, words):
    with pytest.raises(NotAttempted, match=words):
        answers_of(cell).f()


@pytest.mark.parametrize("text", ['""', '" \\n"', "None"])
def test_an_empty_value_is_not_attempted(text):
    with pytest.raises(NotAttempted, match="text is still empty"):
        answers_of(f"text = {text}").value("text")
    with pytest.raises(NotAttempted, match="other is not defined yet"):
        answers_of(f"text = {text}").value("other")


def test_a_stub_that_another_answer_calls_is_named():
    cells = "def g(): raise NotImplementedError('Task 01.1')", "def f(): return g()"
    with pytest.raises(NotAttempted, match=r"Task 01\.1 is not written yet"):
        answers_of(*cells).f()


def test_torchs_own_not_implemented_is_an_error_of_the_student():
    cell = "def f(): raise NotImplementedError('no kernel for this device')"
    with pytest.raises(StudentError, match="no kernel"):
        answers_of(cell).f()


def test_an_exception_names_function_kind_and_line():
    cell = "import numpy as np\n\ndef f(x):\n    y = x\n    return np.stack([y, [0]])"
    with pytest.raises(StudentError) as error:
        answers_of(cell).f([1, 2])
    assert str(error.value) == (
        "your function f raised ValueError: all input arrays must have the same shape "
        "(line 5 of the cell: return np.stack([y, [0]]))"
    )
    assert "return np.stack" in error.value.trace
    assert "mlcourse" not in error.value.trace


HOSTILE = """
class Silent(Exception):
    def __str__(self):
        raise SystemExit
class Loud(BaseException):
    pass
class Unparsed(SyntaxError):
    msg = property(lambda self: 1 / 0)
    lineno = property(lambda self: 1 / 0)
def silent(): raise Silent
def unparsed(): raise Unparsed
def parses(): return eval('1 +')
def loud(): raise Loud('x' * 10**6)
def leaves(): raise SystemExit('bye')
def quits(): quit()
def deep(): return deep()
def asserts(): assert False, 'mine'
def generator(): yield 1
def stops(): return next(iter([]))
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("silent", "Silent: \\(its message cannot be shown"),
        ("unparsed", "Unparsed: \\(its message cannot be shown"),
        ("parses", "invalid syntax \\(line 11 of the cell: .* eval\\('1 \\+'\\)\\)"),
        ("loud", "Loud: x{500} \\.\\.\\."),
        ("leaves", "SystemExit: bye"),
        ("quits", "raised (SystemExit|NameError)"),
        ("deep", "RecursionError"),
        ("asserts", "AssertionError: mine"),
        ("stops", "StopIteration"),
    ],
)
def test_whatever_is_raised_is_the_students(name, words):
    with pytest.raises(StudentError, match=words):
        getattr(answers_of(HOSTILE), name)()


def test_a_name_that_is_unknown_or_taken_is_told_with_what_mends_it():
    answers = answers_of("def f(): return np.pi", "def g(): return sum([1])", "sum = 3")
    with pytest.raises(StudentError, match="'np' is not defined; run the cell that"):
        answers.f()
    with pytest.raises(StudentError, match="a cell has given the name sum to someth"):
        answers.g()
    with pytest.raises(StudentError, match="'int' object is not callable \\(line 2"):
        answers_of("def f():\n    return 1()").f()


def test_an_answer_of_no_use_is_refused():
    answers = answers_of(HOSTILE, "f = 3", "def g(x): x.sort()")
    with pytest.raises(Unsupported, match="your function generator returned a gener"):
        answers.generator()
    with pytest.raises(Unsupported, match="f is an int, not a function"):
        answers.f()
    with pytest.raises(Unsupported, match="your function g returned None: is its ret"):
        answers.g([1])
    with pytest.raises(Unsupported, match="your variable Silent is a type"):
        answers.value("Silent")


def test_control_c_passes_through():
    with pytest.raises(KeyboardInterrupt):
        answers_of("def f(): raise KeyboardInterrupt").f()


def test_private_names_are_no_answers():
    with pytest.raises(AttributeError):
        answers_of("def _f(): return 1")._f()


@pytest.mark.errors
def test_what_a_check_passes_must_be_plain():
    """Else the check would work here and not over the wire to the grader."""
    with pytest.raises(TypeError, match="the check passed a function"):
        answers_of("def f(g): return 1").f(print_nothing)


def print_nothing():
    """Serve as an argument that is not plain."""


def test_prints_and_warnings_of_an_answer_are_swallowed(capsys):
    answers = answers_of(
        "import sys, warnings\ndef f(n):\n    for i in range(n):\n"
        "        print('x' * 1000)\n        sys.stderr.write('y')\n"
        "        warnings.warn('careful')\n    sys.stdout.flush()\n    return n"
    )
    assert answers.f(20_000) == 20_000
    assert capsys.readouterr() == ("", "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert answers.f(1) == 1
    assert sys.stdout is not None


def test_an_answer_that_closes_its_output_harms_nobody(capsys):
    answers = answers_of("import sys\ndef f():\n    sys.stdout.close()\n    return 1")
    assert answers.f() == 1
    print("still here")
    assert capsys.readouterr().out == "still here\n"


DRAWS = """
import random, torch
import numpy as np
def seeds():
    torch.manual_seed(0); np.random.seed(0); random.seed(0)
    return 1
def draws():
    return [torch.rand(()).item(), np.random.rand(), random.random()]
"""


def drawn():
    return [torch.rand(()).item(), np.random.rand(), random.random()]


def test_an_answer_has_random_streams_of_its_own():
    """It neither moves nor seeds ours, and it does not draw the same twice."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    expected = [drawn(), drawn()]
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    answers = answers_of(DRAWS)
    answers.seeds()
    first = drawn()
    a, b = answers.draws(), answers.draws()
    # Python's own stream is left out: beartype draws from it in the second pass.
    assert [x[:2] for x in (first, drawn())] == [x[:2] for x in expected]
    assert all(x != y for x, y in zip(a, b, strict=True))


def test_fresh_inputs_are_fresh_and_leave_no_trace():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    draws = []
    for _ in range(2):
        with fresh_randomness():
            draws.append(drawn())
    assert all(x != y for x, y in zip(*draws, strict=True))
    assert torch.equal(torch.rand(2), expected)


def test_what_a_student_sets_for_all_code_holds_for_their_own_only():
    """As in the grader, where the checks are in another process."""
    cells = [
        "import numpy as np, torch\ntorch.set_default_dtype(torch.float64)",
        "torch.set_grad_enabled(False)\nnp.seterr(all='raise')",
        "def kept(): return str([torch.zeros(1).dtype, torch.is_grad_enabled(), "
        "np.geterr()['over']])",
        "def back():\n    torch.set_grad_enabled(True)\n    return 1",
    ]
    outside = torch.get_default_dtype(), torch.is_grad_enabled(), np.geterr()
    try:
        answers = answers_of(*cells)
        with fresh_randomness():
            assert answers.kept() == "[torch.float64, False, 'raise']"
            assert answers.back() == 1
            assert answers.kept() == "[torch.float64, True, 'raise']"
            inside = torch.zeros(1).dtype, torch.is_grad_enabled(), np.geterr()
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(outside[0])
        torch.set_grad_enabled(outside[1])
        np.seterr(**outside[2])
    assert inside == (torch.float32, True, outside[2])


def test_gradients():
    answers = answers_of("def f(x, y, *, p): return x**p * y", "def g(x, y): return y")
    x, y = torch.tensor([1.0, 3.0]), torch.tensor([[2.0, 5.0]])
    got = answers.grad("f", x, y, p=2)
    assert got.tolist() == [4, 30]
    assert not x.requires_grad
    assert answers.grad("f", x, y, wrt=1, p=2).tolist() == [[1, 9]]
    # A result that does not depend on the argument has gradient zero.
    with pytest.raises(Unsupported, match="cut off"):
        answers.grad("g", x, y)


def test_the_gradient_of_an_answer_that_works_in_place():
    cell = "def f(x):\n    x *= 2\n    x[0] = 0\n    return x * x"
    assert answers_of(cell).grad("f", torch.tensor([1.0, 3.0])).tolist() == [0, 24]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return x.sum().item()", "returned a float: expected a torch tensor"),
        ("return x.detach()", "is cut off from its argument 0"),
        ("return x.numpy()", "raised RuntimeError"),
        ("pass", "returned None"),
        ("y = x.exp()\n    z = y * 1\n    y *= 2\n    return z", "modified by an inpl"),
    ],
)
def test_a_broken_gradient_says_why(body, words):
    answers = answers_of(f"def f(x):\n    {body}")
    with pytest.raises(AnswerError, match=words):
        answers.grad("f", torch.ones(1))


@pytest.mark.errors
def test_a_gradient_in_an_integer_is_the_checks_fault():
    with pytest.raises(TypeError, match="argument 0 must be a tensor of floats"):
        answers_of("def f(x): return x").grad("f", 3)


def test_an_object_equal_to_everything_never_reaches_a_check():
    cell = (
        "class All:\n    def __eq__(self, other): return True\n"
        "    def __repr__(self): raise SystemExit\n"
        "def f(): return All()\ndef g(): return [1, {'a': All()}]"
    )
    for name in ("f", "g"):
        with pytest.raises(Unsupported, match="an All"):
            getattr(answers_of(cell), name)()
