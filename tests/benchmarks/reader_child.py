"""A process that reads the figures of runs with one reader, once for each line on its input.

``python -m tests.benchmarks.reader_child NAME PLACE [write]``: with ``write`` it writes the figures on its input there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from reglab import columns

FIGURES = tuple(name for name in columns.METRICS if name not in columns.SOMETIMES)
"""The figures that every epoch of every run has."""

_BATCH = 1_000  # metrics of one message to MLflow, the most that it takes
_BEGAN = 1_700_000_000_000  # milliseconds


@dataclass(frozen=True)
class Reading:
    """Seconds of the processor and by the clock, how many ``values`` were read, and their ``total``."""

    cpu: float
    wall: float
    values: int
    total: float


def _rows(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield from ((str(run), own) for run, own in frame.groupby(columns.RUN, sort=False))


# RegLab


def _open_reglab(place: str) -> Callable[[], pd.DataFrame]:
    from reglab.settings import load_settings
    from reglab.store import open_store

    store = open_store(load_settings({"REGLAB_HOME": place}))
    ids = [run.id for run in store.runs()]
    return lambda: store.epochs(ids)


def _sum_reglab(frame: pd.DataFrame) -> tuple[int, float]:
    values = frame[list(FIGURES)].to_numpy()
    return values.size, float(values.sum())


# TensorBoard


def _write_tensorboard(place: str, frame: pd.DataFrame) -> None:
    from torch.utils.tensorboard import SummaryWriter

    for run, own in _rows(frame):
        writer = SummaryWriter(f"{place}/{run}")
        for row in own.to_dict("records"):
            for name in FIGURES:
                writer.add_scalar(name, row[name], row[columns.EPOCH])
        writer.close()


def _open_tensorboard(place: str) -> Callable[[], Any]:
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator,
    )

    folders = sorted(map(str, Path(place).iterdir()))

    def read() -> Any:
        found = []
        for folder in folders:
            events = EventAccumulator(folder, size_guidance={"scalars": 0})
            events.Reload()
            found += [events.Scalars(tag) for tag in events.Tags()["scalars"]]
        return found

    return read


def _sum_tensorboard(found: Any) -> tuple[int, float]:
    values = [event.value for events in found for event in events]
    return len(values), sum(values)


# MLflow


def _write_mlflow(place: str, frame: pd.DataFrame) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    client = MlflowClient(tracking_uri=f"sqlite:///{place}")
    experiment = client.create_experiment("runs")
    for _, own in _rows(frame):
        run = client.create_run(experiment).info.run_id
        metrics = [
            Metric(name, row[name], _BEGAN + 1_000 * row[columns.EPOCH], row[columns.EPOCH])
            for row in own.to_dict("records")
            for name in FIGURES
        ]
        for start in range(0, len(metrics), _BATCH):
            client.log_batch(run, metrics=metrics[start : start + _BATCH])


def _open_mlflow(place: str) -> Callable[[], Any]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{place}")
    experiment = client.get_experiment_by_name("runs")
    assert experiment is not None
    runs = [run.info.run_id for run in client.search_runs([experiment.experiment_id], max_results=1_000)]
    return lambda: [client.get_metric_history(run, name) for run in runs for name in FIGURES]


def _sum_mlflow(found: Any) -> tuple[int, float]:
    values = [metric.value for metrics in found for metric in metrics]
    return len(values), sum(values)


WRITERS: Mapping[str, Callable[[str, pd.DataFrame], None]] = {
    "tensorboard": _write_tensorboard,
    "mlflow": _write_mlflow,
}
READERS: Mapping[str, tuple[Callable[[str], Callable[[], Any]], Callable[[Any], tuple[int, float]]]] = {
    "reglab": (_open_reglab, _sum_reglab),
    "tensorboard": (_open_tensorboard, _sum_tensorboard),
    "mlflow": (_open_mlflow, _sum_mlflow),
}
"""Name → how the place is opened, giving what reads it, and number and sum of the values that were read."""


def main(name: str, place: str, do: str = "read") -> None:
    """Write what is on the input, or read whenever it has a line."""
    if do == "write":
        WRITERS[name](place, pd.read_json(StringIO(sys.stdin.read()), orient="split", precise_float=True))
        return
    opened, total = READERS[name]
    read = opened(place)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        found = read()
        seconds = time.process_time() - cpu, time.perf_counter() - wall
        print(json.dumps(asdict(Reading(*seconds, *total(found)))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
