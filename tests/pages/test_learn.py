"""The Learn page without a browser: its address, each section's numbers, examples to try, and bad input."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.browsing import fill, plain

from reglab.ui.learn import decay, geometry, objective
from reglab.ui.learn.page import SECTIONS
from reglab.ui.learn.sections import CHOICE

FIRST, *LATER = [section.key for section in SECTIONS]


def page() -> None:
    """The page alone, without the frame."""
    from reglab.ui.learn.page import learn_page

    learn_page()


def visit(app: AppTest, section: str | None = None) -> AppTest:
    """Open the page at this section."""
    if section is not None:
        app.query_params["section"] = section
    return again(app)


def again(app: AppTest) -> AppTest:
    """Run the page again; nothing on it may have failed."""
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return again(app)


def asked(app: AppTest) -> list[str]:
    """The section in the address bar."""
    section = app.query_params.get("section", [])
    return [section] if isinstance(section, str) else section


def errors(app: AppTest) -> list[str]:
    return [plain(error.value) for error in app.error]


def charts(app: AppTest) -> set[str]:
    """Keys of the components on the page."""
    return {element.key for element in app.get("bidi_component") if element.key}


def text(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.latex])


# Sections and the address


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_each_section_draws_and_its_link_opens_it(app: AppTest, section: object) -> None:
    key = getattr(section, "key", "")
    visit(app, key)
    assert app.session_state[CHOICE] == key
    assert not errors(app)
    assert asked(app) == ([] if key == FIRST else [key])


def test_only_the_chosen_section_is_drawn(app: AppTest) -> None:
    assert "objective_split" in charts(visit(app))
    assert not {"geometry", "decay_steps_chart"} & charts(app)
    app.session_state[CHOICE] = "decay"
    again(app)
    assert {"decay_steps_chart", "decay_push_chart"} <= charts(app)
    assert not {"geometry", "objective_split"} & charts(app)
    assert asked(app) == ["decay"]


def test_an_unknown_section_opens_the_first(app: AppTest) -> None:
    visit(app, "nonsense")
    assert app.session_state[CHOICE] == FIRST
    assert asked(app) == []


def test_next_and_previous_walk_through_all_sections(app: AppTest) -> None:
    visit(app)
    for key in LATER:
        press(app, "learn_next")
        assert app.session_state[CHOICE] == key
        assert asked(app) == [key]
    assert not [button for button in app.button if button.key == "learn_next"]
    press(app, "learn_previous")
    assert app.session_state[CHOICE] == ([FIRST, *LATER])[-2]


def test_fields_keep_their_values_while_another_section_is_open(app: AppTest) -> None:
    visit(app)
    app.text_input(key=objective.WEIGHTS).set_value("7, 8")
    again(app)
    press(app, "learn_next")
    press(app, "learn_previous")
    assert app.text_input(key=objective.WEIGHTS).value == "7, 8"


@pytest.mark.parametrize("section", ["objective", "geometry", "decay"])
def test_every_field_has_help(app: AppTest, section: str) -> None:
    visit(app, section)
    fields = [*app.text_input, *app.number_input, *app.slider, *app.toggle]
    assert fields
    assert all(field.help for field in fields)


# The objective calculator


def metrics(app: AppTest) -> list[tuple[str, str]]:
    values = [metric.value for metric in app.metric]
    return list(zip(values[::2], values[1::2], strict=True))


def test_the_calculators_example_opens_with_its_figures(app: AppTest) -> None:
    visit(app)
    assert metrics(app) == [("1.5", "2.0"), ("3.0", "3.5"), ("1.0", "1.5")]
    formulas = "\n".join(latex.value for latex in app.latex)
    for shown in (
        r"1^2 + 2^2 + 3^2 + 4^2 = 30",
        r"1 + 2 + 3 + 4 = 10",
        r"\tfrac{0.1}{2} \cdot 30 = 1.5",
        "0.5 + 3.0 = 3.5",
    ):
        assert shown in formulas
    (table,) = app.dataframe
    assert table.value["λw"].tolist()[-1] == "0.1 · 4 = 0.4"
    assert table.value["2λw"].tolist()[-1] == "2 · 0.1 · 4 = 0.8"


def test_the_calculator_follows_its_fields_without_stray_digits(app: AppTest) -> None:
    visit(app)
    app.text_input(key=objective.WEIGHTS).set_value("0.1 -0.2 0")
    app.text_input(key=objective.STRENGTH).set_value("0,3")
    again(app)
    assert metrics(app) == [("0.0075", "0.5075"), ("0.015", "0.515"), ("0.09", "0.59")]
    assert "0.1^2 + (-0.2)^2 + 0^2 = 0.05" in app.latex[0].value
    assert app.dataframe[0].value["λ·sign(w)"].tolist() == ["0.3 · 1 = 0.3", "0.3 · (−1) = −0.3", "0.3 · 0 = 0.0"]


def test_squares_punish_one_large_weight_and_magnitudes_do_not(app: AppTest) -> None:
    press(visit(app), "objective_try_1")
    assert r"4^2 + 0^2 + 0^2 + 0^2 = 16" in text(app)
    assert r"4 + 0 + 0 + 0 = 4" in text(app)
    press(app, "objective_try_2")
    assert r"1^2 + 1^2 + 1^2 + 1^2 = 4" in text(app)
    assert r"1 + 1 + 1 + 1 = 4" in text(app)


def test_long_lists_are_shortened_in_the_formula_only(app: AppTest) -> None:
    visit(app)
    app.text_input(key=objective.WEIGHTS).set_value(", ".join(map(str, range(1, 21))))
    again(app)
    assert r"4^2 + \dots + 20^2 = 2870" in app.latex[0].value
    assert len(app.dataframe[0].value) == 20


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ("", "Type at least one weight"),
        ("1, x", "Weight 2: cannot read 'x'"),
        ("1e99", "from 1e-9 to 1e9"),
        ("0,05", "Weights: '0,05' could be one number or two"),
    ],
)
def test_bad_weights_are_answered_in_a_sentence(app: AppTest, weights: str, sentence: str) -> None:
    visit(app)
    app.text_input(key=objective.WEIGHTS).set_value(weights)
    (error,) = errors(again(app))
    assert sentence in error
    assert not app.metric


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (objective.STRENGTH, "-0.1", "λ must be 0 or more"),
        (objective.DATA, "-1", "The data loss must be 0 or more"),
        (objective.STRENGTH, "", "λ is empty"),
        (objective.DATA, "1e12", "The data loss must be 0, or from 1e-9"),
        (objective.STRENGTH, "1,000", "λ: '1,000' could mean 1 or 1000"),
    ],
)
def test_bad_numbers_are_answered_in_a_sentence(app: AppTest, key: str, value: str, sentence: str) -> None:
    visit(app)
    app.text_input(key=key).set_value(value)
    (error,) = errors(again(app))
    assert sentence in error


# The geometry


def test_the_geometry_tells_where_l1_reaches_the_axes(app: AppTest) -> None:
    visit(app, "geometry")
    assert {"geometry", "geometry_handle"} <= charts(app)
    assert "w₁ is exactly 0." in text(app)
    assert "w₁ is exactly 0 from λ = 0.434 on, and w₂ from λ = 3.76" in text(app)
    press(app, "geometry_try_1")
    assert "Neither weight is 0." in text(app)
    assert "is 0 at no λ" in text(app)


def test_in_a_long_valley_l1_drops_the_larger_weight_and_l2_keeps_both(app: AppTest) -> None:
    press(visit(app, "geometry"), "geometry_try_2")
    assert (app.session_state[geometry.X], app.session_state[geometry.Y]) == ("2", "1.5")
    assert "**w₁ is exactly 0.**" in text(app)
    app.session_state[geometry.KIND] = "L2"
    assert "Neither weight is 0." in text(again(app))


def test_the_geometry_follows_its_fields(app: AppTest) -> None:
    visit(app, "geometry")
    for key, value in {geometry.X: "2", geometry.Y: "−0,5"}.items():
        app.text_input(key=key).set_value(value)
    app.slider(key=geometry.STRETCH).set_value(1.0)
    app.slider(key=geometry.STRENGTH).set_value(0.75)
    again(app)
    assert r"w^* &= (1.25,\ 0)" in text(app)
    app.slider(key=geometry.STRENGTH).set_value(0.0)
    assert "only the data loss counts" in text(again(app))
    app.slider(key=geometry.STRENGTH).set_value(3.0)
    assert "Both weights are exactly 0." in text(again(app))


@pytest.mark.parametrize("value", ["9", "-4.5", "", "x"])
def test_an_optimum_out_of_range_is_answered_in_a_sentence(app: AppTest, value: str) -> None:
    visit(app, "geometry")
    app.text_input(key=geometry.X).set_value(value)
    (error,) = errors(again(app))
    assert "The optimum's w₁" in error
    assert "geometry" not in charts(app)


# The decay


def test_decay_tells_half_life_band_and_zero(app: AppTest) -> None:
    visit(app, "decay")
    for shown in ("**22.76 steps**", "at step 23", "agree to rounding", "between −0.02 and 0.01", "from step 34 on"):
        assert shown in text(app)


def test_adam_is_not_adamw(app: AppTest) -> None:
    press(visit(app, "decay"), "decay_try_2")
    assert "Coupled and decoupled differ" in text(app)
    assert "half-life" not in text(app)


def test_against_data_proximal_l1_may_win(app: AppTest) -> None:
    press(visit(app, "decay"), "decay_try_1")
    assert "the coupled weight ends between, at 0.3125" in text(app)
    assert "exactly 0 from step" in text(app)
    app.text_input(key=decay.STRENGTH).set_value("0.2")
    assert "The data loss is stronger than the penalty" in text(again(app))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (decay.RATE, "0", "η must be above 0"),
        (decay.STRENGTH, "-1", "λ must be from 0"),
        (decay.START, "1e9", "The start must be"),
        (decay.STEPS, 100_000, "Steps must be from 1 to 500"),
        (decay.STEPS, None, "Steps is empty"),
        (decay.RATE, "10", "overshoots further at every step"),
    ],
)
def test_bad_values_of_the_walk_are_answered_in_a_sentence(
    app: AppTest, key: str, value: int | str | None, sentence: str
) -> None:
    visit(app, "decay")
    fill(app, key, value)
    (error,) = errors(again(app))
    assert sentence in error
    assert "decay_steps_chart" not in charts(app)
