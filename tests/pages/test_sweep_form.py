"""The λ sweep page's form, without a browser: first visit, presets, fields, address, bad input."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.browsing import address, again, below_fields, errors, go_back, lag, plain, press, prose, visit
from tests.pages.sweeps import form, kinds
from tests.pages.sweeps import sweep_page as page
from tests.patience import PATIENCE

from reglab.errors import StoreError
from reglab.jobs import Runner
from reglab.store import Store, Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.query import Query
from reglab.ui.sweep.presets import DEMO, PRESETS
from reglab.ui.sweep.query import BY, KIND, LISTS, MODES, OVER, RATIO, REPEATS, RUN_WIDGETS, normal

__all__ = ["page"]  # which the fixture ``app`` runs


def test_the_first_visit_offers_one_demonstration_and_a_form_that_is_filled_with_it(app: AppTest) -> None:
    visit(app)
    assert form(app) == normal(DEMO.spec)
    primary = [button.key for button in app.button if button.proto.type == "primary"]
    assert primary == ["sweep_demo"]
    assert "Start trains 9 λ₂ × 6 seeds = 54 runs of 60 epochs." in prose(app)
    assert "Memory: about" in prose(app)
    assert "9 values: 0, 5e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1" in prose(app)
    assert (errors(app), address(app)) == ([], {})


def test_a_huge_dense_layer_has_its_ways_out_here_too(app: AppTest) -> None:
    visit(app, data__name="synthetic", data__resize="224", model__name="simple_cnn")
    assert "of them in fc1" in plain(prose(app))
    press(app, "sweep_size_pool")
    assert address(app)["model.head"] == "pool"
    assert "of them in fc1" not in prose(app)


def test_other_regularizers_are_shared_by_every_run(app: AppTest) -> None:
    visit(app)
    app.session_state["sweep_more"] = True
    again(app)
    app.text_input(key=RUN_WIDGETS["regularize.mixup"]).set_value("0.2")
    app.pills(key=RUN_WIDGETS["regularize.augment"]).set_value(["rotate"])
    again(app)
    assert {lane.run.regularize.label for lane in form(app).lanes()} == {"augmentation rotate, mixup 0.2"}
    assert (address(app)["regularize.mixup"], address(app)["regularize.augment"]) == ("0.2", "rotate")


def test_a_sweep_that_declares_accuracy_opens_on_it(app: AppTest, store: Store) -> None:
    visit(app)
    assert form(app).measure == "loss"
    app.segmented_control(key=BY).set_value("accuracy")
    again(app)
    assert "by" not in address(app)
    press(app, "sweep_start")
    [sweep] = store.sweeps()
    assert sweep.spec.measure == "accuracy"
    assert address(app) == {"sweep": sweep.id, "measure": "accuracy"}


def test_one_press_starts_the_demonstration_and_shows_it(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "sweep_demo")
    assert [sweep.spec for sweep in store.sweeps()] == [DEMO.spec]
    assert address(app) == {"sweep": store.sweeps()[0].id}
    assert kinds(app) == ["sweep-curve", "sweep-gap", "sweep-losses"]
    assert "Waiting for a free slot." in app.get("progress")[0].proto.text


def test_a_button_starts_one_sweep_however_often_it_is_pressed(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Query, "write", lambda self, query: None)  # the browser has not gone to the sweep yet
    visit(app)
    press(app, "sweep_demo")
    press(app, "sweep_demo")
    assert len(store.sweeps()) == 1
    press(app, "sweep_start")
    press(app, "sweep_start")
    assert len(store.sweeps()) == 2


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_a_preset_starts_with_one_press_and_can_fill_the_form(app: AppTest, store: Store, preset: Any) -> None:
    visit(app)
    press(app, f"sweep_fill_{preset.name}")
    assert form(app) == normal(preset.spec)
    assert not errors(app)
    assert store.sweeps() == []
    press(app, f"sweep_start_{preset.name}")
    started = store.sweeps()[::-1]  # the first one first
    assert [sweep.spec for sweep in started] == [preset.spec, *preset.beside]
    first, *beside = (sweep.id for sweep in started)
    assert address(app) == {"sweep": first, **({"beside": ",".join(beside)} if beside else {})}


def test_the_form_starts_what_it_says_under_its_name(app: AppTest, store: Store) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0, 1e-3:1e-1:3")
    app.number_input(key=REPEATS).set_value(2)
    app.number_input(key=RUN_WIDGETS["train.epochs"]).set_value(5)
    app.text_input(key="sweep_name").set_value("mine")
    again(app)
    assert "4 values: 0, 0.001, 0.01, 0.1" in prose(app)
    assert "Start trains 4 λ₂ × 2 seeds = 8 runs of 5 epochs." in prose(app)
    press(app, "sweep_start")
    started = store.sweeps()[0]
    assert (started.name, started.spec.l2, started.spec.seeds) == ("mine", (0.0, 0.001, 0.01, 0.1), 2)
    assert started.spec.run.train.epochs == 5
    assert started.size == 8


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        (LISTS["l2"], "", "λ₂ is empty; give values such as"),
        (LISTS["l2"], "0, x", "λ₂: cannot read 'x'; give a number such as 0, 0.03 or 1e-3."),
        (LISTS["l2"], "0,01", "λ₂: '0,01' could be one number or two; write 0.01, or separate the values by semi"),
        (LISTS["l2"], "1,000; 2", "λ₂: '1,000' could mean 1 or 1000; write 1 or 1000."),
        (LISTS["l2"], "0.1, 0.1", "λ₂ has 0.1 more than once; give each value once."),
        (LISTS["l2"], "-1", "λ₂ must be from 0 to 1000, not -1."),
        (LISTS["l2"], ",".join(map(str, range(300))), "300 values of λ₂ are more than the 200 that a sweep takes"),
    ],
)
def test_bad_values_have_their_reason_below_the_field_and_nothing_starts(
    app: AppTest, store: Store, key: str, text: str, words: str
) -> None:
    visit(app)
    app.text_input(key=key).set_value(text)
    again(app)
    assert any(plain(one.value).startswith(f":red[:small[{words}") for one in app.markdown)
    assert errors(app) == ["The list of λ₂ cannot be used; the reason is below its field."]
    assert "Start trains" not in prose(app)
    assert app.button(key="sweep_start").disabled
    assert address(app) == {}


@pytest.mark.parametrize(
    ("values", "named", "reason"),
    [
        ({KIND: "elastic", RATIO: "2"}, "The L1 ratio", "L1 ratio must be at most 1, not 2"),
        ({KIND: "elastic", RATIO: "x"}, "The L1 ratio", "Cannot read 'x'"),
        ({REPEATS: 60}, "The number of repeats", "Seeds must be at most 50, not 60."),
        ({REPEATS: 1, OVER: "fold"}, "The number of repeats", "Cross-validation needs at least 2 folds."),
        ({MODES: []}, "The penalty mode", "Choose at least one penalty mode."),
        ({RUN_WIDGETS["optim.lr"]: "11"}, "Learning rate", "Learning rate must be at most 10, not 11"),
        ({RUN_WIDGETS["data.train_size"]: 5000}, "Training images", "Training images 5,000 is more than there are"),
    ],
)
def test_an_error_stands_once_at_its_field_and_nothing_starts(
    app: AppTest, values: dict[str, Any], named: str, reason: str
) -> None:
    visit(app)
    for key, value in values.items():
        app.session_state[key] = value
    again(app)
    [below] = below_fields(app)
    assert below.startswith(reason)
    assert errors(app) == [f"{named} cannot be used; the reason is below its field."]
    assert app.button(key="sweep_start").disabled


def test_enter_in_the_form_starts_and_arrows_step_the_shared_lambdas(app: AppTest) -> None:
    visit(app)
    [keys] = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "reglab_form_keys"]
    sent = orjson.loads(keys.json)
    assert (sent["form"], sent["start"]) == ("sweep_form_area", "sweep_start")
    assert RUN_WIDGETS["penalty.l1"] in sent["lambdas"]


def test_lists_and_shared_settings_may_have_decimal_commas(app: AppTest) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0,001; 0,01; 0,1")
    app.text_input(key=RUN_WIDGETS["optim.lr"]).set_value("1,5e−3")
    app.text_input(key=RUN_WIDGETS["penalty.l1"]).set_value("1e−4")
    again(app)
    assert "3 values: 0.001, 0.01, 0.1" in prose(app)
    made = form(app)
    assert (made.l2, made.run.optim.lr, made.run.penalty.l1) == ((1e-3, 1e-2, 0.1), 1.5e-3, 1e-4)
    app.text_input(key=RUN_WIDGETS["optim.lr"]).set_value("1,000")
    again(app)
    assert errors(app) == ["Learning rate cannot be used; the reason is below its field."]
    assert below_fields(app) == ["'1,000' could mean 1 or 1000; write 1 or 1000."]


def test_what_cannot_be_trained_is_refused_before_it_starts(app: AppTest) -> None:
    visit(app)
    app.number_input(key=REPEATS).set_value(50)
    app.segmented_control(key=OVER).set_value("fold")
    app.number_input(key=RUN_WIDGETS["data.train_size"]).set_value(1790)
    again(app)
    [problem] = below_fields(app)
    assert "1790" in problem or "1,790" in problem
    assert app.button(key="sweep_start").disabled


def test_disjoint_blocks_are_a_choice_and_too_many_are_refused_with_the_number_that_fits(app: AppTest) -> None:
    visit(app)
    app.segmented_control(key=OVER).set_value("block")
    app.number_input(key=REPEATS).set_value(7)
    app.number_input(key=RUN_WIDGETS["data.train_size"]).set_value(300)
    again(app)
    [problem] = below_fields(app)
    assert problem.startswith("Blocks 7 is too many: 7 blocks of the 1,438 images of Digits (8×8)")
    assert problem.endswith("at most 3 repeats on disjoint blocks fit.")
    app.number_input(key=REPEATS).set_value(3)
    again(app)
    assert (errors(app), form(app).blocks, address(app)["blocks"]) == ([], 3, "3")
    assert "9 λ₂ × 3 blocks = 27 runs" in prose(app)
    assert "Each block: 300 training and 144 validation images, shared with no other." in prose(app)


def test_no_penalty_mode_is_refused_and_two_double_the_runs(app: AppTest) -> None:
    visit(app)
    app.pills(key=MODES).set_value([])
    again(app)
    assert below_fields(app) == ["Choose at least one penalty mode."]
    app.pills(key=MODES).set_value(["coupled", "decoupled"])
    again(app)
    assert "9 λ₂ × 2 penalty modes × 6 seeds = 108 runs" in prose(app)


@pytest.mark.parametrize(
    ("kind", "shown", "runs"),
    [
        ("l1", ["l1"], "9 λ₁ × 6 seeds"),
        ("elastic", ["lambdas"], "9 λ × 6 seeds"),
        ("grid", ["l1", "l2"], "81 (λ₁, λ₂) × 6 seeds"),
    ],
)
def test_each_kind_of_sweep_has_its_own_fields(app: AppTest, kind: str, shown: list[str], runs: str) -> None:
    visit(app)
    app.segmented_control(key=KIND).set_value(kind)
    again(app)
    lists = {name for name, key in LISTS.items() if any(box.key == key for box in app.text_input)}
    assert lists == set(shown)
    assert f"Start trains {runs}" in prose(app)
    assert errors(app) == []


def test_one_seed_and_no_zero_are_pointed_out(app: AppTest) -> None:
    visit(app, l2="0.01,0.1")
    assert "One seed gives no error bars, and fewer than 6 only suggest: use 6 or more." in prose(app)
    assert "The sweep has no λ = 0 to compare with" in prose(app)
    assert not app.button(key="sweep_start").disabled


def test_the_address_follows_the_form_and_restores_it(app: AppTest) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value("0, 0.1")
    app.number_input(key=RUN_WIDGETS["train.epochs"]).set_value(7)
    again(app)
    written = address(app)
    assert {key: written[key] for key in ("l2", "train.epochs", "seeds")} == {
        "l2": "0,0.1",
        "train.epochs": "7",
        "seeds": "6",
    }
    wanted = form(app)
    fresh = AppTest.from_function(page, default_timeout=PATIENCE)
    visit(fresh, **written)
    assert form(fresh) == wanted
    assert address(fresh) == written


def test_going_back_in_the_browser_restores_the_form(app: AppTest) -> None:
    visit(app, l2="0,0.5")
    assert form(app).l2 == (0.0, 0.5)
    app.number_input(key=REPEATS).set_value(4)
    again(app)
    assert form(go_back(app, l2="0,0.5")).seeds == 1
    assert form(go_back(app)) == normal(DEMO.spec)


def test_a_preset_is_kept_where_a_message_from_before_it_arrives(app: AppTest) -> None:
    visit(app)
    before = {key: app.session_state[key] for key in (REPEATS, RUN_WIDGETS["train.epochs"])}
    press(app, f"sweep_fill_{PRESETS[-1].name}")
    assert form(app) == normal(PRESETS[-1].spec)
    for key, value in before.items():
        app.number_input(key=key).set_value(value)
    assert form(lag(app)) == normal(PRESETS[-1].spec)


def test_a_bad_link_to_the_form_warns_until_something_is_edited(app: AppTest) -> None:
    visit(app, l2="0,x", seeds="2")
    assert plain(app.warning[0].value).startswith(
        "The link has a part that cannot be used, so its default stands in. λ₂:"
    )
    assert form(app).seeds == 2
    app.number_input(key=REPEATS).set_value(3)
    again(app)
    assert len(app.warning) == 0


HOSTILE = "**x**![a](http://host/x.png)"


@pytest.mark.parametrize("query", [{"l2": HOSTILE}, {"penalty__scope": HOSTILE}, {"sweep": HOSTILE}, {"ways": HOSTILE}])
def test_a_link_cannot_put_markdown_on_the_page(app: AppTest, query: dict[str, str]) -> None:
    visit(app, **query)
    said = [*(one.value for one in app.error), *(one.value for one in app.warning)]
    assert any("host" in sentence for sentence in said)
    assert not any("![" in sentence or "](" in sentence or "**x" in sentence for sentence in said)


def test_what_is_typed_cannot_put_markdown_on_the_page(app: AppTest) -> None:
    visit(app)
    app.text_input(key=LISTS["l2"]).set_value(HOSTILE)
    again(app)
    (said,) = [one.value for one in app.markdown if "cannot read" in one.value.lower()]
    assert HOSTILE in plain(said)
    assert "![" not in said
    assert "](" not in said


def test_an_empty_id_is_no_sweep(app: AppTest) -> None:
    visit(app, sweep="")
    assert errors(app) == ["The link names no sweep. Is it complete?"]


def test_a_store_that_cannot_take_the_sweep_has_its_error_shown(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Runner, spec: SweepSpec, **_: Any) -> Sweep:
        raise StoreError("The disk is full.")

    visit(app)
    monkeypatch.setattr(Runner, "submit", fail)
    press(app, "sweep_demo")
    assert errors(app) == ["The disk is full."]
    assert store.sweeps() == []
