r"""mlcourse: similarity and deep metric learning, one exact method per file.

Everything in this package fills one slot of the course's formula,

.. math::
    \arg\min_\theta\; L(\psi_\theta, \Delta, S, D, T) + \lambda R(\psi_\theta).
"""

#: Chapters in the order of the lectures; a lecture uses none before its turn.
CHAPTERS = (
    "relations",
    "invariances",
    "distances",
    "judgements",
    "linear",
    "kernel",
    "networks",
    "losses",
    "regularizers",
    "samplers",
    "miners",
    "synthesis",
    "ensembles",
    "generalization",
    "selfsupervised",
)
#: Helpers that any lecture may use.
SERVICES = ("datasets", "evaluation", "grading", "plots", "training")

__all__ = ["CHAPTERS", "SERVICES"]
__version__ = "0.1.0"
