"""idx files are read without being trusted."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.datasets.files import idx

from reglab.datasets.idx import read_idx
from reglab.errors import DataError

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 5, 4), dtype=np.uint8)
HEADER = struct.pack(">BBBB3I", 0, 0, 8, 3, 20, 5, 4)
WHOLE = idx(IMAGES)


@pytest.mark.parametrize("name", ["a", "a.gz", "zipped but not called so"])
def test_what_was_written_is_read(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(WHOLE if name == "a" else gzip.compress(WHOLE))
    assert np.array_equal(read_idx(file, (5, 4), 20), IMAGES)


def test_labels_have_one_dimension(tmp_path: Path) -> None:
    labels = np.arange(7, dtype=np.uint8)
    (tmp_path / "labels").write_bytes(idx(labels))
    assert np.array_equal(read_idx(tmp_path / "labels", (), 7), labels)


BAD = {
    "empty": (b"", "is not an idx file of 3 dimensions"),
    "short header": (HEADER[:9], "is not an idx file of 3 dimensions"),
    "text": (b"<html>Not found</html>", "is not an idx file of 3 dimensions"),
    "another type": (b"\0\0\x0d\x03" + WHOLE[4:], "is not an idx file of 3 dimensions"),
    "labels": (idx(np.zeros(5, np.uint8)), "is not an idx file of 3 dimensions"),
    "truncated": (WHOLE[:-1], "is truncated: its header promises 400 values"),
    "header only": (HEADER, "is truncated: its header promises 400 values"),
    "too long": (WHOLE + b"x", "is too long: its header promises 400 values"),
    "another shape": (idx(IMAGES.reshape(20, 4, 5)), "holds 20×4×5 values; expected up to 20×5×4"),
    "too many": (idx(np.zeros((21, 5, 4), np.uint8)), "holds 21×5×4 values; expected up to 20×5×4"),
    "none": (idx(np.zeros((0, 5, 4), np.uint8)), "holds 0×5×4 values"),
    "absurd sizes": (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "expected up to 20×5×4"),
    "truncated gzip": (gzip.compress(WHOLE)[:-30], "is truncated or damaged"),
    "gzip without checksum": (gzip.compress(WHOLE)[:-4], "is truncated or damaged"),
    "flipped gzip": (gzip.compress(WHOLE)[:100] + b"\xff\xff\xff\xff" + gzip.compress(WHOLE)[104:], "damaged"),
    "gzip header only": (b"\x1f\x8b", "is truncated or damaged"),
    "wrong gzip": (b"\x1f\x8bnothing of the kind", "is truncated or damaged"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_named_and_explained(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "images"
    file.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_idx(file, (5, 4), 20)
    assert str(error.value).startswith(f"{file} ")
    assert sentence in str(error.value)
    assert "Replace it" in str(error.value)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "bomb.gz"
    file.write_bytes(gzip.compress(HEADER + bytes(200_000_000), compresslevel=1))
    tracemalloc.start()
    with pytest.raises(DataError, match="is too long"):
        read_idx(file, (5, 4), 20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_a_file_that_cannot_be_opened_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_idx(tmp_path, (), 5)
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_idx(tmp_path / "gone", (), 5)
