"""Numbers kept and seconds taken by the three kernel forms as n grows.

``python benchmarks/kernel.py`` prints one Markdown table and draws kernel.png beside
itself. The data are Gaussian classes in 20 dimensions; the learner is LDA with one row
a class less one. Times are CPU seconds, least of three.
"""

import time
from pathlib import Path

import numpy as np
import sklearn
import torch

from mlcourse import plots
from mlcourse.kernel import KernelMetric, kernelize
from mlcourse.linear import LDA

SIZES = (100, 200, 400, 800)
CLASSES, DIM, LANDMARKS, NEW = 10, 20, 100, 500


def made(n, seed):
    """Points of ten Gaussian classes, and their labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % CLASSES
    centres = np.random.default_rng(0).normal(size=(CLASSES, DIM))
    return centres[y] + rng.normal(size=(n, DIM)), y


def forms():
    """(name, a function that makes the estimator, where its kernel map is)."""
    yield "explicit U", lambda: KernelMetric(LDA()), lambda e: e
    yield "KPCA trick", lambda: kernelize(LDA(), kernel="rbf"), lambda e: e["kernel"]
    yield (
        f"{LANDMARKS} landmarks",
        lambda: kernelize(LDA(), kernel="rbf", landmarks=LANDMARKS, random_state=0),
        lambda e: e["kernel"],
    )


def least(action):
    """CPU seconds of the fastest of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        action()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main():
    """Print the table and draw the figure."""
    print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}\n")
    print("| n | form | numbers kept | fit, CPU s | 500 new points, CPU s |")
    print("|---|---|---|---|---|")
    kept, fit = {}, {}
    for n in SIZES:
        (X, y), (new, _) = made(n, 1), made(NEW, 2)
        for name, make, kernel_of in forms():
            fitted = make().fit(X, y)
            step = kernel_of(fitted)
            numbers = step.points_.size + step.weights_.size
            if step is not fitted:
                numbers += step.mean_.size + fitted["learner"].components_.size
            seconds = least(lambda make=make, X=X, y=y: make().fit(X, y))
            asked = least(lambda fitted=fitted, new=new: fitted.transform(new))
            print(f"| {n} | {name} | {numbers:,} | {seconds:.3f} | {asked:.4f} |")
            kept.setdefault(name, []).append(numbers)
            fit.setdefault(name, []).append(seconds)
    fig, axes = plots.figure(1, 2, size=(9, 3.4))
    for ax, what, words in zip(
        axes, (kept, fit), ("numbers kept", "CPU seconds of the fit"), strict=True
    ):
        lines = {
            name: torch.tensor([v], dtype=torch.double) for name, v in what.items()
        }
        plots.plot_curves(ax, SIZES, lines)
        ax.set(xscale="log", yscale="log", xlabel="training points n", ylabel=words)
        ax.set(xticks=SIZES, xticklabels=SIZES)
        ax.minorticks_off()
    axes[0].legend()
    fig.savefig(Path(__file__).with_name("kernel.png"), dpi=120)


if __name__ == "__main__":
    main()
