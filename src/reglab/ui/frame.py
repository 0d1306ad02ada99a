"""What every page shares: the name, the navigation, and plain words when something is wrong.

A page is one file, ``pages/<n>_<Section>/<n>_<name>.py``, served at ``/<name>``; its docstring opens
``":material/icon: Title. What it does."`` A visitor without an address arrives at the first page.
"""

from __future__ import annotations

import ast
import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import streamlit as st

from reglab.errors import RegLabError, StoreUnavailable
from reglab.ui.shared import trouble
from reglab.ui.shared.query import arrive
from reglab.ui.shared.watchers import WATCHERS, session_id
from reglab.ui.theme import ICON, STYLE, WORDMARK

log = logging.getLogger(__name__)

_OPENING = re.compile(r"(?:(?P<icon>:material/\w+:)\s+)?(?P<title>[^.]+)\.?\s*(?P<help>.*)", re.DOTALL)


@dataclass(frozen=True)
class PageFile:
    """One page as its file describes it."""

    path: Path
    section: str
    address: str
    title: str
    icon: str | None
    help: str


def render(folder: Path) -> None:
    """The page that the visitor asked for, in the shared frame; ``folder`` holds the pages."""
    st.set_page_config(page_icon=ICON, layout="wide")
    chosen = st.navigation(_navigation(find_pages(folder)))
    st.set_page_config(page_title=f"{chosen.title} · RegLab")
    st.logo(WORDMARK, icon_image=ICON, size="large")
    st.html(STYLE)
    shown = None
    WATCHERS.arrive(session_id())
    arrive(chosen.url_path)
    try:
        shown = trouble.banner()
        chosen.run()
    except RegLabError as error:
        if str(error) not in (shown or ""):
            explain(error)
        if isinstance(error, StoreUnavailable):
            trouble.come_back()
    WATCHERS.settle(session_id())


def explain(error: Exception) -> bool:
    """Say what went wrong where the person is looking, without a traceback; ``True`` as Streamlit's "handled"."""
    if isinstance(error, RegLabError):
        trouble.show(error)
    else:
        log.error("A page failed", exc_info=error)
        st.error("Something went wrong on this page. The server's log has the details.", icon=":material/bug_report:")
    return True


def find_pages(folder: Path) -> list[PageFile]:
    """Every page below ``folder``, in the order of their numbers."""
    return [_read(path, path.stat().st_mtime_ns) for path in sorted(folder.glob("[0-9]*_*/[0-9]*_*.py"), key=_order)]


def _order(path: Path) -> tuple[int, int, str]:
    return int(path.parent.name.split("_")[0]), int(path.stem.split("_")[0]), path.stem


@lru_cache(maxsize=64)
def _read(path: Path, _changed: int) -> PageFile:
    name = path.stem.partition("_")[2]
    opening = _OPENING.match(
        ast.get_docstring(ast.parse(path.read_text("utf-8"))) or name.replace("_", " ").capitalize()
    )
    assert opening is not None  # a docstring is never empty
    section = path.parent.name.partition("_")[2].replace("_", " ")
    icon, title, about = opening["icon"], opening["title"], opening["help"].partition("\n\n")[0]
    return PageFile(path, section, name.replace("_", "-"), title.strip(), icon, " ".join(about.split()))


def _navigation(files: list[PageFile]) -> dict[str, list[st.Page]]:
    """Sections and their pages, and a hidden page at ``/`` that leads to the first one with its parameters kept."""
    sections: dict[str, list[st.Page]] = {}
    for file in files:
        page = st.Page(file.path, title=file.title, icon=file.icon, url_path=file.address, help=file.help or None)
        sections.setdefault(file.section, []).append(page)
    first = next(iter(sections.values()))[0]

    def arrive() -> None:
        st.switch_page(first, query_params=st.query_params.to_dict())

    root = st.Page(arrive, title=first.title, url_path="home", default=True, visibility="hidden")
    return {"": [root], **sections}
