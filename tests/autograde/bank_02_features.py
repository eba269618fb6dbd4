"""Wrong and right answers to exercise 02, Features."""

import math

import numpy as np
import torch
from torch import nn

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------------- 02.1 PCA


@wrong("02.1", "points at the mean image")
def pca(x, k):
    return x.mean(dim=0), torch.linalg.svd(x, full_matrices=False).Vh[:k]


@wrong("02.1", "Axis i is row i")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k].T


@wrong("02.1", "vary least")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.eigh((x - mean).T @ (x - mean)).eigenvectors.T[:k]


@wrong("02.1", "the largest comes first")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.eigh((x - mean).T @ (x - mean)).eigenvectors.T[-k:]


@wrong("02.1", "divided by their standard deviation")
def pca(x, k):  # a standardised pixel is worth as much as any other
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd((x - mean) / (x.std(dim=0) + 1e-6)).Vh[:k]


@wrong("02.1", "LinAlgError")
def pca(x, k):
    mean = x.mean(dim=0)
    return mean, torch.linalg.svd((x - mean) / x.std(dim=0)).Vh[:k]


@wrong("02.1", "one number for each pixel")
def pca(x, k):
    mean = x.mean()
    return mean, torch.linalg.svd(x - x.mean(dim=0), full_matrices=False).Vh[:k]


@wrong("02.1", "length 1 and be at right angles")
def pca(x, k):  # the columns of eigh, read as rows
    mean = x.mean(dim=0)
    U, S, Vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean, S[:k, None] * Vh[:k]


@wrong("02.1", "must return 2 things, mean and axes")
def pca(x, k):
    return torch.linalg.svd(x - x.mean(dim=0), full_matrices=False).Vh[:k]


@wrong("02.1", "are [4.5], expected")
def pca(x, k):  # the visible example only
    axes = torch.eye(x.shape[1], dtype=x.dtype)[:k]
    return x.mean(dim=0), axes.flip(0) if len(x) == 4 else axes


@wrong("02.1", "subtract the mean that is passed")
def encode(x, mean, axes):
    return (x - x.mean(dim=0)) @ axes.T


@wrong("02.1", "no mean")
def encode(x, mean, axes):
    return x @ axes.T


@wrong("02.1", "the mean is missing")
def decode(z, mean, axes):
    return z @ axes


@wrong("02.1", "has shape (2, 3), expected (3, 2)")
def encode(x, mean, axes):
    return axes @ (x - mean).T


@right("02.1")
class PcaByEigh:
    def pca(x, k):
        mean = x.mean(dim=0)
        cov = (x - mean).T @ (x - mean) / len(x)
        return mean, -torch.linalg.eigh(cov).eigenvectors.flip(1)[:, :k].T

    def encode(x, mean, axes):
        return torch.stack([torch.mv(axes, row - mean) for row in x])

    def decode(z, mean, axes):
        return torch.einsum("nk,kd->nd", z, axes) + mean


@right("02.1")
class PcaInNumpy:
    def pca(x, k):
        x = np.asarray(x, dtype=np.float32)
        mean = x.mean(axis=0)
        axes = np.linalg.svd(x - mean)[2][:k]
        return [mean, axes]

    def encode(x, mean, axes):
        return ((x - mean) @ axes.T).numpy()

    def decode(z, mean, axes):
        return (mean + z @ axes).tolist()


# ---------------------------------------------------------------- 02.2 Spread


def _pairs(z, labels):
    dist = torch.linalg.vector_norm(z[:, None] - z, dim=-1)
    same = labels[:, None] == labels
    return dist, same, torch.ones_like(same).triu(1)


@wrong("02.2", "the farther, the better")
def spread(z, labels):
    raise ValueError("the farther, the better")


@wrong("02.2", "within over between")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return (dist[~same & upper].mean() / dist[same & upper].mean()).item()


@wrong("02.2", "squared distances")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return (dist[same & upper] ** 2).mean() / (dist[~same & upper] ** 2).mean()


@wrong("02.2", "no pair with itself")
def spread(z, labels):
    dist, same, _ = _pairs(z, labels)
    return dist[same].mean() / dist[~same].mean()


@wrong("02.2", "divides sums")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return dist[same & upper].sum() / dist[~same & upper].sum()


@wrong("02.2", "class by class")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    means = []
    for c in labels.unique():
        inside = dist[same & upper & (labels == c)[:, None]]
        if len(inside):
            means.append(inside.mean())
    return torch.stack(means).mean() / dist[~same & upper].mean()


@wrong("02.2", "between class means")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    centres = torch.stack([z[labels == c].mean(dim=0) for c in labels.unique()])
    return dist[same & upper].mean() / torch.pdist(centres).mean()


@wrong("02.2", "so the answer is nan")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    ratio = dist[same & upper].mean() / dist[~same & upper].mean()
    return ratio.nan_to_num()


@wrong("02.2", "must be one number")
def spread(z, labels):
    dist, same, upper = _pairs(z, labels)
    return dist[same & upper] / dist[~same & upper].mean()


@wrong("02.2", "changes nothing")
def units(z, labels):
    return torch.full((z.shape[1],), 0.1)


@wrong("02.2", "at most half is asked")
def units(z, labels):
    return 1 / z.std(dim=0)


@wrong("02.2", "at most half is asked")
def units(z, labels):  # a guess
    return torch.tensor([10.0] + [0.1] * (z.shape[1] - 1))


@wrong("02.2", "between 0.1 and 10")
def units(z, labels):
    alone = torch.tensor([spread(column[:, None], labels) for column in z.T])
    return (alone == alone.min()).float()


@wrong("02.2", "at most half is asked")
def units(z, labels):  # the worst one
    alone = torch.tensor([spread(column[:, None], labels) for column in z.T])
    return torch.where(alone == alone.max(), 10, 0.1)


@wrong("02.2", "One factor for each coordinate")
def units(z, labels):
    return 10.0


@right("02.2")
class SpreadByLoops:
    def spread(z, labels):
        sums, counts = [0.0, 0.0], [0, 0]
        for i in range(len(z)):
            for j in range(i):
                same = int(labels[i] == labels[j])
                sums[same] += math.dist(z[i].tolist(), z[j].tolist())
                counts[same] += 1
        if not all(counts):
            return float("nan")
        return sums[1] / counts[1] / (sums[0] / counts[0])

    def units(z, labels):
        best = [1.0] * z.shape[1]
        for c in range(z.shape[1]):
            trials = []
            for factor in (0.1, 10.0):
                trial = [*best[:c], factor, *best[c + 1 :]]
                trials.append((spread(z * torch.tensor(trial), labels), trial))
            best = min(trials)[1]
        return best


@right("02.2")
class SpreadInNumpy:
    def spread(z, labels):
        z, labels = z.numpy().astype(np.float32), labels.numpy()
        dist = np.linalg.norm(z[:, None] - z, axis=-1)
        same = labels[:, None] == labels
        within = dist[same & ~np.eye(len(z), dtype=bool)]
        if not len(within) or same.all():
            return np.nan
        return within.mean() / dist[~same].mean()

    def units(z, labels):
        classes = labels.unique()
        inside = sum(z[labels == c].var(dim=0) for c in classes) / len(classes)
        clear = (z.var(dim=0) / inside).argmax()
        return np.where(np.arange(z.shape[1]) == int(clear), 10.0, 0.1)


# ------------------------------------------------------------------ 02.3 Kept


def _distances(z):
    return torch.linalg.vector_norm(z[:, None] - z, dim=-1)


def _chance(factor):
    counts = torch.unique(factor, return_counts=True)[1].double()
    n = len(factor)
    return (counts * (counts - 1)).sum() / (n * (n - 1))


@wrong("02.3", "each row found itself")
def kept(z, factor):
    nearest = _distances(z).argmin(dim=1)
    nearest = torch.where(_distances(z).amin(dim=1) == 0, torch.arange(len(z)), nearest)
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "not by its distance 0")
def kept(z, factor):
    dist = _distances(z)
    dist = torch.where(dist == 0, torch.inf, dist)
    return (factor[dist.argmin(dim=1)] == factor).double().mean(), _chance(factor)


@wrong("02.3", "lowest index counts")
def kept(z, factor):
    dist = _distances(z).fill_diagonal_(torch.inf).flip(1)
    nearest = len(z) - 1 - dist.argmin(dim=1)
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "the farthest rows")
def kept(z, factor):
    nearest = _distances(z).argmax(dim=1)
    return (factor[nearest] == factor).double().mean(), _chance(factor)


@wrong("02.3", "divide by n")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return int((factor[nearest] == factor).sum()), _chance(factor)


@wrong("02.3", "draws the row itself")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    share = torch.unique(factor, return_counts=True)[1] / len(factor)
    return (factor[nearest] == factor).double().mean(), (share**2).sum()


@wrong("02.3", "equally frequent")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return (factor[nearest] == factor).double().mean(), 1 / len(factor.unique())


@wrong("02.3", "most frequent value")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    share = torch.unique(factor, return_counts=True)[1] / len(factor)
    return (factor[nearest] == factor).double().mean(), share.max()


@wrong("02.3", "in this order")
def kept(z, factor):
    nearest = _distances(z).fill_diagonal_(torch.inf).argmin(dim=1)
    return (factor[nearest] == factor).double().mean()


@wrong("02.3", "agreement is 0.5, expected")
def kept(z, factor):  # the visible example only
    return 0.5, _chance(factor)


@right("02.3")
def kept(z, factor):
    n, hits = len(z), 0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        nearest = min(others, key=lambda j: math.dist(z[i].tolist(), z[j].tolist()))
        hits += int(factor[nearest] == factor[i])
    counts = [int((factor == c).sum()) for c in set(factor.tolist())]
    return hits / n, sum(c * (c - 1) for c in counts) / n / (n - 1)


@right("02.3")
def kept(z, factor):
    z, factor = z.numpy().astype(np.float32), factor.numpy()
    squares = ((z[:, None] - z) ** 2).sum(axis=-1)
    np.fill_diagonal(squares, np.inf)
    same = factor[:, None] == factor
    off = ~np.eye(len(z), dtype=bool)
    return np.array([(factor[squares.argmin(axis=1)] == factor).mean(), same[off].mean()])


# -------------------------------------------------------- 02.4 A class, sampled


def _eigh_root(C):
    values, vectors = torch.linalg.eigh((C + C.T) / 2)
    return vectors * values.clamp(min=0).sqrt()


@wrong("02.4", "pseudo-inverse of L")
def gain(L, cov):
    return torch.linalg.pinv(L)


@wrong("02.4", "the inverse of L Sigma L' is missing")
def gain(L, cov):
    return cov @ L.T


@wrong("02.4", "turns a code of length k into an image")
def gain(L, cov):
    return torch.linalg.solve(L @ cov @ L.T, L @ cov)


@wrong("02.4", "is not positive-definite")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    C = cov - G @ L @ cov
    return mu + G @ z + v @ torch.linalg.cholesky(C).T


@wrong("02.4", "holds NaN or infinity")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    values, vectors = torch.linalg.eigh(cov - G @ L @ cov)
    return mu + G @ z + v @ (vectors * values.sqrt()).T


@wrong("02.4", "off by")
def sample_class(L, mu, cov, z, v):  # NaN hidden, not cured: a jitter that is too large
    G = gain(L, cov)
    C = cov - G @ L @ cov
    root = torch.linalg.cholesky(C + 0.1 * torch.eye(len(C), dtype=C.dtype))
    return mu + G @ z + v @ root.T


@wrong("02.4", "mu is missing")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return G @ z + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "whatever the code")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "goes straight along L")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + torch.linalg.pinv(L) @ z + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "it is L (x - mu)")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + G @ (z - L @ mu) + v @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "only C = Sigma - G L Sigma is left")
def sample_class(L, mu, cov, z, v):
    return mu + gain(L, cov) @ z + v @ torch.linalg.cholesky(cov).T


@wrong("02.4", "B' B is C")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + G @ z + v @ _eigh_root(cov - G @ L @ cov)


@wrong("02.4", "multiplied by C itself")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    return mu + G @ z + v @ (cov - G @ L @ cov)


@wrong("02.4", "only source of chance")
def sample_class(L, mu, cov, z, v):  # right as long as v is a unit vector or 0
    G = gain(L, cov)
    B = _eigh_root(cov - G @ L @ cov)
    plain = (v == 0) | (v == 1)
    own = torch.randn_like(v)
    return mu + G @ z + torch.where(plain.all(dim=1, keepdim=True), v, own) @ B.T


@wrong("02.4", "expected")
def sample_class(L, mu, cov, z, v):
    G = gain(L, cov)
    own = torch.randn_like(v)
    return mu + G @ z + own @ _eigh_root(cov - G @ L @ cov).T


@wrong("02.4", "is singular")
def sample_class(L, mu, cov, z, v):  # by the precision, which a flat Sigma lacks
    precision = torch.linalg.inv(cov)
    null = torch.linalg.svd(L).Vh[len(L) :]
    inner = torch.linalg.inv(null @ precision @ null.T)
    G = gain(L, cov)
    root = null.T @ torch.linalg.cholesky(inner)
    return mu + G @ z + v[:, : len(null)] @ root.T


@right("02.4")
class BySingularValues:
    def gain(L, cov):
        return cov @ L.T @ torch.linalg.inv(L @ cov @ L.T)

    def sample_class(L, mu, cov, z, v):
        G = gain(L, cov)
        U, S, _ = torch.linalg.svd(cov - G @ L @ cov)
        return torch.stack([mu + G @ z + U @ (S.sqrt() * row) for row in v])


@right("02.4")
class ByCorrection:
    def gain(L, cov):
        return (np.linalg.pinv(L @ cov @ L.T) @ (L @ cov).numpy()).T

    def sample_class(L, mu, cov, z, v):
        values, vectors = torch.linalg.eigh(cov.double())
        x = v.double() @ (vectors * values.clamp(min=0).sqrt()).T
        L, z = L.double(), z.double()
        G = cov.double() @ L.T @ torch.linalg.inv(L @ cov.double() @ L.T)
        return mu + x + (z - x @ L.T) @ G.T
