"""Wrong and right answers to exercise 05, Linear metric learning."""

import math

import numpy as np
import scipy.linalg
import torch
from scipy.optimize import minimize

from mlcourse.grading.bank import right, wrong

# --------------------------------------------- 05.1 Whiten what varies in a class


@wrong("05.1", "the covariance of all points the identity")
def within_whitening(X, y):
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True))
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "the covariance of all points the identity")
def within_whitening(X, y):
    return np.linalg.cholesky(np.linalg.inv(np.cov(X.T))).T


@wrong("05.1", "divides by n, the number of all points")
def within_whitening(X, y):
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(rows.T))
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "divides by n, the number of all points")
def within_whitening(X, y):  # n - C
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / (len(X) - len(np.unique(y))))
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "a mean over the n points, not a sum")
def within_whitening(X, y):
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows)
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "the mean of the class covariances")
def within_whitening(X, y):
    C = np.mean([np.cov(X[y == c].T, bias=True) for c in np.unique(y)], axis=0)
    values, vectors = np.linalg.eigh(C)
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "this is the transpose of L")
def within_whitening(X, y):
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X))
    return vectors / np.sqrt(values)


@wrong("05.1", "this is the transpose of L")
def within_whitening(X, y):
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    return np.linalg.cholesky(np.linalg.inv(rows.T @ rows / len(X)))


@wrong("05.1", "whitening needs its inverse")
def within_whitening(X, y):
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    return np.linalg.cholesky(rows.T @ rows / len(X)).T


@wrong("05.1", "this is M, the inverse of C_w")
def within_whitening(X, y):
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    return np.linalg.inv(rows.T @ rows / len(X))


@wrong("05.1", "expected the identity")
def within_whitening(X, y):  # every feature for itself
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    return np.diag(1 / rows.std(axis=0))


@wrong("05.1", "L forgets directions")
def within_whitening(X, y):  # the first direction only, which is white, too
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X))
    return (vectors / np.sqrt(values)).T[-1:]


@wrong("05.1", "L must be blind")
def within_whitening(X, y):  # no thought for eigenvalues of 0
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X))
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "L must be blind in the other directions")
def within_whitening(X, y):  # a little of the identity, to keep it quiet
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X) + 1e-6 * np.eye(X.shape[1]))
    return (vectors / np.sqrt(values)).T


@wrong("05.1", "L forgets directions")
def within_whitening(X, y):  # a threshold that knows no unit
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X))
    keep = values > 1e-2
    return (vectors[:, keep] / np.sqrt(values[keep])).T


@wrong("05.1", "L forgets directions")
def within_whitening(X, y):  # 1e-9 as it stands, where numbers are near 1e-6
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X))
    keep = values > 1e-9
    return (vectors[:, keep] / np.sqrt(values[keep])).T


@wrong("05.1", "L forgets directions")
def within_whitening(X, y):  # what is huge is dropped, whatever it is
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(X))
    L = (vectors / np.sqrt(np.abs(values) + 1e-300)).T
    return L[np.abs(L).max(axis=1) < 1e4]


@wrong("05.1", "L must be blind in the other directions")
def within_whitening(X, y):  # the library's threshold in place of 1e-9
    rows = X.copy()
    for c in np.unique(y):
        rows[y == c] -= rows[y == c].mean(axis=0)
    values, vectors = np.linalg.eigh(np.linalg.pinv(rows.T @ rows / len(X)))
    return (vectors * np.sqrt(values.clip(min=0))).T


@wrong("05.1", "expected shape (any, ")
def within_whitening(X, y):
    return X @ np.eye(X.shape[1])[:, :1]


@wrong("05.1", "expected the identity")
def within_whitening(X, y):  # the visible example
    return np.diag([math.sqrt(2), math.sqrt(0.5)] + [1] * (X.shape[1] - 2))


@right("05.1")
def within_whitening(X, y):
    """ZCA: the symmetric root, (d, d) also where the rank is less."""
    codes = np.unique(y, return_inverse=True)[1]
    member = np.eye(codes.max() + 1)[codes]
    rows = X - member @ ((member.T @ X) / member.sum(axis=0)[:, None])
    values, vectors = np.linalg.eigh(np.cov(rows.T, bias=True))
    keep = values > 1e-9 * values[-1]
    weights = np.where(keep, 1 / np.sqrt(np.where(keep, values, 1)), 0)
    return (vectors * weights) @ vectors.T


@right("05.1")
def within_whitening(X, y):
    """The singular values of the centred rows, in torch."""
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    rows = torch.stack([x - X[y == c].mean(dim=0) for x, c in zip(X, y, strict=True)])
    _, sizes, axes = torch.linalg.svd(rows / math.sqrt(len(X)), full_matrices=False)
    keep = sizes > 3e-5 * sizes[0]
    return axes[keep] / sizes[keep, None]


@right("05.1")
def within_whitening(X, y):
    """Loops over points, and a pseudo-inverse."""
    C = np.zeros((X.shape[1], X.shape[1]))
    for x, c in zip(X, y, strict=True):
        delta = x - X[y == c].mean(axis=0)
        C += np.outer(delta, delta) / len(X)
    M = np.linalg.pinv(C, rcond=1e-9, hermitian=True)
    values, vectors = scipy.linalg.eigh(M)
    return (vectors * np.sqrt(values.clip(min=0))).T[::-1].tolist()


@right("05.1")
def within_whitening(X, y):
    """Singular values, in float32."""
    rows = torch.tensor(X, dtype=torch.float32)
    for c in set(y.tolist()):
        rows[y == c] -= rows[y == c].mean(dim=0)
    _, sizes, axes = torch.linalg.svd(rows / math.sqrt(len(X)), full_matrices=False)
    keep = sizes > 3e-5 * sizes[0]
    return axes[keep] / sizes[keep, None]


# ------------------------------------------------- 05.2 Onto the cone, low rank


@wrong("05.2", "these are the absolute values")
def project_psd(M):
    values, vectors = np.linalg.eigh((M + M.T) / 2)
    return (vectors * np.abs(values)) @ vectors.T


@wrong("05.2", "which moves all eigenvalues")
def project_psd(M):
    S = (M + M.T) / 2
    return S - min(np.linalg.eigvalsh(S)[0], 0) * np.eye(len(M))


@wrong("05.2", "this clips the entries of M")
def project_psd(M):
    return np.maximum((M + M.T) / 2, 0)


@wrong("05.2", "only the lower triangle was read")
def project_psd(M):
    values, vectors = np.linalg.eigh(M)
    return (vectors * values.clip(min=0)) @ vectors.T


@wrong("05.2", "the result must be symmetric")
def project_psd(M):
    values, vectors = np.linalg.eig(M)
    return ((vectors * values.clip(min=0)) @ np.linalg.inv(vectors)).real


@wrong("05.2", "so it is not positive semi-definite")
def project_psd(M):
    return (M + M.T) / 2


@wrong("05.2", "semi-definite, but not the nearest")
def project_psd(M):
    return M.T @ M


@wrong("05.2", "semi-definite, but not the nearest")
def project_psd(M):
    return np.zeros_like(M)


@wrong("05.2", "not the nearest")
def project_psd(M):  # V' diag V for V diag V'
    values, vectors = np.linalg.eigh((M + M.T) / 2)
    return (vectors.T * values.clip(min=0)) @ vectors


@wrong("05.2", "semi-definite, but not the nearest")
def project_psd(M):  # positive definite at any price
    values, vectors = np.linalg.eigh((M + M.T) / 2)
    return (vectors * values.clip(min=0.1)) @ vectors.T


@wrong("05.2", "Keep the k largest eigenvalues")
def factor(M, *, k):  # the first k
    values, vectors = np.linalg.eigh(M)
    return (vectors * np.sqrt(values.clip(min=0))).T[:k]


@wrong("05.2", "take the roots")
def factor(M, *, k):
    values, vectors = np.linalg.eigh(M)
    return (vectors * values.clip(min=0)).T[-k:]


@wrong("05.2", "returned (4, 2), expected shape (2, 4)")
def factor(M, *, k):
    values, vectors = np.linalg.eigh(M)
    return (vectors * np.sqrt(values.clip(min=0)))[:, -k:]


@wrong("05.2", "the eigenvectors are rows of L")
def factor(M, *, k):  # right up to a transpose, where k = d
    values, vectors = np.linalg.eigh(M)
    return (vectors * np.sqrt(values.clip(min=0)))[-k:]


@wrong("05.2", "not their absolute values")
def factor(M, *, k):
    values, vectors = np.linalg.eigh(M)
    order = np.argsort(-np.abs(values))[:k]
    return (vectors[:, order] * np.sqrt(np.abs(values[order]))).T


@wrong("05.2", "not their absolute values")
def factor(M, *, k):
    U, sizes, _ = np.linalg.svd(M)
    return (U[:, :k] * np.sqrt(sizes[:k])).T


@wrong("05.2", "Keep the k largest eigenvalues")
def factor(M, *, k):
    return np.linalg.cholesky(M + 1e-9 * np.eye(len(M))).T[:k]


@wrong("05.2", "NaN or infinity")
def factor(M, *, k):
    values, vectors = np.linalg.eigh(M)
    return (vectors * np.sqrt(values)).T[-k:]


@wrong("05.2", "expected shape")
def factor(M, *, k):  # fewer rows, where fewer eigenvalues are positive
    values, vectors = np.linalg.eigh(M)
    keep = np.arange(len(M))[-k:]
    keep = keep[values[keep] > 1e-9]
    return (vectors[:, keep] * np.sqrt(values[keep])).T


@right("05.2")
class InTorch:
    def project_psd(M):
        M = torch.as_tensor(M).double()
        values, vectors = torch.linalg.eigh((M + M.T) / 2)
        return vectors @ torch.diag(values.clamp(min=0)) @ vectors.T

    def factor(M, *, k):
        values, vectors = torch.linalg.eigh(torch.as_tensor(M))
        values, vectors = values.flip(0)[:k], vectors.flip(1)[:, :k]
        return values.clamp(min=0).sqrt()[:, None] * vectors.T


@right("05.2")
class ThroughThePolarFactor:
    def project_psd(M):
        """Half the sum of S and its absolute value, the root of S S'."""
        S = (np.asarray(M, dtype=float) + np.asarray(M, dtype=float).T) / 2
        _, sizes, V = np.linalg.svd(S)
        return (S + V.T @ np.diag(sizes) @ V) / 2

    def factor(M, *, k):
        rows = []
        left = np.array(M)
        for _ in range(k):  # one direction after the other
            values, vectors = np.linalg.eigh(left)
            rows.append(math.sqrt(max(values[-1], 0)) * vectors[:, -1])
            left = left - np.outer(rows[-1], rows[-1])
        return rows


@right("05.2")
class InFloat32:
    def project_psd(M):
        S = ((M + M.T) / 2).astype(np.float32)
        values, vectors = np.linalg.eigh(S)
        return sum(
            max(value, 0) * np.outer(v, v)
            for value, v in zip(values, vectors.T, strict=True)
        )

    def factor(M, *, k):
        d = len(M)
        values, vectors = scipy.linalg.eigh(
            M.astype(np.float32), subset_by_index=[d - k, d - 1]
        )
        return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T


# ------------------------------------------------------ 05.3 NCA, value and gradient


@wrong("05.3", "a point counts as its own neighbour")
def nca_objective(L, X, y):
    L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
    Z = X @ L.T
    p = torch.softmax(-((Z[:, None] - Z) ** 2).sum(dim=2), dim=1)
    value = p[torch.as_tensor(y[:, None] == y)].sum()
    return value, torch.autograd.grad(value, L)[0]


@wrong("05.3", "a point counts as its own neighbour")
def nca_objective(L, X, y):  # p_ii left out above the line, not below it
    L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
    Z = X @ L.T
    p = torch.softmax(-((Z[:, None] - Z) ** 2).sum(dim=2), dim=1)
    same = torch.as_tensor(y[:, None] == y).fill_diagonal_(False)
    value = p[same].sum()
    return value, torch.autograd.grad(value, L)[0]


@wrong("05.3", "the distances must be squared")
def nca_objective(L, X, y):
    Z = X @ L.T
    dist = np.linalg.norm(Z[:, None] - Z, axis=2)
    np.fill_diagonal(dist, np.inf)
    p = np.exp(-dist)
    p /= p.sum(axis=1, keepdims=True)
    return p[y[:, None] == y].sum(), np.zeros_like(L)


@wrong("05.3", "no 1/2 in the exponent")
def nca_objective(L, X, y):
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(-square / 2)
    p /= p.sum(axis=1, keepdims=True)
    return p[y[:, None] == y].sum(), np.zeros_like(L)


@wrong("05.3", "this is the mean of the p_i")
def nca_objective(L, X, y):
    L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(dim=2).fill_diagonal_(torch.inf)
    p = torch.softmax(-square, dim=1)
    value = (p * torch.as_tensor(y[:, None] == y)).sum(dim=1).mean()
    return value, torch.autograd.grad(value, L)[0]


@wrong("05.3", "this is the sum of log p_i")
def nca_objective(L, X, y):
    L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(dim=2).fill_diagonal_(torch.inf)
    p = torch.softmax(-square, dim=1)
    right = (p * torch.as_tensor(y[:, None] == y)).sum(dim=1)
    value = right[right > 0].log().sum()
    return value, torch.autograd.grad(value, L)[0]


@wrong("05.3", "this is minus f")
def nca_objective(L, X, y):  # what the optimiser wants
    L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(dim=2).fill_diagonal_(torch.inf)
    p = torch.softmax(-square, dim=1)
    value = -p[torch.as_tensor(y[:, None] == y)].sum()
    return value, torch.autograd.grad(value, L)[0]


@wrong("05.3", "L has no effect")
def nca_objective(L, X, y):
    square = ((X[:, None] - X) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(-square)
    p /= p.sum(axis=1, keepdims=True)
    return p[y[:, None] == y].sum(), np.zeros_like(L)


@wrong("05.3", "the value returned nan")
def nca_objective(L, X, y):  # right, but for far points
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    p = np.exp(-square)
    np.fill_diagonal(p, 0)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "hides the 0/0 and loses the point")
def nca_objective(L, X, y):
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    p = np.exp(-square)
    np.fill_diagonal(p, 0)
    p /= p.sum(axis=1, keepdims=True) + 1e-300
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "hides the 0/0 and loses the point")
def nca_objective(L, X, y):
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    p = np.exp(-square)
    np.fill_diagonal(p, 0)
    with np.errstate(all="ignore"):
        p = np.nan_to_num(p / p.sum(axis=1, keepdims=True))
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "the nearest other point takes nearly all")
def nca_objective(L, X, y):  # the exponents are clipped, so that no exp is 0
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    p = np.exp(-square.clip(max=700))
    np.fill_diagonal(p, 0)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "expected")
def nca_objective(L, X, y):  # one shift for all rows
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(square.min() - square)
    p /= p.sum(axis=1, keepdims=True) + 1e-300
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "all at nearly the same distance: the value is")
def nca_objective(L, X, y):  # where all is 0, the nearest takes everything
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(-square)
    empty = p.sum(axis=1) == 0
    p[empty, square[empty].argmin(axis=1)] = 1
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "all at nearly the same distance: the gradient is")
def nca_objective(L, X, y):  # the value at any scale, the gradient at one
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    same = y[:, None] == y
    value = scipy.special.softmax(-square, axis=1)[same].sum()
    p = np.exp(-square)
    p /= p.sum(axis=1, keepdims=True) + 1e-300
    W = (p * same).sum(axis=1, keepdims=True) * p - p * same
    both = W + W.T
    return value, 2 * L @ X.T @ (np.diag(both.sum(axis=1)) - both) @ X


@wrong("05.3", "finite differences")
def nca_objective(L, X, y):  # pairs at distance 0 are taken for the diagonal
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    square[square == 0] = np.inf
    p = np.exp(square.min(axis=1, keepdims=True) - square)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    spread = X.T @ (np.diag(W.sum(axis=1)) - W) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "8 points, two of which coincide")
def nca_objective(L, X, y):  # pairs at distance 0 are taken for the diagonal
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    square[square == 0] = np.inf
    p = np.exp(square.min(axis=1, keepdims=True) - square)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), 2 * L @ spread


@wrong("05.3", "the sign is wrong")
class NcaSign:
    def nca_objective(L, X, y):
        L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
        Z = X @ L.T
        square = ((Z[:, None] - Z) ** 2).sum(dim=2).fill_diagonal_(torch.inf)
        p = torch.softmax(-square, dim=1)
        value = p[torch.as_tensor(y[:, None] == y)].sum()
        return value, -torch.autograd.grad(value, L)[0]


@wrong("05.3", "a factor 2 is missing")
def nca_objective(L, X, y):
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(square.min(axis=1, keepdims=True) - square)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    spread = X.T @ (np.diag(both.sum(axis=1)) - both) @ X
    return right.sum(), L @ spread


@wrong("05.3", "W and W' both count")
def nca_objective(L, X, y):
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(square.min(axis=1, keepdims=True) - square)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    spread = X.T @ (np.diag(W.sum(axis=1)) - W) @ X
    return right.sum(), 4 * L @ spread


@wrong("05.3", "the gradient returned (")
def nca_objective(L, X, y):  # in M
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    p = np.exp(square.min(axis=1, keepdims=True) - square)
    p /= p.sum(axis=1, keepdims=True)
    right = p * (y[:, None] == y)
    W = right.sum(axis=1, keepdims=True) * p - right
    both = W + W.T
    return right.sum(), X.T @ (np.diag(both.sum(axis=1)) - both) @ X


@wrong("05.3", "must return 2 things")
def nca_objective(L, X, y):
    return 1.56


@wrong("05.3", "expected")
def nca_objective(L, X, y):  # the visible example
    return 1.56, np.full(L.shape, 1.494)


@right("05.3")
def nca_objective(L, X, y):
    """Autograd, with a softmax."""
    L, X = torch.tensor(L, requires_grad=True), torch.tensor(X)
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(dim=2)
    square = square.masked_fill(torch.eye(len(X), dtype=torch.bool), torch.inf)
    p = torch.softmax(-square, dim=1)
    value = p[torch.as_tensor(y[:, None] == y)].sum()
    return value, torch.autograd.grad(value, L)[0]


@right("05.3")
def nca_objective(L, X, y):
    """Loops over i, and outer products."""
    value, total = 0.0, np.zeros((X.shape[1], X.shape[1]))
    for i in range(len(X)):
        delta = X[i] - X
        square = ((delta @ L.T) ** 2).sum(axis=1)
        square[i] = np.inf
        p = np.exp(-square - scipy.special.logsumexp(-square))
        p_i = p[y == y[i]].sum()
        for j in range(len(X)):
            weight = p_i * p[j] - (p[j] if y[j] == y[i] else 0)
            total += weight * np.outer(delta[j], delta[j])
        value += p_i
    return value, 2 * L @ total


@right("05.3")
def nca_objective(L, X, y):
    """No square is computed twice: the expansion, of centred points."""
    X = X - X.mean(axis=0)
    Z = X @ L.T
    score = 2 * Z @ Z.T - (Z**2).sum(axis=1)
    np.fill_diagonal(score, -np.inf)
    p = np.exp(score - score.max(axis=1)[:, None])
    p = p / p.sum(axis=1)[:, None]
    right = np.where(y[:, None] == y, p, 0)
    W = right.sum(axis=1)[:, None] * p - right
    pull = (W + W.T).sum(axis=1)[:, None] * Z - (W + W.T) @ Z
    return [float(right.sum())], (2 * pull.T @ X).tolist()


@right("05.3")
def nca_objective(L, X, y):
    """float32, and the way back by autograd."""
    L = torch.tensor(L, dtype=torch.float32, requires_grad=True)
    X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
    Z = X @ L.T
    square = (Z[:, None] - Z).square().sum(dim=2)
    p = torch.softmax(-square - torch.diag(torch.full((len(X),), torch.inf)), dim=1)
    value = (p * (y[:, None] == y)).sum()
    value.backward()
    return value, L.grad


@right("05.3")
def nca_objective(L, X, y):
    """Finite differences of one's own value."""

    def f(at):
        Z = X @ at.T
        square = ((Z[:, None] - Z) ** 2).sum(axis=2)
        np.fill_diagonal(square, np.inf)
        return scipy.special.softmax(-square, axis=1)[y[:, None] == y].sum()

    gradient = np.zeros_like(L)
    for index in np.ndindex(L.shape):
        step = np.zeros_like(L)
        step[index] = 1e-6
        gradient[index] = (f(L + step) - f(L - step)) / 2e-6
    return f(L), gradient


# ------------------------------------------------------ 05.4 LMNN, targets and hinges


def _lmnn(L, X, y, targets, mu, *, margin=1.0, power=1.0, own=False, keep=None):
    """LMNN by loops in torch, with a place for every slip."""
    L = torch.tensor(L, requires_grad=True)
    X, value = torch.tensor(X), torch.zeros((), dtype=torch.float64)

    def dist(i, j):
        square = ((L @ (X[i] - X[j])) ** 2).sum()
        return square if power == 1 else (square + 1e-30) ** power

    for i in range(len(X)):
        for j in targets[i]:
            value = value + (1 - mu) * ((L @ (X[i] - X[j])) ** 2).sum()
            hinges = []
            for m in range(len(X)):
                if y[m] != y[i] or (own and m not in (i, j)):
                    hinge = margin + dist(i, j) - dist(i, m)
                    hinges.append(hinge.clamp(min=0))
            if keep is not None:
                hinges = [keep(hinges)]
            value = value + mu * sum(hinges)
    return value, torch.autograd.grad(value, L)[0]


@wrong("05.4", "itself; a point is no neighbour of its own")
def target_neighbours(X, y, *, k):
    square = ((X[:, None] - X) ** 2).sum(axis=2)
    square[y[:, None] != y] = np.inf
    return square.argsort(axis=1)[:, :k]


@wrong("05.4", "targets are of one's own class")
def target_neighbours(X, y, *, k):
    square = ((X[:, None] - X) ** 2).sum(axis=2)
    np.fill_diagonal(square, np.inf)
    return square.argsort(axis=1)[:, :k]


@wrong("05.4", "the nearest, each once")
def target_neighbours(X, y, *, k):  # the farthest
    square = ((X[:, None] - X) ** 2).sum(axis=2)
    square[y[:, None] != y] = -1
    np.fill_diagonal(square, -1)
    return (-square).argsort(axis=1)[:, :k]


@wrong("05.4", "the nearest first")
def target_neighbours(X, y, *, k):
    square = ((X[:, None] - X) ** 2).sum(axis=2)
    square[y[:, None] != y] = np.inf
    np.fill_diagonal(square, np.inf)
    return square.argsort(axis=1)[:, :k][:, ::-1]


@wrong("05.4", "targets are of one's own class")
def target_neighbours(X, y, *, k):  # row numbers inside the class
    found = np.zeros((len(X), k), dtype=int)
    for c in np.unique(y):
        rows = X[y == c]
        square = ((rows[:, None] - rows) ** 2).sum(axis=2)
        np.fill_diagonal(square, np.inf)
        found[y == c] = square.argsort(axis=1)[:, :k]
    return found


@wrong("05.4", "expected shape")
def target_neighbours(X, y, *, k):  # one target too few
    square = ((X[:, None] - X) ** 2).sum(axis=2)
    square[y[:, None] != y] = np.inf
    return square.argsort(axis=1)[:, 1:k]


@wrong("05.4", "expected [")
def target_neighbours(X, y, *, k):  # by the sum of coordinates
    side = X.sum(axis=1)
    square = (side[:, None] - side) ** 2
    square[y[:, None] != y] = np.inf
    np.fill_diagonal(square, np.inf)
    return square.argsort(axis=1)[:, :k]


@wrong("05.4", "the weights are exchanged")
def lmnn_objective(L, X, y, *, k, mu):
    return _lmnn(L, X, y, target_neighbours(X, y, k=k), 1 - mu)


@wrong("05.4", "here they are the nearest in LX")
def lmnn_objective(L, X, y, *, k, mu):
    return _lmnn(L, X, y, target_neighbours(X @ L.T, y, k=k), mu)


@wrong("05.4", "in the hinge the distances must be squared")
def lmnn_objective(L, X, y, *, k, mu):
    return _lmnn(L, X, y, target_neighbours(X, y, k=k), mu, power=0.5)


@wrong("05.4", "the margin 1 is missing")
def lmnn_objective(L, X, y, *, k, mu):
    return _lmnn(L, X, y, target_neighbours(X, y, k=k), mu, margin=0.0)


@wrong("05.4", "points of i's own class are no impostors")
def lmnn_objective(L, X, y, *, k, mu):
    return _lmnn(L, X, y, target_neighbours(X, y, k=k), mu, own=True)


@wrong("05.4", "not only the worst of a pair")
def lmnn_objective(L, X, y, *, k, mu):
    targets = target_neighbours(X, y, k=k)
    return _lmnn(L, X, y, targets, mu, keep=lambda hinges: max(hinges))


@wrong("05.4", "the hinge is not squared")
def lmnn_objective(L, X, y, *, k, mu):  # as one library has it
    targets = target_neighbours(X, y, k=k)
    return _lmnn(L, X, y, targets, mu, keep=lambda hinges: sum(h**2 for h in hinges))


@wrong("05.4", "the push is missing")
def lmnn_objective(L, X, y, *, k, mu):
    return _lmnn(L, X, y, target_neighbours(X, y, k=k), mu, keep=lambda hinges: 0)


@wrong("05.4", "the pull is missing")
def lmnn_objective(L, X, y, *, k, mu):
    targets = target_neighbours(X, y, k=k)
    value, gradient = _lmnn(L, X, y, targets, mu)
    pull, pulls = _lmnn(L, X, y, targets, mu, keep=lambda hinges: 0)
    return value - pull, gradient - pulls


@wrong("05.4", "this is a mean over the points")
def lmnn_objective(L, X, y, *, k, mu):
    value, gradient = _lmnn(L, X, y, target_neighbours(X, y, k=k), mu)
    return value / len(X), gradient / len(X)


@wrong("05.4", "here h < 0 counts, too")
def lmnn_objective(L, X, y, *, k, mu):
    targets = target_neighbours(X, y, k=k)
    Z = X @ L.T
    square = ((Z[:, None] - Z) ** 2).sum(axis=2)
    pull = np.take_along_axis(square, targets, axis=1)
    hinge = 1 + pull[:, :, None] - square[:, None, :]
    others = np.broadcast_to((y[:, None] != y)[:, None], hinge.shape)
    return (1 - mu) * pull.sum() + mu * hinge[others].sum(), np.zeros_like(L)


@wrong("05.4", "over all triplets (i, j, l)")
def lmnn_objective(L, X, y, *, k, mu):  # each pair once
    targets = [
        [j for j in row if j > i] for i, row in enumerate(target_neighbours(X, y, k=k))
    ]
    return _lmnn(L, X, y, targets, mu)


@wrong("05.4", "the sign is wrong")
def lmnn_objective(L, X, y, *, k, mu):
    value, gradient = _lmnn(L, X, y, target_neighbours(X, y, k=k), mu)
    return value, -gradient


@wrong("05.4", "a factor 2 is missing")
def lmnn_objective(L, X, y, *, k, mu):
    value, gradient = _lmnn(L, X, y, target_neighbours(X, y, k=k), mu)
    return value, gradient / 2


@wrong("05.4", "the hinges have a gradient, too")
def lmnn_objective(L, X, y, *, k, mu):
    targets = target_neighbours(X, y, k=k)
    value = _lmnn(L, X, y, targets, mu)[0]
    return value, _lmnn(L, X, y, targets, mu, keep=lambda hinges: 0)[1]


@wrong("05.4", "A hinge above 0 adds mu (C_ij - C_il)")
def lmnn_objective(L, X, y, *, k, mu):  # impostors pushed, their targets not pulled
    value, G = 0.0, np.zeros((X.shape[1], X.shape[1]))
    for i, row in enumerate(target_neighbours(X, y, k=k)):
        for j in row:
            near = X[i] - X[j]
            value += (1 - mu) * ((L @ near) ** 2).sum()
            G += (1 - mu) * np.outer(near, near)
            for m in np.flatnonzero(y != y[i]):
                far = X[i] - X[m]
                hinge = 1 + ((L @ near) ** 2).sum() - ((L @ far) ** 2).sum()
                if hinge > 0:
                    value += mu * hinge
                    G -= mu * np.outer(far, far)
    return value, 2 * L @ G


@wrong("05.4", "the gradient returned (")
def lmnn_objective(L, X, y, *, k, mu):  # in M
    value, gradient = _lmnn(L, X, y, target_neighbours(X, y, k=k), mu)
    return value, L.T @ gradient.numpy()


@wrong("05.4", "expected")
def lmnn_objective(L, X, y, *, k, mu):  # the visible example
    return 7.25 + 6.875, np.zeros(L.shape)


@right("05.4")
class Loops:
    def target_neighbours(X, y, *, k):
        found = []
        for i in range(len(X)):
            own = [j for j in range(len(X)) if y[j] == y[i] and j != i]
            own.sort(key=lambda j: math.dist(X[i], X[j]))
            found.append(own[:k])
        return found

    def lmnn_objective(L, X, y, *, k, mu):
        value, G = 0.0, np.zeros((X.shape[1], X.shape[1]))
        for i, row in enumerate(target_neighbours(X, y, k=k)):
            for j in row:
                near = X[i] - X[j]
                value += (1 - mu) * ((L @ near) ** 2).sum()
                G += (1 - mu) * np.outer(near, near)
                for m in np.flatnonzero(y != y[i]):
                    far = X[i] - X[m]
                    hinge = 1 + ((L @ near) ** 2).sum() - ((L @ far) ** 2).sum()
                    if hinge > 0:
                        value += mu * hinge
                        G += mu * (np.outer(near, near) - np.outer(far, far))
        return value, 2 * L @ G


@right("05.4")
class Autograd:
    def target_neighbours(X, y, *, k):
        X, y = torch.as_tensor(X), torch.as_tensor(y)
        dist = (X[:, None] - X).norm(dim=2)
        dist = dist.masked_fill(y[:, None] != y, torch.inf).fill_diagonal_(torch.inf)
        return dist.topk(k, dim=1, largest=False).indices

    def lmnn_objective(L, X, y, *, k, mu):
        targets = target_neighbours(X, y, k=k)
        L, X, y = torch.tensor(L, requires_grad=True), torch.tensor(X), torch.tensor(y)
        Z = X @ L.T
        square = (Z[:, None] - Z).square().sum(dim=2)
        pull = square.gather(1, targets)
        hinge = (1 + pull[:, :, None] - square[:, None]).relu()
        push = (hinge * (y[:, None] != y)[:, None]).sum()
        value = (1 - mu) * pull.sum() + mu * push
        return value, torch.autograd.grad(value, L)[0]


@right("05.4")
class ThroughM:
    """The objective in M, in float32; the chain rule gives the gradient in L."""

    def target_neighbours(X, y, *, k):
        found = np.empty((len(X), k))
        for c in np.unique(y):
            own = np.flatnonzero(y == c)
            square = ((X[own][:, None] - X[own]) ** 2).sum(axis=2)
            found[own] = own[square.argsort(axis=1)[:, 1 : k + 1]]
        return found

    def lmnn_objective(L, X, y, *, k, mu):
        targets = target_neighbours(X, y, k=k).astype(int)
        M = torch.tensor(L.T @ L, dtype=torch.float32, requires_grad=True)
        X, y = torch.tensor(X, dtype=torch.float32), torch.tensor(y)
        delta = X[:, None] - X
        square = torch.einsum("ijd,de,ije->ij", delta, M, delta)
        pull = square.gather(1, torch.tensor(targets))
        hinge = (1 + pull[:, :, None] - square[:, None]).clamp(min=0)
        push = hinge.sum(dim=1)[y[:, None] != y].sum()
        value = (1 - mu) * pull.sum() + mu * push
        gradient = torch.autograd.grad(value, M)[0].numpy()
        return value, L @ (gradient + gradient.T)


# ------------------------------------------------------------------ 05.5 Break it


@wrong("05.5", "after whitening all points it is")
def whitening_hurts(n):  # one noisy feature is not enough
    i = np.arange(n)
    zero = np.column_stack([-10 + 0.1 * np.cos(i), i / n])
    one = np.column_stack([10 + 0.1 * np.sin(i), i / n])
    return np.concatenate([zero, one]), np.repeat([0, 1], n)


@wrong("05.5", "so C_w has no inverse")
def whitening_hurts(n):  # the feature that tells them apart is constant in a class
    twins = np.eye(n)[:, 1:]
    X = np.column_stack([np.repeat([-10, 10], n), np.concatenate([twins, twins])])
    return X, np.repeat([0, 1], n)


@wrong("05.5", "for 0% of the points of X")
def whitening_hurts(n):  # wrong from the start
    i = np.arange(n)
    twins = 100 * np.eye(n)[:, 1:]
    X = np.concatenate(
        [np.column_stack([-1 - i % 2, twins]), np.column_stack([1 + i % 2, twins])]
    )
    return X, np.repeat([0, 1], n)


@wrong("05.5", "after whitening within the classes it is")
def whitening_hurts(n):  # stripes: classes take turns along a long axis
    i = np.arange(2 * n)
    row, place = i // 2, i % 2
    X = np.column_stack([10.0 * row, place + 0.01 * row % 3])
    return X, row % 2 if n % 2 == 0 else (i >= n).astype(int)


@wrong("05.5", "after whitening all points it is")
def whitening_hurts(n):  # a gap so large that a covariance in floats has no inverse
    y = np.repeat([0, 1], n)
    noise = np.random.default_rng(n).normal(size=(2 * n, 5))
    return noise + 3e8 * y[:, None] * np.array([0.6, -0.5, 0.4, 0.3, 0.2]), y


@wrong("05.5", "X must have 2 to")
def whitening_hurts(n):  # more directions than a class can vary in
    rng = np.random.default_rng(n)
    y = np.repeat([0, 1], n)
    X = rng.normal(size=(2 * n, 2 * n - 1))
    X[:, 0] += 60 * y
    return X, y


@wrong("05.5", "X returned (")
def whitening_hurts(n):
    return np.eye(n), np.repeat([0, 1], n)


@wrong("05.5", "y must hold")
def whitening_hurts(n):
    i = np.arange(2 * n)
    return np.column_stack([i, i**2]), i % 3


@wrong("05.5", "the class means agree")
def fools_lda(n):
    i = np.arange(n)
    sides = 10 * np.resize([1, -1, -1, 1], n)
    X = np.concatenate(
        [np.column_stack([sides, i]), np.column_stack([np.cos(i) * 0, i])]
    )
    return X, np.repeat([0, 1], n), np.array([1, 0])


@wrong("05.5", "along LDA's direction")
def fools_lda(n):  # two clouds: LDA is at home
    i = np.arange(n)
    X = np.concatenate([np.c_[np.cos(i), np.sin(i)], np.c_[9 + np.cos(i), np.sin(i)]])
    return X, np.repeat([0, 1], n), np.array([1, 0])


@wrong("05.5", "along LDA's direction")
def fools_lda(n):  # the groups are there, but the means differ across them
    i = np.arange(n)
    sides = np.where(i < n // 4, 40, -10)
    X = np.concatenate([np.c_[sides, np.cos(i)], np.c_[0 * i, np.sin(i)]])
    return X, np.repeat([0, 1], n), np.array([1, 0])


@wrong("05.5", "along your w")
def fools_lda(n):  # the other axis
    i = np.arange(n)
    sides = 10 * np.resize([1, -1, -1, 1], n)
    X = np.concatenate([np.c_[sides, i], np.c_[0 * i, i + 0.5]])
    return X, np.repeat([0, 1], n), np.array([0, 1])


@wrong("05.5", "3 things, X, y and w")
def fools_lda(n):
    return np.zeros((2 * n, 2)), np.repeat([0, 1], n)


@wrong("05.5", "must have 2 columns")
def fools_lda(n):
    i = np.arange(2 * n)
    return np.c_[i, i % 3, i % 5], np.repeat([0, 1], n), np.array([1, 0])


@wrong("05.5", "expected at least 1")
def prefer_each_other(x, z):
    return -np.eye(len(x))


@wrong("05.5", "expected at least 1")
def prefer_each_other(x, z):  # the worked example
    return np.eye(len(x))[::-1]


@wrong("05.5", "expected at least 1")
def prefer_each_other(x, z):  # semi-definite, and long
    return 100 * np.outer(x, x)


@wrong("05.5", "expected at least 1")
def prefer_each_other(x, z):
    return np.outer(x, z) + np.outer(z, x)


@wrong("05.5", "for a = z")
def prefer_each_other(x, z):  # one of the two only
    v = x - z
    g = -(x - (x @ z) / (z @ z) * z)
    return 2 * np.outer(g / (x @ -g), v) / (v @ v)


@wrong("05.5", "expected at least 1")
def prefer_each_other(x, z):  # g on the wrong side
    v = x - z
    g = np.linalg.lstsq(np.stack([x, z]), np.array([-1.1, 1.1]), rcond=None)[0]
    return np.outer(v, g) / (v @ v)


@wrong("05.5", "expected at least 1")
def prefer_each_other(x, z):
    W = np.linalg.pinv(np.outer(x - z, x - z))
    return -W


@wrong("05.5", "expected shape")
def prefer_each_other(x, z):  # two coordinates suffice
    g = np.linalg.solve(np.stack([x[:2], z[:2]]), np.array([-2.0, 2.0]))
    return np.outer(g, x[:2] - z[:2]) / ((x[:2] - z[:2]) @ (x[:2] - z[:2]))


@right("05.5")
class Noise:
    """A gap in one feature, and noise in very many."""

    def whitening_hurts(n):
        rng = np.random.default_rng(n)
        X = rng.normal(size=(2 * n, 2 * n - 5))
        y = np.arange(2 * n) % 2
        X[:, 0] = 60 * y + X[:, 0]
        return X.astype(np.float32), y

    def fools_lda(n):
        i = torch.arange(n, dtype=torch.float64)
        sides = torch.tensor([1.0, -1.0, -1.0, 1.0]).repeat(n // 4)
        turn = torch.tensor([[0.8, 0.6], [-0.6, 0.8]], dtype=torch.float64)
        zero = torch.stack([30 * sides + 0.01 * i, i], dim=1) @ turn
        one = torch.stack([0.01 * i, i + 0.4], dim=1) @ turn
        X = torch.cat([one, zero])
        return X, [0] * n + [1] * n, turn[0]

    def prefer_each_other(x, z):
        d = len(x)
        # W is unknown, the two conditions are linear in its d * d entries
        rows = np.stack([np.outer(x, z - x).ravel(), np.outer(z, x - z).ravel()])
        return (np.linalg.pinv(rows) @ np.array([5.0, 5.0])).reshape(d, d)


@right("05.5")
class Symmetric:
    def whitening_hurts(n):
        """Twins again, with a wobble that is not the same in both classes."""
        corners = np.eye(n) - 1 / n
        axes = np.linalg.svd(corners)[2][: n - 1]
        twins = corners @ axes.T
        wobble = 0.02 * np.cos(np.arange(2 * n))
        X = np.column_stack([np.repeat([0, 7], n) + wobble, np.tile(twins, (2, 1))])
        return X.tolist(), np.repeat([False, True], n)

    def fools_lda(n):
        """Class 1 alternates with a class of two groups, far away on either side."""
        i = np.arange(n)
        sides = np.resize([5, -5, -5, 5], n)
        X = np.concatenate([np.c_[i, sides], np.c_[i + 0.3, 0.001 * (i % 2)]])
        return X, np.repeat([0, 1], n), [0.0, -3.0]

    def prefer_each_other(x, z):
        """A symmetric W: it exchanges x and z, and annihilates what is orthogonal."""
        both = np.stack([x, z])
        dual = np.linalg.pinv(both)  # columns: x'p = 1, z'p = 0, and the other way
        p, q = dual.T
        return 1.5 * (np.outer(p, q) + np.outer(q, p))


# ------------------------------------------------------------------- 05.6 Explain

wrong("05.6", "words", explain_05_6="Convex in M, not in L; the rank is hard.")
wrong("05.6", "words", explain_05_6="convex rank " * 40)
wrong(
    "05.6",
    "which of the two problems is convex",
    explain_05_6="""With M we have a cone, and each step needs an
    eigendecomposition, which is slow in many dimensions. With L we need none, but the
    result depends on where we start, and it may be a poor one. A low rank is easy in L,
    because it has only k rows, and hard in M.""",
)
wrong(
    "05.6",
    "what a limited rank does",
    explain_05_6="""The squared distance is linear in M, so the hinge loss is convex
    in M and every minimum that we find is the global one. In L the distance is
    quadratic and the hinges subtract it, so the problem is not convex, and L and minus
    L are equally good. The cone costs an eigendecomposition a step.""",
)
wrong("05.6", "must be a string", explain_05_6=["convex", "rank"])

wrong(
    "05.6",
    "repeats the rubric",
    explain_05_6="""In M each squared distance is linear, so the sum of hinges is convex
    and has no local minimum that is not global; the cost is to stay semi-definite. The
    matrices of rank at most k are no convex set (an average of two has up to the rank
    2k), and minimising over them is NP-hard in general.""",
)
right(
    "05.6",
    explain_05_6="""The distance is linear in M, and a maximum of linear functions
    is convex, so LMNN has one valley in M; but every step must project on the cone of
    semi-definite matrices, which costs O(d^3). In L the distance is quadratic with both
    signs: not convex, cheap, and with many equal solutions QL. A bound on the rank is
    not convex, as the mean of two rank-one matrices shows, so in M it is NP-hard in
    general. L of shape (k, d) has it for free and pays with local minima.""",
)
right(
    "05.6",
    explain_05_6="""In M everything is a sum of maxima of linear terms: convexity,
    so any local optimum is global, at the price of eigenvalues in each iteration. In L
    we have differences of squares, nonconvex, and the start decides. Low-rank matrices
    do not form a set in which one may average, therefore the constraint on M is hard,
    whereas k rows of L simply cannot have more than rank k.""",
)
_TASK = r"""
**Objective.** Say what is convex, what is not, and what a limited rank changes.
LMNN can be solved for M (d, d), positive semi-definite, or for L (k, d) with $M =
L^\top L$. In `explain_05_6`, in at least 40 words (100 are plenty): why is the
problem convex in M but not in L, and what does each choice cost? And why is "rank of
M at most k" a hard constraint on M, although L with k rows fulfils it without any
effort?
"""
wrong("05.6", "quotes from the task", explain_05_6=_TASK)
wrong(
    "05.6",
    "quotes from the task",
    explain_05_6=_TASK + "Convex in M, but not with a rank.",
)

# ----------------------------------------------------------------- 05.7 Challenge


@wrong("05.7", "this is g(M) itself")
def mmc_bound(M, X, S, D):
    apart = X[D[:, 0]] - X[D[:, 1]]
    return np.sqrt(((apart @ M) * apart).sum(axis=1)).sum()


@wrong("05.7", "which is a bound, too, but never meets g")
def mmc_bound(M, X, S, D):
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    length = np.sqrt(((apart @ M) * apart).sum(axis=1))
    gradient = (apart / (2 * length[:, None])).T @ apart
    return length.sum() + scipy.linalg.eigh(gradient, near.T @ near)[0][-1]


@wrong("05.7", "bounds nothing")
def mmc_bound(M, X, S, D):  # the smallest eigenvalue
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    length = np.sqrt(((apart @ M) * apart).sum(axis=1))
    gradient = (apart / (2 * length[:, None])).T @ apart
    return length.sum() / 2 + scipy.linalg.eigh(gradient, near.T @ near)[0][0]


@wrong("05.7", "bounds nothing")
def mmc_bound(M, X, S, D):  # no whitening
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    length = np.sqrt(((apart @ M) * apart).sum(axis=1))
    gradient = (apart / (2 * length[:, None])).T @ apart
    W = near.T @ near
    return length.sum() / 2 + np.linalg.eigvalsh(gradient)[-1] / np.trace(W)


@wrong("05.7", "which is a bound, too, but never meets g")
def mmc_bound(M, X, S, D):  # 2 for 1/2 in the gradient
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    length = np.sqrt(((apart @ M) * apart).sum(axis=1))
    gradient = (apart / length[:, None]).T @ apart
    return length.sum() / 2 + scipy.linalg.eigh(gradient, near.T @ near)[0][-1]


@wrong("05.7", "bounds nothing")
def mmc_bound(M, X, S, D):  # squares, no root
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    return scipy.linalg.eigh(apart.T @ apart, near.T @ near)[0][-1] / 100


@wrong("05.7", "expected")
def mmc_bound(M, X, S, D):  # surely large enough
    return 1e6


@wrong("05.7", "expected one finite number")
def mmc_bound(M, X, S, D):
    return np.linalg.eigvalsh(M)[:1].repeat(3)


@wrong("05.7", "not above that of the start")
def mmc(X, S, D):
    near = X[S[:, 0]] - X[S[:, 1]]
    return np.linalg.inv(near.T @ near) / X.shape[1]


@wrong("05.7", "expected 1: divide M")
def mmc(X, S, D):
    return np.eye(X.shape[1])


@wrong("05.7", "not above that of the start")
def mmc(X, S, D):  # the worst direction in place of the best
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    vectors = scipy.linalg.eigh(apart.T @ apart, near.T @ near)[1]
    M = np.outer(vectors[:, 0], vectors[:, 0])
    return M + 0.2 * np.outer(vectors[:, 1], vectors[:, 1]) - 0.2 * M


@wrong("05.7", "is possible, up to")
def mmc(X, S, D):  # squares over D: always rank 1
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    v = scipy.linalg.eigh(apart.T @ apart, near.T @ near)[1][:, -1]
    return np.outer(v, v)


@wrong("05.7", "is possible, up to")
def mmc(X, S, D):  # one step, and done
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    W = near.T @ near
    length = np.sqrt(((apart @ np.linalg.inv(W)) * apart).sum(axis=1))
    G = (apart / length[:, None]).T @ apart
    M = np.linalg.solve(W, G) @ np.linalg.solve(W, G) @ np.linalg.inv(W)
    M = (M + M.T) / 2
    return M / np.trace(M @ W)


@wrong("05.7", "negative eigenvalue")
def mmc(X, S, D):  # a step, without the cone
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    W = near.T @ near
    vectors = scipy.linalg.eigh(apart.T @ apart, W)[1]
    M = 3 * np.outer(vectors[:, -1], vectors[:, -1])
    M -= 2 * np.outer(vectors[:, 0], vectors[:, 0])
    return M


@wrong("05.7", "must be symmetric")
def mmc(X, S, D):  # a product that is not symmetric of a metric
    near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
    return np.linalg.solve(near.T @ near, apart.T @ apart)


@wrong("05.7", "expected shape")
def mmc(X, S, D):
    return np.ones(X.shape[1])


@right("05.7")
class Quotient:
    """L-BFGS on g / sqrt(tr(MW)), free of constraints, from many starts."""

    def mmc_bound(M, X, S, D):
        X, M = torch.as_tensor(X), torch.tensor(M, requires_grad=True)
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        g = torch.einsum("nd,de,ne->n", apart, M, apart).sqrt().sum()
        (gradient,) = torch.autograd.grad(g, M)
        C = torch.linalg.cholesky(near.T @ near)
        inner = torch.linalg.solve(C, torch.linalg.solve(C, gradient).T)
        return g / 2 + torch.linalg.eigvalsh((inner + inner.T) / 2)[-1]

    def mmc(X, S, D):
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        values, vectors = np.linalg.eigh(near.T @ near)
        root = (vectors / np.sqrt(values)).T
        Z, d = torch.tensor(apart @ root.T), len(root)

        def minus(flat):
            A = torch.tensor(flat.reshape(d, d), requires_grad=True)
            value = -(Z @ A.T).norm(dim=1).sum() / A.norm()
            return value.item(), torch.autograd.grad(value, A)[0].numpy().ravel()

        start = np.eye(d) + 0.01 * np.cos(np.arange(d * d)).reshape(d, d)
        found = minimize(minus, start.ravel(), jac=True, method="L-BFGS-B")
        L = found.x.reshape(d, d) @ root / np.linalg.norm(found.x)
        return torch.tensor(L.T @ L)


@right("05.7")
class InFloat32:
    """The statement's steps, in float32."""

    def mmc_bound(M, X, S, D):
        X, M = torch.tensor(X).float(), torch.tensor(M).float()
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        values, vectors = torch.linalg.eigh(near.T @ near)
        root = (vectors / values.sqrt()).T
        length = ((apart @ M) * apart).sum(dim=1).sqrt()
        Z = apart @ root.T
        G = (Z / (2 * length[:, None])).T @ Z
        return length.sum() / 2 + torch.linalg.eigvalsh(G)[-1]

    def mmc(X, S, D):
        X = torch.tensor(X).float()
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        values, vectors = torch.linalg.eigh(near.T @ near)
        root = (vectors / values.sqrt()).T
        Z, A = apart @ root.T, torch.eye(len(root))
        for _ in range(200):
            length = (Z @ A.T).norm(dim=1)
            length = length.clamp(min=1e-6 * length.max())
            A = A @ ((Z / length[:, None]).T @ Z)
            A /= A.norm()
        return (A @ root).T @ (A @ root)


@right("05.7")
class InM:
    """Steps on M itself, in white coordinates: B <- B^(1/2) G B^(1/2) / tr."""

    def mmc_bound(M, X, S, D):
        W, g, gradient = 0, 0.0, 0
        for i, j in S:
            W = W + np.outer(X[i] - X[j], X[i] - X[j])
        for i, j in D:
            delta = X[i] - X[j]
            length = math.sqrt(delta @ M @ delta)
            g += length
            gradient = gradient + np.outer(delta, delta) / (2 * length)
        return g / 2 + np.linalg.eigvals(np.linalg.solve(W, gradient)).real.max()

    def mmc(X, S, D):
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        root = scipy.linalg.sqrtm(np.linalg.inv(near.T @ near)).real
        Z, d = apart @ root, len(root)
        B = np.eye(d) / d
        for _ in range(200):
            length = np.sqrt(((Z @ B) * Z).sum(axis=1).clip(min=1e-20))
            G = (Z / length[:, None]).T @ Z
            values, vectors = np.linalg.eigh(B)
            half = (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
            B = half @ G @ half
            B /= np.trace(B)
        M = root @ B @ root
        return (M + M.T) / 2


@right("05.7")
class Projected:
    """Xing's way: uphill, then back onto cone and plane, in white coordinates."""

    def mmc_bound(M, X, S, D):
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        values, vectors = np.linalg.eigh(near.T @ near)
        root = (vectors / np.sqrt(values)) @ vectors.T
        length = np.linalg.norm(apart @ np.linalg.cholesky(M), axis=1)
        Z = apart @ root
        G = np.einsum("n,nd,ne->de", 0.5 / length, Z, Z)
        return [length.sum() / 2 + np.linalg.norm(G, 2)]

    def mmc(X, S, D):
        near, apart = X[S[:, 0]] - X[S[:, 1]], X[D[:, 0]] - X[D[:, 1]]
        values, vectors = np.linalg.eigh(near.T @ near)
        root = (vectors / np.sqrt(values)).T
        Z, d = apart @ root.T, len(root)
        B, best, found, step = np.eye(d) / d, 0.0, None, 1.0
        for _ in range(600):
            length = np.sqrt(((Z @ B) * Z).sum(axis=1).clip(min=1e-12))
            if length.sum() > best:
                best, found, step = length.sum(), B, step * 1.1
            else:
                B, step = found, step / 2
                length = np.sqrt(((Z @ B) * Z).sum(axis=1).clip(min=1e-12))
            G = (Z / (2 * length[:, None])).T @ Z
            B = B + step * G / np.linalg.norm(G)
            # onto the semi-definite matrices of trace 1: a simplex of eigenvalues
            values, vectors = np.linalg.eigh(B)
            sums = np.cumsum(values[::-1]) - 1
            rank = np.flatnonzero(values[::-1] > sums / np.arange(1, d + 1))[-1]
            values = (values - sums[rank] / (rank + 1)).clip(min=0)
            B = (vectors * values) @ vectors.T
        M = root.T @ found @ root
        return (M + M.T) / 2
