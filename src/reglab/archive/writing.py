"""Writing an archive: each run and sweep member by member, never more of it in memory than one of them.

A sweep goes with its confirmations and learning-rate checks. The manifest is the last member, because only then is the
SHA-256 of all others known.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from reglab import __version__, columns
from reglab.archive.members import MANIFEST
from reglab.archive.records import (
    FORMAT,
    VERSION,
    ArchiveError,
    Confirms,
    Environment,
    Execution,
    How,
    Manifest,
    Member,
    Opening,
    R,
    Record,
    RunRecord,
    SweepRecord,
)
from reglab.archive.tables import AT_ONCE, epoch_arrays, layer_arrays
from reglab.errors import CheckpointError, clipped
from reglab.states import ENDED
from reglab.store import Run, RunFiles, Store, Sweep
from reglab.store.arrays import decode_checkpoint, encode_weights, from_json, to_json
from reglab.store.files import BEST, INITIAL, LAST, NEWEST, PREVIOUS, part_folders
from reglab.store.labels import printable
from reglab.store.prediction_file import NAME as PREDICTIONS

WEIGHTS = (LAST, BEST, INITIAL, "common", "test")
"""Names of the safetensors files that a run may have."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip archive: equal content makes equal archives
_BLOCK = 2**20


@dataclass
class _Writer:
    """The archive as it grows; ``members`` are those that are written, ``remarks`` sentences on what is not."""

    archive: zipfile.ZipFile
    store: Store
    checkpoints: bool
    members: dict[str, Member] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, name: str, data: bytes) -> None:
        self.archive.writestr(_info(name, len(data)), data)
        self.members[name] = Member(size=len(data), sha256=hashlib.sha256(data).hexdigest())

    def record(self, name: str, record: Record) -> None:
        self.add(name, record.model_dump_json().encode())

    def copy(self, name: str, path: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as file, self.archive.open(_info(name, path.stat().st_size), "w") as target:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
                target.write(block)
        self.members[name] = Member(size=size, sha256=digest.hexdigest())


def write_archive(store: Store, runs: Sequence[Run], file: IO[bytes], *, checkpoints: bool = False) -> list[str]:
    """Write ``runs`` to ``file``; runs of sweeps that are whole among them as sweeps. Sentences on what is left out.

    ``checkpoints``: with the files with which they go on.

    :raises ArchiveError: a run has not ended, or is damaged.
    """
    named = {run.id for run in runs}
    of_sweep = {id: store.sweep_runs(id) for id in dict.fromkeys(run.sweep for run in runs if run.sweep is not None)}
    whole = [store.sweep(id) for id, own in of_sweep.items() if named.issuperset(run.id for run in own)]
    whole = _with_others(store, whole)
    inside = {sweep.id for sweep in whole}
    alone = [run for run in runs if run.sweep not in inside]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        writer = _Writer(archive, store, checkpoints)
        for run in alone:
            _write_run(writer, run)
        ids = [run.id for run in alone]
        for sweep in whole:
            ids += _write_sweep(writer, sweep)
        manifest = Manifest(
            format=FORMAT, version=VERSION, reglab=__version__, runs=tuple(ids),
            sweeps=tuple(sweep.id for sweep in whole), members=writer.members,
        )  # fmt: skip
        data = manifest.model_dump_json().encode()
        archive.writestr(_info(MANIFEST, len(data)), data)
    return writer.remarks


def check_ended(run: Run) -> None:
    """Raise :class:`ArchiveError` where ``run`` trains or waits."""
    if run.state not in ENDED:
        raise ArchiveError(f"Run {run.id} is {run.label}; an archive holds runs that have ended, so stop it or wait.")


def _with_others(store: Store, sweeps: Iterable[Sweep]) -> list[Sweep]:
    """``sweeps``, each followed by its confirmations and learning-rate checks that have ended, each once."""
    found: dict[str, Sweep] = {}
    for sweep in sweeps:
        others = [*store.confirmations(sweep.id), *store.rate_checks(sweep.id)]
        found |= {one.id: one for one in (sweep, *(other for other in others if other.state in ENDED))}
    return list(found.values())


def _write_run(writer: _Writer, run: Run) -> None:
    store, at = writer.store, f"runs/{run.id}"
    check_ended(run)
    epochs = epoch_arrays(store.epochs([run.id]))
    if len(epochs[columns.EPOCH]) != run.epoch:
        raise ArchiveError(f"Run {run.id} does not have all the epochs that it counts; reglab check says more.")
    layers = _write_layers(writer, run)
    writer.record(f"{at}/run.json", _run_record(run, layers))
    writer.add(f"{at}/epochs.safetensors", encode_weights(epochs))
    files = store.files(run.id)
    for name in WEIGHTS:
        if files.has(name):
            writer.copy(f"{at}/{name}.safetensors", files.find(files.named(name)))
    predictions = files.place.fetch(files.folder / PREDICTIONS)
    if files.place.there(predictions):
        writer.copy(f"{at}/{PREDICTIONS}", predictions)
    if not writer.checkpoints:
        return
    if run.sweep is None and files.has_checkpoint:
        _write_checkpoint(writer, at, files)
    elif run.epoch and run.sweep is None:
        writer.remarks.append(f"Run {run.id} has no checkpoint, so it cannot go on where the archive is imported.")


def _write_checkpoint(writer: _Writer, at: str, files: RunFiles) -> None:
    """The newest checkpoint that is whole, as it is on the disk."""
    for name in (NEWEST, PREVIOUS):
        path = files.place.fetch(files.folder / name)
        try:
            decode_checkpoint(path.read_bytes())
        except (CheckpointError, FileNotFoundError):
            continue
        writer.copy(f"{at}/{NEWEST}", path)
        return
    raise CheckpointError(f"Every checkpoint in {files.folder} is damaged; export without checkpoints.")


def _write_layers(writer: _Writer, run: Run) -> list[str]:
    """Layer statistics in members of about AT_ONCE rows; the layers' names in network order."""
    first = writer.store.layers([run.id], epochs=[0, 1])
    names = [str(name) for name in dict.fromkeys(first[columns.LAYER])]
    step, part = max(1, AT_ONCE // max(1, len(names))), 0
    for start in range(0, run.epoch + 1, step):
        frame = writer.store.layers([run.id], epochs=range(start, min(start + step, run.epoch + 1)))
        if not frame.empty:
            arrays = layer_arrays(frame, names)
            writer.add(f"runs/{run.id}/layers-{part}.safetensors", encode_weights(arrays))
            part += 1
    return names


def _run_record(run: Run, layers: Sequence[str]) -> RunRecord:
    keeps = None if run.weights_path is None else Path(run.weights_path).stem
    return _checked(
        RunRecord, f"Run {run.id}",
        {
            **{name: getattr(run, name) for name in ("id", "name", "state", "created", "queued", "started", "ended")},
            **{name: getattr(run, name) for name in ("seconds", "device", "threads", "epoch", "steps", "best_epoch")},
            **{name: getattr(run, name) for name in ("weights_sha256", "tags", "note", "colour")},
            "spec": run.spec.model_dump(mode="json"),
            "environment": _environment(run.environment),
            "error": _line(run.error),
            "keeps": keeps,
            "group": None if run.sweep is not None else run.group,
            "layers": tuple(layers),
        },
    )  # fmt: skip


def _environment(facts: Mapping[str, Any] | None) -> Environment | None:
    """Without facts that a newer version has added."""
    if facts is None:
        return None
    return Environment(**{name: _tuple(value) for name, value in facts.items() if name in Environment.model_fields})


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _write_sweep(writer: _Writer, sweep: Sweep) -> list[str]:
    runs, at = writer.store.sweep_runs(sweep.id), f"sweeps/{sweep.id}"
    for run in runs:
        _write_run(writer, run)
    plan = _plan(sweep)
    confirmation = sweep.confirmation
    confirms = None if confirmation is None else {**vars(confirmation)}
    opening = next((one for one in writer.store.openings(sweep.spec.run.data.name) if one.sweep == sweep.id), None)
    writer.record(
        f"{at}/sweep.json",
        _checked(
            SweepRecord, f"Sweep {sweep.id}",
            {
                **{name: getattr(sweep, name) for name in ("id", "name", "created", "seconds")},
                "spec": sweep.spec.model_dump(mode="json"),
                "error": _line(sweep.error),
                "plan": plan,
                "confirms": confirms and Confirms(**confirms),
                "checks": sweep.checks_rate_of,
                "opening": opening and Opening(**{name: getattr(opening, name) for name in Opening.model_fields}),
                "runs": tuple(run.id for run in runs),
            },
        ),
    )  # fmt: skip
    if writer.checkpoints:
        _write_parts(writer, sweep, plan)
    return [run.id for run in runs]


def _write_parts(writer: _Writer, sweep: Sweep, plan: str | None) -> None:
    folders = part_folders(writer.store.home, sweep.id) if plan is not None else []
    for folder in folders:
        files = writer.store.sweep_files(sweep.id, int(folder.name))
        if files.has_checkpoint:
            _write_checkpoint(writer, f"sweeps/{sweep.id}/{folder.name}", files)
    if not any(name.startswith(f"sweeps/{sweep.id}/") and name.endswith(NEWEST) for name in writer.members):
        writer.remarks.append(f"Sweep {sweep.id} has no checkpoint, so it cannot go on where the archive is imported.")


def _plan(sweep: Sweep) -> str | None:
    """The plan as text; None for one of another version, which could not be followed either."""
    if sweep.plan is None:
        return None
    text = to_json(sweep.plan)
    return text if plan_of(text, len(sweep.spec.lanes())) is not None else None


def plan_of(text: str, lanes: int) -> dict[str, Any] | None:
    """The plan in ``text`` of a sweep with so many ``lanes``; None where this version cannot follow it."""
    try:
        facts = from_json(text)
        stacks = tuple(map(tuple, facts["stacks"]))
        Execution(**{**facts, "stacks": stacks, "how": How(**facts["how"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return dict(facts) if sorted(lane for stack in stacks for lane in stack) == list(range(lanes)) else None


def _line(text: str | None) -> str | None:
    return None if text is None else printable(text, keep=" ")[:4_000]


def _checked(kind: type[R], what: str, values: Mapping[str, Any]) -> R:
    """The record, where the store's own values fit it."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ArchiveError(f"{what} cannot be archived: {clipped(where)}: {clipped(first['msg'])}.") from None


def _info(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr, info.file_size = 0o644 << 16, size
    return info
