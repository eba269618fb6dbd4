"""Wrong and right answers to exercise 06, Kernels."""

import math

import numpy as np
import torch

from mlcourse.grading.bank import right, wrong

# ------------------------------------------------------------------- 06.1 Warm-up


@wrong("06.1", "must be squared")
def rbf_kernel(x, y, gamma):
    return torch.exp(-gamma * torch.cdist(x, y))


@wrong("06.1", "it is no width")
def rbf_kernel(x, y, gamma):
    return torch.exp(-((x[:, None] - y) ** 2).sum(dim=-1) / (2 * gamma**2))


@wrong("06.1", "it is no width")
def rbf_kernel(x, y, gamma):
    return torch.exp(-((x[:, None] - y) ** 2).sum(dim=-1) / gamma)


@wrong("06.1", "the sign is lost")
def rbf_kernel(x, y, gamma):
    return torch.exp(gamma * ((x[:, None] - y) ** 2).sum(dim=-1))


@wrong("06.1", "gamma is not used")
def rbf_kernel(x, y, gamma):
    return torch.exp(-((x[:, None] - y) ** 2).sum(dim=-1))


@wrong("06.1", "Work one entry out")
def rbf_kernel(x, y, gamma):
    return torch.exp(-gamma * ((x[:, None] - y) ** 2).mean(dim=-1))


@wrong("06.1", "expected shape (2, 3)")
def rbf_kernel(x, y, gamma):
    return torch.exp(-gamma * ((y[:, None] - x) ** 2).sum(dim=-1))


@wrong("06.1", "Subtract the points first")
def rbf_kernel(x, y, gamma):
    squares = (x**2).sum(dim=1)[:, None] + (y**2).sum(dim=1) - 2 * x @ y.T
    return torch.exp(-gamma * squares)


@wrong("06.1", "no pair of a point with itself")
def median_gamma(x):
    return 1 / ((x[:, None] - x) ** 2).sum(dim=-1).median()


@wrong("06.1", "that of squared distances")
def median_gamma(x):
    return 1 / torch.nn.functional.pdist(x).median()


@wrong("06.1", "gamma is 1 divided by the median")
def median_gamma(x):
    return torch.nn.functional.pdist(x).median() ** 2


@wrong("06.1", "no factor 2")
def median_gamma(x):
    return 1 / (2 * torch.nn.functional.pdist(x).median() ** 2)


@wrong("06.1", "not the median")
def median_gamma(x):
    return 1 / (torch.nn.functional.pdist(x) ** 2).mean()


@wrong("06.1", "two copies of a point are a pair too")
def median_gamma(x):
    squares = ((x[:, None] - x) ** 2).sum(dim=-1)
    return 1 / squares[squares > 0].median().item()


@wrong("06.1", "expected one finite number")
def median_gamma(x):
    return 1 / ((x[:, None] - x) ** 2).sum(dim=-1).median(dim=1).values


@wrong("06.1", "returned 0.25")
def median_gamma(x):  # knows the example
    return 0.25


@wrong("06.1", "more than 25 points")
def rbf_kernel(x, y, gamma):
    return torch.exp(-gamma * torch.cdist(x, y) ** 2)


@wrong("06.1", "on 4 and 4 random points")
def rbf_kernel(x, y, gamma):  # takes every square table for k(x, x)
    K = torch.exp(-gamma * ((x[:, None] - y) ** 2).sum(dim=-1))
    return K.fill_diagonal_(1) if len(x) == len(y) else K


@wrong("06.1", "subtract before you square")
def median_gamma(x):
    squares = (x**2).sum(dim=1)
    squares = squares[:, None] + squares - 2 * x @ x.T
    i, j = torch.triu_indices(len(x), len(x), offset=1)
    return 1 / squares[i, j].median().item()


@wrong("06.1", "30 random points")
def median_gamma(x):  # a few points stand for all
    return torch.nn.functional.pdist(x[:8]).median() ** -2


@right("06.1")
class Loops:
    def rbf_kernel(x, y, gamma):
        return [
            [math.exp(-gamma * math.dist(a, b) ** 2) for b in y.tolist()]
            for a in x.tolist()
        ]

    def median_gamma(x):
        rows = x.tolist()
        squares = sorted(
            math.dist(a, b) ** 2 for i, a in enumerate(rows) for b in rows[:i]
        )
        return 1 / squares[len(squares) // 2]


@right("06.1")
class ExpandedInDouble:
    def rbf_kernel(x, y, gamma):
        x, y = x.double(), y.double()
        squares = (x**2).sum(dim=1)[:, None] + (y**2).sum(dim=1) - 2 * x @ y.T
        return torch.exp(-gamma * squares.clamp(min=0)).float()

    def median_gamma(x):
        squares = ((x[:, None] - x) ** 2).sum(dim=-1)
        return 1 / torch.quantile(squares[~torch.eye(len(x), dtype=torch.bool)], 0.5)


@right("06.1")
class NumPy:
    def rbf_kernel(x, y, gamma):
        x, y = np.asarray(x), np.asarray(y)
        return np.exp(-gamma * ((x[:, None] - y) ** 2).sum(axis=-1))

    def median_gamma(x):
        x = np.asarray(x)
        squares = ((x[:, None] - x) ** 2).sum(axis=-1)
        return 1 / np.median(squares[np.triu_indices(len(x), 1)])


@right("06.1")
class SinglePrecision:
    def rbf_kernel(x, y, gamma):
        exact = "donot_use_mm_for_euclid_dist"
        dist = torch.cdist(x.float(), y.float(), compute_mode=exact)
        return torch.exp(-gamma * dist**2)

    def median_gamma(x):
        return torch.nn.functional.pdist(x.float()).median() ** -2


# ------------------------------------------------- 06.2 Distances from k, centring


@wrong("06.2", "the root is missing")
def kernel_distance(K, k_x, k_y):
    return (k_x[:, None] + k_y - 2 * K).clamp(min=0)


@wrong("06.2", "k(x, x) is not 1 for every kernel")
def kernel_distance(K, k_x, k_y):
    return (2 - 2 * K).clamp(min=0).sqrt()


@wrong("06.2", "k_x belongs to the rows")
def kernel_distance(K, k_x, k_y):
    return (k_x + k_y[:, None] - 2 * K).clamp(min=0).sqrt()


@wrong("06.2", "the mixed term counts twice")
def kernel_distance(K, k_x, k_y):
    return (k_x[:, None] + k_y - K).clamp(min=0).sqrt()


@wrong("06.2", "returned NaN or infinity")
def kernel_distance(K, k_x, k_y):
    return (k_x[:, None] + k_y - 2 * K).sqrt()


@wrong("06.2", "an entry is off by")
def kernel_distance(K, k_x, k_y):
    return (k_x[:, None] + k_y - 2 * K).clamp(min=1e-2).sqrt()


@wrong("06.2", "an entry is off by")
def kernel_distance(K, k_x, k_y):  # takes the diagonal for the pairs of equal points
    squares = (k_x[:, None] + k_y - 2 * K).clamp(min=0)
    if len(k_x) > 9:
        squares.fill_diagonal_(0)
    return squares.sqrt()


@wrong("06.2", "an entry is off by")
def kernel_distance(K, k_x, k_y):  # near is not equal
    dist = (k_x[:, None] + k_y - 2 * K).clamp(min=0).sqrt()
    return torch.where(dist < 0.3, 0.0, dist)


@wrong("06.2", "an entry is off by")
def kernel_distance(K, k_x, k_y):  # takes the nearest for an equal point
    squares = (k_x[:, None] + k_y - 2 * K).clamp(min=0)
    if len(K) > 9:
        squares[torch.arange(len(K)), squares.argmin(dim=1)] = 0
    return squares.sqrt()


@wrong("06.2", "this uses the mean of the test points")
def centre(K, K_test):  # tells the training points by the shape
    mean = K.mean(dim=0)
    centred = K - mean - mean[:, None] + K.mean()
    if len(K_test) == len(K):
        mean = K_test.mean(dim=0)
        rows = K_test.mean(dim=1, keepdim=True)
        return centred, K_test - mean - rows + K_test.mean()
    return centred, K_test - mean - K_test.mean(dim=1, keepdim=True) + K.mean()


@wrong("06.2", "this uses the mean of the test points")
def centre(K, K_test):
    def both(K):
        return K - K.mean(dim=0) - K.mean(dim=1, keepdim=True) + K.mean()

    return both(K), both(K_test)


@wrong("06.2", "the test kernel is not centred at all")
def centre(K, K_test):
    return K - K.mean(dim=0) - K.mean(dim=1, keepdim=True) + K.mean(), K_test


@wrong("06.2", "the column means must be those of the training kernel")
def centre(K, K_test):
    mean = K.mean(dim=0)
    rows = K_test.mean(dim=1, keepdim=True)
    return (
        K - mean - mean[:, None] + K.mean(),
        K_test - rows - K_test.mean(dim=0) + K.mean(),
    )


@wrong("06.2", "the last term must be the mean of the training kernel")
def centre(K, K_test):
    mean = K.mean(dim=0)
    rows = K_test.mean(dim=1, keepdim=True)
    return K - mean - mean[:, None] + K.mean(), K_test - rows - mean + K_test.mean()


@wrong("06.2", "the row means of K_test are not subtracted")
def centre(K, K_test):
    mean = K.mean(dim=0)
    return K - mean - mean[:, None] + K.mean(), K_test - mean


@wrong("06.2", "centre the columns too")
def centre(K, K_test):
    rows = K_test.mean(dim=1, keepdim=True)
    return K - K.mean(dim=1, keepdim=True), K_test - rows


@wrong("06.2", "must return 2 things")
def centre(K, K_test):
    return K - K.mean(dim=0) - K.mean(dim=1, keepdim=True) + K.mean()


@right("06.2")
class WithH:
    def kernel_distance(K, k_x, k_y):
        return torch.relu(k_x.reshape(-1, 1) + k_y.reshape(1, -1) - 2 * K) ** 0.5

    def centre(K, K_test):
        n = len(K)
        H = torch.eye(n, dtype=K.dtype) - 1 / n
        return H @ K @ H, (K_test - K.mean(dim=0)) @ H


@right("06.2")
class ByLoops:
    def kernel_distance(K, k_x, k_y):
        rows = []
        for i, a in enumerate(k_x.tolist()):
            row = [a + b - 2 * float(K[i, j]) for j, b in enumerate(k_y.tolist())]
            rows.append([math.sqrt(max(square, 0)) for square in row])
        return rows

    def centre(K, K_test):
        n, all_of_it = len(K), float(K.mean())

        def one(row):
            return [
                row[j] - sum(row) / n - float(K[j].mean()) + all_of_it for j in range(n)
            ]

        return [one(r) for r in K.tolist()], np.array([one(r) for r in K_test.tolist()])


@right("06.2")
class AllAtOnce:
    def kernel_distance(K, k_x, k_y):  # a root whose slope stays finite
        return (k_x[:, None] + k_y - 2 * K).clamp(min=1e-4).sqrt()

    def centre(K, K_test):
        every = torch.cat([K, K_test])
        every = every - K.mean(dim=0)
        every = every - every.mean(dim=1, keepdim=True)
        return every[: len(K)], every[len(K) :].tolist()


@right("06.2")
class NumPySingle:
    def kernel_distance(K, k_x, k_y):
        K, k_x, k_y = (np.asarray(a, dtype=np.float32) for a in (K, k_x, k_y))
        return np.sqrt(np.maximum(k_x[:, None] + k_y - 2 * K, 0))

    def centre(K, K_test):
        K, T = np.asarray(K, dtype=np.float32), np.asarray(K_test, dtype=np.float32)
        mean = K.mean(axis=0)
        return (
            K - mean - mean[:, None] + K.mean(),
            T - mean - T.mean(axis=1, keepdims=True) + K.mean(),
        )


# ------------------------------------------------------------ 06.3 An explicit U


@wrong("06.3", "the root is missing")
def kernel_metric_distance(U, K_x, K_y):
    return (((K_x[:, None] - K_y) @ U.T) ** 2).sum(dim=-1)


@wrong("06.3", "U is not used")
def kernel_metric_distance(U, K_x, K_y):
    return (K_x[:, None] - K_y).norm(dim=-1)


@wrong("06.3", "U is applied once")
def kernel_metric_distance(U, K_x, K_y):
    return ((K_x[:, None] - K_y) @ (U.T @ U)).norm(dim=-1)


@wrong("06.3", "inner products, not distances")
def kernel_metric_distance(U, K_x, K_y):
    return K_x @ U.T @ U @ K_y.T


@wrong("06.3", "this uses U' where the formula has U")
def kernel_metric_distance(U, K_x, K_y):  # right for the visible shape only
    U = U.T if U.shape[0] != U.shape[1] else U
    return ((K_x[:, None] - K_y) @ U).norm(dim=-1)


@wrong("06.3", "subtract k_y before the norm")
def kernel_metric_distance(U, K_x, K_y):
    return (K_x @ U.T).norm(dim=1, keepdim=True) + 0 * K_y[:, 0]


@wrong("06.3", "returned NaN or infinity")
def kernel_metric_distance(U, K_x, K_y):  # the square of 0 may come out below 0
    p, q = K_x @ U.T, K_y @ U.T
    return ((p**2).sum(dim=1)[:, None] + (q**2).sum(dim=1) - 2 * p @ q.T).sqrt()


@wrong("06.3", "times monomials(y)'")
class OneKernelEach:  # a root of the points' own kernel, in place of one map for all
    def monomials(x):
        d = x.shape[1]
        values, vectors = torch.linalg.eigh((x @ x.T + 1) ** 2)
        root = vectors * values.clamp(min=0).sqrt()
        columns = (d + 1) * (d + 2) // 2
        return torch.cat([root, x.new_zeros(len(x), columns)], dim=1)[:, :columns]


@wrong("06.3", "x_1 x_2 occurs twice")
class NoRootOnProducts:
    def monomials(x):
        i, j = torch.triu_indices(x.shape[1], x.shape[1], offset=1)
        parts = [torch.ones_like(x[:, :1]), 2**0.5 * x, x**2, x[:, i] * x[:, j]]
        return torch.cat(parts, dim=1)


@wrong("06.3", "all but the squares and the constant")
class NoRoots:
    def monomials(x):
        i, j = torch.triu_indices(x.shape[1], x.shape[1])
        return torch.cat([torch.ones_like(x[:, :1]), x, x[:, i] * x[:, j]], dim=1)


@wrong("06.3", "x_1 and x_2 alone")
class NoRootOnCoordinates:
    def monomials(x):
        i, j = torch.triu_indices(x.shape[1], x.shape[1], offset=1)
        parts = [torch.ones_like(x[:, :1]), x, x**2, 2**0.5 * x[:, i] * x[:, j]]
        return torch.cat(parts, dim=1)


@wrong("06.3", "the factor is √2, not 2")
class TwoForRoot:
    def monomials(x):
        i, j = torch.triu_indices(x.shape[1], x.shape[1], offset=1)
        parts = [torch.ones_like(x[:, :1]), 2 * x, x**2, 2 * x[:, i] * x[:, j]]
        return torch.cat(parts, dim=1)


@wrong("06.3", "the constant")
class NoConstant:
    def monomials(x):
        i, j = torch.triu_indices(x.shape[1], x.shape[1], offset=1)
        return torch.cat([2**0.5 * x, x**2, 2**0.5 * x[:, i] * x[:, j]], dim=1)


@wrong("06.3", "two different ones once")
class EveryProductTwice:
    def monomials(x):
        z = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
        return (z[:, :, None] * z[:, None]).flatten(1)


@wrong("06.3", "Work one entry out")
class AFactorOfTheKernel:
    def monomials(x):  # right inner products within one call only
        values, vectors = torch.linalg.eigh((x.double() @ x.double().T + 1) ** 2)
        d = x.shape[1]
        table = torch.zeros(len(x), (d + 1) * (d + 2) // 2).double()
        some = vectors * values.clamp(min=0).sqrt()
        table[:, : len(x)] = some[:, -table.shape[1] :]
        return table


@wrong("06.3", "one column for each training point")
class SquareOfN:
    def n_parameters(n, d, r):
        return n * n, r * (d + 1) * (d + 2) // 2


@wrong("06.3", "the constant included")
class CountWithoutConstant:
    def n_parameters(n, d, r):
        return r * n, r * d * (d + 3) // 2


@right("06.3")
class Ordered:
    def kernel_metric_distance(U, K_x, K_y):
        return torch.linalg.vector_norm((K_x[:, None] - K_y) @ U.T, dim=-1)

    def monomials(x):
        z = torch.cat([x, torch.ones_like(x[:, :1])], dim=1)
        i, j = torch.triu_indices(z.shape[1], z.shape[1])
        return torch.where(i == j, 1.0, 2**0.5).to(x.dtype) * z[:, i] * z[:, j]

    def n_parameters(n, d, r):
        return [r * n, r * math.comb(d + 2, 2)]


@right("06.3")
class LoopsInNumPy:
    def kernel_metric_distance(U, K_x, K_y):
        M = np.asarray(U).T @ np.asarray(U)
        rows = [[a - b for b in np.asarray(K_y)] for a in np.asarray(K_x)]
        return [[math.sqrt(max(v @ M @ v, 0)) for v in row] for row in rows]

    def monomials(x):
        rows = []
        for row in x.tolist():
            out = [-1.0]
            for i, a in enumerate(row):
                out += [math.sqrt(2) * a, -a * a]
                out += [math.sqrt(2) * a * b for b in row[:i]]
            rows.append(out)
        return np.array(rows, dtype=np.float32)

    def n_parameters(n, d, r):
        return n * r, len(monomials(torch.ones(1, d))[0]) * r


@right("06.3")
class Flipped:
    def kernel_metric_distance(U, K_x, K_y):
        diff = K_x[:, None] - K_y
        squares = torch.einsum("ija,ab,ijb->ij", diff, U.T @ U, diff)
        return squares.clamp(min=0).sqrt().numpy()

    def monomials(x):
        rows = [[*row, 1.0] for row in x.tolist()]
        return [
            [
                a * b * (1 if i == j else math.sqrt(2))
                for i, a in enumerate(row)
                for j, b in enumerate(row[: i + 1])
            ]
            for row in rows
        ]

    def n_parameters(n, d, r):
        return np.array([n, math.comb(d + 2, 2)]) * r


# ----------------------------------------------------------- 06.4 The KPCA trick


@wrong("06.4", "yours has λ")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    vectors = vectors[:, values > 1e-10 * values.max()]
    return K @ vectors, K_test @ vectors


@wrong("06.4", "the length √λ, yours has 1.")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    vectors, values = vectors[:, keep], values[keep]
    return vectors, K_test @ vectors / values


@wrong("06.4", "yours has 1/√λ")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep] / values[keep].sqrt()
    return scaled, K_test @ scaled / values[keep]


@wrong("06.4", "here it was multiplied by it")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep] * values[keep].sqrt()
    return scaled, K_test @ scaled


@wrong("06.4", "here it was left out")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    vectors = vectors[:, keep]
    return vectors * values[keep].sqrt(), K_test @ vectors


@wrong("06.4", "not by λ")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    vectors, values = vectors[:, keep], values[keep]
    return vectors * values.sqrt(), K_test @ vectors / values


@wrong("06.4", "centre the kernel before")
def kpca(K, K_test):
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep] / values[keep].sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "the test kernel is not centred at all")
def kpca(K, K_test):
    K, _ = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep] / values[keep].sqrt()
    # the row means alone do nothing here: centred eigenvectors add up to 0
    return K @ scaled, K_test @ scaled


@wrong("06.4", "must not depend on which others")
def kpca(K, K_test):
    K, _ = centre(K, K_test)
    K_test = K_test - K_test.mean(dim=0) - K_test.mean(dim=1, keepdim=True)
    K_test = K_test - K_test.mean(dim=0)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep] / values[keep].sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "Drop the")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    scaled = vectors / values.sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "drop the eigenvalues")
def kpca(K, K_test):
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    scaled = vectors / values.clamp(min=1e-12).sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "measured by the largest")
def kpca(K, K_test):  # a threshold in one unit
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-9
    scaled = vectors[:, keep] / values[keep].sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "the table of squared distances of the rows of Z")
def kpca(K, K_test):  # rows for eigenvectors
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[keep].T / values[keep].sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "one for each eigenvalue")
def kpca(K, K_test):  # two coordinates, as for a picture
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep][:, -2:] / values[keep][-2:].sqrt()
    return K @ scaled, K_test @ scaled


@wrong("06.4", "must return 2 things")
def kpca(K, K_test):
    K, _ = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    return vectors * values.clamp(min=0).sqrt()


@right("06.4")
def kpca(K, K_test):
    n = len(K)
    H = np.eye(n) - 1 / n
    K = np.asarray(K)
    T = (np.asarray(K_test) - K.mean(axis=0)) @ H
    values, vectors = np.linalg.eigh(H @ K @ H)
    keep = values > 1e-8 * values[-1]
    values, vectors = values[keep][::-1], vectors[:, keep][:, ::-1]
    return vectors * np.sqrt(values), T @ vectors / np.sqrt(values)


@right("06.4")
def kpca(K, K_test):  # an SVD, with the signs turned
    K, K_test = centre(K, K_test)
    left, values, _ = torch.linalg.svd(K)
    m = int((values > 1e-9 * values[0]).sum())
    scaled = -left[:, :m] / values[:m] ** 0.5
    return K @ scaled, K_test @ scaled


@right("06.4")
def kpca(K, K_test):  # single precision, with a threshold that fits it
    size = K.abs().max()
    K, K_test = (part.float() for part in centre(K / size, K_test / size))
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-5 * values.max()
    scaled = vectors[:, keep] / values[keep].sqrt()
    root = float(size) ** 0.5
    return root * (K @ scaled).double(), root * (K_test @ scaled).double()


@right("06.4")
def kpca(K, K_test):  # a pivoted Cholesky factor: other coordinates, the same distances
    K, K_test = centre(K, K_test)
    rest, rows, limit = K.clone(), [], 1e-8 * K.diagonal().max()
    while rest.diagonal().max() > limit:
        i = int(rest.diagonal().argmax())
        rows.append(i)
        rest = rest - rest[:, [i]] @ rest[[i]] / rest[i, i]
    factor = torch.linalg.cholesky(K[rows][:, rows])
    Z = torch.linalg.solve_triangular(factor, K[rows], upper=False).T
    return Z, torch.linalg.solve_triangular(factor, K_test[:, rows].T, upper=False).T


@wrong("06.4", "this uses the mean of the test points")
def kpca(K, K_test):  # fair to one test point, not to many
    middle = K if len(K_test) < 4 else K_test
    T = K_test - middle.mean(dim=0)
    T = T - T.mean(dim=1, keepdim=True)
    K, _ = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = vectors[:, keep] / values[keep].sqrt()
    return K @ scaled, T @ scaled


@wrong("06.4", "drop the eigenvalues")
def kpca(K, K_test):  # columns of zeros in place of what is dropped
    K, K_test = centre(K, K_test)
    values, vectors = torch.linalg.eigh(K)
    keep = values > 1e-10 * values.max()
    scaled = torch.where(keep, vectors / values.clamp(min=1e-300).sqrt(), 0.0)
    return K @ scaled, K_test @ scaled


@right("06.4")
def kpca(K, K_test):  # the solver for any matrix, a cut of its own, lists
    K, K_test = (part.numpy() for part in centre(K, K_test))
    values, vectors = (part.real for part in np.linalg.eig((K + K.T) / 2))
    keep = values > 1e-12 * values.max()
    values, vectors = values[keep], vectors[:, keep]
    return (vectors * values**0.5).tolist(), (K_test @ vectors / values**0.5).tolist()


# ------------------------------------------------------------------ 06.5 Break it


@wrong("06.5", "the smallest eigenvalue on your points")
class FarApart:
    def indefinite_points(p, gamma):
        return [10 * i * gamma ** (-1 / p) for i in range(5)]


@wrong("06.5", "the smallest eigenvalue on your points")
class FixedPoints:
    def indefinite_points(p, gamma):
        return [0.0, 0.5, 1.0, 1.5]


@wrong("06.5", "the smallest eigenvalue on your points")
class TooNear:
    def indefinite_points(p, gamma):
        return [0.0, 0.01 * gamma ** (-1 / p), 0.02 * gamma ** (-1 / p)]


@wrong("06.5", "the smallest eigenvalue on your points")
class OnlyTwo:
    def indefinite_points(p, gamma):
        return [0.0, 0.5 * gamma ** (-1 / p)]


@wrong("06.5", "2 to 20 finite numbers")
class ATable:
    def indefinite_points(p, gamma):
        return torch.arange(9).reshape(3, 3) * 0.6 * gamma ** (-1 / p)


@wrong("06.5", "The nearest pair decides")
class NotTheNearest:
    def memorizing_gamma(x, x_test):
        return 10 / torch.nn.functional.pdist(x).median() ** 2


@wrong("06.5", "of a test point and a training point")
class TrainingPairsAlone:
    def memorizing_gamma(x, x_test):
        return 10 / torch.nn.functional.pdist(x).min() ** 2


@wrong("06.5", "the largest kernel value of two different points")
class FixedMemory:
    def memorizing_gamma(x, x_test):
        return 10.0


@wrong("06.5", "the least that it takes")
class EndlessMemory:
    def memorizing_gamma(x, x_test):
        return 1e300


@wrong("06.5", "the largest kernel value of two different points")
class DistanceForSquare:
    def memorizing_gamma(x, x_test):
        return 10 / min(
            torch.nn.functional.pdist(x).min(), torch.cdist(x_test, x).min()
        )


@wrong("06.5", "The farthest pair decides")
class NotTheFarthest:
    def linear_gamma(x):
        return 0.02 / torch.nn.functional.pdist(x).median() ** 2


@wrong("06.5", "leaves only the rounding")
class TinyGamma:
    def linear_gamma(x):
        return 1e-12 / torch.nn.functional.pdist(x).max() ** 2


@wrong("06.5", "gamma is positive")
class NoGamma:
    def linear_gamma(x):
        return 0.0


@wrong("06.5", "they must be far from each other too")
class SamePlace:
    def collapsing_pair(x, gamma):
        far = x.mean(dim=0) + 20 * torch.nn.functional.pdist(x).max()
        return torch.stack([far, far])


@wrong("06.5", "Both must be so far from all training points")
class OneIsNear:
    def collapsing_pair(x, gamma):
        return torch.stack([x[0], x[0] + 20 * torch.nn.functional.pdist(x).max()])


@wrong("06.5", "at most 100 are allowed")
class EndlesslyFar:
    def collapsing_pair(x, gamma):
        step = torch.zeros_like(x[0])
        step[0] = 1e6 * torch.nn.functional.pdist(x).max()
        return torch.stack([step, -step])


@wrong("06.5", "expected at most 0.01")
class NotFarEnough:
    def collapsing_pair(x, gamma):
        step = torch.zeros_like(x[0])
        step[0] = torch.nn.functional.pdist(x).max() / 2 + 1 / math.sqrt(gamma)
        return torch.stack([x.mean(dim=0) + step, x.mean(dim=0) - step])


@wrong("06.5", "expected shape (2,")
class OnePoint:
    def collapsing_pair(x, gamma):
        return x.mean(dim=0) + 20 * torch.nn.functional.pdist(x).max()


@right("06.5")
class ThreePoints:
    def indefinite_points(p, gamma):
        return np.array([-0.45, 0.0, 0.45]) * gamma ** (-1 / p)

    def memorizing_gamma(x, x_test):
        points = x.tolist()
        low = min(
            math.dist(a, b) ** 2
            for i, a in enumerate(points + x_test.tolist())
            for b in points[:i]
        )
        return math.log(2e3) / low

    def linear_gamma(x):
        return 1e-3 / float(((x[:, None] - x) ** 2).sum(dim=-1).max())

    def collapsing_pair(x, gamma):
        far = x.max() + 10 * (x.max() - x.min()) + 10 / math.sqrt(gamma)
        return [[float(far)] * x.shape[1], [float(far + 10 / gamma**0.5)] * x.shape[1]]


@right("06.5")
class BySearch:
    def indefinite_points(p, gamma):
        step = gamma ** (-1 / p)
        while True:
            x = torch.arange(12).double() * step
            K = torch.exp(-gamma * (x[:, None] - x).abs() ** p)
            if torch.linalg.eigvalsh(K)[0] < -0.05:
                return x.float()
            step = 0.95 * step

    def memorizing_gamma(x, x_test):
        exact = "donot_use_mm_for_euclid_dist"
        dist = torch.cdist(
            torch.cat([x, x_test]).float(), x.float(), compute_mode=exact
        )
        gamma, squares = 1e-12, dist[dist > 0] ** 2
        while torch.exp(-gamma * squares).max() > 1e-4:
            gamma *= 1.1
        return gamma

    def linear_gamma(x):
        gamma, squares = 1e12, torch.nn.functional.pdist(x) ** 2
        while (-torch.expm1(-gamma * squares) / (gamma * squares)).min() < 0.991:
            gamma /= 1.5
        return torch.tensor([gamma])

    def collapsing_pair(x, gamma):
        step = torch.randn(x.shape[1]).double()
        step = step / step.norm() * (x.max() - x.min()) * 15
        return torch.stack([x[0] + step, x[0] - step])


@right("06.5")
class EveryScaleAtOnce:
    def indefinite_points(p, gamma):  # the same 19 numbers: some three of them fit
        steps = [0.03 * 2.16**k for k in range(9)]
        return [0.0, *steps, *[-step for step in steps]]

    def memorizing_gamma(x, x_test):
        squares = ((torch.cat([x, x_test])[:, None] - x) ** 2).sum(dim=-1)
        return math.log(1001) / squares[squares > 0].min()

    def linear_gamma(x):
        return 0.019 / ((x[:, None] - x) ** 2).sum(dim=-1).max()

    def collapsing_pair(x, gamma):
        step = torch.zeros_like(x[0])
        step[-1] = torch.nn.functional.pdist(x).max()
        return [x.mean(dim=0) + 99 * step, (x.mean(dim=0) + 60 * step).numpy()]


# ------------------------------------------------------------------- 06.6 Explain

wrong("06.6", "words", explain_06_6="The rows are in the span, the norm differs.")
wrong("06.6", "words", explain_06_6="span norm " * 40)
wrong(
    "06.6",
    "where the rows of L may be taken from",
    explain_06_6="""There are n training points, so the kernel matrix has n times n
    entries and that is why the method has so many parameters. The regularizer of the
    colleague is the squared sum of all entries of U, and the right one has the kernel
    matrix in the middle, so both have another minimum and the result is different.""",
)
wrong(
    "06.6",
    "what the learner on k_x keeps small",
    explain_06_6="""Each row of L can be written as a combination of training images,
    because whatever sticks out of their plane is never seen by a training point. So it
    is enough to store n coefficients for every row, and U has r times n of them, which
    makes n squared for the matrix M. The other problem is simply a different one.""",
)
wrong("06.6", "must be a string", explain_06_6=["span", "norm"])

right(
    "06.6",
    explain_06_6="""A part of a row of L that is perpendicular to every training image
    gives 0 on all of them, so no distance in the loss changes if it is removed, and the
    length of L gets smaller. So each row has n coefficients, and M = U'U is n by n. The
    length of L is the trace of U K U', not of U U', so weight decay on U is a different
    penalty, with another optimum unless K is the identity.""",
)
right(
    "06.6",
    explain_06_6="""The loss sees L only through products with the training images, so
    we may take the rows in the span of these images: what is outside adds length and
    nothing else. This needs n numbers for each row whatever the dimension of phi is.
    The regularization of my colleague measures the coefficients in the Euclidean way.
    The vectors that they multiply are not orthonormal: their inner products are K, so
    the norm of L contains K.""",
)

wrong(
    "06.6",
    "repeats the rubric",
    explain_06_6="""The part of a row of L that is orthogonal to all training images
    changes no distance of training points and only adds to |L|, so it may be 0, and
    what is left are n coefficients a row: r n numbers, n² for M = UᵀU. The regulariser
    weighs the directions differently and has another minimum.""",
)
right(
    "06.6",
    explain_06_6="""Each row of L splits into its projection onto the subspace that the
    training images fill, and a remainder at a right angle to it. The remainder gives 0
    against every image, so the loss never notices it and L only grows: drop it. So n
    numbers for each row are enough. Decay of U measures something else: the size of L
    has K in the middle, so a direction is dear for one and cheap for the other.""",
)
_TASK = r"""
**Objective.** Say why coefficients suffice, and why their Euclidean length is the
wrong thing to punish.
A colleague runs a linear metric learner with weight decay, $\min_U \text{loss}(U) +
\mu \|U\|_F^2$, on the vectors $k_x$ as if they were plain features, and says: "that
is kernelised metric learning, since the slide has $L^\top = \Phi U^\top$". The loss
depends on distances of training points only. In `explain_06_6`, in at least 40 words
(100 are plenty): why may the rows of L be combinations of the n training images, so
that $n^2$ numbers suffice for $M = U^\top U$ even if $\phi$ has infinitely many
coordinates? And why is the colleague's problem not $\min_L \text{loss}(L) +
\mu\|L\|_F^2$?
"""
wrong("06.6", "quotes from the task", explain_06_6=_TASK)
wrong(
    "06.6",
    "quotes from the task",
    explain_06_6=_TASK + "The span is enough, the norm is not.",
)


# ----------------------------------------------------------------- 06.7 Challenge


@wrong("06.7", "divide by the root of W, not by W")
def nystroem(C, W):
    return C @ torch.linalg.pinv(W)


@wrong("06.7", "not yet divided by a root of W")
def nystroem(C, W):
    return C


@wrong("06.7", "multiply by the inverse root of W")
def nystroem(C, W):
    values, vectors = torch.linalg.eigh(W)
    return C @ vectors * values.clamp(min=0).sqrt()


@wrong("06.7", "W is no diagonal")
def nystroem(C, W):
    return C / W.diagonal().mean().sqrt() if len(W) == 1 else C / 2**0.5


@wrong("06.7", "as F F',")
def nystroem(C, W):  # landmarks as if they were orthogonal
    return C / W.diagonal().sqrt()


@wrong("06.7", "20 points")
def nystroem(C, W):
    values, vectors = torch.linalg.eigh(W)
    return C @ vectors / values.sqrt()


@wrong("06.7", "positive-definite")
def nystroem(C, W):
    factor = torch.linalg.cholesky(W)
    return torch.linalg.solve_triangular(factor, C.T, upper=False).T


@wrong("06.7", "as F F',")
def nystroem(C, W):  # a ridge keeps it quiet
    values, vectors = torch.linalg.eigh(W + 1e-2 * torch.eye(len(W), dtype=W.dtype))
    return C @ vectors / values.sqrt()


@wrong("06.7", "as F F',")
def nystroem(C, W):  # a threshold in one unit
    values, vectors = torch.linalg.eigh(W)
    keep = values > 1e-4
    return C @ vectors[:, keep] / values[keep].sqrt()


@wrong("06.7", "as F F',")
def nystroem(C, W):  # the scaling that estimates eigenfunctions
    values, vectors = torch.linalg.eigh(W)
    keep = values > 1e-6 * values.max()
    return (len(W) / len(C)) ** 0.5 * C @ vectors[:, keep] / values[keep].sqrt()


@wrong("06.7", "as F F',")
def nystroem(C, W):  # rows for eigenvectors
    values, vectors = torch.linalg.eigh(W)
    keep = values > 1e-6 * values.max()
    return C @ vectors[keep].T / values[keep].sqrt()


@wrong("06.7", "expected at most")
def nystroem(C, W):  # the whole kernel, factored
    values, vectors = torch.linalg.eigh(C @ torch.linalg.pinv(W) @ C.T)
    return vectors * values.clamp(min=0).sqrt()


@wrong("06.7", "as F F',")
def nystroem(C, W):  # centred, as in the KPCA trick
    C, W = C - C.mean(dim=0), W - W.mean(dim=0) - W.mean(dim=1)[:, None] + W.mean()
    values, vectors = torch.linalg.eigh(W)
    keep = values > 1e-6 * values.max().clamp(min=1e-9)
    return C @ vectors[:, keep] / values[keep].sqrt()


@right("06.7")
def nystroem(C, W):
    values, vectors = np.linalg.eigh(np.asarray(W, dtype=np.float64))
    keep = values > 1e-6 * values[-1]
    return np.asarray(C, dtype=np.float64) @ vectors[:, keep] / np.sqrt(values[keep])


@right("06.7")
def nystroem(C, W):  # the symmetric root of the pseudo-inverse
    left, values, _ = torch.linalg.svd(W.double())
    root = torch.where(values > 1e-7 * values[0], values, torch.inf) ** -0.5
    return C.double() @ (left * root) @ left.T


@right("06.7")
def nystroem(C, W):  # copies and dependent landmarks are left out first
    C, W = C.double(), W.double()
    rest, rows = W.clone(), []
    while rest.diagonal().max() > 1e-6 * W.diagonal().max():
        i = int(rest.diagonal().argmax())
        rows.append(i)
        rest = rest - rest[:, [i]] @ rest[[i]] / rest[i, i]
    factor = torch.linalg.cholesky(W[rows][:, rows])
    return torch.linalg.solve_triangular(factor, C[:, rows].T, upper=False).T


@wrong("06.7", "as F F',")
def nystroem(C, W):  # a ridge in the right unit
    ridge = 1e-3 * W.diagonal().max() * torch.eye(len(W), dtype=W.dtype)
    values, vectors = torch.linalg.eigh(W + ridge)
    return C @ vectors / values.sqrt()


@right("06.7")
def nystroem(C, W):  # the root of a pseudo-inverse
    values, vectors = torch.linalg.eigh(torch.linalg.pinv(W, hermitian=True))
    return (C @ (vectors * values.clamp(min=0).sqrt())).tolist()


@right("06.7")
def nystroem(C, W):  # single precision throughout
    values, vectors = torch.linalg.eigh(W.float())
    keep = values > 1e-6 * values.max()
    return C.float() @ (vectors[:, keep] / values[keep].sqrt())
