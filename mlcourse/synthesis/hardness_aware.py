"""HDML: negatives pulled towards the anchor, and back to features of their class."""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mlcourse._check import check_points
from mlcourse.synthesis._npairs import npairs, with_pulled
from mlcourse.synthesis._parts import check_hdml, frozen, mean_cross_entropy
from mlcourse.synthesis._running import RunningMean


class HDML(nn.Module):
    r"""Metric psi, synthesizer i and classifier f, each with an objective of its own.

    .. math::
        J_\psi &= w J(z, z^+) + (1 - w) J(\tilde z, \tilde z^-), \quad
            w = e^{-\beta / J_{\mathrm{gen}}}, \; \tilde z = h(i(\hat z)) \\
        J_i &= (1 - \lambda) \overline{\lVert y - i(z) \rVert^2}
            + \lambda \overline{\ell(f(i(\hat z)))}, \qquad J_f = \overline{\ell(f(y))}

    z-hat: ``hardness_aware_negatives`` for negatives, z for all others; ell: cross-
    entropy. The first two points of a class in the batch are anchor and positive.

    Parameters
    ----------
    head : h of a ``SplitEmbedding``, from features y (m, d) to embeddings z (m, k)
    synthesizer : i, from embeddings (m, k) to features (m, d)
    classifier : f, from features (m, d) to scores (m, C)
    loss : J, from dot products (n, n) of n anchors with n candidates each, positives on
        the diagonal, to one number: the N-pair loss
    alpha, beta : > 0: when J and J_gen fall below, negatives are hard, and count
    balance : lambda, from 0 to 1
    window : >= 1, batches over which J_avg of J, and J_gen of J_i, are means

    Attributes
    ----------
    synthesizer, classifier : as given; the head is no part of this module
    j_avg, j_gen : running means; their ``mean`` is inf in the first window

    Raises
    ------
    ValueError : for numbers out of range, and labels not from 0 to C - 1

    Source: Zheng, Chen, Lu, Zhou, CVPR 2019. No part gets a gradient of another's
    objective, so one optimizer with groups does what their three do. Their code has a
    sum for the mean square, and so CE and beta times 1e4.

    >>> hdml = HDML(*3 * [nn.Identity()], loss=lambda sim: (1 - sim).exp().mean())
    >>> y = torch.tensor([[0.0, 1.0], [0.0, 2.0], [3.0, 0.0], [4.0, 0.0]])
    >>> [round(j.item(), 3) for j in hdml.objectives(y, torch.tensor([1, 1, 0, 0]))]
    [1.451, 1.451, 0.05, 0.127]
    """

    def __init__(
        self,
        head: nn.Module,
        synthesizer: nn.Module,
        classifier: nn.Module,
        *,
        loss: Callable[[Tensor], Tensor],
        alpha: float | int = 90.0,
        beta: float | int = 1.0,
        balance: float | int = 0.5,
        window: int = 64,
    ) -> None:
        super().__init__()
        check_hdml(alpha=alpha, beta=beta, balance=balance)
        self._head = (head,)  # no submodule: the optimizer has it with psi
        self.synthesizer, self.classifier, self.loss = synthesizer, classifier, loss
        self.alpha, self.beta, self.balance = alpha, beta, balance
        self.j_avg, self.j_gen = RunningMean(window), RunningMean(window)

    def forward(self, y: Float[Tensor, "b d"], labels: Int[Tensor, " b"]) -> Tensor:
        """J_psi + J_i + J_f of features y (b, d); the running means move on."""
        j, j_syn, j_i, j_f = self.objectives(y, labels)
        real = torch.exp(-self.beta / self.j_gen.mean)
        self.j_avg.update(j)
        self.j_gen.update(j_i)
        return real * j + (1 - real) * j_syn + j_i + j_f

    def objectives(
        self, y: Float[Tensor, "b d"], labels: Int[Tensor, " b"]
    ) -> tuple[Tensor, ...]:
        """J of the real and of the synthetic tuples, J_i, J_f; no mean moves on."""
        y, (head,), (a, p) = check_points(y, "y"), self._head, npairs(labels)
        j_f = mean_cross_entropy(self.classifier(y.detach()), labels)
        z, n, j_avg = head(y), len(a), self.j_avg.mean.item()
        hat, l_hat = with_pulled(z, labels, a, p, alpha=self.alpha, j_avg=j_avg)
        z_hat = head(frozen(self.synthesizer, hat))  # (b + n^2, k)
        candidates = z_hat[len(z) :].view(n, n, z_hat.shape[1])
        j = self.loss(z[a] @ z[p].T)
        j_syn = self.loss(torch.einsum("ik,ijk->ij", z_hat[a], candidates))
        y_hat = self.synthesizer(hat.detach())  # (b + n^2, d)
        square = (y.detach() - y_hat[: len(y)]).square().sum() / max(len(y), 1)
        entropy = mean_cross_entropy(frozen(self.classifier, y_hat), l_hat)
        j_i = (1 - self.balance) * square + self.balance * entropy
        return j, j_syn, j_i, j_f
