"""Measures of 60,000 embeddings: time and memory beside the search alone.

    OMP_NUM_THREADS=1 python benchmarks/evaluate.py

Each line runs in a process of its own. The limits search only: a product of matrices
and topk in blocks, or FAISS' exact search; `evaluate` ranks, counts and averages too.
"""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import torch
from _beside import held, peak
from torch import Tensor
from torch.nn.functional import normalize

N, PER_CLASS, DEPTH, CHUNK = 60_000, 5, 8, 1024


def data(dim: int) -> tuple[Tensor, Tensor]:
    """Unit vectors around 12,000 class centres, five each, as in Online Products."""
    draw = torch.Generator().manual_seed(0)
    centres = torch.randn(N // PER_CLASS, dim, generator=draw)
    labels = torch.arange(N // PER_CLASS).repeat_interleave(PER_CLASS)
    z = centres[labels] + 0.7 * torch.randn(N, dim, generator=draw)
    return normalize(z, dim=1), labels


def by_product(z: Tensor, labels: Tensor) -> float:
    """Limit without FAISS: 1 - cosine by blocks of a product, and topk."""
    for part in z.split(CHUNK):
        (part @ z.T).topk(DEPTH + 1, dim=1)
    return float("nan")


def by_faiss(z: Tensor, labels: Tensor) -> float:
    """Limit with FAISS: its exact search."""
    import faiss

    for part in z.split(CHUNK):
        faiss.knn(part.numpy(), z.numpy(), DEPTH + 1)
    return float("nan")


def ours(z: Tensor, labels: Tensor) -> float:
    """evaluate, without FAISS even where it is installed."""
    from mlcourse.evaluation import _search, evaluate

    _search._faiss_serves = lambda z: False
    return evaluate(z, labels)["map_at_r"]


def ours_faiss(z: Tensor, labels: Tensor) -> float:
    """evaluate, with FAISS."""
    from mlcourse.evaluation import evaluate

    return evaluate(z, labels)["map_at_r"]


METHODS = {f.__name__: f for f in (by_product, ours, by_faiss, ours_faiss)}


def one(method: str, dim: int) -> None:
    """Run one method; its numbers as a line of JSON."""
    torch.set_num_threads(1)
    z, labels = data(dim)
    METHODS[method](z[:2000], labels[:2000])  # imports, caches
    before, start = held(), time.process_time()
    value = METHODS[method](z, labels)
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "mib": peak() - before, "map_at_r": value}))


def main() -> None:
    """A table of all methods at two dimensions."""
    print("| d | method | CPU s | MiB beside the data | MAP@R |\n|---|---|---|---|---|")
    for dim in (128, 512):
        for method in METHODS:
            if "faiss" in method and importlib.util.find_spec("faiss") is None:
                continue
            command = [sys.executable, str(Path(__file__)), method, str(dim)]
            found = subprocess.run(command, check=True, capture_output=True, text=True)
            row = json.loads(found.stdout)
            numbers = f"{row['seconds']:.1f} | {row['mib']:.0f} | {row['map_at_r']:.4f}"
            print(f"| {dim} | {method} | {numbers.replace('nan', '')} |", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        one(sys.argv[1], int(sys.argv[2]))
    else:
        main()
