"""Whatever a student's process sends, a check meets plain data or an answer's error."""

import contextlib
import socket
from pathlib import Path
from unittest import mock

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcourse.grading import session, wire
from mlcourse.grading.client import RemoteAnswers
from mlcourse.grading.errors import AnswerError
from mlcourse.grading.job import Job
from mlcourse.grading.sandbox import Sandbox

HERE = Path(__file__).parent
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
KINDS = st.sampled_from(
    ["answer", "StudentError", "NotAttempted", "Unsupported", "Died", "ready", ""]
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | KINDS,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=8,
)
REPLIES = PLAIN | st.tuples(KINDS, PLAIN) | st.tuples(KINDS, st.tuples(TEXTS, TEXTS))
FRAMES = REPLIES.map(wire.encode) | st.binary(max_size=60)


class FakeChild:
    """A student's process that sends what it likes, and then hangs up."""

    def __init__(self, frames):
        self.used, self.code = 0.0, 0
        self.channel, self.theirs = socket.socketpair()
        self.theirs.sendall(b"".join(frames))
        self.theirs.shutdown(socket.SHUT_WR)

    def ask(self):
        return 0.0

    def wait(self, seconds):
        return self.code

    def end(self):
        self.channel.close()
        self.theirs.close()


@contextlib.contextmanager
def answers_of(frames):
    """The answers of a process that announces its cell, and then sends the frames."""
    first = [wire.encode(0), *frames]
    job = Job(["x = 1"], HERE, (), Sandbox("none", HERE), limit=5.0, nursery=HERE)
    with mock.patch.object(session, "Child", side_effect=lambda _: FakeChild(first)):
        one = session.Session(job)
        try:
            yield RemoteAnswers(one, "01.1")
        finally:
            one.close()


@settings(max_examples=300)
@given(st.lists(FRAMES, max_size=4))
def test_any_frames_are_an_answer_or_an_error_of_the_answer(frames):
    with answers_of([wire.encode("ready"), *frames]) as answers:
        for ask in (lambda: answers.f(1), lambda: answers.value("x")):
            try:
                found = ask()
            except AnswerError:
                continue
            wire.encode(found)  # plain data


@settings(max_examples=200)
@given(st.lists(FRAMES, max_size=6))
def test_any_frames_while_the_cells_run(frames):
    with answers_of(frames) as answers, contextlib.suppress(AnswerError):
        wire.encode(answers.f(1))


@settings(max_examples=100)
@given(st.lists(FRAMES, max_size=3))
def test_a_gradient_has_the_shape_of_its_point(frames):
    point = torch.zeros(2, 3)
    good = wire.encode(("answer", point))
    sent = [wire.encode("ready"), *frames, good]
    with answers_of(sent) as answers, contextlib.suppress(AnswerError):
        assert answers.grad("f", point).shape == point.shape


def test_what_an_honest_process_sends_arrives():
    frames = [wire.encode("ready"), wire.encode(("answer", [1, "a"]))]
    with answers_of(frames) as answers:
        assert answers.f(1) == [1, "a"]
