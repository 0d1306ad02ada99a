"""The two panels of the Runs page's bar: names, tags and notes; and the question before deleting."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import streamlit as st

from reglab.store import Run
from reglab.store.labels import NAME_LENGTH, NOTE_LENGTH
from reglab.ui.runs import actions as act
from reglab.ui.shared.tables import undo_notice
from reglab.ui.shared.text import count_of, literal, local_time, named

PANEL_WIDTH = 340


def edit_panel(ticked: Sequence[Run], tags: Sequence[str], problem: str | None) -> None:
    """One ticked run: its name, tags and note. Several: tags to add and to remove. ``tags``: all in use."""
    panel = st.popover(
        "Edit", icon=":material/edit:", key=act.EDIT, on_change="rerun", disabled=not ticked, help="Name, tags, note."
    )
    if not panel.open or not ticked:
        return
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        if problem:
            st.error(literal(problem), icon=":material/error:")
        if len(ticked) == 1:
            st.caption(f"Run {ticked[0].id}, created {local_time(ticked[0].created, st.context.timezone)}")
            _labels(ticked[0], tags)
        else:
            _tags(ticked, tags)


def delete_panel(ticked: Sequence[Run]) -> None:
    """Asks before deleting the ticked runs."""
    panel = st.popover("Delete", icon=":material/delete:", key=act.DELETE, on_change="rerun", disabled=not ticked)
    if not panel.open or not ticked:
        return
    with panel, st.container(width=PANEL_WIDTH, gap="small"):
        st.markdown(f"Delete {named([run.name for run in ticked])}?")
        undo = "Undo brings them back until you delete others" if len(ticked) > 1 else "Undo brings it back"
        st.caption(f"{undo}. {undo_notice()}")
        st.button(
            f"Delete {count_of(len(ticked), 'run')}", key="confirm_delete", type="primary", width="stretch",
            on_click=act.delete, args=(ticked,),
        )  # fmt: skip


def _labels(run: Run, tags: Sequence[str]) -> None:
    # The keys change with what is stored, so that the fields show it; half-typed text stays while it does not change.
    version = zlib.crc32(repr((run.name, run.tags, run.note)).encode())
    keys = (f"name_{run.id}_{version}", f"tags_{run.id}_{version}", f"note_{run.id}_{version}")
    known = list(dict.fromkeys([*tags, *run.tags]))
    with st.form(f"edit_{run.id}", border=False):
        st.text_input("Name", value=run.name, key=keys[0], max_chars=NAME_LENGTH)
        st.multiselect(
            "Tags", known, default=run.tags, key=keys[1], accept_new_options=True, placeholder="Choose or type"
        )
        st.text_area("Note", value=run.note, key=keys[2], max_chars=NOTE_LENGTH, height=100)
        st.form_submit_button(
            "Save", type="primary", key="save_run", width="stretch", on_click=act.save, args=(run.id, keys)
        )


def _tags(ticked: Sequence[Run], tags: Sequence[str]) -> None:
    present = list(dict.fromkeys(tag for run in ticked for tag in run.tags))
    with st.form("edit_tags", border=False):
        st.caption(f"Tags of {count_of(len(ticked), 'run')}. Names and notes: tick one run.")
        st.multiselect("Add tags", tags, key="tags_added", accept_new_options=True, placeholder="Choose or type")
        st.multiselect("Remove tags", present, key="tags_removed", placeholder="Choose", disabled=not present)
        st.form_submit_button(
            "Save", type="primary", key="save_tags", width="stretch", on_click=act.retag,
            args=(ticked, "tags_added", "tags_removed"),
        )  # fmt: skip
