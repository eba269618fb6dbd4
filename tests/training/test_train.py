"""Tests for the training loop, its checkpoint and its optimizer."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from mlcourse.datasets import glyphs
from mlcourse.distances import cosine, sqeuclidean
from mlcourse.evaluation import evaluate
from mlcourse.losses import MarginLoss, Proxies, norm_softmax_loss, triplet_loss
from mlcourse.networks import convnet, mlp
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.training import (
    History,
    check_optimizer,
    embed,
    make_optimizer,
    train,
    train_glyph_net,
)


def blobs(classes, per_class=8, dim=6):
    """Noisy points; two coordinates tell the class, four are louder noise."""
    generator = torch.Generator().manual_seed(classes[0])
    angle = torch.tensor(classes).repeat_interleave(per_class) * 0.61
    signal = torch.stack([angle.cos(), angle.sin()], dim=1)
    noise = torch.randn(len(angle), dim - 2, generator=generator)
    signal = signal + 0.05 * torch.randn(signal.shape, generator=generator)
    return torch.cat([signal, noise], dim=1), torch.tensor(classes).repeat_interleave(
        per_class
    )


X, Y = blobs(list(range(0, 20, 2)))
VALIDATION = blobs(list(range(1, 20, 2)))


class SoftmaxProxies(Proxies):
    """Normalised softmax with weights of its own."""

    def __init__(self, n_classes, dim):
        super().__init__(
            n_classes, dim, loss=norm_softmax_loss, delta=lambda z, w: 1 - cosine(z, w),
            generator=torch.Generator().manual_seed(1),
        )  # fmt: skip


def run(*, epochs=4, seed=0, psi=None, loss=None, **keywords):
    generator = torch.Generator().manual_seed(seed)
    psi = psi or mlp((6, 16, 4), generator=generator)
    batches = ClassBalancedBatches(
        Y, classes=5, per_class=4, n_batches=10, generator=generator
    )
    history = train(
        psi, loss or SoftmaxProxies(10, 4), X, Y, batches=batches,
        validation=VALIDATION,
        epochs=epochs, generator=generator, **keywords,
    )  # fmt: skip
    return psi, history


def test_learns_to_tell_classes_that_it_never_saw():
    psi, history = run(epochs=15, lr=1e-2)
    assert len(history.loss) == len(history.score) == len(history.seconds) == 15
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert max(history.score) > history.untrained + 0.2
    found = evaluate(embed(psi, VALIDATION[0]), VALIDATION[1], ks=(1,))["recall@1"]
    assert found == max(history.score) == history.score[history.best]
    assert not psi.training


def test_untrained_weights_come_back_where_training_only_harms():
    start = mlp((6, 4), generator=torch.Generator().manual_seed(0))
    before = {name: p.clone() for name, p in start.state_dict().items()}

    def collapse(z, labels):
        return sqeuclidean(z, z).mean()

    psi, history = run(psi=start, loss=collapse, lr=0.3, epochs=5)
    assert history.best == -1 or history.score[history.best] > history.untrained
    if history.best == -1:
        assert all(torch.equal(p, before[name]) for name, p in psi.state_dict().items())


def test_stops_when_patience_ends():
    _, history = run(epochs=50, lr=1e-9, loss_lr=1e-9, patience=3)
    assert len(history.score) == history.best + 1 + 3


def test_class_names_reach_the_loss_as_numbers_from_zero():
    seen = []

    def spy(z, labels):
        seen.append(labels)
        return z.square().sum()

    run(epochs=1, loss=spy)
    assert torch.cat(seen).unique().tolist() == list(range(10))


def test_an_interrupted_run_ends_as_if_it_had_not_been(tmp_path):
    """Stopped in the midst of epoch 3, and again after it."""
    whole, expected = run(epochs=5, lr=1e-2)

    class StopError(Exception):
        pass

    class Fragile(SoftmaxProxies):
        steps = 0

        def forward(self, z, labels):
            Fragile.steps += 1
            if Fragile.steps == 27:
                raise StopError
            return super().forward(z, labels)

    path = tmp_path / "runs" / "a.pt"
    with pytest.raises(StopError):
        run(epochs=5, lr=1e-2, loss=Fragile(10, 4), checkpoint=path)
    run(epochs=3, lr=1e-2, checkpoint=path)
    psi, history = run(epochs=5, lr=1e-2, checkpoint=path)
    assert history.loss == expected.loss
    assert history.score == expected.score
    assert history.best == expected.best
    states = whole.state_dict(), psi.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert [p.name for p in path.parent.iterdir()] == ["a.pt"]


def test_parameters_of_the_loss_are_trained_with_their_own_rate():
    """Adam's steps have the size of the rate, whatever the gradient."""
    seen = []

    class Watched(SoftmaxProxies):
        def forward(self, z, labels):
            seen.append(self.omega.detach().clone())
            return super().forward(z, labels)

    run(epochs=1, loss=Watched(10, 4), lr=1e-9, loss_lr=0.1)
    assert (seen[1] - seen[0]).abs().max().item() == pytest.approx(0.1, rel=1e-3)


def test_betas_are_not_decayed():
    loss = MarginLoss()
    groups = make_optimizer(
        nn.Linear(2, 2), loss, lr=1e-3, loss_lr=1e-2, weight_decay=0.1
    ).param_groups
    assert [g["weight_decay"] for g in groups] == [0.1, 0.0]
    assert groups[1]["params"][0] is loss.beta


def test_mixed_precision_keeps_the_loss_in_float32():
    seen = []

    def spy(z, labels):
        seen.append(z.dtype)
        return norm_softmax_loss(1 - cosine(z, torch.eye(4)[:, :4]), labels % 4)

    dtypes = []
    psi = mlp((6, 16, 4), generator=torch.Generator().manual_seed(0))
    psi[1].register_forward_hook(lambda m, i, out: dtypes.append(out.dtype))
    _, history = run(epochs=1, psi=psi, loss=spy, mixed_precision=True)
    assert set(seen) == {torch.float32}
    assert torch.bfloat16 in dtypes
    assert math.isfinite(history.loss[0])


def test_embed_works_in_blocks_and_gives_the_mode_back():
    psi = convnet(3, channels=(1, 4), generator=torch.Generator().manual_seed(0))
    x = torch.rand(10, 1, 8, 8)
    psi.train()
    z = embed(psi, x, chunk=3)
    assert psi.training
    assert not z.requires_grad
    assert torch.allclose(z, psi.eval()(x), atol=1e-6)


def test_a_bar_is_shown_on_demand(capsys):
    run(epochs=1, progress=True)
    assert "Recall@1" in capsys.readouterr().out
    run(epochs=1)
    assert capsys.readouterr().out == ""


def test_history_counts_from_the_untrained_network():
    history = History(untrained=0.5)
    assert not history.add(loss=1.0, score=0.4, seconds=0.1)
    assert (history.best, history.waited) == (-1, 1)
    assert history.add(loss=0.9, score=0.6, seconds=0.1)
    assert (history.best, history.waited) == (1, 0)
    assert not history.add(loss=0.9, score=0.6, seconds=0.1)
    assert History(**history.state()) == history
    assert not History().add(loss=0.9, score=0.6, seconds=0.1)  # none to be better than


@pytest.mark.errors
def test_a_mistake_is_told(tmp_path):
    loss, psi = SoftmaxProxies(10, 4), mlp((6, 4), generator=torch.Generator())
    forgetful = torch.optim.SGD(psi.parameters(), lr=0.1)
    with pytest.raises(ValueError, match=r"does not know \['omega'\] of loss"):
        run(psi=psi, loss=loss, optimizer=forgetful)
    only_loss = torch.optim.SGD(loss.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="of psi, so they would stay"):
        check_optimizer(only_loss, psi, loss)
    frozen = loss.requires_grad_(False)
    check_optimizer(forgetful, psi, frozen)
    with pytest.raises(ValueError, match="epochs must be >= 1"):
        run(epochs=0)
    with pytest.raises(ValueError, match="are in both, such as 0"):
        train(psi, loss, X, Y, batches=[[0, 1]], validation=(X, Y), epochs=1,
              generator=torch.Generator())  # fmt: skip
    with pytest.raises(ValueError, match="the loss is nan"):
        run(loss=lambda z, labels: z.sum() * torch.nan)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"half a file")
    with pytest.raises(ValueError, match="is no checkpoint that can be read"):
        run(checkpoint=broken)


def test_takes_a_ranking_loss_without_parameters():
    T = torch.tensor([[0, 1, 4], [4, 5, 0]])
    loss = partial(lambda T, z, labels: triplet_loss(sqeuclidean(z, z), T), T)
    _, history = run(epochs=2, loss=loss)
    assert len(history.loss) == 2


def test_the_standard_run_learns_glyphs_that_it_never_saw():
    data = glyphs(generator=torch.Generator().manual_seed(0), n_classes=40, per_class=8)
    loss = SoftmaxProxies(20, 16)
    before = loss.omega.detach().clone()
    psi, history = train_glyph_net(
        loss, data, dim=16, channels=(1, 4, 8), epochs=2, classes=10, n_batches=10,
        generator=torch.Generator().manual_seed(0),
    )  # fmt: skip
    found = evaluate(embed(psi, data.validation.x), data.validation.y, ks=(1,))
    assert found["recall@1"] == max(history.score) > history.untrained
    assert (loss.omega != before).any()
    assert psi(data.test.x).norm(dim=1).sub(1).abs().max() < 1e-5
