"""Data of the course: drawn, shipped with scikit-learn, or downloaded on request."""

from mlcourse.datasets.glyphs import GlyphImages, Glyphs, glyph_classes, glyphs
from mlcourse.datasets.tables import breast_cancer, digits, iris, wine

__all__ = [
    "GlyphImages",
    "Glyphs",
    "breast_cancer",
    "digits",
    "glyph_classes",
    "glyphs",
    "iris",
    "wine",
]
