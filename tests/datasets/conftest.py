"""Fixtures of the data tests: a cache of their own, a seed, one default data set."""

import pytest
import torch

from mlcourse.datasets import glyphs


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder of one test: empty, not even made."""
    monkeypatch.setenv("MLCOURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """The data set as lectures use it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLCOURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        return glyphs(generator=torch.Generator().manual_seed(0))
