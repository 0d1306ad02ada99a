"""The Compare page in a store of 10,000 runs: opening it with 12 and 50 runs of 100 epochs, and each change of view.

Every round shows other runs, so that nothing kept from the round before helps.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_many, add_run, spec

from reglab.settings import Settings
from reglab.store import Store
from reglab.ui.shared.services import close_services

SAVED, EPOCHS, ROUNDS = 10_000, 100, 4
OPENED, CHANGED = 2.0, 0.5  # CPU seconds
CHANGES = (
    ("figure", "loss"), ("x", "step"), ("log", "y"), ("figure", "ratio"), ("view", "differences"), ("view", "weights"),
    ("weights", "panels"), ("weights", "ridge"), ("view", "lambda"), ("view", "parallel"), ("view", "errors"),
)  # fmt: skip


def page() -> None:
    from reglab.ui.compare.page import compare_page

    compare_page()


@pytest.fixture
def ids(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Runs with all their layers, among many others; and a page that has been imported."""
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    add_many(store, SAVED, 3)
    wanted = [spec(penalty__l2=0.001 * i, train__seed=i, train__epochs=EPOCHS) for i in range(50)]
    found = [add_run(store, one, epochs=EPOCHS, seed=i).id for i, one in enumerate(wanted)]
    AppTest.from_function(page, default_timeout=120).run()
    yield found
    close_services()


def seconds(app: AppTest) -> float:
    """CPU seconds of one run of the page, database included: the same on a busy machine."""
    start = time.process_time()
    app.run()
    assert not app.exception
    return time.process_time() - start


@pytest.mark.parametrize("runs", [12, 50])
def test_opening_and_every_change_are_quick(ids: list[str], runs: int) -> None:
    found: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        shown = ids[number:] + ids[:number]  # another order is another reading
        app = AppTest.from_function(page, default_timeout=120)
        app.query_params = {"runs": ",".join(shown[:runs])}
        found.setdefault("opened", []).append(seconds(app))
        for name, value in CHANGES:
            app.button_group(key=f"compare_{name}").set_value(value)
            found.setdefault(f"{name}: {value}", []).append(seconds(app))
        app.button_group(key="compare_view").set_value("weights")
        app.run()
        app.selectbox(key="compare_layer").set_value("fc.weight")
        found.setdefault("another layer", []).append(seconds(app))
    medians = {name: statistics.median(times) for name, times in found.items()}
    print(f"\nCompare, {runs} of {SAVED:,} runs × {EPOCHS} epochs, median CPU seconds:")
    for name, median in medians.items():
        print(f"  {name:24} {median:.3f}")
    assert medians.pop("opened") < OPENED
    assert max(medians.values()) < CHANGED
