"""An export on disk, or as one file to download."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from reglab.exports.entry import Bundle, Export, ExportError
from reglab.store.atomic import write
from reglab.store.sentences import disk_error

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip archive: equal exports make equal archives
_PACKED = (".npz", ".safetensors", ".parquet")  # compressed already


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
