"""The curves, layers and headline figures of runs, read and computed once for all sessions that watch them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from reglab import columns
from reglab.analysis.zero_filters import zero_filters
from reglab.charts import RunStyle, style_runs
from reglab.charts.gradient_share import total_share
from reglab.content.run_text import identity_of
from reglab.number_format import percent, points
from reglab.store import Run
from reglab.ui.shared import text
from reglab.ui.shared.memo import Readings, epochs_on
from reglab.ui.shared.services import services
from reglab.ui.shared.text import loss
from reglab.ui.shared.ticks import opens_page, session_id

_TIMES = 10  # a ratio from which it is no longer given in per cent


@dataclass(frozen=True)
class Figure:
    """A headline figure with its label (and a short one), the text beside it, and its help."""

    label: str
    short: str
    value: str
    beside: str
    help: str


@dataclass(frozen=True)
class Results:
    """``runs`` as far as the frames go, their curves and layers, and what follows from them.

    ``version`` says how far they are: results of equal version are equal but for the steps within an epoch.
    """

    version: Hashable
    runs: Sequence[Run]
    epochs: pd.DataFrame
    layers: pd.DataFrame
    styles: Mapping[str, RunStyle]
    seconds: Mapping[str, list[float]]
    figures: Mapping[str, list[Figure]]


def results_of(runs: Sequence[Run]) -> Results:
    """Results of ``runs``, which the caller has just read: of their version, or those that other sessions share."""
    home, ids = services().store.home, tuple(run.id for run in runs)
    facts = tuple(map(_facts, runs))
    version = (home, *((fact, run.epoch, run.step > 0) for fact, run in zip(facts, runs, strict=True)))

    def read(before: Results | None) -> Results:
        return _read(runs, version, before)

    found = _READINGS.take((home, ids), session_id(), opens=opens_page(), facts=facts, version=version, read=read)
    return replace(found, runs=runs) if found.version == version else found


def figures(run: Run, layers: pd.DataFrame) -> list[Figure]:
    """The figures after the last epoch done; dashes before the first, so that nothing moves when they arrive.

    ``layers``: :data:`reglab.columns.LAYER_COLUMNS` of this run; only its newest epoch counts.
    """
    filters = [_filters(layers)] if run.spec.penalty.zeroes_filters else []
    return [_accuracy(run), _loss(run), _gap(run), _zeros(layers), *filters, _ratio(layers)]


def _accuracy(run: Run) -> Figure:
    return Figure(
        "Validation accuracy",
        "Val. accuracy",
        percent(run.last.val_acc if run.last else None),
        f"best epoch {percent(run.best.val_acc if run.best else None)}",
        "Share of the validation images that are classified correctly, at the last epoch; below it at the best "
        "epoch, that of the lowest validation loss.",
    )


def _loss(run: Run) -> Figure:
    return Figure(
        "Validation loss",
        "Val. loss",
        loss(run.last.val_loss if run.last else None),
        f"lowest {loss(run.best_val_loss)} in epoch {run.best.epoch}" if run.best else "lowest –",
        "Mean cross-entropy on the validation images, in nats, without the penalty, at the last epoch; below it "
        "the lowest of all epochs, whose weights are kept too.",
    )


def _gap(run: Run) -> Figure:
    gap = "–" if run.last is None else f"{points(run.last.gap_acc, sign=False)} pts"
    return Figure(
        "Gap in loss",
        "Gap in loss",
        loss(run.last.gap_loss if run.last else None),
        f"accuracy {gap}",
        "Validation minus training loss, without the penalty: above 0 the run overfits. Below it, training minus "
        "validation accuracy in percentage points.",
    )


def _zeros(layers: pd.DataFrame) -> Figure:
    zeros, near = zero_shares(layers)
    return Figure(
        "Exact zeros",
        "Exact zeros",
        percent(zeros),
        f"near zero {percent(near)}",
        f"Share of the weights that are exactly 0. Near zero: {columns.NEAR_ZERO_HELP}",
    )


def _filters(layers: pd.DataFrame) -> Figure:
    zero, among = zero_filters(layers) or (None, None)
    share = zero / among if zero is not None and among else None
    return Figure(
        "Filters at zero",
        "Filters at 0",
        percent(share),
        "–" if share is None else f"{zero:,} of {among:,}",
        "Share of the filters of convolutions and the units of dense layers whose weights are all exactly 0. The "
        "classifier's units do not count.",
    )


def _ratio(layers: pd.DataFrame) -> Figure:
    return Figure(
        "Gradient ratio",
        "Grad. ratio",
        gradient_ratio(layers),
        "penalty to data",
        "Penalty-to-data gradient ratio ‖∇penalty‖ / ‖∇data‖ over all layers, averaged over the last epoch. At "
        f"{percent(1, 0)} both gradients are equally large; “Ratio” below the third chart shows single layers.",
    )


def gradient_ratio(layers: pd.DataFrame) -> str:
    """‖∇penalty‖ / ‖∇data‖ at the newest epoch: "34 %", "3.4 %", "12 ×"; "–" where not known."""
    _, shares = total_share(layers)
    share = float(shares[-1]) if len(shares) else math.nan
    if not math.isfinite(share):
        return "–"
    if share >= _TIMES:
        return f"{share:,.0f} ×"
    if 0 < share < 5e-4:
        return f"< {percent(0.001)}"
    return percent(share, 1 if 0 < share < 0.0995 else 0)


def zero_shares(layers: pd.DataFrame) -> tuple[float | None, float | None]:
    """(exactly zero, near zero) as shares of all weights at the newest epoch in ``layers``."""
    if layers.empty:
        return None, None
    now = layers[layers[columns.EPOCH] == layers[columns.EPOCH].max()]
    size = float(now[columns.SIZE].sum())
    near = float((now[columns.NEAR_ZERO_SHARE] * now[columns.SIZE]).sum())
    return float(now[columns.ZEROS].sum()) / size, near / size


def _facts(run: Run) -> Hashable:
    """What is shown at once: all but how far the training is."""
    state = run.state, run.wanted, run.error, run.deleted, run.queued
    return run.id, run.name, run.colour, *state, run.environment is not None, run.device, run.has_checkpoint


def _read(runs: Sequence[Run], version: Hashable, before: Results | None) -> Results:
    store, ids, short = services().store, [run.id for run in runs], text.labels(runs)
    epochs = epochs_on(store, runs, before.epochs if before else None)
    layers = store.layers(ids, latest=True)
    return Results(
        version,
        runs,
        epochs,
        layers,
        styles=style_runs(identity_of(run, short[run.id]) for run in runs),
        seconds={i: _rows(epochs, i, ids)[columns.SECONDS].tolist() for i in ids},
        figures={run.id: figures(run, _rows(layers, run.id, ids)) for run in runs},
    )


def _rows(frame: pd.DataFrame, run_id: str, ids: Sequence[str]) -> pd.DataFrame:
    """The run's rows of a frame of the runs ``ids``; all of them where it is alone, which is the usual live page."""
    return frame if len(ids) == 1 else frame[frame[columns.RUN] == run_id]


_READINGS: Readings[Results] = Readings(most=32)
