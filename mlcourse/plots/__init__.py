"""Pictures of the course, drawn into given Axes. Only this folder needs matplotlib."""

from mlcourse.plots.balls import plot_ball
from mlcourse.plots.counts import plot_counts
from mlcourse.plots.inequality import plot_inequality
from mlcourse.plots.lines import plot_lines
from mlcourse.plots.links import plot_links
from mlcourse.plots.points import plot_points
from mlcourse.plots.regions import plot_regions
from mlcourse.plots.scores import half_width, plot_scores
from mlcourse.plots.shares import plot_shares
from mlcourse.plots.show import show
from mlcourse.plots.slide import slide
from mlcourse.plots.style import figure
from mlcourse.plots.thumbnails import marks_of, plot_thumbnails

__all__ = [
    "figure",
    "half_width",
    "marks_of",
    "plot_ball",
    "plot_counts",
    "plot_inequality",
    "plot_lines",
    "plot_links",
    "plot_points",
    "plot_regions",
    "plot_scores",
    "plot_shares",
    "plot_thumbnails",
    "show",
    "slide",
]
