"""Judgements that the data does not hold: negatives made to be as hard as is useful."""

from mlcourse.synthesis.adversarial import DAML
from mlcourse.synthesis.adversarial_loss import adversarial_loss
from mlcourse.synthesis.hardness_aware import HDML
from mlcourse.synthesis.hardness_lambda import hardness_lambda
from mlcourse.synthesis.hardness_negatives import hardness_aware_negatives
from mlcourse.synthesis.split_embedding import SplitEmbedding

__all__ = [
    "DAML",
    "HDML",
    "SplitEmbedding",
    "adversarial_loss",
    "hardness_aware_negatives",
    "hardness_lambda",
]
