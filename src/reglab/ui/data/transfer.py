"""Download and delete the files of a dataset. A download belongs to the server: every visitor sees the same one."""

from __future__ import annotations

import streamlit as st

from reglab.access import Action
from reglab.datasets.catalogue import Listed
from reglab.datasets.downloads import delete_downloads
from reglab.errors import AccessDenied
from reglab.number_format import gib
from reglab.ui.shared.acting import act_button, barred
from reglab.ui.shared.services import downloads, services
from reglab.ui.shared.text import count_of, literal
from reglab.ui.shared.ticks import steady, tick_every, watched_interval
from reglab.ui.shared.trouble import attempt

TICK = 1.0
"""Seconds between updates of a download."""

_MB = 1e6


def transfer(one: Listed, runs: int) -> None:
    """Draw what can be done with the files of a dataset that ``runs`` use."""
    name, latest = one.entry.name, downloads().get(one.entry.name)
    if latest is not None and latest.state == "running":
        tick_every(watched_interval(TICK), lambda: _progress(name))
        return
    if latest is not None and latest.state == "failed":
        st.error(literal(latest.text), icon=":material/error:")
    incomplete = one.status.state == "download" or (one.status.state == "ready" and one.test == "download")
    if incomplete and one.entry.download_mb:
        _download_button(one)
    if one.downloaded or (one.unfinished and incomplete):
        _delete_button(one, runs)


@steady
def _progress(name: str) -> None:
    latest = downloads().get(name)
    if latest is None or latest.state != "running":
        st.rerun()
    st.progress(latest.share, literal(f"{latest.text}."))
    st.button(
        "Cancel", key=f"cancel_{name}", icon=":material/close:", on_click=attempt(lambda: _allowed_cancel(name)),
        disabled=barred("start") is not None, help="What has arrived stays, and Resume fetches the rest.",
    )  # fmt: skip


def _download_button(one: Listed) -> None:
    name = one.entry.name
    if one.unfinished:
        label = f"Resume, {one.unfinished / _MB:.1f} MB are here"
    elif one.status.state == "ready":
        label = "Download the test images"
    else:
        label = f"Download {one.entry.download_mb:.0f} MB"
    press = attempt(lambda: _start(name))
    act_button(label, "start", key=f"download_{name}", icon=":material/download:", on_click=press)


def _delete_button(one: Listed, runs: int) -> None:
    """A panel that says what would be deleted, and does it."""
    name, size = one.entry.name, one.downloaded + one.unfinished
    with st.popover(f"Delete {gib(size)}", icon=":material/delete:", type="tertiary", key=f"delete_panel_{name}"):
        used = (
            f"{count_of(runs, 'run')} used it, and {'keeps its' if runs == 1 else 'keep their'} results. "
            if runs
            else ""
        )
        st.markdown(
            f"Deletes what RegLab downloaded of {literal(one.entry.label)}, and its decoded images. {used}"
            "A run that needs it downloads it again. Files placed by hand stay."
        )
        press = attempt(lambda: _delete(name))
        act_button("Delete", "delete_data", key=f"delete_{name}", type="primary", on_click=press)


def _start(name: str) -> None:
    services().store.note_data("download data", name)
    downloads().start(name, services().settings.data)


def _allowed_cancel(name: str) -> None:
    _permit("start")
    downloads().cancel(name)


def _delete(name: str) -> None:
    _permit("delete_data")
    settings = services().settings
    downloads().forget(name)
    delete_downloads(name, settings.data, settings.cache)
    services().store.note_data("delete data", name)


def _permit(action: Action) -> None:
    """Refuse what this visitor may not do, whatever their browser sends."""
    if reason := barred(action):
        raise AccessDenied(reason)
