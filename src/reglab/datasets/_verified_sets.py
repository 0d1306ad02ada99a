"""What CIFAR and SVHN share: files that torchvision reads, each only after its MD5 was found right.

CIFAR's batches are pickles, which can run code when read. torchvision checks every batch against the MD5 of the
original before it opens one, and nothing here opens one in another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from reglab._torchvision import load_torchvision
from reglab.datasets._download import Remote, fetch, is_original, workshop
from reglab.datasets._downloaded import note_downloaded
from reglab.datasets.dataset import Dataset, Images, OfficialTest, Progress
from reglab.datasets.local_files import named_folders
from reglab.errors import DataError

CIFAR_SIZE, CIFAR_TEST_SIZE = 50_000, 10_000


@dataclass(frozen=True)
class VerifiedSource:
    """``content`` is the file or folder that torchvision reads, ``archive`` the packed form that it unpacks."""

    name: str
    label: str
    torchvision: str
    folders: tuple[str, ...]
    content: str
    archive: str | None
    megabytes: float

    @property
    def torchvision_class(self) -> Any:
        """torchvision's class for this data set; imports torchvision."""
        return getattr(load_torchvision().datasets, self.torchvision)


Load: TypeAlias = Callable[[VerifiedSource, Path, Progress], Images]


def verified_dataset(source: VerifiedSource, load: Load, /, **facts: Any) -> Dataset:
    """The data set of ``source``; ``facts`` are the other fields of :class:`Dataset`."""
    return Dataset(
        name=source.name,
        label=source.label,
        shape=(3, 32, 32),
        load=partial(load, source),
        find=partial(find_files, source),
        sources=partial(content_files, source),
        download_mb=source.megabytes,
        **facts,
    )


def find_files(source: VerifiedSource, folder: Path) -> Path | None:
    """The content, else the archive, in ``folder`` or in a named folder inside it; None where there is neither.

    Either may lie in a folder of its own name, as some archive tools unpack it.
    """
    names = [name for name in (source.content, source.archive) if name]
    places = [folder, *named_folders(folder, source.folders)]
    found = [place / name for name in names for place in places if (place / name).exists()]
    return next((path / path.name if (path / path.name).exists() else path for path in found), None)


def content_files(source: VerifiedSource, folder: Path) -> tuple[Path, ...]:
    """The files that torchvision reads, none where only the archive is there."""
    found = find_files(source, folder)
    if found is None or found.name != source.content:
        return ()
    return tuple(sorted(path for path in found.iterdir() if path.is_file())) if found.is_dir() else (found,)


def cifar_test(source: VerifiedSource) -> OfficialTest:
    """The official test images, which come in the same archive as the training images."""
    load = partial(load_cifar, source, train=False)
    return OfficialTest(CIFAR_TEST_SIZE, partial(find_files, source), load, partial(content_files, source))


def load_cifar(source: VerifiedSource, folder: Path, progress: Progress, train: bool = True) -> Images:
    """The 50,000 training or 10,000 test images, uint8; of CIFAR-100 the fine labels."""
    cls = source.torchvision_class
    place = bring(source, Remote(cls.filename, (cls.url,), cls.tgz_md5), folder, progress)
    progress(f"Reading {source.label}", 0.0)
    try:
        cifar = cls(place.parent, train=train, download=False)
    except RuntimeError:  # torchvision's integrity check
        listed = [*cls.train_list, *cls.test_list, (cls.meta["filename"], cls.meta["md5"])]
        raise damaged(place, [(place / name, md5) for name, md5 in listed]) from None
    progress(f"Reading {source.label}", 1.0)
    x = np.ascontiguousarray(cifar.data.transpose(0, 3, 1, 2))
    return Images.of(x, np.array(cifar.targets, dtype=np.int64))


def bring(source: VerifiedSource, remote: Remote, folder: Path, progress: Progress) -> Path:
    """The content's path, after unpacking the archive or downloading ``remote`` where that is needed."""
    found = find_files(source, folder)
    if found is not None and found.name == source.content:
        return found
    home = found.parent if found is not None else folder
    with workshop(source.name, source.label, home, progress) as scratch:
        found = find_files(source, home)  # another process may have brought it while this one waited
        if found is not None and found.name == source.content:
            return found
        if found is None:
            fetch(source.label, [remote], scratch, source.megabytes, home, progress)
        if source.archive is not None:
            _unpack(source, remote, found or scratch / source.archive, scratch, progress)
        (scratch / source.content).replace(home / source.content)
        content = home / source.content
        if found is None:  # an archive placed by hand is not ours to delete, nor what it holds
            note_downloaded(folder, source.name, sorted(content.iterdir()) if content.is_dir() else [content])
    return content


def _unpack(source: VerifiedSource, remote: Remote, archive: Path, into: Path, progress: Progress) -> None:
    progress(f"Unpacking {source.label}", 0.0)
    if not is_original(archive, remote.md5):
        raise DataError(f"{archive} is damaged or not the original (its MD5 differs). Replace or remove it.")
    load_torchvision().datasets.utils.extract_archive(archive, into)


def damaged(place: Path, files: Iterable[tuple[Path, str]]) -> DataError:
    """The error that names the first of ``files`` (path, MD5) which is not the original."""
    culprit = next((file for file, md5 in files if not is_original(file, md5)), place)
    return DataError(
        f"{culprit} is missing, damaged or not the original (its MD5 differs). "
        f"Replace it, or remove {place} to download it again."
    )
