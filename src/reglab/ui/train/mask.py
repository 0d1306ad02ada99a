"""Penalised parameters: presets and an editable table on the form, and the same table, read-only, for a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from reglab import columns
from reglab.errors import RegLabError
from reglab.number_format import short
from reglab.penalties import PENALTIES
from reglab.penalties.mask import Row, mask
from reglab.penalties.presets import PRESETS, fitting, offered, recognise, with_factor, with_preset
from reglab.penalties.scope import Parameter
from reglab.spec import PenaltySpec, RunSpec
from reglab.store import Run
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_facts import initial_squares, squares_in_file, tensors_of
from reglab.ui.shared.spec_fields import factors_from, factors_text
from reglab.ui.shared.text import literal
from reglab.ui.shared.trouble import show
from reglab.ui.train.state import FORM

TENSOR, KIND, SHAPE, WEIGHTS, FACTOR = "Tensor", "Kind", "Shape", "Weights", "Factor"
PENALISED, SHARE, SHARE_ALL = "Penalised?", "Of penalised Σw²", "Of all Σw²"

ROWS_SHOWN = 12
"""A table of more tensors scrolls."""

_HEIGHT, _POPOVER = 430, 760  # pixels: of a table that scrolls, and the width of a run's table
_KIND_WIDTH, _FACTOR_WIDTH, _BARS = 92, 72, (116, 96)  # pixels of columns, the last of both shares
_EDGES, _LETTER, _NARROWEST = 20, 6.2, 54  # pixels of a cell's edges, of a letter, and of a number's column

_KINDS = {"conv": "conv weight", "dense": "dense weight", "bias": "bias"}

_HELP = (
    "Every parameter tensor of this CNN has its own λ: the form's, times its factor. Factor 0 exempts a tensor; a "
    "factor on a tensor outside the scope penalises that tensor, too."
)


def mask_card(spec: RunSpec | None) -> None:
    """The card on the form; edits change the form's scope and factors, and with them the query and the run."""
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):  # the table's own buttons need the right end
            st.markdown("**Penalised parameters**", help=_HELP, width="content")
            tensors = tensors_of(spec) if spec else None
            rows = _initial_rows(spec, tensors) if spec and tensors else None
            if spec and tensors and rows:
                _presets(spec, tensors)
        if spec is None or tensors is None:
            st.caption("The table appears once the form's values are valid.")
        elif rows is None:
            _forget_unfitting(spec, tensors)
        else:
            _editor(spec, tensors, rows)


def mask_button(run: Run) -> None:
    """A popover with the run's table, which is read only while it is open."""
    popover = st.popover("Penalised parameters", icon=":material/table_view:", key="run_mask", on_change="rerun")
    if popover.open:
        with popover, st.container(width=_POPOVER, gap="xsmall"):
            try:
                _run_table(run)
            except RegLabError as error:
                show(error)


def follow_model(before: RunSpec, now: RunSpec) -> None:
    """Keep the preset for another CNN, whose tensors have other names."""
    old, new = tensors_of(before), tensors_of(now)
    if old is None or new is None:
        return
    try:
        preset = recognise(old, before.penalty)
    except RegLabError:
        return
    if preset in offered(new):
        _take(with_preset(preset, new, now.penalty))


def take_edits(key: str, tensors: Sequence[Parameter]) -> None:
    """Put the edited factors into the form; an invalid one changes nothing and gets a sentence. An empty one is 1."""
    try:
        penalty = _penalty()
        for row, change in st.session_state[key]["edited_rows"].items():
            value = change.get(FACTOR)
            factor = float(value) if isinstance(value, int | float) else 1.0
            penalty = with_factor(tensors[int(row)].name, factor, tensors, penalty)
    except RegLabError as error:
        st.session_state["mask_problem"] = str(error)
    else:
        _take(penalty)


def table(rows: Sequence[Row]) -> pd.DataFrame:
    """One line for each tensor; shares are of Σw², from 0 to 1, and missing where they mean nothing."""
    return pd.DataFrame(
        {
            TENSOR: [row.parameter.name for row in rows],
            KIND: [_kind(row.parameter) for row in rows],
            SHAPE: [_shape(row) for row in rows],
            WEIGHTS: [row.parameter.count for row in rows],
            FACTOR: [row.factor for row in rows],
            PENALISED: [("yes: " if row.penalised else "no: ") + row.why for row in rows],
            **{symbol: [row.strengths.get(key, 0.0) for row in rows] for key, symbol in strengths(rows).items()},
            SHARE: pd.Series([row.share_penalised for row in rows], dtype="float64"),
            SHARE_ALL: pd.Series([row.share_all for row in rows], dtype="float64"),
        }
    )


def strengths(rows: Sequence[Row]) -> dict[str, str]:
    """Key → symbol of each λ that the table can show: those of L1 and L2 always, others where they are above 0."""
    found = {key for row in rows for key in row.strengths} | {"l1", "l2"}
    return {key: term.symbol for key, term in PENALTIES.entries.items() if key in found}


def columns_shown(penalty: PenaltySpec, rows: Sequence[Row], *, narrow: bool = False) -> list[str]:
    """The columns to show; ``narrow`` leaves out shapes and kinds.

    A λ of 0 has no column unless all are 0, nor has a share that is known of no tensor.
    """
    symbols = strengths(rows)
    unused = {symbol for key, symbol in symbols.items() if not penalty.strengths.get(key)}
    hidden = unused if len(unused) < len(symbols) else {symbols["l1"]}
    hidden |= {KIND, SHAPE} if narrow else set()
    hidden |= {SHARE_ALL} if all(row.share_all is None for row in rows) else set()
    every = (TENSOR, KIND, SHAPE, WEIGHTS, FACTOR, PENALISED, *symbols.values(), SHARE, SHARE_ALL)
    return [name for name in every if name not in hidden]


def in_short(rows: Sequence[Row], when: str) -> str:
    """For example "4 of 8 tensors are penalised: …"; ``when`` names the weights: "of the initial weights"."""
    penalised = [row for row in rows if row.penalised]
    weights, total = sum(row.parameter.count for row in penalised), sum(row.parameter.count for row in rows)
    text = f"{len(penalised)} of {len(rows)} tensors are penalised: {weights:,} of {total:,} parameters."
    known = [row.strengths.get("l2", 0.0) / 2 * row.squares for row in penalised if row.squares is not None]
    if len(known) < len(penalised) or not any(row.strengths.get("l2") for row in penalised):
        return text
    term = "(λ₂/2) Σw²" if all(row.factor == 1 for row in penalised) else "(λ₂/2) Σ factor·w²"
    return f"{text} L2 term {when}: {term} = {short(sum(known))}."


def _initial_rows(spec: RunSpec, tensors: Sequence[Parameter]) -> tuple[Row, ...] | None:
    try:
        return mask(tensors, spec.penalty, initial_squares(spec))
    except RegLabError:
        return None  # the sentence stands beside Start


def _presets(spec: RunSpec, tensors: Sequence[Parameter]) -> None:
    """Buttons for the usual choices; the one that the form stands for is lit."""
    FORM.put({"mask_preset": recognise(tensors, spec.penalty)})

    def take() -> None:
        preset = FORM.chosen("mask_preset")
        if preset is not None:
            _take(with_preset(preset, tensors, _penalty()))

    options: dict[str, Any] = {"format_func": lambda name: PRESETS[name].label, "label_visibility": "collapsed"}
    st.pills("Presets", offered(tensors), key="mask_preset", on_change=take, wrap=True, **options)


def _editor(spec: RunSpec, tensors: Sequence[Parameter], rows: Sequence[Row]) -> None:
    key = _editor_key([row.factor for row in rows])
    if problem := st.session_state.pop("mask_problem", None):
        show(problem)
    options = _table_options(spec.penalty, rows)
    options["disabled"] = [name for name in options["column_order"] if name != FACTOR]
    st.data_editor(key=key, on_change=take_edits, args=(key, tensors), **options)
    st.caption(in_short(rows, "of the initial weights"))


def _editor_key(factors: Sequence[float]) -> str:
    """The table's key. It changes when something other than the table's own edits has changed the factors.

    A new key makes a new table without those edits; the same key keeps scroll and focus.
    """
    version = st.session_state.setdefault("mask_version", 0)
    edits = st.session_state.get(f"mask_{version}", {}).get("edited_rows", {})
    known = {int(row): change[FACTOR] for row, change in edits.items() if FACTOR in change}
    if any(row >= len(factors) or factors[row] != value for row, value in known.items()):
        st.session_state["mask_version"] = version = version + 1
    return f"mask_{version}"


def _forget_unfitting(spec: RunSpec, tensors: Sequence[Parameter]) -> None:
    """Offers to remove factors that name no tensor of this CNN, or one outside the scope."""
    kept = fitting(tensors, spec.penalty)
    gone = literal(", ".join(name for name in spec.penalty.factors if name not in kept.factors))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"The form has factors that do not fit this CNN and scope: {gone}.", width="content")
        st.button("Remove them", key="forget_factors", on_click=_take, args=(kept,))


def _run_table(run: Run) -> None:
    """The table of a run with its present weights: the final ones, or those after the last epoch, weights alone."""
    tensors = tensors_of(run.spec)
    if tensors is None:
        st.caption("This version does not know the CNN of this run.")
        return
    if run.weights_path is not None:
        squares, when = squares_in_file(run.id, run.weights_path, run.weights_sha256), "of the final weights"
    else:
        layers = services().store.layers([run.id], latest=True)
        norms = zip(layers[columns.LAYER], layers[columns.L2_NORM], strict=True)
        squares = {str(name): float(norm) ** 2 for name, norm in norms}
        when = f"after epoch {run.epoch}" if run.epoch else "of the initial weights"
    rows = mask(tensors, run.spec.penalty, squares)
    st.caption(in_short(rows, when))
    st.dataframe(**_table_options(run.spec.penalty, rows, narrow=True))


def _table_options(penalty: PenaltySpec, rows: Sequence[Row], *, narrow: bool = False) -> dict[str, Any]:
    """What editor and read-only table share: data, columns with widths, formats and help, height, text alternative."""
    number, bar, text = st.column_config.NumberColumn, st.column_config.ProgressColumn, st.column_config.TextColumn
    share: Mapping[str, Any] = {"format": "percent", "min_value": 0, "max_value": 1}
    figure = partial(number, format="%.6g")
    factor = partial(figure, width=_FACTOR_WIDTH, min_value=0, max_value=1000, required=True)
    shown, symbols = table(rows), strengths(rows).values()
    widths = {symbol: max(_NARROWEST, _fit(f"{own:.6g}" for own in shown[symbol])) for symbol in symbols}
    return {
        "data": shown,
        "hide_index": True,
        "height": "content" if len(rows) <= ROWS_SHOWN else _HEIGHT,
        "column_order": columns_shown(penalty, rows, narrow=narrow),
        "alt": "Every tensor with its own λ and its share of Σw²",
        "column_config": {
            TENSOR: text(pinned=True, width=_fit(row.parameter.name for row in rows)),
            KIND: text(width=_KIND_WIDTH),
            SHAPE: text(width=_fit(map(_shape, rows))),
            WEIGHTS: number(format="localized", width=_fit([WEIGHTS, *(f"{count:,}" for count in shown[WEIGHTS])])),
            FACTOR: factor(help="λ of this tensor is the form's λ times this; 0 exempts it."),
            **{symbol: figure(help=f"{symbol} of the form × factor", width=width) for symbol, width in widths.items()},
            SHARE: bar(help="Share of Σw² over the penalised tensors", width=_BARS[0], **share),
            SHARE_ALL: bar(help="Share of Σw² over all tensors", width=_BARS[1], **share),
        },
    }


def _penalty() -> PenaltySpec:
    """Scope and factors as the form has them now."""
    return PenaltySpec(scope=st.session_state["scope"], factors=factors_from(st.session_state["factors"]))


def _take(penalty: PenaltySpec) -> None:
    FORM.put({"scope": penalty.scope, "factors": factors_text(penalty.factors)})


def _kind(parameter: Parameter) -> str:
    norm = "norm scale" if parameter.name.endswith("weight") else "norm shift"
    return _KINDS.get(parameter.kind, norm)


def _shape(row: Row) -> str:
    """For example "32 × 1 × 3 × 3"."""
    return " × ".join(map(str, row.parameter.shape))


def _fit(texts: Iterable[str]) -> int:
    """Pixels that fit the longest of ``texts``; the table itself measures its first lines only."""
    return round(_EDGES + _LETTER * max(map(len, texts)))
