"""Random walks on the graph of mutual neighbours, solved by conjugate gradients."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.sparse import csr_array, diags_array, eye_array
from scipy.sparse.linalg import LinearOperator, cg
from torch import Tensor

from mlcourse._check import check_neighbours, check_points, check_positive
from mlcourse._neighbours import neighbours


class Walks:
    """The system I - alpha S of some points, sparse."""

    def __init__(
        self,
        z: Float[Tensor, "n d"],
        *,
        k: int,
        power: float | int,
        alpha: float | int,
    ) -> None:
        z = check_points(z, "z").cpu().double()
        check_neighbours(k, len(z) - 1, what="other points")
        check_positive(power, "power")
        if not 0 <= alpha < 1:
            raise ValueError(
                f"alpha must be from 0 to below 1, got {alpha}; with 1 walks never end"
            )
        W = graph(z, k=k, power=power)
        degree = W.sum(axis=1)
        root = diags_array(np.where(degree > 0, degree, 1) ** -0.5)
        self._system = (eye_array(len(z)) - alpha * (root @ W @ root)).tocsr()

    def similarity(self, anchors: Int[Tensor, " m"]) -> Float[Tensor, "m n"]:
        """All anchors in one run of the solver, whose unknown is a matrix."""
        shape = self._system.shape[0], len(anchors)
        e = np.zeros(shape)
        e[anchors.cpu().numpy(), np.arange(len(anchors))] = 1
        product = LinearOperator(
            (e.size, e.size), dtype=e.dtype,
            matvec=lambda f: (self._system @ f.reshape(shape)).ravel(),
        )  # fmt: skip
        f, _ = cg(product, e.ravel(), rtol=1e-7, atol=0.0)
        return torch.as_tensor(f.reshape(shape).T.copy())


def graph(z: Float[Tensor, "n d"], *, k: int, power: float | int) -> Any:
    """W, sparse and symmetric: an edge is 0 unless each has the other near."""
    i, j = torch.arange(len(z)).repeat_interleave(k), neighbours(z, k).flatten()
    w = (1 - (z[i] - z[j]).square().sum(dim=1) / 2).clamp(min=0) ** power
    G = csr_array((w.numpy(), (i.numpy(), j.numpy())), shape=(len(z), len(z)))
    return G.minimum(G.T)
