"""One plain loop that minimises the formula, and stops by classes it does not learn."""

from mlcourse.training.embed import embed
from mlcourse.training.glyph_net import train_glyph_net
from mlcourse.training.history import History
from mlcourse.training.loop import train
from mlcourse.training.parameters import check_optimizer, make_optimizer

__all__ = [
    "History",
    "check_optimizer",
    "embed",
    "make_optimizer",
    "train",
    "train_glyph_net",
]
