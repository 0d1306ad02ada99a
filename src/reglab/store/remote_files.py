"""The place of the files of runs: a folder, or an fsspec URL, with this machine's copy in a folder.

At a URL every file is first written to the folder, and then put there: its data under another name, then its name,
so that a reader finds the old file or the new one. What somebody needs is fetched where the copy is missing or not the
one that lies there now; a mark in ``.marks/`` says which one the copy is. Processes of this machine share the copy: a
lock beside the mark keeps one from fetching over, or removing, what another has written and not put there yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from reglab.errors import StoreError, StoreUnavailable, clipped
from reglab.store import atomic
from reglab.store.locks import acquire, file_lock

_URL, _MARKS = ".url", ".marks"
_LONGEST = 120.0  # seconds that one process waits for another one's file to be sent or fetched


class Files:
    """Files that lie in the folder itself."""

    url: str | None = None

    def fetch(self, path: Path) -> Path:
        """``path``, with what lies there now."""
        return path

    @contextmanager
    def held(self, path: Path) -> Iterator[None]:
        """Nobody else fetches ``path``, until it is written here and put."""
        yield

    def put(self, path: Path, keep_as: Path | None = None) -> None:
        """Have others see the file at ``path``, and the one before it as ``keep_as``."""

    def there(self, path: Path) -> bool:
        """Whether there is a file at ``path`` that this process can see; a folder that it may not enter shows none."""
        try:
            return path.is_file()
        except OSError:
            return False

    def size(self, path: Path) -> int:
        """Bytes of the file at ``path``, which is there."""
        return path.stat().st_size

    def remove(self, path: Path) -> None:
        """Remove the file at ``path``, if there is one."""
        path.unlink(missing_ok=True)

    def folders(self, path: Path) -> list[str]:
        """Names of the folders in ``path``."""
        return [each.name for each in path.glob("*")]

    def remove_all(self, path: Path) -> None:
        """Remove what others see in the folder ``path``."""


class RemoteFiles(Files):
    """Files at an fsspec URL; ``folder`` holds this machine's copy."""

    url: str

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        with self._reached():
            import fsspec

            self._system, self._root = fsspec.core.url_to_fs(url)

    @contextmanager
    def held(self, path: Path) -> Iterator[None]:
        if not self.folder.is_dir():  # a lock would make an empty home where one was moved away
            yield
            return
        lock = file_lock(self._marked(path).with_name(f"{path.name}.lock"))
        with self._reached():
            self._marked(path).parent.mkdir(parents=True, exist_ok=True)
            acquire(lock, _LONGEST)
        try:
            yield
        finally:
            lock.release()

    def fetch(self, path: Path) -> Path:
        with self.held(path), self._reached():
            try:
                mark = self._mark(path)
            except FileNotFoundError:
                self._forget(path)
                return path
            if not path.is_file() or self._read_mark(path) != mark:
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic.write(path, self._system.cat_file(self._at(path)))
                self._write_mark(path, mark)
        return path

    def put(self, path: Path, keep_as: Path | None = None) -> None:
        target = self._at(path)
        temporary = f"{target}.{secrets.token_hex(4)}{atomic.SUFFIX}"
        with self._reached():
            self._system.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(temporary, path.read_bytes())
            if keep_as is not None and self._system.exists(target):
                self._move(target, self._at(keep_as))
                self._write_mark(keep_as, self._mark(keep_as))
            self._move(temporary, target)
            self._write_mark(path, self._mark(path))

    def write(self, name: str, data: bytes) -> None:
        """Write a small file, without a copy here."""
        with self._reached():
            self._system.makedirs(self._root, exist_ok=True)
            self._system.pipe_file(f"{self._root.rstrip('/')}/{name}", data)

    def there(self, path: Path) -> bool:
        with self._reached():
            return bool(self._system.isfile(self._at(path)))

    def size(self, path: Path) -> int:
        with self._reached():
            return int(self._system.size(self._at(path)))

    def remove(self, path: Path) -> None:
        with self._reached(), suppress(FileNotFoundError):
            self._system.rm_file(self._at(path))
        self._forget(path)

    def folders(self, path: Path) -> list[str]:
        with self._reached():
            try:
                found = self._system.ls(self._at(path), detail=True)
            except FileNotFoundError:
                return []
        return [each["name"].rstrip("/").rpartition("/")[2] for each in found if each["type"] == "directory"]

    def remove_all(self, path: Path) -> None:
        with self._reached(), suppress(FileNotFoundError):
            self._system.rm(self._at(path), recursive=True)

    def _at(self, path: Path) -> str:
        return "/".join((self._root.rstrip("/"), path.relative_to(self.folder).as_posix()))

    def _move(self, source: str, target: str) -> None:
        """Give a file another name; some systems refuse one that is taken."""
        try:
            self._system.mv(source, target)
        except OSError:
            self._system.rm_file(target)
            self._system.mv(source, target)

    def _mark(self, path: Path) -> str:
        """What tells the file that lies there now from others of its name."""
        self._system.invalidate_cache()
        return str(self._system.checksum(self._at(path)))

    def _marked(self, path: Path) -> Path:
        return self.folder / _MARKS / path.relative_to(self.folder)

    def _read_mark(self, path: Path) -> str | None:
        try:
            return self._marked(path).read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def _write_mark(self, path: Path, mark: str) -> None:
        marked = self._marked(path)
        marked.parent.mkdir(parents=True, exist_ok=True)
        atomic.write(marked, mark.encode(), settled=False)

    def _forget(self, path: Path) -> None:
        for each in (path, self._marked(path)):
            each.unlink(missing_ok=True)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Whatever a system's driver raises is one sentence, and may pass."""
        try:
            yield
        except StoreError:
            raise
        except ImportError as error:
            files = f"REGLAB_FILES={without_secrets(self.url)}"
            raise StoreError(f"{files} needs a package that is not installed: {self._say(error)}.") from None
        except Exception as error:
            why = f"{type(error).__name__}: {self._say(error)}".rstrip(": .")
            sentence = f"The files of runs at {without_secrets(self.url)} cannot be reached ({why})."
            raise StoreUnavailable(sentence) from error

    def _say(self, error: Exception) -> str:
        """What the error says, without what only the URL's owner may know."""
        text = str(error).replace(self.url, without_secrets(self.url))
        password: str | None = urlsplit(self.url).password
        return clipped(text.replace(password, "…") if password else text)


def without_secrets(url: str) -> str:
    """A URL, or a folder, without user, password and query, as sentences name it."""
    if "://" not in url:
        return url
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def mark_copy(folder: Path, url: str) -> None:
    """Have ``folder`` be the copy of ``url``."""
    if not (folder / _URL).exists():
        atomic.write(folder / _URL, url.encode())
    files_in(folder)


def files_in(folder: Path) -> Files:
    """The place of the files of runs in ``folder``."""
    mark = folder / _URL
    return _remote(folder, mark.read_text(encoding="utf-8")) if mark.exists() else _HERE


_HERE = Files()


@lru_cache(maxsize=16)
def _remote(folder: Path, url: str) -> RemoteFiles:
    return RemoteFiles(folder, url)


def place_beacon(folder: Path, url: str | None) -> str:
    """A new file beside those of runs, by whose name another machine finds out whether it sees them."""
    name = f".beacon-{secrets.token_hex(8)}"
    if url is not None:
        RemoteFiles(folder, url).write(name, b"")
        return f"{url}/{name}"
    atomic.write(folder / name, b"")
    return str(folder / name)


def unseen(beacon: str, url: str | None) -> str | None:
    """Why this machine does not see the files of runs, as a clause; None where it does.

    :raises StoreError: the URL cannot be reached from here.
    """
    if url is not None:
        there = RemoteFiles(Path(), url).there(Path(beacon.removeprefix(f"{url}/")))
    else:
        there = Path(beacon).is_file()
    return None if there else f"does not see the files of runs in {without_secrets(beacon.rpartition('/')[0])}"


def remove_beacon(beacon: str, url: str | None) -> None:
    """Remove the file again."""
    if url is not None:
        RemoteFiles(Path(), url).remove(Path(beacon.removeprefix(f"{url}/")))
    else:
        Path(beacon).unlink(missing_ok=True)
