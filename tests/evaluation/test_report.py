"""Tests for evaluate: equal to the measures of the whole matrix, in little memory."""

import subprocess
import sys

import pytest
import torch

import mlcourse.evaluation._search as search
from mlcourse.evaluation import evaluate, map_at_r, r_precision, recall_at_k


@pytest.fixture(params=[0, 1, 2])
def generator(request):
    return torch.Generator().manual_seed(request.param)


@pytest.fixture
def batch(generator):
    """60 points in 9 classes of unequal size, two of them of one point."""
    labels = torch.randint(7, (60,), generator=generator)
    labels[-2:] = torch.tensor([8, 9])
    return torch.randn(60, 5, generator=generator), labels


def by_loop(z, labels, gallery, known, ks, *, itself):
    """Every query sorts all answers by distance, then by index."""
    found = {f"recall@{k}": [] for k in ks} | {"r_precision": [], "map_at_r": []}
    left = 0
    for q, (x, label) in enumerate(zip(z.double(), labels.tolist(), strict=True)):
        order = sorted(
            (float((x - y).square().sum()), j)
            for j, y in enumerate(gallery.double())
            if not (itself and j == q)
        )
        match = [int(known[j]) == label for _, j in order]
        R = sum(match)
        if R == 0:
            left += 1
            continue
        for k in ks:
            found[f"recall@{k}"].append(any(match[:k]))
        found["r_precision"].append(sum(match[:R]) / R)
        found["map_at_r"].append(
            sum(sum(match[: r + 1]) / (r + 1) for r in range(R) if match[r]) / R
        )
    means = {name: sum(values) / len(values) for name, values in found.items()}
    return {**means, "queries": len(z), "without_match": left}


@pytest.mark.parametrize("chunk", [1, 7, 60, 512])
def test_equals_a_loop_over_queries(batch, chunk):
    z, labels = batch
    expected = by_loop(z, labels, z, labels, (1, 2, 4, 8), itself=True)
    assert evaluate(z, labels, chunk=chunk) == pytest.approx(expected)
    assert expected["without_match"] == 2


def test_equals_the_measures_of_the_whole_matrix(batch):
    z, labels = batch
    dist = torch.cdist(z, z)
    found = evaluate(z, labels, ks=(1, 3))
    assert found["recall@1"] == pytest.approx(recall_at_k(dist, labels, k=1))
    assert found["recall@3"] == pytest.approx(recall_at_k(dist, labels, k=3))
    assert found["r_precision"] == pytest.approx(r_precision(dist, labels))
    assert found["map_at_r"] == pytest.approx(map_at_r(dist, labels))


def test_a_gallery_of_its_own_keeps_every_answer(batch, generator):
    z, labels = batch
    gallery = torch.cat([z[:4], torch.randn(30, 5, generator=generator)])
    known = torch.cat([labels[:4], torch.randint(7, (30,), generator=generator)])
    expected = by_loop(z, labels, gallery, known, (1, 5), itself=False)
    found = evaluate(z, labels, ks=(1, 5), gallery=gallery, gallery_labels=known)
    assert found == pytest.approx(expected)


def test_of_equal_distances_the_lower_index_comes_first():
    """Whole numbers on a line: ties everywhere, also at the cut."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randint(4, (50, 1), generator=generator).float()
    labels = torch.randint(5, (50,), generator=generator)
    expected = by_loop(z, labels, z, labels, (1, 2, 4, 8), itself=True)
    assert evaluate(z, labels, chunk=8) == pytest.approx(expected)


def test_the_query_is_removed_by_its_index_among_copies():
    z = torch.zeros(6, 3)
    labels = torch.tensor([0, 1, 1, 1, 1, 1])
    found = evaluate(z, labels, ks=(1,))
    # query 1 sees 0 first, queries 2 to 5 see 0 first, too; query 0 has no match
    assert found["recall@1"] == 0
    assert found["without_match"] == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_takes_every_precision(batch, dtype):
    z, labels = batch
    z = z.to(dtype)
    expected = by_loop(z, labels, z, labels, (1,), itself=True)
    assert evaluate(z, labels, ks=(1,)) == pytest.approx(expected)


def test_points_far_from_the_origin_keep_their_order(batch):
    z, labels = batch
    moved = evaluate((z.double() + 1e6), labels)
    assert moved == pytest.approx(evaluate(z.double(), labels))
    near = evaluate(z + 100, labels)
    assert near["recall@1"] == pytest.approx(evaluate(z, labels)["recall@1"], abs=0.05)


@pytest.mark.skipif(not search._faiss_serves(torch.zeros(1, 1)), reason="no FAISS")
def test_faiss_and_the_product_of_matrices_agree(batch, monkeypatch):
    z, labels = batch
    copies = z[torch.arange(60) % 20]
    by_faiss = [evaluate(z, labels), evaluate(copies, labels, chunk=7)]
    monkeypatch.setattr(search, "_faiss_serves", lambda z: False)
    assert evaluate(z, labels) == pytest.approx(by_faiss[0])
    assert evaluate(copies, labels) == pytest.approx(by_faiss[1])


def test_queries_and_answers_may_differ_in_precision(batch):
    z, labels = batch
    expected = evaluate(z, labels, gallery=z + 0.5, gallery_labels=labels)
    for q, a in ((z.double(), z), (z, z.double()), (z.half().float(), z.half())):
        found = evaluate(q, labels, gallery=a + 0.5, gallery_labels=labels.int())
        assert found["recall@1"] == pytest.approx(expected["recall@1"], abs=0.05)


def test_labels_may_be_a_column_of_a_table(batch):
    """Without a warning, which is an error here."""
    z, labels = batch
    table = torch.stack([labels, -labels], dim=1)
    assert evaluate(z, table[:, 0]) == evaluate(z, labels)


MEMORY = """
import resource, torch
from mlcourse.evaluation import evaluate
generator = torch.Generator().manual_seed(0)
z = torch.randn(12_000, 512, generator=generator)
labels = torch.arange(12_000) // 5
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
evaluate(z, labels)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_memory_grows_with_the_block_and_not_with_n_squared():
    """The whole matrix of 12,000 points would take 550 MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 200 * 1024


@pytest.mark.errors
@pytest.mark.parametrize(
    ("message", "arguments", "keywords"),
    [
        ("matrix of floats", (torch.zeros(4), torch.arange(4)), {}),
        ("must be finite", (torch.full((4, 1), torch.nan), torch.zeros(4).long()), {}),
        ("one whole number for each of the 4", (torch.rand(4, 2), torch.arange(3)), {}),
        ("from 1 to the number of answers to a query, 3, got 4",
         (torch.rand(4, 2), torch.zeros(4).long()), {"ks": (4,)}),
        ("answers to a query, 0, got 1", (torch.rand(0, 2), torch.arange(0)), {}),
        ("chunk must be > 0", (torch.rand(4, 2), torch.arange(4) // 2),
         {"chunk": 0, "ks": (1,)}),
        ("no query has a match", (torch.rand(4, 2), torch.arange(4)), {"ks": (1,)}),
        ("give both gallery", (torch.rand(4, 2), torch.arange(4)),
         {"gallery": torch.rand(2, 2)}),
        ("give both gallery", (torch.rand(4, 2), torch.arange(4)),
         {"gallery_labels": torch.arange(2)}),
        ("equal columns, got 2 and 1", (torch.rand(4, 2), torch.arange(4)),
         {"gallery": torch.rand(4, 1), "gallery_labels": torch.arange(4), "ks": (1,)}),
    ],
)  # fmt: skip
def test_a_mistake_is_told(message, arguments, keywords):
    with pytest.raises((TypeError, ValueError), match=message):
        evaluate(*arguments, **keywords)
