"""What training sees: counts, pixels and samples are those of the split that runs train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from reglab.datasets import choose, prepare
from reglab.datasets.preview import class_counts, pictures, pixel_statistics, samples, to_look_at, wrong_samples
from reglab.regularizers import Batch, augment
from reglab.spec import DataSpec, RunSpec
from reglab.training.augmented import augmented
from reglab.training.seeds import seed_for

SPEC = DataSpec(name="digits", train_size=200, label_noise=0.25, test_fraction=0.2)


def test_counts_are_those_of_the_split(tmp_path: Path) -> None:
    split, counts = prepare(SPEC, tmp_path), class_counts(choose(SPEC, tmp_path))
    assert counts.train.tolist() == list(split.counts(split.y_train))
    assert counts.wrong.tolist() == list(split.counts(split.y_train[split.flipped]))
    assert counts.val.tolist() == list(split.counts(split.y_val))
    assert counts.wrong.sum() == 50


def test_pixel_statistics_are_those_of_the_training_images(tmp_path: Path) -> None:
    split, found = prepare(SPEC, tmp_path), pixel_statistics(choose(SPEC, tmp_path))
    x = (split.x_train * split.std[:, None, None] + split.mean[:, None, None]).double().numpy()
    np.testing.assert_allclose(found.mean_image, x.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found.variance_image, x.var(axis=0), atol=1e-6)
    assert found.histogram.sum() == x.size
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (0, 1, 65)
    counts, _ = np.histogram(np.rint(16 * x) / 16, found.edges)
    assert found.histogram[0].tolist() == counts.tolist()


def test_samples_are_training_images_with_the_labels_that_they_are_trained_with(tmp_path: Path) -> None:
    chosen, split = choose(SPEC, tmp_path), prepare(SPEC, tmp_path)
    given = dict(zip(split.train_index.tolist(), split.y_train.tolist(), strict=True))
    true = dict(zip(split.train_index.tolist(), split.true_y_train.tolist(), strict=True))
    groups = samples(chosen, 6)
    assert [len(group) for group in groups] == [6] * 10
    wrong = wrong_samples(chosen, 1000)
    assert len(wrong) == 50
    for label, group in enumerate(groups):
        assert all((one.label, given[one.place], true[one.place]) == (label, label, one.true) for one in group)
    assert all(one.label != one.true for one in wrong)
    locked = set(chosen.test.index.tolist())
    assert not locked & {one.place for one in [*wrong, *(one for group in groups for one in group)]}


def test_numbers_are_stretched_to_be_seen(tmp_path: Path) -> None:
    chosen = choose(DataSpec(name="digits_halves", train_size=50), tmp_path)
    assert pictures(chosen, "train", chosen.train).max() == 1
    assert np.median(pictures(chosen, "train", chosen.train)) > np.median(chosen.pixels("train", chosen.train))
    same = np.full((2, 1, 8, 8), 7, np.uint8)
    assert to_look_at(same) is same


@pytest.mark.parametrize("kinds", ["flip", "shift+erase"])
def test_augmented_images_are_those_of_the_training_hooks(tmp_path: Path, kinds: str) -> None:
    chosen, spec = choose(SPEC, tmp_path), RunSpec.parse({"regularize": {"augment": kinds, "mixup": 0.3}})
    pixels = chosen.pixels("train", chosen.train[:5])
    made = augmented(spec, pixels, chosen.mean, chosen.std, 3)
    generator = torch.Generator().manual_seed(seed_for(spec.train.seed, "augment"))
    batch = Batch(torch.from_numpy(pixels), ())
    for draw in range(3):
        drawn = augment.draw(kinds, 5, generator)
        expected = augment.apply(kinds, batch, drawn, torch.zeros(1)).images
        np.testing.assert_allclose(made[draw], expected.numpy(), atol=1e-5)
    assert not np.allclose(made[0], made[1])
