"""psi_theta: embeddings with layers."""

from mlcourse.networks.convnet import convnet
from mlcourse.networks.efficientnet import efficientnet_lite0
from mlcourse.networks.mlp import mlp
from mlcourse.networks.pretrained import pretrained
from mlcourse.networks.unit_sphere import UnitSphere

__all__ = ["UnitSphere", "convnet", "efficientnet_lite0", "mlp", "pretrained"]
