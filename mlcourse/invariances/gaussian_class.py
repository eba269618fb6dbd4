"""The exact case: classes of a linear code of Gaussian data."""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse.invariances._shapes import check_paired, check_rows


class GaussianClass:
    r"""All x with E(x) = L (x - mu) = z, where x ~ N(mu, Sigma): t(v | z), exactly.

    .. math:: x' = \mu + G z + B v, \qquad G = \Sigma L^\top (L \Sigma L^\top)^{-1},
        \qquad B B^\top = \Sigma - G L \Sigma, \qquad v \sim N(0, I)

    Parameters
    ----------
    L : (k, d), k < d, of full row rank
    mean : (d,) = mu
    cov : (d, d) = Sigma, symmetric, positive definite

    Attributes
    ----------
    gain : (d, k) = G, the code's best guess of x - mu
    spread : (d, d - k) = B, orthogonal columns, longest first: L B = 0

    Raises
    ------
    ValueError : for shapes that do not fit, a covariance that is not symmetric and
        positive definite, and dependent rows of L.

    Source: the conditional normal distribution (Anderson, 1958, section 2.5), as the
    linear case of Rombach, Esser, Ommer, ECCV 2020.

    >>> L, cov = torch.tensor([[1.0, 1.0]]), torch.diag(torch.tensor([3.0, 1.0]))
    >>> classes = GaussianClass(L, torch.zeros(2), cov)
    >>> x = classes.inverse(torch.tensor([[0.0], [2.0]]), torch.tensor([[4.0], [4.0]]))
    >>> x[0].tolist(), round(x[1].sum().item(), 4)  # both sum to z = 4
    ([3.0, 1.0], 4.0)
    """

    def __init__(
        self,
        L: Float[Tensor, "k d"],
        mean: Float[Tensor, " d"],
        cov: Float[Tensor, "d d"],
    ) -> None:
        check_gaussian(L, mean, cov)
        self.L, self.mean = L, mean
        self.gain = torch.linalg.solve(L @ cov @ L.T, L @ cov).T
        left = cov - self.gain @ L @ cov
        variance, axes = torch.linalg.eigh((left + left.T) / 2)  # smallest first
        free = slice(len(L), None)  # the first k are 0 but for round-off
        self._std, self._axes = variance[free].sqrt().flip(0), axes[:, free].flip(1)
        self.spread = self._axes * self._std

    def forward(self, x: Float[Tensor, "n d"]) -> Float[Tensor, "n v"]:
        """Return v of every x: what z does not say; N(0, I) and independent of z."""
        check_rows(x, len(self.mean), "x")
        rest = x - self.mean - (x - self.mean) @ self.L.T @ self.gain.T
        v: Tensor = rest @ self._axes / self._std
        return v

    def inverse(
        self, v: Float[Tensor, "n v"], z: Float[Tensor, "n k"]
    ) -> Float[Tensor, "n d"]:
        """Return t(v | z): with v from N(0, I), a sample of the class of z."""
        check_rows(v, self.spread.shape[1], "v")
        check_rows(z, len(self.L), "z")
        check_paired(v, z, "v and z")
        x: Tensor = self.mean + z @ self.gain.T + v @ self.spread.T
        return x


def check_gaussian(L: Tensor, mean: Tensor, cov: Tensor) -> None:
    """Raise ValueError unless L, mean and cov make the classes that are meant."""
    d = len(mean)
    check_rows(L, d, "L")
    check_rows(cov, d, "cov")
    if len(cov) != d or not torch.allclose(cov, cov.T, rtol=1e-4, atol=0):
        raise ValueError("cov must be a symmetric (d, d) matrix; average it with cov.T")
    if torch.linalg.eigvalsh(cov)[0] <= 0:
        raise ValueError(
            "cov must be positive definite, got an eigenvalue <= 0; "
            "drop the constant directions with PCA, or add a little to the diagonal"
        )
    if len(L) >= d or torch.linalg.matrix_rank(L) < len(L):
        raise ValueError(
            f"L must have fewer rows than d = {d}, and none that the others imply, got "
            f"{len(L)} rows of rank {int(torch.linalg.matrix_rank(L))}"
        )
