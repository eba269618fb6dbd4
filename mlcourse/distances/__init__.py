"""Delta: how far apart are two points, and does the answer keep the axioms?"""

from mlcourse.distances.angular import angular
from mlcourse.distances.axioms import axiom_violations
from mlcourse.distances.bilinear import bilinear
from mlcourse.distances.chordal import chordal
from mlcourse.distances.cosine import cosine
from mlcourse.distances.euclidean import euclidean
from mlcourse.distances.mahalanobis import mahalanobis
from mlcourse.distances.minkowski import minkowski
from mlcourse.distances.sqeuclidean import sqeuclidean

__all__ = [
    "angular",
    "axiom_violations",
    "bilinear",
    "chordal",
    "cosine",
    "euclidean",
    "mahalanobis",
    "minkowski",
    "sqeuclidean",
]
