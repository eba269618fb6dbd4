"""Pictures of the course, drawn into given Axes. Only this folder needs matplotlib."""

from mlcourse.plots.show import show
from mlcourse.plots.style import figure

__all__ = ["figure", "show"]
