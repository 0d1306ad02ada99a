"""Creating sweeps with all their lanes, finding them, and lists of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from reglab.errors import StoreError, UnknownRun, UnknownSweep
from reglab.store import catalog, labels
from reglab.store.reading import Unreadable, UnreadableRow
from reglab.store.run import Files, Run, read_runs, select_runs
from reglab.store.run_filter import SWEEP_GROUPS
from reglab.store.schema import runs, sweeps
from reglab.store.states import now
from reglab.store.sweep import Checkpoints, Sweep, read_sweeps, select_sweeps
from reglab.store.sweep_names import default_name, lane_names
from reglab.sweep import SweepSpec

_ATTEMPTS = 5


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
    """The group of a sweep's runs; lists know it by its beginning."""
    return SWEEP_GROUPS + sweep_id


def get(connection: Connection, text: str, has_checkpoint: Checkpoints) -> Sweep:
    """The sweep with this id, this unique name, or the only id that begins so; UnknownSweep otherwise."""
    text = labels.printable(text)
    found = _by_id(connection, text, has_checkpoint) or _by_id(connection, _id_of(connection, text), has_checkpoint)
    if not isinstance(found, Sweep):
        raise UnreadableRow(found) if found else UnknownSweep(catalog.unknown("sweep", text, []))
    return found


def _by_id(connection: Connection, sweep_id: str, has_checkpoint: Checkpoints) -> Sweep | Unreadable | None:
    return next(iter(read_sweeps(connection, select_sweeps().where(sweeps.c.id == sweep_id), has_checkpoint)), None)


def _id_of(connection: Connection, text: str) -> str:
    """The id of the sweep with this unique name, or the only id that begins so; UnknownSweep otherwise."""
    present = select(sweeps.c.id).where(sweeps.c.deleted.is_(None)).limit(3)
    found = connection.execute(present.where(sweeps.c.name == text)).scalars().all() if text else []
    if not found and 0 < len(text) <= 10:
        found = connection.execute(present.where(sweeps.c.id.startswith(text, autoescape=True))).scalars().all()
    if len(found) != 1:
        raise UnknownSweep(catalog.unknown("sweep", text, list(found)))
    return str(found[0])


def listed(
    connection: Connection, has_checkpoint: Checkpoints, *, deleted: bool, offset: int, limit: int | None
) -> list[Sweep | Unreadable]:
    """Sweeps, newest first, from number ``offset`` on, in two statements."""
    query = select_sweeps().where(sweeps.c.deleted.is_not(None) if deleted else sweeps.c.deleted.is_(None))
    query = query.order_by(sweeps.c.created.desc(), sweeps.c.id.desc()).offset(offset).limit(limit)
    return read_sweeps(connection, query, has_checkpoint)


def count(connection: Connection) -> int:
    """How many sweeps are not deleted."""
    return connection.execute(select(func.count()).where(sweeps.c.deleted.is_(None))).scalar_one()


def queue(connection: Connection, has_checkpoint: Checkpoints) -> list[Sweep]:
    """Sweeps with queued lanes and none that trains, the longest waiting first.

    One that cannot be read, or of which a lane cannot, stays as it is and holds up no other.
    """
    waiting, training = (select(runs.c.sweep).where(runs.c.state == state) for state in ("queued", "running"))
    here = sweeps.c.id.in_(waiting) & sweeps.c.id.not_in(training.where(runs.c.sweep.is_not(None)))
    found = readable(read_sweeps(connection, select_sweeps().where(here), has_checkpoint))
    torn = _with_unreadable_lanes(connection, [sweep.id for sweep in found])
    whole = [sweep for sweep in found if sweep.id not in torn]
    return sorted(whole, key=lambda sweep: (sweep.queued or sweep.created, sweep.id))


def readable(found: Iterable[Sweep | Unreadable]) -> list[Sweep]:
    """The sweeps in ``found`` that can be read."""
    return [sweep for sweep in found if isinstance(sweep, Sweep)]


def waiting(connection: Connection) -> list[str]:
    """Ids of the sweeps that :func:`queue` lists, in its order: also of rows that cannot be read."""
    mine = runs.c.sweep.is_not(None)
    training = select(runs.c.sweep).where(mine, runs.c.state == "running")
    query = select(runs.c.sweep).where(mine, runs.c.state == "queued", runs.c.sweep.not_in(training))
    found = connection.execute(query.group_by(runs.c.sweep).order_by(func.min(runs.c.queued), runs.c.sweep))
    return [str(sweep_id) for sweep_id in found.scalars()]


def lanes(connection: Connection, sweep_id: str, has_checkpoint: Files) -> list[Run]:
    """The runs of a sweep, in the order of ``SweepSpec.lanes()``: all of them, or :class:`UnreadableRow`."""
    query = select_runs().where(runs.c.sweep == sweep_id).order_by(runs.c.lane)
    found = list(read_runs(connection, query, has_checkpoint))
    if not found:
        raise UnknownSweep(catalog.unknown("sweep", sweep_id, []))
    for run in found:
        if isinstance(run, Unreadable):
            raise UnreadableRow(run)
    return catalog.readable(found)


def _with_unreadable_lanes(connection: Connection, sweep_ids: Sequence[str]) -> set[str]:
    """Those of ``sweep_ids`` that have a run which cannot be read."""
    query = select_runs().where(runs.c.sweep.in_(sweep_ids))
    found = read_runs(connection, query, lambda _run, _sweep: False) if sweep_ids else ()
    torn = [run.id for run in found if isinstance(run, Unreadable)]
    return set(connection.execute(select(runs.c.sweep).where(runs.c.id.in_(torn))).scalars()) if torn else set()


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
