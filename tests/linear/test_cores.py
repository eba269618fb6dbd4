"""What every core on judgements keeps, and what its estimator takes over from it."""

import inspect

import numpy as np
import pytest

import mlcourse.linear
from mlcourse.linear import (
    gmml,
    itml,
    kissme,
    lsml,
    mmc,
    oasis,
    rca,
    scml,
    sdml,
)

S = np.array([[0, 1], [0, 2], [1, 2], [3, 4], [4, 5], [3, 5], [6, 7]])
D = np.array([[0, 3], [1, 4], [2, 6], [5, 7], [2, 3], [1, 7], [0, 6]])
T = np.array([[0, 1, 3], [1, 2, 4], [3, 4, 0], [4, 5, 7], [6, 7, 2], [2, 0, 5]])
CORES = {
    "rca": (rca, {"S": S}),
    "mmc": (mmc, {"S": S, "D": D}),
    "itml": (itml, {"S": S, "D": D}),
    "gmml": (gmml, {"S": S, "D": D}),
    "kissme": (kissme, {"S": S, "D": D}),
    "sdml": (sdml, {"S": S, "D": D}),
    "lsml": (lsml, {"Q": np.c_[S, D]}),
    "scml": (scml, {"T": T}),
    "oasis": (oasis, {"T": T}),
}
each = pytest.mark.parametrize("name", CORES)


@pytest.fixture
def whole(rng):
    """Eight points with whole coordinates, exact in every type."""
    return rng.integers(-9, 10, size=(8, 3)) + np.repeat(
        [[0], [12], [30]], [3, 3, 2], 0
    )


@pytest.mark.errors  # whole numbers are refused by the pass that checks types
@each
@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float16])
def test_is_computed_in_float64_whatever_comes(name, dtype, whole):
    core, judged = CORES[name]
    M = core(whole.astype(np.float64), **judged)
    found = core(whole.astype(dtype), **judged)
    assert found.dtype == np.float64
    assert np.array_equal(found, M)


@each
def test_lists_are_judgements_too(name, whole):
    core, judged = CORES[name]
    lists = {key: rows.tolist() for key, rows in judged.items()}
    X = whole.astype(float)
    assert np.array_equal(core(X, **lists), core(X, **judged))


@each
def test_input_is_left_alone(name, whole):
    core, judged = CORES[name]
    X, rows = whole.astype(float), {key: value.copy() for key, value in judged.items()}
    core(X, **rows)
    assert np.array_equal(X, whole)
    assert all(np.array_equal(rows[key], judged[key]) for key in rows)


@each
def test_metric_is_finite_symmetric_and_psd(name, whole):
    core, judged = CORES[name]
    M = core(whole.astype(float), **judged)
    assert np.isfinite(M).all()
    if core is not oasis:  # a similarity
        assert np.linalg.eigvalsh(M)[0] >= -1e-10 * np.abs(M).max()
        np.testing.assert_allclose(M, M.T, rtol=0, atol=1e-15 * np.abs(M).max())


@pytest.mark.errors
@each
def test_judgements_that_are_wrong_are_named(name, whole):
    core, judged = CORES[name]
    for key in judged:
        with pytest.raises(
            ValueError, match=f"{key} must hold indices from 0 to n - 1"
        ):
            core(whole, **{**judged, key: judged[key] + 9})
        with pytest.raises(ValueError, match=f"{key} must hold"):
            core(whole, **{**judged, key: judged[key][:, :1]})


@pytest.mark.errors
@each
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda X: np.r_[X[:7], [[0, np.nan, 1]]], "must be finite, got 1 entries"),
        (lambda X: np.r_[X[:7], [[0, -np.inf, 1]]], "must be finite, got 1 entries"),
        (lambda X: X[:, 0], r"\(n, d\) matrix.*got shape \(8,\).*X\[:, None\]"),
        (lambda X: X[None], r"got shape \(1, 8, 3\)"),
        (lambda X: X[:, :0], r"got shape \(8, 0\)"),
    ],
)
def test_points_that_are_no_finite_matrix_are_refused(name, spoil, message):
    # a NaN used to take its feature out of rca, mmc and kissme without a word
    core, judged = CORES[name]
    X = np.arange(24.0).reshape(8, 3) ** 2
    with pytest.raises(ValueError, match=message):
        core(spoil(X), **judged)


@each
def test_estimator_has_the_defaults_of_its_core(name):
    estimator = getattr(mlcourse.linear, name.upper())
    of = [
        {key: p.default for key, p in inspect.signature(callee).parameters.items()}
        for callee in (CORES[name][0], estimator)
    ]
    shared = (of[0].keys() & of[1].keys()) - {"weights"}
    assert shared  # at least one
    assert {key: of[0][key] for key in shared} == {key: of[1][key] for key in shared}


@each
def test_core_given_its_defaults_is_the_core(name, whole):
    core, judged = CORES[name]
    given = {
        key: p.default
        for key, p in inspect.signature(core).parameters.items()
        if p.kind is p.KEYWORD_ONLY
    }
    X = whole.astype(float)
    assert np.array_equal(core(X, **judged, **given), core(X, **judged))


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        ("DNE", {"n_components": None, "n_neighbors": 5}),
        ("GMML", {"t": 0.5, "reg": 1e-9}),
        ("ITML", {"gamma": 1.0, "bounds": None, "tol": 1e-6, "max_iter": 1000}),
        ("KISSME", {"reg": 0.0}),
        ("LDA", {"n_components": None, "reg": 0.0}),
        ("LFDA", {"n_components": None, "n_neighbors": 7, "reg": 0.0}),
        ("LMNN", {"n_neighbors": 3, "mu": 0.5, "tol": 1e-3, "max_iter": 1000}),
        ("LSML", {"weight": 1000.0, "tol": 1e-6, "max_iter": 1000}),
        ("MCML", {"tol": 1e-3, "max_iter": 1000}),
        ("MLKR", {"n_components": None, "tol": 1e-5, "max_iter": 200}),
        ("MMC", {"diagonal": False, "reg": 0.0, "tol": 1e-4, "max_iter": 1000}),
        ("NCA", {"n_components": None, "tol": 1e-6, "max_iter": 200}),
        ("OASIS", {"C": 0.1, "n_triplets": 20_000, "random_state": None}),
        ("RCA", {"n_components": None, "reg": 0.0}),
        (
            "SCML",
            {
                "n_neighbors": 3,
                "n_impostors": 10,
                "n_bases": None,
                "beta": 1e-5,
                "tol": 1e-6,
                "max_iter": 100,
            },
        ),
        ("SDML", {"balance": 0.9, "alpha": 0.01, "tol": 1e-4, "max_iter": 100}),
        ("Whitening", {}),
    ],
)
def test_defaults_are_those_of_the_papers_or_stated(name, defaults):
    assert getattr(mlcourse.linear, name)().get_params() == defaults
