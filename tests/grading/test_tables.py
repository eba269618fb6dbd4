"""Rosters and marks as people and spreadsheets write them; tables as we do."""

import csv

import pytest

from mlcourse.grading.export import export
from mlcourse.grading.tables import TableError, read_marks, read_table, write_table

HEAD = "student,exercise,task,max,points,answer\n"
CHECK = {"name": "test_it", "title": "It", "hint": "", "hidden": False, "points": 2}
CHECK |= {"task": "01.6", "earned": 2, "status": "passed", "message": ""}
GRADED = {"exercise": "01_relations", "status": "graded", "reason": "", "submitted": ""}
GRADED |= {"isolation": "bwrap", "flags": [], "checks": [CHECK]}


def row(student, status="graded", exercise="01_relations"):
    made = GRADED | {"student": student, "status": status, "exercise": exercise}
    made |= {"file": f"{student}.ipynb", "written": {"explain_01_6": "Because."}}
    return made if status == "graded" else made | {"checks": [], "written": {}}


def lines(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_short_row_is_empty_where_it_ends(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student_id,first_name,email\nada,Ada,a@b.c\neve\n")
    assert read_table(path, ["student_id"])[1] == {
        "student_id": "eve",
        "first_name": "",
        "email": "",
    }


@pytest.mark.errors
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"student;task\n", "has no column student_id.*commas between"),
        ("student_id\nJosé\n".encode("latin-1"), "is not UTF-8 text; save it as CSV"),
        (b'student_id\n"' + b"x" * 200_000 + b'"\n', "after line 1: field larger than"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_to_do(tmp_path, content, words):
    path = tmp_path / "roster.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TableError, match=words):
        read_table(path, ["student_id"])


def test_marks_that_a_spreadsheet_has_saved(tmp_path):
    path = tmp_path / "written.csv"
    path.write_text(f"{HEAD}ada,01_relations,1.6,2,1.5,Because\nben,12_b,12.3,2,,No\n")
    assert read_marks(path) == {("ada", "01_relations", "01.6"): 1.5}


def test_numbers_stay_numbers_and_formulas_become_texts(tmp_path):
    path = tmp_path / "table.csv"
    values = ["-0.25", "-3", "=1+1", "-1+1", "@x", "+4"]
    write_table(path, ["a"], [{"a": value} for value in values])
    said = [line["a"] for line in lines(path)]
    assert said == ["-0.25", "-3", "'=1+1", "'-1+1", "'@x", "'+4"]


def test_no_text_becomes_a_formula_or_a_row_in_any_spreadsheet(tmp_path):
    """Some read a semicolon as the comma, and a carriage return as the end of a row."""
    path = tmp_path / "table.csv"
    text = "- one;=cmd|x\r\n=1\r@2\n\n  +3\uff1d4;\t-5, a = 1"
    write_table(path, ["a", "b"], [{"a": text, "b": "\ufe0e"}, {"a": "x", "b": "y"}])
    assert b"\r" not in path.read_bytes()
    first, second = lines(path)
    assert first["a"] == "'- one;'=cmd|x\n'=1\n'@2\n\n'  +3\uff1d4;\t'-5, a = 1"
    assert second == {"a": "x", "b": "y"}


def test_students_whose_names_are_formulas_keep_their_marks(tmp_path):
    names = ["=x", "'=x", "''=x", "a;=x", "a;'-x", "@", "-1", "Jos\u00e9"]
    marks = {(name, "01_relations", "01.6"): k / 8 for k, name in enumerate(names)}
    _, idle = export(tmp_path, [row(name) for name in names], [], marks)
    assert (idle, read_marks(tmp_path / "written.csv")) == ([], marks)
    shown = {line["student"]: line["total"] for line in lines(tmp_path / "grades.csv")}
    assert len(shown) == len(names)
    assert shown["''=x"] == "0.125"


def test_a_row_of_older_checks_keeps_its_points(tmp_path):
    """Who has left since the checks were changed is not graded by the new ones."""
    new = [CHECK | {"task": "01.7", "points": 3, "earned": 3}]
    rows = [row("ada"), row("ben") | {"checks": new}, row("cem", "unreadable")]
    export(tmp_path, rows, [], {})
    found = {line["student"]: line for line in lines(tmp_path / "grades.csv")}
    assert [found[name]["max"] for name in ("ada", "ben", "cem")] == ["2", "3", "3"]
    assert [found[name]["total"] for name in ("ada", "ben", "cem")] == ["2", "3", ""]
    assert (found["ada"]["01.6"], found["ben"]["01.6"]) == ("2", "")


def test_a_mark_outlives_the_answer_it_was_given_for(tmp_path):
    key = ("ada", "01_relations", "01.6")
    marks = {key: 0.5, ("nobody", "01_relations", "01.6"): 1.0}
    _, idle = export(tmp_path, [row("ada"), row("ben")], [], marks)
    assert idle == [("nobody", "01_relations", "01.6")]
    assert lines(tmp_path / "grades.csv")[0]["total"] == "0.5"
    for status in ("unreadable", "grader_error"):
        marks = read_marks(tmp_path / "written.csv")
        assert marks[key] == 0.5
        _, idle = export(tmp_path, [row("ada", status), row("ben")], [], marks)
        assert idle == sorted(marks)
        assert lines(tmp_path / "grades.csv")[0]["total"] == ""
    marks = read_marks(tmp_path / "written.csv")
    export(tmp_path, [row("ada"), row("ben")], [], marks)
    written = {line["student"]: line for line in lines(tmp_path / "written.csv")}
    assert (written["ada"]["points"], written["ada"]["answer"]) == ("0.5", "Because.")
    assert lines(tmp_path / "grades.csv")[0]["total"] == "0.5"


def test_no_name_is_a_path_or_too_long_for_a_disk(tmp_path):
    names = ["../../up", "/abs", "..", "x" * 250, "\\udcff" * 60, "ada"]
    out = tmp_path / "a" / "b" / "out"
    export(out, [row(name) for name in names], [{"student_id": "../no"}], {})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert len(list((out / "feedback").glob("*/01_relations.html"))) == len(names)
    assert len(list((out / "gradescope").iterdir())) == len(names) + 1
    assert (out / "feedback" / "ada").is_dir()


def test_the_page_of_an_exercise_unknown_goes_once_it_is_known(tmp_path):
    export(tmp_path, [row("ada", "unreadable", ""), row("ben")], [], {})
    assert (tmp_path / "feedback" / "ada" / "unknown.html").exists()
    export(tmp_path, [row("ada"), row("ben")], [], {})
    (page,) = (tmp_path / "feedback" / "ada").iterdir()
    assert page.name == "01_relations.html"
