"""CIFAR and SVHN: read through torchvision, only after the MD5s were found right."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.files import pack_cifar, pictures, trust_cifar, write_cifar, write_svhn

from reglab._torchvision import load_torchvision
from reglab.datasets import DATASETS, cifar10, cifar100, load_images, svhn
from reglab.datasets._verified_sets import VerifiedSource
from reglab.errors import DataError

CIFARS = [cifar10.SOURCE, cifar100.SOURCE]
BOTH = pytest.mark.parametrize("source", CIFARS, ids=lambda source: source.name)


class Bomb:
    """A pickle that writes a file when it is read."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.target,)


def test_the_bomb_of_these_tests_goes_off_when_it_is_unpickled(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "executed")))
    assert (tmp_path / "executed").exists()


@BOTH
@pytest.mark.parametrize("place", [".", "folder of its own", "in capitals", "wrapped"])
def test_batches_in_torchvisions_layout_are_read(
    source: VerifiedSource, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = source.folders[1]
    root = tmp_path / {".": ".", "folder of its own": own, "in capitals": own.upper(), "wrapped": source.content}[place]
    cls = source.torchvision_class
    write_cifar(root, cls)
    trust_cifar(monkeypatch, cls, root)
    images = load_images(source.name, tmp_path)
    classes = len(DATASETS.get(source.name).classes)
    pixels, labels = pictures(500, (3072,), classes)
    assert np.array_equal(images.x.numpy().reshape(500, 3072), pixels)  # CIFAR stores planes: red, green, blue
    assert np.array_equal(images.y, labels)
    assert images.x.is_contiguous()


@BOTH
def test_a_batch_that_is_not_the_original_is_never_unpickled(source: VerifiedSource, tmp_path: Path) -> None:
    cls = source.torchvision_class
    write_cifar(tmp_path, cls)
    for file in (tmp_path / cls.base_folder).iterdir():
        file.write_bytes(pickle.dumps(Bomb(tmp_path / "executed")))
    with pytest.raises(DataError) as error:
        load_images(source.name, tmp_path)
    place = tmp_path / cls.base_folder
    assert str(error.value).startswith(f"{place / cls.train_list[0][0]} is missing, damaged or not the original")
    assert f"remove {place} to download it again" in str(error.value)
    assert not (tmp_path / "executed").exists()


@BOTH
@pytest.mark.parametrize("part", ["last batch", "names"])
def test_one_bad_file_among_good_ones_is_found_and_named(
    source: VerifiedSource, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = source.torchvision_class
    write_cifar(tmp_path, cls)
    trust_cifar(monkeypatch, cls, tmp_path)
    bad = tmp_path / cls.base_folder / (cls.train_list[-1][0] if part == "last batch" else cls.meta["filename"])
    bad.write_bytes(pickle.dumps(Bomb(tmp_path / "executed")))
    with pytest.raises(DataError) as error:
        load_images(source.name, tmp_path)
    assert str(error.value).startswith(f"{bad} is missing, damaged or not the original")
    assert not (tmp_path / "executed").exists()


@BOTH
def test_a_missing_batch_is_named(source: VerifiedSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = source.torchvision_class
    write_cifar(tmp_path, cls)
    trust_cifar(monkeypatch, cls, tmp_path)
    missing = tmp_path / cls.base_folder / cls.train_list[0][0]
    missing.unlink()
    with pytest.raises(DataError, match="is missing, damaged or not the original") as error:
        load_images(source.name, tmp_path)
    assert str(error.value).startswith(str(missing))


@BOTH
def test_an_archive_put_into_the_folder_is_unpacked_once(
    source: VerifiedSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls, folder = source.torchvision_class, tmp_path / "data"
    folder.mkdir()
    write_cifar(tmp_path / "made", cls)
    trust_cifar(monkeypatch, cls, tmp_path / "made")
    pack_cifar(monkeypatch, cls, tmp_path / "made", folder / cls.filename)
    assert len(load_images(source.name, folder).y) == 500
    kept = {file.name for file in folder.iterdir()}
    assert kept == {cls.filename, cls.base_folder, f".{source.name}.lock"}


@BOTH
def test_an_archive_that_is_not_the_original_is_not_unpacked(
    source: VerifiedSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls, folder = source.torchvision_class, tmp_path / "data"
    folder.mkdir()
    write_cifar(tmp_path / "made", cls)
    pack_cifar(monkeypatch, cls, tmp_path / "made", folder / cls.filename)
    monkeypatch.setattr(cls, "tgz_md5", "0" * 32)
    with pytest.raises(DataError, match="is damaged or not the original") as error:
        load_images(source.name, folder)
    assert str(error.value).startswith(str(folder / cls.filename))
    assert not (folder / cls.base_folder).exists()


@BOTH
def test_the_file_names_are_those_of_torchvision(source: VerifiedSource) -> None:
    cls = source.torchvision_class
    assert (source.content, source.archive) == (cls.base_folder, cls.filename)


def test_the_fine_class_names_are_in_alphabetical_order_as_in_the_original() -> None:
    assert list(cifar100.ENTRY.classes) == sorted(set(cifar100.ENTRY.classes))
    assert len(cifar100.ENTRY.classes) == 100


def test_svhn_is_read_with_the_digit_zero_as_class_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_svhn(monkeypatch, tmp_path / "SVHN")
    images = load_images("svhn", tmp_path)
    pixels, labels = pictures(200, (3, 32, 32), 10)
    assert np.array_equal(images.x, pixels)
    assert np.array_equal(images.y, labels)


def test_an_svhn_file_that_is_not_the_original_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import io  # type: ignore[import-untyped]

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("opened")

    write_svhn(monkeypatch, tmp_path)
    monkeypatch.setattr(io, "loadmat", refuse)
    file = tmp_path / svhn.SOURCE.content
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError) as error:
        load_images("svhn", tmp_path)
    assert str(error.value).startswith(f"{file} is missing, damaged or not the original")


def test_the_svhn_file_is_that_of_torchvision() -> None:
    assert load_torchvision().datasets.SVHN.split_list["train"][1] == svhn.SOURCE.content
