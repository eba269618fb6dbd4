"""Tests for plot_ratios."""

from mlcourse import plots


def test_a_row_a_method_and_a_marker_a_setting():
    fig, ax = plots.figure(size=(4, 3))
    ratios = {"small": {"a": 2.0, "b": 0.5}, "large": {"b": 4.0, "c": 10.0}}
    plots.plot_ratios(ax, ratios, peer="them")
    small, large, line = ax.lines
    assert small.get_xydata().tolist() == [[2, 3], [0.5, 2]]
    assert large.get_xydata().tolist() == [[4, 2], [10, 1]]
    assert small.get_marker() != large.get_marker()
    assert list(line.get_xdata()) == [1, 1]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c"]
    assert ax.get_xscale() == "log"
    assert "them" in ax.get_xlabel()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["small", "large"]
    fig.canvas.draw()
