"""50 runs' figures, read by RegLab, by TensorBoard's EventAccumulator and by MLflow's client on SQLite; and growth.

The same runs × epochs × figures are written to each. Every reader has a process of its own and gives the figures in
its own form (a frame, lists of scalar events, lists of metrics); one round reads everything once with each of them, and
the sums of what they read are compared. Ratios are medians over rounds, of CPU seconds, which other programs on the
machine change least; seconds by the clock stand beside them.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from tests.benchmarks.measuring import ENVIRONMENT, ROOT, median_ratio, table
from tests.benchmarks.reader_child import FIGURES, READERS, Reading
from tests.factories import add_many, add_run, spec

from reglab.settings import Settings
from reglab.store import Store
from reglab.ui.shared.services import close_services

RUNS, EPOCHS, ROUNDS = 50, 100, 7
LEAST: Mapping[str, float] = {"tensorboard": 100.0, "mlflow": 20.0}
SIZES = (10, 100, 1_000, 10_000)
SAVED_EPOCHS, COMPARED = 30, 12
OPENED, CHANGED = 2.0, 0.5  # CPU seconds


def page() -> None:
    from reglab.ui.compare.page import compare_page

    compare_page()


@pytest.fixture
def ids(store: Store) -> list[str]:
    """Runs of the usual figures, and no two with the same."""
    wanted = [spec(penalty__l2=0.001 * i, train__seed=i, train__epochs=EPOCHS) for i in range(RUNS)]
    found = [add_run(store, one, epochs=EPOCHS, seed=i).id for i, one in enumerate(wanted)]
    for run in found:
        store.files(run).save_weights({"w": np.zeros(1)}, settled=False)  # a run that was trained has a folder
    return found


def test_fifty_runs_are_read_many_times_quicker_than_by_others(store: Store, ids: list[str], tmp_path: Path) -> None:
    frame = store.epochs(ids)
    places = {"reglab": str(store.home), "tensorboard": str(tmp_path / "events"), "mlflow": str(tmp_path / "mlflow.db")}
    for name in LEAST:
        subprocess.run(
            [*_command(name, places[name]), "write"], cwd=ROOT, env=ENVIRONMENT, check=True, text=True,
            input=frame.to_json(orient="split"),
        )  # fmt: skip
    with readers(places) as reads:
        rounds = [{name: read() for name, read in reads.items()} for _ in range(ROUNDS + 1)][1:]
    own = [one["reglab"] for one in rounds]
    ratios = {name: median_ratio([one[name].cpu for one in rounds], [mine.cpu for mine in own]) for name in LEAST}
    rows = [
        (
            name,
            f"{statistics.median(one[name].cpu for one in rounds):.4f}",
            f"{statistics.median(one[name].wall for one in rounds):.4f}",
            f"{ratios[name]:.0f}×" if name in ratios else "",
        )
        for name in places
    ]
    head = ("reader", "CPU s", "s", "RegLab is quicker by")
    print(table(f"{RUNS} runs × {EPOCHS} epochs × {len(FIGURES)} figures, medians of {ROUNDS} rounds", head, rows))
    for one in rounds:
        for name in LEAST:
            assert one[name].values == one["reglab"].values == RUNS * EPOCHS * len(FIGURES)
            assert one[name].total == pytest.approx(one["reglab"].total, rel=1e-6)  # events are of single precision
    assert all(ratios[name] >= least for name, least in LEAST.items()), ratios


def test_growth_with_the_number_of_saved_runs(
    settings: Settings, store: Store, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGLAB_HOME", str(settings.home))
    monkeypatch.delenv("REGLAB_STORE", raising=False)
    AppTest.from_function(page, default_timeout=120).run()
    found: dict[int, dict[str, float]] = {}
    saved = RUNS
    for size in SIZES:
        if size > saved:
            add_many(store, size - saved, SAVED_EPOCHS, first=saved)
            saved = size
        found[size] = {f"read {min(RUNS, size)} runs": _median(partial(store.epochs, ids[:size]))}
        found[size] |= _answers(ids[:size], ROUNDS * len(found))
    close_services()
    names = dict.fromkeys(name for one in found.values() for name in one)
    rows = [(name, *(f"{one[name]:.3f}" if name in one else "" for one in found.values())) for name in names]
    head = ("CPU seconds", *(f"{size:,}" for size in SIZES))
    print(table(f"Saved runs ({SAVED_EPOCHS} epochs); Compare with {COMPARED} × {EPOCHS} epochs", head, rows))
    assert max(one["opened"] for one in found.values()) < OPENED
    assert max(one[name] for one in found.values() for name in ("another layer", "another axis")) < CHANGED


def _answers(ids: list[str], first: int) -> dict[str, float]:
    """Seconds of opening the page, and of changes to it; every round has other runs, or another order of few."""
    times: dict[str, list[float]] = {}
    for number in range(first, first + 4):
        app = AppTest.from_function(page, default_timeout=120)
        app.query_params = {"runs": ",".join((ids[number:] + ids[:number])[:COMPARED])}
        times.setdefault("opened", []).append(_seconds(app.run))
        app.button_group(key="compare_x").set_value("step")
        times.setdefault("another axis", []).append(_seconds(app.run))
        app.button_group(key="compare_view").set_value("weights")
        times.setdefault("weights", []).append(_seconds(app.run))
        app.selectbox(key="compare_layer").set_value("fc.weight")
        times.setdefault("another layer", []).append(_seconds(app.run))
        assert not app.exception
    return {name: statistics.median(own) for name, own in times.items()}


def _median(act: Callable[[], object], times: int = 7) -> float:
    return statistics.median(_seconds(act) for _ in range(times))


def _seconds(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


@contextmanager
def readers(places: Mapping[str, str]) -> Iterator[dict[str, Callable[[], Reading]]]:
    """A process for each reader, which reads all of its place whenever it is called."""
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(
                subprocess.Popen(
                    _command(name, place), cwd=ROOT, env=ENVIRONMENT, text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                )
            )
            for name, place in places.items()
        }  # fmt: skip
        yield {name: lambda process=process: _read(process) for name, process in started.items()}  # type: ignore[misc]


def _read(process: subprocess.Popen[str]) -> Reading:
    assert process.stdin is not None
    assert process.stdout is not None
    print("read", file=process.stdin, flush=True)
    return Reading(**json.loads(process.stdout.readline()))


def _command(name: str, place: str) -> list[str]:
    assert name in READERS
    return [sys.executable, "-m", "tests.benchmarks.reader_child", name, place]
