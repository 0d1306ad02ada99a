"""What each regularizer is worth: linked sweeps of several regularizers as one chart, with every comparison in text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from reglab.analysis import strictest
from reglab.analysis.families import (
    Families,
    Linked,
    Pair,
    compare_families,
    family_of,
    keys_of,
    known_name,
    label_of,
    name_of,
    settings_of,
)
from reglab.analysis.paired import DECISIVE_REPEATS, LEVEL, PairedDifference
from reglab.charts.sweep_families import height_of, sweep_families_chart
from reglab.content.epoch_view import COLUMNS, EpochView
from reglab.content.verdict_lines import Line, difference_text, p_text
from reglab.errors import SpecError
from reglab.number_format import percent
from reglab.states import ACTIVE
from reglab.store import Sweep
from reglab.sweep import SweepSpec
from reglab.ui.shared.live_chart import live_chart
from reglab.ui.shared.memo import Memo, shared_figure
from reglab.ui.shared.text import count_of, literal, optimizer_label
from reglab.ui.sweep.data import Results, results_of
from reglab.ui.sweep.query import ViewState, sweep_query

HELP = (
    "Each regularizer is tried at several values, all with the same images, network, epochs and seeds, and with equal "
    "budgets. Its choice has the best mean at the declared epoch; it is compared with no regularizer, and with the "
    "choices of the others, seed by seed.  \n"
    "**Interval**: Nadeau and Bengio's corrected t at the level 1 − 0.05/m (Bonferroni), m the comparisons with none "
    "or the pairs: all m hold together in 95 % of cases. **p**: sign-flip max-T over all values that were tried, "
    "because each choice is the best of several, and over all pairs. The verdict on λ alone adjusts for the values of "
    "λ only: its interval is narrower, and its p can be smaller.  \n"
    "**Early stopping alone** is no further training: it is the runs without any regularizer, each at its lowest "
    "validation loss. Every choice, that epoch included, was made on the validation images.  \n"
    "**Equivalent**: the whole interval lies within ±0.5 points of accuracy; a loss has no such margin."
)
EQUIVALENT = (
    "Equivalent: the whole interval lies within ±0.5 points. The intervals are adjusted for the number of pairs, not "
    "for the values that each choice was picked from; the p is for both."
)
_NARROWEST = 400  # pixels of the chart; in a narrower window the comparisons are below it
_COMPARED: Memo[Families | None] = Memo(most=4 * 2**20, size=lambda found: 16_384)


def families(main: Results, view: EpochView, state: ViewState, others: Sequence[Sweep | str]) -> None:
    """Draw chart and comparisons of ``main`` and all ``others`` that can be compared with it; warn of the rest."""
    known = [main]
    for other in others:
        problem = other if isinstance(other, str) else _problem(main.sweep.spec, other.spec)
        if problem:
            name = "" if isinstance(other, str) else f"“{other.name}” cannot be compared: "
            st.warning(literal(name + problem), icon=":material/link_off:")
        elif not isinstance(other, str):
            known.append(results_of(other))
    try:
        rows = len(keys_of([one.sweep.spec for one in known]))
    except SpecError as error:
        st.warning(literal(f"Regularizers cannot be compared: {error}."), icon=":material/link_off:")
        return
    found = _compared(known, view, state)
    places = st.grid(2, min_column_width=_NARROWEST, gap="small")
    with places, st.container(border=True, height="stretch", gap=None):
        source = (tuple(one.version for one in known), state.epoch, view.measure)
        make = partial(_figure, found, view)
        live_chart(
            shared_figure(("families", source), make), key=f"sweep-families-{main.sweep.id}", height=height_of(rows)
        )
    with places, st.container(border=True, height="stretch", gap="xsmall", key="sweep_families"):
        st.markdown("**What is λ worth?**", help=HELP)
        lines = families_lines(found, training=any(one.sweep.state in ACTIVE for one in known))
        for help_, alike in groupby(lines, key=lambda line: line.help):
            st.markdown("\n\n".join(f":small[{line.text}]" for line in alike), help=help_ or None)
    st.caption(_links(known))


def _compared(known: Sequence[Results], view: EpochView, state: ViewState) -> Families | None:
    source = (tuple(one.version for one in known), state.epoch, view.measure)
    return _COMPARED.get(
        source,
        lambda: compare_families(
            [Linked(one.sweep.spec, one.runs, one.epochs) for one in known],
            overlap=max(one.overlap for one in known),
            measure=COLUMNS[view.measure],
            epoch=state.epoch,
            chance=strictest(one.chance for one in known if one.chance),
        ),
    )


def _figure(found: Families | None, view: EpochView) -> go.Figure:
    level = found.level if found else LEVEL
    return sweep_families_chart(found.frame() if found else pd.DataFrame(), measure=view.measure, level=level)


def _problem(first: SweepSpec, other: SweepSpec) -> str:
    """Why ``other`` cannot be compared with ``first``, in whatever order they are named; empty where it can."""
    try:
        for point in other.points:
            family_of(other, point, first)
    except SpecError as error:
        return f"{error}."
    return ""


def _links(known: Sequence[Results]) -> str:
    """The sweeps, each with a link to its own page and how far it has come."""
    return "Sweeps: " + ", ".join(_link(one.sweep) for one in known)


def _link(sweep: Sweep) -> str:
    [(key, value)] = sweep_query(sweep.id).items()
    done = "" if sweep.state == "finished" else f" ({sweep.label}, {sweep.share:.0%})"
    return f"[{linked_name(sweep.spec)}](?{key}={value}){done}"


def linked_name(spec: SweepSpec) -> str:
    """What tells a sweep from those beside it: "λ₂", "dropout", "augmentation shift", or of maps the optimizer."""
    if "optim.lr" in spec.over:
        return optimizer_label(spec.run.optim.name)
    swept = [known_name(axis.key) or axis.symbol for axis in spec.axes if any(axis.values)]
    return ", ".join(swept or [label_of(*one) for one in settings_of(spec.run).items()] or [spec.symbol])


def families_text(found: Families | None, *, training: bool = False) -> list[str]:
    """The texts of :func:`families_lines`."""
    return [line.text for line in families_lines(found, training=training)]


def families_lines(found: Families | None, *, training: bool = False) -> list[Line]:
    """The comparisons: of all with none, of λ with each other one, and of the others with each other."""
    if found is None:
        return [Line("The comparison appears when runs without any regularizer have figures.")]
    lines = [Line("**So far**; the sweeps are still training.")] if training else []
    against = f"{_together(len(found.families), 'comparison', found.level)} p is for {found.candidates} values."
    lines += [Line(_condition(found), HELP), *(Line(text, against) for text in _against_none(found))]
    if found.missing:
        why = "No figures yet" if training else "At chance or diverged at every value"
        lines.append(Line(f"{why}: {', '.join(map(name_of, found.missing))}."))
    if ends := [one.label for one in found.families if one.at_end]:
        lines.append(Line(f"The largest value tried is the best, and a larger one might be better: {', '.join(ends)}."))
    help_ = f"{_together(len(found.pairs), 'pair', found.pair_level)} {EQUIVALENT}"
    return [*lines, *(Line(text, help_) for text in _pairs(found))]


def _together(comparisons: int, what: str, level: float) -> str:
    """How the intervals of several comparisons are adjusted."""
    each = f", each at {percent(level, 2)} (Bonferroni)" if comparisons > 1 else ""
    return f"Intervals of {count_of(comparisons, what)} hold together in 95 % of cases{each}."


def _pairs(found: Families) -> list[str]:
    """λ with each other one, what is shown of the others, and how many pairs are not distinguishable."""
    of_lambda = [pair for pair in found.pairs if pair.first.key.startswith("penalty.")]
    rest = [pair for pair in found.pairs if pair not in of_lambda]
    told = [pair for pair in rest if pair.difference.conclusion != "not distinguishable"]
    lines = [pair_text(pair) for pair in (*of_lambda, *told)]
    if same := [pair for pair in rest if pair not in told]:
        repeats = max(pair.difference.repeats for pair in same)
        lines.append(f"{count_of(len(same), 'other pair')}: not distinguishable with {count_of(repeats, 'repeat')}.")
    return lines


def _condition(found: Families) -> str:
    measure = "loss" if not found.none.higher_is_better else "accuracy"
    return (
        f"Validation {measure}, {found.rule} epoch. Each p is adjusted: against none for "
        f"{count_of(found.candidates, 'value')}, between regularizers ({count_of(len(found.pairs), 'pair')} of "
        f"choices) for {count_of(found.compared, 'comparison')} of values."
    )


def _against_none(found: Families) -> list[str]:
    """One sentence for each conclusion on differences to none."""
    groups: dict[str, list[str]] = {}
    for one in found.families:
        p = one.difference.p_adjusted
        about = one.label if p is None else f"{one.label} (p {p_text(p)})"
        groups.setdefault(_verb(one.difference), []).append(about)
    return [f"**{verb}**: {', '.join(labels)}." for verb, labels in groups.items()]


def _verb(difference: PairedDifference) -> str:
    match difference.conclusion:
        case "equivalent":
            return "Equivalent to none within 0.5 points"
        case "not distinguishable":
            return f"Not distinguishable from none with {count_of(difference.repeats, 'repeat')}"
        case "better" | "worse" as which:
            return f"{which.capitalize()} than none"
        case "suggests better" | "suggests worse" as which:
            return (
                f"Suggests {which.split()[1]} than none ({difference.repeats} repeats; {DECISIVE_REPEATS} can show it)"
            )


def pair_text(pair: Pair) -> str:
    """For example "dropout 0.3 and λ₂ = 0.01: equivalent within 0.5 points", with the difference."""
    first, second, difference = pair.first.label, pair.second.label, pair.difference
    both, numbers = f"{first} and {second}", difference_text(difference)
    match difference.conclusion:
        case "equivalent":
            return f"**{both}: equivalent within 0.5 points** ({numbers})."
        case "not distinguishable":
            return f"{both}: not distinguishable with {count_of(difference.repeats, 'repeat')} ({numbers})."
        case "better" | "worse" as which:
            return f"**{first} is {which} than {second}** ({numbers})."
        case "suggests better" | "suggests worse" as which:
            few = f"{count_of(difference.repeats, 'repeat')} only suggest it"
            return f"{first} may be {which.split()[1]} than {second} ({numbers}); {few}."
