"""Tests for cliques: how they grow, which are kept, how compact they are."""

import pytest
import torch
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from conftest import lists  # isort: skip
from mlcourse.selfsupervised import (
    clique_purity,
    compact_cliques,
    compactness,
    cosines,
    grow_cliques,
)
