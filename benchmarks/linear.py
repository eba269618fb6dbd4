"""Seconds, objective and held-out accuracy of the iterative linear learners and peers.

``python benchmarks/linear.py`` prints one Markdown table. Each row: CPU seconds of a
fit (least of three), the objective on the training half, and the accuracy of 3-NN on
the other half. metric-learn is a row where it is installed and the scikit-learn
is one that it can use (0.7.0 needs one before 1.8).
"""

import time
import warnings
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, NeighborhoodComponentsAnalysis
from sklearn.preprocessing import StandardScaler

from mlcourse.linear import LMNN, MCML, NCA, nca_objective
from mlcourse.linear._hinges import Hinges
from mlcourse.linear._impostors import target_neighbours


def right_votes(L, X, y):
    """NCA's objective, to be maximised."""
    return nca_objective(L, X, y[:, None] == y)[0]


def pull_and_push(L, X, y):
    """LMNN's objective (k = 3, mu = 1/2), to be minimised."""
    hinges = Hinges(X, y, target_neighbours(X, y, 3), mu=0.5)
    hinges.find(L, slack=0.0)
    return hinges(L, gamma=0.0)[0]


def learners():
    """(name, a function that makes the learner, its objective or None)."""
    yield "NCA", NCA, right_votes
    yield "NCA, scikit-learn", NeighborhoodComponentsAnalysis, right_votes
    yield "LMNN", LMNN, pull_and_push
    yield "MCML", MCML, None
    if find_spec("metric_learn"):
        import metric_learn

        yield "NCA, metric-learn", metric_learn.NCA, right_votes
        yield "LMNN, metric-learn", metric_learn.LMNN, pull_and_push


def measure(make, X, y):
    """The fitted learner and the least CPU seconds of three fits."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        fitted = make().fit(X, y)
        seconds.append(time.process_time() - start)
    return fitted, min(seconds)


def main():
    """Print the table."""
    warnings.simplefilter("ignore", FutureWarning)
    print(f"numpy {version('numpy')}, scikit-learn {version('scikit-learn')}\n")
    print("| data | learner | CPU s | objective | 3-NN |\n|---|---|---|---|---|")
    for load in (load_iris, load_wine, load_breast_cancer, load_digits):
        X, y = load(return_X_y=True)
        halves = train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)
        scale = StandardScaler().fit(halves[0])
        train, test = scale.transform(halves[0]), scale.transform(halves[1])
        for name, make, objective in learners():
            fitted, seconds = measure(make, train, halves[2])
            value = "" if objective is None else "%.4g"
            if objective is not None:
                value %= np.float64(objective(fitted.components_, train, halves[2]))
            vote = KNeighborsClassifier(3).fit(fitted.transform(train), halves[2])
            score = vote.score(fitted.transform(test), halves[3])
            data = load.__name__.removeprefix("load_")
            print(f"| {data} | {name} | {seconds:.3f} | {value} | {score:.3f} |")


if __name__ == "__main__":
    main()
