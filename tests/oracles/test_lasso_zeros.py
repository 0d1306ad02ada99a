"""scikit-learn's sparsity example: what it prints, what its minimum is, and RegLab's proximal steps at the same one."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from reglab.events import Ended
from reglab.lessons.published import lasso_zeros
from reglab.training import train


def zeros(c: float, tolerance: float) -> int:
    """Zero coefficients of the example's model, 0–4 against 5–9 on all 1,797 digits."""
    pixels, labels = load_digits(return_X_y=True)
    model = LogisticRegression(C=c, l1_ratio=1, solver="saga", tol=tolerance, max_iter=5000, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit(StandardScaler().fit_transform(pixels), labels > 4)
    return int((model.coef_ == 0).sum())


@pytest.mark.parametrize(("c", "printed", "minimum"), [(1.0, 3, 7), (0.1, 19, 25), (0.01, 54, 55)])
def test_the_published_zeros_are_those_of_a_solver_that_stops_early(c: float, printed: int, minimum: int) -> None:
    published = dict(zip(lasso_zeros.CS, lasso_zeros.PUBLISHED, strict=True))[c]
    assert zeros(c, 0.01) / 64 == pytest.approx(published, abs=1e-4)
    assert zeros(c, 0.01) == printed
    assert zeros(c, 1e-6) == minimum


def test_proximal_steps_have_the_zeros_of_the_converged_solver_on_the_same_images() -> None:
    """At C = 0.01, where 300 steps suffice; the test of the result on Learn compares all three C."""
    (trial,) = (t for t in lasso_zeros.ENTRY.trials([5]) if t.role == "L1, C = 0.01")
    spec = trial.spec.with_changes({"train.epochs": 300})
    (ended,) = (event for event in train(spec) if isinstance(event, Ended))
    found = lasso_zeros.zero_pixels(ended.weights())
    assert np.array_equal(found, lasso_zeros.solved(spec.data, 0.01))
    assert 50 <= found.sum() <= 58
