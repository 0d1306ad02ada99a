"""The λ sweep page with sweeps of other regularizers beside that of λ: preset, link, chart, text, warnings."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest
from tests.factories import metrics, spec
from tests.pages.browsing import address, press, prose, visit
from tests.pages.sweeps import kinds
from tests.pages.sweeps import sweep_page as page

from reglab.store import Ending, Store, Sweep
from reglab.sweep import SweepSpec
from reglab.ui.sweep.presets import PRESETS

__all__ = ["page"]  # which the fixture ``app`` runs

RUN = spec(train__epochs=2, penalty__l2=0.0)
L2 = SweepSpec(run=RUN, l2=(0.0, 0.01), seeds=6)
DROPOUT = SweepSpec(run=RUN, over={"model.dropout": (0.1, 0.3)}, seeds=6)
SHIFT = SweepSpec(run=RUN.with_changes({"regularize.augment": "shift"}), l2=(0.0,), seeds=6)


def _trained(store: Store, wanted: SweepSpec, **accuracy: float) -> Sweep:
    """A finished sweep whose runs have this accuracy at each value, "_0_01" for 0.01, which wobbles with the seed."""
    sweep = store.create(wanted, owner=store.owner())
    for run, lane in zip(store.sweep_runs(sweep.id), wanted.lanes(), strict=True):
        own = accuracy[f"_{lane.point.value:g}".replace(".", "_")] + 0.01 * (lane.repeat % 2)
        wobble = 0.001 * ((lane.repeat * 7 + int(lane.point.value * 100)) % 3)
        for epoch in (1, 2):
            figures: dict[str, Any] = {"val_acc": own + wobble, "val_loss": 1 - own - wobble, "train_loss": 0.1}
            store.add_epochs([(run.id, metrics(epoch, **figures), [], 1)])
    store.finish([Ending(run.id, "finished") for run in store.sweep_runs(sweep.id)])
    return store.sweep(sweep.id)


def _three(store: Store) -> tuple[Sweep, str]:
    l2 = _trained(store, L2, _0=0.80, _0_01=0.85)
    others = _trained(store, DROPOUT, _0_1=0.82, _0_3=0.8505), _trained(store, SHIFT, _0=0.70)
    return l2, ",".join(other.id for other in others)


def test_linked_sweeps_are_one_chart_with_every_comparison(app: AppTest, store: Store) -> None:
    sweep, beside = _three(store)
    visit(app, sweep=sweep.id, beside=beside, measure="accuracy")
    assert kinds(app)[0] == "sweep-families"
    text = prose(app)
    assert "What is λ worth?" in text
    assert "λ₂ = 0.01 and dropout 0.3: equivalent within 0.5 points" in text
    assert "λ₂ = 0.01 is better than augmentation shift" in text
    assert "early stopping alone" in text
    assert "10 pairs" not in text
    assert "6 pairs of choices" in text
    assert not app.warning
    captions = " ".join(one.value for one in app.caption)
    assert all(f"(?sweep={one})" in captions for one in (sweep.id, *beside.split(",")))
    assert address(app)["beside"] == beside


def test_the_order_of_the_sweeps_does_not_decide_what_can_be_compared(app: AppTest, store: Store) -> None:
    l2, beside = _three(store)
    *others, last = beside.split(",")  # the only one with runs without any regularizer is named last
    visit(app, sweep=last, beside=",".join([*others, l2.id]), measure="accuracy")
    assert not app.warning
    assert "6 pairs of choices" in prose(app)


def test_by_loss_the_same_link_has_other_figures(app: AppTest, store: Store) -> None:
    sweep, beside = _three(store)
    visit(app, sweep=sweep.id, beside=beside)
    text = prose(app)
    assert "Validation loss, last epoch." in text
    assert "equivalent within" not in text


def test_what_cannot_be_compared_is_named_and_the_rest_is_shown(app: AppTest, store: Store) -> None:
    sweep, beside = _three(store)
    other = _trained(store, L2.model_copy(update={"run": RUN.with_changes({"optim.lr": 0.5})}), _0=0.5, _0_01=0.5)
    visit(app, sweep=sweep.id, beside=f"{beside},{other.id},gone")
    warnings = " ".join(one.value for one in app.warning).replace("\\", "")
    assert "cannot be compared: its runs differ from the others in more than regularizers" in warnings
    assert "There is no sweep 'gone'" in warnings
    assert kinds(app)[0] == "sweep-families"


def test_without_a_run_without_any_regularizer_there_is_a_sentence(app: AppTest, store: Store) -> None:
    first, other = _trained(store, DROPOUT, _0_1=0.8, _0_3=0.8), _trained(store, SHIFT, _0=0.7)
    visit(app, sweep=first.id, beside=other.id)
    assert "without any regularizer" in " ".join(one.value for one in app.warning)
    assert "sweep-families" not in kinds(app)


def test_the_preset_queues_every_family_with_equal_budgets_and_shows_them_together(app: AppTest, store: Store) -> None:
    [preset] = [one for one in PRESETS if one.name == "worth"]
    visit(app)
    press(app, "sweep_start_worth")
    found = {sweep.id: sweep for sweep in store.sweeps(limit=20)}
    assert [found[one].spec for one in (address(app)["sweep"], *address(app)["beside"].split(","))] == [
        preset.spec, *preset.beside,
    ]  # fmt: skip
    names = [found[one].name for one in address(app)["beside"].split(",")]
    assert names[0].startswith("What is λ worth? · digits · dropout · ")
    assert names[-1].startswith("What is λ worth? · digits · augmentation shift+rotate · ")
    assert kinds(app) == ["sweep-families", *kinds(app)[1:]]
