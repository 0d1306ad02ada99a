"""The column names that the store, the analysis and the charts share.

Losses are mean data losses (cross-entropy, nats) in eval mode at the end of an epoch; accuracies are shares in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

RUN = "run"
EPOCH = "epoch"

TRAIN_LOSS = "train_loss"
VAL_LOSS = "val_loss"
TRAIN_ACC = "train_acc"
VAL_ACC = "val_acc"
RUNNING_LOSS = "running_loss"  # mean training criterion over the epoch's batches, in training mode, as weights move
CRITERION = "criterion"  # training criterion on the images of train_loss, where it is another one; else NaN
L1 = "l1"  # the penalty term λ₁ Σ f|w|
L2 = "l2"  # the penalty term (λ₂/2) Σ f w²
PENALTY = "penalty_"  # prefix of the key of any other penalty term, "penalty_group" for example
TOTAL = "total"  # train_loss (or, if there is one, criterion) + every penalty term: the objective J
CLEAN_ACC = "clean_acc"  # share of rightly labelled training images classified as labelled; NaN without label noise
FLIPPED_ACC = "flipped_acc"  # share of wrongly labelled ones classified as that wrong label: memorised; or NaN
TRUE_ACC = "true_acc"  # share of wrongly labelled ones classified as their true class; or NaN
GAP_LOSS = "gap_loss"  # val_loss − train_loss
GAP_ACC = "gap_acc"  # train_acc − val_acc
LR = "lr"
SECONDS = "seconds"

Measure = Literal["loss", "accuracy"]
MEASURES: Mapping[Measure, str] = {"loss": VAL_LOSS, "accuracy": VAL_ACC}
"""What a sweep can be judged by, and its column; a new sweep declares the first unless a person asks for the other."""

MEMORY: tuple[str, ...] = (CLEAN_ACC, FLIPPED_ACC, TRUE_ACC)
SOMETIMES: tuple[str, ...] = (*MEMORY, CRITERION)  # NaN in most runs
_MEASURED = (TRAIN_LOSS, VAL_LOSS, TRAIN_ACC, VAL_ACC, RUNNING_LOSS)
METRICS: tuple[str, ...] = (*_MEASURED, L1, L2, TOTAL, GAP_LOSS, GAP_ACC, LR, SECONDS, *SOMETIMES)
EPOCH_COLUMNS: tuple[str, ...] = (RUN, EPOCH, *METRICS)

LAYER = "layer"  # the weight tensor's parameter name, e.g. "conv1.weight"
SIZE = "size"  # number of elements
L1_NORM = "l1_norm"  # ‖w‖₁ = Σ|w|
L2_NORM = "l2_norm"  # ‖w‖₂ = √Σw²
MAX_ABS = "max_abs"  # max|w|
ZERO_SHARE = "zero_share"  # share of elements exactly 0
NEAR_ZERO_SHARE = "near_zero_share"  # share of elements with |w| < 2⁻¹⁰ ≈ 0.001, exact zeros included
NEAR_ZERO_HELP = "|w| < 2⁻¹⁰ ≈ 0.00098, exact zeros included."
DATA_GRAD = "data_grad"  # ‖ḡ‖₂, ḡ the epoch's mean gradient of the data loss, nats per unit weight; NaN: not recorded
PENALTY_GRAD = "penalty_grad"  # ‖∇P(w)‖₂ with the layer's own λ, nats per unit weight; NaN: not recorded
UNITS = "units"  # filters of a convolution, units of a dense layer; NaN: not recorded
ZERO_UNITS = "zero_units"  # those whose weights are all exactly 0; NaN: not recorded
ZEROS = "zeros"  # number of exact zeros; not in any histogram bin
COUNTS = "counts"  # int array over the bins of reglab.bins; sum(counts) + zeros = size
GRADIENT_RATIO = "gradient_ratio"  # penalty_grad / data_grad

_NORMS = (L1_NORM, L2_NORM, MAX_ABS, ZERO_SHARE, NEAR_ZERO_SHARE, DATA_GRAD, PENALTY_GRAD)
LAYER_STATS: tuple[str, ...] = (SIZE, *_NORMS, UNITS, ZERO_UNITS, ZEROS, COUNTS)
LAYER_COLUMNS: tuple[str, ...] = (RUN, EPOCH, LAYER, *LAYER_STATS)
GRADIENT_COLUMNS: tuple[str, ...] = (RUN, EPOCH, LAYER, DATA_GRAD, PENALTY_GRAD)

PART = "part"  # what a figure of a claim is about; one row for each part and seed
VALUE = "value"  # in the part's own unit
MEAN, LOW, HIGH = "mean", "low", "high"  # of the part over seeds, with its 95 % interval; NaN where there is none
UNIT = "unit"
LOG = "log"  # whether the part's axis is logarithmic
LINES = "lines"  # where the part's rule draws its line: a tuple of values
PUBLISHED = "published"  # the figure of the part's source, in the part's unit; NaN where there is none
SEED_COLUMNS: tuple[str, ...] = (PART, VALUE, MEAN, LOW, HIGH, UNIT, LOG, LINES, PUBLISHED)

# A sweep: one row a run. Runs that differ in LAMBDA alone are pairs; their reference is LAMBDA = 0, where it exists.
LAMBDA = "lambda"  # the place on the first axis: λ₂, λ₁, λ, λ₁ + λ₂ of a grid; the setting's value where none is swept
LAMBDA1, LAMBDA2 = "lambda1", "lambda2"
SECOND = "second"  # the value on a second axis, but for a grid; only in frames of sweeps that have one
APPLY = "apply"  # coupled, decoupled, proximal
REPEAT = "repeat"  # number of the seed or fold, from 0
STATE = "state"
LANE_COLUMNS: tuple[str, ...] = (RUN, LAMBDA, LAMBDA1, LAMBDA2, APPLY, REPEAT, STATE)
POINT: tuple[str, ...] = (APPLY, LAMBDA, LAMBDA1, LAMBDA2)  # what the lanes of one point have in common, SECOND apart


def point_columns(frame: Iterable[object]) -> tuple[str, ...]:
    """What the lanes of one point have in common, in a frame with these columns: POINT, and SECOND if it has it."""
    return (*POINT, SECOND) if SECOND in frame else POINT


# A table over λ: one row a point, each figure's mean over the repeats under its own name.
N = "n"  # repeats that count: those with finite figures
SE = "_se"  # suffix: the standard error of that mean, s/√n with n − 1 in s; NaN for a single repeat
DIVERGED = "n_diverged"  # repeats that diverged
AT_EPOCH = "at_epoch"  # mean of the epochs at which the repeats count
BALANCED_ACC = "balanced_acc"  # mean over classes of the share classified correctly; NaN: not known
BEST, ONE_SE = "best", "one_se"  # bool: the best point, and the 1-SE choice
ONE_SE_PAIRED = "one_se_paired"  # bool: the 1-SE choice with the standard error of the paired difference to the best
REGIME = "regime"  # one of REGIMES
DIFFERENCE = "difference"  # paired difference to λ = 0, with LOW and HIGH
PAIRS = "n_pairs"  # repeats that have a figure both here and at λ = 0
BETTER_IN = "better_in"  # of these repeats, those in which the point does better than λ = 0
P_ADJUSTED = "p_adjusted"  # two-sided p of the difference to λ = 0, adjusted for the number of λ; NaN: not tested
REGIMES: tuple[str, ...] = ("underfits", "fits", "overfits", "diverged", "at chance")
REGIME_LABELS = {name: "well regularised" if name == "fits" else name for name in REGIMES}  # as pages and charts write
ALL_WEIGHTS = "all layers"  # a LAYER: the weights of all layers together

# Calibration over λ: expected calibration errors, means over repeats like the figures above.
CALIBRATION_LAST, CALIBRATION_BEST = "calibration_last", "calibration_best"

# Regularizers compared: a row each, with DIFFERENCE, LOW, HIGH and PAIRS of its choice against none.
FAMILY = "family"  # its name with the chosen value: "dropout 0.3"
FAMILY_ORDER = "family_order"  # its place among them, from 0
FAMILY_KEY = "family_key"  # its dotted setting
FAMILY_VALUE = "family_value"  # the chosen λ; NaN where the setting is no λ

# A curve of runs that are compared: RUN is the run or the group, EPOCH, VALUE, LOW and HIGH, N; and:
X = "x"  # place on the axis: epochs, optimizer steps or seconds
SMOOTHED = "smoothed"  # the moving average of VALUE; VALUE itself without smoothing
ROLE = "role"  # "val" or "train": the images of the figure
