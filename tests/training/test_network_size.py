"""Where a dense layer is out of proportion: what is said of it, and what makes it smaller."""

from __future__ import annotations

import pytest

from reglab import RunSpec
from reglab.errors import SpecError
from reglab.jobs import capacity, check_run, size_remark
from reglab.settings import load_settings
from reglab.training import oversize


def spec(**changes: object) -> RunSpec:
    return RunSpec().with_changes({"data.name": "synthetic", **{k.replace("__", "."): v for k, v in changes.items()}})


def test_simple_cnn_at_224_pixels_says_how_large_it_is_and_what_to_do() -> None:
    found = oversize(spec(data__resize=224))
    assert found is not None
    weights = 64 * 224 * 224 * 128
    everything = weights + 128 + 9 * 32 + 32 + 9 * 32 * 64 + 64 + 128 * 6 + 6
    assert f"{everything:,} parameters on images of 224 × 224 px" in found.about
    assert f"{weights + 128:,} of them in fc1" in found.about
    assert f"take {everything * 4 * 4 / 2**30:.1f} GiB." in found.about  # weights, gradients and two moments
    assert found.pool
    assert found.resize == 32
    assert found.remedy == "set model.head=pool or data.resize=32"


def test_each_remedy_is_one() -> None:
    assert oversize(spec(data__resize=224, model__head="pool")) is None
    assert oversize(spec(data__resize=32)) is None
    assert oversize(spec(data__resize=48)) is not None


def test_usual_networks_are_not_remarked_upon() -> None:
    assert oversize(spec()) is None
    assert size_remark(spec(model__name="resnet18", data__resize=224)) is None


def test_a_cnn_without_convolutions_can_only_be_given_smaller_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reglab.training.network_size.MOST", 2**20)
    found = oversize(spec(model__name="dense_784", data__resize=224))
    assert found is not None
    assert not found.pool
    assert found.remedy == "set data.resize=64"


def test_too_little_memory_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "free_memory", lambda _device: 2**30)
    with pytest.raises(SpecError, match=r"1\.0 GiB is available; set model\.head=pool or data\.resize=32\.$"):
        check_run(spec(data__resize=224), load_settings())
