"""Creating sweeps with all their lanes, finding them, and lists of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from reglab.errors import StoreError, UnknownRun, UnknownSweep
from reglab.store import catalog, labels
from reglab.store.run import Run, select_runs
from reglab.store.schema import runs, sweeps
from reglab.store.states import now
from reglab.store.sweep import Sweep, read
from reglab.store.sweep_names import default_name, lane_names
from reglab.sweep import SweepSpec

_ATTEMPTS = 5
Checkpoints = Callable[[str], bool]  # sweep id → whether a checkpoint lies in its folder


def create(connection: Connection, spec: SweepSpec, name: str | None, key: str | None) -> str:
    """The id of a new sweep, its lanes all queued, or of the one that ``key`` already names."""
    dialect = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    add = dialect(sweeps).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    row = {
        "key": None if key is None else labels.checked_key(key), "spec": spec.to_json(), "created": now(),
        "name": labels.checked_name(name) if name else default_name(spec), "seconds": 0.0,
    }  # fmt: skip
    for _ in range(_ATTEMPTS):
        sweep_id = catalog.new_id("s")
        if connection.execute(add, {"id": sweep_id, **row}).rowcount == 1:
            _create_lanes(connection, sweep_id, spec, str(row["name"]), now())
            return sweep_id
        if row["key"] is not None:
            first = connection.execute(select(sweeps.c.id).where(sweeps.c.key == row["key"])).scalar_one_or_none()
            if first is not None:
                return str(first)
    raise StoreError("The sweep could not be created; try again.")


def _create_lanes(connection: Connection, sweep_id: str, spec: SweepSpec, name: str, moment: datetime) -> None:
    lanes = spec.lanes()
    ids, names = _free_ids(connection, len(lanes)), lane_names(name, spec)
    shared = {"sweep": sweep_id, "group": group_of(sweep_id)}
    rows = [
        {"id": run_id, **catalog.row_of(lane.run, own, moment), "lane": i, **shared}
        for i, (run_id, own, lane) in enumerate(zip(ids, names, lanes, strict=True))
    ]
    connection.execute(insert(runs), rows)


def _free_ids(connection: Connection, count: int) -> list[str]:
    """``count`` new ids that no run has."""
    for _ in range(_ATTEMPTS):
        ids = {catalog.new_id() for _ in range(count)}
        taken = connection.execute(select(runs.c.id).where(runs.c.id.in_(ids)).limit(1)).first()
        if taken is None and len(ids) == count:
            return sorted(ids)  # in the order of lanes, and so in the table's
    raise StoreError("The sweep could not be created; try again.")


def group_of(sweep_id: str) -> str:
    """The group of a sweep's runs; :func:`reglab.analysis.is_sweep` knows it by its first word."""
    return f"sweep {sweep_id}"


def get(connection: Connection, text: str, has_checkpoint: Checkpoints) -> Sweep:
    """The sweep with this id, this unique name, or the only id that begins so; UnknownSweep otherwise."""
    text = labels.printable(text)
    found = connection.execute(select(sweeps).where(sweeps.c.id == text)).all()
    present = select(sweeps).where(sweeps.c.deleted.is_(None)).limit(3)
    if not found and text:
        found = connection.execute(present.where(sweeps.c.name == text)).all()
    if not found and 0 < len(text) <= 10:
        found = connection.execute(present.where(sweeps.c.id.startswith(text, autoescape=True))).all()
    if len(found) != 1:
        raise UnknownSweep(catalog.unknown("sweep", text, [row.id for row in found]))
    return read(connection, found, {found[0].id: has_checkpoint(found[0].id)})[0]


def listed(connection: Connection, has_checkpoint: Checkpoints, *, deleted: bool, limit: int | None) -> list[Sweep]:
    """Sweeps, newest first, in two statements."""
    query = select(sweeps).where(sweeps.c.deleted.is_not(None) if deleted else sweeps.c.deleted.is_(None))
    return _sweeps(connection, query.order_by(sweeps.c.created.desc(), sweeps.c.id.desc()).limit(limit), has_checkpoint)


def queue(connection: Connection, has_checkpoint: Checkpoints) -> list[Sweep]:
    """Sweeps with queued lanes and none that trains, the longest waiting first."""
    waiting, training = (select(runs.c.sweep).where(runs.c.state == state) for state in ("queued", "running"))
    here = sweeps.c.id.in_(waiting) & sweeps.c.id.not_in(training.where(runs.c.sweep.is_not(None)))
    found = _sweeps(connection, select(sweeps).where(here), has_checkpoint)
    return sorted(found, key=lambda sweep: (sweep.queued or sweep.created, sweep.id))


def lanes(connection: Connection, sweep_id: str, has_checkpoint: catalog.Files) -> list[Run]:
    """The runs of a sweep, in the order of ``SweepSpec.lanes()``."""
    found = catalog.read(
        connection, select_runs().where(runs.c.sweep == sweep_id).order_by(runs.c.lane), has_checkpoint
    )
    if not found:
        raise UnknownSweep(catalog.unknown("sweep", sweep_id, []))
    return found


def sweep_of(connection: Connection, run_id: str) -> str | None:
    """The sweep that a run belongs to."""
    row = connection.execute(select(runs.c.sweep).where(runs.c.id == run_id)).one_or_none()
    if row is None:
        raise UnknownRun(catalog.unknown("run", run_id, []))
    return None if row.sweep is None else str(row.sweep)


def wanted(connection: Connection, sweep_id: str) -> str:
    """ "stop" where a running lane is to stop, "run" otherwise."""
    found = connection.execute(select(runs.c.state, runs.c.wanted).where(runs.c.sweep == sweep_id).distinct()).all()
    if not found:
        raise UnknownSweep(catalog.unknown("sweep", sweep_id, []))
    return "stop" if ("running", "stop") in found else "run"


def _sweeps(connection: Connection, query: Select[Any], has_checkpoint: Checkpoints) -> list[Sweep]:
    rows: Sequence[Any] = connection.execute(query).all()
    return read(connection, rows, {row.id: has_checkpoint(row.id) for row in rows})
