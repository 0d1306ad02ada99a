"""Epochs and layer statistics of a run as arrays and back: exactly the numbers of the store, NaN included.

Histogram counts are compressed one by one, as the store keeps them; each unpacks to a known number of bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.archive.records import ArchiveError
from reglab.bins import N_BINS
from reglab.events import EpochMetrics, LayerStats
from reglab.store.types import pack

Arrays = Mapping[str, NDArray[Any]]

AT_ONCE = 4096
"""Rows of layers in one member, about."""

_TERM = columns.PENALTY
_FLOATS = tuple(name for name in columns.LAYER_STATS if name not in (columns.SIZE, columns.ZEROS, columns.COUNTS))
_WHOLE = (columns.EPOCH, columns.LAYER, columns.SIZE, columns.ZEROS)
_COUNTS, _ENDS = "counts", "counts_end"
_SHARES = (columns.TRAIN_ACC, columns.VAL_ACC, columns.CLEAN_ACC, columns.FLIPPED_ACC, columns.TRUE_ACC)
_FINITE = (columns.LR, columns.SECONDS)


def epoch_arrays(frame: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """The epochs of one run: a column each, float64 (n,), and their numbers."""
    names = [str(name) for name in frame if name not in (columns.RUN, columns.EPOCH)]
    return {
        columns.EPOCH: frame[columns.EPOCH].to_numpy(np.int64),
        **{name: frame[name].to_numpy(np.float64) for name in names},
    }


def check_epochs(arrays: Arrays, epochs: int, state: str) -> None:
    """Raise :class:`ArchiveError` where ``arrays`` are not the figures of so many epochs of a run in ``state``.

    Only a diverged run has losses that are not finite; no run has such learning rates, seconds or accuracies beyond 1.
    """
    names = {name for name in arrays if not (name.startswith(_TERM) and name.removeprefix(_TERM).isidentifier())}
    if names != {columns.EPOCH, *columns.METRICS} or len(arrays) > len(names) + 20:
        raise ArchiveError("The archive has epochs with other figures than RegLab's.")
    for name, array in arrays.items():
        if array.shape != (epochs,) or array.dtype != (np.int64 if name == columns.EPOCH else np.float64):
            raise ArchiveError(f"The archive has {shown_name(name)} of {array.shape}, not of {epochs} epochs.")
    if not np.array_equal(arrays[columns.EPOCH], np.arange(1, epochs + 1)):
        raise ArchiveError("The archive has a run whose epochs are not 1, 2, 3 and so on.")
    strict = _FINITE if state == "diverged" else [n for n in arrays if n not in columns.SOMETIMES]
    if wrong := next((name for name in strict if not np.isfinite(arrays[name]).all()), None):
        raise ArchiveError(f"The archive has a run whose {wrong} is not finite, and it did not diverge.")
    if wrong := next((name for name in _SHARES if ((arrays[name] < 0) | (arrays[name] > 1)).any()), None):
        raise ArchiveError(f"The archive has a run whose {wrong} is not between 0 and 1.")


def metrics_of(arrays: Arrays) -> list[EpochMetrics]:
    """The epochs in checked ``arrays``."""
    terms = {name: name.removeprefix(_TERM) for name in arrays if name.startswith(_TERM)}
    terms |= {columns.L1: columns.L1, columns.L2: columns.L2}
    lists = {name: array.tolist() for name, array in arrays.items()}
    figures = [name for name in lists if name not in terms]
    return [
        EpochMetrics(
            **{name: lists[name][i] for name in figures}, penalties={key: lists[name][i] for name, key in terms.items()}
        )
        for i in range(len(arrays[columns.EPOCH]))
    ]


def layer_arrays(frame: pd.DataFrame, layers: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The layer statistics of some epochs of one run; ``layers`` are the names that numbers stand for."""
    packed = [pack(counts) for counts in frame[columns.COUNTS]]
    number = {name: i for i, name in enumerate(layers)}
    return {
        columns.EPOCH: frame[columns.EPOCH].to_numpy(np.int64),
        columns.LAYER: frame[columns.LAYER].map(number).to_numpy(np.int64),
        **{name: frame[name].to_numpy(np.int64) for name in (columns.SIZE, columns.ZEROS)},
        **{name: frame[name].to_numpy(np.float64) for name in _FLOATS},
        _COUNTS: np.frombuffer(b"".join(packed), np.uint8),
        _ENDS: np.cumsum([len(one) for one in packed], dtype=np.int64),
    }


def layers_of(arrays: Arrays, layers: Sequence[str], epochs: int) -> Iterator[tuple[int, list[LayerStats]]]:
    """Epoch and statistics, as :func:`layer_arrays` made them.

    :raises ArchiveError: they are anything else.
    """
    n = len(arrays[columns.EPOCH]) if columns.EPOCH in arrays else 0
    _check_layers(arrays, n, len(layers), epochs)
    lists = {name: arrays[name].tolist() for name in (*_WHOLE, *_FLOATS)}
    ends, data = [0, *arrays[_ENDS].tolist()], arrays[_COUNTS].tobytes()
    rows: list[LayerStats] = []
    for i in range(n):
        values = {name: lists[name][i] for name in (columns.SIZE, columns.ZEROS, *_FLOATS)}
        values |= {columns.LAYER: layers[lists[columns.LAYER][i]], columns.COUNTS: _counts(data[ends[i] : ends[i + 1]])}
        rows.append(LayerStats(**values))
        if i + 1 == n or lists[columns.EPOCH][i + 1] != lists[columns.EPOCH][i]:
            yield lists[columns.EPOCH][i], rows
            rows = []


def _check_layers(arrays: Arrays, n: int, layers: int, epochs: int) -> None:
    if arrays.keys() != {*_WHOLE, *_FLOATS, _COUNTS, _ENDS}:
        raise ArchiveError("The archive has layers with other figures than RegLab's.")
    kinds = {**dict.fromkeys((*_WHOLE, _ENDS), np.int64), **dict.fromkeys(_FLOATS, np.float64)}
    if any(arrays[name].shape != (n,) or arrays[name].dtype != kind for name, kind in kinds.items()):
        raise ArchiveError("The archive has layers whose figures differ in number or kind.")
    epoch, layer, ends = arrays[columns.EPOCH], arrays[columns.LAYER], arrays[_ENDS]
    ordered = (np.diff(epoch) > 0) | ((np.diff(epoch) == 0) & (np.diff(layer) > 0))
    within = n and epoch.min() >= 0 and epoch.max() <= epochs and layer.min() >= 0 and layer.max() < layers
    if not (ordered.all() and within):
        raise ArchiveError("The archive has layers of epochs that the run does not have.")
    whole = arrays[_COUNTS].ndim == 1 and arrays[_COUNTS].dtype == np.uint8 and ends[-1] == len(arrays[_COUNTS])
    if not whole or ends[0] < 0 or (np.diff(ends) < 0).any():
        raise ArchiveError("The archive has histograms that are cut off.")
    if (arrays[columns.SIZE] < 0).any() or (arrays[columns.ZEROS] < 0).any():
        raise ArchiveError("The archive has layers of less than no weights.")


def _counts(data: bytes) -> NDArray[np.int64]:
    """The counts in compressed ``data``, without unpacking more than they take."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(data, 8 * N_BINS + 1)
    except zlib.error:
        raise ArchiveError("The archive has a histogram that is damaged.") from None
    counts = np.frombuffer(raw[: len(raw) // 8 * 8], "<i8").astype(np.int64)
    if len(raw) != 8 * N_BINS or not unpacker.eof or (counts < 0).any():
        raise ArchiveError("The archive has a histogram with other bins than RegLab's.")
    return counts


def shown_name(name: str) -> str:
    """A figure's name in a sentence."""
    return name if name.isidentifier() and len(name) <= 40 else "a figure"
