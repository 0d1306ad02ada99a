"""Predictions on the disk: what is written comes back, and what is torn or of another epoch counts as missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from reglab.predictions import EpochScores
from reglab.store import RunFiles, prediction_file
from reglab.store.prediction_file import NAME, Layout

RUN = "abc0123456"


def layout(n: int = 13, classes: int = 4) -> Layout:
    return Layout(np.arange(n, dtype=np.int64) * 7 + 3, classes)


def scores(epoch: int, n: int = 13) -> EpochScores:
    rng = np.random.default_rng(epoch)
    return EpochScores(-rng.exponential(2, n).astype(np.float16), rng.random(n) < 0.6)


def probabilities(seed: int, n: int = 13, classes: int = 4) -> NDArray[np.float32]:
    return np.random.default_rng(seed).dirichlet(np.ones(classes), n).astype(np.float32)


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    return RunFiles(tmp_path, RUN)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), classes=st.integers(1, 12), epochs=st.integers(1, 6))
def test_what_is_written_comes_back(
    tmp_path_factory: pytest.TempPathFactory, n: int, classes: int, epochs: int
) -> None:
    path, own = tmp_path_factory.mktemp("p") / NAME, layout(n, classes)
    last = probabilities(0, n, classes)
    prediction_file.write(path, own, {e: scores(e, n) for e in range(1, epochs + 1)}, {"last": (epochs, last)})
    found = prediction_file.read_scores(path, epochs)
    assert found is not None
    np.testing.assert_array_equal(found.index, own.index)
    for epoch in range(1, epochs + 1):
        np.testing.assert_array_equal(found.log_prob[epoch - 1], scores(epoch, n).log_prob)
        np.testing.assert_array_equal(found.correct[epoch - 1], scores(epoch, n).correct)
    assert [array.dtype.name for array in (found.log_prob, found.correct, found.index)] == ["float16", "bool", "int64"]
    again = prediction_file.read_probabilities(path, "last", epochs)
    assert again is not None
    assert again.tobytes() == last.tobytes()
    assert prediction_file.read_probabilities(path, "best", epochs) is None


def test_a_resume_writes_again_what_it_trains_again(files: RunFiles) -> None:
    files.save_predictions(layout(), {e: scores(e) for e in (1, 2, 3)})
    files.save_predictions(layout(), {2: scores(20), 3: scores(30), 4: scores(4)})
    found = files.load_scores(4)
    assert found is not None
    expected = [scores(1), scores(20), scores(30), scores(4)]
    np.testing.assert_array_equal(found.log_prob, [one.log_prob for one in expected])
    before = files.load_scores(2)
    assert before is not None
    assert len(before.log_prob) == 2


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True), cut=st.booleans())
def test_what_is_torn_or_changed_is_as_if_not_there(
    tmp_path_factory: pytest.TempPathFactory, share: float, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("p") / NAME
    prediction_file.write(path, layout(), {e: scores(e) for e in (1, 2, 3)}, {"best": (2, probabilities(0))})
    data = bytearray(path.read_bytes())
    place = int(share * len(data))
    data[place] ^= 0x10
    path.write_bytes(data[:place] if cut else data)
    whole = [epochs for epochs in (1, 2, 3) if prediction_file.read_scores(path, epochs) is not None]
    best = prediction_file.read_probabilities(path, "best", 2)
    slots, first = layout().slot("last"), layout().record(1)
    no_scores = place < slots or (cut and place < first)
    expected = 0 if no_scores else 3 if place < first else (place - first) // layout().record_bytes
    assert whole == list(range(1, expected + 1))
    assert best is None or best.tobytes() == probabilities(0).tobytes()
    assert (best is None) == (no_scores or layout().slot("best") <= place < first)


def test_an_epoch_that_was_never_written_leaves_the_run_without_scores(files: RunFiles) -> None:
    """A run resumed from a checkpoint that is older than predictions are."""
    files.save_predictions(layout(), {5: scores(5), 6: scores(6)})
    assert files.load_scores(6) is None


def test_probabilities_of_another_epoch_are_not_those_asked_for(files: RunFiles) -> None:
    files.save_predictions(layout(), {}, {"last": (6, probabilities(0)), "best": (4, probabilities(1))})
    assert files.load_probabilities("last", 7) is None
    best = files.load_probabilities("best", 4)
    assert best is not None
    assert best.tobytes() == probabilities(1).tobytes()


def test_other_images_begin_a_new_file(files: RunFiles) -> None:
    files.save_predictions(layout(), {1: scores(1)})
    files.save_predictions(layout(5), {1: scores(1, 5)})
    found = files.load_scores(1)
    assert found is not None
    assert found.log_prob.shape == (1, 5)


def test_nothing_is_there_at_first(files: RunFiles) -> None:
    assert files.load_scores(3) is None
    assert files.load_probabilities("last", 3) is None


def test_a_sweep_of_27_runs_takes_one_and_a_half_megabytes(tmp_path: Path) -> None:
    """60 epochs × 431 images of 10 classes; beside the scores, class probabilities of two epochs."""
    own, path = layout(431, 10), tmp_path / NAME
    both = {"last": (60, probabilities(0, 431, 10)), "best": (30, probabilities(1, 431, 10))}
    prediction_file.write(path, own, {e: scores(e, 431) for e in range(1, 61)}, {})
    assert 27 * 60 * own.record_bytes < 1.52e6
    prediction_file.write(path, own, {}, {"last": both["last"], "best": both["best"]})
    assert path.stat().st_size == own.record(61) < 95_000
