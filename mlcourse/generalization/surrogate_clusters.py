"""Clusters that are found anew while the embedding changes."""

from collections.abc import Callable
from typing import Any

from jaxtyping import Float, Int
from torch import Generator, Tensor

from mlcourse.generalization.standardize import class_standardize
from mlcourse.generalization.surrogate import surrogate_labels


class SurrogateClusters:
    r"""Hook that clusters class-standardized features, then the auxiliary embedding.

    .. math:: c^{(0)} = \text{k-means}(\hat f), \qquad
        c^{(t)} = \text{k-means}\bigl(\psi_\beta(x_1), \dots, \psi_\beta(x_n)\bigr)

    Parameters
    ----------
    features : (n, d), f of the training points: pixels, or an early layer
    labels : (n,), their classes, for ``class_standardize``
    auxiliary : gives the (n, k) embeddings by the auxiliary head as it stands, such as
        ``lambda: embed(psi.only("auxiliary"), x)``
    n_clusters : of ``surrogate_labels``
    every : >= 1, epochs from one clustering to the next
    generator : of k-means

    Attributes
    ----------
    assignments : list of (n,), one a clustering, the first of the features

    Raises
    ------
    TypeError, ValueError : for shapes and numbers that do not fit

    Source: Roth, Brattoli, Ommer, ICCV 2019; every 4 epochs in their code,
    which does not standardize the auxiliary embedding.

    >>> import torch
    >>> x, y = torch.tensor([[0.0], [1.0], [5.0], [9.0]]), torch.tensor([0, 0, 1, 1])
    >>> clusters = SurrogateClusters(x, y, auxiliary=lambda: x, n_clusters=2,
    ...                              generator=Generator())
    >>> clusters.assignment.bincount()  # low and high of each class
    tensor([2, 2])
    """

    def __init__(
        self,
        features: Float[Tensor, "n d"],
        labels: Int[Tensor, " n"],
        *,
        auxiliary: Callable[[], Tensor],
        n_clusters: int,
        every: int = 4,
        generator: Generator,
    ) -> None:
        if every < 1:
            raise ValueError(f"every must be >= 1 epoch, got {every}")
        self.auxiliary, self.every, self.epoch = auxiliary, every, 0
        self.n_clusters, self.generator = n_clusters, generator
        self.assignments: list[Int[Tensor, " n"]] = []
        self._cluster(class_standardize(features, labels))

    @property
    def assignment(self) -> Int[Tensor, " n"]:
        """The latest clustering."""
        return self.assignments[-1]

    def refresh(self, z: Float[Tensor, "n k"]) -> None:
        """Count the epoch; cluster if it is time. z is of the class head: not used."""
        if self.epoch and self.epoch % self.every == 0:
            self._cluster(self.auxiliary())
        self.epoch += 1

    def _cluster(self, features: Float[Tensor, "n d"]) -> None:
        self.assignments.append(
            surrogate_labels(
                features, n_clusters=self.n_clusters, generator=self.generator
            )
        )

    def state_dict(self) -> dict[str, Any]:
        """Epochs so far, and all clusterings."""
        return {"epoch": self.epoch, "assignments": list(self.assignments)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.epoch, self.assignments = state["epoch"], list(state["assignments"])
