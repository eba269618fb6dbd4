"""How far to trust that two points are neighbours: do they have the same neighbours?"""

import torch
from jaxtyping import Float
from torch import Tensor

from mlcourse._check import check_neighbours
from mlcourse.selfsupervised._members import check_sim


@torch.no_grad()
def reliability(sim: Float[Tensor, "n n"], *, k: int) -> Float[Tensor, "n n"]:
    r"""Share of the neighbours of two points that are neighbours of both.

    .. math:: R_{ij} = \frac{|N_i \cap N_j|}{|N_i \cup N_j|}, \qquad
        N_i = \{i\} \cup \{ \text{the } k \text{ points most similar to } i \}

    A point in the middle of all is near to everybody, but has its neighbours in common
    with few. That i and j are alike is believed if a third of them is like both.

    Parameters
    ----------
    sim : (n, n), similarities, symmetric; the diagonal is not used
    k : neighbours, from 1 to n - 1; fewer than points that are alike

    Returns
    -------
    (n, n) : from 0 to 1, symmetric, 1 on the diagonal. O(n^2) memory

    Raises
    ------
    ValueError : unless sim is symmetric (n, n), and k is in its range

    Source: Jarvis, Patrick, IEEE Trans. Computers 22, 1973, who count the intersection.
    Milbich, Ghori, Diego, Ommer, Pattern Recognition 102, 2020, ask which relations can
    be relied on; that this is the answer is ours.

    >>> x = torch.tensor([0.0, 1.0, 2.1, 5.0, 5.5])
    >>> reliability(-(x[:, None] - x).abs(), k=2)[1]  # N = 012, 012, 012, 342, 432
    tensor([1.0000, 1.0000, 1.0000, 0.2000, 0.2000])
    """
    sim = check_sim(sim)
    check_neighbours(k, len(sim) - 1, "k", "other points")
    own = torch.eye(len(sim), dtype=torch.bool, device=sim.device)
    near = sim.masked_fill(own, -torch.inf).topk(k, dim=1).indices
    member = own.to(sim).scatter_(1, near, 1)
    both = member @ member.T
    return both / (2 * (k + 1) - both)
