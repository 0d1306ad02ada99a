"""The buttons of the Runs page: always the same ones in the same places, enabled where they make sense."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.store import Run
from reglab.ui.runs import actions as act
from reglab.ui.runs.run_csv import runs_csv
from reglab.ui.runs.run_edit import delete_panel, edit_panel
from reglab.ui.shared.query import MAX_RUNS
from reglab.ui.shared.tables import ACTIVE, undo_notice
from reglab.ui.shared.text import named


def run_bar(ticked: Sequence[Run], tags: Sequence[str], problem: str | None) -> None:
    """What can be done with the ``ticked`` runs; ``tags`` are all in use, ``problem`` what Edit stumbled over."""
    ids = [run.id for run in ticked]
    stoppable = [run.id for run in ticked if run.state in ACTIVE]
    resumable = list({run.sweep or run.id: run.id for run in ticked if run.resumable}.values())  # a sweep goes on whole
    with st.container(horizontal=True, gap="small", width="content"):
        st.button(
            "Open", key="open_runs", icon=":material/open_in_full:", disabled=not 1 <= len(ids) <= MAX_RUNS,
            on_click=act.open_runs, args=(ids,), help=f"The live view of up to {MAX_RUNS} runs.",
        )  # fmt: skip
        edit_panel(ticked, tags, problem)
        st.button(
            "Stop", key="stop_runs", icon=":material/stop:", disabled=not stoppable, on_click=act.stop,
            args=(stoppable,), help="Stops with a checkpoint; a waiting run is cancelled.",
        )  # fmt: skip
        st.button(
            "Resume", key="resume_runs", icon=":material/play_arrow:", disabled=not resumable, on_click=act.resume,
            args=(resumable,), help="Goes on from the last checkpoint.",
        )  # fmt: skip
        st.button(
            "Duplicate", key="duplicate_run", icon=":material/content_copy:", disabled=len(ids) != 1,
            on_click=act.duplicate, args=tuple(ticked[:1]), help="Opens the form with the settings of this run.",
        )  # fmt: skip
        st.download_button(
            "CSV", lambda: runs_csv(ticked), "runs.csv", "text/csv", key="runs_csv", icon=":material/download:",
            disabled=not ticked, on_click="ignore", help="Settings and results of the ticked runs.",
        )  # fmt: skip
        delete_panel(ticked)


def undo_bar(deleted: Sequence[tuple[str, str]]) -> None:
    """Which runs were deleted, and the way back."""
    bar = st.container(
        border=True, horizontal=True, wrap=False, vertical_alignment="center", gap="small", key="undo_bar"
    )
    with bar:
        names = named([name for _, name in deleted], most=3)
        notice = undo_notice()
        st.markdown(f":material/delete: Deleted {names}. :small[{notice}]", width="stretch")
        st.button("Undo", key="undo_delete", icon=":material/undo:", on_click=act.undo)
        st.button("Dismiss", key="dismiss_undo", type="tertiary", on_click=act.dismiss)
