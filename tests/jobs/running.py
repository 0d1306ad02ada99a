"""What the tests of background runs share: a small run, a store of their own, and waiting on a condition."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from reglab import RunSpec
from reglab.events import Event
from reglab.jobs import Worker
from reglab.settings import Settings, load_settings
from reglab.store import Run, Store

SMALL = RunSpec.parse(
    {
        "data": {"name": "digits", "train_size": 100, "val_fraction": 0.05},
        "model": {"name": "dense_784", "dropout": 0.3},
        "train": {"epochs": 4, "batch_size": 16},
    }
)


def settings_in(home: Path, **values: str) -> Settings:
    """Settings of a process whose home is ``home``."""
    quiet = {"REGLAB_RUNNER": "thread", "REGLAB_THREADS": "1"}
    return load_settings({"REGLAB_HOME": str(home), "REGLAB_DEVICE": "cpu", **quiet, **values})


def work(
    store: Store, settings: Settings, spec: RunSpec = SMALL, listen: Callable[[Event, Run], None] | None = None
) -> Run:
    """Train a new run of ``spec`` here and now; ``listen`` is told every event and the run."""
    run = store.create(spec, owner=store.owner())
    return go_on(store, settings, run, listen)


def go_on(store: Store, settings: Settings, run: Run, listen: Callable[[Event, Run], None] | None = None) -> Run:
    """Train a claimed run until it ends, and give it back as the store then knows it."""
    told = None if listen is None else (lambda event: listen(event, run))
    Worker(store, settings, run, listen=told).work()
    return store.get(run.id)


def resume(store: Store, settings: Settings, run_id: str) -> Run:
    """Take over a run that stopped, and train it to its end."""
    store.take_over(run_id, store.owner())
    return go_on(store, settings, store.get(run_id))


def figures(store: Store, run: Run) -> tuple[pd.DataFrame, list[Any]]:
    """Everything that was recorded of ``run`` but its id and the seconds: epochs, and layers with their counts.

    The last row are the hashes of its best epoch's weights and of its predictions.
    A figure that is NaN, as the initial layers' pull of the data is, comes as ``None``, which equals itself.
    """
    epochs = store.epochs([run.id]).drop(columns=["run", "seconds"])
    layers = store.layers([run.id]).drop(columns=["run"])
    rows = [[_plain(v) for v in row] for row in layers.itertuples(index=False)]
    files = [store.files(run.id).folder / name for name in ("best.safetensors", "predictions.bin")]
    rows.append([hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None for path in files])
    return epochs, rows


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value.tolist() if hasattr(value, "tolist") else value


def assert_same_figures(store: Store, run: Run, expected: tuple[pd.DataFrame, list[Any]]) -> None:
    """Epochs and layers of ``run`` equal ``expected``, to the bit."""
    epochs, layers = figures(store, run)
    pd.testing.assert_frame_equal(epochs, expected[0], check_exact=True)
    assert layers == expected[1]


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 600) -> None:
    """Return once ``condition()`` holds; fail, naming ``what`` was waited for, after ``seconds``."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        pause.wait(0.02)
