"""What the numbers of a run mean: rates, means, defaults, and what a step may touch."""

import time
from dataclasses import replace

import pytest
import torch
from torch import nn

from mlcourse.datasets import glyphs
from mlcourse.networks import mlp
from mlcourse.training import History, make_optimizer, train, train_glyph_net

X = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
Y = torch.arange(8) // 2
#: Two classes of two: too few for Recall@8.
VALIDATION = X[:4] + 5, torch.tensor([10, 10, 11, 11])
ROWS = list(range(8))


def net():
    return mlp((3, 2), normalized=False, generator=torch.Generator().manual_seed(1))


def run(loss, *, psi=None, batches=(ROWS,), epochs=1, x=X, **keywords):
    psi = net() if psi is None else psi
    history = train(
        psi, loss, x, Y, batches=batches, validation=VALIDATION, epochs=epochs,
        generator=torch.Generator(), **keywords,
    )  # fmt: skip
    return psi, history


class Watched(nn.Module):
    """A loss with a parameter; it notes all parameters and its value at every step."""

    def __init__(self, psi, value=None):
        super().__init__()
        self.beta = nn.Parameter(torch.tensor([2.0, -3.0]))
        self.watch = [psi[1].weight, self.beta]
        self.value = value or (lambda z, beta: (z * beta).sum())
        self.seen, self.found = [], []

    def forward(self, z, labels):
        self.seen.append([p.detach().clone() for p in self.watch])
        value = self.value(z, self.beta)
        self.found.append(value.item())
        return value

    def moved(self):
        """The largest movement of psi's weight and of beta in the first step."""
        return [(b - a).abs().max().item() for a, b in zip(*self.seen[:2], strict=True)]


def test_the_first_step_is_as_long_as_the_rates_say():
    """Adam's steps have the size of the rate; the defaults are 1e-3 and 1e-2."""
    for rates, expected in (
        ({}, [1e-3, 1e-2]),
        ({"lr": 0.2, "loss_lr": 0.3}, [0.2, 0.3]),
    ):
        psi = net()
        loss = Watched(psi)
        run(loss, psi=psi, batches=[ROWS, ROWS], **rates)
        assert loss.moved() == pytest.approx(expected, rel=1e-2)


def test_weight_decay_is_that_of_psi_alone():
    """Without a gradient only the decay moves: by lr times weight_decay, relatively."""
    psi = net()
    loss = Watched(psi, lambda z, beta: 0 * (z * beta).sum())
    run(loss, psi=psi, batches=[ROWS, ROWS], lr=0.5, weight_decay=0.25)
    (weight, beta), (shrunk, same) = loss.seen
    assert torch.allclose(shrunk, weight * (1 - 0.5 * 0.25))
    assert torch.equal(beta, same)
    groups = make_optimizer(psi, loss, lr=1.0, loss_lr=2.0).param_groups
    assert [(g["lr"], g["weight_decay"]) for g in groups] == [(1.0, 0.0), (2.0, 0.0)]


def test_what_a_batch_does_not_touch_rests():
    """Beta gets a gradient in the first step alone, and no momentum afterwards."""
    psi = net()
    steps = []

    def value(z, beta):
        steps.append(1)
        return (z * beta).sum() if len(steps) == 1 else z.square().sum()

    loss = Watched(psi, value)
    run(loss, psi=psi, batches=[ROWS] * 4)
    betas = [seen[1] for seen in loss.seen]
    assert not torch.equal(betas[0], betas[1])
    assert torch.equal(betas[1], betas[3])


@pytest.mark.parametrize("n_batches", [1, 3])
def test_an_epoch_has_the_mean_of_its_losses_and_its_seconds(n_batches):
    psi = net()
    loss = Watched(psi)
    start = time.perf_counter()
    _, history = run(loss, psi=psi, batches=[ROWS] * n_batches, epochs=2)
    took = time.perf_counter() - start
    halves = loss.found[:n_batches], loss.found[n_batches:]
    assert history.loss == pytest.approx([sum(h) / n_batches for h in halves])
    assert all(seconds > 0 for seconds in history.seconds)
    assert sum(history.seconds) <= took


def test_a_precision_is_kept_unless_a_mixed_one_is_asked_for():
    seen = []

    def loss(z, labels):
        seen.append(z.dtype)
        return z.square().sum()

    psi = net()
    psi[1].register_forward_hook(lambda module, x, out: seen.append(out.dtype))
    run(loss, psi=psi)
    assert set(seen) == {torch.float32}
    seen.clear()
    both = VALIDATION[0].double(), VALIDATION[1]
    train(
        net().double(), loss, X.double(), Y, batches=[ROWS], validation=both, epochs=1,
        generator=torch.Generator(),
    )  # fmt: skip
    assert set(seen) == {torch.float64}


def test_a_score_below_the_best_is_not_the_best_whatever_the_untrained():
    history = History(untrained=0.5)
    assert history.add(loss=1.0, score=0.7, seconds=0.25)
    assert not history.add(loss=1.0, score=0.6, seconds=0.5)
    assert (history.best, history.waited, history.seconds) == (0, 1, [0.25, 0.5])


def test_the_bar_counts_epochs_also_after_a_pause(tmp_path, capsys):
    def flat(z, labels):
        return 0 * z.sum()

    _, history = run(flat, epochs=100, patience=7, progress=True)
    assert (len(history.score), history.best) == (7, -1)
    assert " 7%" in capsys.readouterr().out
    path = tmp_path / "some" / "folders" / "a.pt"
    run(flat, epochs=2, checkpoint=path)
    run(flat, epochs=4, checkpoint=path, progress=True)
    assert "100%" in capsys.readouterr().out


class Trap:
    """Unpickling it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.errors
def test_nothing_in_a_checkpoint_is_run(tmp_path):
    path, trace = tmp_path / "a.pt", tmp_path / "trace"
    torch.save({"parts": Trap(str(trace))}, path)
    with pytest.raises(ValueError, match="is no checkpoint that can be read"):
        run(lambda z, labels: z.sum(), checkpoint=path)
    assert not trace.exists()


@pytest.mark.errors
def test_an_optimizer_that_lacks_the_network_is_refused():
    psi = net()
    loss = Watched(psi)
    forgetful = torch.optim.SGD([loss.beta], lr=0.1)
    with pytest.raises(ValueError, match="of psi, so they would stay"):
        run(loss, psi=psi, optimizer=forgetful)


# --- the standard run -----------------------------------------------------------------


def small(images):
    """The same classes at 8 x 8 pixels, which is enough for three halvings."""
    return replace(images, x=images.x[:, :, 2:26:3, 2:26:3].contiguous())


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    all_three = glyphs(generator=generator, n_classes=40, per_class=6)
    parts = {k: small(getattr(all_three, k)) for k in ("train", "validation", "test")}
    return replace(all_three, **parts)


class Proxies(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(20, dim))
        self.steps, self.labels, self.z = [], [], []

    def forward(self, z, labels):
        self.steps.append(self.w.detach().clone())
        self.labels.append(labels)
        self.z.append(z.detach())
        return nn.functional.cross_entropy(z @ self.w.T + z.square().sum(), labels)


def standard(data, loss, **keywords):
    generator = torch.Generator().manual_seed(0)
    return train_glyph_net(loss, data, generator=generator, **keywords)


def test_the_standard_run_has_the_documented_defaults(data):
    """64 coordinates; 5 epochs of 30 batches of 16 classes of 4; rates 0.01 and 0.1."""
    loss = Proxies(64)
    psi, history = standard(data, loss)
    assert len(history.loss) == 5
    assert len(loss.steps) == 5 * 30
    assert loss.z[0].shape == (64, 64)
    assert loss.labels[0].unique(return_counts=True)[1].tolist() == [4] * 16
    assert (loss.steps[1] - loss.steps[0]).abs().max().item() == pytest.approx(0.1)
    assert loss.z[0].norm(dim=1).tolist() == pytest.approx([1] * 64, rel=1e-5)
    assert [len(psi[k].weight) for k in (0, 4, 8)] == [8, 32, 64]


def test_the_standard_run_hands_on_what_it_is_given(data):
    few = {"dim": 3, "classes": 2, "per_class": 2, "n_batches": 2, "epochs": 1}
    loss = Proxies(3)
    psi, _ = standard(
        data, loss, **few, channels=(1, 4, 5), normalized=False, lr=1e-9, loss_lr=0.5
    )
    assert [len(psi[k].weight) for k in (0, 4)] == [4, 5]
    assert loss.z[0].norm(dim=1).sub(1).abs().min() > 1e-3
    assert (loss.steps[1] - loss.steps[0]).abs().max().item() == pytest.approx(0.5)
    # with so small a rate the network stays as it was drawn, and a seed draws it
    again, _ = standard(data, Proxies(3), **few, channels=(1, 4, 5), lr=1e-9)
    assert torch.allclose(again[0].weight, psi[0].weight, atol=1e-7)


def test_batches_that_can_be_gone_through_only_once_are_told():
    """A generator is empty from the second epoch on: nothing more would be learned."""
    for epochs in (1, 2):
        once = (rows for rows in ([0, 1, 2], [3, 4]))
        if epochs == 1:
            _, history = run(lambda z, y: z.sum(), batches=once)
            assert len(history.loss) == 1
        else:
            with pytest.raises(ValueError, match="gave none in epoch 1"):
                run(lambda z, y: z.sum(), batches=once, epochs=epochs)
