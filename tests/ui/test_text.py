"""Names, counts, times and runs as text: progress in every state, time left, names for legends, headline figures."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from tests.charts.frames import gradient_frame
from tests.factories import add_run, metrics, spec

from reglab import columns
from reglab.analysis.zero_filters import zero_filters
from reglab.spec import PenaltySpec, RunSpec
from reglab.states import STATES
from reglab.store import Run, Store
from reglab.ui.shared import text
from reglab.ui.shared.run_data import figures, gradient_ratio, zero_shares
from reglab.ui.shared.text import count_of, literal, local_time, named


@pytest.fixture
def run(store: Store) -> Run:
    """A run of 30 epochs that trains, six of them done."""
    return replace(add_run(store, spec(penalty__l2=0.03, data__label_noise=0.2), state="running"), step=0, steps=13)


def test_every_state_has_a_line(run: Run) -> None:
    for state in STATES:
        assert text.progress_line(replace(run, state=state), [0.5], None).endswith(".")


def test_what_is_trained_in_one_line(run: Run) -> None:
    assert text.facts(run) == (
        "Digits (8×8), 400 training images with 20 % wrong labels · Simple CNN · λ₂ = 0.03 · "
        "Adam, learning rate 0.001 · cpu, 1 thread"
    )


@pytest.mark.parametrize(
    ("penalty", "words"),
    [
        ({"l2": 0}, "no penalty"),
        ({"l2": 0.03}, "λ₂ = 0.03"),
        ({"l1": 1e-4, "l2": 0.01, "apply": "proximal"}, "λ₁ = 1e-4, λ₂ = 0.01 proximal"),
    ],
)
def test_penalties_in_words(penalty: dict[str, object], words: str) -> None:
    assert text.penalty_text(PenaltySpec.model_validate(penalty)) == words


def test_time_left_is_the_mean_of_the_last_five_epochs_times_what_is_left(run: Run) -> None:
    seconds = [9.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert text.seconds_left(run, seconds) == pytest.approx(24 * 3.0)
    assert text.seconds_left(replace(run, step=13, steps=26), seconds) == pytest.approx(23.5 * 3.0)
    assert text.seconds_left(run, [math.nan, 2.0]) == pytest.approx(24 * 2.0)


def test_before_the_first_epoch_the_steps_tell_the_time(run: Run) -> None:
    first = replace(run, epoch=0, step=2, steps=10, seconds=4.0)
    assert text.seconds_left(first, []) == pytest.approx(4.0 / 0.2 * 29.8)
    assert text.seconds_left(replace(first, step=0), []) is None
    assert text.progress_line(first, [], None) == "Epoch 1 of 30, step 2 of 10. About 9 min 56 s left."


def test_the_share_done_counts_steps(run: Run) -> None:
    assert text.share_done(run) == pytest.approx(6 / 30)
    assert text.share_done(replace(run, step=13, steps=26)) == pytest.approx(6.5 / 30)
    assert text.share_done(replace(run, state="finished")) == 1.0


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (0.2, "1 s"), (59.5, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"state": "queued"}, "Waiting for a free slot, number 2 in the queue. It goes on from epoch 6."),
        ({"state": "queued", "epoch": 0}, "Waiting for a free slot, number 2 in the queue."),
        ({}, "Epoch 7 of 30. About 12 s left."),
        ({"wanted": "stop"}, "Epoch 7 of 30. Stopping, with a checkpoint…"),
        ({"activity": "Downloading MNIST: 3.1 of 9.9 MB"}, "Downloading MNIST: 3.1 of 9.9 MB"),
        ({"epoch": 0, "steps": 0}, "Preparing the data…"),
        ({"state": "finished", "epoch": 30}, "Finished 30 epochs in 3 s. Lowest validation loss in epoch 5."),
        ({"state": "finished"}, "Stopped early after 6 of 30 epochs, 3 s: no lower validation loss since epoch 5."),
        ({"state": "cancelled"}, "Stopped after 6 of 30 epochs, 3 s."),
        ({"state": "cancelled", "epoch": 0}, "Cancelled before it began."),
        ({"state": "failed"}, "Failed after 6 of 30 epochs, 3 s."),
        ({"state": "failed", "epoch": 0}, "Failed before its first epoch."),
        (
            {"state": "interrupted"},
            "Interrupted after 6 of 30 epochs, 3 s: the program ended while this run was training.",
        ),
        (
            {"state": "interrupted", "error": "Its worker was killed; resume it."},
            "Interrupted after 6 of 30 epochs, 3 s. Its worker was killed; resume it.",
        ),
        ({"state": "diverged"}, "Diverged after 6 of 30 epochs, 3 s."),
    ],
)
def test_where_the_run_stands(run: Run, changes: dict[str, Any], line: str) -> None:
    assert text.progress_line(replace(run, **changes), [0.5] * 6, 2) == line


def test_resuming_says_from_where(run: Run) -> None:
    assert "from epoch 6" in text.resume_text(replace(run, has_checkpoint=True))
    assert "from the beginning" in text.resume_text(replace(run, has_checkpoint=False))


def test_runs_that_differ_in_lambda_are_called_by_it(store: Store) -> None:
    runs = [add_run(store, spec(penalty__l2=l2), name="same") for l2 in (0.0, 0.03)]
    assert list(text.labels(runs).values()) == ["no penalty", "λ₂ = 0.03"]
    assert text.labels(runs[:1]) == {runs[0].id: "same"}


def test_other_runs_keep_their_names_and_equal_names_are_told_apart(store: Store) -> None:
    runs = [
        add_run(store, spec(train__seed=seed), name=name) for seed, name in enumerate(["a", "same", "same", "x" * 60])
    ]
    found = list(text.labels(runs).values())
    assert found == ["a", f"same ({runs[1].id[:4]})", f"same ({runs[2].id[:4]})", "x" * 31 + "…"]


def test_names_lose_the_parts_that_all_have(store: Store) -> None:
    changes = ({"penalty__l2": 0.03}, {"penalty__l2": 0.1, "train__epochs": 9})
    runs = [add_run(store, spec(model__name="dense_784", **change)) for change in changes]
    assert runs[0].name == "digits · dense_784 · λ₂ 0.03"
    assert list(text.labels(runs).values()) == ["λ₂ 0.03", "λ₂ 0.1"]


def test_what_several_runs_have_in_common(store: Store) -> None:
    runs = [add_run(store, spec(penalty__l2=l2, optim__name=name)) for l2, name in ((0.1, "sgd"), (0.1, "adam"))]
    assert text.common_facts(runs) == (
        "In common: Digits (8×8), 400 training images · Simple CNN · λ₂ = 0.1 · cpu, 1 thread"
    )


def test_figures_before_the_first_epoch_are_dashes(store: Store) -> None:
    run = add_run(store, state="running", epochs=0)
    assert [figure.value for figure in figures(run, store.layers([]))] == ["–"] * 5


def test_figures_after_the_last_epoch(store: Store) -> None:
    run = add_run(store)
    accuracy, loss, gap, zeros, ratio = figures(run, store.layers([run.id], latest=True))
    last = metrics(6)
    assert (accuracy.value, accuracy.beside) == (f"{100 * last.val_acc:.1f} %", "best epoch 89.0 %")
    assert (loss.value, loss.beside) == ("1.02", "lowest 1.00 in epoch 5")
    assert (gap.value, gap.beside) == ("0.687", "accuracy 5.0 pts")
    assert zeros.value == "0.0 %"
    assert ratio.value == gradient_ratio(store.layers([run.id], epochs=[6])) != "–"


def test_losses_that_are_no_numbers_say_so(store: Store) -> None:
    run = add_run(store, state="diverged", epochs=[metrics(1, val_loss=math.nan, gap_loss=-math.inf)])
    _, loss, gap, *_ = figures(run, store.layers([run.id], latest=True))
    assert (loss.value, gap.value) == ("not finite", "not finite")
    assert text.loss(-0.05) == "−0.0500"


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (1e-5, "< 0.1 %"), (0.0342, "3.4 %"), (0.0999, "10 %"), (0.342, "34 %"), (0.999, "100 %"),
     (2.5, "250 %"), (9.996, "1000 %"), (12.4, "12 ×"), (12345.0, "12,345 ×"), (math.nan, "–"), (math.inf, "–")],
)  # fmt: skip
def test_the_pull_of_lambda_in_words(share: float, words: str) -> None:
    layers = gradient_frame(["a"], 3, share=share)
    layers.loc[layers[columns.EPOCH] < 3, columns.DATA_GRAD] = math.nan
    assert gradient_ratio(layers) == words


def test_a_pull_that_was_not_recorded_is_a_dash() -> None:
    layers = gradient_frame(["a"], 3)
    assert gradient_ratio(layers[:0]) == "–"
    assert gradient_ratio(layers.assign(**{columns.DATA_GRAD: math.nan})) == "–"


def test_zero_shares_weigh_layers_by_their_size() -> None:
    layers = pd.DataFrame(
        {columns.EPOCH: [0, 3, 3], columns.SIZE: [100, 100, 300], columns.ZEROS: [100, 50, 0],
         columns.NEAR_ZERO_SHARE: [1.0, 0.6, 0.2]}
    )  # fmt: skip
    assert zero_shares(layers) == pytest.approx((50 / 400, (60 + 60) / 400))
    assert zero_shares(layers[:0]) == (None, None)


def test_filters_at_zero_are_counted_for_group_lasso_and_without_the_classifier(run: Run) -> None:
    layers = pd.DataFrame(
        {columns.EPOCH: [0, 0, 3, 3, 3], columns.UNITS: [4, 10, 32, 128, 10], columns.ZERO_UNITS: [4, 10, 16, 8, 5],
         **dict.fromkeys((columns.SIZE, columns.ZEROS, columns.NEAR_ZERO_SHARE, columns.DATA_GRAD), 1.0)}
    )  # fmt: skip
    assert zero_filters(layers) == (24, 160)
    assert zero_filters(layers[:0]) is None
    assert zero_filters(layers.assign(**{columns.UNITS: math.nan})) is None
    lasso = replace(run, spec=run.spec.with_changes({"penalty.group": 0.01}))
    layers[columns.PENALTY_GRAD] = 1.0
    shown = {figure.label: (figure.value, figure.beside) for figure in figures(lasso, layers)}
    assert shown["Filters at zero"] == ("15.0\u202f%", "24 of 160")
    assert "Filters at zero" not in {figure.label for figure in figures(run, layers)}


WHEN = datetime(2026, 3, 1, 11, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "2026-03-01 12:00:05 CET"),
        ("UTC", "2026-03-01 11:00:05 UTC"),
        (None, "2026-03-01 11:00:05 UTC"),
        ("No/Where", "2026-03-01 11:00:05 UTC"),
        ("../etc/passwd", "2026-03-01 11:00:05 UTC"),
    ],
)
def test_a_moment_is_told_in_the_zone_of_the_browser(zone: str | None, text: str) -> None:
    assert local_time(WHEN, zone) == text


def test_names_are_quoted_and_the_rest_counted() -> None:
    assert named(["a"]) == "“a”"
    assert named(["a", "b", "c"], most=2) == "“a”, “b” and 1 more"
    assert literal("a_b *c*") == r"a\_b \*c\*"


def test_counts_agree_with_their_noun() -> None:
    assert (count_of(0, "run"), count_of(1, "run"), count_of(1200, "run")) == ("0 runs", "1 run", "1,200 runs")


@pytest.mark.parametrize(
    ("optim", "words"),
    [
        ({}, "Adam, learning rate 0.001"),
        ({"name": "rmsprop"}, "RMSprop, learning rate 0.001"),
        ({"name": "rmsprop", "alpha": 0.9}, "RMSprop, smoothing α 0.9, learning rate 0.001"),
        ({"name": "sgd", "momentum": 0.5, "nesterov": True}, "SGD, momentum 0.5, Nesterov, learning rate 0.001"),
    ],
)
def test_settings_of_an_optimizer_that_differ_from_its_defaults_are_named(optim: dict[str, Any], words: str) -> None:
    assert text.optimizer_text(RunSpec.parse({"optim": optim})) == words
