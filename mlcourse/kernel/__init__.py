"""psi(x) = U k(X, x): linear learners in a space of similarities to all points."""

from mlcourse.kernel.centring import center_kernel
from mlcourse.kernel.coordinates import KernelCoordinates
from mlcourse.kernel.explicit import KernelMetric
from mlcourse.kernel.kernelize import kernelize
from mlcourse.kernel.kernels import (
    laplacian_kernel,
    linear_kernel,
    polynomial_kernel,
    rbf_kernel,
)
from mlcourse.kernel.median import median_gamma
from mlcourse.kernel.nystroem import Nystroem

__all__ = [
    "KernelCoordinates",
    "KernelMetric",
    "Nystroem",
    "center_kernel",
    "kernelize",
    "laplacian_kernel",
    "linear_kernel",
    "median_gamma",
    "polynomial_kernel",
    "rbf_kernel",
]
