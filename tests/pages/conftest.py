"""What the tests of pages share: a page without a browser, on a store of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_sweep
from tests.pages.sweeps import SMALL, figures
from tests.patience import PATIENCE

from reglab.datasets import imported
from reglab.jobs import Runner
from reglab.settings import Settings
from reglab.store import Store, Sweep
from reglab.ui.shared.services import close_services


@pytest.fixture
def app(
    request: pytest.FixtureRequest, settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AppTest]:
    """The test module's function ``page`` on ``store``; queued runs wait for ever."""
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    monkeypatch.setattr(Runner, "_take_up", lambda self: None)
    monkeypatch.setattr(imported, "_places", [])  # the sets of this home, and no other test's
    yield AppTest.from_function(request.module.page, default_timeout=PATIENCE)
    close_services()


@pytest.fixture
def done(store: Store) -> Sweep:
    """A finished sweep with a U-curve."""
    return add_sweep(store, SMALL, figures=figures)
