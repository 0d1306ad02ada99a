"""Advice on the regularizers besides the penalty: what they do to labels, and what they have in common."""

from __future__ import annotations

from reglab.number_format import latex_number
from reglab.spec import RunSpec
from reglab.ui.train.advice_penalty import Advice, Check, Facts

CHARACTERS = frozenset({"digits", "mnist", "mnist_5k", "kmnist", "svhn"})
"""Data sets of characters, which a mirror turns into other ones or into none."""


def _flipped_characters(spec: RunSpec, _: Facts) -> Advice | None:
    kinds = spec.regularize.augment.split("+")
    if spec.data.name not in CHARACTERS or "flip" not in kinds:
        return None
    rest = "+".join(kind for kind in kinds if kind != "flip") or "none"
    return Advice(
        "Flip changes what a character is: a mirrored 2 is no 2, and keeps the label 2. Leave flip out: "
        f"{rest.replace('+', ' + ')}.",
        "Augmentation assumes $p(y \\mid T(x)) = p(y \\mid x)$; mirrors of photographs satisfy it, of characters not.",
        remedy={"regularize.augment": rest},
    )


def _both_soften_labels(spec: RunSpec, _: Facts) -> Advice | None:
    share, alpha = spec.regularize.label_smoothing, spec.regularize.mixup
    if not share or not alpha:
        return None
    mixing = latex_number(alpha)
    return Advice(
        "Label smoothing and mixup both soften the labels, so neither effect can be read off this run alone. "
        "Label smoothing 0 leaves mixup by itself.",
        rf"The target of $\tilde{{x}}$ is $(1 - {latex_number(share)})\,(\lambda y + (1 - \lambda)\,y') + "
        rf"{latex_number(share)} / C$ with $\lambda \sim \mathrm{{Beta}}({mixing}, {mixing})$.",
        "info",
        {"regularize.label_smoothing": 0.0},
    )


CHECKS: tuple[Check, ...] = (_flipped_characters, _both_soften_labels)
