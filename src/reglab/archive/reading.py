"""Reading an archive into a staging folder: every member is held to its hash, every value to what the store would take.

Nothing outside the staging folder is touched. Files of runs are streamed to the disk; what is looked at in them are
headers, so that no member is in memory as a whole but records, epochs, and a part of the layers at a time.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from safetensors import SafetensorError, safe_open

from reglab.archive.content import content_of_run, content_of_sweep
from reglab.archive.members import copy, opened
from reglab.archive.records import ArchiveError, Manifest, RunRecord, SweepRecord, read_record
from reglab.archive.tables import Arrays, check_epochs, layers_of, metrics_of
from reglab.archive.writing import WEIGHTS, plan_of
from reglab.datasets import DATASETS
from reglab.errors import CheckpointError, RegLabError
from reglab.events import EpochMetrics, LayerStats
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.store.arrays import HEADER_CAP, decode, facts_of
from reglab.store.files import BEST, ELSEWHERE, INITIAL, LAST, NEWEST, TEST
from reglab.store.prediction_file import NAME as PREDICTIONS
from reglab.store.prediction_file import is_whole
from reglab.sweep import SweepSpec

_TABLE_BYTES = 64 * 2**20  # of epochs, or of one part of the layers
_LEAST_FREE = 2**20
_PART = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, eq=False)
class ArchivedRun:
    """A run of an archive whose members are all checked: ``tables`` has its figures, ``files`` its files."""

    record: RunRecord
    spec: RunSpec
    epochs: Arrays
    tables: Path
    files: Path

    @property
    def id(self) -> str:
        return self.record.id

    @cached_property
    def content(self) -> str:
        """See :mod:`reglab.archive.content`."""
        return content_of_run(self.spec, self.record.state, self.epochs, self.record.weights_sha256)

    @property
    def metrics(self) -> list[EpochMetrics]:
        """The figures of its epochs."""
        return metrics_of(self.epochs)

    def layers(self) -> Iterator[tuple[int, list[LayerStats]]]:
        """Its layer statistics, one member in memory at a time."""
        number, last = 0, -1
        while (path := self.tables / f"layers-{number}.safetensors").exists():
            for epoch, stats in layers_of(decode(path.read_bytes()), self.record.layers, self.record.epoch):
                if epoch <= last:
                    raise ArchiveError(f"Run {self.id} of the archive has layers of epoch {epoch} twice.")
                last = epoch
                yield epoch, stats
            number += 1


@dataclass(frozen=True, eq=False)
class ArchivedSweep:
    """A sweep of an archive with its ``runs`` in the order of its lanes; ``files`` has its checkpoints."""

    record: SweepRecord
    spec: SweepSpec
    runs: Sequence[ArchivedRun]
    plan: str | None
    files: Path

    @property
    def id(self) -> str:
        return self.record.id

    @cached_property
    def content(self) -> str:
        """See :mod:`reglab.archive.content`."""
        return content_of_sweep(self.spec, [run.content for run in self.runs])


@dataclass(frozen=True)
class Contents:
    """What an archive holds: ``runs`` of no sweep, and ``sweeps``."""

    runs: Sequence[ArchivedRun]
    sweeps: Sequence[ArchivedSweep]


def read_archive(file: IO[bytes], staging: Path, free: int) -> Contents:
    """Everything in ``file``, its members below the new folder ``staging`` on a disk with so many bytes ``free``.

    :raises ArchiveError: one sentence on the first thing that is wrong.
    """
    with opened(file) as (archive, manifest):
        total = sum(member.size for member in manifest.members.values())
        if total + _LEAST_FREE > free:
            raise ArchiveError(f"The disk has no room for the {total:,} bytes of the archive; free some space.")
        for name in _in_order(manifest):
            _stage(archive, manifest, name, staging)
    runs = {one: _run(one, staging, manifest) for one in manifest.runs}
    sweeps = [_sweep(one, staging, runs, manifest) for one in manifest.sweeps]
    inside = [run.id for sweep in sweeps for run in sweep.runs]
    if len(set(inside)) != len(inside):
        raise ArchiveError("The archive has a run in two sweeps.")
    return Contents([run for run in runs.values() if run.id not in inside], sweeps)


def _in_order(manifest: Manifest) -> list[str]:
    """Small members first: most of what can be wrong is found there."""
    return sorted(manifest.members, key=lambda name: (manifest.members[name].size, name))


def _stage(archive: zipfile.ZipFile, manifest: Manifest, name: str, staging: Path) -> None:
    _, one, *rest = name.split("/")
    is_table = rest[-1].endswith(".json") or rest[-1].startswith(("epochs", "layers-"))
    if rest[-1].startswith(("epochs", "layers-")) and manifest.members[name].size > _TABLE_BYTES:
        raise ArchiveError(f"The member {name} of the archive is too large for a table.")
    target = staging.joinpath("tables" if is_table else "files", one, *rest)
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(archive, name, manifest.members[name], target)


def _run(one: str, staging: Path, manifest: Manifest) -> ArchivedRun:
    tables, files, what = staging / "tables" / one, staging / "files" / one, f"Run {one} of the archive"
    record = read_record(RunRecord, _bytes(tables / "run.json", f"runs/{one}/run.json"), f"runs/{one}/run.json")
    spec = _spec(what, RunSpec.parse, record.spec)
    classes = _check_names(what, spec)
    epochs = _arrays(tables / "epochs.safetensors", f"runs/{one}/epochs.safetensors")
    if record.id != one:
        raise ArchiveError(f"{what} says that it is another.")
    if record.epoch > spec.train.epochs or (record.best_epoch or 0) > record.epoch:
        raise ArchiveError(f"{what} has more epochs than its spec, or a best one that it does not have.")
    if record.ended is None or (record.epoch and record.started is None):
        raise ArchiveError(f"{what} has ended at no time, or began at none.")
    check_epochs(epochs, record.epoch, record.state)
    run = ArchivedRun(record, spec, epochs, tables, files)
    _check_layers(run, manifest)
    _check_files(run, classes, manifest)
    return run


def _bytes(path: Path, name: str) -> bytes:
    if not path.exists():
        raise ArchiveError(f"The archive is not whole: {name} is missing.")
    return path.read_bytes()


def _arrays(path: Path, name: str) -> Arrays:
    try:
        return decode(_bytes(path, name))
    except CheckpointError:
        raise ArchiveError(f"{name} of the archive is no safetensors file.") from None


def _spec(what: str, parse: Any, values: Mapping[str, Any]) -> Any:
    try:
        return parse(values)
    except RegLabError as error:
        raise ArchiveError(f"{what} has a spec that this version cannot read: {error}") from None


def _check_names(what: str, spec: RunSpec) -> int:
    """Raise :class:`ArchiveError` where dataset or CNN are not known here; the number of classes."""
    try:
        MODELS.get(spec.model.name)
        return len(DATASETS.get(spec.data.name).classes)
    except RegLabError as error:
        raise ArchiveError(f"{what} needs something that is not installed here: {error}") from None


def _check_layers(run: ArchivedRun, manifest: Manifest) -> None:
    parts = [name for name in manifest.members if name.startswith(f"runs/{run.id}/layers-")]
    wanted = {f"runs/{run.id}/layers-{number}.safetensors" for number in range(len(parts))}
    if set(parts) != wanted:
        raise ArchiveError(f"Run {run.id} of the archive lacks a part of its layers.")
    try:
        for _ in run.layers():
            pass
    except CheckpointError:
        raise ArchiveError(f"The layers of run {run.id} of the archive are no safetensors files.") from None


def _check_files(run: ArchivedRun, classes: int, manifest: Manifest) -> None:
    record, hashes = run.record, {name: own.sha256 for name, own in manifest.members.items()}
    if (record.keeps is None) != (record.weights_sha256 is None):
        raise ArchiveError(f"Run {run.id} of the archive has weights without a hash, or a hash without weights.")
    if record.keeps and hashes.get(f"runs/{run.id}/{record.keeps}.safetensors") != record.weights_sha256:
        raise ArchiveError(f"Run {run.id} of the archive lacks the weights that it ends with, or has others.")
    for name in WEIGHTS:
        if (path := run.files / f"{name}.safetensors").exists():
            shapes = _header(path, f"runs/{run.id}/{path.name}")[0]
            if name == TEST and not _are_scores(shapes, classes):
                raise ArchiveError(f"Run {run.id} of the archive has other test scores than RegLab's.")
    if (path := run.files / PREDICTIONS).exists() and not is_whole(path, classes):
        raise ArchiveError(f"The predictions of run {run.id} of the archive are damaged.")
    if (path := run.files / NEWEST).exists():
        _check_checkpoint(path, f"runs/{run.id}/{NEWEST}", [run.id], hashes)


def _are_scores(shapes: Mapping[str, tuple[str, list[int]]], classes: int) -> bool:
    """Whether these are :class:`reglab.store.TestScores`."""
    n = shapes.get("correct", ("", [0]))[1][:1]
    return shapes == {TEST: ("F32", [*n, classes]), "correct": ("BOOL", n)}


def _header(path: Path, name: str) -> tuple[dict[str, tuple[str, list[int]]], Mapping[str, str]]:
    """Kind and shape of each array of a safetensors file, and its metadata; safetensors holds them to its size."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
    if size > min(HEADER_CAP, path.stat().st_size):
        raise ArchiveError(f"{name} of the archive is no safetensors file.")
    try:
        with safe_open(path, framework="numpy") as opened_file:
            slices = {key: opened_file.get_slice(key) for key in opened_file.keys()}  # noqa: SIM118  no mapping
            shapes = {key: (one.get_dtype(), one.get_shape()) for key, one in slices.items()}
            return shapes, opened_file.metadata() or {}
    except (SafetensorError, OSError, ValueError, TypeError, OverflowError):
        raise ArchiveError(f"{name} of the archive is no safetensors file.") from None


def _check_checkpoint(path: Path, name: str, runs: Sequence[str], hashes: Mapping[str, str]) -> None:
    """Raise :class:`ArchiveError` where a checkpoint names weights beside it that are not those of ``runs``."""
    _, metadata = _header(path, name)
    try:
        elsewhere = facts_of(metadata).get(ELSEWHERE, {}).items()
        known = {
            f"{run}/{which}.safetensors": hashes.get(f"runs/{run}/{which}.safetensors")
            for run in runs
            for which in (LAST, BEST, INITIAL)
        }
        whole = all(isinstance(prefix, str) and known[at] == sha256 for prefix, (at, sha256) in elsewhere)
    except (CheckpointError, KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise ArchiveError(f"{name} of the archive is no checkpoint of RegLab's, or goes with other weights.")


def _sweep(one: str, staging: Path, runs: Mapping[str, ArchivedRun], manifest: Manifest) -> ArchivedSweep:
    name, what = f"sweeps/{one}/sweep.json", f"Sweep {one} of the archive"
    record = read_record(SweepRecord, _bytes(staging / "tables" / one / "sweep.json", name), name)
    spec: SweepSpec = _spec(what, SweepSpec.parse, record.spec)
    lanes = spec.lanes()
    if record.id != one or len(record.runs) != len(lanes) or any(run not in runs for run in record.runs):
        raise ArchiveError(f"{what} does not have the runs that its spec describes.")
    if record.plan is not None and plan_of(record.plan, len(lanes)) is None:
        raise ArchiveError(f"{what} has a plan that this version cannot follow.")
    own = [runs[run] for run in record.runs]
    if any(run.spec != lane.run for run, lane in zip(own, lanes, strict=True)):
        raise ArchiveError(f"{what} has runs with other settings than its spec describes.")
    confirms = record.confirms
    if confirms is not None and len(confirms.roles) != len(spec.points):
        raise ArchiveError(f"{what} confirms other points than it has.")
    files = staging / "files" / one
    for part in sorted(files.glob("*")) if files.is_dir() else ():
        hashes = {key: member.sha256 for key, member in manifest.members.items()}
        _check_checkpoint(part / NEWEST, f"sweeps/{one}/{part.name}/{NEWEST}", record.runs, hashes)
    return ArchivedSweep(record, spec, own, record.plan, files)
