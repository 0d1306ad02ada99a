"""Where an export is written: what a PATH means, and whose files may be replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reglab.exports.entry import Bundle, Export, ExportError
from reglab.store.atomic import write
from reglab.store.sentences import disk_error


@dataclass(frozen=True)
class Place:
    """A folder, and for an export of one main file its name and how names beside it begin."""

    folder: Path
    main: str | None = None
    prefix: str = ""


def place(entry: Export, sources: int, path: Path) -> Place:
    """What ``path`` means for so many sources.

    A path that ends like the main file (".py", ".csv", …) is that file, and a script's other files have its stem as
    prefix. Any other path is a folder, and so is one that exists as a folder.

    :raises ExportError: where several sources would need more than one file.
    """
    if path.suffix.lower() != entry.suffix or path.is_dir():
        return Place(path)
    if sources > 1 and not entry.together:
        raise ExportError(f"{sources} runs make more than the one file {path.name}; give --out a folder.")
    return Place(path.parent, path.name, f"{path.stem}_" if entry.is_script else "")


def save(bundle: Bundle, entry: Export, folder: Path, force: bool = False) -> list[Path]:
    """Write the files below ``folder``, which is made where missing; their paths, the main file's first.

    :raises ExportError: before anything is written, where a file would be replaced that no earlier export wrote.
    :raises StoreError: where the disk is full or the folder may not be written.
    """
    paths = [folder / name for name in bundle.files]
    for path in paths:
        _check(path, paths, entry, force)
    for path, data in zip(paths, bundle.files.values(), strict=True):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(path, error) from None
        write(path, data)
    return paths


def _check(path: Path, paths: Sequence[Path], entry: Export, force: bool) -> None:
    if path.is_dir():
        raise ExportError(f"{path} is a folder, where a file is to be written; choose another place.")
    mains = [other for other in paths if other.suffix == entry.suffix and other.parent == path.parent]
    if not force and path.exists() and not any(_is_marked(main, entry) for main in mains):
        raise ExportError(f"{path} exists and was not written by this export; choose another place, or add --force.")


def _is_marked(path: Path, entry: Export) -> bool:
    """Whether ``path`` is the main file of an earlier export."""
    try:
        return entry.marker in path.read_bytes()
    except OSError:
        return False
