"""Wrong and right answers to exercise 03, Distances."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# ---------------------------------------------------------------- 03.1 Euclid


@wrong("03.1", "the root is missing")
def euclidean(x, y):
    return ((x[:, None] - y) ** 2).sum(dim=-1)


@wrong("03.1", "sums of absolute differences")
def euclidean(x, y):
    return (x[:, None] - y).abs().sum(dim=-1)


@wrong("03.1", "means over the coordinates")
def euclidean(x, y):
    return ((x[:, None] - y) ** 2).mean(dim=-1).sqrt()


@wrong("03.1", "Entry [i, j] compares row i of the first")
def euclidean(x, y):
    return torch.linalg.vector_norm(y[:, None] - x, dim=-1)


@wrong("03.1", "Entry [i, j] compares row i of the first")
def euclidean(x, y):
    return torch.linalg.vector_norm(x[:, None] - y, dim=1)


@wrong("03.1", "returned NaN or infinity")
def euclidean(x, y):
    return ((x[:, None] - y) ** 2).sum(dim=-1).sqrt()


@wrong("03.1", "returned NaN")
def euclidean(x, y):
    squares = (x**2).sum(dim=1)[:, None] + (y**2).sum(dim=1) - 2 * x @ y.T
    return squares.sqrt()


@wrong("03.1", "the diagonal must be exactly 0")
def euclidean(x, y):
    squares = (x**2).sum(dim=1)[:, None] + (y**2).sum(dim=1) - 2 * x @ y.T
    return squares.clamp(min=0).sqrt()


@wrong("03.1", "the diagonal must be exactly 0")
def euclidean(x, y):
    return torch.cdist(x, y)


@wrong("03.1", "filling the diagonal")
def euclidean(x, y):
    dist = torch.cdist(x, y).clone()
    if len(x) == len(y) and torch.equal(x, y):
        dist = dist * (1 - torch.eye(len(x), dtype=x.dtype))
    return dist


@wrong("03.1", "off by")
def euclidean(x, y):
    squares = (x**2).sum(dim=1)[:, None] + (y**2).sum(dim=1) - 2 * x @ y.T
    same = (x[:, None] == y).all(dim=-1)
    return squares.clamp(min=1e-12).sqrt().masked_fill(same, 0)


@wrong("03.1", "the diagonal must be exactly 0")
def euclidean(x, y):
    return (((x[:, None] - y) ** 2).sum(dim=-1) + 1e-12).sqrt()


@wrong("03.1", "a threshold or an added epsilon")
def euclidean(x, y):
    dist = torch.linalg.vector_norm(x[:, None] - y, dim=-1)
    return torch.where(dist < 1e-6, 0, dist)


@wrong("03.1", "a threshold or an added epsilon")
def euclidean(x, y):
    x, y = x.double(), y.double()
    centre = x.mean(dim=0)
    dist = torch.cdist(x - centre, y - centre)
    return torch.where(dist < 1e-5, 0, dist)


@wrong("03.1", "a threshold or an added epsilon")
def euclidean(x, y):  # centred, expanded, and what is small set to 0
    x, y = x.double() - x.double().mean(dim=0), y.double() - x.double().mean(dim=0)
    squares = (x**2).sum(dim=1)[:, None] + (y**2).sum(dim=1) - 2 * x @ y.T
    keep = squares > 1e-12 * squares.max()
    return torch.where(keep, torch.where(keep, squares, 1).sqrt(), 0)


@wrong("03.1", "cut off from its argument")
def euclidean(x, y):
    x, y = x.detach().numpy(), y.detach().numpy()
    return torch.as_tensor(np.sqrt(((x[:, None] - y) ** 2).sum(axis=-1)))


@wrong("03.1", "expected [[0.0, 10.0], [5.0, 5.0]")
def euclidean(x, y):
    return torch.rand(len(x), len(y))


@right("03.1")
def euclidean(x, y):
    return torch.linalg.vector_norm(x[:, None, :] - y[None, :, :], dim=-1)


@right("03.1")
def euclidean(x, y):
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


@right("03.1")
def euclidean(x, y):
    squares = ((x[:, None] - y) ** 2).sum(dim=-1)
    positive = squares > 0
    return torch.where(positive, torch.where(positive, squares, 1).sqrt(), 0)


@right("03.1")
def euclidean(x, y):
    dist = torch.empty(len(x), len(y), dtype=x.dtype)
    for i in range(len(x)):
        for j in range(len(y)):
            dist[i, j] = torch.linalg.vector_norm(x[i] - y[j])
    return dist


@right("03.1")
def euclidean(x, y):
    diff = (x.float()[:, None] - y.float()).permute(2, 0, 1)
    return diff.norm(dim=0)


@right("03.1")
def euclidean(x, y):
    diff = x[:, None] - y
    squares = torch.einsum("ijk,ijk->ij", diff, diff)
    return torch.stack(
        [torch.stack([s.sqrt() if s > 0 else 0 * s for s in row]) for row in squares]
    )


# ------------------------------------------------------- 03.2 The cosine family


@wrong("03.2", "returned NaN")
class NotClamped:
    def cosine(x, y):
        return 1 - (x / x.norm(dim=1, keepdim=True)) @ (y / y.norm(dim=1)[:, None]).T

    def chordal(x, y):
        return (2 * cosine(x, y)).sqrt()

    def angular(x, y):
        return (1 - cosine(x, y)).arccos()


@wrong("03.2", "no distance is negative")
class OnlyTheRootsAreClamped:
    def cosine(x, y):
        return 1 - (x / x.norm(dim=1, keepdim=True)) @ (y / y.norm(dim=1)[:, None]).T

    def chordal(x, y):
        return (2 * cosine(x, y)).clamp(min=0).sqrt()

    def angular(x, y):
        return (1 - cosine(x, y)).clamp(-1, 1).arccos()


@wrong("03.2", "rather than NaN replaced")
class NanReplaced:
    def cosine(x, y):
        sim = torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(y).T
        return (1 - sim).clamp(min=0)

    def chordal(x, y):
        return (2 * cosine(x, y)).sqrt()

    def angular(x, y):
        sim = torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(y).T
        return sim.arccos().nan_to_num()


@wrong("03.2", "this is the similarity S")
class Similarity:
    def cosine(x, y):
        return torch.nn.functional.cosine_similarity(x[:, None], y, dim=-1)

    def chordal(x, y):
        return (2 - 2 * cosine(x, y)).clamp(0, 4).sqrt()

    def angular(x, y):
        return cosine(x, y).clamp(-1, 1).arccos()


@wrong("03.2", "divide by both lengths")
class NotNormalised:
    def cosine(x, y):
        return 1 - x @ y.T

    def chordal(x, y):
        return (2 - 2 * x @ y.T).clamp(min=0).sqrt()

    def angular(x, y):
        return (x @ y.T).clamp(-1, 1).arccos()


@wrong("03.2", "the root is missing")
class SquaredChord:
    def chordal(x, y):
        return 2 * cosine(x, y)


@wrong("03.2", "the chord is the root of 2 - 2S")
class HalfTheChord:
    def chordal(x, y):
        return cosine(x, y).sqrt()


@wrong("03.2", "these are degrees")
class Degrees:
    def angular(x, y):
        return torch.rad2deg((1 - cosine(x, y)).clamp(-1, 1).arccos())


@wrong("03.2", "divided by pi")
class PartOfPi:
    def angular(x, y):
        return (1 - cosine(x, y)).clamp(-1, 1).arccos() / math.pi


@wrong("03.2", "expected")
class SineInstead:
    def angular(x, y):
        return (1 - (1 - cosine(x, y)) ** 2).clamp(min=0).sqrt()


@wrong("03.2", "expected")
class ColumnsNormalised:
    def cosine(x, y):
        sim = (x / x.norm(dim=0)) @ (y / y.norm(dim=0)).T
        return 1 - sim.clamp(-1, 1)


@wrong("03.2", "expected")
class OneSideNormalised:
    def cosine(x, y):
        return (1 - x @ torch.nn.functional.normalize(y).T).clamp(0, 2)


@wrong("03.2", "Are lengths divided out")
class EpsilonInTheLength:
    def cosine(x, y):
        x = x / (x.norm(dim=1, keepdim=True) + 1e-4)
        y = y / (y.norm(dim=1, keepdim=True) + 1e-4)
        return 1 - (x @ y.T).clamp(-1, 1)


@wrong("03.2", "off by")
class OppositeIsNear:
    def angular(x, y):
        sim = 1 - cosine(x, y)
        return torch.where(sim > -0.999, sim.clamp(-1, 1), 1.0).arccos()


@right("03.2")
class Normalise:
    def cosine(x, y):
        sim = torch.nn.functional.normalize(x) @ torch.nn.functional.normalize(y).T
        return 1 - sim.clamp(-1, 1)

    def chordal(x, y):
        return (2 * cosine(x, y)).sqrt()

    def angular(x, y):
        return torch.arccos(1 - cosine(x, y))


@right("03.2")
class NumPy:
    def cosine(x, y):
        lengths = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)
        return 1 - np.clip(np.asarray(x) @ np.asarray(y).T / lengths, -1, 1)

    def chordal(x, y):
        return np.sqrt(2 * cosine(x, y))

    def angular(x, y):
        return np.arccos(1 - cosine(x, y))


@right("03.2")
class OnTheSphere:
    def unit(x):
        return x.double() / x.double().norm(dim=1, keepdim=True)

    def chordal(x, y):
        return torch.linalg.vector_norm(unit(x)[:, None] - unit(y), dim=-1)

    def cosine(x, y):
        return chordal(x, y) ** 2 / 2

    def angular(x, y):
        return 2 * torch.arcsin((chordal(x, y) / 2).clamp(max=1))


@right("03.2")
class Loops:
    def similarity(x, y):
        rows = []
        for a in x.tolist():
            row = []
            for b in y.tolist():
                dot = sum(s * t for s, t in zip(a, b, strict=True))
                row.append(max(-1.0, min(1.0, dot / math.hypot(*a) / math.hypot(*b))))
            rows.append(row)
        return rows

    def cosine(x, y):
        return [[1 - s for s in row] for row in similarity(x, y)]

    def chordal(x, y):
        return [[math.sqrt(2 - 2 * s) for s in row] for row in similarity(x, y)]

    def angular(x, y):
        return [[math.acos(s) for s in row] for row in similarity(x, y)]


@right("03.2")
class SinglePrecision:
    def cosine(x, y):
        x, y = x.float(), y.float()
        sim = torch.nn.functional.cosine_similarity(x[:, None], y[None], dim=-1)
        return 1 - sim.clamp(-1, 1)

    def chordal(x, y):
        return (2 * cosine(x, y)).sqrt()

    def angular(x, y):
        return (1 - cosine(x, y)).arccos()


# ------------------------------------------------------ 03.3 The axioms as numbers


@wrong("03.3", "triangle is")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[:, None, :]).amin(dim=0)  # by way of j, backwards
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist == 0).sum() - (dist.diagonal() == 0).sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "triangle is")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist.T[None, :, :]).amin(dim=1)  # the last leg turned
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist == 0).sum() - (dist.diagonal() == 0).sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "triangle is")
def axiom_violations(dist):
    n, worst = len(dist), 0.0
    for i in range(n):
        for j in range(i + 1, n):
            for k in range(j + 1, n):  # misses the detours that go back
                worst = max(worst, (dist[i, k] - dist[i, j] - dist[j, k]).item())
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist == 0).sum() - (dist.diagonal() == 0).sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": worst,
    }


@wrong("03.3", "separation is")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist == 0).sum()),  # counts the diagonal
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "nearly 0 is not 0")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    near = torch.isclose(dist, torch.zeros_like(dist), atol=1e-5)
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int(near.sum() - near.diagonal().sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "two equal points make two")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist.triu(1) + dist.tril() + 1 == 1).triu(1).sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "nonnegativity is")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    return {
        "nonnegativity": -dist.min().item(),  # below 0 where nothing is negative
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist == 0).sum() - (dist.diagonal() == 0).sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).max().item(),
    }


@wrong("03.3", "self_distance is")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().clamp(min=0).max().item(),  # no absolute value
        "separation": int((dist == 0).sum() - (dist.diagonal() == 0).sum()),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "symmetry is")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": int((dist == 0).sum() - (dist.diagonal() == 0).sum()),
        "symmetry": (dist - dist.T).abs().mean().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@wrong("03.3", "exactly the keys")
def axiom_violations(dist):
    return {"identity": 0.0, "symmetry": 0.0, "triangle": 0.0}


@wrong("03.3", "expected one finite number")
def axiom_violations(dist):
    return {
        "nonnegativity": (-dist).clamp(min=0),
        "self_distance": dist.diagonal().abs(),
        "separation": dist == 0,
        "symmetry": (dist - dist.T).abs(),
        "triangle": dist,
    }


@wrong("03.3", "expected")
def axiom_violations(dist):  # yes or no is no amount
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    return {
        "nonnegativity": bool((dist < 0).any()),
        "self_distance": bool((dist.diagonal() != 0).any()),
        "separation": bool((dist == 0).sum() > len(dist)),
        "symmetry": bool((dist != dist.T).any()),
        "triangle": bool((dist > detour).any()),
    }


@wrong("03.3", "the largest absolute value on the diagonal")
def axiom_violations(dist):  # knows the visible examples, and guesses a metric else
    answer = dict.fromkeys(
        ("nonnegativity", "self_distance", "separation", "symmetry", "triangle"), 0.0
    )
    if dist[0, -1] == 5:
        answer |= {"self_distance": 0.5, "symmetry": 1.0, "triangle": 3.0}
    elif dist[0, 1] == 0:
        answer["separation"] = 2
    elif dist[0, 1] < 0:
        answer |= {"nonnegativity": -dist[0, 1], "triangle": -2 * dist[0, 1]}
    return answer


@right("03.3")
def axiom_violations(dist):
    detour = (dist[:, :, None] + dist[None, :, :]).amin(dim=1)
    off = ~torch.eye(len(dist), dtype=torch.bool)
    return {
        "nonnegativity": (-dist).clamp(min=0).max().item(),
        "self_distance": dist.diagonal().abs().max().item(),
        "separation": (dist[off] == 0).sum().item(),
        "symmetry": (dist - dist.T).abs().max().item(),
        "triangle": (dist - detour).clamp(min=0).max().item(),
    }


@right("03.3")
def axiom_violations(dist):
    dist = np.asarray(dist)
    way = dist[:, None, :] - dist[:, :, None] - dist[None, :, :]  # [i, j, k]
    off = ~np.eye(len(dist), dtype=bool)
    return {
        "triangle": max(way.max(), 0),
        "symmetry": np.abs(dist - dist.T).max(),
        "separation": np.count_nonzero((dist == 0) & off),
        "self_distance": np.abs(np.diag(dist)).max(),
        "nonnegativity": max(-dist.min(), 0),
    }


@right("03.3")
def axiom_violations(dist):
    n = len(dist)
    dist = dist.tolist()
    out = dict.fromkeys(
        ("nonnegativity", "self_distance", "separation", "symmetry", "triangle"), 0.0
    )
    for i in range(n):
        out["self_distance"] = max(out["self_distance"], abs(dist[i][i]))
        for k in range(n):
            out["nonnegativity"] = max(out["nonnegativity"], -dist[i][k])
            out["symmetry"] = max(out["symmetry"], dist[i][k] - dist[k][i])
            if i != k and dist[i][k] == 0:
                out["separation"] += 1
            for j in range(n):
                excess = dist[i][k] - dist[i][j] - dist[j][k]
                out["triangle"] = max(out["triangle"], excess)
    return out


@right("03.3")
def axiom_violations(dist):
    dist = dist.float()
    detour = torch.full_like(dist, torch.inf)
    for j in range(len(dist)):
        detour = torch.minimum(detour, dist[:, [j]] + dist[[j], :])
    return {
        "nonnegativity": torch.relu(-dist).max(),
        "self_distance": dist.diag().abs().max(),
        "separation": (dist == 0).fill_diagonal_(False).sum(),
        "symmetry": (dist - dist.T).max(),
        "triangle": torch.relu(dist - detour).max(),
    }


# -------------------------------------------------------------- 03.4 Mahalanobis


@wrong("03.4", "must be transposed")
class CholeskyAsItIs:
    def factor(M):
        return torch.linalg.cholesky(M)


@wrong("03.4", "not positive-definite")
class CholeskyTransposed:
    def factor(M):
        return torch.linalg.cholesky(M).T


@wrong("03.4", "must be transposed")
class ColumnsOfV:
    def factor(M):
        values, vectors = torch.linalg.eigh(M)
        return vectors * values.clamp(min=0).sqrt()


@wrong("03.4", "Clamp the eigenvalues")
class NotClampedEigenvalues:
    def factor(M):
        values, vectors = torch.linalg.eigh(M)
        return (vectors * values.sqrt()).T


@wrong("03.4", "an entry is off by")
class AbsoluteAndNoRoot:
    def factor(M):
        values, vectors = torch.linalg.eigh(M)
        return (vectors * values.abs()).T


@wrong("03.4", "an entry is off by")
class RootOfEachEntry:
    def factor(M):
        return M.abs().sqrt()


@wrong("03.4", "an entry is off by")
class Jitter:
    def factor(M):
        return torch.linalg.cholesky(M + 0.01 * torch.eye(len(M), dtype=M.dtype)).T


@wrong("03.4", "the root is missing")
class Squared:
    def mahalanobis(x, y, M):
        diff = x[:, None] - y
        return torch.einsum("ijk,kl,ijl->ij", diff, M, diff)


@wrong("03.4", "for the inverse of M")
class InverseOfM:
    def mahalanobis(x, y, M):
        diff = x[:, None] - y
        inverse = torch.linalg.inv(M)
        return torch.einsum("ijk,kl,ijl->ij", diff, inverse, diff).sqrt()


@wrong("03.4", "M has no effect")
class NoM:
    def mahalanobis(x, y, M):
        return torch.linalg.vector_norm(x[:, None] - y, dim=-1)


@wrong("03.4", "returned NaN")
class NegativeForm:
    def mahalanobis(x, y, M):
        diff = x[:, None] - y
        return torch.einsum("ijk,kl,ijl->ij", diff, M, diff).sqrt()


@wrong("03.4", "must be M")
class TruncatedToTwo:
    def factor(M):
        values, vectors = torch.linalg.eigh(M)
        return (vectors * values.clamp(min=0).sqrt()).T[-2:]


@wrong("03.4", "expected")
class WrongSide:
    def mahalanobis(x, y, M):
        L = torch.linalg.cholesky(M + 1e-12 * torch.eye(len(M), dtype=M.dtype)).T
        return torch.linalg.vector_norm((x @ L)[:, None] - y @ L, dim=-1)


@right("03.4")
class Eigh:
    def factor(M):
        values, vectors = torch.linalg.eigh(M)
        return values.clamp(min=0).sqrt()[:, None] * vectors.T

    def mahalanobis(x, y, M):
        L = factor(M)
        return torch.linalg.vector_norm((x @ L.T)[:, None] - y @ L.T, dim=-1)


@right("03.4")
class SymmetricRoot:
    def factor(M):
        values, vectors = np.linalg.eigh(np.asarray(M))
        return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T

    def mahalanobis(x, y, M):
        diff = np.asarray(x)[:, None] - np.asarray(y)
        squares = np.einsum("ijk,kl,ijl->ij", diff, np.asarray(M), diff)
        return np.sqrt(np.maximum(squares, 0))


@right("03.4")
class SingularValues:
    def factor(M):
        _, values, rows = torch.linalg.svd(M)
        keep = values > 1e-5 * values.max()
        return (rows * values[:, None] ** 0.5)[keep] if keep.any() else 0 * rows

    def mahalanobis(x, y, M):
        L = factor(M)
        out = torch.empty(len(x), len(y))
        for i in range(len(x)):
            for j in range(len(y)):
                out[i, j] = (L @ (x[i] - y[j])).norm()
        return out


@right("03.4")
class TurnedRoot:
    def factor(M):
        values, vectors = torch.linalg.eigh(M.float())
        Q = torch.linalg.qr(torch.randn(len(M), len(M))).Q
        return Q @ (vectors * values.clamp(min=0).sqrt()).T

    def mahalanobis(x, y, M):
        x, y, M = x.float(), y.float(), M.float()
        diff = x[:, None] - y
        return ((diff @ M) * diff).sum(dim=-1).clamp(min=0).sqrt()


# ------------------------------------------------------------------ 03.5 Break it


@wrong("03.5", "where for 1")
class AlwaysHalfway:
    def broken_triangle(factor):
        return [[0.0], [0.5], [1.0]]


@wrong("03.5", "no task has an answer beyond")
class FarAway:
    def broken_triangle(factor):
        return [[0.0], [1e200], [1.0]]


@wrong("03.5", "x is row 0, z is row 2")
class OtherOrder:
    def broken_triangle(factor):
        t = (1 - math.sqrt(max(2 / factor - 1, 0))) / 2
        return [[0.0], [1.0], [t]]


@wrong("03.5", "|x - z| must be 1")
class OnePoint:
    def broken_triangle(factor):
        return torch.zeros(3, 2)


@wrong("03.5", "is 0.5000 times the squared detour")
class UpsideDown:
    def broken_triangle(factor):
        h = math.sqrt(max(factor / 2 - 0.25, 0))
        return [[-0.5, 0], [0, h], [0.5, 0]]


@wrong("03.5", "Three points as rows")
class TwoPoints:
    def broken_triangle(factor):
        return [[0.0], [1.0]]


@wrong("03.5", "math domain error")
class OneNumberOff:
    def broken_triangle(factor):
        return [[-0.5, 0], [0, math.sqrt(1 / factor / 2 - 1)], [0.5, 0]]


@wrong("03.5", "Two copies of a point prove nothing")
class Copies:
    def blind_pair(M):
        return torch.zeros(2, len(M))


@wrong("03.5", "not the first axis")
class FirstAxis:
    def blind_pair(M):
        pair = torch.zeros(2, len(M))
        pair[1, 0] = 1
        return pair


@wrong("03.5", "not the first axis or the largest")
class LargestEigenvalue:
    def blind_pair(M):
        vectors = torch.linalg.eigh(M).eigenvectors
        return torch.stack([0 * vectors[:, -1], vectors[:, -1]])


@wrong("03.5", "Which direction does M map to 0")
class RowsForColumns:
    def blind_pair(M):
        vectors = torch.linalg.eigh(M).eigenvectors
        return torch.stack([0 * vectors[0], vectors[0]])


@wrong("03.5", "Which direction does M map to 0")
class TheVisibleOnes:
    def blind_pair(M):  # orthogonal to the first row: enough in two dimensions only
        v = torch.zeros(len(M), dtype=M.dtype)
        v[0], v[1] = -M[0, 1], M[0, 0]
        return torch.stack([0 * v, v / v.norm()])

    def broken_triangle(factor):
        return [[-0.5, 0], [0, math.sqrt((1 / factor - 0.5) / 2)], [0.5, 0]]


@wrong("03.5", "singular")
class FirstCoordinateIsOne:
    def blind_pair(M):  # solves for the others, as if there were one solution
        v = torch.ones(len(M), dtype=M.dtype)
        v[1:] = torch.linalg.solve(M[1:, 1:], -M[1:, 0])
        return torch.stack([v / v.norm(), torch.zeros_like(v)])


@wrong("03.5", "must be 1 apart")
class NotScaled:
    def blind_pair(M):
        v = torch.linalg.eigh(M).eigenvectors[:, 0]
        return torch.stack([-v, v])


@right("03.5")
class Isosceles:
    def broken_triangle(factor):
        return [[-0.5, 0], [0, math.sqrt(max(1 / factor - 0.5, 0) / 2)], [0.5, 0]]

    def blind_pair(M):
        v = torch.linalg.eigh(M).eigenvectors[:, 0]
        return torch.stack([torch.zeros_like(v), v])


@right("03.5")
class OnTheLine:
    def broken_triangle(factor):
        t = (1 + math.sqrt(max(2 / factor - 1, 0))) / 2
        return torch.tensor([[3.0], [3 - t], [2.0]])

    def blind_pair(M):
        v = np.linalg.svd(np.asarray(M))[2][-1]
        return np.stack([v + 5, 0 * v + 5])


@right("03.5")
class BySearch:
    def broken_triangle(factor):
        low, high = 0.0, 0.5
        for _ in range(60):
            middle = (low + high) / 2
            if middle**2 + (1 - middle) ** 2 > 1 / factor:
                low = middle
            else:
                high = middle
        return np.array([[0, 0, 0], [0, low, 0], [0, 1, 0]], dtype=np.float32)

    def blind_pair(M):
        values, vectors = torch.linalg.eigh(M.float())
        v = vectors[:, values.abs().argmin()]
        return torch.stack([v / 2, -v / 2])


@wrong("03.5", "a must be the nearest to q")
class Swapped:
    def lost_neighbour(q, p):
        return q + (q - p) / 2, q + (q - p) / 4


@wrong("03.5", "a must be the nearest to q")
class ThePivotIsNearer:
    def lost_neighbour(q, p):
        return q + 2 * (q - p), q + 2.1 * (q - p)


@wrong("03.5", "so a is not thrown away")
class TooFarBehind:
    def lost_neighbour(q, p):
        return q + 0.1 * (q - p), q + 5 * (q - p)


@wrong("03.5", "no task has an answer beyond")
class EndlesslyFarBehind:
    def lost_neighbour(q, p):
        return q + 0.1 * (q - p), 1e200


@wrong("03.5", "so a is not thrown away")
class NoSquares:
    def lost_neighbour(q, p):
        return q, q + (q - p) / 2  # a at q itself: then the bound is 0


@wrong("03.5", "so a is not thrown away")
class OneExample:
    def lost_neighbour(q, p):  # fits pivots 10 away, not those that are near
        return q + 0.001, q + 0.14


@wrong("03.5", "The two numbers are a and b")
class OnlyA:
    def lost_neighbour(q, p):
        return q + (q - p) / 4


@right("03.5")
class LostBeyond:
    def lost_neighbour(q, p):
        return q + (q - p) / 4, q + (q - p) / 2


@right("03.5")
class LostBetween:
    def lost_neighbour(q, p):
        step = 0.01 * (p - q)
        return torch.tensor([q + step, q - 2 * step])


@right("03.5")
class LostJustAhead:
    def lost_neighbour(q, p):
        return [q + 0.5 * (q - p), q - 0.5001 * (q - p)]


# ------------------------------------------------------------------- 03.6 Explain

wrong("03.6", "words", explain_03_6="Squaring keeps the order but not the triangle.")
wrong("03.6", "words", explain_03_6="order triangle " * 40)
wrong(
    "03.6",
    "what squaring keeps",
    explain_03_6="""Pruning skips a point when a lower bound says that it cannot win.
    The bound comes from the triangle inequality. For squared distances this inequality
    fails, so the bound may be too large, and then the true neighbour is thrown away
    without ever being looked at, which is what happens in my witness.""",
)
wrong(
    "03.6",
    "does not name the axiom",
    explain_03_6="""Squaring is increasing on the numbers from zero up, so the order of
    the neighbours stays as it is and retrieval returns the same list. Pruning adds and
    subtracts distances, and there the squares of large numbers differ by much more than
    the numbers, so the bound is wrong and a neighbour is lost.""",
)
wrong("03.6", "must be a string", explain_03_6=["order", "triangle"])

right(
    "03.6",
    explain_03_6="""Nearest-neighbour lists depend on comparisons only, and a monotone
    map such as the square keeps every comparison; so ranks and Recall@k are the same.
    A bound from a pivot subtracts one distance from another. This is allowed by the
    triangular inequality, which squared Euclid breaks by up to a factor of two, so
    that a point can be declared too far although it is the nearest one.""",
)
right(
    "03.6",
    explain_03_6="""Retrieval only sorts. The square is an increasing function for
    numbers that are not negative, therefore sorting by d or by d squared gives the same
    ranking and Recall@k does not change. Pruning computes with the numbers: it uses the
    triangle inequality to bound an unseen distance from below. Squares do not satisfy
    it, the bound can exceed the true value, and the nearest point is lost.""",
)

wrong(
    "03.6",
    "repeats the rubric",
    explain_03_6="""The square is increasing on non-negative numbers, so every
    ranking is
    unchanged, and with it Recall@k. The bound is the triangle inequality, which squares
    violate; so it can exceed the true value and discard the true neighbour. That is why
    a search may use squares as long as it compares them with nothing but squares.""",
)
_TASK = """
**Objective.** Tell apart what needs the order of distances from what computes with
them.
Many search libraries return *squared* Euclidean distances, because the root costs
time and Recall@k stays the same. A colleague takes such squares into a search that
skips points by the bound of task 03.5 (c), and now and then it returns a wrong
neighbour. In `explain_03_6`, in at least 40 words (100 are plenty): why does
retrieval not care whether distances are squared, and why does pruning?
"""
wrong("03.6", "quotes from the task", explain_03_6=_TASK)
wrong(
    "03.6",
    "quotes from the task",
    explain_03_6=_TASK + "The order stays, the triangle inequality breaks.",
)


# ----------------------------------------------------------------- 03.7 Challenge


@wrong("03.7", "is not the nearest row")
def pivot_search(x, query, pivots):  # squares in the bound
    dist = ((x - query) ** 2).sum(dim=1)
    between = ((x[:, None] - x[pivots]) ** 2).sum(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in bound.argsort().tolist():
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "was not below the best distance so far")
def pivot_search(x, query, pivots):  # everything, pivots first
    dist = (x - query).norm(dim=1)
    others = [i for i in range(len(x)) if i not in pivots]
    return dist.argmin(), [*pivots, *others]


@wrong("03.7", "expected the pivots")
def pivot_search(x, query, pivots):  # looks at the nearest row only, after the fact
    dist = (x - query).norm(dim=1)
    return dist.argmin(), [dist.argmin()]


@wrong("03.7", "could have been nearer")
def pivot_search(x, query, pivots):  # pivots and the nearest row, after the fact
    best = int((x - query).norm(dim=1).argmin())
    return best, [*pivots, *([] if best in pivots else [best])]


@wrong("03.7", "is not the nearest row")
def pivot_search(x, query, pivots):  # the nearest pivot
    dist = (x[pivots] - query).norm(dim=1)
    return pivots[int(dist.argmin())], pivots


@wrong("03.7", "was not below the best distance so far")
def pivot_search(x, query, pivots):  # the smallest bound of the pivots
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amin(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in bound.argsort().tolist():
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "is not the nearest row")
def pivot_search(x, query, pivots):  # the first skip ends the search
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in range(len(x)):
        if i in visited:
            continue
        if bound[i] >= dist[best]:
            break
        visited.append(i)
        best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "is not in visited")
def pivot_search(x, query, pivots):  # does not count its best row
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in bound.argsort().tolist():
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, [i for i in visited if i != best or i in pivots]


@wrong("03.7", "is not the nearest row")
def pivot_search(x, query, pivots):  # forgets that a pivot may win
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = next(i for i in range(len(x)) if i not in pivots)
    visited.append(best)
    for i in bound.argsort().tolist():
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "at most 2 are asked")
def pivot_search(x, query, pivots):  # in the order of the rows
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in range(len(x)):
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "knows distances to the query")
def pivot_search(x, query, pivots):  # evaluates all, and tells of few
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in dist.argsort().tolist():
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "knows distances to the query")
def pivot_search(x, query, pivots):  # the same, but the nearest row comes second
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    order = dist.argsort().tolist()
    for i in [order[1], order[0], *order[2:]]:
        if i not in visited and bound[i] < dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@wrong("03.7", "must return 2 things")
def pivot_search(x, query, pivots):
    return (x - query).norm(dim=1).argmin()


@wrong("03.7", "list of row numbers")
def pivot_search(x, query, pivots):  # a distance for each row
    dist = (x - query).norm(dim=1)
    return dist.argmin(), dist


@wrong("03.7", "expected the pivots")
def pivot_search(x, query, pivots):  # a count in place of the rows
    return (x - query).norm(dim=1).argmin(), len(pivots)


@wrong("03.7", "each row number once")
def pivot_search(x, query, pivots):  # the best pivot once more
    dist = (x - query).norm(dim=1)
    between = (x[:, None] - x[pivots]).norm(dim=2)
    bound = (dist[pivots] - between).abs().amax(dim=1)
    visited = list(pivots)
    best = min(visited, key=lambda i: dist[i])
    for i in bound.argsort().tolist():
        if bound[i] <= dist[best]:
            visited.append(i)
            best = i if dist[i] < dist[best] else best
    return best, visited


@right("03.7")
def pivot_search(x, query, pivots):
    visited = [int(p) for p in pivots]
    to_pivots = torch.linalg.vector_norm(x[visited] - query, dim=1)
    between = torch.linalg.vector_norm(x[:, None] - x[visited], dim=2)
    bound = (to_pivots - between).abs().amax(dim=1)
    index, best = visited[int(to_pivots.argmin())], to_pivots.min()
    for i in bound.argsort().tolist():
        if bound[i] >= best:
            break
        if i in visited:
            continue
        visited.append(i)
        distance = torch.linalg.vector_norm(x[i] - query)
        if distance < best:
            index, best = i, distance
    return index, visited


@right("03.7")
def pivot_search(x, query, pivots):
    x, query = np.asarray(x), np.asarray(query)
    bound, best, index, visited = np.zeros(len(x)), np.inf, -1, []
    for p in pivots:
        distance = np.linalg.norm(x[p] - query)
        bound = np.maximum(bound, np.abs(distance - np.linalg.norm(x - x[p], axis=1)))
        visited.append(p)
        if distance < best:
            index, best = p, distance
    for i in np.argsort(bound, kind="stable"):
        if i not in visited and bound[i] < best:
            distance = np.linalg.norm(x[i] - query)
            visited.append(i)
            if distance < best:
                index, best = i, distance
    return index, np.array(visited)


@right("03.7")
def pivot_search(x, query, pivots):
    points, q = x.float().tolist(), query.float().tolist()
    known = {p: math.dist(points[p], q) for p in pivots}

    def bound(i):
        return max(abs(known[p] - math.dist(points[p], points[i])) for p in pivots)

    bounds = {i: bound(i) for i in range(len(points)) if i not in known}
    while bounds:
        i = min(bounds, key=bounds.get)
        if bounds.pop(i) >= min(known.values()):
            break
        known[i] = math.dist(points[i], q)
    return [min(known, key=known.get)], torch.tensor(list(known))


@right("03.7")
def pivot_search(x, query, pivots):  # three distances say where in the plane it is
    x, visited = x.double(), list(pivots)
    known = {p: float((x[p] - query).norm()) for p in pivots}
    far = torch.tensor([known[p] for p in pivots], dtype=torch.float64)
    bound = (far[:, None] - (x[pivots][:, None] - x).norm(dim=2)).abs().amax(dim=0)
    order = bound.argsort().tolist()
    if len(pivots) > x.shape[1]:
        first, others = x[pivots[0]], x[pivots[1:]]
        sides = others.square().sum(dim=1) - first.square().sum()
        sides = (sides + far[0] ** 2 - far[1:] ** 2) / 2
        place = torch.linalg.pinv(others - first) @ sides[:, None]
        order = (x - place.T).norm(dim=1).argsort().tolist()
    for i in order:
        if i not in known and bound[i] < min(known.values()):
            known[i] = float((x[i] - query).norm())
            visited.append(i)
    return min(known, key=known.get), visited
