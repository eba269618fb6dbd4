"""What psi forgets: everything that may differ where psi(x) is equal.

A representation E puts inputs with equal codes into one equivalence class. Here such
classes are sampled: exactly for a linear E and a Gaussian x, and by a learned
conditional flow for any frozen E.
"""

from mlcourse.invariances.actnorm import ActNorm
from mlcourse.invariances.agreement import agreement
from mlcourse.invariances.autoencoder import Autoencoder
from mlcourse.invariances.conditional_inn import ConditionalINN
from mlcourse.invariances.coupling import ConditionalCoupling
from mlcourse.invariances.encoder import Encoder
from mlcourse.invariances.gaussian_class import GaussianClass
from mlcourse.invariances.likelihood import negative_log_likelihood
from mlcourse.invariances.remaining_variance import remaining_variance
from mlcourse.invariances.train_autoencoder import train_autoencoder
from mlcourse.invariances.train_encoder import train_encoder
from mlcourse.invariances.train_inn import train_inn

__all__ = [
    "ActNorm",
    "Autoencoder",
    "ConditionalCoupling",
    "ConditionalINN",
    "Encoder",
    "GaussianClass",
    "agreement",
    "negative_log_likelihood",
    "remaining_variance",
    "train_autoencoder",
    "train_encoder",
    "train_inn",
]
