"""A report from the store: its parts read, its page written, and saved."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reglab import __version__
from reglab.report.document import Document
from reglab.report.page import MARKER, render
from reglab.report.runs_part import runs_part
from reglab.report.subjects import ReportError, Subjects
from reglab.report.sweep_part import sweep_part
from reglab.settings import Settings
from reglab.store import Store
from reglab.store.atomic import write
from reglab.store.sentences import disk_error


def make_report(store: Store, settings: Settings, subjects: Subjects, *, now: datetime | None = None) -> bytes:
    """The report on ``subjects`` as one HTML file in UTF-8, which needs no network. ``now`` is its date.

    :raises RegLabError: the store cannot be read.
    """
    parts = [sweep_part(store, settings, sweep) for sweep in subjects.sweeps]
    parts += [runs_part(store, settings, subjects.runs)] if subjects.runs else []
    made = f"{now or datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return render(Document(subjects.title, made, __version__, tuple(parts)))


def save(page: bytes, path: Path) -> None:
    """Write a report to ``path``, whose folder is made if missing; an old report there is replaced.

    :raises ReportError: ``path`` is a folder, or a file that is no report.
    :raises StoreError: the disk is full or the folder is not writable.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise ReportError(f"{path} is a folder, where a file is to be written; choose another name.")
        if path.exists() and not _is_report(path):
            raise ReportError(f"{path} exists and is no report of RegLab; choose another name.")
    except OSError as error:
        raise disk_error(path, error) from None
    write(path, page)


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        return MARKER in file.read(4096)
