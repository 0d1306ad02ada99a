"""Result 4: share of pixels whose weights are exactly 0 in logistic regression, by C, on digits 0–4 against 5–9.

scikit-learn minimises mean CE(v·z) + ‖v‖₁/(Cn) over 64 standardised pixels z. A run's pixels are x = kz, k = √(64/61),
and its softmax has two weights w₀, w₁ a pixel; only v = k(w₁ − w₀) matters, and at the minimum |w₀| + |w₁| =
|v|/k. The objectives are equal for λ₁ = k/(Cn), and for L2 at λ₂ = 2k²/(Cn). A pixel counts as zero if both weights
are exactly 0. Plain proximal steps over the whole data (ISTA) converge to the minimum, which is unique.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reglab.lessons.claim import Changes, Claim, Measured, Part, Results, Source, Trial, Weights, paired
from reglab.lessons.measures import split_of
from reglab.lessons.rules import SHARE, AllBelow, Unit, Within
from reglab.number_format import exact
from reglab.spec import DataSpec

CS = (1.0, 0.1, 0.01)
PUBLISHED = (0.0469, 0.2969, 0.8438)
RIDGE = "L2, C = 1"
IMAGES, SCALE = 1779, math.sqrt(64 / 61)
NUMBER = Unit("", 1, 0, signed=False)
SETTING: Changes = {
    "data__name": "digits_halves",
    "data__train_size": None,
    "data__val_fraction": 0.01,
    "model__name": "linear",
    "optim__name": "sgd",
    "optim__lr": 0.4,
    "optim__momentum": 0.0,
    "train__epochs": 1500,
    "train__batch_size": IMAGES,
    "train__precision": "float64",
}


def _role(c: float) -> str:
    return f"L1, C = {exact(c)}"


def _trials(seeds: Sequence[int]) -> list[Trial]:
    lasso = {_role(c): {**SETTING, "penalty__l1": SCALE / (c * IMAGES), "penalty__apply": "proximal"} for c in CS}
    return paired({**lasso, RIDGE: {**SETTING, "penalty__l2": 2 * SCALE**2 / IMAGES}}, seeds)


def zero_pixels(weights: Weights) -> NDArray[np.bool_]:
    """(64,): whether both weights of a pixel are exactly 0."""
    found: NDArray[np.bool_] = (np.asarray(weights["fc.weight"]) == 0).all(axis=0)
    return found


def solved(data: DataSpec, c: float) -> NDArray[np.bool_]:
    """(64,): the zeros of scikit-learn's own solution on the same images, solved to convergence."""
    from sklearn.linear_model import LogisticRegression  # slow to import

    split = split_of(data)
    z = split.x_train.flatten(1).double().numpy() / SCALE
    fitted = LogisticRegression(C=c, l1_ratio=1, solver="saga", tol=1e-6, max_iter=5000, random_state=0)
    found: NDArray[np.bool_] = fitted.fit(z, split.y_train.numpy()).coef_[0] == 0
    return found


def _measure(results: Results) -> Measured:
    zeros = {
        role: [zero_pixels(results.weights(role, seed, "weights")) for seed in results.seeds(role)]
        for role in (*map(_role, CS), RIDGE)
    }
    shares = {role: [float(found.mean()) for found in own] for role, own in zeros.items()}
    apart = [
        float(sum((zeros[_role(c)][i] != solved(results.specs[_role(c), seed].data, c)).sum() for c in CS))
        for i, seed in enumerate(results.seeds(RIDGE))
    ]
    return {**shares, "apart": apart}


ENTRY = Claim(
    name="lasso-zeros",
    label="The smaller C, the more weights L1 makes exactly zero: 4.69, 29.69 and 84.38 %",
    order=4,
    about="Logistic regression on digits of 8×8 pixels, 0–4 against 5–9, each pixel standardised. C = 1/(λ₁n).",
    setup="1,779 of the 1,797 digits, softmax regression in float64, 1,500 proximal steps over all images with "
    "λ₁ = 1/(Cn) for C = 1, 0.1 and 0.01; as a control, L2 with C = 1. The zeros are also compared with scikit-learn's "
    "on the same images, solved to a tolerance of 1e-6.",
    caveat="The example stops scikit-learn's solver early (tol = 0.01, to save time), before all zeros are reached: on "
    "all 1,797 images the minimum has 10.94, 39.06 and 85.94 % zeros. That was known when the rule was written, and "
    "the rule still asks for the published figures. Under L2 the example counts 4.69 %: three pixels that are blank in "
    "every image and whose weights start at 0; here weights start at random numbers, which L2 only shrinks.",
    parts=(
        *(
            Part(
                _role(c),
                f"Pixels with zero weights, {_role(c)}",
                f"At C = {exact(c)}, the share of pixels whose weights are exactly 0 under L1 is {{figure}}.",
                SHARE,
                Within(0.05, share),
                published=share,
            )
            for c, share in zip(CS, PUBLISHED, strict=True)
        ),
        Part(
            RIDGE,
            f"Pixels with zero weights, {RIDGE}",
            "Under L2 at C = 1, it is {figure}.",
            SHARE,
            AllBelow(0.05),
            published=0.0469,
        ),
        Part(
            "apart",
            "Pixels whose zeros differ from scikit-learn's",
            "Pixels, of three C together, whose zeros differ from scikit-learn's converged solution: {figure}.",
            NUMBER,
            AllBelow(1),
        ),
    ),
    trials=_trials,
    measure=_measure,
    n_seeds=3,
    source=Source(
        "scikit-learn, example gallery",
        "L1 Penalty and Sparsity in Logistic Regression",
        "https://scikit-learn.org/stable/auto_examples/linear_model/plot_logistic_l1_l2_sparsity.html",
        "Sparsity with L1: 4.69 % at C = 1, 29.69 % at 0.1, 84.38 % at 0.01; with L2: 4.69 % at each.",
    ),
)
