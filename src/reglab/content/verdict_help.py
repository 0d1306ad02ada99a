"""The rules behind the numbers of a verdict, as help texts. Pure text."""

from __future__ import annotations

from reglab.analysis import RULE, Corrected
from reglab.charts.gap import Measure
from reglab.number_format import short
from reglab.sweep import EpochRule

EPOCH_RULES: dict[EpochRule, str] = {
    "last": "every run counts at its last epoch",
    "best": "every run counts at its own lowest validation loss, as early stopping would have it",
    "common": "all runs of a λ count at one epoch: that of their lowest mean validation loss among those that all of "
    "them reached",
}
EPOCHS = (
    "The epoch rule says at which epoch a run counts. It is declared before the sweep is trained, and only the choice "
    "under the declared rule is tested: picking the rule that looks best would be one choice more.  \n"
    + "  \n".join(f"**{rule}**: {text}." for rule, text in EPOCH_RULES.items())
)
DIFFERENCE = (
    "Each repeat gives the difference between the best λ and λ = 0 from the same initial weights, split and batches; "
    "the figure is their mean. “Better in” counts the repeats in which the best λ does better."
)
RIVAL = (
    "λ = 0, every run at its own lowest validation loss: what stopping early reaches without a penalty. The difference "
    "is the best λ less this rival, repeat by repeat; its p is adjusted for having picked the best of several λ."
)
CRITERIA = (
    "Loss counts how sure the network is of the true class of every image, accuracy only whether it comes first. A "
    "network that grows surer of its mistakes loses in loss and not in accuracy. Of λ with equal accuracy the one with "
    "the lowest loss is chosen."
)
ONE_SE = (
    "The largest λ whose mean is within one standard error of the best mean (Breiman 1984): the most strongly "
    "regularised network that is about as good. The standard error is that of the best λ; the paired one is that of "
    "the differences to it, which is smaller, because repeats share what is easy and hard."
)
BUDGET = (
    "A longer training could choose another λ. Under the rule *last* the sign is a training loss that falls by "
    "more than 5 % from the last tenth of the epochs but one to the last; under the other rules, that most runs of "
    "the best λ are at their best in the last tenth."
)
RATE_CHECK = (
    "The learning rate is no part of the question, yet the answer may depend on it: the same values are trained at a "
    "third and at three times the learning rate, with the same seeds, epochs and epoch rule, and the choice is made "
    "again. With a short budget, or decoupled decay, λ often falls as the learning rate rises. A choice that moved is "
    "tested there against the first one, adjusted for all values."
)
OWN_PART = (
    "All repeats validate on the dataset's own part, so r = 0 and the interval is about these images: other ones could "
    "differ by more."
)
REGIMES = f"**Regimes**: {RULE}"


def best(measure: Measure, rule: EpochRule) -> str:
    """How the best λ is chosen."""
    top = "highest" if measure == "accuracy" else "lowest"
    return (
        f"The λ with the {top} mean validation {measure}; {EPOCH_RULES[rule]}. A λ with diverged runs or at chance is "
        "excluded."
    )


def difference(overlap: float, *, own_part: bool = False) -> str:
    """How the difference to λ = 0 is tested, with r = ``overlap``, 0 where repeats share no image.

    ``own_part``: they share all validation images, those of the part that the dataset brings.
    """
    shared = "Repeats share no image, so r = 0."
    if own_part:
        shared = OWN_PART
    elif overlap:
        shared = (
            f"Repeats share images, so r = {short(overlap, 2)}: validation images per other image of the pool, or "
            "1/(K − 1) for K folds."
        )
    return (
        f"{DIFFERENCE}  \n"
        "**Interval**: 95 %, d̄ ± t·s·√(1/J + r) over J repeats (Nadeau & Bengio 2003). "
        f"{shared}  \n"
        "**Adjusted p**: how often chance alone would make the best of all these λ look this good, by flipping the "
        "signs of whole repeats (max-T). With fewer than 6 repeats it cannot fall below 0.05.  \n"
        "**Equivalent** needs the whole interval within ±0.5 points."
    )


def corrected(found: Corrected | None) -> str:
    """What the figure at the choice says, and how its bias is removed."""
    text = "Mean ± standard error at the best λ. It looks a little better than it is, since λ was chosen by it."
    if found is None:
        return f"{text} The bias is removed once all runs have ended, from the predictions of every run."
    how = (
        "λ (and the epoch) is chosen on resampled validation images and scored on those left out, 400 times "
        "(Tsamardinos et al. 2018)"
        if found.method == "bootstrap bias correction"
        else "the mean difference, over folds, between the best λ and the best λ of that fold is taken off "
        "(Tibshirani & Tibshirani 2009)"
    )
    return f"{text}  \n**Bias-corrected**: {how}."
