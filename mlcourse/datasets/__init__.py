"""Data of the course: drawn, shipped with scikit-learn, or downloaded on request."""

from mlcourse.datasets._http import DownloadError
from mlcourse.datasets.cars196 import cars196
from mlcourse.datasets.cub200_2011 import cub200_2011
from mlcourse.datasets.fashion_mnist import FashionImages, fashion_mnist
from mlcourse.datasets.glyphs import GlyphImages, Glyphs, glyph_classes, glyphs
from mlcourse.datasets.omniglot import OmniglotImages, omniglot
from mlcourse.datasets.photographs import LabelledPhotographs, Photographs
from mlcourse.datasets.splits import split_classes
from mlcourse.datasets.stanford_online_products import (
    ProductPhotographs,
    stanford_online_products,
)
from mlcourse.datasets.tables import breast_cancer, digits, iris, wine

__all__ = [
    "DownloadError",
    "FashionImages",
    "GlyphImages",
    "Glyphs",
    "LabelledPhotographs",
    "OmniglotImages",
    "Photographs",
    "ProductPhotographs",
    "breast_cancer",
    "cars196",
    "cub200_2011",
    "digits",
    "fashion_mnist",
    "glyph_classes",
    "glyphs",
    "iris",
    "omniglot",
    "split_classes",
    "stanford_online_products",
    "wine",
]
