"""Data sets as files on the disk: download one with its official test images, and delete what RegLab downloaded.

Beside the data a hidden file for each data set lists the files that downloads put there, with their size and time.
Only those are ever deleted, and only as long as they are as they were: what people placed or changed stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from reglab.datasets import image_cache
from reglab.datasets._download import unfinished_folder
from reglab.datasets._downloaded import download_list, downloaded_files, listed_downloads
from reglab.datasets.cache import forget_images, load_images
from reglab.datasets.dataset import DATASETS, Progress, silent, status
from reglab.errors import DataError


@dataclass(frozen=True)
class Deleted:
    """What a deletion freed, and the downloaded files that stay since somebody changed them."""

    bytes: int
    changed: tuple[Path, ...]


def download(name: str, folder: Path, progress: Progress = silent) -> None:
    """Have data set ``name`` and its official test images in ``folder``, decoded on the disk where they are kept.

    :raises DataError: where they cannot be had; what arrived of them stays for the next try.
    """
    entry = DATASETS.get(name)
    if (here := status(entry, folder)).state == "missing":
        raise DataError(f"{entry.label}: {here.sentence}.")
    load_images(name, folder, progress)
    if entry.test is not None and entry.test.find(folder) is None:
        entry.test.load(folder, progress)


def delete_downloads(name: str, folder: Path, cache: Path) -> Deleted:
    """Delete the downloaded files of data set ``name``, unfinished ones too, and its decoded images in ``cache``.

    :raises DataError: it is being downloaded, or a file cannot be deleted.
    """
    label = DATASETS.get(name).label
    try:
        with FileLock(folder / f".{name}.lock", timeout=0):
            known = listed_downloads(folder, name)
            files = [*downloaded_files(folder, name), *_entries(unfinished_folder(folder, name))]
            freed = sum(map(_delete, files))
            download_list(folder, name).unlink(missing_ok=True)
            for place in sorted(
                {parent for file in map(folder.joinpath, known) for parent in file.parents}, reverse=True
            ):
                _remove_empty(place, folder)
            _remove_empty(unfinished_folder(folder, name), folder)
    except Timeout:
        raise DataError(f"{label} is being downloaded; cancel that first.") from None
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be deleted: {error.strerror or error}.") from error
    decoded = [one for one in image_cache.kept(cache) if one.dataset == name]
    freed += sum(_delete(one.path) for one in decoded)
    forget_images(name)
    return Deleted(freed, tuple(folder / file for file in known if (folder / file).exists()))


def _delete(file: Path) -> int:
    size = file.stat().st_size
    file.unlink()
    return size


def _entries(place: Path) -> list[Path]:
    return sorted(place.iterdir()) if place.is_dir() else []


def _remove_empty(place: Path, folder: Path) -> None:
    """Remove ``place`` where it is an empty folder inside ``folder``."""
    if place != folder and folder in place.parents and place.is_dir() and not any(place.iterdir()):
        place.rmdir()
