"""R: what an embedding should be, whatever the judgements say."""

from mlcourse.regularizers.embedding_norm import embedding_norm
from mlcourse.regularizers.rho import rho_triplets
from mlcourse.regularizers.spread import spread

__all__ = ["embedding_norm", "rho_triplets", "spread"]
