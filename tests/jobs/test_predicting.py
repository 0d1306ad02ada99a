"""Predictions of stored runs: those recorded at the end of training, and what cannot be predicted says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.jobs.running import settings_in, work

from reglab import RunSpec
from reglab.errors import WorkerLost
from reglab.jobs import (
    NoiseRequest,
    Prediction,
    PredictionRequest,
    Runner,
    accuracy_under_noise,
    images_at_hand,
    predict,
)
from reglab.jobs.predicting import answer_facts, answer_of, request_facts, request_of
from reglab.predictions import Which
from reglab.settings import Settings
from reglab.store import Run, Store, open_store

NOISE = {"input_noise": 0.05, "val_input_noise": 0.1}
"""Of the images, as the network sees them; what a person gives has none."""

SPEC = RunSpec.parse(
    {
        "data": {"name": "digits", "train_size": 120, "val_fraction": 0.1, "label_noise": 0.25} | NOISE,
        "model": {"name": "small_cnn"},
        "train": {"epochs": 4, "batch_size": 16},
        "optim": {"lr": 0.01},
    }
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("predicting"))


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture(scope="module")
def run(store: Store, settings: Settings) -> Run:
    """A run that was trained for real, to its end."""
    return work(store, settings, SPEC)


def prediction(store: Store, settings: Settings, request: PredictionRequest) -> Prediction:
    found = predict(store, settings, request)[request.runs[0]]
    assert isinstance(found, Prediction), found
    return found


@pytest.mark.parametrize("which", ["last", "best"])
def test_validation_images_are_predicted_as_training_recorded_it(
    store: Store, settings: Settings, run: Run, which: Which
) -> None:
    scores, recorded = store.val_scores([run.id])[run.id], store.probabilities(run.id, which)
    images = images_at_hand(SPEC.data, scores.index)
    assert recorded is not None
    assert images is not None
    for some in (slice(None), slice(7, 8)):  # all at once, and one that a person picks
        found = prediction(store, settings, PredictionRequest((run.id,), which, images[some]))
        np.testing.assert_allclose(found.probabilities, recorded[some], atol=1e-5, rtol=0)


def test_wrongly_labelled_images_are_memorised_as_training_recorded_it(
    store: Store, settings: Settings, run: Run
) -> None:
    """All training images are measured here, as there are fewer than validation images."""
    found = prediction(store, settings, PredictionRequest((run.id,)))
    assert run.last is not None
    assert (len(found.index), len(set(found.index.tolist()))) == (30, 30)
    assert (found.labels != found.true).all()
    predicted = found.probabilities.argmax(axis=1)
    assert np.mean(predicted == found.labels) == pytest.approx(run.last.flipped_acc)
    assert np.mean(predicted == found.true) == pytest.approx(run.last.true_acc)


def test_runs_that_cannot_predict_say_why_and_cost_themselves_alone(store: Store, settings: Settings, run: Run) -> None:
    waiting = store.create(SPEC)
    clean = store.create(SPEC.with_changes({"data.label_noise": 0.0}))
    other = store.create(SPEC.with_changes({"model.name": "lenet5"}))
    absent = store.create(SPEC.with_changes({"data.name": "mnist"}))
    weights = store.files(run.id).load_weights(store.files(run.id).named("weights"))
    for one in (clean, other):
        store.files(one.id).save_weights(weights)
    image = np.zeros((1, 1, 8, 8), dtype=np.uint8)
    runs = (waiting.id, other.id, absent.id, run.id, "nobody")
    found = predict(store, settings, PredictionRequest(runs, "last", image))
    assert isinstance(found[run.id], Prediction)
    assert "a run keeps them when it ends" in str(found[waiting.id])
    assert found[other.id] == "The weights are not those of this CNN and dataset."
    assert "not on this machine" in str(found[absent.id])
    assert "There is no run" in str(found["nobody"])
    small = predict(store, settings, PredictionRequest((run.id,), "last", image[:, :, :7]))
    assert small[run.id] == "Digits (8×8) has images of another size than this one."
    assert "without label noise" in str(predict(store, settings, PredictionRequest((clean.id,)))[clean.id])
    (settings.home / waiting.id).mkdir(exist_ok=True)
    store.files(waiting.id).save_weights(weights)
    (store.files(waiting.id).folder / "weights.safetensors").write_bytes(b"broken")
    assert "cannot be read" in str(
        predict(store, settings, PredictionRequest((waiting.id,), "last", image))[waiting.id]
    )


def test_messages_between_processes_keep_every_bit() -> None:
    images = np.random.default_rng(0).random((2, 3, 4, 5), dtype=np.float32)
    request = request_of(request_facts(PredictionRequest(("a", "b"), "best", images)))
    assert (request.runs, request.which) == (("a", "b"), "best")
    assert request.images is not None
    assert (request.images.dtype, request.images.tolist()) == (images.dtype, images.tolist())
    assert request_of(request_facts(PredictionRequest(("a",)))).images is None
    own = Prediction(images[0, 0], np.arange(3), np.arange(3), np.arange(3))
    back = answer_of(answer_facts({"a": own, "b": "A sentence."}))
    assert back["b"] == "A sentence."
    found = back["a"]
    assert isinstance(found, Prediction)
    assert all(np.array_equal(getattr(found, name), value) for name, value in vars(own).items())


def test_a_worker_process_of_its_own_predicts_the_same(
    settings: Settings, store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes no slot of those that train."""
    monkeypatch.setattr(Runner, "_take_up", lambda self: None)
    images = images_at_hand(SPEC.data, store.val_scores([run.id])[run.id].index[:3])
    request = PredictionRequest((run.id,), "last", images)
    runner = Runner(store, replace(settings, runner="process", slots=1))
    try:
        found, here = runner.predict(request)[run.id], predict(store, settings, request)[run.id]
        noisy = runner.accuracy_under_noise(NoiseRequest((run.id,)))
        assert runner.pool is not None
        assert not runner.pool.workers
    finally:
        runner.close()
    with pytest.raises(WorkerLost, match="closing"):
        runner.predict(request)
    assert isinstance(found, Prediction)
    assert isinstance(here, Prediction)
    np.testing.assert_allclose(found.probabilities, here.probabilities, atol=1e-6)
    (store.files(run.id).folder / "noise-last.json").unlink()
    assert accuracy_under_noise(store, settings, NoiseRequest((run.id,))) == noisy
