"""Penalised parameters on the Train page: presets, factors, other CNNs, bad input, and the table of a run."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, spec
from tests.pages import browsing
from tests.pages.browsing import again, lag, plain

from reglab.models import build
from reglab.spec import RunSpec
from reglab.store import Ending, Store
from reglab.ui.shared.spec_fields import factors_from


def page() -> None:
    """The page alone, without the frame; the table's edits are taken as its callback would, which AppTest has not."""
    import streamlit as st

    from reglab.ui.shared.spec_facts import tensors_of
    from reglab.ui.shared.spec_fields import to_spec
    from reglab.ui.train.mask import take_edits
    from reglab.ui.train.page import train_page
    from reglab.ui.train.state import FORM

    edited = st.session_state.pop("edited", None)
    if edited:
        take_edits(edited, tensors_of(to_spec(FORM.values())) or ())
    train_page()


def visit(app: AppTest, wanted: RunSpec | None = None, **query: str) -> AppTest:
    return browsing.visit(app, **(wanted.to_query() if wanted else {}), **query)


def mask_key(app: AppTest) -> str:
    return next(str(table.key) for table in app.dataframe if str(table.key).startswith("mask_"))


def table(app: AppTest) -> pd.DataFrame:
    """The mask table, a line for each tensor."""
    key = mask_key(app)
    found: pd.DataFrame = next(table.value for table in app.dataframe if table.key == key)
    return found.set_index("Tensor")


def edit(app: AppTest, tensor: str, factor: float | None) -> AppTest:
    """Type ``factor`` into the line of ``tensor``, as the browser would send it."""
    key, row = mask_key(app), list(table(app).index).index(tensor)
    before = app.session_state[key]["edited_rows"] if key in app.session_state else {}
    edits = {**before, row: {"Factor": factor}}
    app.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    app.session_state["edited"] = key
    return again(app)


def penalty(app: AppTest) -> tuple[str, dict[str, float]]:
    """Scope and factors of the form."""
    return app.session_state["scope"], factors_from(app.session_state["factors"])


def test_the_table_shows_every_tensor_of_the_form_s_cnn(app: AppTest) -> None:
    shown = table(visit(app))
    model = build(RunSpec().model, (1, 8, 8), 10, 0)
    found = {name: float((p.detach().double() ** 2).sum()) for name, p in model.named_parameters()}
    assert list(shown.index) == list(found)
    assert shown["Weights"].sum() == 544_522
    assert shown["Of all Σw²"].to_numpy() == pytest.approx(np.array(list(found.values())) / sum(found.values()))
    assert app.pills(key="mask_preset").value == "kernels"
    assert any(
        "4 of 8 tensors are penalised: 544,288 of 544,522 parameters" in plain(caption.value) for caption in app.caption
    )


def test_a_preset_sets_scope_and_factors_and_is_in_the_address(app: AppTest) -> None:
    visit(app)
    app.pills(key="mask_preset").select("conv")
    again(app)
    assert penalty(app) == ("weights", {"fc1.weight": 0, "fc2.weight": 0})
    text = app.query_params["penalty.factors"]
    assert json.loads(text if isinstance(text, str) else text[0]) == {"fc1.weight": 0, "fc2.weight": 0}
    app.pills(key="mask_preset").select("all")
    assert penalty(again(app)) == ("all", {})
    assert (table(app)["λ₂"] == 0.01).all()
    assert app.pills(key="mask_preset").value == "all"


def test_an_edited_factor_goes_into_the_form_and_leaves_the_table_in_place(app: AppTest) -> None:
    key = mask_key(visit(app, spec(penalty__l2=0.04)))
    edit(app, "conv1.weight", 0.5)
    assert penalty(app) == ("weights", {"conv1.weight": 0.5})
    assert table(app)["λ₂"]["conv1.weight"] == 0.02
    edit(app, "fc1.weight", 0.0)
    assert penalty(app) == ("weights", {"conv1.weight": 0.5, "fc1.weight": 0.0})
    assert mask_key(app) == key
    assert app.pills(key="mask_preset").value is None
    assert app.session_state["l2"] == "0.04"
    assert r"0.5 & \text{conv1.weight}" in " ".join(line.value for line in app.markdown)


def test_a_factor_outside_the_scope_widens_it_for_that_tensor_alone(app: AppTest) -> None:
    edit(visit(app), "fc2.bias", 2.0)
    assert penalty(app) == ("weights+biases", {"conv1.bias": 0, "conv2.bias": 0, "fc1.bias": 0, "fc2.bias": 2})
    assert table(app)["λ₂"]["fc2.bias"] == 0.02
    assert (table(app)["λ₂"][["conv1.bias", "conv2.bias", "fc1.bias"]] == 0).all()
    assert penalty(edit(app, "fc2.bias", 0.0)) == ("weights", {})


@pytest.mark.parametrize("factor", [-1.0, 1e9, float("nan")])
def test_a_factor_that_is_none_is_one_sentence_and_changes_nothing(app: AppTest, factor: float) -> None:
    key = mask_key(visit(app))
    edit(app, "fc1.weight", factor)
    assert "The factor of 'fc1.weight' must be from 0 to 1000" in plain(app.error[0].value)
    assert penalty(app) == ("weights", {})
    assert mask_key(app) != key  # a new table, without the edit
    assert not again(app).error


def test_an_emptied_factor_is_one(app: AppTest) -> None:
    visit(app, spec(penalty__factors={"fc1.weight": 0.5}))
    assert penalty(edit(app, "fc1.weight", None)) == ("weights", {})


def test_a_preset_undoes_edits(app: AppTest) -> None:
    edit(visit(app), "conv1.weight", 0.5)
    app.pills(key="mask_preset").select("kernels")
    again(app)
    assert penalty(app) == ("weights", {})
    assert table(app)["Factor"]["conv1.weight"] == 1
    assert not app.session_state[mask_key(app)]["edited_rows"]


def test_a_preset_follows_to_another_cnn(app: AppTest) -> None:
    visit(app)
    app.pills(key="mask_preset").select("dense")
    again(app)
    app.selectbox(key="model").set_value("resnet18")
    again(app)
    assert not app.error
    assert app.pills(key="mask_preset").value == "dense"
    scope, factors = penalty(app)
    assert (scope, len(factors)) == ("weights", 20)
    assert len(table(app)) == 62


def test_factors_of_another_cnn_are_said_and_can_be_removed(app: AppTest) -> None:
    visit(app, spec(penalty__factors={"conv1.weight": 0.5, "fc1.weight": 3}))
    app.selectbox(key="model").set_value("keras_cnn")
    again(app)
    assert "no parameter 'fc1.weight'" in plain(app.error[0].value)
    assert app.button(key="start").disabled
    app.button(key="forget_factors").click()
    again(app)
    assert not app.error
    assert penalty(app) == ("weights", {"conv1.weight": 0.5})


def test_a_narrower_scope_says_which_factors_it_leaves_out(app: AppTest) -> None:
    visit(app, spec(penalty__scope="all", penalty__factors={"fc1.bias": 3}))
    app.selectbox(key="scope").set_value("weights")
    again(app)
    assert "outside the scope" in plain(app.error[0].value)
    assert any("do not fit this CNN and scope: fc1.bias" in plain(caption.value) for caption in app.caption)


def test_values_that_make_no_spec_leave_no_table(app: AppTest) -> None:
    visit(app)
    app.text_input(key="l2").set_value("-1")
    again(app)
    assert not app.dataframe
    assert any("appears once" in plain(caption.value) for caption in app.caption)


def test_start_trains_with_the_edited_factors(app: AppTest, store: Store) -> None:
    edit(visit(app), "fc1.weight", 0.25)
    app.button(key="start").click()
    again(app)
    (run,) = store.runs()
    assert run.spec == RunSpec.fresh().with_changes({"penalty.factors": {"fc1.weight": 0.25}})


def test_duplicate_restores_the_factors(app: AppTest, store: Store) -> None:
    wanted = spec(penalty__scope="all", penalty__factors={"fc1.weight": 0.25, "fc1.bias": 0.0})
    visit(app, run=add_run(store, wanted).id)
    app.button(key="duplicate").click()
    again(app)
    assert penalty(app) == ("all", {"fc1.weight": 0.25, "fc1.bias": 0.0})
    assert table(app)["Factor"][["fc1.weight", "fc1.bias"]].tolist() == [0.25, 0]


# Of a run


def test_a_run_shows_its_table_only_when_asked(app: AppTest, store: Store) -> None:
    run = add_run(store)
    assert not visit(app, run=run.id).dataframe
    app.session_state["run_mask"] = True
    again(app)
    (shown,) = app.dataframe
    assert list(shown.value["λ₂"][:2]) == [0.01, 0]
    assert any("4 of 8 tensors" in plain(caption.value) for caption in app.caption)


def test_a_finished_run_shows_the_shares_of_its_final_weights(app: AppTest, store: Store) -> None:
    run = add_run(store, state="running")
    weights = {name: p.detach().numpy() for name, p in build(RunSpec().model, (1, 8, 8), 10, 7).named_parameters()}
    path, sha256 = store.files(run.id).save_weights(weights)
    store.finish([Ending(run.id, "finished", weights_path=path, weights_sha256=sha256)])
    visit(app, run=run.id)
    app.session_state["run_mask"] = True
    again(app)
    squares = np.array([float(np.square(array, dtype=np.float64).sum()) for array in weights.values()])
    assert app.dataframe[0].value["Of all Σw²"].to_numpy() == pytest.approx(squares / squares.sum())
    l2 = 0.005 * sum(squares[::2])
    assert any(f"of the final weights: (λ₂/2) Σw² = {l2:.4g}" in plain(caption.value) for caption in app.caption)


def test_weights_that_are_gone_are_said(app: AppTest, store: Store) -> None:
    run = add_run(store, state="running")
    store.finish([Ending(run.id, "finished", weights_path=f"{run.id}/weights.safetensors", weights_sha256="0")])
    visit(app, run=run.id)
    app.session_state["run_mask"] = True
    again(app)
    assert "are missing" in plain(app.error[0].value)


def test_a_message_from_before_a_preset_does_not_bring_the_old_scope_back(app: AppTest) -> None:
    """The browser sends every field with every message; one that crossed with the preset still has the old scope."""
    visit(app, RunSpec.parse({"penalty": {"scope": "weights+biases"}}))
    app.pills(key="mask_preset").select("dense")
    again(app)
    assert app.selectbox(key="scope").value == "weights"
    app.selectbox(key="scope").set_value("weights+biases")
    lag(app, penalty__scope="weights+biases")
    assert app.selectbox(key="scope").value == "weights"


def test_a_scope_chosen_after_a_preset_stands(app: AppTest) -> None:
    visit(app, RunSpec.parse({"penalty": {"scope": "weights+biases"}}))
    app.pills(key="mask_preset").select("kernels")
    again(app)
    app.selectbox(key="scope").set_value("weights+biases")
    again(app)
    assert app.selectbox(key="scope").value == "weights+biases"
