"""Batches made of triplets of the whole data, every point an anchor in its turn."""

from abc import abstractmethod
from collections.abc import Iterator

import torch
from jaxtyping import Int
from torch import Generator, Tensor
from torch.utils.data import Sampler

from mlcourse._check import check_positive
from mlcourse.miners._friends import Friends, shuffled


class TripletBatches(Sampler[list[int]]):
    """A batch is its anchors, then their positives, then their negatives."""

    def __init__(
        self,
        labels: Int[Tensor, " n"],
        triplets: int,
        n_batches: int,
        generator: Generator,
    ) -> None:
        check_positive(triplets, "triplets")
        check_positive(n_batches, "n_batches")
        self._friends = Friends(labels)
        self.labels, self.generator, self.n_batches = labels, generator, n_batches
        self.T = torch.arange(3 * triplets).view(3, triplets).T

    @abstractmethod
    def mined(self, a: Int[Tensor, " b"]) -> Int[Tensor, "b 3"]:
        """A triplet of each anchor, as rows of the data."""

    def __len__(self) -> int:
        return self.n_batches

    def __iter__(self) -> Iterator[list[int]]:
        wanted, anchors = self.n_batches * len(self.T), self._friends.anchors
        turns = [anchors[shuffled(len(anchors), self.generator)]
                 for _ in range(-(-wanted // len(anchors)))]  # fmt: skip
        for T in self.mined(torch.cat(turns)[:wanted]).split(len(self.T)):
            yield T.T.flatten().tolist()
