"""Which parameters are trained, and how fast: none may be forgotten."""

import torch
from torch import nn


def make_optimizer(
    psi: nn.Module,
    loss: object,
    *,
    lr: float,
    loss_lr: float,
    weight_decay: float = 0.0,
) -> torch.optim.AdamW:
    """AdamW with a group for psi and one for proxies, betas, class weights of the loss.

    The second has its own learning rate and no weight decay, which would pull a
    boundary beta to 0.

    >>> from mlcourse.losses import MarginLoss
    >>> adam = make_optimizer(nn.Linear(2, 2), MarginLoss(), lr=1e-3, loss_lr=1e-2)
    >>> [(len(g["params"]), g["lr"]) for g in adam.param_groups]
    [(2, 0.001), (1, 0.01)]
    """
    groups = [{"params": list(psi.parameters()), "lr": lr}]
    own = list(loss.parameters()) if isinstance(loss, nn.Module) else []
    if own:
        groups.append({"params": own, "lr": loss_lr, "weight_decay": 0.0})
    return torch.optim.AdamW(groups, weight_decay=weight_decay)


def check_optimizer(
    optimizer: torch.optim.Optimizer, psi: nn.Module, loss: object
) -> None:
    """Raise ValueError if a parameter of psi or of the loss is not in the optimizer."""
    known = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for name, part in (("psi", psi), ("loss", loss)):
        if not isinstance(part, nn.Module):
            continue
        missing = [
            key
            for key, p in part.named_parameters()
            if p.requires_grad and id(p) not in known
        ]
        if missing:
            raise ValueError(
                f"the optimizer does not know {missing} of {name}, so they would stay "
                "as they were drawn; add them: make_optimizer(psi, loss, ...) does"
            )
