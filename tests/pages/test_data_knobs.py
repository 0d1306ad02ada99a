"""The settings that make data scarce, uneven or noisy, on the forms of Train and λ sweep."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from tests.pages.browsing import address, again, errors, plain, prose, values, visit
from tests.pages.browsing import train_page as page

from reglab.spec import RunSpec
from reglab.ui.shared.class_maps import MAPS
from reglab.ui.shared.spec_fields import HEADINGS, to_values

__all__ = ["page"]  # which the fixture ``app`` runs

KNOBS = RunSpec.parse(
    {
        "data": {
            "train_share": 0.3, "imbalance": 8, "noise_kind": "per_class", "noise_by_class": {"3": 0.4, "4": 1},
            "label_noise": 0.1, "input_noise": 0.05, "val_input_noise": 0.1, "test_fraction": 0.2,
        },
        "train": {"class_weights": "balanced"},
    }
)  # fmt: skip


def test_a_link_fills_every_field_and_the_fields_make_the_link(app: AppTest) -> None:
    app.query_params = KNOBS.to_query()
    app.session_state["more_data"] = True
    again(app)
    assert errors(app) == []
    assert values(app) == to_values(KNOBS)
    assert address(app) == KNOBS.to_query()
    assert app.text_area(key="noise_by_class").value == "3: 0.4\n4: 1"
    assert app.text_area(key="noise_map").disabled
    assert not app.text_area(key="noise_by_class").disabled
    assert all(f"**{heading}**" in [one.value for one in app.markdown] for heading in HEADINGS.values())
    caption = f"On purpose: label noise by class, {KNOBS.data.label}, class weights in the loss."
    assert caption in [one.value for one in app.caption]
    assert r"\frac{1}{n} \sum_{i=1}^{n}" in app.latex[0].value  # the images tell how many a long tail has
    assert r"\omega_{y_i}\,\mathrm{CE}" in app.latex[0].value
    assert "CrossEntropyLoss(weight=ω)" in prose(app)


def test_a_long_tail_that_does_not_fit_is_refused_at_its_field(app: AppTest) -> None:
    app.session_state["more_data"] = True
    visit(app, data__imbalance="1000", data__train_size="1000")
    assert errors(app) == ["Training images cannot be used; the reason is below its field."]
    assert "at most 232 training images of Digits (8×8) fit" in plain(prose(app))
    assert app.button(key="start").disabled


def test_a_map_that_cannot_be_read_is_explained_below_its_field_and_an_idle_one_is_not_read(app: AppTest) -> None:
    app.session_state["more_data"] = True
    visit(app, data__noise_kind="asymmetric", data__label_noise="0.2")
    app.text_area(key="noise_map").set_value("3 8")
    again(app)
    assert errors(app) == ["Confusion map cannot be used; the reason is below its field."]
    assert f"write a line such as {MAPS['data.noise_map'].example}." in plain(prose(app))
    app.text_area(key="noise_map").set_value("3 -> 8\n4: 9")
    assert address(again(app))["data.noise_map"] == '{"3": "8", "4": "9"}'
    app.text_area(key="noise_map").set_value("3 -> dog")
    assert any("names 'dog', which is no class" in one for one in [*errors(again(app)), plain(prose(app))])
    app.selectbox(key="noise_kind").set_value("symmetric")
    assert errors(again(app)) == []
    assert "data.noise_map" not in address(app)
