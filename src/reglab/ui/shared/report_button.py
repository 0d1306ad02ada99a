"""The Report button: what a view shows as one HTML file, which needs neither this server nor a network."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reglab.errors import RegLabError
from reglab.report import Subjects, make_report
from reglab.store import Run, Sweep
from reglab.ui.shared.services import services
from reglab.ui.shared.text import literal

_ABOUT = (
    "One HTML file with verdict, charts, settings, seeds, versions and how to reproduce them. It opens in any browser, "
    "without a network, and prints to PDF."
)


def report_button(jobs: Sequence[Run | Sweep], name: str, key: str) -> None:
    """A button that downloads the report on ``jobs`` as ``name``.html; disabled, with the reason, if there is none."""
    try:
        subjects, about = Subjects.of(jobs), _ABOUT
    except RegLabError as error:
        subjects, about = None, literal(str(error))
    to = services()
    st.download_button(
        "Report",
        lambda: make_report(to.store, to.settings, subjects) if subjects else b"",
        f"{name}.html",
        "text/html",
        key=key,
        icon=":material/summarize:",
        on_click="ignore",
        disabled=subjects is None,
        help=about,
    )
