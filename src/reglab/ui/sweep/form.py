"""The form of a sweep: axes, repeats and penalty modes in one card, the settings that all runs share in the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import streamlit as st

from reglab.content.verdict_help import EPOCH_RULES
from reglab.datasets import DATASETS, status
from reglab.errors import RegLabError, SpecError
from reglab.jobs import check_sweep
from reglab.spec import RunSpec
from reglab.sweep import EpochRule, Kind, SweepSpec
from reglab.sweep_axes import numeric_settings
from reglab.sweep_values import values_text
from reglab.training import LaneSize
from reglab.ui.shared.chart_row import MEASURES
from reglab.ui.shared.class_maps import is_idle
from reglab.ui.shared.fields import field_problem, is_number, number_field, segments
from reglab.ui.shared.form_keys import STEPS_HELP
from reglab.ui.shared.services import services
from reglab.ui.shared.size_help import size_help
from reglab.ui.shared.spec_facts import data_facts, knobs_text, network_of
from reglab.ui.shared.spec_fields import (
    OTHER_REGULARIZERS,
    SETTINGS,
    TERMS,
    FieldError,
    draw,
    draw_below_heading,
    explain,
    has,
    title,
)
from reglab.ui.sweep.families import linked_name
from reglab.ui.sweep.presets import Preset
from reglab.ui.sweep.progress_text import size_text
from reglab.ui.sweep.query import (
    AUTOMATIC,
    BY,
    FIRST,
    FIRST_VALUES,
    FIXED,
    KIND,
    KINDS,
    LISTED,
    LISTS,
    MODES,
    NO_AXIS,
    OVER,
    RATIO,
    REPEATS,
    RULE,
    RUN_WIDGETS,
    SECOND,
    SECOND_VALUES,
    SYMBOLS,
    USUAL_VALUES,
    as_labels,
    axes_of,
    field_error,
    read_axis,
    read_list,
    to_sweep,
)
from reglab.ui.sweep.state import FORM, show_sweep

FORM_AREA = "sweep_form_area"
"""Key of what holds the form and its Start."""

LAMBDAS = tuple(RUN_WIDGETS[setting] for setting in ("penalty.l1", "penalty.l2", *TERMS))
"""Keys of the fields of a λ that every run has."""

NAME = "sweep_name"
"""Key of the field for the sweep's name."""

MODE_NAMES = ("coupled", "decoupled", "proximal")
OVER_NAMES = {"seed": "Seeds", "block": "Blocks", "fold": "Folds"}

KIND_HELP = (
    "The penalty whose λ varies.  \n"
    "**L2**: (λ₂/2)·Σw², shrinks weights in proportion.  \n"
    "**L1**: λ₁·Σ|w|, shrinks all weights by the same amount; in proximal mode to exactly 0.  \n"
    "**Elastic net**: both from one λ, λ₁ = ρλ and λ₂ = (1 − ρ)λ.  \n"
    "**L1 × L2**: every pair of two lists.  \n"
    "**Other**: no λ; another setting varies, such as dropout or the learning rate."
)
SETTING_HELP = "The setting that varies. Where its values span a factor of 10 or more, its axis is logarithmic."
SECOND_HELP = (
    "A second setting that varies: every λ is trained with each of its values, and a map shows both. Over λ and the "
    "learning rate, the map also has lines of equal lr·λ."
)
VALUES_HELP = (
    "Values and ranges between commas. A range FIRST:LAST:COUNT has COUNT values at equal ratios: 1e-4:1e-1:7 is "
    "0.0001 to 0.1 in 7 steps. Decimal commas need semicolons: 0,1; 0,3."
)
LIST_HELP = (
    "Values and ranges between commas, from 0 to 1000. Decimal commas need semicolons: 0,001; 0,01.  \n"
    "A range FIRST:LAST:COUNT has COUNT values at equal ratios: 1e-4:1e-1:8 is 0.0001 to 0.1 in 8 steps.  \n"
    "Include 0, with which every other λ is compared. 9 to 15 values show the curve."
)
MODES_HELP = (
    "How the penalty enters the step. Several modes make one curve each, from the same initial weights.  \n"
    "**coupled**: in the gradient (weight_decay of SGD and Adam).  \n"
    "**decoupled**: weights shrink beside the step (AdamW).  \n"
    "**proximal**: a data step, then the exact proximal map; L1 reaches exact zeros."
)
OVER_HELP = (
    "Repeats of every λ, for error bars.  \n"
    "**Seeds**: other initial weights, batches and split each time. Splits draw from the same images, so repeats "
    "overlap and intervals are wider for it (r > 0).  \n"
    "**Blocks**: as seeds, but the images are cut into disjoint stratified blocks, one for each repeat, with the "
    "validation share of the block. No repeat sees an image of another, so r = 0. It takes a large dataset.  \n"
    "**Folds**: cross-validation; every image is validated on once.  \n"
    "All λ of one repeat start from the same weights and see the same batches: only λ makes their differences."
)
RATIO_HELP = "ρ, from 0 to 1: the share of λ that goes to L1. 0 is all L2, 1 is all L1."
REPEATS_HELP = (
    "1 to 50 seeds, or 2 to 50 blocks or folds. Fewer than 3 give no interval. 6 are the fewest that can show that a λ "
    "beats λ = 0: with fewer, a verdict only suggests it."
)
RULE_HELP = (
    "At which epoch a run counts when λ is chosen and tested. It is declared here, before the outcome is known; the "
    "sweep's page shows the other two beside it, untested.  \n"
    + "  \n".join(f"**{rule}**: {text}." for rule, text in EPOCH_RULES.items())
    + "  \n**auto**: best with early stopping, else last."
)
BY_HELP = (
    "The validation figure by which λ is chosen and tested. It is declared here, before the outcome is known; the "
    "sweep's page shows the choice by the other one beside it.  \n"
    "**Loss** counts how sure the network is of every image; **accuracy** only whether the true class comes first."
)
FACTORS_HELP = "Multiplier of λ for single tensors, one “name: factor” a line; 0 exempts a tensor."

_AXES = {FIRST_VALUES: FIRST, SECOND_VALUES: SECOND}
_NAMES = {
    **{LISTS[name]: f"The list of {symbol}" for name, symbol in SYMBOLS.items()},
    **{RATIO: "The L1 ratio", MODES: "The penalty mode", REPEATS: "The number of repeats", SECOND: "The second axis"},
}

_CARD = (
    *("data.name", "data.train_size", "data.label_noise", "model.name", "optim.name", "optim.lr"),
    *("train.epochs", "train.batch_size", "penalty.l1", "penalty.l2", "penalty.factors"),
    *TERMS,
    *OTHER_REGULARIZERS,
)  # settings that are not under More, or not by themselves
_REPEATS_WIDTH = 132  # pixels
_WHOLE_LIST = 12  # λ that are written out below their field


def settle() -> None:
    """Choose other axes where the form's optimizer lacks their settings; before its values are judged."""
    for chosen, options in ((FIRST, _choices()), (SECOND, [NO_AXIS, *_choices()])):
        if st.session_state.get(chosen) not in options:
            st.session_state[chosen] = options[0]


def name_of(field: str) -> str:
    """How messages name a field, by the setting of its runs or by its key."""
    if field in _AXES:
        return f"The list of {title(st.session_state[_AXES[field]]).lower()}"
    return _NAMES.get(field) or title(field)


def sweep_form() -> None:
    """Draw all fields; their values live in session state."""
    with st.grid(2, min_column_width=270, gap="small"):
        with st.container(border=True, height="stretch", gap="xsmall"):
            _sweep_card()
        with st.container(border=True, height="stretch", gap="xsmall"):
            _shared_card()


def judge(values: Mapping[str, Any]) -> tuple[SweepSpec | None, LaneSize | None, FieldError | None]:
    """The sweep of the form's ``values``, if they make one; the memory of a run; why the sweep cannot be trained."""
    try:
        spec = to_sweep(values)
    except SpecError as error:
        return None, None, error if isinstance(error, FieldError) else FieldError(as_labels(str(error)), None)
    try:
        size = check_sweep(spec, services().settings)
        here = status(DATASETS.get(spec.run.data.name), services().settings.data)
    except RegLabError as error:
        return spec, None, field_error(error, values)
    return spec, size, FieldError(f"{here.sentence}.", None) if here.state == "missing" else None


def start_form() -> None:
    """Callback: queue the form's sweep and show it. A second press of the same form shows the same sweep."""
    state = FORM.state()
    spec, _, problem = judge(FORM.values())
    if spec is None or problem:
        return  # the page explains it
    _start([spec], [str(st.session_state.get(NAME) or "").strip() or None], state.key)


def start_preset(preset: Preset) -> None:
    """Callback: queue the preset's sweeps and show them. A second press shows the same sweeps."""
    specs = (preset.spec, *preset.beside)
    each = [f"{linked_name(spec)} · " * (len(specs) > 1) + size_text(spec) for spec in specs]
    names = [f"{preset.title} · {spec.run.data.name} · {own}" for spec, own in zip(specs, each, strict=True)]
    _start(specs, names, f"{FORM.state().key} {preset.name}")


def _start(specs: Sequence[SweepSpec], names: Sequence[str | None], key: str) -> None:
    submit, keys = services().runner.submit, [key, *(f"{key} {number}" for number in range(1, len(specs)))]
    try:
        first, *beside = [
            submit(spec, name=name, key=own).id for spec, name, own in zip(specs, names, keys, strict=True)
        ]
    except RegLabError as error:
        FORM.state().start_problem = as_labels(str(error))
    else:
        show_sweep(first, beside, specs[0].measure)


def _sweep_card() -> None:
    shared: dict[str, Any] = {"persist_state": "session"}
    named = {"label_visibility": "visible", **shared}
    st.markdown("**Sweep**")
    segments("Penalty", KINDS, KIND, help=KIND_HELP, **named)
    kind: Kind = st.session_state[KIND]
    for name in LISTED[kind]:
        _list(name)
    if kind == "elastic":
        explain(RATIO, explained=not is_number(number_field("L1 ratio ρ", RATIO, help=RATIO_HELP, **shared)))
    if kind == "setting":
        _axis("Swept setting", FIRST, FIRST_VALUES, SETTING_HELP)
    if kind != "grid":
        _axis("Second axis", SECOND, SECOND_VALUES, SECOND_HELP, optional=True)
    st.pills("Penalty mode", MODE_NAMES, selection_mode="multi", key=MODES, help=MODES_HELP, **shared)
    explain(MODES)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):  # one below the other if narrow
        segments("Repeat over", OVER_NAMES, OVER, help=OVER_HELP, **named)
        st.number_input("Repeats", value=None, step=1, key=REPEATS, help=REPEATS_HELP, width=_REPEATS_WIDTH, **shared)
    explain(REPEATS)
    _epoch_rule()
    segments("Choose λ by", MEASURES, BY, help=BY_HELP, **named)
    free = ["penalty.l2", "penalty.l1"] if kind == "setting" else [FIXED[kind]] if kind in FIXED else []
    fixed = [setting for setting in (*free, *TERMS) if setting not in _swept()]
    for place, setting in enumerate(fixed):
        if place % 2 == 0:
            pair = st.columns(2)
        with pair[place % 2]:
            draw(setting, key=RUN_WIDGETS[setting], help_more=f"The same in every run. {STEPS_HELP}")


def _epoch_rule() -> None:
    """The epoch rule that the sweep declares, and below it what the choice means."""
    names = {AUTOMATIC: "Auto", "last": "Last", "best": "Best", "common": "Common"}
    chosen: EpochRule | str = segments(
        "Epoch rule", names, RULE, help=RULE_HELP, label_visibility="visible", persist_state="session"
    )
    stops_early = bool(st.session_state.get(RUN_WIDGETS["train.patience"]))
    default = "best" if stops_early else "last"
    rule = default if chosen == AUTOMATIC else chosen
    why = f", because runs {'stop early' if stops_early else 'train to the end'}" if chosen == AUTOMATIC else ""
    st.caption(f"{rule.capitalize()}{why}: {EPOCH_RULES[cast(EpochRule, rule)]}.")


def _axis(label: str, chosen: str, listed: str, help_: str, *, optional: bool = False) -> None:
    """A choice of a setting and the field for its values; below it the values as read, or why they cannot be read."""
    left, right = st.columns(2, vertical_alignment="bottom")
    setting = left.selectbox(
        label,
        [NO_AXIS] * optional + _choices(),
        format_func=lambda key: "none" if key == NO_AXIS else title(key),
        key=chosen,
        help=help_,
        on_change=_suggest,
        args=(chosen, listed),
        persist_state="session",
    )
    explain(chosen)
    if setting == NO_AXIS:
        return
    right.text_input("Its values", key=listed, help=VALUES_HELP, live="300ms", persist_state="session")
    _read_back(listed, lambda: read_axis(FORM.values(), setting, listed, _run()))


def _suggest(chosen: str, listed: str) -> None:
    """Callback: an example of values for the setting that was just chosen."""
    setting = st.session_state[chosen]
    of_lambda = "0, 1e-4:1e-1:8" if setting.startswith("penalty.") else ""
    if setting != NO_AXIS:
        st.session_state[listed] = USUAL_VALUES.get(setting, of_lambda)


def _choices() -> list[str]:
    """The settings that an axis can have, but λ₁ and λ₂, which have lists of their own."""
    return [key for key in numeric_settings(_run()) if key not in ("penalty.l1", "penalty.l2")]


def _run() -> RunSpec:
    """A run with the form's optimizer, whose settings an axis can have."""
    return RunSpec().with_changes({"optim.name": st.session_state[RUN_WIDGETS["optim.name"]]})


def _swept() -> set[str]:
    """The settings that have an axis, and no field of their own."""
    try:
        return {key for key, _ in axes_of(FORM.values())}
    except SpecError:
        return set()


def _list(name: str) -> None:
    """The field for a list of λ; below it the values as read, or why they cannot be read."""
    st.text_input(
        f"Values of {SYMBOLS[name]}",
        key=LISTS[name],
        help=LIST_HELP,
        live="300ms",
        persist_state="session",
        placeholder="0, 1e-4:1e-1:8",
    )
    _read_back(LISTS[name], lambda: read_list(FORM.values(), name))


def _read_back(field: str, read: Callable[[], Sequence[float]]) -> None:
    """Below a list how many values it has, and which; or why they cannot be read, or not be trained."""
    try:
        values = read()
    except SpecError as error:
        field_problem(str(error))
        explain(field, explained=True)
        return
    explain(field)
    cut = len(values) > _WHOLE_LIST
    text = f"{values_text(values[:6])}, …, {values_text(values[-3:])}" if cut else values_text(values)
    st.caption(f"{len(values)} value{'s' if len(values) != 1 else ''}: {text}")


def _shared_card() -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Shared settings**", width="content")
        more = st.popover("More", type="tertiary", on_change="rerun", key="sweep_more")
    if more.open:
        optimizer = st.session_state[RUN_WIDGETS["optim.name"]]
        with more:
            for setting in SETTINGS:
                if setting in RUN_WIDGETS and setting not in _CARD and has(optimizer, setting):
                    _field(setting, idle=is_idle(setting, st.session_state[RUN_WIDGETS["data.noise_kind"]]))
            st.markdown("**Other regularizers**")
            for setting in OTHER_REGULARIZERS:
                _field(setting)
            factors = RUN_WIDGETS["penalty.factors"]
            placeholder = "conv1.weight: 0"
            st.text_area("Factors", key=factors, persist_state="session", placeholder=placeholder, help=FACTORS_HELP)
    draw("data.name", key=RUN_WIDGETS["data.name"])
    _pair("data.train_size", "data.label_noise")
    names = (RUN_WIDGETS["data.name"], RUN_WIDGETS["data.resize"])
    st.caption(data_facts(*(st.session_state[name] for name in names)))
    if text := _knobs():
        st.caption(text)
    draw("model.name", key=RUN_WIDGETS["model.name"])
    size_help(network_of(RUN_WIDGETS), _change, "sweep_size")
    _pair("optim.name", "optim.lr")
    _pair("train.epochs", "train.batch_size")


def _knobs() -> str:
    """What the settings behind "More" do to the data; empty while the form makes no sweep."""
    try:
        spec = to_sweep(FORM.values())
    except SpecError:
        return ""
    return knobs_text(spec.shared_data, spec.run.train)


def _change(values: Mapping[str, Any]) -> None:
    """Callback: give the fields of shared settings these values."""
    FORM.put({RUN_WIDGETS[setting]: value for setting, value in values.items()})


def _pair(*settings: str) -> None:
    for column, setting in zip(st.columns(2), settings, strict=True):
        with column:
            _field(setting)


def _field(setting: str, *, idle: bool = False) -> None:
    """The field of a shared setting; idle where an axis has its values."""
    swept = setting in _swept()
    draw_below_heading(
        setting, key=RUN_WIDGETS[setting], disabled=swept or idle, help_more="It has an axis." if swept else ""
    )
