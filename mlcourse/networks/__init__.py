"""psi_theta: embeddings with layers."""

from mlcourse.networks.convnet import convnet
from mlcourse.networks.mlp import mlp
from mlcourse.networks.unit_sphere import UnitSphere

__all__ = ["UnitSphere", "convnet", "mlp"]
