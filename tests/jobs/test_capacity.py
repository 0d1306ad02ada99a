"""Whether runs and sweeps fit: the same checks of settings, memory and disk, before anything is queued."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.jobs.sweeping import RUN

from reglab.errors import SpecError
from reglab.jobs import capacity, check_run, check_sweep
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.training import free_memory, lane_size

HUGE = RunSpec().with_changes(
    {"data.name": "cifar10", "data.train_size": None, "model.name": "resnet18", "train.batch_size": 32_768}
)


def test_a_run_that_is_larger_than_the_memory_is_refused_as_a_sweep_of_it_is(settings: Settings) -> None:
    needed = lane_size(HUGE).memory
    assert 100 * 2**30 < needed < 200 * 2**30
    if free_memory("cpu") >= needed:
        pytest.skip("this machine has more memory than the largest run needs")
    with pytest.raises(
        SpecError, match=r"^This run needs about 1\d\d\.\d GiB of memory, and .* is available; choose a"
    ):
        check_run(HUGE, settings)
    with pytest.raises(SpecError, match=r"^One run of this sweep needs about 1\d\d\.\d GiB of memory"):
        check_sweep(SweepSpec(run=HUGE, l2=(0.0, 1e-2)), settings)


def test_a_run_that_fits_has_its_size(settings: Settings) -> None:
    assert check_run(RUN, settings) == lane_size(RUN)


def test_a_lane_that_does_not_fit_is_refused_with_an_estimate(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(capacity, "free_memory", lambda _device: 2**20)
    big = SweepSpec(run=RUN.with_changes({"model.name": "resnet18", "model.dropout": 0.0}), l2=(0.0, 1e-2))
    with pytest.raises(SpecError) as refused:
        check_sweep(big, settings)
    needed = f"{lane_size(big.run).memory / 2**30:.1f} GiB"
    assert str(refused.value) == (
        f"One run of this sweep needs about {needed} of memory, and 1 MiB is available; choose a smaller CNN or batch."
    )


def test_a_disk_that_is_too_small_is_refused_with_an_estimate_also_before_there_is_a_home(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    free = shutil.disk_usage("/")._replace(free=2**20)
    asked: list[Path] = []

    def usage(folder: Path) -> Any:
        asked.append(folder)
        return free

    monkeypatch.setattr(shutil, "disk_usage", usage)
    spec = SweepSpec(run=RUN, l2=tuple(i / 100 for i in range(20)), seeds=5)
    with pytest.raises(
        SpecError, match=r"of 100 runs need about \d+ MiB on the disk, and 1 MiB is free; choose fewer λ"
    ):
        check_sweep(spec, settings)
    assert asked == [settings.home.parent]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"data.train_size": 5000}, "train_size"),
        ({"train.batch_size": 61}, "train.batch_size (61) is larger than the 60 training images"),
        ({"model.name": "lenet6"}, "did you mean 'lenet5'?"),
        ({"penalty.factors": {"conv9.weight": 2.0}}, "conv9.weight"),
    ],
)
def test_what_no_lane_could_train_is_refused(settings: Settings, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SpecError) as refused:
        check_sweep(SweepSpec(run=RUN.with_changes(changes), l2=(0.0, 1e-2)), settings)
    assert sentence in str(refused.value)


def test_more_folds_than_the_smallest_class_has_images_are_refused(settings: Settings) -> None:
    spec = SweepSpec(run=RUN.with_changes({"data.name": "synthetic"}), l2=(0.0,), folds=50)
    with pytest.raises(SpecError, match="fold"):
        check_sweep(spec, settings)
