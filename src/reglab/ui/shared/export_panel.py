"""The Export button: a run, or the form as it is, as a script to read, copy and download, or in any other format."""

from __future__ import annotations

import os
from dataclasses import dataclass

import streamlit as st

from reglab.errors import RegLabError
from reglab.exports import EXPORTS, Bundle, Export, Subject, deliver, download, export, show
from reglab.exports.mlflow import default_place
from reglab.predictions import Which
from reglab.spec import RunSpec
from reglab.store import Run
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_fields import segments
from reglab.ui.shared.text import literal

_HEIGHT = 380  # pixels of a script on screen; it scrolls
_LANGUAGES = {".py": "python", ".yaml": "yaml"}
_EPOCHS: dict[Which, str] = {"last": "Last epoch", "best": "Best epoch"}


@dataclass(frozen=True)
class Choices:
    """What a person has chosen of an export's options."""

    which: Which | None = None
    checkpoints: bool = False


def export_panel(source: Run | RunSpec, key: str) -> None:
    """A button that opens the exports of ``source``; nothing is made of them while it is closed."""
    about = "A PyTorch or Keras script that repeats it, a table, the settings, a model, or files for other tools."
    popover = st.popover("Export", icon=":material/code:", key=key, on_change="rerun", help=about)
    if popover.open:
        with popover:
            _content(source, key)


def _content(source: Run | RunSpec, key: str) -> None:
    labels = {
        name: entry.label for name, entry in EXPORTS.entries.items() if isinstance(source, Run) or not entry.needs_runs
    }
    entry = EXPORTS.get(segments("Format", labels, f"{key}_format", first=True, persist_state="session"))
    st.caption(entry.about)
    if entry.missing is not None:
        st.error(literal(entry.missing), icon=":material/extension_off:")
        return
    if isinstance(source, Run) and entry.needs_runs and not source.epoch:
        st.info("There is no epoch yet; there is nothing to export.", icon=":material/hourglass_empty:")
        return
    chosen = _choices(entry, source, key)
    try:
        shown = _shown(entry.name, _identity(source), source)
        if entry.check is not None and isinstance(source, Run):
            _check(entry.name, _identity(source), chosen.which, source)
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    if entry.make is None:
        _delivery(entry, source, key)
    else:
        _files(entry, source, shown, chosen, key)


def _choices(entry: Export, source: Run | RunSpec, key: str) -> Choices:
    which: Which | None = None
    if "weights" in entry.options and isinstance(source, Run):
        ends = source.spec.train.keep
        first = dict(sorted(_EPOCHS.items(), key=lambda item: item[0] != ends))
        which = "best" if segments("Weights", first, f"{key}_weights", first=True) == "best" else "last"
    about = "Also the files with which it goes on to more epochs; the archive is about three times as large."
    with_them = "checkpoints" in entry.options and st.toggle("With checkpoint", key=f"{key}_checkpoints", help=about)
    return Choices(which, bool(with_them))


def _identity(source: Run | RunSpec) -> str:
    return f"{source.id}/{source.state}/{source.name}" if isinstance(source, Run) else source.model_dump_json()


def _files(entry: Export, source: Run | RunSpec, shown: Bundle | None, chosen: Choices, key: str) -> None:
    """What is not exact, the download, and the text."""
    for sentence in shown.inexact if shown else ():
        st.warning(f"Not exact: {literal(sentence)}", icon=":material/info:")
    stem = f"reglab-{source.id if isinstance(source, Run) else 'spec'}-{entry.name}"
    to, options = services(), vars(chosen)
    label = "Download script, images and weights" if entry.is_script else f"Download {entry.label}"
    st.download_button(
        label,
        lambda: download(export(source, entry.name, settings=to.settings, store=to.store, **options), stem)[1],
        f"{stem}{'.zip' if entry.is_script else entry.suffix}",
        key=f"{key}_download",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
    )
    if shown is not None:
        st.code(shown.files[shown.main].decode(), _LANGUAGES[entry.suffix], height=_HEIGHT)


def _delivery(entry: Export, source: Run | RunSpec, key: str) -> None:
    """A button that has the server write to its own place, and what became of it."""
    to = services()
    place = default_place(to.settings.home, os.environ)
    if not st.button(f"Write to {entry.label}", key=f"{key}_deliver", icon=":material/send:", type="primary"):
        st.caption("The server writes to its own MLflow: MLFLOW_TRACKING_URI, or mlflow/ in its home.")
        return
    try:
        with st.spinner(f"Writing to {entry.label}…"):
            if "://" not in place:
                to.store.check_may_add()
            done = deliver(source, entry.name, place, settings=to.settings, store=to.store)
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    for sentence in done.remarks:
        st.success(literal(sentence), icon=":material/check_circle:")
    st.code(f"mlflow ui --backend-store-uri {done.places[0]}", "bash")


@st.cache_data(max_entries=64, show_spinner=False)
def _check(name: str, identity: str, which: Which | None, _source: Run) -> None:
    """Raise where the export could not be made; asked once for what it depends on."""
    to, check = services(), EXPORTS.get(name).check
    if check is not None:
        check(Subject(_source.spec, to.settings, _source, to.store, which))


@st.cache_data(max_entries=64, show_spinner=False)
def _shown(name: str, identity: str, _source: Run | RunSpec) -> Bundle | None:
    """The text of an export, for which a live view asks at every tick; ``identity`` is what it depends on."""
    to = services()
    return show(_source, name, settings=to.settings, store=to.store)
