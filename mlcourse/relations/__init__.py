"""Why distances matter: one matrix of distances answers five questions.

Who is this (vote), is it usual (density), show me more (retrieval), what belongs
together (grouping), draw me a map (t-SNE).
"""

from mlcourse.relations.affinities import joint_probabilities
from mlcourse.relations.density import parzen_density, parzen_log_density
from mlcourse.relations.grouping import group
from mlcourse.relations.neighbours import knn_predict, retrieve
from mlcourse.relations.perplexity import neighbour_probabilities
from mlcourse.relations.tsne import tsne
from mlcourse.relations.tsne_objective import tsne_objective

__all__ = [
    "group",
    "joint_probabilities",
    "knn_predict",
    "neighbour_probabilities",
    "parzen_density",
    "parzen_log_density",
    "retrieve",
    "tsne",
    "tsne_objective",
]
