"""An archive that another home imports: everything of runs and sweeps, see :mod:`reglab.archive`."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from pathlib import Path

from reglab.archive import check_ended, write_archive
from reglab.archive.members import is_archive
from reglab.exports.entry import Bundle, Delivered, Export, ExportError
from reglab.exports.subject import Subject
from reglab.store import Run, Store
from reglab.store.atomic import SUFFIX
from reglab.store.sentences import disk_error

_MAIN = "runs.reglab.zip"


def _make(subjects: Sequence[Subject], main: str, _prefix: str) -> Bundle:
    store, runs = _of(subjects)
    buffer = io.BytesIO()
    remarks = write_archive(store, runs, buffer, checkpoints=subjects[0].checkpoints)
    return Bundle({main: buffer.getvalue()}, remarks=tuple(remarks))


def _deliver(subjects: Sequence[Subject], out: str, force: bool) -> Delivered:
    """Write to a file beside the target first, which takes its place when it is whole."""
    store, runs = _of(subjects)
    path = Path(out).expanduser().absolute()
    target = path if path.suffix.lower() == ".zip" and not path.is_dir() else path / _MAIN
    if target.is_dir():
        raise ExportError(f"{target} is a folder, where a file is to be written; choose another place.")
    if target.exists() and not force and not is_archive(target):
        raise ExportError(f"{target} exists and was not written by this export; choose another place, or add --force.")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            remarks = write_archive(store, runs, file, checkpoints=subjects[0].checkpoints)
        temporary.replace(target)
    except OSError as error:
        raise disk_error(target, error) from None
    finally:
        temporary.unlink(missing_ok=True)
    return Delivered((str(target),), remarks=tuple(remarks))


def _check(subject: Subject) -> None:
    assert subject.run is not None
    check_ended(subject.run)


def _of(subjects: Sequence[Subject]) -> tuple[Store, list[Run]]:
    store = subjects[0].store
    assert store is not None
    return store, [subject.run for subject in subjects if subject.run is not None]


ENTRY = Export(
    name="archive",
    label="Archive",
    order=90,
    about="Everything, for another home: spec, figures, weights, predictions, tags and notes. The Runs page and "
    "reglab import take it in.",
    main=_MAIN,
    marker=b'"format":"reglab-archive"',
    make=_make,
    deliver=_deliver,
    together=True,
    needs_runs=True,
    options=frozenset({"checkpoints"}),
    check=_check,
)
