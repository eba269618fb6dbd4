"""SoftTriple: several centres for each class."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from mlcourse._check import check_classes, check_positive
from mlcourse.losses._matrix import as_float


class SoftTripleLoss(nn.Module):
    r"""Cross-entropy of soft nearest centres, with a margin; needless centres merge.

    .. math::
        S_{ic} = \sum_k \frac{e^{\hat z_i^\top \hat w_{ck} / \gamma}}
                 {\sum_l e^{\hat z_i^\top \hat w_{cl} / \gamma}}
                 \hat z_i^\top \hat w_{ck}, \qquad
        \ell_i = -\log \frac{e^{\lambda (S_{iy_i} - m)}}
                 {e^{\lambda (S_{iy_i} - m)} + \sum_{c \ne y_i} e^{\lambda S_{ic}}}
    .. math::
        L = \frac1n \sum_i \ell_i + \frac{\tau}{C K (K - 1)} \sum_c \sum_{k < l}
            \lVert \hat w_{ck} - \hat w_{cl} \rVert_2

    Parameters
    ----------
    n_classes, dim : C, d
    centers_per_class : K >= 1
    la : lambda > 0, scale of the logits
    gamma : > 0, softness of the choice among a class's centres
    margin : m, in the unit of a cosine
    tau : >= 0, price of centres that differ
    generator : of the first centres, standard normal; None takes torch's own

    Attributes
    ----------
    centers : (C, K, d), to be given to the optimizer

    Raises
    ------
    ValueError : if a size is < 1, la or gamma <= 0, tau < 0, z is not (n, d), or
        labels are not (n,) from 0 to C - 1

    Source: Qian, Shang, Sun, Hu, Li, Jin, ICCV 2019, eqs. 5 to 8.

    >>> loss = SoftTripleLoss(2, 2, centers_per_class=1, la=1.0, margin=0.0)
    >>> loss.centers.data = torch.eye(2)[:, None]
    >>> loss(torch.tensor([[3.0, 0.0]]), torch.tensor([0])).item()  # log(1 + 1 / e)
    0.3132...
    """

    def __init__(
        self,
        n_classes: int,
        dim: int,
        *,
        centers_per_class: int = 10,
        la: float | int = 20.0,
        gamma: float | int = 0.1,
        margin: float | int = 0.01,
        tau: float | int = 0.2,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for value, name in (
            (n_classes, "n_classes"), (dim, "dim"), (la, "la"), (gamma, "gamma"),
            (centers_per_class, "centers_per_class"),
        ):  # fmt: skip
            check_positive(value, name)
        if tau < 0:
            raise ValueError(f"tau must be >= 0, got {tau}")
        self.la, self.gamma, self.margin, self.tau = la, gamma, margin, tau
        shape = (n_classes, centers_per_class, dim)
        self.centers = nn.Parameter(torch.randn(shape, generator=generator))

    def forward(
        self, z: Float[Tensor, "n d"], labels: Int[Tensor, " n"]
    ) -> Float[Tensor, ""]:
        """Loss of embeddings z (n, d), of any length; 0 without points."""
        z = normalize(as_float(z, "z"), dim=1)
        C, K, dim = self.centers.shape
        if z.shape[1] != dim:
            raise ValueError(f"z must be (n, {dim}) as the centers, got {(*z.shape,)}")
        check_classes(labels, len(z), C)
        if not len(z):
            return 0 * self.centers.sum()
        w = normalize(self.centers.to(z.dtype), dim=2)
        cos = (z @ w.transpose(0, 1).flatten(0, 1).T).view(len(z), K, C)
        sim = ((cos / self.gamma).softmax(dim=1) * cos).sum(dim=1)  # (n, C)
        target = self.la * (sim.gather(1, labels.long()[:, None]) - self.margin)
        logits = (self.la * sim).scatter(1, labels.long()[:, None], target)
        loss = cross_entropy(logits, labels.long())
        return loss + self.tau * self._apart(w) if self.tau else loss

    @staticmethod
    def _apart(w: Float[Tensor, "C K d"]) -> Float[Tensor, ""]:
        """Sum of a class's distances between centres, over C K (K - 1)."""
        C, K, _ = w.shape
        dist = torch.cdist(w, w, compute_mode="donot_use_mm_for_euclid_dist")
        return dist.sum() / 2 / max(C * K * (K - 1), 1)
