"""The test part: fixed by the data set and test_fraction alone, outside everything that a choice can see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets.files import write_local, write_test_files

from reglab.datasets import DATASETS, Images, Split, check_data, held_out_images, load_images, prepare
from reglab.datasets.cache import forget_images
from reglab.datasets.check import Sizes
from reglab.datasets.test_part import draw_indices
from reglab.errors import DataError, SpecError
from reglab.spec import DataSpec

NOWHERE = Path("/nonexistent")
OFFICIAL = [name for name, entry in DATASETS.entries.items() if entry.test is not None]
_FIELDS = ("x_train", "y_train", "x_val", "y_val", "train_index", "val_index", "mean", "std")


def _prepare(folder: Path = NOWHERE, **values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", "test_fraction": 0.2, **values}), folder)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    train_size=st.none() | st.integers(100, 350),
    folds=st.none() | st.integers(2, 6),
    label_noise=st.floats(0, 0.9),
    fraction=st.sampled_from([0.05, 0.2, 0.5]),
)
def test_no_run_trains_or_validates_on_the_test_part_and_all_share_it(
    seed: int, train_size: int | None, folds: int | None, label_noise: float, fraction: float
) -> None:
    split = _prepare(
        seed=seed,
        train_size=train_size,
        folds=folds,
        fold=seed % (folds or 1),
        label_noise=label_noise,
        test_fraction=fraction,
    )
    test, used = set(split.test.index.tolist()), {*split.train_index.tolist(), *split.val_index.tolist()}
    assert len(test) == round(1797 * fraction)
    assert not test & used
    assert sorted([*split.test.index, *split.test.pool]) == list(range(1797))
    first = _prepare(test_fraction=fraction)
    assert np.array_equal(split.test.index, first.test.index)
    assert split.test.sha256 == first.test.sha256


@given(st.lists(st.integers(1, 60), min_size=2, max_size=8), st.integers(0, 1000), st.floats(0, 1))
def test_every_class_is_within_one_image_of_its_share(counts: list[int], seed: int, fraction: float) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    index = draw_indices(y, len(counts), round(fraction * len(y)))
    assert len(set(index.tolist())) == len(index) == round(fraction * len(y))
    taken = np.bincount(y[index], minlength=len(counts))
    assert np.abs(taken - len(index) * np.array(counts) / len(y)).max() < 1


def test_sizes_are_of_what_the_test_part_leaves() -> None:
    split = _prepare()
    assert (len(split.test.index), len(split.test.pool), len(split.y_val)) == (359, 1438, 431)
    assert check_data(DataSpec(test_fraction=0.2)) == Sizes(431, 431, 1007, 400)
    with pytest.raises(SpecError, match=r"data\.val_fraction 0\.3 leaves 1,007 images of Digits"):
        check_data(DataSpec(test_fraction=0.2, train_size=1008))
    with pytest.raises(
        SpecError, match=r"^data\.test_fraction 0\.001 sets 2 of the 1,797 images of Digits \(8×8\) apart"
    ):
        check_data(DataSpec(test_fraction=0.001))


def test_pixels_of_the_test_part_change_nothing_that_is_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before, images = _prepare(), load_images("digits", NOWHERE)
    x = images.x.clone()
    x[torch.from_numpy(before.test.index)] = 0.5
    monkeypatch.setattr("reglab.datasets.split.load_images", lambda *_: Images(x, images.y))
    after = _prepare()
    assert all(torch.equal(getattr(before, name), getattr(after, name)) for name in _FIELDS)
    assert np.array_equal(before.test.index, after.test.index)
    assert before.test.sha256 != after.test.sha256


def test_the_test_part_stays_what_it_was_when_runs_were_saved() -> None:
    """A changed test part would let new runs train on images that earlier ones were judged by."""
    test = _prepare().test
    assert test.index[:8].tolist() == [4, 10, 13, 15, 18, 21, 36, 39]
    assert test.sha256 == "499593a3f3edc8d4e509240aafe6ce5afff98f214d25ceeb2e1f07f78f69a98f"


def test_test_images_are_normalised_as_the_training_images() -> None:
    split, raw = _prepare(), load_images("digits", NOWHERE)
    x, y = held_out_images(split.test, split.mean, split.std)
    index = torch.from_numpy(split.test.index)
    assert torch.allclose(x, (raw.x[index] - split.mean[:, None, None]) / split.std[:, None, None])
    assert torch.equal(y, raw.y[index])


def test_without_a_test_fraction_there_is_no_test_part() -> None:
    split = _prepare(test_fraction=0.0)
    assert (split.test.source, len(split.test.index), split.test.sha256, len(split.test.pool)) == ("none", 0, "", 1797)


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    forget_images()


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_test_files_are_the_test_part_and_all_training_files_the_pool(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_local(name, tmp_path, monkeypatch)
    write_test_files(name, tmp_path, monkeypatch)
    classes = len(DATASETS.get(name).classes)
    values = {"name": name, "train_size": None, "val_fraction": 0.5, "test_fraction": 0.2}
    split, without = (prepare(DataSpec.model_validate({**values, "test_fraction": f}), tmp_path) for f in (0.2, 0.0))
    assert all(torch.equal(getattr(split, field), getattr(without, field)) for field in _FIELDS)
    x, y = held_out_images(split.test, split.mean, split.std)
    assert (split.test.source, len(x), set(y.tolist())) == ("official", 100, set(range(classes)))


@pytest.mark.parametrize("name", ["mnist", "svhn"])
def test_without_official_files_or_a_network_a_share_is_locked_and_the_record_says_so(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_local(name, tmp_path, monkeypatch)

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    spec = DataSpec(name=name, train_size=None, test_fraction=0.2)
    split = prepare(spec, tmp_path)
    assert (split.test.source, len(split.test.index), len(split.test.pool)) == ("share", 40, 160)
    monkeypatch.setattr("reglab.datasets._download.fetch", pytest.fail)  # a failed download is not tried again
    assert prepare(spec, tmp_path).test.sha256 == split.test.sha256
    write_test_files(name, tmp_path, monkeypatch)
    assert prepare(spec, tmp_path).test.source == "official"


def test_damaged_official_files_are_an_error_and_no_reason_for_a_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_local("mnist", tmp_path, monkeypatch)
    write_test_files("mnist", tmp_path, monkeypatch)
    (tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte.gz").write_bytes(b"no idx file")
    with pytest.raises(DataError, match="t10k-labels"):
        prepare(DataSpec(name="mnist", train_size=20, test_fraction=0.2), tmp_path)
