"""Each format gives back the images and labels that were written, to the pixel and in their parts."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.datasets.files import idx
from tests.imports.building import class_folders, csv_text, encoded, folder, medmnist, npz, pixels, zipped

from reglab.errors import DataError
from reglab.imports import Asked, Found, understand
from reglab.imports.parts import Part


def images_of(found: Found, part: Part = "train") -> NDArray[np.uint8]:
    """(n, C, H, W) as decoded."""
    return found.spool.get(found.images.of(part))


def labels_of(found: Found, part: Part = "train") -> list[int]:
    labels: list[int] = found.images.labels[found.images.of(part)].tolist()
    return labels


@pytest.mark.parametrize("as_zip", [True, False])
def test_class_folders_are_read_to_the_pixel(tmp_path: Path, as_zip: bool) -> None:
    files = class_folders(3, ("dog", "cat"))
    found = understand(zipped(tmp_path / "pets.zip", files) if as_zip else folder(tmp_path / "pets", files))
    assert (found.classes, found.counts) == (("cat", "dog"), {"train": (3, 3)})
    assert (found.proposed.name, found.proposed.side, found.proposed.colour) == ("pets", 8, "rgb")
    wanted = [np.asarray(Image.open(path)) for path in sorted(folder(tmp_path / "copy", files).rglob("*.png"))]
    assert np.array_equal(images_of(found), np.stack(wanted).transpose(0, 3, 1, 2))
    assert labels_of(found) == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("val", ["val", "valid", "validation"])
def test_parts_are_outer_folders_below_any_root(tmp_path: Path, val: str) -> None:
    parts = {"train": 4, val: 2, "Test": 1}
    files = {
        f"root/data/{part}/{name}": data
        for seed, (part, n) in enumerate(parts.items())
        for name, data in class_folders(n, seed=seed).items()
    }
    found = understand(zipped(tmp_path / "set.zip", {**files, "root/README.txt": b"about"}))
    assert found.counts == {"train": (4, 4), "val": (2, 2), "test": (1, 1)}
    assert found.bad.named == (("root/README.txt", "lies in no class folder"),)


def test_numbers_in_class_names_are_in_their_order_and_an_empty_folder_is_no_class(tmp_path: Path) -> None:
    place = folder(tmp_path / "digits", class_folders(1, ("10", "9", "1")))
    (place / "11").mkdir()
    found = understand(place)
    assert found.classes == ("1", "9", "10")
    assert found.remarks == ("The folder 11 is empty and makes no class.",)


def test_what_computers_leave_behind_is_passed_over(tmp_path: Path) -> None:
    junk = {"__MACOSX/cat/._0.png": b"x", "cat/.DS_Store": b"x", "dog/Thumbs.db": b"x"}
    assert understand(zipped(tmp_path / "a.zip", class_folders() | junk)).bad.total == 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("compressed", [True, False])
def test_medmnist_is_read_to_the_pixel(tmp_path: Path, channels: int, compressed: bool) -> None:
    arrays = medmnist(channels=channels)
    found = understand(npz(tmp_path / "bloodmnist.npz", arrays, compressed=compressed))
    assert found.counts == {"train": (4, 4, 4), "val": (4, 4, 4), "test": (4, 4, 4)}
    assert found.proposed.colour == ("grey" if channels == 1 else "rgb")
    wanted = arrays["val_images"].reshape(12, 28, 28, channels).transpose(0, 3, 1, 2)
    assert np.array_equal(images_of(found, "val"), wanted)
    assert labels_of(found, "val") == arrays["val_labels"].ravel().tolist()


def test_the_npz_of_keras_and_channels_first_are_read(tmp_path: Path) -> None:
    images = pixels(6, 28, 3)
    arrays = {"x_train": images.transpose(0, 3, 1, 2), "y_train": [3, 5, 3, 5, 3, 5]}
    found = understand(npz(tmp_path / "mnist.npz", arrays))
    assert found.classes == ("3", "5")
    assert np.array_equal(images_of(found), images.transpose(0, 3, 1, 2))


NAMES = {
    "plain": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "gzipped": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "dots": ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
    "other case": ("Train-Images-IDX3-ubyte", "Train-Labels-IDX1-ubyte"),
    "only a test part": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


@pytest.mark.parametrize("kind", ["folder", "zip", "file"])
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES.keys())
def test_idx_files_are_read_under_their_usual_names(tmp_path: Path, names: tuple[str, str], kind: str) -> None:
    images, labels = pixels(6), np.array([7, 2, 7, 2, 2, 2], np.uint8)
    pack = gzip.compress if names[0].endswith(".gz") else bytes
    files = {names[0]: pack(idx(images)), names[1]: pack(idx(labels))}
    place = zipped(tmp_path / "a.zip", files) if kind == "zip" else folder(tmp_path / "a", files)
    found = understand(place / names[0] if kind == "file" else place)
    assert (found.classes, found.counts) == (("2", "7"), {"train": (4, 2)})
    assert np.array_equal(images_of(found)[:, 0], images)
    assert labels_of(found) == [1, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("labels", [[0, 1, 2, 0, 1, 2], ["b", "a", "b", "a", "b", "c"]], ids=["numbers", "text"])
@pytest.mark.parametrize("channels", [1, 3])
def test_csv_is_read_to_the_pixel(tmp_path: Path, header: bool, last: bool, labels: list[Any], channels: int) -> None:
    images = pixels(6, 9, channels)
    file = tmp_path / "signs.csv"
    file.write_text(csv_text(images, labels, header=header, last=last))
    found = understand(file)
    assert found.classes == tuple(map(str, sorted(set(labels))))
    assert np.array_equal(images_of(found), images.reshape(6, 9, 9, channels).transpose(0, 3, 1, 2))
    assert [found.classes[label] for label in labels_of(found)] == list(map(str, labels))


def test_the_label_column_can_be_named_and_the_separator_is_found(tmp_path: Path) -> None:
    text = csv_text(pixels(4), [4, 9, 4, 9]).replace("label", "digit").replace(",", ";")
    (tmp_path / "a.csv").write_text(text)
    assert understand(tmp_path / "a.csv", asked=Asked(label="digit")).classes == ("4", "9")
    with pytest.raises(DataError, match="no column 'number'"):
        understand(tmp_path / "a.csv", asked=Asked(label="number"))


def test_csv_files_of_two_parts(tmp_path: Path) -> None:
    files = {
        "fashion-mnist_train.csv": csv_text(pixels(4), [0, 1, 0, 1]).encode(),
        "fashion-mnist_test.csv": csv_text(pixels(2, seed=1), [1, 0]).encode(),
    }
    assert understand(zipped(tmp_path / "a.zip", files)).counts == {"train": (2, 2), "test": (1, 1)}


def parquet(path: Path, files: list[bytes | None], labels: list[Any], names: list[str] | None = None) -> Path:
    """As Hugging Face's datasets write it."""
    cells = [{"bytes": data, "path": f"{n}.png"} for n, data in enumerate(files)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(cells, kind), "label": labels})
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    text = json.dumps({"info": {"features": features}})
    pq.write_table(table.replace_schema_metadata({"huggingface": text} if names else {}), path, row_group_size=5)
    return path


def test_parquet_of_hugging_face_is_read_to_the_pixel(tmp_path: Path) -> None:
    images = pixels(12, 16, 3)
    files: list[bytes | None] = [encoded(image) for image in images]
    names = ["cat", "dog", "never seen"]
    place = tmp_path / "hub"
    place.mkdir()
    parquet(place / "train-00000-of-00002.parquet", files[:6], [0, 1] * 3, names)
    parquet(place / "train-00001-of-00002.parquet", files[6:9], [1, 0, 1], names)
    parquet(place / "test-00000-of-00001.parquet", [*files[9:11], None], [0, 1, 1], names)
    found = understand(place)
    assert (found.classes, found.counts) == (("cat", "dog"), {"train": (4, 5), "test": (1, 1)})
    assert np.array_equal(images_of(found), images[:9].transpose(0, 3, 1, 2))
    assert labels_of(found) == [0, 1] * 3 + [1, 0, 1]
    assert found.bad.named[0][1] == "has no bytes; files that a row names are not opened"
    text = understand(parquet(tmp_path / "one.parquet", files[:4], ["b", "a", "b", "a"]))
    assert (text.classes, labels_of(text)) == (("a", "b"), [1, 0, 1, 0])
