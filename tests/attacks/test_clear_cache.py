"""A visitor who empties Streamlit's caches does not make the server open a second store and runner."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import streamlit as st
from tests.attacks.visitor import visiting
from tests.live.serving import APP, serving

from reglab.ui.shared.services import close_services, process_wide, services


def test_the_services_outlive_every_cache_and_every_reload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    close_services()
    try:
        opened = services()
        st.cache_resource.clear()
        st.cache_data.clear()
        monkeypatch.delitem(
            sys.modules, "reglab.ui.shared.services"
        )  # as Streamlit's watcher does when a file has changed
        from reglab.ui.shared.services import services as reloaded

        assert reloaded() is opened
    finally:
        close_services()


def test_one_object_for_each_name() -> None:
    made: list[object] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    first = process_wide("test-one", make)
    assert process_wide("test-one", make) is first
    assert process_wide("test-two", make) is not first
    assert len(made) == 2


def test_a_visitor_who_clears_the_caches_leaves_one_runner(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(APP, home) as server, visiting(server.url) as visitor:
        visitor.visit()
        visitor.clear_caches()
        visitor.visit()
        server.get("/api/health")
        assert len(list((home / "owners").glob("*.lock"))) == 1
