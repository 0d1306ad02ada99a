"""Event files for TensorBoard: scalars and weight histograms of every epoch, hyperparameters, and the spec as text.

Steps are epochs; the time of an event is the run's start plus its seconds of training, so that the same run always
makes the same bytes. Scalars are float32 there. Exact zeros have a bucket of their own at 0; a histogram's ``sum`` is
that of the buckets' middles, since the signed sum of the weights is not recorded.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from reglab import columns
from reglab.bins import EDGES, PER_SIDE
from reglab.exports.csv import settings_of
from reglab.exports.entry import Bundle, Export, ExportError
from reglab.exports.series import Series, run_series, seconds_until
from reglab.exports.subject import Subject
from reglab.store import Run

_SPEC = "reglab/spec"
_TINY = 2.0**-126  # upper end of the bucket of exact zeros
_STATUS = {"finished": "STATUS_SUCCESS", "failed": "STATUS_FAILURE", "diverged": "STATUS_FAILURE"}
_MAIN = "events.out.tfevents"


def _make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    if main == _MAIN:
        return Bundle({f"{subject.run.id}/{main}": _events(subject) for subject in subjects if subject.run})
    if len(subjects) > 1:
        raise ExportError(f"{len(subjects)} runs need an event file each; give --out a folder.")
    return Bundle({main: _events(subjects[0])})


def _events(subject: Subject) -> bytes:
    """The whole event file of a run."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    run, store = subject.run, subject.store
    assert run is not None
    assert store is not None
    layers, start = store.layers([run.id]), (run.started or run.created).timestamp()
    until = seconds_until(store, run)
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    writer.write(Event(wall_time=start, file_version="brain.Event:2").SerializeToString())
    first = [_text(run), _hparams(run)]
    rows = {int(str(epoch)): own for epoch, own in layers.groupby(columns.EPOCH)} if len(layers) else {}
    scalars = _by_epoch(run_series(store, run, layers))
    for epoch in sorted({0, *rows, *scalars}):
        values = [*(first if epoch == 0 else ()), *_scalars(scalars.get(epoch, {})), *_histograms(rows.get(epoch))]
        time = start + until[min(epoch, len(until) - 1)]
        writer.write(_event(time, epoch, values))
    writer.write(_event(start + until[-1], run.epoch, [_end(run)]))
    return buffer.getvalue()


def _event(time: float, step: int, values: Sequence[Any]) -> bytes:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    data: bytes = Event(wall_time=time, step=step, summary=Summary(value=values)).SerializeToString(deterministic=True)
    return data


def _by_epoch(series: Sequence[Series]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for one in series:
        for epoch, value in zip(one.epochs.tolist(), one.values.tolist(), strict=True):
            found.setdefault(epoch, {})[one.tag] = value
    return found


def _scalars(values: Mapping[str, float]) -> Iterator[Any]:
    from tensorboard.compat.proto.summary_pb2 import Summary

    for tag, value in values.items():
        yield Summary.Value(tag=tag, simple_value=_float32(value))


def _float32(value: float) -> float:
    """The nearest float32, ±∞ beyond its range."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def _histograms(rows: pd.DataFrame | None) -> Iterator[Any]:
    from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary

    for row in () if rows is None else rows.to_dict("records"):
        if not math.isfinite(row[columns.MAX_ABS]):
            continue
        counts = np.insert(row[columns.COUNTS].astype(np.float64), PER_SIDE, row[columns.ZEROS])
        largest = float(row[columns.MAX_ABS])
        limits = np.insert(EDGES[1:], PER_SIDE, _TINY)
        limits[-1] = max(limits[-1], largest)
        lower = np.concatenate([[min(EDGES[0], -largest)], limits[:-1]])
        histogram = HistogramProto(
            min=float(max(lower[counts > 0].min(initial=0.0), -largest)),
            max=float(min(limits[counts > 0].max(initial=0.0), largest)),
            num=float(row[columns.SIZE]),
            sum=float((counts * (lower + limits) / 2).sum()),
            sum_squares=float(row[columns.L2_NORM]) ** 2,
            bucket_limit=limits.tolist(),
            bucket=counts.tolist(),
        )
        yield Summary.Value(tag=row[columns.LAYER], histo=histogram)


def _text(run: Run) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
    from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

    lines = "".join(f"    {line}\n" for line in run.spec.to_yaml().splitlines())  # Markdown's code block
    title = "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>&" else c for c in run.name)
    plugin = SummaryMetadata.PluginData(plugin_name="text", content=TextPluginData(version=0).SerializeToString())
    text = TensorProto(
        dtype="DT_STRING",
        string_val=[f"{title} ({run.id})\n\n{lines}".encode()],
        tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]),
    )
    return Summary.Value(tag=_SPEC, metadata=SummaryMetadata(plugin_data=plugin), tensor=text)


def _hparams(run: Run) -> Any:
    """The settings of the run. TensorBoard makes the experiment's columns of all runs that it finds."""
    from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG
    from tensorboard.plugins.hparams.plugin_data_pb2 import SessionStartInfo

    info = SessionStartInfo(group_name=run.id, start_time_secs=(run.started or run.created).timestamp())
    for key, value in settings_of(run.spec).items():
        if isinstance(value, bool):
            info.hparams[key].bool_value = value
        elif isinstance(value, int | float):
            info.hparams[key].number_value = value
        elif value is not None:
            info.hparams[key].string_value = str(value)
    return _plugin(SESSION_START_INFO_TAG, session_start_info=info)


def _end(run: Run) -> Any:
    from tensorboard.plugins.hparams.api_pb2 import Status
    from tensorboard.plugins.hparams.metadata import SESSION_END_INFO_TAG
    from tensorboard.plugins.hparams.plugin_data_pb2 import SessionEndInfo

    ended = (run.ended or run.started or run.created).timestamp()
    status = Status.Value(_STATUS.get(run.state, "STATUS_UNKNOWN"))
    return _plugin(SESSION_END_INFO_TAG, session_end_info=SessionEndInfo(status=status, end_time_secs=ended))


def _plugin(tag: str, **data: Any) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.plugins.hparams.metadata import PLUGIN_DATA_VERSION, PLUGIN_NAME
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = HParamsPluginData(version=PLUGIN_DATA_VERSION, **data).SerializeToString(deterministic=True)
    plugin = SummaryMetadata.PluginData(plugin_name=PLUGIN_NAME, content=content)
    return Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin))


ENTRY = Export(
    name="tensorboard",
    label="TensorBoard",
    order=60,
    about="An event file a run: scalars and weight histograms of every epoch, hyperparameters, and the spec.",
    main=_MAIN,
    marker=_SPEC.encode(),
    make=_make,
    together=True,
    file_a_run=True,
    needs_runs=True,
    packages=("tensorboard",),
)
