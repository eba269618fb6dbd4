"""Data of the course: drawn, shipped with scikit-learn, or downloaded on request."""

from mlcourse.datasets._http import DownloadError
from mlcourse.datasets.fashion_mnist import FashionImages, fashion_mnist
from mlcourse.datasets.glyphs import GlyphImages, Glyphs, glyph_classes, glyphs
from mlcourse.datasets.omniglot import OmniglotImages, omniglot
from mlcourse.datasets.splits import split_classes
from mlcourse.datasets.tables import breast_cancer, digits, iris, wine

__all__ = [
    "DownloadError",
    "FashionImages",
    "GlyphImages",
    "Glyphs",
    "OmniglotImages",
    "breast_cancer",
    "digits",
    "fashion_mnist",
    "glyph_classes",
    "glyphs",
    "iris",
    "omniglot",
    "split_classes",
    "wine",
]
