"""Local idx files are found in every layout people have, and never taken for another data set."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.datasets.files import IMAGES, LABELS, idx, pictures, write_idx_pair

from reglab._torchvision import load_torchvision
from reglab.datasets import DATASETS, fashion_mnist, kmnist, load_images, mnist, prepare, status
from reglab.datasets._idx_sets import LABEL_MD5, IdxSource, find_idx, load_idx
from reglab.datasets.dataset import silent
from reglab.errors import DataError, SpecError
from reglab.spec import DataSpec

FASHION = replace(fashion_mnist.SOURCE, elsewhere=())
DEBIAN = pytest.mark.skipif(not fashion_mnist.DEBIAN.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
FIRST_OF_MNIST = [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
FIRST_OF_FASHION = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]


@pytest.mark.parametrize("zipped", [True, False], ids=["idx.gz", "idx"])
@pytest.mark.parametrize(
    "place", [".", "FashionMNIST/raw", "FashionMNIST", "fashion-mnist", "fashion_mnist", "fashion-mnist/raw"]
)
def test_every_usual_place_is_found_and_read(tmp_path: Path, place: str, zipped: bool) -> None:
    write_idx_pair(tmp_path / place, zipped=zipped)
    images = load_idx(FASHION, tmp_path, silent)
    pixels, labels = pictures(200, (28, 28), 10)
    assert np.array_equal(images.x[:, 0], pixels)
    assert np.array_equal(images.y, labels)
    assert find_idx(FASHION, tmp_path) == tmp_path / place


def _renamed(place: Path, images: str, labels: str) -> None:
    """The pair of files in ``place`` under other names, in folders where the names say so."""
    write_idx_pair(place, zipped=images.lower().endswith(".gz"))
    ending = ".gz" if images.lower().endswith(".gz") else ""
    for stem, name in ((IMAGES, images), (LABELS, labels)):
        moved = (place / f"{stem}{ending}").rename(place / f"moved-{stem}")
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        moved.rename(place / name)


@pytest.mark.parametrize(
    ("place", "images", "labels"),
    [
        (".", "train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("mnist", "train-images.idx3-ubyte.gz", "train-labels.idx1-ubyte.gz"),
        (".", f"{IMAGES}/{IMAGES}", f"{LABELS}/{LABELS}"),
        (".", f"{IMAGES}/train-images.idx3-ubyte", f"{LABELS}/train-labels.idx1-ubyte"),
        (".", "train-images.idx3-ubyte/train-images-idx3-ubyte", "train-labels.idx1-ubyte/train-labels-idx1-ubyte"),
        ("MNIST/Raw", IMAGES.upper(), LABELS.upper()),
        ("Mnist", f"{IMAGES.upper()}.GZ", f"{LABELS.upper()}.GZ"),
        ("mNIST/RAW", "Train_Images.idx3-ubyte", "Train_Labels.idx1-ubyte"),
    ],
)
def test_other_names_of_the_same_files_are_found_and_read(tmp_path: Path, place: str, images: str, labels: str) -> None:
    _renamed(tmp_path / place, images, labels)
    assert find_idx(mnist.SOURCE, tmp_path) == tmp_path / place
    assert status(mnist.ENTRY, tmp_path).state == "ready"
    assert np.array_equal(load_idx(mnist.SOURCE, tmp_path, silent).y, pictures(200, (28, 28), 10)[1])


def test_an_exact_name_comes_before_one_that_is_alike(tmp_path: Path) -> None:
    _renamed(tmp_path, "train-images.idx3-ubyte", "train-labels.idx1-ubyte")
    write_idx_pair(tmp_path, n=100, zipped=False)
    assert len(load_idx(mnist.SOURCE, tmp_path, silent).y) == 100


def test_a_folder_of_the_right_name_without_the_file_is_not_a_copy(tmp_path: Path) -> None:
    for stem in (IMAGES, LABELS):
        (tmp_path / stem / "other").mkdir(parents=True)
    assert find_idx(mnist.SOURCE, tmp_path) is None


@pytest.mark.parametrize("source", [mnist.SOURCE, kmnist.SOURCE, FASHION], ids=lambda source: source.name)
def test_a_named_folder_belongs_to_its_data_set_alone(tmp_path: Path, source: IdxSource) -> None:
    write_idx_pair(tmp_path / source.torchvision / "raw")
    found = [each.name for each in (mnist.SOURCE, kmnist.SOURCE, FASHION) if find_idx(each, tmp_path)]
    assert found == [source.name]


def _with_first_labels(place: Path, first: list[int]) -> None:
    write_idx_pair(place)
    labels = pictures(200, (28, 28), 10)[1]
    labels[: len(first)] = first
    (place / f"{LABELS}.gz").write_bytes(gzip.compress(idx(labels)))


def test_loose_files_known_to_be_another_data_set_are_passed_over(tmp_path: Path) -> None:
    _with_first_labels(tmp_path, FIRST_OF_FASHION)
    assert find_idx(FASHION, tmp_path) == tmp_path
    assert find_idx(mnist.SOURCE, tmp_path) is None
    _with_first_labels(tmp_path, FIRST_OF_MNIST)
    assert find_idx(FASHION, tmp_path) is None
    assert find_idx(mnist.SOURCE, tmp_path) == tmp_path


def test_original_label_files_are_known_by_their_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_idx_pair(tmp_path)
    import hashlib

    checksum = hashlib.md5((tmp_path / f"{LABELS}.gz").read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setitem(LABEL_MD5, checksum, "KMNIST")
    assert find_idx(mnist.SOURCE, tmp_path) is None
    assert find_idx(kmnist.SOURCE, tmp_path) == tmp_path


def test_the_checksums_and_names_are_those_of_torchvision() -> None:
    datasets = load_torchvision().datasets
    for checksum, name in LABEL_MD5.items():
        assert checksum in [md5 for file, md5 in getattr(datasets, name).resources if "labels" in file]
    for source in (mnist.SOURCE, kmnist.SOURCE, FASHION):
        assert f"{IMAGES}.gz" in dict(getattr(datasets, source.torchvision).resources)
    assert list(fashion_mnist.ENTRY.classes) == datasets.FashionMNIST.classes
    assert list(kmnist.ENTRY.classes) == datasets.KMNIST.classes


def test_another_data_set_in_a_named_folder_is_refused(tmp_path: Path) -> None:
    _with_first_labels(tmp_path / "MNIST", FIRST_OF_FASHION)
    with pytest.raises(DataError, match="belongs to FashionMNIST, not to MNIST; move it out of"):
        load_idx(mnist.SOURCE, tmp_path, silent)


def test_a_truncated_local_file_is_an_error_even_where_another_copy_exists(tmp_path: Path) -> None:
    write_idx_pair(tmp_path, zipped=False)
    file = tmp_path / IMAGES
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match="is truncated") as error:
        load_images("fashion_mnist", tmp_path)
    assert str(file) in str(error.value)


def test_a_damaged_label_file_is_named(tmp_path: Path) -> None:
    write_idx_pair(tmp_path)
    (tmp_path / f"{LABELS}.gz").write_bytes(b"\x1f\x8bnot gzip")
    with pytest.raises(DataError, match=rf"{LABELS}\.gz is truncated or damaged"):
        load_idx(FASHION, tmp_path, silent)


def test_images_and_labels_must_be_a_pair(tmp_path: Path) -> None:
    write_idx_pair(tmp_path, zipped=False)
    (tmp_path / LABELS).write_bytes(idx(np.zeros(199, np.uint8)))
    with pytest.raises(DataError, match=r"holds 200 images, but .* 199 labels"):
        load_idx(FASHION, tmp_path, silent)


def test_a_label_out_of_range_is_refused(tmp_path: Path) -> None:
    write_idx_pair(tmp_path, zipped=False)
    (tmp_path / LABELS).write_bytes(idx(np.full(200, 10, np.uint8)))
    with pytest.raises(DataError, match="has a label 10; it has 10 classes"):
        load_images("fashion_mnist", tmp_path)


def test_images_without_labels_are_not_a_copy(tmp_path: Path) -> None:
    write_idx_pair(tmp_path)
    (tmp_path / f"{LABELS}.gz").unlink()
    assert find_idx(FASHION, tmp_path) is None


def test_a_smaller_local_copy_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    write_idx_pair(tmp_path / "MNIST")
    split = prepare(DataSpec(name="mnist", train_size=100), tmp_path)
    assert len(split.y_train) == 100
    assert len(split.y_val) == 60
    with pytest.raises(SpecError, match=r"data\.val_fraction 0\.3 leaves 140 images of MNIST"):
        prepare(DataSpec(name="mnist", train_size=400), tmp_path)


@DEBIAN
def test_the_debian_package_is_used_by_itself(tmp_path: Path) -> None:
    entry = DATASETS.get("fashion_mnist")
    assert status(entry, tmp_path).sentence == f"Ready: {fashion_mnist.DEBIAN}"
    images = load_images("fashion_mnist", tmp_path)
    assert images.x.shape == (60_000, 1, 28, 28)
    assert np.bincount(images.y).tolist() == [6000] * 10
    assert images.y[:10].tolist() == FIRST_OF_FASHION
    assert not list(tmp_path.iterdir())


@DEBIAN
def test_a_folder_of_ones_own_comes_before_the_package(tmp_path: Path) -> None:
    write_idx_pair(tmp_path / "fashion_mnist")
    assert len(load_images("fashion_mnist", tmp_path).y) == 200


@DEBIAN
def test_the_package_folder_as_data_folder_is_not_taken_for_mnist() -> None:
    assert find_idx(mnist.SOURCE, fashion_mnist.DEBIAN) is None
    assert find_idx(kmnist.SOURCE, fashion_mnist.DEBIAN) is None
    assert find_idx(FASHION, fashion_mnist.DEBIAN) == fashion_mnist.DEBIAN


@DEBIAN
def test_a_split_of_the_real_images_is_stratified(tmp_path: Path) -> None:
    split = prepare(DataSpec(name="fashion_mnist", train_size=400, val_size=1000), tmp_path)
    assert np.bincount(split.y_train).tolist() == [40] * 10
    assert np.bincount(split.y_val).tolist() == [100] * 10
