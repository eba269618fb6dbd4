"""What happened in a training run, epoch by epoch."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class History:
    """One number an epoch in each list; ``best`` is the epoch that was kept."""

    loss: list[float] = field(default_factory=list)  # mean over the epoch's batches
    score: list[float] = field(default_factory=list)  # Recall@1, validation classes
    seconds: list[float] = field(default_factory=list)  # wall time of the epoch
    best: int = -1  # -1: the untrained network scores highest
    untrained: float = float("nan")  # score before the first step

    def add(self, *, loss: float, score: float, seconds: float) -> bool:
        """Append an epoch; is it the best so far?"""
        best = self.untrained if self.best < 0 else self.score[self.best]
        self.loss.append(loss)
        self.score.append(score)
        self.seconds.append(seconds)
        if score > best:
            self.best = len(self.score) - 1
        return score > best

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return len(self.score) - 1 - self.best

    def state(self) -> dict[str, Any]:
        """As plain data, for a checkpoint."""
        return asdict(self)
