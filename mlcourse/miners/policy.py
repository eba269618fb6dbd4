"""PADS: which distances negatives are drawn from is itself learned, while it trains."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.miners._bins import bent, even_bins, factors
from mlcourse.miners._held_out import MEANS, each_alone, hold_out, state_of
from mlcourse.miners._policy import Policy
from mlcourse.miners.histogram import histogram_triplets


class PolicyMiner:
    r"""Histogram of negatives' distances, bent by a policy that earns by validation.

    .. math:: \pi_k \leftarrow \frac{\pi_k\, a_k}{\sum_j \pi_j\, a_j}, \quad
        a_k \in \{\alpha, 1, \beta\}, \quad a \sim \text{policy}(s), \qquad
        r = \operatorname{sign}(e_t - e_{t - 1})

    Call it as a miner, and give it to ``train`` as a hook: each ``refresh`` measures e,
    rewards the last actions by r and acts anew. An epoch should thus have few batches.

    Parameters
    ----------
    labels : (n,), class of each point of the data set, any integers
    score : e, from embeddings (m, k) and labels (m,) of points held out; theirs is
        Recall@1 + NMI
    generator : of points held out, policy, actions and negatives
    share : of each class that is held out, between 0 and 1
    bins, support, start : K, the distances that they cover, where pi is even at first
    actions : (alpha, 1, beta), ascending and > 0

    Attributes
    ----------
    held : (m,), points held out
    drawable : (n,), labels for ``ClassBalancedBatches``: there each point of held is a
        class of its own, which it never draws
    edges, pi, scores : (K + 1,), (K,) of sum 1, and e of each refresh

    Raises
    ------
    ValueError : if a number is out of its range, or no point is held out

    Source: Roth, Milbich, Ommer, CVPR 2020, with PPO. The mean reward is our baseline,
    theirs a critic; their policy sees more measures.

    >>> miner = PolicyMiner(torch.arange(20) % 4, score=lambda z, y: z.mean().item(),
    ...                     share=0.2, bins=4, generator=torch.Generator())
    >>> miner.refresh(torch.zeros(20, 2))
    >>> len(miner.held), miner.pi.sum().item(), miner.scores
    (4, 1.0, [0.0])
    """

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        *,
        score: Callable[[Tensor, Tensor], float | int],
        generator: Generator,
        share: float | int = 0.15,
        bins: int = 29,
        support: tuple[float | int, float | int] = (0.1, 1.4),
        start: tuple[float | int, float | int] = (0.3, 0.7),
        actions: tuple[float | int, float | int, float | int] = (0.8, 1.0, 1.25),
    ) -> None:
        self.held = hold_out(labels, share=share, generator=generator)
        self.labels, self.score, self.generator = labels.cpu(), score, generator
        self.drawable = each_alone(self.labels, self.held)
        self.edges, self.pi = even_bins(bins, support, start)
        self.scores: list[float] = []
        self._factors = factors(*actions)
        self._policy = Policy(len(MEANS) + 3 + bins, bins, generator=generator)

    def __call__(self, dist: Tensor, labels: Tensor) -> Int[Tensor, "t 3"]:
        """Triplets of a batch, drawn by pi: ``histogram_triplets``."""
        return histogram_triplets(
            dist, labels, edges=self.edges, weights=self.pi, generator=self.generator
        )

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Measure, learn from what the last actions earned, and act anew."""
        z, labels = z.cpu()[self.held], self.labels[self.held]
        self.scores.append(float(self.score(z, labels)))
        state = torch.cat([state_of(self.scores, z, labels), self.pi])
        gain = torch.tensor(self.scores[-2:], dtype=torch.float64).diff().sign()
        actions = self._policy.step(state, gain.sum().item())
        self.pi = bent(self.pi, actions, self._factors)

    def state_dict(self) -> dict[str, Any]:
        """All that the next epoch depends on, but the generator."""
        own = self.pi, list(self.scores)
        return {"own": own, "policy": self._policy.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.pi, self.scores = state["own"][0], list(state["own"][1])
        self._policy.load_state_dict(state["policy"])
