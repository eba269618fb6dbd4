"""The loop: embed a batch, compare, take a step; judge by classes never trained on."""

import time
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from rich.progress import Progress
from torch import Generator, Tensor, nn

from mlcourse._check import check_labels
from mlcourse.datasets import Photographs
from mlcourse.evaluation import evaluate
from mlcourse.samplers import EpochHook
from mlcourse.training import checkpoint as disk
from mlcourse.training._step import step
from mlcourse.training.embed import embed
from mlcourse.training.history import History
from mlcourse.training.hooks import Hooks
from mlcourse.training.parameters import check_optimizer, make_optimizer


def train(
    psi: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    x: Float[Tensor, "n ..."] | Photographs,
    labels: Int[Tensor, " n"],
    *,
    batches: Iterable[list[int]],
    validation: tuple[Tensor | Photographs, Tensor],
    epochs: int,
    generator: Generator,
    hooks: Sequence[EpochHook] = (),
    lr: float = 1e-3,
    loss_lr: float = 1e-2,
    weight_decay: float = 0.0,
    optimizer: torch.optim.Optimizer | None = None,
    patience: int | None = None,
    mixed_precision: bool = False,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> History:
    r"""Minimise the mean loss over batches; keep the epoch with the best Recall@1.

    .. math:: \theta, \Omega \leftarrow \arg\min_{\theta, \Omega} \;
        \mathbb E_{\text{batch}} \, L_\Omega(\psi_\theta(x), y)

    Parameters
    ----------
    psi : the embedding; on return it has the weights of the best epoch (or of none)
    loss : from embeddings (b, k), in float32, and class numbers 0 to C - 1 to one
        number; an ``nn.Module`` where it has parameters Omega of its own
    x, labels : (n, ...) or ``Photographs``, (n,), the training classes; any integers
        name them
    batches : what each epoch goes through, lists of rows of x; where they are an
        ``EpochHook``, they see all embeddings of x before each epoch
    validation : (images, labels) of other classes
    epochs : >= 1, at most so many
    generator : the one that batches (and a miner in loss) draw from; its state is in
        the checkpoint
    hooks : what else is to see them, such as a miner that the loss uses
    lr, loss_lr, weight_decay : of psi, of the loss's own parameters, of psi
    optimizer : in place of AdamW with these; it must hold every parameter
    patience : stop after so many epochs without a better score; None for never
    mixed_precision : whether psi runs in bfloat16 (float16 on a GPU, with scaled
        gradients)
    checkpoint : file to write after each epoch, and to go on from where it exists: the
        run then ends as if it had never been interrupted
    progress : whether to show a bar

    Returns
    -------
    History : loss, score and seconds of each epoch

    Raises
    ------
    ValueError : if a validation class is trained on, the optimizer lacks a parameter,
        the loss becomes NaN or infinite, an epoch has no batch, or a number is out of
        range

    Source: early stopping on classes apart: Musgrave, Belongie, Lim, ECCV 2020.
    """
    codes = _checked(labels, len(x), validation[1], epochs)
    optimizer = optimizer or make_optimizer(
        psi, loss, lr=lr, loss_lr=loss_lr, weight_decay=weight_decay
    )
    check_optimizer(optimizer, psi, loss)
    parts = nn.ModuleDict({"psi": psi})
    if isinstance(loss, nn.Module):
        parts["loss"] = loss
    every = Hooks(batches, hooks)
    device = next(psi.parameters()).device.type
    scaler = torch.amp.GradScaler(device, enabled=mixed_precision and device == "cuda")

    def score() -> float:
        found = evaluate(embed(psi, validation[0]), validation[1], ks=(1,))
        return found["recall@1"]

    history = History(untrained=score())
    best = deepcopy(parts.state_dict())
    if checkpoint is not None and checkpoint.exists():
        state = disk.load(checkpoint)
        parts.load_state_dict(state["parts"])
        optimizer.load_state_dict(state["optimizer"])
        scaler.load_state_dict(state["scaler"])
        generator.set_state(state["generator"])
        disk.restore_random_state(state["torch"])
        every.load(state["hooks"])
        history, best = History(**state["history"]), state["best"]

    with Progress(disable=not progress) as bar:
        task = bar.add_task("training", total=epochs, completed=len(history.loss))
        while len(history.loss) < epochs:
            if patience is not None and history.waited >= patience:
                break
            start, total, steps = time.perf_counter(), 0.0, 0
            every.refresh(psi, x)
            parts.train()
            for rows in batches:
                total += step(
                    psi, loss, x[rows], codes[rows], optimizer, scaler, mixed_precision
                )
                steps += 1
            if not steps:
                raise ValueError(
                    f"batches gave none in epoch {len(history.loss)}; what can be gone "
                    "through only once, such as a generator, must become a list"
                )
            found = score()
            seconds = time.perf_counter() - start
            if history.add(loss=total / steps, score=found, seconds=seconds):
                best = deepcopy(parts.state_dict())
            if checkpoint is not None:
                state = _state(parts, optimizer, scaler, generator, history, best)
                disk.save(checkpoint, state | {"hooks": every.state()})
            bar.update(task, advance=1, description=f"Recall@1 {found:.3f}")
    parts.load_state_dict(best)
    parts.eval()
    return history


def _checked(
    labels: Tensor, n: int, validation: Tensor, epochs: int
) -> Int[Tensor, " n"]:
    """Class numbers 0 to C - 1; error if validation shares a class with training."""
    check_labels(labels, n)
    check_labels(validation, len(validation))
    if epochs < 1:
        raise ValueError(f"epochs must be >= 1, got {epochs}")
    shared = labels[torch.isin(labels, validation)].unique().tolist()
    if shared:
        raise ValueError(
            f"validation must hold classes that are not trained on, but {len(shared)} "
            f"are in both, such as {shared[0]}; split by class: split_classes does"
        )
    codes: Tensor = labels.unique(return_inverse=True)[1]
    return codes


def _state(
    parts: nn.Module,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    generator: Generator,
    history: History,
    best: dict[str, Any],
) -> dict[str, Any]:
    """All that the next epoch depends on."""
    return {
        "parts": parts.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scaler": scaler.state_dict(),
        "generator": generator.get_state(),
        "torch": disk.random_state(),
        "history": history.state(),
        "best": best,
    }
