"""Tests for the epoch hook: what it is shown, when, and that it survives a stop."""

import pytest
import torch

from mlcourse.datasets import glyphs
from mlcourse.distances import sqeuclidean
from mlcourse.judgements import all_triplets
from mlcourse.losses import triplet_loss
from mlcourse.networks import convnet, mlp
from mlcourse.samplers import ClassBalancedBatches, EpochHook
from mlcourse.training import embed, train, train_glyph_net

X = torch.randn(80, 6, generator=torch.Generator().manual_seed(0))
Y = torch.arange(10).repeat_interleave(8)
VALIDATION = X.flip(0) + 0.1, Y + 10


def triplets(z, labels):
    return triplet_loss(sqeuclidean(z, z), all_triplets(labels))


class Near:
    """Batches that depend on z, on draws, and on what was seen before; also a hook."""

    def __init__(self, generator):
        self.generator, self.seen, self.total = generator, [], torch.zeros(())

    def refresh(self, z):
        assert not z.requires_grad
        self.seen.append(z)
        self.total = self.total + z.abs().sum()

    def __iter__(self):
        z = self.seen[-1]
        for _ in range(6):
            start = torch.randint(80, (), generator=self.generator)
            start = (start + int(self.total)) % 80
            yield (z - z[start]).norm(dim=1).argsort()[:20].tolist()

    def state_dict(self):
        return {"total": self.total}

    def load_state_dict(self, state):
        self.total = state["total"]


def run(*, epochs=4, hooks=(), near=True, loss=triplets, psi=None, **keywords):
    generator = torch.Generator().manual_seed(0)
    psi = psi or mlp((6, 16, 4), generator=generator)
    batches = Near(generator) if near else ClassBalancedBatches(
        Y, classes=5, per_class=4, n_batches=6, generator=generator
    )  # fmt: skip
    history = train(
        psi, loss, X, Y, batches=batches, validation=VALIDATION, epochs=epochs,
        generator=generator, hooks=hooks, lr=1e-2, **keywords,
    )  # fmt: skip
    return psi, batches, history


def test_batches_see_all_points_before_each_epoch_and_the_weights_of_then():
    start = mlp((6, 16, 4), generator=torch.Generator().manual_seed(0))
    first = embed(start, X)
    _, batches, _ = run(psi=start)
    assert len(batches.seen) == 4
    assert torch.equal(batches.seen[0], first)
    for one, next_one in zip(batches.seen, batches.seen[1:], strict=False):
        assert next_one.shape == (80, 4)
        assert not torch.allclose(one, next_one)


def test_they_are_shown_in_eval_mode_and_training_goes_on_in_train_mode():
    psi = convnet(3, channels=(1, 4), generator=torch.Generator().manual_seed(0))
    x, modes = torch.rand(8, 1, 8, 8), []

    class Hook:
        def refresh(self, z):
            assert torch.equal(z, embed(psi, x))

    def loss(z, labels):
        modes.append(psi.training)
        return z.square().sum()

    train(psi, loss, x, torch.arange(8) % 4, batches=[[0, 1, 4, 5]], hooks=[Hook()],
          validation=(x, torch.arange(8) % 4 + 4), epochs=2,
          generator=torch.Generator())  # fmt: skip
    assert modes == [True, True]


def test_hooks_are_shown_the_same_as_the_batches_and_cost_no_draw():
    hook = Near(torch.Generator())
    _, batches, history = run(hooks=[hook])
    assert all(map(torch.equal, hook.seen, batches.seen))
    _, _, alone = run()
    assert history.loss == alone.loss
    assert run(near=False)[2].loss == run(near=False, hooks=[hook])[2].loss


def test_a_stopped_run_ends_as_if_it_had_not_been(tmp_path):
    """Stopped in the midst of epoch 3; the batches would be others without memory."""

    class StopError(Exception):
        pass

    steps = []

    def fragile(z, labels):
        steps.append(1)
        if len(steps) == 15:
            raise StopError
        return triplets(z, labels)

    hook = Near(torch.Generator())
    whole, _, expected = run(epochs=5, hooks=[hook])
    path = tmp_path / "a.pt"
    with pytest.raises(StopError):
        run(epochs=5, loss=fragile, checkpoint=path, hooks=[Near(torch.Generator())])
    again = Near(torch.Generator())
    psi, batches, history = run(epochs=5, checkpoint=path, hooks=[again])
    assert history.loss == expected.loss
    assert history.score == expected.score
    assert len(batches.seen) == len(again.seen) == 3
    assert again.total == batches.total == hook.total
    pairs = zip(whole.parameters(), psi.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


def test_the_standard_run_takes_batches_and_hooks():
    data = glyphs(generator=torch.Generator().manual_seed(0), n_classes=16, per_class=4)
    keywords = {"dim": 4, "channels": (1, 4), "epochs": 2}

    def once(**more):
        generator = torch.Generator().manual_seed(0)
        return train_glyph_net(triplets, data, generator=generator, **keywords, **more)

    hook, batches = Near(torch.Generator()), [[0, 1, 4, 5]] * 3
    _, history = once(batches=batches, hooks=[hook])
    assert [z.shape for z in hook.seen] == [(len(data.train.y), 4)] * 2
    generator = torch.Generator().manual_seed(0)
    psi = convnet(4, channels=(1, 4), generator=generator)
    expected = train(
        psi, triplets, data.train.x, data.train.y, batches=batches, lr=1e-2,
        validation=(data.validation.x, data.validation.y), epochs=2,
        generator=generator,
    )  # fmt: skip
    assert history.loss == expected.loss
    assert once(classes=4, per_class=2)[1].loss != history.loss


def test_a_hook_is_known_by_its_method():
    assert isinstance(Near(torch.Generator()), EpochHook)
    balanced = ClassBalancedBatches(
        Y, classes=2, per_class=2, n_batches=1, generator=torch.Generator()
    )
    assert not isinstance(balanced, EpochHook)


@pytest.mark.errors
def test_a_mistake_is_told(tmp_path):
    with pytest.raises(TypeError, match=r"a method refresh\(z\).* got int"):
        run(hooks=[3])
    run(epochs=1, checkpoint=tmp_path / "a.pt")
    with pytest.raises(ValueError, match="of a run with 0 hooks, this one has 1"):
        run(checkpoint=tmp_path / "a.pt", hooks=[Near(torch.Generator())])
