"""Small sets of images in every format, for tests."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Files = Mapping[str, bytes]


def pixels(n: int = 12, side: int = 8, channels: int = 1, seed: int = 0) -> NDArray[np.uint8]:
    """(n, side, side) or (n, side, side, 3) different images."""
    shape = (n, side, side) if channels == 1 else (n, side, side, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(image: Any, kind: str = "PNG", **options: Any) -> bytes:
    """An array or an image of Pillow's as a file."""
    target = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(target, kind, **options)
    return target.getvalue()


def class_folders(
    n: int = 3, classes: tuple[str, ...] = ("cat", "dog"), side: int = 8, seed: int = 0
) -> dict[str, bytes]:
    """``n`` PNG files for each class, by their names in the set."""
    images = iter(pixels(n * len(classes), side, 3, seed))
    return {f"{name}/{number}.png": encoded(next(images)) for name in classes for number in range(n)}


def folder(place: Path, files: Files) -> Path:
    """The files below the folder ``place``."""
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return place


def zipped(place: Path, files: Files, method: int = zipfile.ZIP_STORED) -> Path:
    """The files in the zip file ``place``."""
    with zipfile.ZipFile(place, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return place


def npz(place: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> Path:
    """The arrays in the .npz file ``place``."""
    (np.savez_compressed if compressed else np.savez)(place, **arrays)
    return place


def npy(array: Any, *, pickled: bool = False) -> bytes:
    """The array as an .npy file."""
    target = io.BytesIO()
    np.save(target, array, allow_pickle=pickled)
    return target.getvalue()


def npy_claiming(header: str, values: bytes = b"") -> bytes:
    """An .npy file with this text as its header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + values


def medmnist(n: int = 12, side: int = 28, channels: int = 1) -> dict[str, NDArray[Any]]:
    """The arrays of a MedMNIST-like set of three classes."""
    arrays: dict[str, NDArray[Any]] = {}
    for seed, part in enumerate(("train", "val", "test")):
        arrays[f"{part}_images"] = pixels(n, side, channels, seed)
        arrays[f"{part}_labels"] = (np.arange(n) % 3)[:, None].astype(np.uint8)
    return arrays


def csv_text(images: NDArray[np.uint8], labels: Any, *, header: bool = True, last: bool = False) -> str:
    """A table of pixels with its label column."""
    rows = images.reshape(len(images), -1).tolist()
    lines = [[*row, label] if last else [label, *row] for row, label in zip(rows, labels, strict=True)]
    names = [f"pixel{i}" for i in range(len(rows[0]))]
    top = [[*names, "label"] if last else ["label", *names]] if header else []
    return "\n".join(",".join(map(str, line)) for line in [*top, *lines]) + "\n"
