"""The policy network: for each bin decrease, keep or increase; trained by PPO."""

from copy import deepcopy
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn


class Policy:
    """A small network, a copy of it that lags behind, and their optimizer."""

    def __init__(
        self,
        state: int,
        bins: int,
        *,
        generator: Generator,
        lr: float = 1e-2,
        hidden: int = 128,
        clip: float = 0.2,
        lag: int = 5,
    ) -> None:
        sizes = (state, hidden, hidden, 3 * bins)
        layers: list[nn.Module] = []
        for i, o in pairwise(sizes):
            layer = nn.utils.skip_init(nn.Linear, i, o)
            for p in layer.parameters():  # PyTorch's own start, but of our generator
                nn.init.uniform_(p, -(i**-0.5), i**-0.5, generator=generator)
            layers += [layer, nn.ReLU()]
        self.net = nn.Sequential(*layers[:-1])
        self.old = deepcopy(self.net)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.clip, self.lag, self.updates, self.generator = clip, lag, 0, generator
        self.baseline = 0.0  # running mean of the rewards
        self.last: tuple[Tensor, Tensor] | None = None  # state and actions

    def step(self, state: Float[Tensor, " s"], reward: float) -> Int[Tensor, " bins"]:
        """Learn from what the last actions earned, if there are any, and act anew."""
        if self.last is not None:
            self.learn(*self.last, reward - self.baseline)
            self.baseline += 0.05 * (reward - self.baseline)
        self.last = state, self.act(state)
        return self.last[1]

    def log_probability(
        self, state: Float[Tensor, " s"], net: nn.Module
    ) -> Float[Tensor, "bins 3"]:
        """Of each of the three actions, bin by bin."""
        score: Tensor = net(state)
        return score.view(-1, 3).log_softmax(dim=1)

    @torch.no_grad()
    def act(self, state: Float[Tensor, " s"]) -> Int[Tensor, " bins"]:
        """Draw an action for each bin: 0, 1 or 2."""
        chance = self.log_probability(state, self.net).exp()
        return chance.multinomial(1, generator=self.generator).squeeze(1)

    def learn(
        self,
        state: Float[Tensor, " s"],
        actions: Int[Tensor, " bins"],
        advantage: float,
    ) -> None:
        """One step of PPO: make what was rewarded more likely, but not by too much."""
        pick = actions[:, None]
        now = self.log_probability(state, self.net).gather(1, pick)
        before = self.log_probability(state, self.old).gather(1, pick).detach()
        ratio = (now - before).exp()
        inside = ratio.clamp(1 - self.clip, 1 + self.clip)
        loss = -torch.minimum(ratio * advantage, inside * advantage).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.updates += 1
        if self.updates % self.lag == 0:
            self.old.load_state_dict(self.net.state_dict())

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "net": self.net.state_dict(),
            "old": self.old.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rest": (self.updates, self.baseline, self.last),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.net.load_state_dict(state["net"])
        self.old.load_state_dict(state["old"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.updates, self.baseline, self.last = state["rest"]
