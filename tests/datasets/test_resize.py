"""``data.resize``: the filter, the shapes, and that images are resized once and kept like decoded ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reglab import RunSpec
from reglab.datasets import (
    DATASETS,
    Dataset,
    Images,
    cache,
    image_shape,
    load_images,
    prepare,
    resized_shape,
)
from reglab.datasets.cache import forget_images
from reglab.datasets.resize import resize_images
from reglab.errors import SpecError
from reglab.events import Ended, EpochDone
from reglab.settings import load_settings
from reglab.spec import DataSpec
from reglab.training import train


def test_the_shorter_side_gets_the_pixels_and_the_aspect_is_kept() -> None:
    assert resized_shape((3, 32, 32), None) == (3, 32, 32)
    assert resized_shape((1, 28, 28), 14) == (1, 14, 14)
    assert resized_shape((3, 100, 150), 64) == (3, 64, 96)
    assert resized_shape((3, 150, 100), 64) == (3, 96, 64)
    assert image_shape(DataSpec(name="digits", resize=16)) == (1, 16, 16)


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_what_pil_makes_of_them(channels: int) -> None:
    pixels = np.random.default_rng(channels).integers(0, 256, (3, channels, 20, 30), dtype=np.uint8)
    made = resize_images(Images.of(pixels, np.arange(3)), (channels, 8, 12), "", lambda text, share: None).x.numpy()
    for old, new in zip(pixels, made, strict=True):
        picture = Image.fromarray(old[0] if channels == 1 else np.moveaxis(old, 0, -1))
        wanted = np.asarray(picture.resize((12, 8), Image.Resampling.BILINEAR)).reshape(8, 12, channels)
        assert np.array_equal(np.moveaxis(new, 0, -1), wanted)
    assert made.dtype == np.uint8


def test_float_images_stay_in_their_range() -> None:
    old = load_images("digits", load_settings().data)
    made = resize_images(old, (1, 16, 16), "digits", lambda text, share: None).x
    assert made.dtype == torch.float32
    assert old.x.min() <= made.min() < made.max() <= old.x.max()
    assert abs(float(made.mean() - old.x.mean())) < 0.01


def test_a_resize_leaves_split_labels_and_test_part_as_they_are() -> None:
    plain, small = (
        prepare(DataSpec(name="synthetic", test_fraction=0.1, label_noise=0.1, resize=side), load_settings().data)
        for side in (None, 8)
    )
    assert small.shape == (1, 8, 8) == tuple(small.x_train.shape[1:])
    for name in ("train_index", "val_index", "y_train", "flipped"):
        assert torch.equal(getattr(plain, name), getattr(small, name))
    assert small.test.sha256 == plain.test.sha256
    assert tuple(small.test.images.x.shape[1:]) == (1, 8, 8)


def test_images_are_resized_once_and_mapped_from_then_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, home = tmp_path / "data", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "file").write_bytes(b"as it is")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 3, 12, 12), dtype=np.uint8)
    entry = Dataset(
        "twelve", "Twelve", 999, "", "", ("a", "b"), (3, 12, 12), 40,
        load=lambda _folder, _progress: Images.of(pixels, np.arange(40) % 2),
        sources=lambda _folder: (folder / "file",),
    )  # fmt: skip
    monkeypatch.setitem(DATASETS.built_in, "twelve", entry)
    monkeypatch.setattr(cache, "cache_folder", lambda _folder: home / "images")
    times: list[int] = []

    def counted(*args: object) -> Images:
        times.append(1)
        return resize_images(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "resize_images", counted)
    first = load_images("twelve", folder, resize=8).x.clone()
    forget_images()
    again = load_images("twelve", folder, resize=8).x
    assert len(times) == 1
    assert torch.equal(first, again)
    assert {each.name.rpartition("-")[0] for each in (home / "images").glob("*.images")} == {
        "twelve-pool", "twelve-pool_8px"
    }  # fmt: skip
    forget_images()


def test_a_run_trains_on_resized_images_with_either_head() -> None:
    found = {}
    for head in ("dense", "pool"):
        spec = RunSpec.parse({
            "data": {"name": "synthetic", "resize": 8, "train_size": 40, "val_size": 30},
            "model": {"name": "simple_cnn", "head": head}, "train": {"epochs": 1},
        })  # fmt: skip
        events = list(train(spec, device="cpu", threads=1))
        assert any(isinstance(event, EpochDone) for event in events)
        found[head] = next(event.weights() for event in events if isinstance(event, Ended))["fc1.weight"].shape
    assert found == {"dense": (128, 64 * 8 * 8), "pool": (128, 64)}


def test_specs_without_the_keys_are_written_as_before() -> None:
    text = RunSpec().to_yaml()
    assert "resize" not in text
    assert "head" not in text
    spec = RunSpec().with_changes({"data.resize": 32, "model.head": "pool"})
    assert RunSpec.from_yaml(spec.to_yaml()) == spec
    assert spec.to_query() == {"data.resize": "32", "model.head": "pool"}


@pytest.mark.parametrize("pixels", [7, 225])
def test_other_sizes_are_refused(pixels: int) -> None:
    with pytest.raises(SpecError, match=r"data\.resize should be"):
        RunSpec().with_changes({"data.resize": pixels})
