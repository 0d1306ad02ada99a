"""The story of one run or two: one sentence, and three pairs of figures (accuracy, gap, weight norm). No Streamlit.

A pair has the figure at the last epoch and that at the best one, of the lowest validation loss; of the weight norm,
the figure at the start and at the last epoch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from reglab import columns
from reglab.content.run_text import loss, penalty_text
from reglab.jobs import chance_of_run
from reglab.number_format import NONE, column, decimals, fixed, percent, points
from reglab.spec import RunSpec
from reglab.states import ACTIVE
from reglab.store import Run

_ALIKE = 1.02  # a validation loss up to 2 % above the lowest one is as good
_NEAR, _ALIKE_NEAR = 0.9, 1.1  # a best epoch in the last tenth may be noise: up to 10 % above it is as good
SEEDS = "Single runs with one seed each; a λ sweep repeats them over seeds."

ACCURACY_HELP = (
    "Share of the validation images classified correctly, at the last epoch and at the best one, that of the lowest "
    "validation loss. Early stopping keeps the weights of the best one."
)
GAP_HELP = (
    "Validation minus training loss, without the penalty, at the last epoch and at the best one; above 0 the run "
    "overfits. With wrong training labels it can be below 0: validation labels are right."
)
NORM_HELP = "Euclidean norm of all convolution and dense weights, √Σw², at the start and after the last epoch."


@dataclass(frozen=True)
class Pair:
    """One headline: what it is, both figures, and its help."""

    label: str
    value: str
    help: str


LABELS = ("Accuracy, last → best", "Gap in loss, last → best", "‖w‖, start → last")
"""What the three pairs are; the best epoch is that of the lowest validation loss."""

_HELP = (ACCURACY_HELP, GAP_HELP, NORM_HELP)


def headline(run: Run, layers: pd.DataFrame) -> tuple[Pair, ...]:
    """Accuracy, gap and weight norm; dashes before the first epoch, so that nothing moves when they arrive.

    ``layers``: :data:`reglab.columns.LAYER_COLUMNS` of this run, its first and its newest epoch.
    """
    accuracy, best_accuracy, gap, best_gap, now = headline_values(run, layers)
    values = (
        _pair(percent(accuracy), percent(best_accuracy)),
        _pair(loss(gap), loss(best_gap)),
        _pair(*column((norms(layers)[0], now), 3)),
    )
    return tuple(Pair(*one) for one in zip(LABELS, values, _HELP, strict=True))


def difference(first: Run, second: Run, layers: pd.DataFrame) -> tuple[str, ...]:
    """The figures of ``second`` minus those of ``first``, in percentage points where they are shares.

    Dashes while one of them trains: they are at different epochs.
    """
    if any(run.state in ACTIVE for run in (first, second)):
        return NONE, NONE, NONE
    one, other = (headline_values(run, layers[layers[columns.RUN] == run.id]) for run in (first, second))
    digits = decimals((one[-1], other[-1]), 3)
    change = [None if a is None or b is None else b - a for a, b in zip(one, other, strict=True)]
    accuracy, best_accuracy, gap, best_gap, norm = change
    return (
        f"{_pair(points(accuracy), points(best_accuracy))} pts",
        _pair(_signed(gap), _signed(best_gap)),
        fixed(norm, digits, sign=True),
    )


def headline_values(run: Run, layers: pd.DataFrame) -> tuple[float | None, ...]:
    """Accuracy at the last and the best epoch, gap in loss at both, ‖w‖ at the last one; None where not known."""
    last, best = run.last, run.best
    return (
        last.val_acc if last else None,
        best.val_acc if best else None,
        last.gap_loss if last else None,
        best.val_loss - best.train_loss if best else None,
        norms(layers)[1],
    )


def norms(layers: pd.DataFrame) -> tuple[float | None, float | None]:
    """‖w‖₂ over all weights, √Σ‖w_layer‖², at the first and the last epoch in ``layers``; None without rows."""
    if layers.empty:
        return None, None
    squares = layers[columns.L2_NORM].astype(float) ** 2
    totals = squares.groupby(layers[columns.EPOCH]).sum().sort_index().map(math.sqrt)
    return float(totals.iloc[0]), float(totals.iloc[-1])


def story(run: Run, baseline: Run | None = None) -> str:
    """One sentence or two on a run, for Markdown; ``baseline``: a run that differs from it in λ = 0 alone."""
    last, best = run.last, run.best
    if last is None or best is None or run.state == "diverged":
        return ""
    if run.state in ACTIVE:
        return (
            f"So far, after epoch {run.epoch}: validation accuracy {percent(last.val_acc)}, gap {loss(last.gap_loss)}."
        )
    chance = chance_of_run(run)
    if chance is not None and chance.holds(last.val_acc):
        return ""  # the line of the progress says so
    return _how_it_ends(run) + (_against(run, baseline) if baseline else "")


def _how_it_ends(run: Run) -> str:
    last, best = run.last, run.best
    assert last is not None
    assert best is not None
    if run.epoch == 1:
        return "**One epoch alone** does not show how the validation loss goes on."
    if best.epoch == run.epoch:
        return f"**Ends at its best epoch**, {run.epoch}: the validation loss was still falling; more epochs may help."
    near = _ALIKE_NEAR if best.epoch >= _NEAR * run.epoch else _ALIKE
    if last.val_loss <= near * best.val_loss:
        return (
            f"**Levels off:** the validation loss ends at {loss(last.val_loss)}, near its lowest, "
            f"{loss(best.val_loss)} in epoch {best.epoch}."
        )
    if last.train_loss < best.train_loss:
        return (
            f"**Overfits after epoch {best.epoch}:** the validation loss rises from {loss(best.val_loss)} to "
            f"{loss(last.val_loss)} while the training loss falls to {loss(last.train_loss)}."
        )
    return (
        f"**Ends above its best:** the validation loss was lowest in epoch {best.epoch}, {loss(best.val_loss)}, and "
        f"ends at {loss(last.val_loss)}, but the training loss does not fall either: this is no overfitting."
    )


def _against(run: Run, baseline: Run) -> str:
    """The run minus its baseline."""
    if run.last is None or baseline.last is None or run.epoch != baseline.epoch:
        return ""
    return (
        f" Against λ = 0: accuracy {points(run.last.val_acc - baseline.last.val_acc)} points, gap "
        f"{_signed(run.last.gap_loss - baseline.last.gap_loss)} at the last epoch. {SEEDS}"
    )


def story_of_two(first: Run, second: Run) -> str:
    """How two runs compare, once both have ended; empty before."""
    if any(run.state in ACTIVE or run.last is None or run.best is None for run in (first, second)):
        return ""
    a, b = (penalty_text(run.spec.penalty) for run in (first, second))
    names = (a, b) if a != b and alike_but_penalty([first, second]) else ("the first run", "the second run")
    assert first.last is not None and second.last is not None  # noqa: PT018
    assert first.best is not None and second.best is not None  # noqa: PT018
    ahead = second.last.val_acc - first.last.val_acc
    at_best = second.best.val_acc - first.best.val_acc
    return (
        f"**Last epoch:** {names[1]} has {percent(second.last.val_acc)} validation accuracy, {names[0]} "
        f"{percent(first.last.val_acc)} ({points(ahead)} points). **Best epochs** ({second.best.epoch} and "
        f"{first.best.epoch}): {percent(second.best.val_acc)} and {percent(first.best.val_acc)} ({points(at_best)} "
        f"points). {SEEDS}"
    )


def alike_but_penalty(runs: Sequence[Run]) -> bool:
    """Whether the runs differ in their penalty alone."""
    return len({run.spec.model_copy(update={"penalty": runs[0].spec.penalty}).model_dump_json() for run in runs}) == 1


def _pair(first: str, second: str) -> str:
    """Both figures; a unit that both have stands once."""
    shared = "\N{NARROW NO-BREAK SPACE}%"
    first = first.removesuffix(shared) if second.endswith(shared) else first
    return f"{first} → {second}"


def _signed(value: float | None) -> str:
    """A difference with its sign: three decimals, or one from 10 on."""
    return fixed(value, 1 if value is not None and abs(value) >= 10 else 3, sign=True)


def without_penalty(spec: RunSpec) -> RunSpec:
    """``spec`` with every λ 0."""
    return spec.with_changes({f"penalty.{key}": 0.0 for key, value in spec.penalty.strengths.items() if value})
