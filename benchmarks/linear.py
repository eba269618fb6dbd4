"""Linear learners beside scikit-learn and metric-learn: CPU time at equal objective.

``OMP_NUM_THREADS=1 python benchmarks/linear.py`` prints the table of the README and
draws ``linear.png``. Half of each set trains, half tests 3-NN, both standardised by
the training half. A learner and its peer get the same points, and the same pairs where
they take pairs; both maps are judged by one objective, computed here. "to equal" is the
time of the loosest tolerance with which we are no worse than the peer's objective.
Every fit runs in a process of its own, with a limit of CPU seconds.
"""

import multiprocessing
import resource
import sys
import time
import warnings
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import LFDA, LMNN, NCA, RCA, itml, mmc, nca_objective
from mlcourse.linear._hinges import Hinges
from mlcourse.linear._impostors import target_neighbours
from mlcourse.linear._local import affinity, local_scatters
from mlcourse.linear._logdet import divergence
from mlcourse.linear._pairsets import ListedPairs
from mlcourse.linear._psd import root
from mlcourse.linear._slack import percentile_bounds, slack_loss
from mlcourse.linear._span import span

if find_spec("metric_learn"):
    import metric_learn

#: As in mlcourse.plots, which needs torch, and metric-learn's environment has none.
COLORS = ("#0072B2", "#E69F00", "#000000", "#D55E00", "#56B4E9", "#009E73")
MARKERS = ("o", "s", "^", "D", "v", "P")
LIMIT = 60  # CPU seconds of one fit
LEAST, MOST = 0.5, 1000  # fits are repeated for 0.5 s, a thousand times at most
LADDER = (1e4, 100.0, 10.0, 1.0, 0.1, 0.01)  # times the default tolerance
SETS = {
    "iris": partial(load_iris, return_X_y=True),
    "wine": partial(load_wine, return_X_y=True),
    "breast_cancer": partial(load_breast_cancer, return_X_y=True),
    "digits": partial(load_digits, return_X_y=True),
    "5000 x 100": partial(
        make_classification, 5000, 100, n_informative=20, n_redundant=10, n_classes=5,
        class_sep=1.5, random_state=0,
    ),
}  # fmt: skip


# --- what is minimised, and by whom: (objective, ours(tol), default tol, peers) -------


def nca(X, y):
    """Wrong votes expected: n less NCA's sum."""
    same = y[:, None] == y
    peers = {"scikit-learn": lambda: NeighborhoodComponentsAnalysis().fit(X, y)}
    if find_spec("metric_learn"):
        peers["metric-learn"] = lambda: metric_learn.NCA().fit(X, y)
    return (
        lambda L: len(X) - nca_objective(L, X, same)[0],
        lambda tol: NCA(tol=tol).fit(X, y).components_,
        1e-6,
        peers,
    )


def lmnn(X, y):
    """Pull and push, k = 3, mu = 1/2."""

    def objective(L):
        hinges = Hinges(X, y, target_neighbours(X, y, 3), mu=0.5)
        hinges.find(L, slack=0.0)
        return hinges(L, gamma=0.0)[0]

    peers = {"metric-learn": lambda: metric_learn.LMNN().fit(X, y)}
    return objective, lambda tol: LMNN(tol=tol).fit(X, y).components_, 1e-3, peers


def drawn_pairs(y, most):
    """S and D: up to ``most`` distinct pairs each."""
    pairs = np.stack(np.triu_indices(len(y), k=1), axis=1)
    same = y[pairs[:, 0]] == y[pairs[:, 1]]
    random = np.random.default_rng(0)
    for kind in (pairs[same], pairs[~same]):
        yield kind[random.permutation(len(kind))[:most]]


def as_pairs(X, S, D):
    """What metric-learn's pair learners take: points, and 1 or -1."""
    return X[np.r_[S, D]], np.r_[np.ones(len(S), int), -np.ones(len(D), int)]


def itml_on_pairs(X, y):
    """LogDet divergence and slack, on 20 C^2 pairs of each kind, the paper's number."""
    S, D = drawn_pairs(y, 20 * len(np.unique(y)) ** 2)
    near, far = ListedPairs(X, S), ListedPairs(X, D)
    bounds = percentile_bounds(near, far, np.eye(X.shape[1]))
    loss = slack_loss(near, far, gamma=1.0, bounds=bounds)
    points, signs = as_pairs(X, S, D)
    return (
        lambda L: divergence(L.T @ L) + loss(L)[0],
        lambda tol: root(itml(X, S, D, bounds=bounds, tol=tol)),
        1e-6,
        {"metric-learn": lambda: metric_learn.ITML().fit(points, signs, bounds=bounds)},
    )


def mmc_on_pairs(X, y):
    """Root of the squares over S, for distances over D that sum to one."""
    S, D = drawn_pairs(y, 20 * len(np.unique(y)) ** 2)
    near, far = ListedPairs(X, S), ListedPairs(X, D)
    points, signs = as_pairs(X, S, D)
    return (
        lambda L: np.sqrt(near.squares(L).sum()) / np.sqrt(far.squares(L)).sum(),
        lambda tol: root(mmc(X, S, D, tol=tol)),
        1e-4,
        {"metric-learn": lambda: metric_learn.MMC().fit(points, signs)},
    )


def rca_on_chunklets(X, y):
    """Distance of the chunklets' covariance, after the map, from I; both take y."""
    within = X - np.stack([X[y == c].mean(axis=0) for c in y])
    C = within.T @ within / len(X)

    def objective(L):
        values = np.linalg.eigvalsh(L @ C @ L.T)
        return np.abs(values[values > 1e-9] - 1).max()

    return (
        objective,
        lambda _: RCA().fit(X, y).components_,
        None,
        {"metric-learn": lambda: metric_learn.RCA().fit(X, y)},
    )


def lfda(X, y):
    """Local within over local total scatter, summed over C - 1 directions."""
    k, neighbours = len(np.unique(y)) - 1, min(7, X.shape[1] - 1)
    k = min(k, X.shape[1])
    Z, W = span(X)
    groups = [np.flatnonzero(y == c) for c in np.unique(y)]
    blocks = [affinity(X[g], neighbours) for g in groups]
    within, mixed = local_scatters(Z, groups, blocks)

    def objective(L):
        A = L @ np.linalg.pinv(W)
        ratio = np.linalg.solve(A @ mixed @ A.T, A @ within @ A.T)
        return float(np.trace(ratio))

    return (
        objective,
        lambda _: LFDA(k, n_neighbors=neighbours).fit(X, y).components_,
        None,
        {
            "metric-learn": lambda: metric_learn.LFDA(n_components=k, k=neighbours).fit(
                X, y
            )
        },
    )


METHODS = {
    "NCA": nca,
    "LMNN": lmnn,
    "ITML": itml_on_pairs,
    "MMC": mmc_on_pairs,
    "RCA": rca_on_chunklets,
    "LFDA": lfda,
}


# --- one fit --------------------------------------------------------------------------


def timed(fit, pipe):
    """L, mean CPU seconds, growth of the peak memory in MiB, warnings; or an error."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT + 1, LIMIT + 1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fits, start = 0, time.process_time()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = fit()  # counts only where one fit takes longer than LEAST
            if (seconds := time.process_time() - start) < LEAST:
                start = time.process_time()
                while fits < MOST and time.process_time() - start < LEAST:
                    fitted = fit()
                    fits += 1
                seconds = (time.process_time() - start) / fits
        L = getattr(fitted, "components_", fitted)
        if np.iscomplexobj(L) or not np.isfinite(L).all():
            raise FloatingPointError("NaN or complex numbers")
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {str(error)[:40]}")
        return
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    stopped = any(w.category is ConvergenceWarning for w in caught)
    pipe.send(SimpleNamespace(L=L, s=seconds, mib=grown / 1024, stopped=stopped))


def run(fit):
    """The result of timed in a process of its own, or why there is none."""
    context = multiprocessing.get_context("fork")
    mine, its = context.Pipe(duplex=False)
    process = context.Process(target=timed, args=(fit, its))
    process.start()
    its.close()
    try:
        return mine.recv()
    except EOFError:
        return f"> {LIMIT} s"
    finally:
        process.join()


def compare(name, method, halves):
    """One row for each peer of a method on one set."""
    X, test, y, answers = halves
    objective, ours, tol, peers = method(X, y)

    def judge(found):
        if isinstance(found, str):
            return found, found
        vote = KNeighborsClassifier(3).fit(X @ found.L.T, y)
        return objective(found.L), vote.score(test @ found.L.T, answers)

    full = run(partial(ours, tol))
    value, score = judge(full)
    for peer, fit in peers.items():
        theirs = run(fit)
        their_value, their_score = judge(theirs)
        equal = full
        if tol is not None and not isinstance(theirs, str):
            for times in LADDER:
                equal = run(partial(ours, tol * times))
                worst = their_value + 1e-6 * abs(their_value) + 1e-9
                if not isinstance(equal, str) and judge(equal)[0] <= worst:
                    break
        yield SimpleNamespace(
            data=name, peer=peer, full=full, value=value, score=score, equal=equal,
            equal_value=judge(equal)[0], theirs=theirs,
            their_value=their_value, their_score=their_score,
        )  # fmt: skip


def cells(found, value, score):
    """Seconds, objective, accuracy and memory of a map, or why there is none."""
    if isinstance(found, str):
        return [found, "", "", ""]
    seconds = f"{found.s:.4f}" + " (stopped early)" * found.stopped
    return [seconds, f"{value:.5g}", f"{score:.3f}", f"{found.mib:.0f}"]


def line(method, row):
    """Print a row of the table; the ratio of times, None where one has no map."""
    ours, theirs, ratio = row.equal, row.theirs, None
    late = theirs == f"> {LIMIT} s"
    if not isinstance(ours, str) and (late or not isinstance(theirs, str)):
        ratio = (LIMIT if late else theirs.s) / ours.s
    shown = [
        row.data,
        method,
        *cells(row.full, row.value, row.score),
        cells(ours, row.equal_value, 0.0)[0],
        row.peer,
        *cells(theirs, row.their_value, row.their_score),
        "" if ratio is None else "> " * late + f"{ratio:.2f}",
    ]
    print("| " + " | ".join(shown) + " |", flush=True)
    return ratio


def draw(points, path):
    """Ratios as marks: one shape a method, one line a set, filled for metric-learn."""
    fig = Figure(figsize=(7.5, 4), layout="constrained")
    ax = fig.subplots()
    names = list(SETS)
    for m, method in enumerate(METHODS):
        for peer, face in (("metric-learn", COLORS[m]), ("scikit-learn", "none")):
            of = [(d, r) for k, d, p, r in points if (k, p) == (method, peer) and r]
            if of:
                ax.scatter(
                    [r for _, r in of],
                    [names.index(d) + 0.12 * (m - 2.5) for d, _ in of],
                    marker=MARKERS[m], s=45, facecolors=face, edgecolors=COLORS[m],
                    label=method + (" (scikit-learn)" if face == "none" else ""),
                )  # fmt: skip
    ax.axvline(1, color="black", linewidth=0.8)
    ax.set(xscale="log", xlabel="CPU time of the peer / ours, at no worse an objective")
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    fig.savefig(path, dpi=150)


def main(names):
    """Print the table, the summary, and draw the picture."""
    tools = ("numpy", "scipy", "scikit-learn", "metric-learn")
    there = tools if find_spec("metric_learn") else tools[:-1]
    print(*(f"{tool} {version(tool)}" for tool in there), sep=", ", end="\n\n")
    head = "data | method | CPU s | objective | 3-NN | MiB | to equal, s | peer"
    print(f"| {head} | CPU s | objective | 3-NN | MiB | ratio |\n|" + "---|" * 13)
    points = []
    for name in names:
        X, y = SETS[name]()
        halves = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
        scale = StandardScaler().fit(halves[0])
        halves[:2] = (scale.transform(half) for half in halves[:2])
        for method, prepare in METHODS.items():
            for row in compare(name, prepare, halves):
                points.append((method, name, row.peer, line(method, row)))
    ratios = [r for _, _, peer, r in points if r and peer == "metric-learn"]
    if ratios:
        mean = np.exp(np.log(ratios).mean())
        print(f"\nGeometric mean over metric-learn: {mean:.1f}")
    least, method, name, peer = min((r, m, d, p) for m, d, p, r in points if r)
    print(f"Least ratio: {least:.2f} ({method} on {name}, {peer})")
    draw(points, Path(__file__).with_suffix(".png"))


if __name__ == "__main__":
    main(sys.argv[1:] or list(SETS))
