"""Tests for recall_at_k, r_precision and map_at_r."""

import pytest
import torch
from sklearn.metrics import average_precision_score

import mlcourse.evaluation._ranking as ranking
from mlcourse.evaluation import map_at_r, r_precision, recall_at_k

MEASURES = {
    "recall@1": recall_at_k,
    "recall@3": lambda dist, labels: recall_at_k(dist, labels, k=3),
    "r_precision": r_precision,
    "map_at_r": map_at_r,
}
every = pytest.mark.parametrize("name", MEASURES)

# Six points on a line; classes 0 0 0 1 1 2. Nearest others, nearest first:
#   0: 1 2 3 4 5   0 0 1 1 2        3: 2 4 1 0 5   0 1 0 0 2
#   1: 0 2 3 4 5   0 0 1 1 2        4: 3 2 5 1 0   1 0 2 0 0
#   2: 3 4 1 0 5   1 1 0 0 2        5 has no match
LINE = torch.tensor([0.0, 1.0, 2.5, 3.0, 3.75, 6.0])
DIST = (LINE[:, None] - LINE).abs()
LABELS = torch.tensor([0, 0, 0, 1, 1, 2])


@pytest.fixture(params=[0, 1])
def generator(request):
    return torch.Generator().manual_seed(request.param)


def case(generator, n=40, classes=7, whole=False):
    """An asymmetric matrix with ties (whole) or without, classes of different sizes."""
    dist = torch.rand(n, n, generator=generator, dtype=torch.float64)
    if whole:
        dist = (dist * 6).floor()
    labels = torch.randint(0, classes, (n,), generator=generator)
    labels[0] = classes + 3  # a class of one
    return dist, labels


def loop(name, dist, labels):
    """The definitions, point by point; sorted() keeps equal distances in order."""
    dist, labels, n = dist.tolist(), labels.tolist(), len(labels)
    values = []
    for i in range(n):
        others = sorted((j for j in range(n) if j != i), key=lambda j: dist[i][j])
        match = [labels[j] == labels[i] for j in others]
        R = sum(match)
        if R == 0:
            continue
        if name.startswith("recall"):
            values.append(float(any(match[: int(name[-1])])))
        elif name == "r_precision":
            values.append(sum(match[:R]) / R)
        else:
            values.append(
                sum(sum(match[: r + 1]) / (r + 1) for r in range(R) if match[r]) / R
            )
    return sum(values) / len(values)


# --- values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("recall@1", (1 + 1 + 0 + 0 + 1) / 5),
        ("recall@3", 1.0),
        ("r_precision", (1 + 1 + 0 + 0 + 1) / 5),
        ("map_at_r", (1 + 1 + 0 + 0 + 1) / 5),
    ],
)
def test_value_by_hand(name, expected):
    assert MEASURES[name](DIST, LABELS) == pytest.approx(expected, rel=1e-15)


def test_early_matches_count_more_in_map_at_r():
    # one query with R = 3: ranks 1 and 3 match, rank 2 does not; the rest are singles
    dist = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0]).repeat(5, 1)
    labels = torch.tensor([0, 0, 1, 0, 0])
    # query 0 sees 1 2 3 | 4: P = 1, 1/2, 2/3; queries 1, 3, 4 see 0 and then 1 or 2
    first = (1 + 2 / 3) / 3
    second = (1 + 2 / 3) / 3  # query 1: 0 2 3
    others = (1 + 1) / 3  # queries 3 and 4: 0 1 2
    expected = (first + second + 2 * others) / 4
    assert map_at_r(dist, labels) == pytest.approx(expected)
    assert r_precision(dist, labels) == pytest.approx(2 / 3)


@every
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("rows", [3, 512])
def test_equals_the_loop_over_the_definition(name, whole, rows, generator, monkeypatch):
    monkeypatch.setattr(ranking, "ROWS", rows)
    dist, labels = case(generator, whole=whole)
    assert MEASURES[name](dist, labels) == pytest.approx(
        loop(name, dist, labels), rel=1e-12
    )


@pytest.mark.parametrize("k", [1, 2, 5, 39])
def test_recall_equals_the_loop_for_every_k(k, generator):
    dist, labels = case(generator, classes=15)
    order = [sorted(set(range(40)) - {i}, key=lambda j: dist[i, j]) for i in range(40)]
    hits = [
        any(labels[j] == labels[i] for j in order[i][:k])
        for i in range(40)
        if (labels == labels[i]).sum() > 1
    ]
    assert recall_at_k(dist, labels, k=k) == pytest.approx(sum(hits) / len(hits))


def test_map_at_r_is_average_precision_where_all_matches_are_among_the_first_r():
    # classes apart: every ranking is perfect up to R, as scikit-learn confirms
    x = torch.tensor([0.0, 0.1, 0.3, 5.0, 5.2, 9.0, 9.5, 9.7])
    y = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    dist = (x[:, None] - x).abs()
    for i in range(8):
        others = torch.arange(8) != i
        assert average_precision_score(y[others] == y[i], -dist[i, others]) == 1.0
    assert map_at_r(dist, y) == r_precision(dist, y) == recall_at_k(dist, y) == 1.0


# --- the point itself, duplicates, ties, queries without a match ----------------------


@every
def test_query_is_removed_by_its_index(name, generator):
    dist, labels = case(generator)
    expected = MEASURES[name](dist, labels)
    for own in (0.0, 7.0, float("inf")):
        assert MEASURES[name](dist.clone().fill_diagonal_(own), labels) == expected


def test_duplicate_of_another_class_is_an_answer():
    x = torch.tensor([0.0, 0.0, 1.0, 1.5])  # points 0 and 1 coincide, classes differ
    dist = (x[:, None] - x).abs()
    labels = torch.tensor([0, 1, 0, 1])
    assert recall_at_k(dist, labels, k=1) == 0.0


def test_of_equal_distances_the_lower_index_comes_first():
    labels = torch.tensor([0, 1, 1, 0])
    # everybody's first other is 0, or 1 for query 0
    assert recall_at_k(torch.ones(4, 4), labels, k=1) == 1 / 4
    assert recall_at_k(torch.ones(4, 4), labels, k=2) == 3 / 4


@every
def test_query_without_match_is_left_out_but_stays_an_answer(name):
    x = torch.tensor([0.0, 1.0, 0.4, 0.45, 0.5])
    dist = (x[:, None] - x).abs()
    # three points between the two of class 0, each the only one of its class
    assert MEASURES[name](dist, torch.tensor([0, 0, 1, 2, 3])) == 0.0
    # counted as queries, the three would halve this
    near = torch.tensor([0, 1, 2, 0, 0])
    assert MEASURES[name](dist, near) == pytest.approx(loop(name, dist, near))


# --- what must not change it, what must -----------------------------------------------


@every
def test_monotone_map_of_the_distance_changes_nothing(name, generator):
    dist, labels = case(generator)
    value = MEASURES[name](dist, labels)
    assert MEASURES[name](dist**2, labels) == value
    assert MEASURES[name](dist.log(), labels) == value
    assert MEASURES[name](-dist, labels) != value


@every
def test_names_of_classes_and_order_of_points_change_nothing(name, generator):
    dist, labels = case(generator)
    value = MEASURES[name](dist, labels)
    assert MEASURES[name](dist, 100 - 3 * labels) == value
    order = torch.randperm(40, generator=generator)
    moved = MEASURES[name](dist[order][:, order], labels[order])
    assert moved == pytest.approx(value, rel=1e-14)


def test_order_of_the_measures(generator):
    dist, labels = case(generator)
    assert map_at_r(dist, labels) <= r_precision(dist, labels)
    recalls = [recall_at_k(dist, labels, k=k) for k in range(1, 40)]
    assert recalls == sorted(recalls)
    assert recalls[-1] == 1.0


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_type_of_dist_changes_nothing(name, dtype, generator):
    dist, labels = case(generator, whole=True)
    assert MEASURES[name](dist.to(dtype), labels) == MEASURES[name](dist, labels)


@every
def test_input_is_left_alone(name, generator):
    dist, labels = case(generator)
    before = dist.clone()
    MEASURES[name](dist, labels)
    assert torch.equal(dist, before)


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@every
@pytest.mark.parametrize(
    ("dist", "labels", "message"),
    [
        (torch.zeros(4, 3), [0, 0, 1, 1], r"\(n, n\) distance matrix, .* \(4, 3\)"),
        (torch.zeros(4, 4), [0, 0, 1], r"each of the 4 points, .* got \(3,\)"),
        (torch.zeros(4, 4), [0, 1, 2, 3], "no query has a match: the 4 labels"),
        (torch.full((4, 4), torch.nan), [0, 0, 1, 1], "must hold no NaN, got 16"),
        (
            torch.zeros(4, 4),
            [0.0, 0.0, 1.0, torch.nan],
            "one whole number .* torch.float32",
        ),
    ],
)
def test_wrong_input_says_what_and_why(name, dist, labels, message):
    with pytest.raises(ValueError, match=message):
        MEASURES[name](dist, torch.tensor(labels))


@pytest.mark.errors
@pytest.mark.parametrize("k", [0, -1, 6])
def test_wrong_k_says_what_and_why(k):
    with pytest.raises(ValueError, match="k must be from 1 to .* other points, 5, got"):
        recall_at_k(DIST, LABELS, k=k)
