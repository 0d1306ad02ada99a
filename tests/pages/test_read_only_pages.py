"""Pages of a read-only server: what writes is idle and says why, and looking at them changes no byte."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.pages.browsing import plain, visit
from tests.pages.runs_page import three
from tests.pages.sweeps import SMALL
from tests.patience import PATIENCE
from tests.store.test_read_only_store import hashes

from reglab.datasets._download import unfinished_folder
from reglab.settings import Settings
from reglab.store import Store
from reglab.store.open import READ_ONLY
from reglab.ui.shared.services import close_services

UI = Path(__file__).parents[2] / "src" / "reglab" / "ui"
WRITING = {
    "start", "demo", "stop", "resume", "another_start", "against_zero", "stop_runs", "resume_runs", "sweep_demo",
    "claims_all", "sweep_resume", "sweep_start",
}  # fmt: skip
"""Keys of buttons that write, and of those before a name of their own."""
PREFIXES = ("sweep_delete_", "sweep_start_", "test_", "again_", "download_", "delete_")


def page() -> None:
    """The page that the query names."""
    import streamlit as st

    from reglab.ui.data.page import data_page
    from reglab.ui.learn.page import learn_page
    from reglab.ui.runs.page import runs_page
    from reglab.ui.sweep.page import sweep_page
    from reglab.ui.train.page import train_page

    pages = {"train": train_page, "runs": runs_page, "sweep": sweep_page, "learn": learn_page, "data": data_page}
    pages[st.session_state["shown"]]()


@pytest.fixture
def app(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Pages on a home with runs and a sweep that nobody can change any more."""
    three(store)
    store.create(SMALL, name="waiting")
    store.request_stop(store.sweeps()[0].id)
    store.close()
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.setenv("REGLAB_READ_ONLY", "1")
    close_services()
    yield AppTest.from_function(page, default_timeout=PATIENCE)
    close_services()


def idle(app: AppTest) -> int:
    """How many buttons write; each is idle, with the reason."""
    found = [str(button.key) for button in app.button]
    keys = [key for key in found if key in WRITING or key.startswith(PREFIXES)]
    for key in keys:
        assert app.button(key=key).disabled, key
        assert plain(app.button(key=key).help or "") == READ_ONLY, key
    return len(keys)


def test_forms_and_a_run(app: AppTest, settings: Settings) -> None:
    before = hashes(settings.home)
    app.session_state["shown"] = "train"
    assert idle(visit(app)) == 2  # Start, and the demonstration
    assert hashes(settings.home) == before


def test_the_list_of_runs(app: AppTest, settings: Settings) -> None:
    before = hashes(settings.home)
    app.session_state["shown"] = "runs"
    visit(app)
    assert idle(app) == 2
    assert hashes(settings.home) == before


def test_sweeps(app: AppTest, settings: Settings) -> None:
    before = hashes(settings.home)
    app.session_state["shown"] = "sweep"
    assert idle(visit(app)) >= 3
    assert hashes(settings.home) == before


def test_the_data_page(app: AppTest, settings: Settings) -> None:
    part = unfinished_folder(settings.data, "kmnist") / "images.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"12345")
    before = hashes(settings.home)
    app.session_state["shown"] = "data"
    assert idle(visit(app)) >= 6  # downloads, and a deletion
    assert hashes(settings.home) == before


def test_pages_reach_the_store_through_services_alone() -> None:
    """Whatever a page does therefore passes the gate: nothing in ui/ opens a store or makes a runner of its own."""
    makers = {"open_store", "Store", "Runner", "Database", "open_services", "RunFiles", "load_settings", "own_services"}
    found: dict[str, set[str]] = {}
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers:
                found.setdefault(path.relative_to(UI).as_posix(), set()).add(node.func.id)
    assert found.keys() <= {"shared/services.py", "server.py"}, found
