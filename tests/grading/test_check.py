import re
import subprocess
import sys
import time
from html.parser import HTMLParser

import pytest
import torch

from mlcourse.grading import check
from mlcourse.grading.check import _checked
from mlcourse.grading.report import Note, Report

#: The module: the name mlcourse.grading.check is its function.
MODULE = sys.modules["mlcourse.grading.check"]
RIGHT = {
    "half": lambda x: x / 2,
    "pair": (1, 2),
    "explain_01_3": "Because it is so.",
}


@pytest.fixture
def at(course, monkeypatch):
    """Run check on the given names as if from a notebook of the course."""
    monkeypatch.chdir(course / "solutions")

    def run(task, **names):
        shell = type("Shell", (), {"user_ns": names})()
        monkeypatch.setattr(MODULE, "_shell", lambda: shell)
        return _checked(task)

    return run


def test_passed_says_what_is_left(at):
    assert repr(at("01.1", **RIGHT)) == (
        "Task 01.1: ✓ PASSED, 1 of 1 visible point\n"
        "  ✓ PASSED: Half of four (1 point)\n"
        "Hidden checks add 1 point: they may ask for more than the visible ones."
    )
    assert "This task has no hidden checks." in repr(at("01.3", **RIGHT))


def test_a_failing_check_shows_message_and_hint(at):
    assert repr(at("01.1", half=lambda x: 2 * x)) == (
        "Task 01.1: ✗ NOT PASSED YET, 0 of 1 visible point\n"
        "  ✗ FAILED: Half of four (1 point)\n"
        "      half(4) is tensor([8.]), expected 2: did you <double> it?\n"
        "      Hint: Divide it by two.\n"
        "Hidden checks add 1 point: they may ask for more than the visible ones."
    )


def stub(x):
    raise NotImplementedError("Task 01.1")


def test_a_stub_is_not_attempted(at):
    for names in ({}, {"half": stub}):
        report = at("01.1", **names)
        assert report.status == "not_attempted"
        assert repr(report).startswith("Task 01.1: ○ NOT ATTEMPTED YET, 0 of 1")
        assert "Hint" not in repr(report)
        assert "Traceback" not in report._repr_html_()


def test_the_same_words_twice(at):
    """The solutions' outputs are compared: nothing in them changes from run to run."""
    first, second = at("01.1", **RIGHT), at("01.1", **RIGHT)
    assert repr(first) == repr(second)
    assert first._repr_html_() == second._repr_html_()


def test_an_exception_is_folded_away(at, tmp_path):
    source = "def half(x):\n    import warnings\n    return x / '<b>'\n"
    names = {}
    exec(compile(source, "<cell>", "exec"), names)
    report = at("01.1", **names)
    assert report.status == "error"
    assert "raised TypeError" in repr(report)
    assert "Traceback" not in repr(report)
    html = report._repr_html_()
    assert "<details" in html
    assert "<summary>Traceback</summary>" in html
    assert "<summary>What the check runs</summary>" in html
    assert "answers.half(torch.tensor([4.0]))" in html


class Tree(HTMLParser):
    """Note that every element is closed, and which there are."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "answer", [lambda x: x / 2, lambda x: "<script>x</script>\x1b[31m"]
)
def test_the_html_is_sound_escaped_and_says_it_in_words(at, answer):
    report = at("01.1", half=answer)
    html = report._repr_html_()
    tree = Tree()
    tree.feed(html)
    assert not tree.open
    assert "script" not in {tag for tag, _ in tree.seen}
    assert "\x1b" not in html
    assert "[31m" not in html
    tag, attributes = tree.seen[0]
    assert tag == "section"
    assert attributes["aria-label"].startswith("Task 01.1: ")
    assert ("PASSED" in html) or ("FAILED" in html)
    assert "background" not in html  # the theme's own, dark or light


def contrast(colour, other):
    def luminance(hexadecimal):
        parts = [int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(colour), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("answer", [lambda x: x / 2, lambda x: x, stub])
def test_the_border_is_seen_on_light_and_on_dark(at, answer):
    [colour] = re.findall("#[0-9a-f]{6}", at("01.1", half=answer)._repr_html_())
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(colour, "#111111") >= 3


def test_a_long_message_has_at_most_six_lines(at):
    def half(x):
        raise ValueError("word " * 10_000)

    shown = repr(at("01.1", half=half)).splitlines()
    assert len(shown) <= 9
    assert max(map(len, shown)) <= 100


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (
            "01.9",
            "no check of task 01.9 in exercise 01; its tasks with checks are 01.1, ",
        ),
        ("07.1", "no checks of exercise 07"),
        ("half", "check(\"01.2\"); got 'half'"),
        (1.2, 'check("01.2"); got 1.2'),
        (None, "got None"),
        ("01.2\n", "got '01.2\\\\n'"),
    ],
)
def test_an_unknown_task_is_a_clear_note(at, task, words):
    note = at(task)
    assert isinstance(note, Note)
    assert words.replace("\\\\", "\\") in repr(note)


def test_a_short_number_is_understood(at):
    assert repr(at("1.1", **RIGHT)).startswith("Task 01.1: ✓ PASSED")


def test_a_fault_of_the_check_is_not_the_students(at):
    report = at("01.2", pair=3)  # len(3) raises within the check
    assert report.status == "grader_error"
    assert "! NOT CHECKED" in repr(report)
    assert "not counted against you" in " ".join(repr(report).split())


def test_a_title_is_text(at, course):
    path = course / "tests" / "autograde" / "test_01_relations.py"
    text = path.read_text(encoding="utf-8").replace("Half of four", "Is x < y?")
    path.write_text(text, encoding="utf-8")
    for half in (RIGHT["half"], stub, lambda x: x):
        assert "Is x &lt; y?" in at("01.1", half=half)._repr_html_()
        assert "Is x < y?" in repr(at("01.1", half=half))


def test_hidden_checks_are_neither_run_nor_named(at):
    report = at("01.1", half=lambda x: torch.tensor(2.0))
    assert isinstance(report, Report)
    assert report.status == "passed"
    assert "Half of other numbers" not in repr(report) + report._repr_html_()


def test_the_kernels_random_streams_stay_as_they_were(at):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    at("01.1", half=lambda x: x / 2 + 0 * torch.rand(1))
    assert torch.equal(torch.rand(3), expected)


def test_a_verdict_takes_less_than_a_second(at):
    at("01.1", **RIGHT)
    started = time.perf_counter()
    at("01.1", **RIGHT)
    assert time.perf_counter() - started < 1


def test_outside_of_a_notebook_it_prints(course, monkeypatch, capsys):
    monkeypatch.chdir(course)
    monkeypatch.setattr(MODULE, "_shell", lambda: None)
    main = type(sys)("__main__")
    main.half = RIGHT["half"]
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert check("01.1") is None
    assert capsys.readouterr().out.startswith("Task 01.1: ✓ PASSED, 1 of 1")


def test_in_a_kernel_it_displays_html_and_text(course, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    monkeypatch.chdir(course)
    monkeypatch.setattr(MODULE, "_shell", lambda: shell)
    shell.user_ns.update(RIGHT)
    monkeypatch.setattr(InteractiveShell, "initialized", classmethod(lambda c: True))
    monkeypatch.setattr(InteractiveShell, "instance", classmethod(lambda c: shell))
    with capture_output() as captured:
        assert check("01.1") is None
    [output] = captured.outputs
    assert set(output.data) == {"text/plain", "text/html"}
    assert output.data["text/plain"].startswith("Task 01.1: ✓ PASSED")


def test_in_a_real_kernel(course):
    """Stubs, then a slip, then a right answer: with the line of the student's own."""
    nbformat = pytest.importorskip("nbformat")
    from mlcourse.grading.release import release

    release(course)
    path = course / "exercises" / "01_relations.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for number, source in enumerate(
        [
            "def half(x):\n    return x / no_such_name",
            'check("01.1")',
            "def half(x):\n    print(x)\n    return x / 2",
            'check("01.1")',
            'check("1.7")',
        ]
    ):
        notebook.cells.append(nbformat.v4.new_code_cell(source, id=f"new{number}"))
    nbformat.write(notebook, path)
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from mlcourse.notebooks import run_notebook, save_notebook\n"
        "save_notebook(run_notebook(Path(sys.argv[1])), Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    cells = nbformat.read(path, as_version=4).cells
    outputs = {c.id: c.outputs for c in cells if c.cell_type == "code" and c.outputs}
    assert set(outputs) == {"c4", "c8", "c11", "new1", "new3", "new4"}
    texts = {}
    for name, [output] in outputs.items():
        assert output.output_type == "display_data"
        assert set(output.data) == {"text/plain", "text/html"}
        texts[name] = output.data["text/plain"]
    for name in ("c4", "c8", "c11"):
        assert "NOT ATTEMPTED YET, 0 of 1" in texts[name]
    assert "(line 2 of the cell: return x / no_such_name)" in " ".join(
        texts["new1"].split()
    )
    assert "no_such_name" in outputs["new1"][0].data["text/html"]
    assert texts["new3"].startswith("Task 01.1: ✓ PASSED, 1 of 1 visible point")
    assert "There is no check of task 1.7" in texts["new4"]
