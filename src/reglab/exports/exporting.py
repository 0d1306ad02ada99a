"""``export`` and ``show``: runs or specs in the format with a given name."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.exports.entry import EXPORTS, Bundle, ExportError
from reglab.exports.subject import Subject
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store
from reglab.training import check

Source = Run | RunSpec


def export(
    source: Source | Sequence[Source],
    name: str,
    *,
    settings: Settings,
    store: Store | None = None,
    main: str | None = None,
    prefix: str = "",
) -> Bundle:
    """Export one or several runs or specs in the format ``name``.

    Where the format has one file a run, several sources get a folder each, named after the run.

    :param store: the store of the runs; needed for runs only.
    :param main: the name of the main file in place of the default; the files beside it begin with ``prefix``.
    :raises UnknownName: no export has this name.
    :raises ExportError: the source cannot be exported in this format; other :class:`RegLabError` if data are missing.
    """
    entry = EXPORTS.get(name)
    subjects = [_subject(one, settings, store) for one in ([source] if isinstance(source, Source) else source)]
    if not subjects:
        raise ExportError("There is nothing to export: name at least one run.")
    if entry.needs_runs and any(subject.run is None for subject in subjects):
        raise ExportError(f"{entry.label} holds a run's metrics, and a spec that was not trained has none.")
    if entry.together or len(subjects) == 1:
        return entry.make(subjects, main or entry.main, prefix)
    files: dict[str, bytes] = {}
    inexact: dict[str, None] = {}
    for number, subject in enumerate(subjects, start=1):
        bundle = entry.make([subject], entry.main, "")
        folder = subject.run.id if subject.run else f"spec{number}"
        files |= {f"{folder}/{name}": data for name, data in bundle.files.items()}
        inexact |= dict.fromkeys(bundle.inexact)
    return Bundle(files, tuple(inexact))


def show(source: Source, name: str, *, settings: Settings, store: Store | None = None) -> Bundle | None:
    """The main file of the export only, for display; None for formats that are not text. Raises like ``export``."""
    entry = EXPORTS.get(name)
    return entry.show(_subject(source, settings, store)) if entry.show else None


def _subject(source: Source, settings: Settings, store: Store | None) -> Subject:
    if isinstance(source, RunSpec):
        check(source)
        return Subject(source, settings)
    return Subject(source.spec, settings, source, store)
