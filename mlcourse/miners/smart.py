"""Smart mining: negatives from a window of ranks, neither the nearest nor the far."""

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse._check import check_positive
from mlcourse.miners._triplet_batches import TripletBatches
from mlcourse.miners._window import Window
from mlcourse.miners.nearest_negatives import nearest_negatives


class SmartMiner(TripletBatches):
    r"""Batches of triplets from all of the data, as hard as a controller wants them.

    .. math:: q(n \mid a) = \tfrac1w [r \le \operatorname{rank}_a(n) < r + w], \qquad
        r \leftarrow \begin{cases} r\, g & \text{if a share above } \tau
        \text{ of the triplets is active} \\ r / g & \text{otherwise} \end{cases}

    A triplet is active while :math:`|z_a - z_p|^2 + m > |z_a - z_n|^2`. Positives are
    drawn evenly; every point is an anchor before one is again.

    Parameters
    ----------
    labels : (n,), class of each point of the data set, any integers
    triplets, n_batches : >= 1, in a batch, in an epoch
    rank, width : r >= 1, where the window starts at first, and w >= 1, its size
    depth : last rank that can be drawn, >= r + w - 1; no point has fewer strangers
    margin : m > 0, that of the loss
    target, gain : tau from 0 to 1, and g >= 1; 1 leaves the window where it is
    generator : of the draws

    Attributes
    ----------
    T : (triplets, 3), for the loss: a batch holds anchors, then positives, negatives
    rank : r as of now, a float; the window starts at its whole part
    active : share of active triplets that the last ``refresh`` found

    Raises
    ------
    ValueError : if a number is out of range, or no class has two points
    RuntimeError : before the first ``refresh``

    Source: Harwood, Kumar, Carneiro, Reid, Drummond, ICCV 2017, who add ``global_loss``
    to the triplet loss. The window of ranks and the controller's rule are ours.

    >>> miner = SmartMiner(
    ...     torch.tensor([0, 0, 1, 1]), triplets=2, n_batches=1, rank=1, width=1,
    ...     depth=2, margin=0.5, generator=torch.Generator().manual_seed(0),
    ... )
    >>> miner.refresh(torch.tensor([[0.0], [1.0], [1.5], [9.0]]))
    >>> list(miner), miner.T.tolist(), miner.active
    ([[0, 1, 1, 0, 2, 2]], [[0, 2, 4], [1, 3, 5]], 0.5)
    """

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        *,
        triplets: int,
        n_batches: int,
        generator: Generator,
        rank: float | int = 10,
        width: int = 20,
        depth: int = 100,
        margin: float | int = 0.2,
        target: float | int = 0.5,
        gain: float | int = 1.5,
    ) -> None:
        super().__init__(labels, triplets, n_batches, generator)
        check_positive(margin, "margin")
        self._window = Window(width, depth, target, gain)
        self._window.check(rank)
        self._near: Int[Tensor, "n depth"] | None = None
        self.rank, self.margin, self.active = float(rank), margin, float("nan")

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Rank the strangers anew, and move the window by what triplets cost."""
        self._near = nearest_negatives(z, self.labels, depth=self._window.depth).cpu()
        a, p, n = z[self.mined(self._friends.anchors)].unbind(dim=1)
        near, far = (a - p).square().sum(dim=1), (a - n).square().sum(dim=1)
        self.active = (near + self.margin > far).double().mean().item()
        self.rank = self._window.moved(self.rank, self.active)

    def mined(self, a: Int[Tensor, " b"]) -> Int[Tensor, "b 3"]:
        """A triplet of each anchor, as rows of the data."""
        if self._near is None:
            raise RuntimeError("call refresh(z) before each epoch, as train does")
        r = self._window.draw(self.rank, len(a), self.generator)
        p = self._friends.draw(a, self.generator)
        return torch.stack([a, p, self._near[a, r]], dim=1)

    def state_dict(self) -> dict[str, float]:
        """Where the window is; all else comes from the embeddings."""
        return {"rank": self.rank}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from there."""
        self.rank = state["rank"]
