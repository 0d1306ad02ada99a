"""``export`` and ``show``: runs or specs in the format with a given name; ``save`` and ``download``: its files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reglab.exports.entry import EXPORTS, Bundle, Delivered, Export, ExportError
from reglab.exports.subject import Subject
from reglab.predictions import Which
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store
from reglab.store.atomic import write
from reglab.store.sentences import disk_error
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
    which: Which | None = None,
    checkpoints: bool = False,
) -> Bundle:
    """Export one or several runs or specs in the format ``name``.

    Where the format has one file a run, several sources get a folder each, named after the run.

    :param store: the store of the runs; needed for runs only.
    :param main: the name of the main file in place of the default; the files beside it begin with ``prefix``.
    :param which: weights of the last or best epoch, in place of those that a run ends with.
    :param checkpoints: include the files with which runs go on.
    :raises UnknownName: no export has this name.
    :raises ExportError: the source cannot be exported in this format; other :class:`RegLabError` if data are missing.
    """
    entry = EXPORTS.get(name)
    subjects = _subjects(source, entry, settings, store, which, checkpoints)
    if entry.make is None:
        raise ExportError(f"{entry.label} writes to a file or an address, and makes no files to download.")
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


def deliver(
    source: Source | Sequence[Source],
    name: str,
    out: str,
    *,
    settings: Settings,
    store: Store | None = None,
    which: Which | None = None,
    checkpoints: bool = False,
    force: bool = False,
) -> Delivered:
    """Export to the file, folder or address ``out``; the parameters are those of :func:`export`.

    :param force: replace files that no earlier export wrote.
    :raises UnknownName: no export has this name.
    :raises ExportError: the source cannot be exported so, or must not replace what is there; other
        :class:`RegLabError` if data are missing or ``out`` cannot be written.
    """
    entry = EXPORTS.get(name)
    if entry.deliver is not None:
        return entry.deliver(_subjects(source, entry, settings, store, which, checkpoints), out, force)
    sources = [source] if isinstance(source, Source) else list(source)
    at = place(entry, len(sources), Path(out))
    bundle = export(
        sources, name,
        settings=settings, store=store, main=at.main, prefix=at.prefix, which=which, checkpoints=checkpoints,
    )  # fmt: skip
    paths = save(bundle, entry, at.folder, force)
    return Delivered(tuple(map(str, paths)), bundle.inexact, bundle.remarks)


def show(source: Source, name: str, *, settings: Settings, store: Store | None = None) -> Bundle | None:
    """The main file of the export only, for display; None for formats that are not text. Raises like ``export``."""
    entry = EXPORTS.get(name)
    return entry.show(_subject(source, settings, store)) if entry.show else None


def _subjects(
    source: Source | Sequence[Source],
    entry: Export,
    settings: Settings,
    store: Store | None,
    which: Which | None,
    checkpoints: bool,
) -> list[Subject]:
    if entry.missing is not None:
        raise ExportError(entry.missing)
    if which is not None and "weights" not in entry.options:
        raise ExportError(f"{entry.label} has no choice between the weights of the last and the best epoch.")
    if checkpoints and "checkpoints" not in entry.options:
        raise ExportError(f"{entry.label} has no checkpoints; an archive has.")
    sources = [source] if isinstance(source, Source) else source
    subjects = [replace(_subject(one, settings, store), which=which, checkpoints=checkpoints) for one in sources]
    if not subjects:
        raise ExportError("There is nothing to export: name at least one run.")
    if entry.needs_runs and any(subject.run is None for subject in subjects):
        raise ExportError(f"{entry.label} holds what a run has come to, and a spec that was not trained has nothing.")
    return subjects


def _subject(source: Source, settings: Settings, store: Store | None) -> Subject:
    if isinstance(source, RunSpec):
        check(source)
        return Subject(source, settings)
    return Subject(source.spec, settings, source, store)


_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip archive: equal exports make equal archives
_PACKED = (".npz", ".safetensors", ".parquet", ".onnx")  # compressed already


@dataclass(frozen=True)
class Place:
    """A folder; for a single main file, also its name and the prefix of the files beside it."""

    folder: Path
    main: str | None = None
    prefix: str = ""


def place(entry: Export, sources: int, path: Path) -> Place:
    """Where ``--out path`` writes an export of so many sources.

    With the suffix of the main file (".py", ".csv", …) it names that file, and the other files of a script take its
    stem as prefix. Any other path is a folder, and so is an existing folder.

    :raises ExportError: several sources need more than one file.
    """
    if path.suffix.lower() != entry.suffix or path.is_dir():
        return Place(path)
    if sources > 1 and not entry.together:
        raise ExportError(f"{sources} runs make more than the one file {path.name}; give --out a folder.")
    return Place(path.parent, path.name, f"{path.stem}_" if entry.is_script else "")


def save(bundle: Bundle, entry: Export, folder: Path, force: bool = False) -> list[Path]:
    """Write the files below ``folder``, creating it if needed. Returns their paths, the main file first.

    :raises ExportError: before anything is written, if a file exists that no earlier export wrote.
    :raises StoreError: the disk is full or the folder is not writable.
    """
    paths = [folder / name for name in bundle.files]
    for path in paths:
        if path.is_dir():
            raise ExportError(f"{path} is a folder, where a file is to be written; choose another place.")
        mains = [other for other in paths if other.suffix == entry.suffix and other.parent == path.parent]
        if not force and path.exists() and not any(_is_marked(main, entry) for main in mains):
            raise ExportError(
                f"{path} exists and was not written by this export; choose another place, or add --force."
            )
    for path, data in zip(paths, bundle.files.values(), strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(path, error) from None
        write(path, data)
    return paths


def _is_marked(path: Path, entry: Export) -> bool:
    """Whether ``path`` is the main file of an earlier export."""
    try:
        return entry.marker in path.read_bytes()
    except OSError:
        return False


def download(bundle: Bundle, stem: str) -> tuple[str, bytes]:
    """File name and content: the only file of ``bundle``, or a zip archive with a folder called ``stem``."""
    if len(bundle.files) == 1:
        return f"{stem}.{bundle.main.rpartition('.')[2]}", bundle.files[bundle.main]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in bundle.files.items():
            file = zipfile.ZipInfo(f"{stem}/{name}", _EPOCH)
            file.external_attr = 0o644 << 16
            archive.writestr(file, data, zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED)
    return f"{stem}.zip", buffer.getvalue()
