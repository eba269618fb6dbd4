"""The best stump: by every stump there is."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from mlcourse.ensembles import Stump, best_stump


@pytest.fixture(params=range(6))
def rng(request):
    return np.random.default_rng(request.param)


def error_of(stump, X, codes, weights):
    return weights[stump.predict(X) != codes].sum()


def every(X, n_classes):
    """All stumps, in order of feature, threshold, left, right."""
    for j in range(X.shape[1]):
        values = np.unique(X[:, j])
        for theta in (values[1:] + values[:-1]) / 2:
            for left in range(n_classes):
                for right in range(n_classes):
                    yield Stump(j, float(theta), left, right)


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("ties", [False, True])
def test_is_the_first_of_the_least_error(rng, n_classes, ties):
    X = rng.normal(size=(12, 3))
    if ties:
        X = np.round(X)
    codes = rng.integers(n_classes, size=12)
    weights = rng.integers(1, 5, size=12) / 8  # sums are exact, ties are ties
    found = best_stump(X, codes, weights)
    errors = [(error_of(s, X, codes, weights), s) for s in every(X, codes.max() + 1)]
    least = min(error for error, _ in errors)
    assert error_of(found, X, codes, weights) == least
    assert found == next(s for error, s in errors if error == least)


def test_a_small_difference_counts_and_one_of_rounding_does_not():
    """Feature 1 errs on a little less than feature 0; or on the same, summed anew."""
    X = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    codes = np.array([0, 0, 1, 1])
    X[:, 0] = [0, 1, 1, 1]  # wrong at the second point; feature 1 at the third
    X[:, 1] = [0, 0, 0, 1]
    assert best_stump(X, codes, np.array([1, 1, 1 - 1e-9, 1])).feature == 1
    assert best_stump(X, codes, np.array([1, 1, 1 - 1e-15, 1])).feature == 0


def test_no_worse_than_a_tree_of_depth_1(rng):
    """Gini's split is another one, of a larger error at best equal."""
    X, codes = rng.normal(size=(60, 4)), rng.integers(3, size=60)
    weights = rng.exponential(size=60)
    tree = DecisionTreeClassifier(max_depth=1, random_state=0)
    tree.fit(X, codes, sample_weight=weights)
    theirs = weights[tree.predict(X) != codes].sum()
    assert error_of(best_stump(X, codes, weights), X, codes, weights) <= theirs + 1e-12


def test_equals_a_tree_where_one_split_is_perfect(rng):
    X, codes = rng.normal(size=(30, 3)), np.arange(30) % 2
    X[:, 1] = np.where(codes == 1, 2.0, -2.0) + rng.uniform(-1, 1, size=30)
    tree = DecisionTreeClassifier(max_depth=1).fit(X, codes).tree_
    found = best_stump(X, codes, np.ones(30))
    assert (found.feature, found.left, found.right) == (1, 0, 1)
    assert found.threshold == pytest.approx(tree.threshold[0], abs=1e-6)  # of float32


def test_a_point_of_weight_0_moves_no_threshold():
    X = np.array([[0.0], [4.0], [6.0], [10.0]])
    found = best_stump(X, np.array([0, 1, 0, 1]), np.array([1.0, 0, 0, 1]))
    assert found == (0, 5.0, 0, 1)


def test_equal_features_give_the_largest_class():
    found = best_stump(np.ones((4, 2)), np.array([0, 2, 2, 1]), np.ones(4))
    assert found == (0, np.inf, 2, 2)
    assert found.predict(np.array([[-9.0, 0], [1e300, 0]])).tolist() == [2, 2]


NEXT = np.nextafter(1.0, 2)


@pytest.mark.parametrize(
    ("low", "high"),
    [(1.0, NEXT), (NEXT, np.nextafter(NEXT, 2)), (-1e308, 1.7e308), (5e-324, 1e-323)],
)
def test_a_threshold_is_between_its_neighbours(low, high):
    found = best_stump(np.array([[high], [low]]), np.array([1, 0]), np.ones(2))
    assert low <= found.threshold < high
    assert found.predict(np.array([[low], [high]])).tolist() == [0, 1]


def test_a_threshold_is_halfway_between_numbers_whose_sum_is_infinite():
    X = np.array([[1e308], [1.6e308]])
    assert best_stump(X, np.array([0, 1]), np.ones(2)).threshold == 1.3e308


@pytest.mark.errors
def test_errors():
    with pytest.raises(ValueError, match="not all 0, got none that is > 0"):
        best_stump(np.ones((2, 1)), np.array([0, 1]), np.zeros(2))
