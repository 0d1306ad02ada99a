"""The sweep page's query: a view state or a form; a parameter that cannot be read costs itself alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.ui.specs import specs

from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.sweep import SweepSpec
from reglab.ui.sweep.presets import DEMO, PRESETS
from reglab.ui.sweep.query import USUAL, SweepQuery, ViewState, form_query, normal, read, sweep_query
from reglab.ui.train.state import sweep_page_query

VIEWS = st.builds(
    ViewState, view=st.sampled_from(["losses", "weights", "norms", "calibration", "memory", "table"]),
    measure=st.sampled_from(["accuracy", "loss"]), epoch=st.none() | st.integers(1, 10_000),
    layer=st.none() | st.text(min_size=1, max_size=20), role=st.sampled_from(["val", "train", "map"]),
    what=st.sampled_from(["norm", "zeros"]), rule=st.none() | st.sampled_from(["last", "best", "common"]),
)  # fmt: skip
WHOLE = {"data.folds": None, "data.fold": 0, "data.blocks": None, "data.block": 0}
VALUES = st.lists(st.floats(0, 1e3), min_size=1, max_size=6, unique=True)

OVER = {
    "optim.lr": [1e-3, 0.01],
    "data.train_size": [50, 100],
    "penalty.group": [0.0, 0.5],
    "model.dropout": [0.0, 0.25],
}


def through_the_bar(query: dict[str, str]) -> dict[str, str]:
    return dict(parse_qsl(urlencode(query), keep_blank_values=True))


@given(VIEWS)
def test_every_view_state_survives_the_address_bar(view: ViewState) -> None:
    assert read(through_the_bar(sweep_query("s1", view))) == SweepQuery("s1", view)


def test_the_default_view_state_needs_no_parameters() -> None:
    assert sweep_query("s1") == {"sweep": "s1"}


@st.composite
def sweeps(draw: st.DrawFn) -> SweepSpec:
    kind = draw(st.sampled_from(["l1", "l2", "elastic", "grid", "setting"]))
    lists = {"grid": ("l1", "l2"), "setting": ()}.get(kind, (kind,))
    what: dict[str, Any] = {name: draw(VALUES) for name in lists}
    if kind == "elastic":
        what = {"lambdas": draw(VALUES), "l1_ratio": draw(st.floats(0, 1))}
    keys = draw(st.lists(st.sampled_from(sorted(OVER)), min_size=kind == "setting", max_size=1 + (kind == "setting"),
                         unique=True)) if kind != "grid" else []  # fmt: skip
    what["over"] = {key: OVER[key] for key in keys}
    modes = draw(st.lists(st.sampled_from(["coupled", "decoupled", "proximal"]), max_size=3, unique=True))
    repeats = draw(st.sampled_from([{"seeds": 3}, {"folds": 5}, {"blocks": 4}, {}]))
    run = draw(specs()).with_changes({**WHOLE, "train.seed": 1, "data.seed": 2})
    rule = draw(st.sampled_from([None, "last", "best", "common"]))
    by = draw(st.sampled_from(["loss", "accuracy"]))
    return normal(SweepSpec.parse({"run": run, "apply": modes, "epoch": rule, "measure": by, **what, **repeats}))


@given(sweeps())
def test_every_sweep_survives_the_address_bar(wanted: SweepSpec) -> None:
    address = read(through_the_bar(form_query(wanted)))
    assert address.problem is None
    assert (address.form or USUAL) == wanted


def test_presets_survive_and_the_usual_form_has_an_empty_query() -> None:
    assert form_query(DEMO.spec) == {}
    for preset in PRESETS:
        assert read(form_query(preset.spec)).form == normal(preset.spec)


def test_a_link_may_name_the_sweep() -> None:
    assert read({"name": " rare  digits ", "l2": "0,0.1"}).name == "rare  digits"
    assert read({"name": "x" * 300}).name == "x" * 200
    assert read({"l2": "0,0.1"}).name == ""
    assert read({"name": "only a name"}).form is None


def test_parameters_of_others_are_passed_over() -> None:
    assert read({"embed": "true"}) == SweepQuery()


def test_a_link_from_a_run_keeps_its_settings_and_turns_its_folds_into_the_sweeps() -> None:
    form = read({"model.name": "lenet5", "penalty.l2": "0.03", "data.folds": "4", "data.fold": "2"}).form
    assert form is not None
    assert (form.run.model.name, form.folds, form.l2) == ("lenet5", 4, USUAL.l2)


@given(specs())
def test_the_train_page_hands_over_all_its_settings(run: RunSpec) -> None:
    assume(max(run.train.seed, run.data.seed) < 2**32 - 60)  # each repeat adds 1
    address = read(through_the_bar(sweep_page_query(run)))
    assert address.problem is None
    assert address.form is not None
    assert (address.form.folds, address.form.blocks) == (run.data.folds or 0, run.data.blocks or 0)
    kept = {"penalty.l2": 0.0, **WHOLE}
    assert address.form.run == run.with_changes(kept)
    assert address.form.l2 == USUAL.l2


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"view": "nonsense"}, "view 'nonsense' is not one of: losses, weights, norms, calibration, memory, table."),
        ({"measure": ""}, "measure '' is not one of: loss, accuracy."),
        ({"rule": "worst"}, "rule 'worst' is not one of: last, best, common."),
        ({"epoch": "-3"}, "epoch '-3' is not one of: a number from 1."),
        ({"epoch": "0"}, "epoch '0'"),
        ({"epoch": "²"}, "epoch '²'"),
        ({"epoch": "9" * 300}, "epoch '999"),
        ({"role": "x", "what": "y"}, "(1 more could not be read.)"),
    ],
)
def test_a_bad_switch_gets_its_default_and_a_sentence(query: dict[str, str], text: str) -> None:
    address = read({"sweep": "s1", **query})
    assert address.view == ViewState()
    assert address.problem is not None
    assert text in address.problem


@pytest.mark.parametrize(
    ("query", "kept", "text"),
    [
        ({"l2": "0,x", "seeds": "2"}, {"seeds": 2, "l2": USUAL.l2}, "λ₂: cannot read 'x'"),
        ({"l2": "0,1", "seeds": "0"}, {"seeds": 1, "l2": (0.0, 1.0)}, "seeds should be greater"),
        ({"l2": "0,1", "ways": "sideways"}, {"apply": (), "l2": (0.0, 1.0)}, "not 'sideways'"),
        ({"seeds": "3", "rule": "worst"}, {"seeds": 3, "epoch": None}, "'worst'"),
        ({"seeds": "3", "by": "gap"}, {"seeds": 3, "measure": "accuracy"}, "'gap'"),
        ({"seeds": "3", "folds": "4"}, {"seeds": 3, "folds": 0}, "not both"),
        ({"ratio": "0.5"}, {"l2": USUAL.l2, "l1_ratio": None}, "at least one λ is needed"),
        ({"train.epochs": "-1", "l1": "0,1"}, {"l1": (0.0, 1.0)}, "train.epochs"),
    ],
)
def test_a_bad_part_of_a_form_costs_itself_alone(query: dict[str, str], kept: dict[str, Any], text: str) -> None:
    address = read(query)
    assert address.form is not None
    assert {name: getattr(address.form, name) for name in kept} == kept
    assert address.problem is not None
    assert text in address.problem


def test_a_check_may_refuse_more() -> None:
    def refuse(spec: RunSpec) -> None:
        if spec.model.name != "simple_cnn":
            raise SpecError("No such CNN.")

    address = read({"model.name": "other", "seeds": "2"}, refuse)
    assert address.form is not None
    assert (address.form.run.model.name, address.form.seeds) == ("simple_cnn", 2)
    assert "No such CNN." in str(address.problem)
