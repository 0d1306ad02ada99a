"""Sets of four formats, from the file to a run, a sweep and its confirmation on the set's own test part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.imports.building import csv_text, encoded, npz, zipped

from reglab.cli import main
from reglab.datasets import DATASETS, imported, load_images
from reglab.datasets.cache import load_test_images

FASHION = Path("/usr/share/datasets/fashion-mnist")
SMALL = {
    "data.train_size": 60,
    "data.val_size": 30,
    "train.epochs": 1,
    "data.test_fraction": 0.2,
    "model.name": "small_cnn",
}


FIFTH = slice(None, None, 5)
"""Of the 5,000 images of MNIST 5k, enough for every step."""


def mnist_5k(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    images = load_images("mnist_5k", folder)
    return images.x.numpy()[FIFTH, 0], images.y.numpy()[FIFTH]


def as_folders(at: Path) -> Path:
    files = {
        f"mnist/{label}/{n:04}.png": encoded(image) for n, (image, label) in enumerate(zip(*mnist_5k(at), strict=True))
    }
    return zipped(at / "mnist.zip", files)


def as_table(at: Path) -> Path:
    (at / "mnist.csv").write_text(csv_text(*mnist_5k(at)))
    return at / "mnist.csv"


def as_medmnist(at: Path) -> Path:
    """Three classes of blobs in different places, in colour."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, n in (("train", 90), ("val", 30), ("test", 30)):
        labels = np.arange(n) % 3
        images = rng.integers(0, 100, (n, 28, 28, 3), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[8 * label : 8 * label + 8, :, label] += 150
        arrays |= {f"{part}_images": images, f"{part}_labels": labels[:, None]}
    return npz(at / "blobs.npz", arrays)


SETS: dict[str, tuple[Callable[[Path], Path], dict[str, int], int]] = {
    "folders": (as_folders, {"train": 1000}, 200),
    "table": (as_table, {"train": 1000}, 200),
    "idx": (lambda _at: FASHION, {"train": 60_000, "test": 10_000}, 10_000),
    "npz": (as_medmnist, {"train": 90, "val": 30, "test": 30}, 30),
}


@pytest.mark.parametrize("name", SETS)
def test_an_imported_set_is_trained_swept_and_confirmed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build, parts, test_images = SETS[name]
    if name == "idx" and not FASHION.is_dir():
        pytest.skip("needs Debian's package dataset-fashion-mnist")
    for variable, value in {"HOME": str(tmp_path / "home"), "RUNNER": "thread", "DEVICE": "cpu"}.items():
        monkeypatch.setenv(f"REGLAB_{variable}", value)
    monkeypatch.delenv("REGLAB_DATA", raising=False)
    monkeypatch.setattr(imported, "_places", [])  # other tests see nothing of it

    def result(*argv: str) -> dict[str, Any]:
        assert main([*argv, "--json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return found

    taken = result("data", "import", str(build(tmp_path)), "--name", f"own_{name}")
    assert (taken["parts"], taken["saved"]) == (parts, True)
    same_as_built_in(name, tmp_path)
    spec = [
        f"--set={key}={value}"
        for key, value in {**SMALL, "data.name": f"own_{name}", "train.epochs": 8 if name == "npz" else 1}.items()
    ]
    run = result("train", *spec)
    assert (run["status"], run["spec"]["data"]["digest"]) == ("finished", taken["digest"])
    sweep = result("sweep", *spec, "--l2", "0,1e-2", "--seeds", "2", "--confirm", "2")
    assert len(sweep["runs"]) == 4
    assert name != "npz" or sweep["best"] is not None  # blobs are learnt in some epochs
    if sweep["best"] is not None:  # what has learnt is confirmed
        assert (sweep["confirm"]["openings"], sweep["confirm"]["points"][0]["n"]) == (1, test_images)


def same_as_built_in(name: str, at: Path) -> None:
    """The imported images are those of the built-in set, which come in another order."""
    built_in = {"folders": "mnist_5k", "table": "mnist_5k", "idx": "fashion_mnist"}.get(name)
    if built_in is None:
        return
    data = at / "home" / "data"
    own, theirs = load_images(f"own_{name}", data), load_images(built_in, data)
    taken = FIFTH if built_in == "mnist_5k" else slice(None)
    assert sorted(zip(own.y.tolist(), map(hash_of, own.x.numpy()), strict=True)) == sorted(
        zip(theirs.y[taken].tolist(), map(hash_of, theirs.x[taken].numpy()), strict=True)
    )
    if DATASETS.get(f"own_{name}").test is not None:
        test, official = load_test_images(f"own_{name}", data), load_test_images(built_in, data)
        assert test is not None
        assert official is not None
        assert bool((test.x == official.x).all() and (test.y == official.y).all())


def hash_of(image: Any) -> int:
    return hash(image.tobytes())
