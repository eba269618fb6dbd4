"""Pictures of the course, drawn into given Axes. Only this folder needs matplotlib."""

from mlcourse.plots.balls import plot_ball
from mlcourse.plots.band import plot_band
from mlcourse.plots.blocks import plot_blocks
from mlcourse.plots.counts import plot_counts
from mlcourse.plots.curves import plot_curves
from mlcourse.plots.dendrogram import plot_dendrogram
from mlcourse.plots.density import plot_density
from mlcourse.plots.ellipses import plot_ellipse, plot_nearest
from mlcourse.plots.families import plot_families
from mlcourse.plots.fibres import plot_fibres
from mlcourse.plots.forces import plot_forces
from mlcourse.plots.funnel import plot_funnel
from mlcourse.plots.gaps import plot_gaps
from mlcourse.plots.groups import plot_groups
from mlcourse.plots.heat import plot_heat
from mlcourse.plots.inequality import plot_inequality
from mlcourse.plots.kept import plot_kept
from mlcourse.plots.level_lines import plot_level_lines
from mlcourse.plots.links import plot_links
from mlcourse.plots.magnets import plot_magnets
from mlcourse.plots.margin import plot_margin
from mlcourse.plots.on_circle import plot_on_circle
from mlcourse.plots.outlines import plot_outlines
from mlcourse.plots.overlap import plot_overlap
from mlcourse.plots.places import plot_places
from mlcourse.plots.points import plot_points
from mlcourse.plots.pulled import plot_pulled
from mlcourse.plots.ratios import plot_ratios
from mlcourse.plots.regions import plot_regions
from mlcourse.plots.relations import plot_relations
from mlcourse.plots.rings import plot_rings
from mlcourse.plots.scores import half_width, plot_scores
from mlcourse.plots.shares import plot_shares
from mlcourse.plots.show import show
from mlcourse.plots.sides import plot_sides
from mlcourse.plots.slide import slide
from mlcourse.plots.soft_neighbours import plot_soft_neighbours
from mlcourse.plots.stated import plot_stated
from mlcourse.plots.style import figure
from mlcourse.plots.table import plot_table
from mlcourse.plots.thumbnails import marks_of, plot_thumbnails
from mlcourse.plots.turns import plot_turns
from mlcourse.plots.weighted import plot_weighted

__all__ = [
    "figure",
    "half_width",
    "marks_of",
    "plot_ball",
    "plot_band",
    "plot_blocks",
    "plot_counts",
    "plot_curves",
    "plot_dendrogram",
    "plot_density",
    "plot_ellipse",
    "plot_families",
    "plot_fibres",
    "plot_forces",
    "plot_funnel",
    "plot_gaps",
    "plot_groups",
    "plot_heat",
    "plot_inequality",
    "plot_kept",
    "plot_level_lines",
    "plot_links",
    "plot_magnets",
    "plot_margin",
    "plot_nearest",
    "plot_on_circle",
    "plot_outlines",
    "plot_overlap",
    "plot_places",
    "plot_points",
    "plot_pulled",
    "plot_ratios",
    "plot_regions",
    "plot_relations",
    "plot_rings",
    "plot_scores",
    "plot_shares",
    "plot_sides",
    "plot_soft_neighbours",
    "plot_stated",
    "plot_table",
    "plot_thumbnails",
    "plot_turns",
    "plot_weighted",
    "show",
    "slide",
]
