"""Which files downloads put into the data folder: one hidden list for each data set, with their sizes and times."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from reglab import atomic


def note_downloaded(folder: Path, name: str, files: Iterable[Path]) -> None:
    """Add ``files`` inside ``folder`` to those that were downloaded for data set ``name``.

    :raises OSError: the list cannot be written.
    """
    listed = listed_downloads(folder, name) | {str(file.relative_to(folder)): _identity(file) for file in files}
    atomic.write(download_list(folder, name), json.dumps(listed, indent=1).encode())


def downloaded_files(folder: Path, name: str) -> tuple[Path, ...]:
    """The downloaded files of data set ``name`` that are there as they arrived."""
    return tuple(
        folder / file for file, identity in listed_downloads(folder, name).items() if _is(folder / file, identity)
    )


def listed_downloads(folder: Path, name: str) -> dict[str, list[int]]:
    """File, relative to ``folder`` → size and time, as downloaded; nothing that lies outside."""
    try:
        found = json.loads(download_list(folder, name).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    inside = isinstance(found, dict)
    return {file: identity for file, identity in found.items() if _inside(file)} if inside else {}


def _inside(file: str) -> bool:
    return not Path(file).is_absolute() and ".." not in Path(file).parts


def download_list(folder: Path, name: str) -> Path:
    """The file with the list."""
    return folder / f".{name}.downloaded.json"


def _identity(file: Path) -> list[int]:
    info = file.stat()
    return [info.st_size, info.st_mtime_ns]


def _is(file: Path, identity: list[int]) -> bool:
    return file.is_file() and not file.is_symlink() and _identity(file) == identity
