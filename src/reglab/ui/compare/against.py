"""The view Against λ: sweep against sweep, and groups of runs that differ in λ alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from reglab import columns
from reglab.analysis.lambda_series import LambdaSeries, lambda_series, lanes_of_runs
from reglab.analysis.run_differences import differing
from reglab.charts import RunIdentity, RunStyle, style_runs
from reglab.charts.compare_lambda import compare_lambda_chart
from reglab.charts.lambda_axis import lambda_text
from reglab.columns import Measure
from reglab.content.verdict_lines import difference_text
from reglab.number_format import NONE, exact, fixed, percent
from reglab.spec import penalty_symbol
from reglab.store import Run, Sweep
from reglab.sweep import EpochRule, SweepSpec
from reglab.ui.compare.data import Selection, epochs_of
from reglab.ui.compare.differences import setting_text
from reglab.ui.compare.names import setting_part
from reglab.ui.compare.query import SEEDS
from reglab.ui.compare.state import switch
from reglab.ui.shared.chart_row import MEASURES
from reglab.ui.shared.legend import legend_html
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import Drawn, Memo, shared_figure
from reglab.ui.shared.text import dataset_label, literal, model_label, named
from reglab.ui.sweep.data import Results, results_of

HEIGHT = 440
HELP = (
    "Each sweep at its declared epoch rule, mean ± one standard error over its repeats; the ring is the λ of the best "
    "mean.  \n"
    "**Against the first**: the figure at the best λ less that at the first sweep's, repeat by repeat, with Nadeau "
    "and Bengio's corrected interval; only where both have the same images, seeds and repeats. Either λ was chosen on "
    "these images, which the interval does not allow for: Confirm on the sweep's page does."
)
_SEEDS = {"data": ("seed", "fold", "block"), "train": ("seed",), "penalty": ("l1", "l2")}


@dataclass(frozen=True, eq=False)
class Compared:
    """A curve over ``symbol`` with the words of its legend; ``results`` where it is a sweep's, else its ``runs``."""

    series: LambdaSeries
    label: str
    symbol: str
    results: Results | None = None
    runs: tuple[Run, ...] = ()


def against_view(selection: Selection) -> None:
    """The measure, the curves, and a table of the best λ of each."""
    measure: Measure = switch("measure", "Measure", MEASURES)
    known = compared(selection, measure)
    for sentence in left_out(selection, known):
        st.caption(sentence)
    if not known:
        text = "Nothing to draw against λ: choose a sweep over λ, or runs that differ in λ and in seeds only."
        st.info(text, icon=":material/show_chart:")
        return
    figure, styles = compared_chart(selection, known, measure)
    st.html(legend_html(styles.values()))
    live_chart(figure, key="compare-lambda", height=HEIGHT)
    st.dataframe(readable(known, measure), hide_index=True, alt="The best λ of each curve")
    st.caption("Each at its own best λ.", help=HELP)


def compared(selection: Selection, measure: Measure) -> list[Compared]:
    """A curve for each sweep over λ, and for the runs outside sweeps that differ in one λ and in seeds alone.

    Only those with a finite figure.
    """
    found = [*_sweep_series(selection, measure), *_run_series(selection, measure)]
    return [one for one in found if np.isfinite(one.series.table[columns.VALUE]).any()]


def compared_chart(
    selection: Selection, known: Sequence[Compared], measure: Measure
) -> tuple[Drawn, dict[str, RunStyle]]:
    """The curves in one chart, and their looks by name."""
    styles = style_runs(RunIdentity(one.series.name, one.label) for one in known)
    table = pd.concat([one.series.table for one in known], ignore_index=True)
    symbols = {one.symbol for one in known}
    symbol = symbols.pop() if len(symbols) == 1 else "λ"
    sweeps = tuple(sweep.id for sweep in selection.sweeps)
    key = ("compare lambda", selection.version, measure, tuple(styles.items()), sweeps)
    return shared_figure(key, lambda: compare_lambda_chart(table, styles, measure=measure, symbol=symbol)), styles


def left_out(selection: Selection, known: Sequence[Compared]) -> Iterator[str]:
    """Why a sweep or a run is not drawn, as Markdown."""
    drawn = {one.results.sweep.id for one in known if one.results}
    for sweep in selection.sweeps:
        if sweep.id not in drawn:
            why = why_not(sweep.spec) or "none of its runs has a finite figure yet"
            yield f"“{literal(sweep.name)}” is not drawn: {why}."
    sweeps, in_curves = {sweep.id for sweep in selection.sweeps}, {run.id for one in known for run in one.runs}
    rest = [run for run in selection.begun if run.sweep not in sweeps and run.id not in in_curves]
    if loose := [run.name for run in rest if run.sweep is None]:
        yield f"Not drawn, for want of a run that differs in one λ and in seeds alone: {named(loose, most=3)}."
    if lanes := [run.name for run in rest if run.sweep is not None]:
        yield f"Not drawn without the other runs of its sweep: {named(lanes, most=3)}. Choose the whole sweep."


def why_not(spec: SweepSpec) -> str:
    """Why a sweep has no curve over λ; empty where it has."""
    if spec.is_map:
        return f"it has two axes, {' and '.join(axis.symbol for axis in spec.axes)}"
    return "" if spec.axes[0].setting.is_lambda else f"it sweeps {spec.symbol}, not λ"


def _sweep_series(selection: Selection, measure: Measure) -> Iterator[Compared]:
    """A curve for each penalty mode of each sweep over λ."""
    drawn = [sweep for sweep in selection.sweeps if not why_not(sweep.spec)]
    names = sweep_names(drawn)
    for sweep in drawn:
        results = results_of(sweep)
        for mode in sweep.spec.applies:
            name = f"{sweep.id}-{mode}"
            label = f"{names[sweep.id]}, {mode}" if len(sweep.spec.applies) > 1 else names[sweep.id]
            yield Compared(_of_sweep(results, mode, name, measure), label, sweep.spec.symbol, results)


def sweep_names(sweeps: Sequence[Sweep]) -> dict[str, str]:
    """Sweep id → its number and name, with what tells its runs from those of sweeps of the same name, or its id."""
    found: dict[str, str] = {}
    for sweep in sweeps:
        same = [other for other in sweeps if other.name == sweep.name]
        keys = differing([other.spec.run.flat() for other in same])[:3]
        own = ", ".join(setting_text(key, sweep.spec.run.flat().get(key)) for key in keys)
        name = sweep.name if len(same) == 1 else f"{sweep.name} · {own or sweep.id}"
        found[sweep.id] = f"{len(found) + 1}: {name}" if len(sweeps) > 1 else name
    return found


def _of_sweep(results: Results, mode: str, name: str, measure: Measure) -> LambdaSeries:
    lanes = results.runs[results.runs[columns.APPLY] == mode]

    def make() -> LambdaSeries:
        return lambda_series(
            name,
            lanes,
            results.epochs,
            measure=columns.MEASURES[measure],
            rule=results.sweep.spec.epoch_rule,
            overlap=results.overlap,
            chance=results.chance,
        )

    return _SERIES.get((results.version, mode, measure), make)


_SERIES: Memo[LambdaSeries] = Memo(most=1_000, size=lambda series: 1)


@dataclass(frozen=True)
class _Line:
    """Runs that differ in ``term`` and in seeds alone; ``runs`` are in the order of the link."""

    term: str
    runs: tuple[Run, ...]

    @property
    def symbol(self) -> str:
        return SYMBOLS[self.term]

    @property
    def lanes(self) -> pd.DataFrame:
        facts = [
            (run.id, getattr(run, self.term), run.l1, run.l2, run.spec.penalty.apply, run.state) for run in self.runs
        ]
        return lanes_of_runs(facts)

    @property
    def label(self) -> str:
        """For example "4 runs over λ₂: Digits (8×8), Small CNN", with the λ of the other norm where it is above 0."""
        data, cnn = (label(getattr(self.runs[0], what)) for what, label in _LABELS.items())
        other = next(term for term in SYMBOLS if term != self.term)
        fixed_at: float = getattr(self.runs[0], other)
        also = f", {SYMBOLS[other]} {exact(fixed_at)}" if fixed_at else ""
        return f"{len(self.runs)} runs over {self.symbol}: {data}, {cnn}{also}"


SYMBOLS = {term: penalty_symbol(term) for term in ("l1", "l2")}
_LABELS = {"dataset": dataset_label, "model": model_label}


def _run_series(selection: Selection, measure: Measure) -> Iterator[Compared]:
    """A curve for each line of runs outside sweeps."""
    lines, epochs = list(_lines(selection)), epochs_of(selection)
    for line, label in zip(lines, line_names(lines), strict=True):
        first = line.runs[0]
        rule: EpochRule = "best" if first.spec.train.patience else "last"
        name = f"runs-{line.term}-{first.id}"
        series = lambda_series(name, line.lanes, epochs.rows, measure=columns.MEASURES[measure], rule=rule)
        yield Compared(series, label, line.symbol, runs=line.runs)


def _lines(selection: Selection) -> Iterator[_Line]:
    """The runs outside sweeps with two values or more of one λ, the other λ and all else equal.

    A run without a penalty is the λ = 0 of L1 and of L2. Runs of both together are no curve: equal λ of two norms are
    different penalties.
    """
    groups: dict[tuple[str, float, str], list[Run]] = {}
    for term, other in (("l2", "l1"), ("l1", "l2")):
        for run in selection.begun:
            if run.sweep is None:
                groups.setdefault((term, getattr(run, other), _but_lambda(run)), []).append(run)
    for (term, _, _), own in groups.items():
        if len({getattr(run, term) for run in own}) > 1:
            yield _Line(term, tuple(own))


def line_names(lines: Sequence[_Line]) -> list[str]:
    """The labels of the lines; equal ones with up to three of the settings in which these lines differ."""
    found = []
    for line in lines:
        same = [other.runs[0].spec.flat() for other in lines if other.label == line.label]
        keys = [key for key in differing(same) if key not in (*SEEDS, "penalty.l1", "penalty.l2")][:3]
        own = [setting_part(key, line.runs[0].spec.flat().get(key)) for key in keys]
        found.append(" · ".join([line.label, *own]))
    return found


def _but_lambda(run: Run) -> str:
    values = run.spec.model_dump()
    for part, names in _SEEDS.items():
        values[part] = {name: value for name, value in values[part].items() if name not in names}
    return repr(values)


def readable(known: list[Compared], measure: Measure) -> pd.DataFrame:
    """A row a curve: its best λ, the figure there with its standard error, repeats, epoch rule, and the difference."""
    return pd.DataFrame([_row(one, known[0], measure) for one in known])


def _row(one: Compared, first: Compared, measure: Measure) -> Mapping[str, str]:
    table, accuracy = one.series.table, measure == "accuracy"
    best = table[table[columns.BEST]]
    value = error = NONE
    if len(best):
        mean, high, n = (float(best[name].iloc[0]) for name in (columns.VALUE, columns.HIGH, columns.N))
        value = percent(mean) if accuracy else fixed(mean, 3)
        error = (percent(high - mean) if accuracy else fixed(high - mean, 3)) if n > 1 else NONE
    return {
        "Curve": one.label,
        "Best λ": NONE if one.series.best is None else lambda_text(one.series.best),
        f"Validation {measure}": value,
        "± SE": error,
        "Repeats": str(int(best[columns.N].iloc[0])) if len(best) else NONE,
        "Epoch rule": one.series.rule,
        "Against the first": _against(one, first),
    }


def _against(one: Compared, first: Compared) -> str:
    if one is first:
        return "baseline"
    if one.results is None or first.results is None:
        return "between sweeps only"
    if not paired(one.results.sweep, first.results.sweep):
        return "other images or seeds"
    found = one.series.less(first.series, max(one.results.overlap, first.results.overlap))
    return NONE if found is None else difference_text(found)


def paired(one: Sweep, other: Sweep) -> bool:
    """Whether repeat r of both has the same images in the same split, and the same seed."""
    first, second = one.spec, other.spec
    return (
        first.run.data == second.run.data
        and first.run.train.seed == second.run.train.seed
        and (first.repeats, first.repeated_over) == (second.repeats, second.repeated_over)
    )
