"""The Export button: a run, or the form as it is, as a script to read, copy and download, or in any other format."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from reglab.errors import RegLabError
from reglab.exports import EXPORTS, Bundle, Export, Subject, deliver, download, export, show
from reglab.exports.mlflow import default_place
from reglab.predictions import Which
from reglab.spec import RunSpec
from reglab.store import Run
from reglab.ui.shared.acting import act_button
from reglab.ui.shared.fields import segments
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

_HEIGHT = 380  # pixels of a script on screen; it scrolls
_LANGUAGES = {".py": "python", ".yaml": "yaml"}
_EPOCHS: dict[Which, str] = {"last": "Last epoch", "best": "Best epoch"}


@dataclass(frozen=True)
class Choices:
    """What a person has chosen of an export's options."""

    which: Which | None = None
    checkpoints: bool = False


Source = Run | RunSpec | Sequence[Run]
"""A run, a spec as the form has it, or the runs of a sweep, which share files."""


def export_panel(source: Source | Callable[[], Sequence[Run]], key: str) -> None:
    """A button that opens the exports of ``source``; nothing is read or made while it is closed."""
    about = "A PyTorch or Keras script that repeats it, a table, the settings, a model, or files for other tools."
    popover = st.popover("Export", icon=":material/code:", key=key, on_change="rerun", help=about)
    if popover.open:
        with popover:
            _content(source() if callable(source) else source, key)


def _content(source: Source, key: str) -> None:
    labels = {entry.name: entry.label for entry in EXPORTS.entries.values() if _fits(entry, source)}
    entry = EXPORTS.get(segments("Format", labels, f"{key}_format", first=True, persist_state="session"))
    st.caption(entry.about)
    if entry.missing is not None:
        st.error(literal(entry.missing), icon=":material/extension_off:")
        return
    if entry.needs_runs and not any(run.epoch for run in _runs(source)):
        st.info("There is no epoch yet; there is nothing to export.", icon=":material/hourglass_empty:")
        return
    chosen = _choices(entry, source, key)
    try:
        shown = None if isinstance(source, Sequence) else _shown(entry.name, _identity(source), source)
        _check(entry.name, _identity(source), chosen.which, _runs(source))
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    if entry.make is None:
        _delivery(entry, source, key)
    else:
        _files(entry, source, shown, chosen, key)


def _fits(entry: Export, source: Source) -> bool:
    """A spec has nothing of a run; several runs have what they share files in."""
    if isinstance(source, Sequence):
        return entry.together
    return isinstance(source, Run) or not entry.needs_runs


def _runs(source: Source) -> tuple[Run, ...]:
    if isinstance(source, RunSpec):
        return ()
    return (source,) if isinstance(source, Run) else tuple(source)


def _choices(entry: Export, source: Source, key: str) -> Choices:
    which: Which | None = None
    if "weights" in entry.options and isinstance(source, Run):
        ends = source.spec.train.keep
        first = dict(sorted(_EPOCHS.items(), key=lambda item: item[0] != ends))
        which = "best" if segments("Weights", first, f"{key}_weights", first=True) == "best" else "last"
    about = "Also the files with which training goes on to more epochs; the archive is up to three times as large."
    with_them = "checkpoints" in entry.options and st.toggle("With checkpoints", key=f"{key}_checkpoints", help=about)
    return Choices(which, bool(with_them))


def _identity(source: Source) -> str:
    if isinstance(source, RunSpec):
        return source.model_dump_json()
    return " ".join(f"{run.id}/{run.state}/{run.name}" for run in _runs(source))


def _stem(entry: Export, source: Source) -> str:
    """For example "reglab-k3v9w2x1ab-pytorch"; of several runs their sweep's id."""
    runs = _runs(source)
    one = "spec" if not runs else runs[0].id if len(runs) == 1 else runs[0].sweep or "runs"
    return f"reglab-{one}-{entry.name}"


def _files(entry: Export, source: Source, shown: Bundle | None, chosen: Choices, key: str) -> None:
    """What is not exact, the download, and the text."""
    for sentence in shown.inexact if shown else ():
        st.warning(f"Not exact: {literal(sentence)}", icon=":material/info:")
    stem, to, options = _stem(entry, source), services(), vars(chosen)
    zipped = entry.is_script or (entry.file_a_run and len(_runs(source)) > 1)
    label = "Download script, images and weights" if entry.is_script else f"Download {entry.label}"
    st.download_button(
        label,
        lambda: download(export(source, entry.name, settings=to.settings, store=to.store, **options), stem)[1],
        f"{stem}{'.zip' if zipped else entry.suffix}",
        key=f"{key}_download",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
    )
    if shown is not None:
        st.code(shown.files[shown.main].decode(), _LANGUAGES[entry.suffix], height=_HEIGHT)


def _delivery(entry: Export, source: Source, key: str) -> None:
    """A button that has the server write to its own place, and what became of it."""
    to = services()
    place = default_place(to.settings.home, os.environ)
    label, key = f"Write to {entry.label}", f"{key}_deliver"
    if not act_button(label, "import", key=key, icon=":material/send:", type="primary"):
        st.caption("The server writes to its own MLflow: MLFLOW_TRACKING_URI, or mlflow/ in its home.")
        return
    try:
        with st.spinner(f"Writing to {entry.label}…"):
            to.store.check_may_add()
            done = deliver(source, entry.name, place, settings=to.settings, store=to.store)
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    for sentence in done.remarks:
        st.success(literal(sentence), icon=":material/check_circle:")
    st.code(f"mlflow ui --backend-store-uri {done.places[0]}", "bash")


@st.cache_data(max_entries=64, show_spinner=False)
def _check(name: str, identity: str, which: Which | None, _runs: Sequence[Run]) -> None:
    """Raise where the export could not be made; asked once for what it depends on."""
    to, check = services(), EXPORTS.get(name).check
    if check is not None:
        for run in _runs:
            check(Subject(run.spec, to.settings, run, to.store, which))


@st.cache_data(max_entries=64, show_spinner=False)
def _shown(name: str, identity: str, _source: Run | RunSpec) -> Bundle | None:
    """The text of an export, for which a live view asks at every tick; ``identity`` is what it depends on."""
    to = services()
    return show(_source, name, settings=to.settings, store=to.store)
