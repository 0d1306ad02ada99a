"""The epochs of a run that has ended, packed in one file beside its weights: a fifth of the time that its rows take.

The rows are the truth. The file is made from them when they are first read after the run's end, and counts only under
its key: a run that went on has another one. It may go at any time.

Little-endian: magic, CRC-32 of what follows, length of the header (4 bytes each), the header as JSON, then the columns
one after another, float64.
"""

from __future__ import annotations

import json
import logging
import secrets
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, select

from reglab import columns
from reglab.atomic import SUFFIX
from reglab.lazy import later
from reglab.states import ENDED
from reglab.store.files import is_plain
from reglab.store.frames import epoch_frame
from reglab.store.reading import chunks, raw
from reglab.store.schema import runs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
else:
    np = later("numpy")

log = logging.getLogger(__name__)

NAME = "epochs.bin"
_MAGIC = b"RegLabE1"
_HEAD = len(_MAGIC) + 8  # bytes before the header
_USUAL = columns.EPOCH_COLUMNS[1:]


class Packed(NamedTuple):
    """The ``names`` of columns, EPOCH first, and their values (columns, epochs)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]


def epochs_of(connection: Connection, home: Path, run_ids: Sequence[str], *, pack: bool = True) -> pd.DataFrame:
    """:func:`reglab.store.frames.epoch_frame` of all epochs, from packed files where there are such.

    ``pack``: write those that are missing.
    """
    ids = list(dict.fromkeys(run_ids))
    keys = _keys(connection, ids)
    found = {run: packed for run in ids if run in keys and (packed := read(home / run / NAME, keys[run])) is not None}
    rest = [run for run in ids if run not in found]
    rows = epoch_frame(connection, rest, 0) if rest or not ids else None
    if pack and rows is not None:
        _pack(connection, home, rows, {run: keys[run] for run in rest if run in keys})
    if not found:
        assert rows is not None
        return rows
    return _joined(ids, found if rows is None else {**found, **_parts(connection, rows)})


def _keys(connection: Connection, ids: Sequence[str]) -> dict[str, list[Any]]:
    """Run → what tells its epochs from those of any other time, of runs that have ended."""
    query = select(runs.c.id, runs.c.state, runs.c.epoch, raw(runs.c.ended))
    query = query.where(runs.c.state.in_(ENDED), runs.c.ended.is_not(None), runs.c.epoch > 0)
    found = (row for some in chunks(ids) for row in connection.execute(query.where(runs.c.id.in_(some))))
    return {run: [run, state, epoch, str(ended)] for run, state, epoch, ended in found if is_plain(run)}


def _parts(connection: Connection, rows: pd.DataFrame) -> dict[str, Packed]:
    """Run → its rows, with the columns that it has when it is read alone."""
    shared = len(rows.columns) > len(columns.EPOCH_COLUMNS) and rows[columns.RUN].nunique() > 1
    parts = ((str(run), own) for run, own in rows.groupby(columns.RUN, sort=False))
    return {run: _packed(epoch_frame(connection, [run], 0) if shared else own) for run, own in parts}


def _packed(own: pd.DataFrame) -> Packed:
    names = [str(name) for name in own if name != columns.RUN]
    return Packed(tuple(names), np.ascontiguousarray(own[names].to_numpy(np.float64).T))


def _pack(connection: Connection, home: Path, rows: pd.DataFrame, keys: Mapping[str, list[Any]]) -> None:
    """Write the file of every run in ``keys`` that has a folder and all of its epochs in ``rows``."""
    wanted = [run for run in keys if (home / run).is_dir()]
    if not wanted:
        return
    for run, packed in _parts(connection, rows[rows[columns.RUN].isin(wanted)]).items():
        if packed.values.shape[1] == keys[run][2]:
            write(home / run / NAME, keys[run], packed)


def _joined(ids: Sequence[str], parts: Mapping[str, Packed]) -> pd.DataFrame:
    """The frame of all ``parts``, in the order of ``ids``."""
    import pandas as pd

    known = [(number, parts[run]) for number, run in enumerate(ids) if run in parts]
    names = list(dict.fromkeys(name for _, packed in known for name in packed.names))
    whole = np.concatenate([_spread(packed, names) for _, packed in known], axis=1)
    counts = [packed.values.shape[1] for _, packed in known]
    ranks = np.repeat([number for number, _ in known], counts)
    data: dict[str, Any] = {columns.RUN: pd.array(ids, dtype="str").take(ranks)}
    data |= {name: whole[place] for place, name in enumerate(names)}
    data[columns.EPOCH] = whole[0].astype(np.int64)
    return pd.DataFrame(data)


def _spread(packed: Packed, names: Sequence[str]) -> NDArray[np.float64]:
    """The values in the rows of ``names``; 0 for a penalty term that the run does not have."""
    if len(packed.names) == len(names):
        return packed.values
    places = {name: place for place, name in enumerate(packed.names)}
    rows = [packed.values[places[name]] if name in places else np.zeros(packed.values.shape[1]) for name in names]
    return np.stack(rows)


def read(path: Path, key: Sequence[Any]) -> Packed | None:
    """What was written to ``path`` under ``key``; None where there is nothing so, or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    end = _HEAD + int.from_bytes(data[_HEAD - 4 : _HEAD], "little")
    if not data.startswith(_MAGIC) or zlib.crc32(memoryview(data)[_HEAD - 4 :]).to_bytes(4, "little") != data[8:12]:
        return None
    try:
        header = json.loads(data[_HEAD:end])
        names = tuple(header["columns"])
        values = np.frombuffer(data, "<f8", offset=end).astype(np.float64, copy=False).reshape(len(names), -1)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = header["key"] == key and names[: len(_USUAL)] == _USUAL and values.shape[1] == key[2]
    return Packed(names, values) if whole else None


def write(path: Path, key: Sequence[Any], packed: Packed) -> None:
    """Write ``packed`` without waiting for the disk: what a power cut tears does not count."""
    header = json.dumps({"key": key, "columns": packed.names}).encode()
    header += b" " * (-(_HEAD + len(header)) % 8)  # values at a multiple of 8 bytes
    rest = len(header).to_bytes(4, "little") + header + packed.values.astype("<f8", copy=False).tobytes()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        temporary.write_bytes(_MAGIC + zlib.crc32(rest).to_bytes(4, "little") + rest)
        temporary.replace(path)
    except OSError as error:
        log.debug("%s was not written: %s", path, error)
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
