"""Importing an archive: what is there already stays, ids that are free are kept, and all of it arrives or nothing.

Everything is read and checked in a staging folder first. Then the rows of all runs and sweeps are inserted in one
transaction, in which their folders are moved into the home.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from reglab.archive.content import content_here
from reglab.archive.reading import ArchivedRun, ArchivedSweep, Contents, read_archive
from reglab.archive.records import ArchiveError, Confirms
from reglab.errors import UnknownRun
from reglab.events import Checkpoint
from reglab.store import Confirmation, Opening, Store
from reglab.store.arrays import decode_checkpoint, encode_checkpoint, from_json, to_json
from reglab.store.catalog import ID_ALPHABET
from reglab.store.files import ELSEWHERE, NEWEST
from reglab.store.imported import EndedRun, EndedSweep
from reglab.store.remote_files import files_in
from reglab.store.sentences import disk_error

Kind = Literal["run", "sweep"]
Outcome = Literal["new", "renamed", "there", "deleted"]
_ATTEMPTS = 100
_DIGITS = len(ID_ALPHABET)


@dataclass(frozen=True)
class Arrival:
    """What became of a run or sweep ``id`` of an archive: it is ``here`` under that id."""

    kind: Kind
    id: str
    here: str
    name: str
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """The message about it, without its name, which a stranger may have chosen."""
        what = f"{self.kind.capitalize()} {self.id}"
        return {
            "new": f"{what} is imported.",
            "renamed": f"{what} is imported as {self.here}, because another {self.kind} here has that id.",
            "there": f"{what} is here already"
            + (f" as {self.here}" if self.here != self.id else "")
            + "; its name, tags and notes stay as they are.",
            "deleted": f"{what} is here already, but deleted; restore {self.here} to see it.",
        }[self.outcome]


def import_archive(store: Store, file: IO[bytes]) -> list[Arrival]:
    """Take everything in ``file`` into ``store``; what became of each run of no sweep, and of each sweep.

    :raises ArchiveError: the archive is damaged, hostile or newer; nothing of it is left then.
    :raises StoreError: nothing may be written here, or the disk is full; nothing is left then, either.
    """
    store.check_may_add()
    with _staging(store.home) as staging:
        contents = read_archive(file, staging, shutil.disk_usage(store.home).free)
        plan = _Plan(store, contents)
        placed: list[Path] = []
        try:
            if plan.jobs:
                store.add_ended(plan.jobs, lambda: _place(store.home, plan.folders, placed))
        except BaseException:
            for folder in placed:
                shutil.rmtree(folder, ignore_errors=True)
            raise
    return plan.arrivals


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A folder of the home that is gone after the block."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".import-", dir=home))
    except OSError as error:
        raise disk_error(home, error) from None
    try:
        yield folder
    except OSError as error:
        raise disk_error(folder, error) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(home: Path, folders: Mapping[str, Path], placed: list[Path]) -> None:
    """Move the staged ``folders`` to their ids; ``placed`` names those that are there."""
    files = files_in(home)
    for one, staged in folders.items():
        target = home / one
        if target.exists():
            raise ArchiveError(f"The folder {target} is there already and belongs to no run; reglab check lists it.")
        placed.append(target)
        staged.rename(target)
        for path in sorted(target.rglob("*")):
            if path.is_file():
                files.put(path)


@dataclass
class _Plan:
    """Which jobs are new, under which ids, and which staged folder goes where."""

    store: Store
    contents: Contents
    jobs: list[EndedRun | EndedSweep] = field(default_factory=list)
    folders: dict[str, Path] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for run in self.contents.runs:
            here, outcome = self._settle("run", run.id, run.content)
            self.arrivals.append(Arrival("run", run.id, here, run.record.name, outcome))
            if outcome in ("new", "renamed"):
                self.jobs.append(self._run(run, here))
        settled = [(sweep, *self._settle("sweep", sweep.id, sweep.content)) for sweep in self.contents.sweeps]
        self.ids |= {sweep.id: here for sweep, here, _ in settled}
        for sweep, here, outcome in settled:
            self.arrivals.append(Arrival("sweep", sweep.id, here, sweep.record.name, outcome))
            if outcome in ("new", "renamed"):
                self.jobs.append(self._sweep(sweep, here))

    def _settle(self, kind: Kind, one: str, content: str) -> tuple[str, Outcome]:
        """The id in this home, and what that means: its own, or one that follows from its content."""
        for candidate in _candidates(kind, one, content):
            try:
                found = self.store.get(candidate) if kind == "run" else self.store.sweep(candidate)
            except UnknownRun:
                if self._is_free(candidate):
                    return candidate, "new" if candidate == one else "renamed"
                continue
            if found.id == candidate and content_here(self.store, found) == content:
                return candidate, "there" if found.deleted is None else "deleted"
        raise ArchiveError(f"There is no free id for the {kind} {one} of the archive.")

    def _is_free(self, one: str) -> bool:
        return not self.store.taken([one]) and not (self.store.home / one).exists() and one not in self.folders

    def _of_sweep(self, sweep: str, run: ArchivedRun) -> str:
        """The id of a run of a new sweep: its own, or one that no run here has."""
        for candidate in _candidates("run", run.id, f"{sweep} {run.content}"):
            if self._is_free(candidate):
                return candidate
        raise ArchiveError(f"There is no free id for the run {run.id} of the archive.")

    def _run(self, run: ArchivedRun, here: str) -> EndedRun:
        record = run.record
        if run.files.is_dir():
            self.folders[here] = run.files
            _point(run.files / NEWEST, {run.id: here})
        facts: dict[str, Any] = {
            name: getattr(record, name)
            for name in ("state", "created", "queued", "started", "ended", "seconds", "device", "threads", "error")
        }
        facts |= {name: getattr(record, name) for name in ("steps", "best_epoch", "group", "note", "colour")}
        facts |= {"tags": list(record.tags), "heartbeat": record.ended, "weights_sha256": record.weights_sha256}
        facts["environment"] = record.environment and record.environment.model_dump(exclude_unset=True, mode="json")
        facts["weights_path"] = record.keeps and f"{here}/{record.keeps}.safetensors"
        return EndedRun(here, record.name, run.spec, facts, run.metrics, run.layers)

    def _sweep(self, sweep: ArchivedSweep, here: str) -> EndedSweep:
        record, ids = sweep.record, {run.id: self._of_sweep(here, run) for run in sweep.runs}
        if sweep.files.is_dir():
            self.folders[here] = sweep.files
            for part in sweep.files.glob("*"):
                _point(part / NEWEST, ids)
        opening, checks = record.opening, record.checks
        return EndedSweep(
            here,
            record.name,
            sweep.spec,
            {"created": record.created, "seconds": record.seconds, "error": record.error, "plan": _plan_text(sweep)},
            [self._run(run, ids[run.id]) for run in sweep.runs],
            self._confirmation(record.confirms),
            checks and self.ids.get(checks, checks),
            None if opening is None else Opening(here, **_plain(opening)),
        )

    def _confirmation(self, confirms: Confirms | None) -> Confirmation | None:
        if confirms is None:
            return None
        return Confirmation(**{**_plain(confirms), "sweep": self.ids.get(confirms.sweep, confirms.sweep)})


def _plan_text(sweep: ArchivedSweep) -> str | None:
    return None if sweep.plan is None else to_json(from_json(sweep.plan))


def _plain(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).model_fields}


def _candidates(kind: Kind, one: str, content: str) -> Iterator[str]:
    """The id itself, then ids that follow from it and the content: a second import finds what the first one made."""
    yield one
    first = "s" if kind == "sweep" else "r"
    for attempt in range(_ATTEMPTS):
        number = int(hashlib.sha256(f"{one} {content} {attempt}".encode()).hexdigest(), 16)
        yield first + "".join(ID_ALPHABET[number // _DIGITS**i % _DIGITS] for i in range(9))


def _point(path: Path, ids: Mapping[str, str]) -> None:
    """Have the checkpoint at ``path`` go with the weights of runs under their new ``ids``, where these differ."""
    if not path.exists() or all(old == new for old, new in ids.items()):
        return
    checkpoint = decode_checkpoint(path.read_bytes())
    facts = dict(checkpoint.facts)
    elsewhere = facts.get(ELSEWHERE, {})
    for prefix, (at, sha256) in elsewhere.items():
        old, _, name = at.partition("/")
        elsewhere[prefix] = [f"{ids[old]}/{name}", sha256]
    path.write_bytes(encode_checkpoint(Checkpoint(checkpoint.arrays, facts)))
