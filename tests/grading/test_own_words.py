"""Tests for what a machine can see of a written answer."""

from types import SimpleNamespace

import pytest

from mlcourse.grading import own_words, runs

TEXT = "A margin pulls friends (not strangers) together; its slope is never 0. " + (
    " ".join(f"word{i}" for i in range(40))
)


def said(text, rubric=()):
    answers = SimpleNamespace(value={"explain_01_6": text}.get)
    return own_words(answers, "explain_01_6", rubric=rubric, see="See lecture 01.")


def test_an_answer_is_read_without_case_and_marks():
    assert said(TEXT).startswith("a margin pulls friends not strangers together its")


@pytest.mark.parametrize("text", [7, None, ["words"] * 60])
def test_no_text_is_no_answer(text):
    with pytest.raises(AssertionError, match=r"must be a string, got .*See lecture 01"):
        said(text)


@pytest.mark.parametrize(
    ("words", "different", "enough"),
    [(40, 20, True), (39, 39, False), (80, 19, False)],
)
def test_a_text_must_be_long_and_varied_enough(words, different, enough):
    text = " ".join(f"w{i % different}" for i in range(words))
    if enough:
        assert said(text) == text
    else:
        message = f"has {words} words, {different} different ones; 40 and 20"
        with pytest.raises(AssertionError, match=message):
            said(text)


def test_marks_between_words_are_no_words():
    with pytest.raises(AssertionError, match="has 20 words"):
        said(" - ! ".join(f"w{i} ..." for i in range(20)).replace("-", "*"))


@pytest.mark.parametrize(
    "phrase", ["friends, not strangers", "ITS slope (is never 0)", "a margin"]
)
def test_a_phrase_of_the_rubric_is_found_whatever_its_marks(phrase):
    with pytest.raises(AssertionError, match="repeats the rubric: '.*See lecture 01"):
        said(TEXT, ["elsewhere", phrase])


def test_a_phrase_is_found_as_whole_words_only():
    assert said(TEXT, ["argin pulls", "margin pull", "word39 word40"])


def test_runs_are_all_that_could_be_copied():
    assert runs("The slope (here) is never 0.", length=5) == [
        "the slope here is never",
        "slope here is never 0",
    ]
    assert runs("too short", length=5) == []
    with pytest.raises(AssertionError, match="repeats the rubric: 'its slope is ne"):
        said(TEXT, runs("They say: its slope is never 0. word0? No.", length=6))
