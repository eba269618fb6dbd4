"""What looks at all training points before an epoch, and what it remembers."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from mlcourse.datasets import Photographs
from mlcourse.samplers import EpochHook
from mlcourse.training.embed import embed


@runtime_checkable
class Stateful(Protocol):
    """A batch sampler or a hook that remembers something from epoch to epoch."""

    def state_dict(self) -> dict[str, Any]:
        """What it remembers, as plain data and tensors."""

    def load_state_dict(self, state: dict[str, Any], /) -> object:
        """Go on from there."""


class Hooks:
    """The hooks of a run: the batches, where they are one, and those given besides."""

    def __init__(
        self, batches: Iterable[list[int]], others: Sequence[EpochHook]
    ) -> None:
        for hook in others:
            if not isinstance(hook, EpochHook):
                raise TypeError(
                    "hooks must each have a method refresh(z), which takes the "
                    f"embeddings of all training points, got {type(hook).__name__}"
                )
        self.parts = (batches, *others)

    def refresh(self, psi: nn.Module, x: Tensor | Photographs) -> None:
        """Embed all of x once, and show it to each of them."""
        hooks = [part for part in self.parts if isinstance(part, EpochHook)]
        if hooks:
            z = embed(psi, x)
            for hook in hooks:
                hook.refresh(z)

    def state(self) -> list[dict[str, Any]]:
        """What each remembers, for a checkpoint."""
        return [
            part.state_dict() if isinstance(part, Stateful) else {}
            for part in self.parts
        ]

    def load(self, states: list[dict[str, Any]]) -> None:
        """Give each back what it remembered."""
        if len(states) != len(self.parts):
            raise ValueError(
                f"the checkpoint is of a run with {len(states) - 1} hooks, this one "
                f"has {len(self.parts) - 1}; give the same, or another file"
            )
        for part, state in zip(self.parts, states, strict=True):
            if isinstance(part, Stateful):
                part.load_state_dict(state)
