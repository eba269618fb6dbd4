"""Softmax cross-entropy in which only the logit of the own class is changed."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from mlcourse._check import check_classes
from mlcourse.losses._matrix import as_float


def own_cosine(
    cos: Tensor, labels: Tensor
) -> tuple[Float[Tensor, "n C"], Float[Tensor, " n"], Int[Tensor, "n 1"]]:
    """Checked cosines, that of each point's own class, and where it stands."""
    cos = as_float(cos, "cos")
    check_classes(labels, *cos.shape)
    own = labels.long()[:, None]
    return cos, cos.gather(1, own).squeeze(1), own


def margin_softmax(
    logits: Float[Tensor, "n C"], target: Float[Tensor, " n"], own: Int[Tensor, "n 1"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy with target in place of the own class's logit; 0 if n = 0."""
    logits = logits.scatter(1, own, target[:, None])
    total = cross_entropy(logits, own.squeeze(1), reduction="sum")
    return total / max(len(logits), 1)
