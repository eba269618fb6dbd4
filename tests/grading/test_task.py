import pytest

from mlcourse.grading.task import (
    CheckError,
    find_checks,
    hidden_modules,
    hidden_points,
    known_checks,
    load_checks,
)

ONE = """
from mlcourse.grading import task
{decorator}
def test_one({argument}):
    {docstring}
    {body}
"""


def checks_file(tmp_path, **parts):
    given = {
        "decorator": '@task("01.1", points=1)',
        "argument": "answers",
        "docstring": '"""Title\n\n    Hint."""',
        "body": "assert answers, 'message'",
    }
    path = tmp_path / "test_01_x.py"
    path.write_text(ONE.format(**{**given, **parts}), encoding="utf-8")
    return path


def test_checks_in_their_order_with_all_they_are(course):
    path = course / "tests" / "autograde" / "test_01_relations.py"
    found = load_checks(path)
    assert [(c.name, c.task, c.points, c.hidden) for c in found] == [
        ("test_half", "01.1", 1, False),
        ("test_half_of_others", "01.1", 1, True),
        ("test_secret_of_two", "01.2", 2, True),
        ("test_pair", "01.2", 1, False),
        ("test_text", "01.3", 1, False),
    ]
    assert (found[0].title, found[0].hint) == ("Half of four", "Divide it by two.")
    assert hidden_points(path, found) == {"01.1": 1, "01.2": 2}
    assert hidden_modules(path) == ("mlcourse.relations",)


def test_a_changed_file_is_read_anew(tmp_path):
    path = checks_file(tmp_path)
    assert load_checks(path)[0].points == 1
    checks_file(tmp_path, decorator='@task("01.1", points=5)')
    assert load_checks(path)[0].points == 5


def test_hides_is_read_without_running_the_file(tmp_path):
    path = tmp_path / "test_01_x.py"
    path.write_text("raise SystemExit\nHIDES = ('a.b',)\n")
    assert hidden_modules(path) == ("a.b",)
    path.write_text("x = 1\n")
    assert hidden_modules(path) == ()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"docstring": "pass"}, "needs a docstring"),
        ({"body": "assert answers"}, "line 8: this assert has no message"),
        ({"decorator": ""}, 'needs one @task("NN.M", points=...)'),
        ({"decorator": "@task('01.1')"}, "cannot be imported: TypeError"),
        ({"argument": "answers, tmp_path"}, "takes one argument, answers"),
        ({"body": "assert ("}, "cannot be imported: SyntaxError"),
        ({"decorator": "import nowhere"}, "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_a_faulty_check_is_refused(tmp_path, parts, words):
    with pytest.raises(CheckError, match="test_01_x.py") as error:
        load_checks(checks_file(tmp_path, **parts))
    assert words in str(error.value)


@pytest.mark.errors
def test_hides_must_be_names(tmp_path):
    path = tmp_path / "test_01_x.py"
    path.write_text("HIDES = 'mlcourse.relations'\n")
    with pytest.raises(CheckError, match="HIDES must be a tuple"):
        hidden_modules(path)


def test_the_nearest_checks_count(tmp_path):
    near = tmp_path / "a" / "b" / "checks" / "test_01_x.py"
    middle = tmp_path / "a" / "exercises" / "checks" / "test_01_x.py"
    far = tmp_path / "tests" / "autograde" / "test_01_x.py"
    other = tmp_path / "tests" / "autograde" / "test_02_y.py"
    for path in (far, middle, near, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    start = tmp_path / "a" / "b"
    assert find_checks("01", start=start) == near
    near.unlink()
    assert find_checks("01", start=start) == middle
    middle.unlink()
    assert find_checks("01", start=start) == far
    assert known_checks(start) == {"01_x": far, "02_y": other}


@pytest.mark.errors
def test_no_checks(tmp_path):
    with pytest.raises(CheckError, match="no checks of exercise 07"):
        find_checks("07", start=tmp_path)
