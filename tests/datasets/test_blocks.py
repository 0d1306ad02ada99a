"""Disjoint blocks: no image in two of them, each stratified, one refusal that says how many fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reglab.datasets import Sizes, Split, check_data, load_images, prepare
from reglab.datasets.blocks import block_groups
from reglab.datasets.stratify import interleave
from reglab.errors import SpecError
from reglab.spec import DataSpec

NOWHERE = Path("/nonexistent")
DIGITS = load_images("digits", NOWHERE).y.numpy()


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "digits", "train_size": 60, **values}), NOWHERE)


@settings(max_examples=10)
@given(
    blocks=st.integers(2, 6),
    n=st.none() | st.integers(20, 60),
    test=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 2**32 - 1),
    noise=st.floats(0, 0.95),
)
def test_no_image_is_in_two_blocks_and_each_trains_on_the_same_number(
    blocks: int, n: int | None, test: float, seed: int, noise: float
) -> None:
    how = {"blocks": blocks, "train_size": n, "test_fraction": test, "seed": seed, "label_noise": noise}
    splits = [_prepare(**how, block=block) for block in range(blocks)]
    used = [place for split in splits for part in (split.train_index, split.val_index) for place in part.tolist()]
    assert len(set(used)) == len(used)
    assert set(used).isdisjoint(splits[0].test.index.tolist())
    pool = 1797 - round(test * 1797)
    share = round(0.3 * (pool // blocks))
    for split in splits:
        assert (len(split.y_val), len(split.y_train)) == (share, n or pool // blocks - share)
        assert int(split.flipped.sum()) == round(noise * len(split.y_train))


def test_blocks_and_their_parts_have_the_shares_of_the_classes() -> None:
    shares = np.bincount(DIGITS) / len(DIGITS)
    for block in range(4):
        split = _prepare(train_size=None, blocks=4, block=block)
        whole = torch.cat([split.y_val, split.true_y_train])
        assert np.abs(np.bincount(whole) - len(whole) * shares).max() < 2
        for labels in (split.y_val, split.true_y_train, split.y_val[:50], split.true_y_train[:50]):
            assert np.abs(np.bincount(labels) - len(labels) * shares).max() < 3


@given(st.lists(st.integers(1, 40), min_size=2, max_size=6), st.integers(2, 9))
def test_of_any_classes_blocks_have_within_one_image_alike(counts: list[int], blocks: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    groups, ties = [np.flatnonzero(y == c) for c in range(len(counts))], np.arange(len(counts))
    cut = [block_groups(y, groups, ties, blocks, block) for block in range(blocks)]
    sizes = np.array([[len(group) for group in mine] for mine in cut])
    assert (sizes.sum(axis=1) == len(y) // blocks).all()
    assert (np.ptp(sizes, axis=0) <= 1).all()
    beginning = interleave(groups, ties)[: len(y) // blocks * blocks]
    assert sorted(np.concatenate([place for mine in cut for place in mine])) == sorted(beginning)


def test_a_block_depends_on_neither_training_size_nor_noise() -> None:
    one = _prepare(blocks=3, block=1)
    for other in (_prepare(blocks=3, block=1, train_size=30), _prepare(blocks=3, block=1, label_noise=0.5)):
        assert torch.equal(one.val_index, other.val_index)
        assert torch.equal(one.train_index[:30], other.train_index[:30])
    assert not torch.equal(one.val_index, _prepare(blocks=3, block=1, seed=1).val_index)


def test_blocks_stay_what_they_were_when_runs_were_saved() -> None:
    """Changed blocks would silently change the meaning of every saved run."""
    split = _prepare(blocks=5, block=3, seed=7)
    assert split.train_index[:8].tolist() == [1307, 1266, 712, 1242, 1170, 770, 52, 959]
    assert split.val_index[:8].tolist() == [1463, 120, 1771, 866, 1118, 260, 1570, 243]


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        ({"blocks": 3}, Sizes(180, 180, 419, 400)),
        ({"blocks": 3, "test_fraction": 0.2, "train_size": None}, Sizes(144, 144, 335, 335)),
        ({"blocks": 10, "block": 9, "train_size": 50, "val_size": 20}, Sizes(54, 20, 125, 50)),
        ({"name": "fashion_mnist", "test_fraction": 0.2, "blocks": 10}, Sizes(1800, 1800, 4200, 400)),
    ],
)
def test_sizes_are_known_before_loading(values: dict[str, object], sizes: Sizes) -> None:
    assert check_data(DataSpec.model_validate({"name": "digits", **values})) == sizes


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"blocks": 6, "test_fraction": 0.2},
            "data.blocks 6 is too many: 6 blocks of the 1,438 images of Digits (8×8) outside the test part have 239 "
            "each, too few for 400 training and 72 validation images; at most 2 repeats on disjoint blocks fit.",
        ),
        (
            {"blocks": 2, "train_size": 800, "val_size": 100},
            "data.blocks 2 is too many: 2 blocks of the 1,797 images of Digits (8×8) outside the test part have 898 "
            "each, too few for 800 training and 100 validation images; not even two disjoint blocks fit.",
        ),
        (
            {"blocks": 50, "train_size": None, "val_fraction": 0.2},
            "data.blocks 50 is too many: 50 blocks of the 1,797 images of Digits (8×8) outside the test part have 35 "
            "each, too few for training and validation; at most 37 repeats on disjoint blocks fit.",
        ),
        ({"blocks": 2, "train_size": 1500}, "data.train_size 1,500 is more than there are: data.val_fraction 0.3 leaves"
         " 1,258 images of Digits (8×8)."),
    ],
)  # fmt: skip
def test_too_few_images_are_refused_with_the_number_that_fits(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError) as refusal:
        check_data(DataSpec.model_validate({"name": "digits", **values}))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"blocks": 2, "folds": 2}, "into folds or into blocks, not both"),
        ({"block": 1}, "block 1 needs the number of blocks"),
        ({"blocks": 2, "block": 2}, "below the 2 blocks, not 2"),
        ({"blocks": 1}, "greater than or equal to 2"),
    ],
)
def test_blocks_that_make_no_sense_are_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DataSpec.model_validate(values)


def test_specs_without_blocks_are_written_as_before() -> None:
    assert not {"blocks", "block"} & DataSpec().model_dump().keys()
    assert DataSpec(blocks=3, block=2).model_dump()["block"] == 2
