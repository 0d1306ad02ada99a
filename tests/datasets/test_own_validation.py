"""The validation part that a data set brings: it validates, nothing else is taken from it, the test part neither."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from reglab.cli import main
from reglab.datasets import DATASETS, Split, check_data, load_images, prepare
from reglab.errors import SpecError
from reglab.jobs import data_remarks
from reglab.jobs.results import SAME_IMAGES
from reglab.spec import DataSpec, RunSpec
from reglab.store import Run

NOWHERE = Path("/nonexistent")
OWN = 300


@pytest.fixture(autouse=True)
def _halves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits whose last 300 images are a validation part."""
    entry = replace(DATASETS.get("digits"), name="with_own", own_val=OWN, sources=None)
    monkeypatch.setitem(DATASETS.built_in, "with_own", entry)


def _prepare(**values: object) -> Split:
    return prepare(DataSpec.model_validate({"name": "with_own", "validation": "own", **values}), NOWHERE)


@pytest.mark.parametrize("test_fraction", [0.0, 0.2])
@pytest.mark.parametrize("knobs", [{}, {"imbalance": 5, "train_size": None}, {"train_size": None}])
def test_the_own_part_validates_whatever_else_is_set(test_fraction: float, knobs: dict[str, object]) -> None:
    split = _prepare(test_fraction=test_fraction, **knobs)
    assert sorted(split.val_index.tolist()) == list(range(1797 - OWN, 1797))
    assert max(split.train_index.tolist()) < 1797 - OWN
    assert len(split.test.index) == round(1797 * test_fraction)
    assert not {*split.test.index.tolist()} & {*split.train_index.tolist(), *split.val_index.tolist()}
    if knobs == {"train_size": None}:
        left = 1797 - OWN - len(split.test.index)
        assert len(split.train_index) == left == check_data(DataSpec(
            name="with_own", validation="own", train_size=None, test_fraction=test_fraction)).left  # fmt: skip


def test_the_health_of_the_own_parts_is_checked_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "with_own", "--validation", "own", "--json"]) == 0
    images = json.loads(capsys.readouterr().out)["images"]
    assert images == {"training": 1797 - OWN - 359, "validation": OWN, "test": 359}


def test_a_cut_of_it_is_stratified_and_seeded() -> None:
    some, whole = _prepare(val_size=100), _prepare()
    assert some.val_index.tolist() == whole.val_index[:100].tolist()
    shares = np.bincount(load_images("digits", NOWHERE).y[-OWN:], minlength=10) / OWN
    assert np.abs(np.array(some.counts(some.y_val)) - 100 * shares).max() < 1.5
    assert _prepare(seed=1, val_size=100).val_index.tolist() != some.val_index.tolist()


def test_the_share_draws_from_all_images() -> None:
    split = _prepare(validation="share", train_size=None)
    assert len(split.val_index) == round(0.3 * 1797)
    assert max(split.train_index.tolist()) >= 1797 - OWN


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "digits"}, "data.validation own: Digits (8×8) has no validation part of its own; use share."),
        ({"val_size": 301}, "data.val_size 301 is more than there are: the own validation part of"),
        ({"train_size": 1500}, "data.train_size 1,500 is more than there are: the own validation part leaves 1,497"),
    ],
)
def test_what_does_not_fit_is_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_data(DataSpec.model_validate({"name": "with_own", "validation": "own", **values}))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("parts", ["folds", "blocks"])
def test_folds_and_blocks_have_no_own_part(parts: str) -> None:
    with pytest.raises(SpecError, match="a validation part of its own and"):
        RunSpec.parse({"data": {"validation": "own", parts: 3}})


def test_repeats_that_share_their_validation_images_are_remarked_on() -> None:
    own = RunSpec.parse({"data": {"validation": "own"}})
    assert data_remarks(_run(own, sweep="s")) == [SAME_IMAGES]
    assert data_remarks(_run(own, sweep=None)) == []
    assert data_remarks(_run(RunSpec(), sweep="s")) == []


def _run(spec: RunSpec, sweep: str | None) -> Run:
    return cast(Run, SimpleNamespace(spec=spec, sweep=sweep, environment={}))
