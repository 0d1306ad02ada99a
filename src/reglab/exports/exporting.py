"""One call for every export: what to export, into which format, under which names."""

from __future__ import annotations

from collections.abc import Sequence

from reglab.exports.entry import EXPORTS, Bundle, Export, ExportError
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
    """``source``, one run or spec or several, as the export called ``name``: its files by name.

    Several sources that do not share one file have a folder each, named after the run.

    :param store: where the runs are; needed for runs.
    :param main: the main file's name, where it is not to be the usual one; names beside it begin with ``prefix``.
    :raises UnknownName: for a format that there is not.
    :raises ExportError: where this cannot be exported so; other :class:`RegLabError` where something needed is missing.
    """
    entry = EXPORTS.get(name)
    subjects = [_subject(one, settings, store) for one in ([source] if isinstance(source, Source) else source)]
    if not subjects:
        raise ExportError("There is nothing to export: name at least one run.")
    if entry.needs_runs and any(subject.run is None for subject in subjects):
        raise ExportError(f"{entry.label} holds what runs have measured; a spec that was not trained has nothing yet.")
    if entry.together or len(subjects) == 1:
        return entry.make(subjects, main or entry.main, prefix)
    return _apart(entry, subjects)


def show(source: Source, name: str, *, settings: Settings, store: Store | None = None) -> Bundle | None:
    """The main file of such an export alone, for reading; None where it is no text. Errors as of :func:`export`."""
    entry = EXPORTS.get(name)
    return entry.show(_subject(source, settings, store)) if entry.show else None


def _apart(entry: Export, subjects: Sequence[Subject]) -> Bundle:
    files: dict[str, bytes] = {}
    inexact: dict[str, None] = {}
    for number, subject in enumerate(subjects, start=1):
        bundle = entry.make([subject], entry.main, "")
        folder = subject.run.id if subject.run else f"spec{number}"
        files |= {f"{folder}/{name}": data for name, data in bundle.files.items()}
        inexact |= dict.fromkeys(bundle.inexact)
    return Bundle(files, tuple(inexact))


def _subject(source: Source, settings: Settings, store: Store | None) -> Subject:
    if isinstance(source, RunSpec):
        check(source)
        return Subject(source, settings)
    return Subject(source.spec, settings, source, store)
