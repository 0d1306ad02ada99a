"""Environment and log: what the run was trained with, what has happened to it, its settings, and its files."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import groupby

import streamlit as st

from reglab.content.environment_text import Row, environment_rows
from reglab.number_format import gib
from reglab.store import Run
from reglab.ui.shared.export_panel import export_panel
from reglab.ui.shared.services import services
from reglab.ui.shared.text import duration, local_time

FILES = {
    "weights": ("Weights, last epoch", "the weights after the last epoch"),
    "best": ("Weights, best epoch", "the weights of the lowest validation loss"),
    "initial": ("Initial weights", "the weights before training"),
}
"""Name of a file of weights → its label, and what it has."""

DONE: dict[str, str] = {
    "stop": "Stop pressed",
    "resume": "Resumed",
    "extend": "Extended",
    "delete": "Deleted",
    "restore": "Restored",
    "label": "Relabelled",
    "import": "Imported",
}
"""Action of the audit log → its name here; a start is the row "Created"."""


def environment_view(run: Run) -> None:
    """Draw the tables, the settings and the downloads."""
    left, right = st.columns([1, 1], gap="medium")
    with left:
        st.markdown("**Environment**")
        st.html(table_html(environment_rows(run), "The environment that the run was trained in"))
        st.markdown("**Log**", help="All that was done to the run or its sweep; of queueing, start and end the newest.")
        log = log_rows(run, st.context.timezone, services().store.history(run))
        st.html(table_html(log, "What has happened to the run"))
    with right:
        st.markdown("**Settings**")
        st.code(run.spec.to_yaml(), "yaml", height=420)
        st.markdown("**Downloads**")
        with st.container(horizontal=True, gap="small"):
            _downloads(run)
            export_panel(run, "inspect_export")


def log_rows(run: Run, zone: str | None, history: Sequence[tuple[datetime, str]] = ()) -> list[Row]:
    """Times in the order in which they came, ``history`` among them, then the last error and where the run belongs."""
    newest = (run.created, "Created"), (run.queued, "Queued"), (run.started, "Started"), (run.ended, "Ended")
    times = [(moment, name) for moment, name in newest if moment is not None]
    times += [(moment, DONE[action]) for moment, action in history if action in DONE]
    if run.deleted is not None and all(action != "delete" for _, action in history):
        times.append((run.deleted, "Deleted"))
    named = [(name, local_time(moment, zone)) for moment, name in sorted(times, key=lambda one: one[0])]
    rows = [row for row, _ in groupby(named)]  # a name, a tag and a note saved at once are one line
    rows.append(("State", run.label))
    rows.append(("Epochs", f"{run.epoch:,} of {run.epochs:,}, best {run.best_epoch or '–'}"))
    rows.append(("Time training", duration(run.seconds)))
    rows.append(("Checkpoint", "kept" if run.has_checkpoint else "none"))
    if run.error:
        rows.append(("Last message", run.error))
    if run.sweep:
        rows.append(("Sweep", f"{run.sweep}, run {(run.lane or 0) + 1}"))
    rows += [("Tags", ", ".join(run.tags))] if run.tags else []
    return [*rows, ("Note", run.note)] if run.note else rows


def table_html(rows: Sequence[Row], about: str) -> str:
    """A table without a head whose values can be selected and copied; ``about`` is for screen readers."""
    line = "border-top:1px solid color-mix(in srgb, currentColor 18%, transparent);padding:5px 10px 5px 0"
    head = f"{line};text-align:left;font-weight:500;white-space:nowrap"
    cells = (
        f'<tr><th scope="row" style="{head}">{html.escape(name)}</th>'
        f'<td style="{line};overflow-wrap:anywhere;width:100%">{html.escape(value)}</td></tr>'
        for name, value in rows
    )
    look = "border-collapse:collapse;width:100%;font-size:14px;line-height:1.35"
    return f'<table aria-label="{html.escape(about, quote=True)}" style="{look}">{"".join(cells)}</table>'


def _downloads(run: Run) -> None:
    """A button for each file of weights that is there."""
    files = services().store.files(run.id)
    there = [name for name in FILES if files.has(name)]
    for name in there:
        label, about = FILES[name]
        size = files.size_of(name)
        st.download_button(
            label,
            partial(_bytes, run.id, name),
            f"reglab-{run.id}-{name}.safetensors",
            mime="application/octet-stream",
            key=f"inspect_{name}_file",
            icon=":material/download:",
            on_click="ignore",
            help=f"Safetensors, {gib(size)}: {about}.",
        )
    if not there:
        st.caption("No weights are on the disk.")


def _bytes(run_id: str, name: str) -> bytes:
    files = services().store.files(run_id)
    return files.find(files.named(name)).read_bytes()
