"""Accuracy under input noise: counts of an independent network, the same noise for all, kept counts, and sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]
from tests.factories import add_run, metrics
from tests.jobs.running import settings_in, work

from reglab import RunSpec, columns
from reglab.analysis.noise import noise_accuracy
from reglab.datasets import Chosen, prepare
from reglab.errors import SpecError
from reglab.jobs import NoiseRequest, accuracy_under_noise, images_at_hand, kept_curve, noise, predicting
from reglab.jobs.noise import SIGMAS, noise_answer_of, noise_facts, noise_of, noise_result, shared_choice
from reglab.models import build
from reglab.predictions import NoiseCurve, Which
from reglab.settings import Settings
from reglab.spec import DataSpec
from reglab.store import Run, Store, open_store

SPEC = RunSpec.parse(
    {
        "data": {"name": "digits", "train_size": 120, "val_fraction": 0.1},
        "model": {"name": "small_cnn"},
        "train": {"epochs": 6, "batch_size": 16},
        "optim": {"lr": 0.01},
    }
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("noise"))


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(store: Store, settings: Settings) -> Run:
    """A run that was trained for real, to its end."""
    return work(store, settings, SPEC)


def curve(store: Store, settings: Settings, run: Run, which: Which = "last") -> NoiseCurve:
    found = accuracy_under_noise(store, settings, NoiseRequest((run.id,), which))[run.id]
    assert isinstance(found, NoiseCurve), found
    return found


def forget(store: Store, run: Run) -> None:
    for path in store.files(run.id).folder.glob("noise-*.json"):
        path.unlink()


def right(store: Store, settings: Settings, run: Run, places: np.ndarray, sigma: float) -> int:
    """Images at ``places`` that are classified correctly with noise: pixels by NumPy, the network by torch alone."""
    split = prepare(run.spec.data, settings.data)
    pixels = images_at_hand(DataSpec(name="digits"), places)
    assert pixels is not None
    draws = [np.random.default_rng([0, place]).standard_normal((1, 8, 8), np.float32) for place in places.tolist()]
    unit = pixels / 255 if pixels.dtype == np.uint8 else pixels
    x = unit + sigma * np.stack(draws)
    x = (x - split.mean.numpy()[:, None, None]) / split.std.numpy()[:, None, None]
    model = build(run.spec.model, split.shape, 10, 0).eval()
    weights = store.files(run.id).load_weights(f"{run.id}/weights.safetensors")
    model.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    labels = dict(zip(split.val_index.tolist(), split.y_val.tolist(), strict=True))
    with torch.no_grad():
        predicted = model(torch.from_numpy(x.astype(np.float32))).argmax(1).tolist()
    return sum(labels[place] == own for place, own in zip(places.tolist(), predicted, strict=True))


def test_counts_are_those_of_noisy_pixels_through_the_network(store: Store, settings: Settings, run: Run) -> None:
    found, index = curve(store, settings, run), store.val_scores([run.id])[run.id].index
    assert run.last is not None
    assert (found.epoch, found.images, found.sigmas) == (6, len(index), SIGMAS)
    assert found.correct[0] == round(run.last.val_acc * len(index)) > 0.6 * len(index)
    assert list(found.correct) == [right(store, settings, run, np.sort(index), sigma) for sigma in SIGMAS]
    assert found.correct[-1] < 0.6 * found.correct[0]
    assert run.best_epoch is not None
    assert curve(store, settings, run, "best").epoch == run.best_epoch


def test_of_many_images_one_choice_is_taken(
    store: Store, settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise, "MOST_IMAGES", 50)
    found, index = curve(store, settings, run), store.val_scores([run.id])[run.id].index
    places = shared_choice(index, 1797)
    assert found.images == len(places) == 50
    assert found.correct[4] == right(store, settings, run, places, SIGMAS[4])


@hypothesis.settings(max_examples=15)
@given(st.sets(st.integers(0, 299), min_size=1), st.sets(st.integers(0, 299), min_size=1))
def test_splits_share_the_images_that_either_would_take(one: set[int], other: set[int]) -> None:
    """An image that both have is left out by one of them only for others that come first, in both."""
    taken, every = (shared_choice(np.array(sorted(own)), 300) for own in (one, one | other))
    assert set(taken.tolist()) == one
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "MOST_IMAGES", 20)
        few = set(shared_choice(np.array(sorted(one | other)), 300).tolist())
        assert few & one <= set(shared_choice(np.array(sorted(one)), 300).tolist())
    assert len(few) == min(20, len(every))


def test_an_image_has_the_same_noise_wherever_it_stands() -> None:
    alone, among = noise_of([7], (1, 8, 8)), noise_of([3, 7], (1, 8, 8))
    assert np.array_equal(alone[0], among[1])
    assert not np.array_equal(among[0], among[1])
    many = noise_of(range(2_000), (1, 4, 4))
    assert abs(float(many.mean())) < 0.02
    assert float(many.std()) == pytest.approx(1, abs=0.02)
    assert noise_of([], (3, 2, 2)).shape == (0, 3, 2, 2)


def test_counts_are_kept_with_the_run_and_computed_anew_where_they_are_damaged(
    store: Store, settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(store, run)
    assert kept_curve(store, run, "last") is None
    found = curve(store, settings, run)
    path = store.files(run.id).folder / "noise-last.json"
    assert kept_curve(store, run, "last") == found
    with monkeypatch.context() as patch:
        patch.setattr(noise, "weights_of", None)  # nothing is computed
        assert curve(store, settings, run) == found
        patch.setattr(noise, "SIGMAS", (0.0, 9.0))
        assert kept_curve(store, run, "last") is None
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[:-9],
        b"[1]",
        b"null",
        json.dumps({**json.loads(whole), "value": {"epoch": 1}}).encode(),
    ):
        path.write_bytes(damaged)
        assert kept_curve(store, run, "last") is None
        assert curve(store, settings, run) == found
    path.unlink()
    path.mkdir()
    assert curve(store, settings, run) == found  # which cannot be kept
    path.rmdir()


def test_runs_that_have_none_say_why_and_cost_themselves_alone(store: Store, settings: Settings, run: Run) -> None:
    weights = store.files(run.id).load_weights(f"{run.id}/weights.safetensors")
    waiting, training = add_run(store, SPEC, state="queued"), add_run(store, SPEC, state="running")
    diverged = add_run(store, SPEC, state="diverged", epochs=[metrics(1, val_loss=np.nan)])
    bare, torn, other = (add_run(store, SPEC) for _ in range(3))
    foreign = add_run(store, SPEC.with_changes({"model.name": "lenet5"}))
    absent = add_run(store, SPEC.with_changes({"data.name": "mnist"}))
    for one in (torn, foreign, absent, other):
        store.files(one.id).save_weights(weights)
    path = store.files(torn.id).folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    sentences = {
        waiting.id: "It has not ended",
        training.id: "It has not ended",
        diverged.id: "It diverged",
        bare.id: "The weights of the last epoch are not on the disk",
        torn.id: "cannot be read: This is not a whole safetensors file.",
        foreign.id: "The weights are not those of this CNN and dataset.",
        absent.id: "not on this machine",
        "nobody": "There is no run",
    }
    found = accuracy_under_noise(store, settings, NoiseRequest((*sentences, run.id)))
    for run_id, sentence in sentences.items():
        assert sentence in str(found[run_id])
    assert isinstance(found[run.id], NoiseCurve)
    with pytest.raises(SpecError, match=r"^No run has an accuracy under noise\. It has not ended"):
        noise_result(store, settings, [waiting])


def test_images_of_another_version_of_the_dataset_are_refused(
    store: Store, settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(store, run)
    real = predicting.chosen_images

    def other(spec: DataSpec, folder: Path) -> Chosen:
        found = real(spec, folder)
        moved = found.val.copy()
        moved[:40] = np.flatnonzero(found.images.y.numpy() == 0)[:40]
        return replace(found, val=moved)

    monkeypatch.setattr(noise, "chosen_images", other)
    found = accuracy_under_noise(store, settings, NoiseRequest((run.id,)))[run.id]
    assert found == "The dataset on this machine is not the one that this run was validated on."


def test_intervals_are_wilsons_and_figures_those_of_the_counts(store: Store, settings: Settings, run: Run) -> None:
    found = curve(store, settings, run)
    table = noise_accuracy({run.id: found})
    assert table[columns.X].tolist() == list(SIGMAS)
    for row, right_ones in zip(table.to_dict("records"), found.correct, strict=True):
        interval = binomtest(right_ones, found.images).proportion_ci(method="wilson")
        assert row[columns.VALUE] == right_ones / found.images
        assert (row[columns.LOW], row[columns.HIGH]) == pytest.approx((interval.low, interval.high))
    (facts,) = noise_result(store, settings, [run])["runs"]
    assert [one["value"] for one in facts["accuracy"]] == table[columns.VALUE].tolist()
    assert noise_accuracy({}).empty
    assert noise_accuracy({"a": NoiseCurve(1, 0, (0.0,), (0,))}).empty


def test_messages_between_processes_keep_the_counts() -> None:
    own = NoiseCurve(3, 200, (0.0, 0.1), (150, 120))
    answer: dict[str, NoiseCurve | str] = {"a": own, "b": "A sentence."}
    assert noise_answer_of(json.loads(json.dumps(noise_facts(answer)))) == answer
