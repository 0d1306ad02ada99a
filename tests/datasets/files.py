"""Small data sets on disk, in the layouts people have, and a server on 127.0.0.1 that serves them."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reglab._torchvision import load_torchvision

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_NAMES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def md5(file: Path) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()


def idx(values: NDArray[np.uint8]) -> bytes:
    """``values`` in the idx format, written independently of the reader."""
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def pictures(n: int, shape: tuple[int, ...], classes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Random pictures and labels that go through the classes in turn."""
    pixels = np.random.default_rng(1).integers(0, 256, size=(n, *shape), dtype=np.uint8)
    return pixels, (np.arange(n) % classes).astype(np.uint8)


def write_idx_pair(place: Path, n: int = 200, zipped: bool = True, names: tuple[str, str] = (IMAGES, LABELS)) -> None:
    """The training pair, or the one with other ``names``, of an MNIST look-alike of ``n`` images."""
    place.mkdir(parents=True, exist_ok=True)
    for stem, values in zip(names, pictures(n, (28, 28), 10), strict=True):
        if zipped:
            (place / f"{stem}.gz").write_bytes(gzip.compress(idx(values), mtime=0))
        else:
            (place / stem).write_bytes(idx(values))


def write_cifar(root: Path, cls: Any, n: int = 500) -> None:
    """Batches in torchvision's layout under ``root``, ``n`` training images in all; MD5s not yet patched."""
    place = root / cls.base_folder
    place.mkdir(parents=True)
    fine = "100" in cls.base_folder
    pixels, labels = pictures(n, (3072,), 100 if fine else 10)
    names = [name for name, _ in cls.train_list]
    for name, x, y in zip(names, np.split(pixels, len(names)), np.split(labels, len(names)), strict=True):
        batch = {"data": x, ("fine_labels" if fine else "labels"): y.tolist()}
        (place / name).write_bytes(pickle.dumps(batch))
    (place / cls.test_list[0][0]).write_bytes(pickle.dumps({}))
    (place / cls.meta["filename"]).write_bytes(pickle.dumps({cls.meta["key"]: []}))


def trust_cifar(patch: pytest.MonkeyPatch, cls: Any, root: Path) -> None:
    """Make torchvision accept the batches under ``root`` as the originals."""
    place = root / cls.base_folder
    for part in ("train_list", "test_list"):
        patch.setattr(cls, part, [[name, md5(place / name)] for name, _ in getattr(cls, part)])
    patch.setattr(cls, "meta", {**cls.meta, "md5": md5(place / cls.meta["filename"])})


def pack_cifar(patch: pytest.MonkeyPatch, cls: Any, root: Path, archive: Path) -> None:
    """Pack the batches under ``root`` into ``archive`` and make torchvision accept it as the original."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(root / cls.base_folder, cls.base_folder)
    patch.setattr(cls, "tgz_md5", md5(archive))


def write_svhn(patch: pytest.MonkeyPatch, root: Path, n: int = 200, split: str = "train") -> None:
    """A .mat file as SVHN's, digit 0 labelled 10, accepted by torchvision as the original."""
    from scipy.io import savemat  # type: ignore[import-untyped]

    root.mkdir(parents=True, exist_ok=True)
    pixels, labels = pictures(n, (3, 32, 32), 10)
    file = root / f"{split}_32x32.mat"
    savemat(file, {"X": pixels.transpose(2, 3, 1, 0), "y": np.where(labels == 0, 10, labels)[:, None]})
    cls = load_torchvision().datasets.SVHN
    url, name, _ = cls.split_list[split]
    patch.setattr(cls, "split_list", {**cls.split_list, split: [url, name, md5(file)]})


def write_local(name: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Local files of data set ``name`` in ``folder``, in torchvision's layout."""
    datasets = load_torchvision().datasets
    writers: dict[str, Callable[[], None]] = {
        "mnist": lambda: write_idx_pair(folder / "MNIST" / "raw"),
        "fashion_mnist": lambda: write_idx_pair(folder / "FashionMNIST" / "raw"),
        "kmnist": lambda: write_idx_pair(folder / "KMNIST" / "raw"),
        "cifar10": lambda: _trusted_cifar(folder, datasets.CIFAR10, patch),
        "cifar100": lambda: _trusted_cifar(folder, datasets.CIFAR100, patch),
        "svhn": lambda: write_svhn(patch, folder),
    }
    writers[name]()


def write_test_files(name: str, folder: Path, patch: pytest.MonkeyPatch, n: int = 100) -> None:
    """Official test files of ``n`` images of data set ``name`` beside those of :func:`write_local`."""
    datasets = load_torchvision().datasets
    if name == "svhn":
        write_svhn(patch, folder, n, "test")
    elif name.startswith("cifar"):
        cls = getattr(datasets, name.upper())
        fine = name == "cifar100"
        pixels, labels = pictures(n, (3072,), 100 if fine else 10)
        batch = {"data": pixels, ("fine_labels" if fine else "labels"): labels.tolist()}
        (folder / cls.base_folder / cls.test_list[0][0]).write_bytes(pickle.dumps(batch))
        trust_cifar(patch, cls, folder)
    else:
        place = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}[name]
        write_idx_pair(folder / place / "raw", n, names=TEST_NAMES)


def _trusted_cifar(folder: Path, cls: Any, patch: pytest.MonkeyPatch) -> None:
    write_cifar(folder, cls)
    trust_cifar(patch, cls, folder)


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]


@contextmanager
def serving(folder: Path, handler: type[SimpleHTTPRequestHandler] = _Handler) -> Iterator[tuple[str, list[str]]]:
    """A server of ``folder`` on a free port of 127.0.0.1: its address, and the paths that were asked of it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        asked = list[str]()
        server.asked = asked  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()
