"""What the views read of a run: frames that all sessions share, read once for every state of the run."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from reglab import columns
from reglab.analysis.weight_history import layer_figures, weight_history
from reglab.store import Run, Store
from reglab.ui.shared.memo import shared_frame
from reglab.ui.shared.services import services

MOST = 120
"""Epochs whose histograms are read at most: an even choice of more, with the first, the best and the last."""


def version_of(run: Run) -> Hashable:
    """Equal for equal results: a resumed run trains the same epochs again to the same bits."""
    return services().store.home, run.id, run.created, run.epoch, run.best_epoch, run.state


def newest_finished(store: Store) -> Run | None:
    """The run to show where none is named: the newest finished one, else the newest."""
    found = store.runs(states=["finished"], limit=1) or store.runs(limit=1)
    return found[0] if found else None


def epochs_of(run: Run) -> list[int]:
    """The epochs whose weights are shown, from 0, the initial weights."""
    chosen = np.unique(np.linspace(0, run.epoch, min(run.epoch + 1, MOST)).round().astype(int)).tolist()
    return sorted({*chosen, *([run.best_epoch] if run.best_epoch else [])})


def layers_of(run: Run) -> pd.DataFrame:
    """:data:`columns.LAYER_COLUMNS` at :func:`epochs_of`."""
    return shared_frame(
        ("inspect layers", version_of(run)), lambda: services().store.layers([run.id], epochs=epochs_of(run))
    )


def history_of(run: Run, layer: str | None) -> pd.DataFrame:
    """The weight histograms of ``layer`` at those epochs."""
    return shared_frame(("inspect history", version_of(run), layer), lambda: weight_history(layers_of(run), layer))


def figures_of(run: Run, epoch: int) -> pd.DataFrame:
    """The layers' figures at ``epoch``, which may be any."""

    def read() -> pd.DataFrame:
        return layer_figures(services().store.layers([run.id], epochs=[epoch]), epoch)

    return shared_frame(("inspect figures", version_of(run), epoch), read)


def layer_names(run: Run) -> list[str]:
    """The layers in network order."""
    return list(dict.fromkeys(layers_of(run)[columns.LAYER]))
