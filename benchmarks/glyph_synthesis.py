"""Synthetic beside mined negatives at an equal budget, on glyph classes never seen.

    OMP_NUM_THREADS=1 python benchmarks/glyph_synthesis.py

One network, 64 images a batch and 150 batches for all, as in ``train_glyph_net``. Each
method has a few settings; validation classes of a seed that is not reported choose one.
glyph_synthesis.csv has a row for each method and seed, glyph_synthesis_steps.csv what
happened on the way: J_avg and lambda_0 of HDML, and the rate of violation while the
synthesizer of DAML and the metric take turns. Rows that are there are not run again.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from _rows import read, save
from sklearn.linear_model import LogisticRegression
from torch import Generator, Tensor, nn

from mlcourse.datasets import Glyphs, glyphs
from mlcourse.distances import sqeuclidean
from mlcourse.evaluation import evaluate
from mlcourse.losses import npair_loss, triplet_loss
from mlcourse.miners import random_triplets, semihard_triplets
from mlcourse.networks import convnet, mlp
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.synthesis import (
    DAML,
    HDML,
    SplitEmbedding,
    hardness_aware_negatives,
    hardness_lambda,
)
from mlcourse.training import History, embed, train

FILE = Path(__file__).with_name("glyph_synthesis.csv")
STEPS = Path(__file__).with_name("glyph_synthesis_steps.csv")
COLUMNS = ("method", "seed", "recall_at_1", "map_at_r", "epoch", "validation",
           "last_validation", "real_label", "remade_label",
           "synthetic_label", "anchor_label", "real_violation", "synthetic_violation",
           "cpu_seconds", "setting")  # fmt: skip
#: The last is J_avg for lambda_0; for the rate, 0 in the synthesizer's turn, then 1.
STEP_COLUMNS = ("what", "seed", "batch", "value", "j_avg_or_turn")
CHOICE, SEEDS, DIM, MARGIN, SCALE = 100, range(5), 64, 0.2, 10
PAIRS, FOURS = (32, 2), (16, 4)  # classes, points of each


@dataclass
class Run:
    """A network in training, the loss, and what was seen on the way."""

    psi: SplitEmbedding
    data: Glyphs
    draws: Generator  # of first weights and batches, as in train_glyph_net
    own: Generator  # of synthesizer, classifier and mined triplets


Maker = Callable[[Run], nn.Module]
Watch = Callable[[Run], Callable[[nn.Module, tuple[Tensor, Tensor]], None]]


def start(seed: int) -> Run:
    """The standard glyphs and network of a seed."""
    data = glyphs(generator=torch.Generator().manual_seed(seed))
    draws = torch.Generator().manual_seed(seed)
    net = convnet(DIM, channels=(1, 8, 32, 64), generator=draws)
    own = torch.Generator().manual_seed(1000 + seed)
    return Run(SplitEmbedding(net[:-2], net[-2:]), data, draws, own)


class OnHead(nn.Module):
    """A loss of embeddings as one of features."""

    def __init__(self, head: nn.Module, loss: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self._head, self.loss = (head,), loss

    def forward(self, y: Tensor, labels: Tensor) -> Tensor:
        """Loss of features y."""
        return self.loss(self._head[0](y), labels)


def table_loss(sim: Tensor) -> Tensor:
    """N-pair loss of cosines."""
    return npair_loss(SCALE * sim)


def npair(run: Run) -> nn.Module:
    """N-pair on one pair of each class."""
    return OnHead(run.psi.head, lambda z, y: table_loss(z[0::2] @ z[1::2].T))


def triplets(judge: Callable[[Tensor, Tensor, Generator], Tensor]) -> Maker:
    """Triplet loss on squared distances."""

    def make(run: Run) -> nn.Module:
        def loss(z: Tensor, y: Tensor) -> Tensor:
            dist = sqeuclidean(z, z)
            return triplet_loss(dist, judge(dist.detach(), y, run.own), margin=MARGIN)

        return OnHead(run.psi.head, loss)

    return make


def one_random(dist: Tensor, y: Tensor, generator: Generator) -> Tensor:
    """A random negative for each positive pair."""
    return random_triplets(dist, y, generator=generator)


def semi_hard(dist: Tensor, y: Tensor, generator: Generator) -> Tensor:
    """All semi-hard ones."""
    return semihard_triplets(dist, y, margin=MARGIN)


def hdml(alpha: float, beta: float) -> Maker:
    """N-pair with hardness-aware synthesis; means over an epoch, as in the paper."""

    def make(run: Run) -> nn.Module:
        synthesizer = mlp((DIM, 128, 64), normalized=False, generator=run.own)
        classifier = mlp((64, 100), normalized=False, generator=run.own)
        return HDML(run.psi.head, synthesizer, classifier, loss=table_loss,
                    alpha=alpha, beta=beta, window=30)  # fmt: skip

    return make


def daml(adv: float, warm_up: int) -> Callable[[Run], DAML]:
    """Triplets with one adversarial negative for each positive pair."""

    def make(run: Run) -> DAML:
        synthesizer = mlp((3 * 64, 128, 64), normalized=False, generator=run.own)
        return DAML(
            run.psi.head, synthesizer, margin=MARGIN, adv=adv, warm_up=warm_up,
            judge=lambda z, y: one_random(sqeuclidean(z, z), y, run.own),
        )  # fmt: skip

    return make


class Beside(nn.Module):
    """DAML whose metric also keeps learning from the real negatives."""

    def __init__(self, part: DAML) -> None:
        super().__init__()
        self.part = part

    def forward(self, y: Tensor, labels: Tensor) -> Tensor:
        """J_psi of both kinds of negatives, and J_G."""
        return sum(self.part.objectives(y, labels)[:3])


def beside(adv: float) -> Maker:
    """Both kinds of negatives from the start."""
    return lambda run: Beside(daml(adv, 0)(run))


#: Shape of the batches; settings, each with the synthesizer's learning rate.
METHODS: dict[str, tuple[tuple[int, int], dict[str, tuple[float, Maker]]]] = {
    "N-pair": (PAIRS, {"": (0.0, npair)}),
    "triplet, random": (FOURS, {"": (0.0, triplets(one_random))}),
    "triplet, semi-hard": (FOURS, {"": (0.0, triplets(semi_hard))}),
    "N-pair + HDML": (PAIRS, {
        f"alpha {a}, beta {b}": (1e-2, hdml(a, b))
        for a in (1.0, 5.0, 90.0) for b in (0.3, 1.0)}),
    "N-pair + HDML, not pulled": (PAIRS, {
        f"beta {b}": (1e-2, hdml(1e-9, b)) for b in (0.3, 1.0)}),
    "triplet + DAML": (FOURS, {
        f"adv {a}, rate {r}": (r, daml(a, 30))
        for a in (50.0, 1000.0) for r in (1e-2, 1e-3)}),
    "triplet + DAML, beside real": (FOURS, {
        f"adv {a}, rate {r}": (r, beside(a))
        for a in (50.0, 1000.0) for r in (1e-2, 1e-3)}),
}  # fmt: skip


def fit(
    setting: tuple[float, Maker],
    shape: tuple[int, int],
    seed: int,
    watch: Watch | None = None,
) -> tuple[Run, nn.Module, History, float]:
    """The run after training, its loss, what happened, CPU seconds."""
    rate, maker = setting
    run, begin = start(seed), time.process_time()
    loss = maker(run)
    if watch is not None:
        loss.register_forward_pre_hook(watch(run))
    images, other = run.data.train, run.data.validation
    batches = ClassBalancedBatches(
        images.y, classes=shape[0], per_class=shape[1], n_batches=30,
        generator=run.draws,
    )  # fmt: skip
    history = train(
        run.psi, loss, images.x, images.y, batches=batches, epochs=5,
        validation=(other.x, other.y), generator=run.draws, lr=1e-2, loss_lr=rate,
    )  # fmt: skip
    return run, loss, history, time.process_time() - begin


@torch.no_grad()
def measured(run: Run, loss: nn.Module, seed: int) -> dict[str, str]:
    """Recall on unseen classes; labels by a classifier that no synthesizer has met.

    It is fitted to the features of half of the training images; negatives are made of
    the other half. Violations: D(y, negative) < D(y, positive) + margin.
    """
    psi, test, images = run.psi.eval(), run.data.test, run.data.train
    found = evaluate(embed(psi, test.x), test.y, ks=(1,))
    y, half = embed(psi.trunk, images.x), torch.arange(len(images.y)) % 2 == 0
    judge = LogisticRegression(C=10, max_iter=1000).fit(y[half], images.y[half])
    y, labels = y[~half], images.y[~half]
    z = psi.head(y)
    generator = torch.Generator().manual_seed(seed)
    a, p, n = one_random(sqeuclidean(z, z), labels, generator).T

    def kept(features: Tensor, label: Tensor) -> float:
        return float((torch.tensor(judge.predict(features)) == label).float().mean())

    def violated(other: Tensor) -> float:
        near, far = ((z[a] - to).square().sum(1) for to in (z[p], other))
        return float((far < near + MARGIN).float().mean())

    numbers = {
        "recall_at_1": found["recall@1"], "map_at_r": found["map_at_r"],
        "real_label": kept(y, labels), "real_violation": violated(z[n]),
    }  # fmt: skip
    if isinstance(loss, HDML):
        pulled = hardness_aware_negatives(
            z[a], z[p], z[n], alpha=loss.alpha, j_avg=loss.j_avg.mean.item()
        )
        made = loss.synthesizer(pulled)
        numbers["remade_label"] = kept(loss.synthesizer(z), labels)
    elif isinstance(loss, DAML | Beside):
        part = loss.part if isinstance(loss, Beside) else loss
        made = part.synthesizer(torch.cat([y[n], y[a], y[p]], dim=1))
    else:
        return {name: f"{value:.4f}" for name, value in numbers.items()}
    numbers |= {
        "synthetic_label": kept(made, labels[n]), "anchor_label": kept(made, labels[a]),
        "synthetic_violation": violated(psi.head(made)),
    }  # fmt: skip
    return {name: f"{value:.4f}" for name, value in numbers.items()}


def watched(seed: int, steps: list[dict[str, str]]) -> Watch:
    """Note J_avg and the mean lambda_0 of the negatives before each step of HDML."""

    def watch(run: Run) -> Callable[[nn.Module, tuple[Tensor, Tensor]], None]:
        count = 0

        def note(loss: nn.Module, batch: tuple[Tensor, Tensor]) -> None:
            nonlocal count
            if isinstance(loss, HDML):
                with torch.no_grad():
                    z = run.psi.head(batch[0])
                dist = sqeuclidean(z[0::2], z[1::2]).sqrt()
                j_avg = loss.j_avg.mean.item()
                share = hardness_lambda(
                    dist.diagonal()[:, None], dist, alpha=loss.alpha, j_avg=j_avg
                )
                mean = share[~torch.eye(len(dist), dtype=torch.bool)].mean().item()
                steps.append(step_of("lambda_0", seed, count, mean, j_avg))
                count += 1

        return note

    return watch


def step_of(what: str, seed: int, batch: int, value: float, j: float) -> dict[str, str]:
    """A row of the second file."""
    numbers = (what, str(seed), str(batch), f"{value:.4f}", f"{j:.4f}")
    return dict(zip(STEP_COLUMNS, numbers, strict=True))


def game(run: Run, seed: int) -> Iterator[dict[str, str]]:
    """Turns of 20 batches: the synthesizer against a frozen metric, and the reverse."""
    part = daml(50.0, 0)(run)
    psi, images = run.psi.train(), run.data.train
    players = (torch.optim.AdamW(part.synthesizer.parameters(), lr=1e-2),
               torch.optim.AdamW(psi.parameters(), lr=1e-3))  # fmt: skip
    batches = ClassBalancedBatches(
        images.y, classes=16, per_class=4, n_batches=200, generator=run.draws
    )
    codes = images.y.unique(return_inverse=True)[1]
    for count, rows in enumerate(batches):
        whose = count // 20 % 2
        _, j_syn, j_gen, rate = part.objectives(psi(images.x[rows]), codes[rows])
        yield step_of("violation", seed, count, rate.item(), whose)
        players[whose].zero_grad()
        (j_syn if whose else j_gen).backward()
        players[whose].step()


def main() -> None:
    """Add what the files lack, and keep each row as soon as it is there."""
    torch.set_num_threads(1)
    rows, steps = read(FILE), read(STEPS)
    done = {(row["method"], row["seed"]) for row in rows}
    chosen = {row["method"]: row["setting"] for row in rows}
    for name, (shape, settings) in METHODS.items():
        left = [seed for seed in SEEDS if (name, str(seed)) not in done]
        if left and name not in chosen:
            chosen[name] = next(iter(settings))
            if len(settings) > 1:
                scores = {
                    s: fit(m, shape, CHOICE)[2].score[-1] for s, m in settings.items()
                }
                print(name, scores)
                chosen[name] = max(scores, key=scores.__getitem__)
        for seed in left:
            note = watched(seed, steps) if name == "N-pair + HDML" else None
            run, loss, history, seconds = fit(settings[chosen[name]], shape, seed, note)
            row = {
                "method": name, "seed": str(seed), "setting": chosen[name],
                "epoch": str(history.best + 1), "cpu_seconds": f"{seconds:.1f}",
                "validation": f"{history.score[history.best]:.4f}",
                "last_validation": f"{history.score[-1]:.4f}",
            }  # fmt: skip
            rows.append(row | measured(run, loss, seed))
            if name == "triplet, random":
                steps.extend(game(run, seed))
            save(FILE, COLUMNS, rows)
            save(STEPS, STEP_COLUMNS, steps)
            print({k: v for k, v in rows[-1].items() if k != "setting"}, flush=True)


if __name__ == "__main__":
    main()
