"""Tests for the assignment of cliques to batches, and what it costs."""

from itertools import combinations, pairwise, product

import numpy as np
import pytest
import torch

from mlcourse.selfsupervised import assign_cliques, assignment_cost
from mlcourse.selfsupervised._swaps import Swaps


def cost(batches, S, repeat, cover):
    """The definition, term by term."""
    total = 0.0
    for row in batches:
        total += sum(S[k, m].item() for k in row for m in row if k != m)
    for row, after in pairwise(batches):
        total += repeat * len(set(row) & set(after))
    used = {k for row in batches for k in row}
    return total + cover * sum(k not in used for k in range(len(S)))


def similarity(n, generator):
    half = torch.rand(n, n, generator=generator, dtype=torch.float64)
    return half + half.T


@pytest.mark.parametrize(("repeat", "cover"), [(0, 0), (0.7, 0), (0, 1.3), (0.7, 1.3)])
def test_cost_equals_a_loop(generator, repeat, cover):
    S = similarity(9, generator)
    batches = torch.stack(
        [torch.randperm(9, generator=generator)[:3] for _ in range(4)]
    )
    got = assignment_cost(batches, S, repeat=repeat, cover=cover)
    assert got == pytest.approx(cost(batches.tolist(), S, repeat, cover))
    single = assignment_cost(batches, S.float(), repeat=repeat, cover=cover)
    assert single == pytest.approx(got, rel=1e-6)


def test_the_diagonal_and_the_order_in_a_batch_do_not_count(generator):
    S = similarity(9, generator)
    batches = torch.stack(
        [torch.randperm(9, generator=generator)[:3] for _ in range(4)]
    )
    expected = assignment_cost(batches, S)
    assert assignment_cost(batches, S + 5 * torch.eye(9)) == pytest.approx(expected)
    assert assignment_cost(batches.flip(1), S) == pytest.approx(expected)
    assert assignment_cost(batches.flip(0), S) == pytest.approx(expected)


@pytest.mark.parametrize("repeat", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("cover", [0.0, 0.5, 3.0])
def test_costs_never_rise_and_are_those_of_the_batches(generator, repeat, cover):
    S = similarity(12, generator)
    found = assign_cliques(
        S, n_batches=5, per_batch=4, repeat=repeat, cover=cover, generator=generator
    )
    assert all(a >= b for a, b in pairwise(found.costs))
    assert found.costs[-1] == pytest.approx(
        cost(found.batches.tolist(), S, repeat, cover)
    )
    assert found.costs[-1] == found.costs[-2]  # a pass that found nothing
    assert all(len(set(row)) == 4 for row in found.batches.tolist())


@pytest.mark.parametrize(("repeat", "cover"), [(0.4, 0.0), (0.0, 3.0), (0.4, 0.7)])
def test_the_start_takes_what_adds_least(generator, repeat, cover):
    """Clique after clique, each by the full formula; the first is one used least."""
    S = similarity(10, generator)
    state = generator.get_state()
    costs = assign_cliques(
        S, n_batches=4, per_batch=3, repeat=repeat, cover=cover, generator=generator
    ).costs
    generator.set_state(state)
    rows = []
    for _ in range(4):
        drawn = torch.randperm(10, generator=generator).tolist()
        before = rows[-1] if rows else []
        used = [sum(k in row for row in rows) + (k in before) for k in range(10)]
        rows.append([min(drawn, key=lambda k, used=used: used[k])])
        for _ in range(2):
            rest = [k for k in drawn if k not in rows[-1]]
            new = [[*rows[:-1], [*rows[-1], k]] for k in rest]
            rows = min(new, key=lambda rows: cost(rows, S, repeat, cover))
    assert costs[0] == pytest.approx(cost(rows, S, repeat, cover))


@pytest.mark.parametrize(
    ("n", "repeat", "cover"),
    [(8, 0.3, 0.9), (8, 2.0, 0.2), (12, 0.0, 99.0), (12, 0.5, 99.0), (12, 3.0, 9.0)],
)
def test_no_single_move_lowers_the_cost_at_the_end(generator, n, repeat, cover):
    """All replacements and all exchanges, each by the full formula.

    Twelve cliques at twelve places are a partition: only exchanges are left there.
    """
    for _ in range(5):
        S = similarity(n, generator)
        batches, costs = assign_cliques(
            S, n_batches=4, per_batch=3, repeat=repeat, cover=cover, generator=generator
        )
        others = list(moves(batches.tolist(), n))
        assert len(others) > 45
        lowest = min(cost(other, S, repeat, cover) for other in others)
        assert lowest > costs[-1] - 1e-9


def test_both_prices_are_1_where_nothing_is_said(generator):
    S = similarity(9, generator)
    batches = torch.stack(
        [torch.randperm(9, generator=generator)[:3] for _ in range(4)]
    )
    expected = cost(batches.tolist(), S, 1, 1)
    assert assignment_cost(batches, S) == pytest.approx(expected)
    state = generator.get_state()
    found = assign_cliques(S, n_batches=4, per_batch=3, generator=generator)
    generator.set_state(state)
    said = assign_cliques(
        S, n_batches=4, per_batch=3, repeat=1, cover=1, generator=generator
    )
    assert torch.equal(found.batches, said.batches)
    assert found.costs == said.costs


def changed(rows, *places):
    """A copy with another clique at each (batch, place, clique)."""
    other = [list(row) for row in rows]
    for b, c, k in places:
        other[b][c] = k
    return other


def test_each_rise_is_the_difference_of_two_costs(generator):
    """All moves of one assignment, wherever they lead; inf where one came twice."""
    numbers = {"repeat": 0.7, "cover": 1.3}
    S = similarity(7, generator)
    rows = torch.stack([torch.randperm(7, generator=generator)[:3] for _ in range(4)])
    search, rows = Swaps(rows.numpy(), S.numpy(), **numbers), rows.tolist()
    before = cost(rows, S, **numbers)

    def rise(*places):
        after = changed(rows, *places)
        twice = any(len(set(row)) < 3 for row in after)
        return np.inf if twice else cost(after, S, **numbers) - before

    for b, c in product(range(4), range(3)):
        k = rows[b][c]
        replaced, exchanged = search._replace(b, k), search._exchange(b, k)
        for new in set(range(7)) - {k}:
            assert replaced[new] == pytest.approx(rise((b, c, new)))
        for other, place in product(set(range(4)) - {b}, range(3)):
            new = rows[other][place]
            if new != k:
                expected = rise((b, c, new), (other, place, k))
                assert exchanged[other, place] == pytest.approx(expected)


def moves(rows, n):
    """Every assignment that one replacement or one exchange leads to."""
    places = list(product(range(len(rows)), range(len(rows[0]))))
    for b, c in places:
        for k in set(range(n)) - set(rows[b]):
            other = [list(row) for row in rows]
            other[b][c] = k
            yield other
    for (b, c), (b2, c2) in combinations(places, 2):
        other = [list(row) for row in rows]
        other[b][c], other[b2][c2] = rows[b2][c2], rows[b][c]
        if b != b2 and all(len(set(row)) == len(row) for row in other):
            yield other


def partitions(n):
    """Every way to part n cliques into two halves."""
    for rest in combinations(range(1, n), n // 2 - 1):
        first = (0, *rest)
        yield [list(first), [k for k in range(n) if k not in first]]


def test_a_partition_is_found_and_the_best_of_ten_starts_is_the_optimum(generator):
    """8 cliques, 2 batches of 4, brute force over all 35 partitions."""
    S = similarity(8, generator)
    best = min(cost(halves, S, 0, 0) for halves in partitions(8))
    found = [
        assign_cliques(
            S, n_batches=2, per_batch=4, repeat=0, cover=100, generator=generator
        )
        for _ in range(10)
    ]
    for batches, _ in found:
        assert sorted(batches.flatten().tolist()) == list(range(8))
    assert min(costs[-1] for _, costs in found) == pytest.approx(best)
    assert all(costs[-1] >= best - 1e-9 for _, costs in found)


def test_the_whole_optimum_by_brute_force(generator):
    """5 cliques, 2 batches of 2, all 100 assignments, all terms at work."""
    S = similarity(5, generator)
    pairs = list(combinations(range(5), 2))
    best = min(cost([p, q], S, 0.4, 0.6) for p, q in product(pairs, pairs))
    found = [
        assign_cliques(
            S, n_batches=2, per_batch=2, repeat=0.4, cover=0.6, generator=generator
        ).costs[-1]
        for _ in range(10)
    ]
    assert min(found) == pytest.approx(best)


def test_two_cliques_of_a_class_do_not_meet():
    """Twelve cliques of six classes: a batch of six holds each class once."""
    of_class = torch.arange(6).repeat(2)
    S = (of_class[:, None] == of_class).double()
    for seed in range(5):
        batches, costs = assign_cliques(
            S, n_batches=4, per_batch=6, repeat=0.1, cover=1,
            generator=torch.Generator().manual_seed(seed),
        )  # fmt: skip
        assert all(row.unique().numel() == 6 for row in of_class[batches])
        assert batches.unique().numel() == 12
        assert costs[-1] == 0  # no clique twice in a row either


def test_better_than_at_random(generator):
    S = similarity(40, generator)
    drawn = torch.stack(
        [torch.randperm(40, generator=generator)[:8] for _ in range(10)]
    )
    found = assign_cliques(S, n_batches=10, per_batch=8, generator=generator)
    assert found.costs[0] < assignment_cost(drawn, S)
    assert found.costs[-1] < found.costs[0]


def test_covering_all_is_paid_for():
    """Clique 3 is like all others: it enters where leaving it out costs more."""
    S = torch.eye(4)
    S[3, :3] = S[:3, 3] = 1.0
    kept = {"n_batches": 2, "per_batch": 2, "repeat": 0}
    for cover, used in ((1.9, [0, 1, 2]), (2.1, [0, 1, 2, 3])):
        generator = torch.Generator().manual_seed(1)
        found = assign_cliques(S, cover=cover, generator=generator, **kept)
        assert found.batches.unique().tolist() == used


def test_generator_decides_and_nothing_else(generator):
    S, state = torch.ones(9, 9), torch.get_rng_state()
    runs = [
        assign_cliques(
            S, n_batches=3, per_batch=3, generator=torch.Generator().manual_seed(seed)
        ).batches
        for seed in (3, 3, 4)
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("batches", "message"),
    [
        (torch.tensor([[0, 0]]), "hold one twice, the first of them in row 0"),
        (torch.tensor([[3, 2, 1], [2, 0, 2]]), "1 of 2 .* twice, the first .* row 1"),
        (
            torch.tensor([[0, 1], [1, 4]]),
            "numbers of the 4 cliques, from 0, got 0 to 4",
        ),
        (torch.tensor([[-1, 1]]), "got -1 to 1"),
        (torch.tensor([0, 1]), "batches must hold"),
        (torch.tensor([[0.0, 1.0]]), "batches must hold"),
    ],
)
def test_batches_must_hold_different_cliques(batches, message):
    with pytest.raises(ValueError, match=message):
        assignment_cost(batches, torch.eye(4))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("S", "n_batches", "per_batch", "message"),
    [
        (torch.eye(3), 0, 2, "n_batches must be > 0"),
        (torch.eye(3), 1, 4, "per_batch must be from 1 to the number of cliques, 3"),
        (torch.ones(3, 3).triu(), 1, 2, "sim must be symmetric"),
    ],
)
def test_numbers_must_be_in_their_range(S, n_batches, per_batch, message):
    with pytest.raises(ValueError, match=message):
        assign_cliques(
            S, n_batches=n_batches, per_batch=per_batch, generator=torch.Generator()
        )
