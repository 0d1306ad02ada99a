"""What the Compare page computes from stored runs: which runs, groups and colours, curves, differences, predictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import t as student  # type: ignore[import-untyped]
from tests.factories import add_run, add_sweep, metrics, spec

from reglab import columns
from reglab.charts.style import colour_of
from reglab.jobs.run_comparing import caveats, compare_groups, compare_runs
from reglab.store import Run, Store
from reglab.sweep import SweepSpec
from reglab.training.lane import split_batches
from reglab.ui.compare import against, data
from reglab.ui.compare.against import compared, left_out, paired, why_not
from reglab.ui.compare.against import readable as readable_curves
from reglab.ui.compare.curves import Options, curve_table, steps_per_epoch
from reglab.ui.compare.data import Epochs, select
from reglab.ui.compare.differences import (
    change_text,
    csv_of,
    csv_of_groups,
    figure_text,
    readable,
    readable_groups,
    setting_text,
    summary,
    without_seeds,
)
from reglab.ui.compare.errors import picture
from reglab.ui.compare.parallel import axes_of, parallel_table
from reglab.ui.compare.predictions import Pictures, Predictions, pair_of
from reglab.ui.compare.query import DEFAULT, CompareQuery
from reglab.ui.compare.weights import RIDGES, ridge_epochs


class _Services:
    def __init__(self, store: Store) -> None:
        self.store = store


@pytest.fixture(autouse=True)
def _store(store: Store) -> Iterator[None]:
    with patch.object(data, "services", lambda: _Services(store)):
        yield


def test_runs_come_in_the_links_order_and_those_of_sweeps_after_them(store: Store) -> None:
    sweep, first, second = add_sweep(store), add_run(store), add_run(store)
    lanes = [run.id for run in store.sweep_runs(sweep.id)]
    found = select(store, CompareQuery((second.id, lanes[1], first.id), (sweep.id,)))
    assert [run.id for run in found.runs] == [second.id, lanes[1], first.id, *(one for one in lanes if one != lanes[1])]
    assert found.problems == ()


def test_what_is_not_there_is_named(store: Store) -> None:
    run, gone, sweep = add_run(store), add_run(store), add_sweep(store, name="old")
    store.delete([gone.id, sweep.id])
    found = select(store, CompareQuery((run.id, gone.id, "nosuchrun1"), ("nosuchsweep", sweep.id)))
    assert [one.id for one in found.runs] == [run.id]
    assert found.problems == (
        "The link names 1 run that is not here: nosuchrun1.",
        f"“{gone.name}” is deleted and not compared; its own page can restore it.",
        "There is no sweep 'nosuchsweep'.",
        "The sweep “old” is deleted; its own page can restore it.",
    )


def test_runs_that_differ_in_seeds_alone_are_a_group_that_looks_as_its_first_run(store: Store) -> None:
    seeds = [add_run(store, spec(penalty__l2=0.01, train__seed=seed, data__seed=seed)) for seed in (0, 1)]
    other = add_run(store, spec(penalty__l2=0.02))
    found = select(store, CompareQuery((other.id, seeds[1].id, seeds[0].id)))
    assert found.groups == {other.id: other.id, seeds[1].id: seeds[1].id, seeds[0].id: seeds[1].id}
    assert list(found.styles(grouped=True)) == [other.id, seeds[1].id]
    alone = select(store, CompareQuery((seeds[1].id,)))
    assert found.styles(grouped=True)[seeds[1].id].colour == alone.styles(grouped=False)[seeds[1].id].colour
    assert len(found.styles(grouped=False)) == 3
    assert not alone.has_groups


def test_the_same_run_twice_is_no_repeat(store: Store) -> None:
    runs = [add_run(store), add_run(store), add_run(store, spec(train__seed=1))]
    found = select(store, CompareQuery(tuple(run.id for run in runs)))
    assert found.groups == {runs[0].id: runs[0].id, runs[1].id: runs[1].id, runs[2].id: runs[0].id}


def test_names_are_what_differs_and_of_too_much_the_number_of_the_sweep(store: Store) -> None:
    one, other = add_run(store, spec(train__seed=1)), add_run(store, spec(optim__name="sgd", penalty__l2=0.5))
    pair = select(store, CompareQuery((one.id, other.id))).styles(grouped=False)
    assert [style.label for style in pair.values()] == [
        "λ₂ = 0.01 · Adam · seed 1", "λ₂ = 0.5 · SGD · seed 0",
    ]  # fmt: skip
    far = spec(optim__name="sgd", model__name="lenet5", data__train_size=100, data__label_noise=0.1)
    sweep = add_sweep(store, SweepSpec(run=far, l2=(0.0, 0.1)))
    every = select(store, CompareQuery((one.id,), (sweep.id,))).styles(grouped=True)
    assert [style.label for style in every.values()] == [one.name, "no penalty · sweep 1", "λ₂ = 0.1 · sweep 1"]


def test_inside_a_sweep_colour_is_lambda_and_its_seeds_are_one_group(store: Store) -> None:
    sweep = add_sweep(store, SweepSpec(run=spec(train__epochs=2), l2=(0.0, 0.01), seeds=3), epochs=2)
    found = select(store, CompareQuery(sweeps=(sweep.id,)))
    assert [style.colour for style in found.styles(grouped=True).values()] == [colour_of(0.0), colour_of(0.01)]
    assert [style.label for style in found.styles(grouped=True).values()] == ["no penalty", "λ₂ = 0.01"]


def curves_of(store: Store, runs: list[Run], **changes: Any) -> pd.DataFrame:
    found = select(store, CompareQuery(tuple(run.id for run in runs)))
    options = Options.of(DEFAULT)._replace(**changes)
    return curve_table(found, Epochs(0, store.epochs([run.id for run in runs])), options)


@pytest.mark.parametrize(
    ("figure", "column"), [("gap_acc", columns.GAP_ACC), ("gap_loss", columns.GAP_LOSS), ("penalty", columns.L2)]
)
def test_every_figure_is_that_of_the_store(store: Store, figure: str, column: str) -> None:
    run = add_run(store, epochs=4)
    assert curves_of(store, [run], figure=figure)[columns.VALUE].tolist() == store.epochs([run.id])[column].tolist()


def test_both_parts_of_the_data_are_curves_over_any_axis(store: Store) -> None:
    run = add_run(store, epochs=3)
    both = curves_of(store, [run], figure="loss", images="both", x="step")
    rows = store.epochs([run.id])
    for role, column in (("val", columns.VAL_LOSS), ("train", columns.TRAIN_LOSS)):
        own = both[both[columns.ROLE] == role]
        assert own[columns.VALUE].tolist() == rows[column].tolist()
        assert own[columns.X].tolist() == [13, 26, 39]  # 400 images in batches of 32
    seconds = curves_of(store, [run], x="seconds")
    assert seconds[columns.X].tolist() == [0.5, 1.0, 1.5]


def test_gradient_ratios_are_read_only_where_they_are_drawn(store: Store) -> None:
    run = add_run(store, epochs=2)
    with patch.object(Store, "gradients", autospec=True, side_effect=Store.gradients) as read:
        curves_of(store, [run])
        assert not read.called
        with patch("reglab.ui.compare.curves.services", lambda: _Services(store)):
            ratios = curves_of(store, [run], figure="ratio")
    assert np.isfinite(ratios[columns.VALUE]).all()


def test_runs_before_their_first_epoch_have_no_curve(store: Store) -> None:
    waiting, done = add_run(store, spec(penalty__l2=0.5), state="queued"), add_run(store, epochs=2)
    assert curves_of(store, [waiting]).empty
    assert set(curves_of(store, [waiting, done])[columns.RUN]) == {done.id}
    assert steps_per_epoch(waiting) is None


@pytest.mark.parametrize(("images", "size"), [(400, 32), (401, 32), (33, 32), (32, 32), (1, 1), (65, 32)])
def test_steps_are_those_of_training(store: Store, images: int, size: int) -> None:
    run = add_run(store, spec(train__batch_size=size))
    assert run.environment is not None
    run.environment["n_train"] = images
    assert steps_per_epoch(run) == len(split_batches(torch.arange(images), size))


def test_the_table_has_the_settings_that_differ_and_changes_against_the_baseline(store: Store) -> None:
    one = add_run(store, spec(penalty__l2=0.0), epochs=[metrics(1, val_acc=0.5, gap_acc=0.1)], name="A")
    other = add_run(store, spec(penalty__l2=0.03), epochs=[metrics(1, val_acc=0.625, val_loss=float("nan"))], name="B")
    found = compare_runs([one, other], one.id)
    table = readable(found, {one.id: "first"})
    assert table["Run"].tolist() == ["first", "B"]
    assert [name for name in table if name not in readable(compare_runs([one, one], one.id), {})] == [
        summary_key(found)
    ]
    assert table["Accuracy"].tolist() == ["50.0\u202f%", "62.5\u202f%"]
    assert table["Δ Accuracy"].tolist() == ["baseline", "+12.5"]
    assert table["Δ Loss"].tolist() == ["baseline", "–"]
    assert summary(found).startswith("2 runs differ in 1 setting: ")
    text = csv_of(found).decode("utf-8-sig").splitlines()
    assert text[0].startswith("run,name,penalty.l2,val_acc,")
    assert f"{other.id},B,0.03,0.625" in text[2]


def test_groups_have_means_with_errors_and_differences_paired_by_seed(store: Store) -> None:
    def accuracy(strength: float, seed: int) -> float:
        return 0.5 + strength + 0.01 * seed * (1 + 10 * strength)

    runs = [
        add_run(
            store,
            spec(penalty__l2=strength, train__seed=seed),
            epochs=[metrics(1, val_acc=accuracy(strength, seed))],
            name=f"{strength} {seed}",
        )
        for strength in (0.0, 0.1)
        for seed in range(3)
    ]
    found = select(store, CompareQuery(tuple(run.id for run in runs)))
    groups = compare_groups(list(found.members.values()), runs[0].id)
    differences = without_seeds(compare_runs([runs[0], runs[3]], runs[0].id))
    assert differences.settings == ("penalty.l2",)
    table = readable_groups(differences, groups, {})
    assert table["Runs"].tolist() == ["3", "3"]
    own = np.array([accuracy(0.1, seed) for seed in range(3)])
    assert table["Accuracy"][1] == f"{100 * own.mean():.1f}\u202f% ± {100 * own.std(ddof=1) / np.sqrt(3):.1f}"
    d = own - np.array([accuracy(0.0, seed) for seed in range(3)])
    r = 539 / (1797 - 539)  # a record of an earlier version has no pool: the whole data set
    half = 100 * student.ppf(0.975, 2) * d.std(ddof=1) * np.sqrt(1 / 3 + r)
    low, high = 100 * d.mean() - half, 100 * d.mean() + half
    assert table["Δ Accuracy"].tolist() == ["baseline", f"+{100 * d.mean():.1f} [{low:.1f}, {high:.1f}]"]
    rows = csv_of_groups(differences, groups).decode("utf-8-sig").splitlines()
    assert "val_acc,val_acc.se,val_acc.n,delta.val_acc,delta.val_acc.low,delta.val_acc.high" in rows[0]
    assert len(rows) == 3


def summary_key(found: object) -> str:
    from reglab.ui.compare.differences import setting_title

    assert setting_title("penalty.l2") != "penalty.l2"
    return setting_title("penalty.l2")


def test_texts_of_settings_and_figures() -> None:
    assert [setting_text("data.name", "digits"), setting_text("train.patience", None)] == ["Digits (8×8)", "–"]
    assert [setting_text("optim.nesterov", True), setting_text("penalty.l2", 1e-4)] == ["yes", "1e-4"]
    assert [figure_text("gap_acc", 0.068), figure_text("seconds", 61.2)] == ["6.8", "1 min 2 s"]
    assert [change_text("val_acc", -0.01), change_text("val_loss", 0.25), change_text("val_loss", None)] == [
        "−1.0", "+0.2500", "–",
    ]  # fmt: skip


def test_what_cannot_be_compared_says_why(store: Store) -> None:
    digits = add_run(store, spec())
    assert caveats([digits, add_run(store, spec(penalty__l2=0.5))]) == []
    (data_sets,) = caveats([digits, add_run(store, spec(data__name="mnist"))])
    assert data_sets.startswith("Different data sets (Digits (8×8), MNIST)")
    (images,) = caveats([digits, add_run(store, spec(data__seed=1))])
    assert images.startswith("The runs have different validation images")
    (models,) = caveats([digits, add_run(store, spec(model__name="lenet5"))])
    assert models.startswith("Different CNNs (")


def test_sweeps_are_paired_where_images_and_seeds_are_the_same(store: Store) -> None:
    one, more = (add_sweep(store, SweepSpec(run=spec(), l2=l2, seeds=2)) for l2 in ((0.0, 0.1), (0.0, 0.2)))
    other = add_sweep(store, SweepSpec(run=spec(data__seed=5), l2=(0.0, 0.1), seeds=2))
    assert paired(one, more)
    assert not paired(one, other)
    assert why_not(one.spec) == ""
    assert why_not(SweepSpec(over={"model.dropout": (0.0, 0.3)})) == "it sweeps dropout, not λ"
    assert why_not(SweepSpec(l1=(0.0, 0.1), l2=(0.0, 0.1))).startswith("it has two axes")


def test_two_runs_are_compared_on_the_images_that_both_were_validated_on() -> None:
    first = Predictions(1, np.array([5, 2, 9, 7]), np.array([True, True, False, False]), None)
    second = Predictions(1, np.array([7, 5, 1]), np.array([True, False, True]), None)
    found = pair_of(first, second)
    assert found is not None
    assert found.images.tolist() == [5, 7]
    assert found.discordance.images == 2
    assert (found.only_first.tolist(), found.only_second.tolist()) == ([True, False], [False, True])
    assert pair_of(first, Predictions(1, np.array([1]), np.array([True]), None)) is None


def test_confusions_and_calibration_of_predictions() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], dtype=np.float32)
    found = Predictions(3, np.array([2, 0, 1]), np.array([True, True, False]), probabilities)
    labels = np.array([1, 1, 0])
    matrix = found.confusion(labels, 2)
    assert matrix is not None
    assert matrix.tolist() == [[1, 0], [1, 1]]
    only = found.confusion(labels, 2, np.array([True, False, False]))
    assert only is not None
    assert only.sum() == 1
    assert found.calibration is not None
    assert found.calibration.counts.sum() == 3
    assert Predictions(1, found.index, found.correct, None).confusion(labels, 2) is None


def test_images_that_are_no_longer_there_are_noticed() -> None:
    found = Predictions(1, np.array([0, 4]), np.array([True, True]), np.full((2, 3), 1 / 3, dtype=np.float32))
    labels, pixels = np.zeros(5, dtype=np.int64), np.zeros((5, 1, 8, 8))
    assert Pictures(labels, ("a", "b", "c"), pixels).fit(found)
    assert not Pictures(labels[:4], ("a", "b", "c"), pixels[:4]).fit(found)
    assert not Pictures(labels, ("a", "b"), pixels).fit(found)


def test_pictures_are_rgb_and_large_enough_to_see() -> None:
    grey = picture(np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8))
    assert grey.shape == (64, 72, 4)
    assert grey[..., 3].min() == 0 < grey[:, :64, 3].min() == grey.max() == 255
    colour = np.zeros((3, 32, 32), dtype=np.uint8)
    colour[0] = 200
    assert picture(colour)[0, 0].tolist() == [200, 0, 0, 255]
    assert picture(colour).shape == (64, 72, 4)


def test_ridges_are_an_even_choice_with_both_ends() -> None:
    assert ridge_epochs(1) == [0, 1]
    assert ridge_epochs(3) == [0, 1, 2, 3]
    many = ridge_epochs(100)
    assert (many[0], many[1], many[-1], len(many)) == (0, 1, 100, RIDGES + 1)


def test_parallel_axes_have_seeds_last_and_words_where_not_all_are_numbers(store: Store) -> None:
    one = add_run(store, spec(train__seed=1, data__train_size=None))
    other = add_run(store, spec(train__seed=2, penalty__l2=0.1))
    found = compare_runs([one, other])
    keys = axes_of(found)
    assert keys[-1] == "train.seed"
    paired_seeds = [add_run(store, spec(train__seed=seed, data__seed=seed + 5)) for seed in range(3)]
    assert axes_of(compare_runs(paired_seeds)) == ("train.seed",)
    crossed = [*paired_seeds, add_run(store, spec(train__seed=1, data__seed=5))]
    assert axes_of(compare_runs(crossed)) == ("data.seed", "train.seed")
    table = parallel_table(found, keys)
    assert table.iloc[:, 1:-4].map(type).nunique().tolist() == [1, 1, 1]
    assert "400" in table.to_string()


def _curves(store: Store, *runs: Run) -> tuple[list[Any], list[str]]:
    """What Against λ draws of these runs, and what it says of the others."""
    found = select(store, CompareQuery(tuple(run.id for run in runs)))
    epochs = Epochs(0, store.epochs([run.id for run in runs]))
    with patch.object(against, "epochs_of", lambda _: epochs):
        known = compared(found, "loss")
    return known, list(left_out(found, known))


def test_l1_and_l2_are_curves_of_their_own_that_share_the_run_without_a_penalty(store: Store) -> None:
    none, *others = (
        add_run(store, spec(**{"penalty__l2": 0.0, **penalty}), epochs=[metrics(1, val_loss=loss)])
        for penalty, loss in (({}, 2.0), ({"penalty__l2": 0.03}, 1.5), ({"penalty__l1": 0.03}, 1.0))
    )
    (over_l2, over_l1), left = _curves(store, none, *others)
    assert (over_l2.symbol, over_l1.symbol) == ("λ₂", "λ₁")
    for curve, lowest in ((over_l2, 1.5), (over_l1, 1.0)):
        assert curve.series.table[columns.LAMBDA].tolist() == [0.0, 0.03]
        assert curve.series.table[columns.VALUE].tolist() == [2.0, lowest]
    assert over_l2.label == "2 runs over λ₂: Digits (8×8), Simple CNN"
    assert left == []


def test_curves_of_runs_lie_at_the_lambda_that_differs_and_equal_labels_are_told_apart(store: Store) -> None:
    rates = [
        add_run(store, spec(penalty__l1=l1, penalty__l2=0.5, optim__lr=lr)) for lr in (1e-3, 1e-2) for l1 in (0.0, 0.1)
    ]
    known, left = _curves(store, *rates)
    assert [one.series.table[columns.LAMBDA].tolist() for one in known] == [[0.0, 0.1], [0.0, 0.1]]
    shared = "2 runs over λ₁: Digits (8×8), Simple CNN, λ₂ 0.5"
    assert [one.label for one in known] == [f"{shared} · learning rate 0.001", f"{shared} · learning rate 0.01"]
    assert readable_curves(known, "loss")["Against the first"].tolist() == ["baseline", "between sweeps only"]
    assert left == []
