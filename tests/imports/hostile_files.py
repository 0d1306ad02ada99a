"""Makers of files that are broken, huge or hostile; each ``Build`` makes one in a folder and gives its path."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from tests.imports.building import (
    class_folders,
    csv_text,
    encoded,
    folder,
    medmnist,
    npy,
    npy_claiming,
    npz,
    pixels,
    zipped,
)

Build = Callable[[Path], Path]


class Boom:
    """Its unpickling is an offence."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os._exit, (66,))


def zip_with(name: str, data: bytes = b"x") -> Build:
    """Two good classes and a member with this name."""
    return lambda at: zipped(at / "set.zip", class_folders() | {name: data})


def raw_named(name: bytes) -> Build:
    """A member whose name is these very bytes."""

    def build(at: Path) -> Path:
        place = b"Q" * len(name)
        path = zipped(at / "set.zip", class_folders() | {place.decode(): b"x"})
        path.write_bytes(path.read_bytes().replace(place, name))
        return path

    return build


def zip_linking(target: str) -> Build:
    """A symbolic link as the only member that is not a good image."""

    def build(at: Path) -> Path:
        path = zipped(at / "set.zip", class_folders())
        info = zipfile.ZipInfo("cat/9.png")
        info.external_attr = 0o120777 << 16
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(info, target)
        return path

    return build


def expanding(at: Path) -> Path:
    """70 MiB of zeros in 70 KB, as a member that claims to be an image."""
    return zipped(at / "set.zip", class_folders() | {"cat/9.png": bytes(70 * 2**20)}, zipfile.ZIP_DEFLATED)


def overlapping(at: Path) -> Path:
    """Fifield's bomb: many members share the same compressed bytes."""
    path = zipped(at / "set.zip", class_folders(1) | {"cat/9.png": bytes(2**20)}, zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    end = data.rindex(b"PK\5\6")
    start = struct.unpack("<L", data[end + 16 : end + 20])[0]
    directory = data[start:end]
    last = directory[directory.rindex(b"PK\1\2") :]
    entries = b"".join(last.replace(b"cat/9.png", b"cat/%03d.p" % n)[: len(last)] for n in range(60))
    count, length = 3 + 60, len(directory) + len(entries)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, length, start, 0)
    path.write_bytes(data[:start] + directory + entries + tail)
    return path


def claiming_members(count: int) -> Build:
    """The end of a zip file says that there are so many members."""

    def build(at: Path) -> Path:
        path = zipped(at / "set.zip", class_folders(1))
        data = bytearray(path.read_bytes())
        end = data.rindex(b"PK\5\6")
        at64 = len(data) - 22
        large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, 100 * count, 0)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, at64, 1)
        ending = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
        path.write_bytes(bytes(data[:end]) + large + locator + ending)
        return path

    return build


def encrypted(at: Path) -> Path:
    """The flag of encryption on every member."""
    path = zipped(at / "set.zip", class_folders())
    data = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(magic)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(magic, place + 4)
    path.write_bytes(bytes(data))
    return path


def zip_damaged(at: Path) -> Path:
    """One member's bytes were changed."""
    path = zipped(at / "set.zip", class_folders() | {"cat/9.png": encoded(pixels(1, 8)[0])})
    data = path.read_bytes()
    place = data.index(b"cat/9.png") + 60
    path.write_bytes(data[:place] + b"\xff\xff\xff" + data[place + 3 :])
    return path


def in_file(name: str, data: bytes | str) -> Build:
    """One file."""

    def build(at: Path) -> Path:
        (at / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return at / name

    return build


def arrays(**changes: Any) -> Build:
    """A MedMNIST-like set with some arrays replaced, or left out for None."""
    kept = {name: array for name, array in {**medmnist(6), **changes}.items() if array is not None}
    return lambda at: npz(at / "set.npz", kept)


def npz_member(name: str, data: bytes) -> Build:
    """A MedMNIST-like set one of whose arrays is these bytes."""
    files = {f"{key}.npy": npy(array) for key, array in medmnist(6).items()}
    return lambda at: zipped(at / "set.npz", files | {f"{name}.npy": data})


def npz_bomb(at: Path) -> Path:
    """Images that are all zero, thousands of times as many bytes as the file has."""
    header = "{'descr': '|u1', 'fortran_order': False, 'shape': (90000, 28, 28), }"
    files = {"train_labels.npy": npy(np.zeros(90_000, np.uint8))}
    return zipped(
        at / "set.npz", files | {"train_images.npy": npy_claiming(header, bytes(90_000 * 784))}, zipfile.ZIP_DEFLATED
    )


def table(text: str) -> Build:
    """A CSV file."""
    return in_file("set.csv", text)


def changed_table(old: str, new: str) -> Build:
    """A good CSV file in which one text is another."""
    text = csv_text(np.full((4, 5, 5), 7, np.uint8), [0, 1, 0, 1])
    return table(text.replace(old, new, 1))


def parquet(columns: dict[str, Any], **options: Any) -> Build:
    """A Parquet file with these columns."""

    def build(at: Path) -> Path:
        pq.write_table(pa.table(columns), at / "set.parquet", **options)
        return at / "set.parquet"

    return build


def parquet_changed(change: Callable[[bytes], bytes]) -> Build:
    """A good Parquet file of which some bytes are others."""

    def build(at: Path) -> Path:
        path = parquet(GOOD_COLUMNS)(at)
        path.write_bytes(change(path.read_bytes()))
        return path

    return build


def parquet_bomb(at: Path) -> Path:
    """300 MiB of zeros as an image, in some 10 KB."""
    big = pa.array([bytes(300 * 2**20), b"x"], pa.large_binary())
    table = pa.table({"image": big, "label": [0, 1]})
    pq.write_table(table, at / "set.parquet", compression="zstd", use_dictionary=False, write_statistics=False)
    return at / "set.parquet"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, extra: bytes = b"") -> bytes:
    """A PNG file with this header, whatever follows."""
    header = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def tiff(array: Any) -> bytes:
    """A TIFF file."""
    return encoded(array, "TIFF")


def animated(kind: str) -> bytes:
    """Two frames."""
    first, second = (Image.fromarray(image) for image in pixels(2, 8, 3))
    return encoded(first, kind, save_all=True, append_images=[second])


def turned(side: int) -> bytes:
    """A JPEG file that EXIF turns."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(pixels(1, side, 3)[0], "JPEG", exif=exif.tobytes())


def folder_with(name: str, make: Callable[[Path], None]) -> Build:
    """Two good classes in a folder, and what ``make`` puts at a path there."""

    def build(at: Path) -> Path:
        place = folder(at / "set", class_folders())
        make(place / name)
        return place

    return build


def empty_folders(at: Path) -> Path:
    """A folder of empty folders."""
    for name in ("cat", "dog"):
        (at / "set" / name).mkdir(parents=True)
    return at / "set"


GOOD_COLUMNS: dict[str, Any] = {"image": [encoded(image) for image in pixels(4, 8, 3)], "label": [0, 1, 0, 1]}
ONE = encoded(pixels(1, 8, 3)[0])
HEADER = "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XML_BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><svg>&a;</svg>'
