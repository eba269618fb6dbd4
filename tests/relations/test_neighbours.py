"""Tests for mlcourse.relations.neighbours."""

from collections import Counter

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from mlcourse.relations import knn_predict, retrieve

# Two queries, five references; distances tie in row 0 at 2 (columns 1 and 4).
DIST = torch.tensor([[4.0, 2.0, 1.0, 9.0, 2.0], [0.5, 3.0, 8.0, 0.1, 0.4]])
LABELS = torch.tensor([5, 5, -2, 3, 3])


def pairwise(x, y):
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


# --- values ---------------------------------------------------------------------------


def test_retrieve_by_hand():
    expected = torch.tensor([[2, 1, 4, 0], [3, 4, 0, 1]])
    assert torch.equal(retrieve(DIST, k=4), expected)


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [-2, 3]),  # the nearest alone
        (2, [-2, 3]),  # row 0: -2 and 5 tie, the smaller label wins; row 1: 3, 3
        (4, [5, 3]),  # row 0: -2, 5, 3, 5; row 1: 3, 3, 5, 5 tie
        (5, [3, 3]),  # all vote: 5 and 3 twice each, the smaller wins
    ],
)
def test_vote_by_hand(k, expected):
    assert knn_predict(DIST, LABELS, k=k).tolist() == expected


def test_vote_counts_votes_not_distances():
    dist = torch.tensor([[0.1, 5.0, 6.0]])
    assert knn_predict(dist, torch.tensor([0, 1, 1]), k=3).item() == 1


def test_equals_loop_over_the_definition(generator):
    dist = torch.rand(40, 25, generator=generator)
    labels = torch.randint(-3, 4, (25,), generator=generator)
    for k in (1, 2, 7, 25):
        found = knn_predict(dist, labels, k=k).tolist()
        for row, winner in zip(dist.tolist(), found, strict=True):
            nearest = sorted(range(25), key=lambda j: (row[j], j))[:k]
            votes = Counter(labels[nearest].tolist())
            assert winner == min(votes, key=lambda c: (-votes[c], c))


@pytest.mark.parametrize("k", [1, 4, 9])
def test_equals_scikit_learn_on_digits(k):
    X, y = load_digits(return_X_y=True)
    train, test = slice(0, 900), slice(900, 1500)
    dist = pairwise(torch.tensor(X[test]), torch.tensor(X[train]))
    sorted_dist = dist.sort(dim=1).values
    untied = (sorted_dist[:, k - 1] < sorted_dist[:, k]).numpy()
    peer = KNeighborsClassifier(k, algorithm="brute").fit(X[train], y[train])
    found = knn_predict(dist, torch.tensor(y[train]), k=k).numpy()
    assert untied.mean() > 0.9
    assert (found == peer.predict(X[test]))[untied].all()


def test_all_k_is_a_full_sort(generator):
    dist = torch.rand(3, 8, generator=generator)
    assert torch.equal(retrieve(dist, k=8), dist.sort(dim=1).indices)


def test_equal_distances_keep_the_lower_index_first():
    dist = torch.ones(2, 3000)  # long rows: unstable sorts shuffle them
    assert torch.equal(retrieve(dist, k=50), torch.arange(50).expand(2, 50))


# --- what must not change it, what must -----------------------------------------------


def test_monotone_change_of_distance_changes_nothing(generator):
    dist = torch.rand(10, 30, generator=generator, dtype=torch.float64)
    labels = torch.arange(30) % 4
    assert torch.equal(retrieve(dist, k=5), retrieve(dist.exp() - 3, k=5))
    assert torch.equal(
        knn_predict(dist, labels, k=5), knn_predict(dist.square(), labels, k=5)
    )


def test_order_of_the_references_changes_nothing(generator):
    dist = torch.rand(10, 30, generator=generator)
    labels = torch.arange(30) % 4
    order = torch.randperm(30, generator=generator)
    assert torch.equal(order[retrieve(dist[:, order], k=5)], retrieve(dist, k=5))
    assert torch.equal(
        knn_predict(dist[:, order], labels[order], k=5), knn_predict(dist, labels, k=5)
    )


def test_query_is_left_out_by_inf_on_the_diagonal(points):
    dist = pairwise(points, points).fill_diagonal_(torch.inf)
    assert (retrieve(dist, k=59) != torch.arange(60)[:, None]).all()


def test_labels_keep_their_dtype_and_input_is_not_changed():
    dist = DIST.clone()
    found = knn_predict(dist, LABELS.to(torch.int32), k=2)
    assert found.dtype == torch.int32
    assert torch.equal(dist, DIST)


def test_many_votes_are_counted_exactly_in_half_precision():
    # 300 votes to 299: bfloat16 counts no further than 256.
    labels = (torch.arange(599) < 300).long()
    dist = torch.zeros(1, 599, dtype=torch.bfloat16)
    assert knn_predict(dist, labels, k=599).item() == 1


# --- errors ---------------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("dist", "k", "message"),
    [
        (DIST[0], 1, r"\(q, m\) matrix of distances.*got shape \(5,\).*dist\[None\]"),
        (torch.zeros(2, 0), 1, r"got shape \(2, 0\)"),
        (DIST.log() * torch.nan, 1, "must hold no NaN, got 10"),
        (DIST, 6, "k must be from 1 to the number of references, 5, got 6"),
        (DIST, 0, "from 1 to the number of references, 5, got 0"),
    ],
)
def test_wrong_input_says_what_and_why(dist, k, message):
    with pytest.raises(ValueError, match=message):
        retrieve(dist, k=k)
    with pytest.raises(ValueError, match=message):
        knn_predict(dist, LABELS, k=k)


@pytest.mark.errors
def test_labels_belong_to_the_references():
    with pytest.raises(ValueError, match=r"for each of the 5 references, the columns"):
        knn_predict(DIST, torch.tensor([0, 1]), k=1)
    with pytest.raises(TypeError, match=r"labels must be a torch tensor, got list"):
        knn_predict(DIST, [0, 1, 2, 3, 4], k=1)


@pytest.mark.errors
def test_numpy_array_is_told_how_to_become_a_tensor():
    with pytest.raises(TypeError, match=r"got ndarray; .* torch.as_tensor\(dist\)"):
        retrieve(DIST.numpy(), k=1)
