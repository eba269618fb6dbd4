"""Tests for mlcourse.plots.grid."""

import torch

from mlcourse.plots.grid import on_grid


def test_rows_are_heights_and_columns_places_across():
    x, y, table = on_grid(
        lambda at: (at[:, 0] + 10 * at[:, 1])[None],
        (0, 5),
        (2.0, 7.0),
        resolution=3,
        dtype=torch.float64,
    )
    assert x.tolist() == [0, 1, 2]
    assert y.tolist() == [5, 6, 7]
    assert table.tolist() == [[50, 51, 52], [60, 61, 62], [70, 71, 72]]
    assert table.dtype == torch.float64
