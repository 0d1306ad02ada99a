"""What every data set must be, those of tomorrow included."""

from __future__ import annotations

import errno
import os
import re
import socket
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.datasets.files import write_local

from reglab.datasets import DATASETS, Dataset, check_data, prepare, status
from reglab.datasets.cache import forget_images
from reglab.datasets.dataset import OfficialTest, silent
from reglab.errors import DataError
from reglab.spec import DataSpec, RunSpec

ENTRIES = list(DATASETS.entries.values())
every_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
with_files = pytest.mark.parametrize("entry", [e for e in ENTRIES if e.find is not None], ids=lambda entry: entry.name)


@pytest.fixture(autouse=True)
def _offline_and_forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    forget_images()
    yield
    forget_images()


@pytest.fixture(name="at_hand")
def _at_hand(entry: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder in which ``entry`` is ready: with a small local copy of it where it consists of files."""
    if entry.extra is not None:
        pytest.importorskip(entry.extra)
    if entry.find is not None:
        write_local(entry.name, tmp_path, monkeypatch)
    return tmp_path


def test_the_default_specs_data_set_is_there_and_first() -> None:
    assert DATASETS.names()[0] == RunSpec().data.name == "digits"


def test_all_that_were_promised_are_there() -> None:
    promised = {"digits", "mnist_5k", "mnist", "fashion_mnist", "kmnist", "cifar10", "cifar100", "svhn", "synthetic"}
    assert promised <= set(DATASETS.names())


def test_labels_tell_the_entries_apart() -> None:
    assert len({entry.label for entry in ENTRIES}) == len(ENTRIES)


@every_entry
def test_an_entry_says_what_it_is(entry: Dataset) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", entry.name)
    assert entry.about.endswith(".")
    assert entry.source
    assert len(set(entry.classes)) == len(entry.classes) >= 2
    channels, height, width = entry.shape
    assert channels in (1, 3)
    assert height >= 8
    assert width >= 8
    assert entry.size >= 2 * len(entry.classes)
    assert (entry.download_mb is not None) == (entry.find is not None)


@every_entry
def test_the_pool_is_what_the_entry_says_and_loading_tells_its_progress(entry: Dataset, at_hand: Path) -> None:
    told = list[tuple[str, float]]()
    images = entry.load(at_hand, lambda text, share: told.append((text, share)))
    assert told
    assert all(text and 0 <= share <= 1 for text, share in told)
    n = len(images.y)
    assert n == entry.size if entry.find is None else 0 < n <= entry.size
    assert images.x.shape == (n, *entry.shape)
    assert images.x.dtype in (torch.uint8, torch.float32)
    if images.x.dtype == torch.float32:
        assert images.x.min() >= 0
        assert images.x.max() <= 1
    assert images.y.dtype == torch.int64
    assert sorted(set(images.y.tolist())) == list(range(len(entry.classes)))


@with_files
def test_the_files_that_it_is_decoded_from_are_known(entry: Dataset, at_hand: Path) -> None:
    """Else it would be decoded at every start, by every process."""
    assert entry.sources is not None
    files = entry.sources(at_hand)
    assert files
    assert all(file.is_file() and file.is_relative_to(at_hand) for file in files)
    parts: list[Dataset | OfficialTest] = [entry] if entry.test is None else [entry, entry.test]
    assert [part.size for part in parts if part.sources is None] == []


@every_entry
def test_loading_twice_gives_the_same_and_moves_no_global_random_state(entry: Dataset, at_hand: Path) -> None:
    state = torch.get_rng_state()
    first, second = entry.load(at_hand, silent), entry.load(at_hand, silent)
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.y, second.y)
    assert torch.equal(torch.get_rng_state(), state)


@every_entry
def test_a_data_set_at_hand_is_ready(entry: Dataset, at_hand: Path) -> None:
    found = status(entry, at_hand)
    assert found.state == "ready"
    assert found.sentence.startswith("Ready: ")
    assert entry.find is None or str(at_hand) in found.sentence


@every_entry
def test_a_spec_that_passes_the_check_is_prepared_with_those_sizes(entry: Dataset, at_hand: Path) -> None:
    classes = len(entry.classes)
    spec = DataSpec(name=entry.name, train_size=classes, val_size=classes, val_fraction=0.5, label_noise=0.2)
    sizes = check_data(spec)
    split = prepare(spec, at_hand)
    assert (len(split.y_train), len(split.y_val)) == (sizes.train, sizes.val) == (classes, classes)
    assert sorted(split.true_y_train.tolist()) == sorted(split.y_val.tolist()) == list(range(classes))
    assert split.x_train.shape[1:] == entry.shape == split.shape
    assert split.mean.shape == split.std.shape == entry.shape[:1]
    assert torch.isfinite(split.x_train).all()
    assert torch.isfinite(split.x_val).all()
    assert int(split.flipped.sum()) == round(0.2 * classes)


@with_files
def test_without_files_a_download_is_announced(entry: Dataset, tmp_path: Path) -> None:
    elsewhere = entry.find(tmp_path) if entry.find else None
    if elsewhere is not None:
        pytest.skip(f"this machine has {entry.label} in {elsewhere}")
    assert status(entry, tmp_path).sentence == f"Will download {entry.download_mb:.0f} MB"
    assert status(entry, tmp_path).state == "download"


@with_files
def test_without_a_network_one_sentence_says_what_to_do(
    entry: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if entry.find is not None and entry.find(tmp_path) is not None:
        pytest.skip(f"this machine has {entry.label} in {entry.find(tmp_path)}")

    urlopen, nowhere = urllib.request.urlopen, (tmp_path / "nowhere").as_uri()
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: urlopen(nowhere))  # fails without a network
    with pytest.raises(DataError) as error:
        entry.load(tmp_path, silent)
    text = str(error.value)
    assert text.startswith(f"{entry.label} could not be downloaded: ")
    assert os.strerror(errno.ENOENT) in text
    assert f"into {tmp_path}" in text


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.extra is not None], ids=lambda entry: entry.name)
def test_a_missing_package_is_named(entry: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = str(entry.extra)
    for module in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    sentence = f"Needs the package {package}: pip install {package}"
    assert status(entry, tmp_path).sentence == sentence
    assert status(entry, tmp_path).state == "missing"
    with pytest.raises(DataError, match=f"needs the package {package}: pip install {package}"):
        entry.load(tmp_path, silent)
