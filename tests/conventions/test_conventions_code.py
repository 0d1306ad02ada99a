"""The snippets are real code: PyTorch's, Keras's and scikit-learn's run, and hold the numbers that were translated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.linear_model
import sklearn.neural_network
import torch
import yaml
from tests.conventions.strategies import PLAIN
from tests.keras_torch import keras

from reglab.conventions import CONVENTIONS, Context, Convention, translate
from reglab.spec import PenaltySpec

INSTALLED = [
    c for c in CONVENTIONS.entries.values() if c.name.startswith(("torch-", "keras-", "sklearn-", "sum", "half"))
]
SCOPE: dict[str, Any] = {"torch": torch, "keras": keras, "sklearn": sklearn}


def snippet(entry: Convention, values: dict[str, float]) -> str:
    return translate(values, entry.name, entry.name, PLAIN).code


@pytest.mark.parametrize("entry", INSTALLED, ids=lambda c: c.name)
def test_runs_and_holds_the_numbers(entry: Convention) -> None:
    values = {p.name: 0.25 if p.most == 1 else 0.03 * (i + 1) for i, p in enumerate(entry.parameters)}
    code, model = snippet(entry, values), torch.nn.Linear(3, 2)
    name, equals, expression = code.partition(" = ")
    if equals or "=keras" in code:
        expression = expression or code.partition("=")[2]
        built = eval(expression, {**SCOPE, "loss": torch.tensor(1.0), "weights": list(model.parameters())})
        if name == "loss":
            assert float(built.detach()) > 1.0
            return
    else:
        built = eval(code, {**SCOPE, "model": model})
    if isinstance(built, torch.optim.Optimizer):
        assert built.param_groups[0]["weight_decay"] == values["weight_decay"]
        assert built.param_groups[0]["lr"] == PLAIN.lr
        return
    for key, value in values.items():
        assert float(getattr(built, key)) == pytest.approx(value)


@pytest.mark.parametrize("l1", [0.0, 0.01])
def test_a_translated_logistic_regression_fits(l1: float) -> None:
    code = translate({"l1": l1, "l2": 0.05}, "reglab", "sklearn-logistic", Context(n=30)).code
    x = np.random.default_rng(0).normal(size=(30, 2))
    fitted = eval(code, SCOPE).set_params(max_iter=10_000, random_state=0).fit(x, x[:, 0] > 0)
    assert np.isfinite(fitted.coef_).all()


def test_reglabs_own_is_a_penalty_of_the_spec() -> None:
    for name in ("reglab", "reglab-decoupled"):
        code = snippet(CONVENTIONS.get(name), {"l2": 0.03})
        assert PenaltySpec.model_validate(yaml.safe_load(code)["penalty"]).l2 == 0.03


def test_kerass_decay_belongs_to_the_optimizer_that_was_meant() -> None:
    assert translate(0.01, "torch-adamw", "keras-weight-decay").code.startswith("keras.optimizers.AdamW(")
    assert translate(0.01, "torch-sgd", "keras-weight-decay", PLAIN).code.startswith("keras.optimizers.SGD(")
    adam = Context(optimizer="adam")
    assert translate(0.01, "reglab-decoupled", "keras-weight-decay", adam).code.startswith("keras.optimizers.Adam(")
