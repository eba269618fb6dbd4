"""A run's whole state on disk, so that it goes on exactly where it stopped."""

from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Write state; path holds the old or the new state at any moment, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    torch.save(state, fresh)
    fresh.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Read a state, onto the CPU; plain data and tensors only, nothing in it is run."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(
            f"{path} is no checkpoint that can be read ({error}); delete it to start "
            "anew, or name another file"
        ) from error
    return state


def random_state() -> dict[str, Any]:
    """Where torch's own random numbers stand, on the CPU and on each GPU."""
    return {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}


def restore_random_state(state: dict[str, Any]) -> None:
    """Go on from there; as many GPUs as there were draw as they did."""
    torch.set_rng_state(state["cpu"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
