"""An archive as an upload: its runs and sweeps are taken into the store, or one sentence says why not."""

from __future__ import annotations

import streamlit as st

from reglab.archive import Arrival, import_archive
from reglab.errors import RegLabError
from reglab.ui.shared.acting import barred
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

MOST_MB = 20
"""Of an uploaded archive: what the server takes, since uploads stay in memory. `reglab import` takes any."""

_SHOWN = 12
_KEY, _NUMBER, _DONE = "import_archive", "import_archive_number", "import_archive_done"


def import_panel() -> None:
    """An expander with the upload, and what became of the last archive."""
    done: list[Arrival] | str | None = st.session_state.get(_DONE)
    with st.expander("Import an archive", icon=":material/upload_file:", expanded=done is not None, key=f"{_KEY}_box"):
        if reason := barred("import"):
            st.info(literal(reason), icon=":material/lock:")
            return
        file = st.file_uploader(
            "Archive (.reglab.zip)",
            ["zip"],
            key=f"{_KEY}_{st.session_state.get(_NUMBER, 0)}",
            max_upload_size=MOST_MB,
            help="Runs and sweeps that Export, Archive wrote in another home. What is here already stays as it is. "
            "For larger archives: reglab import.",
        )
        if file is not None:
            st.session_state[_DONE] = _imported(file)
            st.session_state[_NUMBER] = st.session_state.get(_NUMBER, 0) + 1  # a new widget: the file leaves the memory
            st.rerun()
        if isinstance(done, str):
            st.error(literal(done), icon=":material/error:")
        elif done:
            _report(done)


def _imported(file: st.runtime.uploaded_file_manager.UploadedFile) -> list[Arrival] | str:
    try:
        return import_archive(services().store, file)
    except RegLabError as error:
        return str(error)


def _report(arrivals: list[Arrival]) -> None:
    new = sum(arrival.outcome in ("new", "renamed") for arrival in arrivals)
    st.success(f"{new:,} of {len(arrivals):,} imported.", icon=":material/check_circle:")
    lines = [f"- **{literal(arrival.name)}**: {literal(arrival.sentence)}" for arrival in arrivals[:_SHOWN]]
    more = [f"- {len(arrivals) - _SHOWN:,} more"] if len(arrivals) > _SHOWN else []
    st.markdown("\n".join([*lines, *more]))
