"""The λ sweep page with other axes than λ: fields, links, the chart of one setting, the map of two axes."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import metrics, spec
from tests.pages.browsing import address, again, below_fields, errors, plain, press, prose, visit
from tests.pages.sweeps import form, kinds
from tests.pages.sweeps import sweep_page as page

from reglab.store import Ending, Store, Sweep
from reglab.sweep import SweepSpec
from reglab.ui.sweep.query import FIRST, FIRST_VALUES, KIND, LISTS, RUN_WIDGETS, SECOND, SECOND_VALUES

__all__ = ["page"]  # which the fixture ``app`` runs

MAP = SweepSpec(run=spec(train__epochs=2), l2=(0.0, 0.01, 0.1), over={"optim.lr": (1e-3, 1e-2)}, seeds=2)
DROPOUT = SweepSpec(run=spec(train__epochs=2), over={"model.dropout": (0.0, 0.3, 0.5)}, seeds=2)


def test_a_second_axis_multiplies_the_runs_and_is_in_the_link(app: AppTest, store: Store) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0, 0.01")
    app.selectbox(key=SECOND).set_value("optim.lr")
    again(app)
    assert app.text_input(key=SECOND_VALUES).value == "1e-4:1e-1:7"  # an example
    assert app.text_input(key=RUN_WIDGETS["optim.lr"]).disabled
    app.text_input(key=SECOND_VALUES).set_value("0.001, 0.01")
    again(app)
    assert "Start trains 2 λ₂ × 2 values of learning rate × 6 seeds = 24 runs of 60 epochs." in prose(app)
    assert address(app)["over"] == "optim.lr=0.001,0.01"
    made = form(app)
    press(app, "sweep_start")
    assert store.sweeps()[0].spec == made
    assert made.over == {"optim.lr": (1e-3, 1e-2)}


def test_a_setting_can_be_swept_without_lambda(app: AppTest) -> None:
    visit(app)
    app.segmented_control(key=KIND).set_value("setting")
    again(app)
    app.selectbox(key=FIRST).set_value("train.epochs")
    again(app)
    app.text_input(key=FIRST_VALUES).set_value("5, 10, 20")
    again(app)
    assert not errors(app)
    assert "Start trains 3 values of epochs × 6 seeds = 18 runs of 5 to 20 epochs." in prose(app)
    assert (form(app).l2, form(app).over) == ((), {"train.epochs": (5, 10, 20)})
    assert RUN_WIDGETS["penalty.l2"] in {field.key for field in app.text_input}  # λ₂ is the same in every run


def test_a_link_fills_the_axes(app: AppTest) -> None:
    visit(app, l1="0,0.1", over="train.patience=0,5", seeds="2")
    assert (form(app).l1, form(app).over) == ((0.0, 0.1), {"train.patience": (0, 5)})
    assert (app.selectbox(key=SECOND).value, app.text_input(key=SECOND_VALUES).value) == ("train.patience", "0, 5")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("x", "Learning rate: cannot read 'x'"),
        ("", "Learning rate is empty"),
        ("0.1, 0.1", "Learning rate has 0.1 more than once"),
    ],
)
def test_bad_values_of_an_axis_have_their_reason_below_its_field(app: AppTest, values: str, reason: str) -> None:
    visit(app, l2="0,0.1", over="optim.lr=0.1")
    app.text_input(key=SECOND_VALUES).set_value(values)
    again(app)
    assert any(plain(one.value).startswith(f":red[:small[{reason}") for one in app.markdown)
    assert errors(app) == ["The list of learning rate cannot be used; the reason is below its field."]
    assert app.button(key="sweep_start").disabled


def test_a_value_out_of_range_and_one_setting_twice_are_sentences(app: AppTest) -> None:
    visit(app, over="optim.lr=0.1,1")
    app.text_input(key=FIRST_VALUES).set_value("0.1, 11")
    again(app)
    assert errors(app) == ["The list of learning rate cannot be used; the reason is below its field."]
    assert below_fields(app) == ["Learning rate must be at most 10, not 11."]
    app.selectbox(key=SECOND).set_value("optim.lr")
    again(app)
    assert errors(app) == ["The second axis cannot be used; the reason is below its field."]
    assert below_fields(app) == ["Learning rate is chosen for both axes; choose another second axis."]


def _trained(store: Store, wanted: SweepSpec) -> Sweep:
    """A finished sweep in which 0.01 (of λ, at the larger rate) or 0.3 (of dropout) is best."""
    sweep = store.create(wanted, owner=store.owner())
    for run, lane in zip(store.sweep_runs(sweep.id), wanted.lanes(), strict=True):
        best = lane.point.value in (0.01, 0.3) and lane.point.second in (None, 1e-2)
        accuracy = 0.8 + 0.1 * best + 0.001 * lane.repeat
        figures = [metrics(epoch, val_acc=accuracy, val_loss=1 - accuracy, train_loss=0.1) for epoch in (1, 2)]
        for one in figures:
            store.add_epochs([(run.id, one, [], 1)])
    store.finish([Ending(run.id, "finished") for run in store.sweep_runs(sweep.id)])
    return store.sweep(sweep.id)


def test_two_axes_are_shown_as_a_map_with_a_verdict_on_the_pair(app: AppTest, store: Store) -> None:
    sweep = _trained(store, MAP)
    visit(app, sweep=sweep.id)
    assert kinds(app) == ["sweep-curve", "sweep-losses"]
    text = prose(app)
    assert "λ₂ = 0.01, learning rate = 0.01 is best" in text
    assert "λ₂ = 0 at the same learning rate" in text
    assert app.button(key="sweep_use").label == "Use λ₂ = 0.01, learning rate = 0.01"
    press(app, "sweep_duplicate")
    assert form(app).over == MAP.over


def test_one_setting_has_curves_over_its_values(app: AppTest, store: Store) -> None:
    sweep = _trained(store, DROPOUT)
    visit(app, sweep=sweep.id, view="table")
    assert kinds(app) == ["sweep-curve", "sweep-gap"]
    text = prose(app)
    assert "dropout = 0.3 is best" in text
    assert "dropout = 0" in text.replace("dropout = 0.", "")
    assert "1-SE" not in text  # only λ orders by strength
    assert list(app.dataframe[0].value.columns[:3]) == ["Dropout", "Validation loss", "Against dropout = 0"]


def test_the_list_of_sweeps_names_the_best_pair(app: AppTest, store: Store) -> None:
    _trained(store, MAP)
    visit(app)
    assert "best λ₂ = 0.01, learning rate = 0.01 (loss 0.099" in prose(app)


def test_maps_stand_side_by_side_with_their_slopes(app: AppTest, store: Store) -> None:
    first, other = _trained(store, MAP), _trained(store, MAP.model_copy(update={"apply": ("decoupled",)}))
    visit(app, sweep=first.id, beside=f"{other.id},gone", measure="loss")
    assert kinds(app) == ["sweep-curve", "sweep-losses", "sweep-map", "sweep-map", "sweep-paper"]
    text = prose(app)
    assert "Does the best λ move with the learning rate?" in text
    assert "In the paper's λ, lr·λ: Slope" in text
    assert "There is no sweep 'gone'" in " ".join(one.value for one in app.warning)
    assert address(app)["beside"] == f"{other.id},gone"


def test_a_map_alone_has_its_slope_but_no_second_map(app: AppTest, store: Store) -> None:
    sweep = _trained(store, MAP)
    visit(app, sweep=sweep.id)
    assert kinds(app) == ["sweep-curve", "sweep-losses"]
    assert "Slope not known" in prose(app)
