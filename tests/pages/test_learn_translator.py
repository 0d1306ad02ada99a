"""The translator of the Learn page, without a browser: fields that matter, answers, double counting, the address."""

from __future__ import annotations

from itertools import cycle

import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.browsing import fill, plain
from tests.patience import PATIENCE

from reglab.conventions import CONVENTIONS


def section() -> None:
    """The section alone."""
    from reglab.ui.learn.translator import translator

    translator()


@pytest.fixture
def app() -> AppTest:
    return again(AppTest.from_function(section, default_timeout=PATIENCE))


def again(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def choose(app: AppTest, source: str, target: str) -> AppTest:
    app.selectbox(key="translate_from").set_value(source)
    app.selectbox(key="translate_to").set_value(target)
    return again(app)


def code(app: AppTest) -> list[str]:
    return [block.value for block in app.code]


def text(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.markdown, *app.caption])


def keys(app: AppTest) -> set[str]:
    """The number fields on screen."""
    return {field.key for field in [*app.number_input, *app.text_input] if field.key}


def address(app: AppTest) -> dict[str, str]:
    return {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}


def test_opens_with_an_exact_answer_and_its_steps(app: AppTest) -> None:
    assert code(app) == ["keras.regularizers.L2(0.005)"]
    assert [(metric.label, metric.value) for metric in app.metric] == [("l2", "0.005")]
    assert "Exact" in text(app)
    assert "l2 = λ₂/2 = 0.01/2 = 0.005" in text(app)
    assert "Which tensors" in text(app)
    assert keys(app) == {"translate_value"}  # no context: none matters


def test_a_condition_stands_beside_the_number(app: AppTest) -> None:
    choose(app, "torch-sgd", "glmnet")
    [headline] = [value for value in (str(block.value) for block in app.markdown) if "Exact if" in value]
    assert "every column of x has variance 1 (with 1/n), y has standard deviation 1" in headline
    choose(app, "keras-l1", "torch-l1")
    assert "both act on the same tensors" in text(app)
    choose(app, "sklearn-lasso", "sklearn-elasticnet")
    assert "Exact if" not in text(app)


def test_a_number_changes_the_answer(app: AppTest) -> None:
    app.text_input(key="translate_value").set_value("0,3")
    assert code(again(app)) == ["keras.regularizers.L2(0.15)"]


def test_context_appears_where_it_matters(app: AppTest) -> None:
    assert "translate_n" in keys(choose(app, "torch-sgd", "sklearn-ridge"))
    app.number_input(key="translate_n").set_value(50)
    assert code(again(app)) == ["sklearn.linear_model.Ridge(alpha=0.5)"]
    assert "translate_batch_size" in keys(choose(app, "torch-sgd", "sklearn-mlp"))
    assert "translate_lr" in keys(choose(app, "torch-adamw", "tfa-adamw"))
    assert "translate_momentum" in keys(choose(app, "torch-sgd", "keras-weight-decay"))
    assert "translate_optimizer" not in {box.key for box in app.selectbox}
    choose(app, "keras-l2", "keras-weight-decay")
    assert "translate_optimizer" in {box.key for box in app.selectbox}


def test_momentum_makes_it_an_approximation_and_plain_sgd_exact(app: AppTest) -> None:
    choose(app, "torch-sgd", "keras-weight-decay")
    assert "No exact equivalent" in text(app)
    assert "≈ Same optimum, different steps" in text(app)
    assert "weight_decay=0.1" in code(app)[0]
    app.text_input(key="translate_momentum").set_value("0")
    again(app)
    assert "No exact equivalent" not in text(app)
    assert "weight_decay=0.01" in code(app)[0]


def test_an_adaptive_optimizer_gives_the_reason_and_no_number(app: AppTest) -> None:
    choose(app, "torch-adam", "torch-adamw")
    assert "√v" in text(app)
    assert code(app) == []
    assert len(app.metric) == 0


def test_double_counting(app: AppTest) -> None:
    app.toggle(key="translate_more").set_value(True)
    again(app)
    [warning] = app.warning
    assert "counted more than once" in warning.value
    assert "λ₂ = 0.03" in warning.value
    assert code(app) == ["keras.regularizers.L2(0.015)"]
    app.selectbox(key="translate_and").set_value("torch-l1")
    again(app)
    assert len(app.warning) == 0
    assert "nothing is counted twice" in app.info[0].value
    app.selectbox(key="translate_and").set_value("torch-adamw")
    again(app)
    assert "different optimizers" in app.error[0].value
    assert code(app) == []


def test_all_as_a_table(app: AppTest) -> None:
    choose(app, "torch-sgd", "all")
    *_, limited, others = (table.value for table in app.table)
    assert sum(len(table.value) for table in app.table) == len(CONVENTIONS.names()) - 1
    assert limited.loc["Keras L2", "Code"] == "`keras.regularizers.L2(0.005)`"
    assert limited.loc["Keras L2", "If"] == "both act on the same tensors"
    assert "every column of x has variance 1" in str(limited.loc["glmnet in R", "If"])
    assert "√v" in str(others.loc["PyTorch AdamW", "Why"])
    assert {"translate_n", "translate_batch_size", "translate_lr", "translate_momentum"} <= keys(app)


BAD = [
    ("translate_value", "-1"),
    ("translate_value", "1e308"),
    ("translate_value", "1,000"),
    ("translate_value", ""),
    ("translate_n", 0),
    ("translate_n", -7),
]


@pytest.mark.parametrize(("key", "value"), BAD)
def test_bad_input_is_a_sentence_and_nothing_is_computed(app: AppTest, key: str, value: int | str) -> None:
    choose(app, "torch-sgd", "sklearn-ridge")
    fill(app, key, value)
    again(app)
    [error] = app.error
    assert error.value.endswith(".")
    assert code(app) == []
    assert len(app.metric) == 0


def test_shares_have_limits(app: AppTest) -> None:
    choose(app, "glmnet", "reglab")
    app.text_input(key="translate_share").set_value("1.5")
    again(app)
    assert "from 0 to 1" in app.error[0].value


def test_every_convention_is_drawn_as_a_source(app: AppTest) -> None:
    """One of each kind to all as a table, then each to one of another kind; all pairs are a contract of their own."""
    kinds = ("reglab", "torch-sgd", "torch-adamw", "keras-activity")
    for source in kinds:
        choose(app, source, "all")
        assert len(app.error) == 0
    for source, target in zip(CONVENTIONS.names(), cycle(kinds)):
        choose(app, source, target)
        assert len(app.error) == 0
        assert ("No exact equivalent" in text(app)) != ("Exact" in text(app))


def test_the_address_restores_it_and_keeps_what_others_put_there() -> None:
    app = AppTest.from_function(section, default_timeout=PATIENCE)
    label = CONVENTIONS.get("sklearn-ridge").label
    app.query_params = {"section": "translator", "translate_to": label, "translate_n": "50", "translate_value": "0.2"}
    again(app)
    assert code(app) == ["sklearn.linear_model.Ridge(alpha=10)"]
    app.text_input(key="translate_value").set_value("0.4")
    again(app)
    assert code(app) == ["sklearn.linear_model.Ridge(alpha=20)"]
    choose(app, "torch-sgd", "keras-l2")
    assert address(app)["section"] == "translator"


def test_nonsense_in_the_address_gets_the_default_or_a_sentence() -> None:
    app = AppTest.from_function(section, default_timeout=PATIENCE)
    app.query_params = {"translate_from": "nothing", "other": "kept"}
    again(app)
    assert code(app) == ["keras.regularizers.L2(0.005)"]
    assert address(app)["other"] == "kept"
    app = AppTest.from_function(section, default_timeout=PATIENCE)
    app.query_params = {"translate_value": "**x**"}
    again(app)
    assert plain(app.error[0].value) == "weight_decay: cannot read '**x**'; give a number such as 0, 0.03 or 1e-3."
    assert "**x**" not in app.error[0].value
    assert any("Cannot read '**x**'" in plain(one.value) for one in app.markdown)  # below its field
    assert code(app) == []


def test_a_long_number_in_the_address_is_not_repeated() -> None:
    app = AppTest.from_function(section, default_timeout=PATIENCE)
    app.query_params = {"translate_value": "9" * 10_000}
    again(app)
    drawn = [field.value or "" for field in app.text_input] + [error.value for error in app.error]
    assert max(map(len, drawn)) < 200
