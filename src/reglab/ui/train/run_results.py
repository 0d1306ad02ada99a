"""What runs have come to, read and drawn once for all sessions that watch them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from reglab import columns
from reglab.charts import RunStyle, style_runs
from reglab.store import Run
from reglab.ui.shared import run_text
from reglab.ui.shared.frames import epochs_on
from reglab.ui.shared.readings import Readings
from reglab.ui.shared.services import services
from reglab.ui.shared.watchers import session_id
from reglab.ui.train.run_figures import Figure, figures


@dataclass(frozen=True)
class Results:
    """``runs`` as far as the frames go, their curves and layers, and what follows from them.

    ``version`` says how far they are: results of equal version are equal but for the steps within an epoch.
    """

    version: Hashable
    runs: Sequence[Run]
    epochs: pd.DataFrame
    layers: pd.DataFrame
    styles: Mapping[str, RunStyle]
    seconds: Mapping[str, list[float]]
    figures: Mapping[str, list[Figure]]


def results_of(runs: Sequence[Run]) -> Results:
    """Results of ``runs``, which the caller has just read: of their version, or those that other sessions share."""
    home, ids = services().store.home, tuple(run.id for run in runs)
    facts, version = tuple(map(_facts, runs)), (home, *map(_version, runs))
    found = _READINGS.take(
        (home, ids), session_id(), facts=facts, version=version, read=lambda before: _read(runs, version, before)
    )  # fmt: skip
    return replace(found, runs=runs) if found.version == version else found


def _facts(run: Run) -> Hashable:
    """What is shown at once: all but how far the training is."""
    return (
        run.id, run.name, run.state, run.wanted, run.error, run.deleted, run.environment is not None, run.device,
        run.has_checkpoint, run.queued,
    )  # fmt: skip


def _version(run: Run) -> Hashable:
    return _facts(run), run.epoch, run.step > 0


def _read(runs: Sequence[Run], version: Hashable, before: Results | None) -> Results:
    store, ids, short = services().store, [run.id for run in runs], run_text.labels(runs)
    epochs = epochs_on(store, runs, before.epochs if before else None)
    layers = store.layers(ids, latest=True)
    return Results(
        version,
        runs,
        epochs,
        layers,
        styles=style_runs([(run.id, short[run.id], run.l1, run.l2) for run in runs]),
        seconds={i: epochs.loc[epochs[columns.RUN] == i, columns.SECONDS].tolist() for i in ids},
        figures={run.id: figures(run, layers[layers[columns.RUN] == run.id]) for run in runs},
    )


_READINGS: Readings[Results] = Readings(most=32)
