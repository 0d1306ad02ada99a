"""Files below a folder or in a zip file, listed and read without trusting any of them.

Nothing is unpacked to the disk, links are never followed, and an archive in an archive is never opened.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Protocol, TypeAlias

from reglab.errors import DataError
from reglab.imports.limits import FREE_BYTES, Limits
from reglab.imports.text import echoed
from reglab.zip_end import zip_end

_DEPTH = 24
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_JUNK = re.compile(r"__MACOSX/.*|(.*/)?(\.[^/]*|Thumbs\.db|desktop\.ini)(/.*)?", re.IGNORECASE | re.DOTALL)
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError)


class BadFile(Exception):
    """One file of a set cannot be used; the text is the reason, a clause."""


@dataclass(frozen=True)
class At:
    """A file on the disk that is read where it is decoded: its whole name, and its bytes at most."""

    path: str
    most: int


Data: TypeAlias = bytes | At | str
"""An encoded image, where it is, or the reason why it cannot be read."""


def content(data: Data) -> bytes:
    """The encoded image; :class:`BadFile` where there is none."""
    if isinstance(data, str):
        raise BadFile(data)
    if isinstance(data, bytes):
        return data
    try:
        with _open_plain(data.path) as file:
            return _bounded(file, data.most)
    except OSError as error:
        raise BadFile(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


@dataclass(frozen=True, slots=True)
class Member:
    """A file below a tree: its name there, separated by "/", its bytes, and why it cannot be read, if so."""

    name: str
    size: int
    fault: str | None = None


class Tree(Protocol):
    """``members``, in the order of their names, and the ``empty`` folders.

    ``data`` gives a member of ``most`` bytes, or says where it is; ``open`` streams one, or raises :class:`BadFile`.
    """

    members: list[Member]
    empty: list[str]

    def data(self, member: Member, most: int) -> Data: ...

    def open(self, member: Member) -> IO[bytes]: ...


@contextmanager
def opened_tree(path: Path, limits: Limits) -> Iterator[Tree]:
    """The files below the folder ``path``, in the zip file ``path``, or the file ``path`` alone.

    :raises DataError: one sentence; it names what cannot be read.
    """
    try:
        if path.is_dir():
            yield FolderTree(path, limits)
        elif kind_of(path) == "zip":
            with path.open("rb") as file, _zip_file(file, path) as archive:
                yield ZipTree(archive, path, limits)
        else:
            yield FolderTree(path.parent, limits, only=path.name)
    except OSError as error:
        raise DataError(f"{echoed(str(error.filename or path))} cannot be read: {error.strerror or error}.") from None


def kind_of(path: Path) -> Literal["folder", "zip", "file"]:
    """What ``path`` is, by its first bytes."""
    if path.is_dir():
        return "folder"
    return "zip" if head_of(path, 4) in (b"PK\3\4", b"PK\5\6", b"PK\7\b") else "file"


def head_of(path: Path, count: int) -> bytes:
    """The first bytes of the file ``path``.

    :raises DataError: there is no such file, or it cannot be read.
    """
    try:
        with _open_plain(path) as file:
            return file.read(count)
    except BadFile as fault:
        raise DataError(f"{echoed(str(path))} {fault}.") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte
        why = getattr(error, "strerror", None) or "it is no path"
        raise DataError(f"{echoed(str(path))} cannot be read: {why}.") from None


class FolderTree:
    """The files below ``root``, or the one file ``only`` in it."""

    def __init__(self, root: Path, limits: Limits, only: str | None = None) -> None:
        self.root, self._place = root, os.fspath(root)
        self.empty: list[str] = []
        names = self._walk("", limits, 0, [0]) if only is None else iter([self.member(only)])
        self.members = sorted((one for one in names if not _JUNK.fullmatch(one.name)), key=lambda one: one.name)

    def _walk(self, prefix: str, limits: Limits, depth: int, count: list[int]) -> Iterator[Member]:
        if depth > _DEPTH:
            raise DataError(f"{echoed(str(self.root))} has folders in folders, more than {_DEPTH} deep.")
        before = count[0]
        with os.scandir(os.path.join(self._place, prefix)) as entries:  # noqa: PTH118  of many files, this is fast
            for entry in entries:
                count[0] += 1
                if count[0] > limits.members:
                    raise DataError(
                        f"{echoed(str(self.root))} has more than {limits.members:,} files; split it, or import a part."
                    )
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(f"{prefix}{entry.name}/", limits, depth + 1, count)
                else:
                    yield _folder_member(entry.stat(follow_symlinks=False), prefix + entry.name)
        if count[0] == before and prefix:
            self.empty.append(prefix.rstrip("/"))

    def member(self, name: str) -> Member:
        """The file ``name`` below the root."""
        return _folder_member((self.root / name).lstat(), name)

    def data(self, member: Member, most: int) -> Data:
        """Where it is."""
        return member.fault or At(f"{self._place}{os.sep}{member.name}", most)

    def open(self, member: Member) -> IO[bytes]:
        """The file, never through a link."""
        if member.fault:
            raise BadFile(member.fault)
        try:
            return _open_plain(self.root / member.name)
        except OSError as error:
            raise BadFile(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _folder_member(info: os.stat_result, name: str) -> Member:
    return Member(name, info.st_size, None if stat.S_ISREG(info.st_mode) else _fault(info.st_mode))


class ZipTree:
    """The files in a zip file, after a look at all that can be wrong with names, sizes and kinds."""

    def __init__(self, archive: zipfile.ZipFile, path: Path, limits: Limits) -> None:
        self.archive = archive
        infos = archive.infolist()
        _check_zip(infos, path, limits)
        kept = [info for info in infos if not info.is_dir() and not _JUNK.fullmatch(_name(info))]
        self._infos = {_name(info): info for info in kept}
        self.members = sorted((_zip_member(info) for info in kept), key=lambda one: one.name)
        folders = {_name(info).rstrip("/") for info in infos if info.is_dir() and not _JUNK.fullmatch(_name(info))}
        parents = {_name(info).rstrip("/").rpartition("/")[0] for info in infos}
        self.empty = sorted(folders - parents)

    def data(self, member: Member, most: int) -> Data:
        """Its bytes."""
        try:
            with self.open(member) as file:
                return _bounded(file, most)
        except BadFile as fault:
            return str(fault)
        except DAMAGED:
            return "is damaged in the zip file"

    def open(self, member: Member) -> IO[bytes]:
        """The member as a stream, unpacked on the fly."""
        if member.fault:
            raise BadFile(member.fault)
        try:
            return self.archive.open(self._infos[member.name])
        except (*DAMAGED, RuntimeError, OSError):
            raise BadFile("is damaged in the zip file") from None


@contextmanager
def _zip_file(file: IO[bytes], path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip file, once its end says a bearable number of members: reading the directory takes memory for each."""
    end = zip_end(file)
    if end is None:
        raise DataError(f"{echoed(path.name)} is a damaged zip file: its end is missing.")
    if end.length > 512 * Limits.members:
        raise DataError(f"{echoed(path.name)} claims a directory of {end.length / 2**20:,.0f} MiB.")
    if end.entries > Limits.members:
        raise DataError(f"{echoed(path.name)} claims {end.entries:,} members; at most {Limits.members:,} are read.")
    try:
        archive = zipfile.ZipFile(file)
    except (*DAMAGED, ValueError, OSError):
        raise DataError(f"{echoed(path.name)} is a damaged zip file.") from None
    with archive:
        yield archive


def _check_zip(infos: list[zipfile.ZipInfo], path: Path, limits: Limits) -> None:
    """Raise :class:`DataError` on the first thing that no honest zip file has."""
    archive, seen = echoed(path.name), set()
    if len(infos) > limits.members:
        raise DataError(f"{archive} has {len(infos):,} members; at most {limits.members:,} are read.")
    for info in infos:
        name = _name(info)
        if fault := _unsafe(info, name):
            raise DataError(f"{archive} is refused: its member {echoed(name)} {fault}.")
        if name in seen:
            raise DataError(f"{archive} is refused: it has the member {echoed(name)} twice.")
        seen.add(name)
    size, expanded = path.stat().st_size, sum(info.file_size for info in infos)
    if sum(info.compress_size for info in infos) > size:
        raise DataError(f"{archive} is refused: its members overlap, as in a zip bomb.")
    if expanded > limits.expanded_bytes or expanded > max(FREE_BYTES, limits.ratio * size):
        raise DataError(
            f"{archive} is refused: it would expand to {expanded / 2**20:,.0f} MiB, {expanded // max(1, size):,} times "
            "its own size."
        )


def _unsafe(info: zipfile.ZipInfo, name: str) -> str | None:
    """What is wrong with a member's name or its form, a clause; None where nothing is."""
    parts = name.rstrip("/").split("/")
    if "\0" in info.orig_filename or len(name) > 1000 or not name.strip("/"):
        return "has no valid name"
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        return "leads out of the archive"
    if any(_DEVICE.fullmatch(part) for part in parts):
        return "has the name of a Windows device"
    if len(parts) > _DEPTH:
        return f"lies more than {_DEPTH} folders deep"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "is compressed by a method other than deflate"
    return None


def _name(info: zipfile.ZipInfo) -> str:
    """The name with "/" between folders: some programs on Windows write backslashes."""
    return info.orig_filename.replace("\\", "/")


def _zip_member(info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16
    fault = None if stat.S_IFMT(mode) in (0, stat.S_IFREG) else _fault(mode)
    return Member(_name(info), info.file_size, fault)


def _fault(mode: int) -> str:
    return "is a link, and links are not followed" if stat.S_ISLNK(mode) else "is no plain file"


def _bounded(file: IO[bytes], most: int) -> bytes:
    data = file.read(most + 1)
    if len(data) > most:
        raise BadFile(f"has more than {most / 2**20:.0f} MiB")
    return data


def _open_plain(path: Path | str) -> IO[bytes]:
    """The regular file ``path``; :class:`BadFile` where it is a link or no file, and nothing ever waits for a pipe."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BadFile("is a link, and links are not followed") from None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadFile("is no plain file")
    return os.fdopen(descriptor, "rb")
