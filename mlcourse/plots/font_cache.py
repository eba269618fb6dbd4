"""Where matplotlib keeps its list of fonts."""

from pathlib import Path

import matplotlib
import matplotlib.font_manager  # writes the list where there is none


def font_cache() -> list[Path]:
    """Return the files of the list, which takes seconds to make anew."""
    return sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
