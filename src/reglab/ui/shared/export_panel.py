"""The Export button: a run, or the form as it is, as a script to read, copy and download, as a table, or as a spec."""

from __future__ import annotations

import streamlit as st

from reglab.errors import RegLabError
from reglab.exports import EXPORTS, Bundle, Export, download, export, show
from reglab.spec import RunSpec
from reglab.store import Run
from reglab.ui.shared.services import services
from reglab.ui.shared.spec_fields import segments
from reglab.ui.shared.text import literal

_HEIGHT = 380  # pixels of a script on screen; it scrolls
_LANGUAGES = {".py": "python", ".yaml": "yaml"}


def export_panel(source: Run | RunSpec, key: str) -> None:
    """A button that opens the exports of ``source``; nothing is made of them while it is closed."""
    about = "A PyTorch or Keras script that repeats it, a table, or the settings."
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
    if isinstance(source, Run) and entry.needs_runs and not source.epoch:
        st.info("There is no epoch yet; the table will have a row for each.", icon=":material/hourglass_empty:")
        return
    try:
        identity = f"{source.id}/{source.state}/{source.name}" if isinstance(source, Run) else source.model_dump_json()
        shown = _shown(entry.name, identity, source)
    except RegLabError as error:
        st.error(literal(str(error)), icon=":material/error:")
        return
    _script(entry, source, shown, key)


def _script(entry: Export, source: Run | RunSpec, shown: Bundle | None, key: str) -> None:
    """What is not exact, the download, and the text."""
    for sentence in shown.inexact if shown else ():
        st.warning(f"Not exact: {literal(sentence)}", icon=":material/info:")
    name = f"reglab-{source.id if isinstance(source, Run) else 'spec'}-{entry.name}"
    to = services()
    label = "Download script, images and weights" if entry.is_script else f"Download {entry.label}"
    st.download_button(
        label,
        lambda: download(export(source, entry.name, settings=to.settings, store=to.store), name)[1],
        f"{name}{'.zip' if entry.is_script else entry.suffix}",
        key=f"{key}_download",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
    )
    if shown is not None:
        st.code(shown.files[shown.main].decode(), _LANGUAGES[entry.suffix], height=_HEIGHT)


@st.cache_data(max_entries=64, show_spinner=False)
def _shown(name: str, identity: str, _source: Run | RunSpec) -> Bundle | None:
    """The text of an export, for which a live view asks at every tick; ``identity`` is what it depends on."""
    to = services()
    return show(_source, name, settings=to.settings, store=to.store)
