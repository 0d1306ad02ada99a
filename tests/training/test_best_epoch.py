"""The best epoch's weights and the predictions of every epoch, against NumPy, alone, fused and over a resume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reglab import RunSpec
from reglab.datasets import prepare
from reglab.events import Checkpoint, Ended, EpochDone, Event, Started, StepDone
from reglab.models import build
from reglab.predictions import Which
from reglab.settings import load_settings
from reglab.training import SEQUENTIAL, ExecutionMode, denormals_flushed, train

OVERFITS = RunSpec.parse(
    {
        "data": {"train_size": 60, "val_size": 50, "label_noise": 0.3},
        "model": {"name": "small_cnn", "dropout": 0.2},
        "optim": {"lr": 0.02},
        "train": {"epochs": 9, "batch_size": 20},
    }
)
LANES = [OVERFITS.with_changes({"penalty.l2": l2}) for l2 in (0.0, 0.01, 0.3)]
FUSED = ExecutionMode(fused=True, fused_evaluation=True)
MODES = [pytest.param(FUSED, id="fused"), pytest.param(SEQUENTIAL, id="one by one")]
LAST: Which = "last"
BEST: Which = "best"
Arrays = Mapping[str, NDArray[Any]]


def trained(how: ExecutionMode, resume: Sequence[Checkpoint | None] = (), until: int = 0) -> list[Event]:
    """The events of LANES; with ``until``, as far as step 2 of the epoch after it."""
    events: list[Event] = []
    with denormals_flushed():
        for event in train(*LANES, device="cpu", threads=1, resume=resume, how=how):
            events.append(_taken(event))
            if until and isinstance(event, StepDone) and (event.epoch, event.step) == (until + 1, 2):
                break
    return events


def _taken(event: Event) -> Event:
    """The event with what it offers taken now, as it is valid until the next one only."""
    if isinstance(event, Ended):
        taken = [event.weights(), event.best_weights(), event.probabilities()]
        weights, best, probabilities = ((lambda value=value: value) for value in taken)
        return Ended(
            event.lane, event.reason, event.epoch, event.best_epoch, weights, best, probabilities, event.snapshot
        )
    return event


def of_lane(events: list[Event], lane: int) -> tuple[list[EpochDone], Ended]:
    done = [event for event in events if isinstance(event, EpochDone) and event.lane == lane]
    [ended] = [event for event in events if isinstance(event, Ended) and event.lane == lane]
    return done, ended


def log_probabilities(weights: Arrays) -> NDArray[np.float64]:
    """ln p (n, classes) of the validation images under ``weights``, in NumPy from the network's scores."""
    split = prepare(OVERFITS.data, load_settings().data)
    model = build(OVERFITS.model, split.shape, len(split.classes), 0).double().eval()
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    with torch.no_grad():
        scores = model(split.x_val.double()).numpy()
    scores -= scores.max(1, keepdims=True)
    return np.asarray(scores - np.log(np.exp(scores).sum(1, keepdims=True)))


@pytest.fixture(scope="module", params=MODES)
def how(request: pytest.FixtureRequest) -> ExecutionMode:
    mode: ExecutionMode = request.param
    return mode


@pytest.fixture(scope="module")
def events(how: ExecutionMode) -> list[Event]:
    return trained(how)


@pytest.mark.parametrize("lane", range(len(LANES)))
def test_weights_of_the_best_epoch_give_its_figures_and_predictions(events: list[Event], lane: int) -> None:
    done, ended = of_lane(events, lane)
    labels = prepare(OVERFITS.data, load_settings().data).y_val.numpy()
    best = min(done, key=lambda one: one.metrics.val_loss)
    assert ended.best_epoch == best.metrics.epoch
    for epoch, weights, which in ((done[-1], ended.weights(), LAST), (best, ended.best_weights(), BEST)):
        log_p = log_probabilities(weights)
        true = log_p[np.arange(len(labels)), labels]
        assert epoch.metrics.val_loss == pytest.approx(-true.mean(), rel=1e-5)
        assert epoch.metrics.val_acc == (log_p.argmax(1) == labels).mean()
        assert epoch.scores is not None
        np.testing.assert_allclose(epoch.scores.log_prob, true, rtol=1e-3, atol=1e-4)
        np.testing.assert_array_equal(epoch.scores.correct, log_p.argmax(1) == labels)
        np.testing.assert_allclose(ended.probabilities()[which], np.exp(log_p), rtol=1e-3, atol=1e-6)


def test_the_best_epoch_is_not_the_last_where_a_run_overfits(events: list[Event]) -> None:
    _, ended = of_lane(events, 0)
    assert ended.best_epoch < OVERFITS.train.epochs
    assert any((ended.best_weights()[name] != array).any() for name, array in ended.weights().items())


def test_scores_of_every_epoch_have_its_accuracy_and_loss(events: list[Event]) -> None:
    [index] = {tuple(event.val_index.tolist()) for event in events if isinstance(event, Started)}
    assert list(index) == prepare(OVERFITS.data, load_settings().data).val_index.tolist()
    for lane in range(len(LANES)):
        for one in of_lane(events, lane)[0]:
            assert one.scores is not None
            assert one.scores.log_prob.dtype == np.float16
            assert one.scores.correct.mean() == one.metrics.val_acc
            assert -one.scores.log_prob.astype(np.float64).mean() == pytest.approx(one.metrics.val_loss, rel=1e-3)


@pytest.mark.parametrize("until", [2, 5, 7])
def test_a_resume_ends_with_the_same_best_weights_and_predictions(
    how: ExecutionMode, events: list[Event], until: int
) -> None:
    """From within an epoch: also where the best one lies before the checkpoint."""
    began = trained(how, until=until)
    assert isinstance(began[-1], StepDone)
    again = trained(how, resume=[snapshot() for snapshot in began[-1].snapshots])
    for lane in range(len(LANES)):
        (done, ended), (later, resumed) = of_lane(events, lane), of_lane(again, lane)
        assert later[0].metrics.epoch == until + 1
        for mine, theirs in zip(later, done[until:], strict=True):
            assert mine.scores is not None
            assert theirs.scores is not None
            assert mine.scores.log_prob.tobytes() == theirs.scores.log_prob.tobytes()
        for one, other in (
            (resumed.best_weights(), ended.best_weights()),
            (resumed.probabilities(), ended.probabilities()),
        ):
            assert {name: array.tobytes() for name, array in one.items()} == {
                name: array.tobytes() for name, array in other.items()
            }


def test_a_checkpoint_at_the_end_of_the_last_epoch_ends_with_the_same_predictions(how: ExecutionMode) -> None:
    events, kept = [], []
    with denormals_flushed():
        for event in train(*LANES, device="cpu", threads=1, how=how):
            events.append(_taken(event))
            if isinstance(event, EpochDone) and event.metrics.epoch == OVERFITS.train.epochs:
                kept.append(event.snapshot())
        again = [_taken(event) for event in train(*LANES, device="cpu", threads=1, resume=kept, how=how)]
    for lane in range(len(LANES)):
        ended, resumed = of_lane(events, lane)[1], of_lane(again, lane)[1]
        for name, array in ended.probabilities().items():
            assert resumed.probabilities()[name].tobytes() == array.tobytes()


def test_a_checkpoint_without_best_weights_keeps_those_of_the_next_better_epoch() -> None:
    """As written by versions before them: none are invented."""
    spec = LANES[0]
    events = train(spec, device="cpu", threads=1)
    step = next(event for event in events if isinstance(event, StepDone) and event.epoch == 3)
    old = step.snapshots[0]()
    arrays = {name: array for name, array in old.arrays.items() if not name.startswith(("best/", "logits/"))}
    assert len(arrays) < len(old.arrays)
    again = list(train(spec, device="cpu", threads=1, resume=[Checkpoint(arrays, old.facts)]))
    done, ended = of_lane(again, 0)
    known = any(one.best_epoch == one.metrics.epoch for one in done)
    assert bool(ended.best_weights()) == known


def test_a_finished_run_goes_on_to_more_epochs_as_if_asked_for_them_at_once(
    how: ExecutionMode, events: list[Event]
) -> None:
    few = [spec.with_changes({"train.epochs": 4}) for spec in LANES]
    kept = []
    with denormals_flushed():
        for event in train(*few, device="cpu", threads=1, how=how):
            if isinstance(event, Ended):
                kept.append(event.snapshot())
        assert {one.facts["ended"] for one in kept} == {"completed"}
        again = trained(how, resume=kept)
    for lane in range(len(LANES)):
        ended, extended = of_lane(events, lane)[1], of_lane(again, lane)[1]
        assert {n: a.tobytes() for n, a in extended.weights().items()} == {
            n: a.tobytes() for n, a in ended.weights().items()
        }
        assert {n: a.tobytes() for n, a in extended.best_weights().items()} == {
            n: a.tobytes() for n, a in ended.best_weights().items()
        }
