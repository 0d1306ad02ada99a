"""Uploaded files, on the disk as long as they are looked at, in the data folder.

The folder is named and locked as that of :class:`reglab.datasets.set_files.SetWriter`, which deletes those of processes
that were killed.
"""

from __future__ import annotations

import re
import secrets
import shutil
import unicodedata
import weakref
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from reglab.atomic import SUFFIX
from reglab.datasets.imported import FOLDER
from reglab.errors import DataError

_LONGEST = 60  # characters, of up to 4 bytes: file systems take 255


class Uploaded:
    """``files``, (name, content) each, below the data folder ``folder``; gone with :meth:`close`, or with this object.

    :raises DataError: there is no room, or two have the same name.
    """

    def __init__(self, folder: Path, files: Sequence[tuple[str, bytes]]) -> None:
        names = [plain_name(name) for name, _ in files]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise DataError(f"Two of the files are called {twice}; upload one of them, or rename it.")
        self._place = folder / FOLDER / f".upload.{secrets.token_hex(4)}{SUFFIX}"
        try:
            self._place.mkdir(parents=True)
            self._lock = FileLock(self._place / "lock", thread_local=False)
            self._lock.acquire()
            self.close = weakref.finalize(self, _remove, self._lock, self._place)
            self._files = self._place / "upload"
            self._files.mkdir()
            for name, data in files:
                (self._files / plain_name(name)).write_bytes(data)
        except OSError as error:
            shutil.rmtree(self._place, ignore_errors=True)
            raise DataError(f"The upload cannot be kept in {folder}: {error.strerror or error}.") from None

    @property
    def path(self) -> Path:
        """The file where there is one, else the folder of all."""
        files = sorted(self._files.iterdir())
        return files[0] if len(files) == 1 else self._files


def plain_name(name: str) -> str:
    """``name`` without anything that could lead to another folder or mean something to a system."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    plain = re.sub(r"[^\w.() -]", "_", last).strip(" .-")[-_LONGEST:].lstrip(" .-")
    return plain if plain.strip("_") else "upload"


def _remove(lock: FileLock, place: Path) -> None:
    lock.release()
    shutil.rmtree(place, ignore_errors=True)
