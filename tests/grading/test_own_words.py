"""Tests for what a machine can see of a written answer."""

from types import SimpleNamespace

import pytest

from mlcourse.grading import own_words

TEXT = "A margin pulls friends (not strangers) together; its slope is never 0. " + (
    " ".join(f"word{i}" for i in range(40))
)


def said(text, rubric=(), story=""):
    answers = SimpleNamespace(value={"explain_01_6": text}.get)
    see = "See lecture 01."
    return own_words(answers, "explain_01_6", rubric=rubric, see=see, story=story)


def test_an_answer_is_read_without_case_and_marks():
    assert said(TEXT).startswith("a margin pulls friends not strangers together its")


@pytest.mark.parametrize("text", [7, None, ["words"] * 60])
def test_no_text_is_no_answer(text):
    with pytest.raises(AssertionError, match=r"must be a string, got .*See lecture 01"):
        said(text)


def test_a_text_that_would_take_hours_is_not_read():
    accents = "a" + "\u0300\u0323" * 10**6
    with pytest.raises(AssertionError, match="2,000,001 characters; 20,000 are"):
        said(accents)
    almost = accents[:20_000]
    with pytest.raises(AssertionError, match="has 1 words"):
        said(almost)


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


def test_a_check_may_ask_for_more_words():
    answers = SimpleNamespace(value=lambda name: TEXT)
    for least in ((53, 50), (52, 53)):
        with pytest.raises(AssertionError, match="{} and {} are the".format(*least)):
            own_words(answers, "explain", rubric=(), see="", least=least)
    assert own_words(answers, "explain", rubric=(), see="", least=(52, 52))


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


RUBRIC = "They say: its slope is never, ever 0. Then the word0 comes; word1 goes."


def test_six_words_in_a_row_of_a_whole_rubric_are_copied():
    with pytest.raises(AssertionError, match="'say its slope is never ever'"):
        said(f"{TEXT} Say: its slope is never, ever 1.", RUBRIC)
    assert said(f"{TEXT} Its slope is never, ever 1.", RUBRIC)  # five


def test_a_rubric_in_pieces_is_copied():
    pieces = "they say its slope is {} never ever 0 then the {} word0 comes word1 goes"
    other = " ".join(f"w{i}" for i in range(8))
    twice = pieces.format("a", "b") + " c " + pieces.format("d", "e")
    with pytest.raises(AssertionError, match="22 of its 40 pairs of words stand there"):
        said(f"{twice} {other}", RUBRIC)
    more = " ".join(f"v{i}" for i in range(40))
    assert said(f"{twice} {other} {more}", RUBRIC)  # 22 of 80 pairs


STORY = (
    "A friend trains twice: her loss falls, and she writes that all is well, though "
    "nobody has looked at the characters of an unseen alphabet yet."
)


def test_what_is_quoted_from_the_task_does_not_count():
    quote = "Her loss falls, and she writes that all is well"
    assert said(f"{TEXT} {quote}!", story=STORY) == said(TEXT)
    with pytest.raises(AssertionError, match="has 0 words beside what it quotes"):
        said(STORY * 4, story=STORY)
    few = "her loss falls and she wins"  # five words of it in a row
    assert said(f"{TEXT} {few}", story=STORY).endswith(few)


def test_a_phrase_of_the_rubric_is_refused_where_the_story_has_it_too():
    for text in (f"{TEXT} {STORY}", f"{STORY} {STORY}"):
        with pytest.raises(AssertionError, match="repeats the rubric: 'the characters"):
            said(text, rubric=["the characters of an unseen"], story=STORY)


def test_letters_that_nobody_sees_do_not_hide_a_phrase():
    hidden = TEXT.replace("o", "o\u200b").replace("strangers", "\uff53trangers")
    with pytest.raises(AssertionError, match="'friends not strangers'"):
        said(hidden, ["friends not strangers"])
