"""The frame of every page: name and drawing, navigation, redirects of old addresses, and error messages.

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
from reglab.ui import visitor
from reglab.ui.present.query import presenting
from reglab.ui.shared import trouble
from reglab.ui.shared.following import unseen
from reglab.ui.shared.query import MOVED, arrive
from reglab.ui.shared.services import admitted
from reglab.ui.shared.ticks import WATCHERS, come_back, session_id

log = logging.getLogger(__name__)

_SCRIPTS = "\n".join(Path(__file__).with_name(f"{name}.js").read_text("utf-8") for name in ("naming", "paper"))
_names = st.components.v2.component("reglab_names", js=_SCRIPTS, isolate_styles=False)

_LINE, _DOT, _TEXT = "#2f86c1", "#d9722e", "#74818e"  # legible on both themes
_CURVE = (  # validation loss over λ, falling to its best and rising again
    f'<path d="M4 6 C8 30 18 32 28 10" fill="none" stroke="{_LINE}" stroke-width="3.6" stroke-linecap="round"/>'
    f'<circle cx="14" cy="23.6" r="4.4" fill="{_DOT}"/>'
)

ICON = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">{_CURVE}</svg>'
WORDMARK = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 130 32" width="130" height="32">{_CURVE}'
    '<text x="40" y="23.5" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="21" font-weight="700" '
    f'fill="{_TEXT}">RegLab</text></svg>'
)

# Streamlit's own Stop, which ends a script and no training, would appear beside ours for a moment. The page uses the
# window's width; Streamlit's margins of 80 pixels are for text.
STYLE = """<style>
[data-testid="stStatusWidget"] button { display: none }
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-unseen_"]) { position: absolute; width: 1px; overflow: hidden }
[data-testid="stHeading"] h1 { font-size: 1.5rem }
.st-key-named [data-testid="stHeading"] h1 { font-size: 1.2rem }
.reglab-status { position: fixed; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
[data-testid="stCaptionContainer"][data-testid] { color: color-mix(in srgb, currentColor 76%, transparent); opacity: 1 }
[data-testid="stCaptionContainer"] code { font-size: max(12px, 0.9em) }
[data-testid="stBaseButton-primary"] kbd { color: inherit; opacity: 1 }
[data-testid="stButtonGroup"] :is([aria-checked="true"], [aria-pressed="true"]) p,
[data-testid="stSliderThumbValue"] p { color: light-dark(#1a6698, #6cb5ea) }
[data-testid="stCode"] .token { color: inherit }
[data-testid="stCode"] .token:is(.key, .keyword, .function) { color: light-dark(#17496b, #9fd0f2) }
[data-testid="stCode"] .token:is(.number, .string, .boolean) { color: light-dark(#8a4a12, #f0b27a) }
.katex [style*="color: rgb(194, 92, 20)"] { color: light-dark(#ab4e0c, #f0914a) !important }
[data-testid="stMainBlockContainer"] { padding-left: clamp(1rem, 2vw, 3rem); padding-right: clamp(1rem, 2vw, 3rem) }
@media (max-width: 640px) {
  .st-key-sweep_epochs, [data-testid="stButtonGroup"] > div { flex-wrap: wrap }
  .st-key-sweep_epochs > :first-child { flex: 1 1 100% }
  [data-testid="stMainBlockContainer"]:has(.st-key-start, .st-key-sweep_start) { padding-bottom: 6rem }
  .st-key-start, .st-key-sweep_start { position: fixed; z-index: 99; inset: auto 1rem 0.8rem 1rem; width: auto }
  .st-key-start button, .st-key-sweep_start button { width: 100%; min-height: 3rem }
}
</style>"""
PRINT = f"<style>{Path(__file__).with_name('print.css').read_text('utf-8')}</style>"

_OPENING = re.compile(r"(?:(?P<icon>:material/\w+:)\s+)?(?P<title>[^.]+)\.?\s*(?P<help>.*)", re.DOTALL)


@dataclass(frozen=True)
class PageFile:
    """One page, as its file describes it."""

    path: Path
    section: str
    address: str
    title: str
    icon: str | None
    help: str


def render(folder: Path) -> None:
    """Draw the page that the visitor asked for; ``folder`` holds the pages."""
    st.set_page_config(page_icon=ICON, layout="wide")
    welcome = admitted()
    framed = welcome and not presenting()
    chosen = st.navigation(_navigation(find_pages(folder)), position="sidebar" if framed else "hidden")
    st.set_page_config(page_title=f"{chosen.title} · RegLab")
    if not presenting():
        st.logo(WORDMARK, icon_image=ICON, size="large")
    st.html(STYLE)
    st.html(PRINT)
    with unseen("names"):
        _names(key="naming", height=1)
    if not welcome:
        visitor.sign_in_page()
        return
    shown = None
    WATCHERS.arrive(session_id())
    arrive(chosen.url_path)
    try:
        shown = trouble.banner()
        visitor.corner()
        chosen.run()
    except RegLabError as error:
        if str(error) not in (shown or ""):
            explain(error)
        if isinstance(error, StoreUnavailable):
            come_back()
    WATCHERS.settle(session_id())


def explain(error: Exception) -> bool:
    """Show an error where the person is looking, without a traceback; ``True`` is Streamlit's "handled"."""
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
    """Sections and their pages; hidden pages at ``/`` and at old addresses lead on with their parameters kept."""
    sections: dict[str, list[st.Page]] = {}
    pages: dict[str, st.Page] = {}
    for file in files:
        page = st.Page(file.path, title=file.title, icon=file.icon, url_path=file.address, help=file.help or None)
        sections.setdefault(file.section, []).append(page)
        pages[file.address] = page
    first = files[0].address

    def redirect(address: str, to: str) -> st.Page:
        def lead_on() -> None:
            parameters = {key: st.query_params.get_all(key) for key in st.query_params}
            st.switch_page(pages[to], query_params=parameters)

        return st.Page(lead_on, title=pages[to].title, url_path=address, default=to == first, visibility="hidden")

    moved = [redirect(address, to) for address, to in MOVED.items() if to in pages]
    return {"": [redirect("home", first), *moved], **sections}
