"""The zip file of an archive: which members it may have, and how they are read without trusting any of it.

Members are stored as they are, never compressed: weights do not get smaller, and what is not compressed cannot expand.
So an archive is never larger on the disk than the file itself; its directory is looked at before it is read, because a
zip file may claim millions of members.
"""

from __future__ import annotations

import hashlib
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reglab.archive.records import FORMAT, VERSION, ArchiveError, Manifest, Member, read_record
from reglab.errors import shown
from reglab.zip_end import zip_end

MANIFEST = "manifest.json"
RECORD_BYTES = 2 * 2**20
"""Bytes of a run's or sweep's record at most."""

_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}"
_OF_RUN = r"run\.json|epochs\.safetensors|layers-[0-9]{1,6}\.safetensors|predictions\.bin|checkpoint\.safetensors"
_WEIGHTS = r"(weights|best|initial|common|test)\.safetensors"
_MEMBER = re.compile(
    rf"runs/{_ID}/({_OF_RUN}|{_WEIGHTS})|sweeps/{_ID}/(sweep\.json|[0-9]{{1,6}}/checkpoint\.safetensors)"
)
_MANIFEST_BYTES = 32 * 2**20
_DIRECTORY_BYTES, _MOST = 16 * 2**20, 100_000
_BLOCK = 2**20


@contextmanager
def opened(file: IO[bytes]) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The archive in ``file`` and its manifest, after a look at all that can be wrong with names, sizes and kinds.

    :raises ArchiveError: one sentence; also where reading a member in the block proves it damaged.
    """
    try:
        size, entries = _look_at_directory(file)
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            if len(infos) != entries:
                raise ArchiveError("The archive is damaged: its directory does not have the members that it counts.")
            _check_members(infos, size)
            manifest = _manifest(archive)
            _check_complete(infos, manifest)
            yield archive, manifest
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, struct.error) as error:
        raise ArchiveError(f"The archive is damaged: {_clause(error)}.") from None


def is_archive(path: Path) -> bool:
    """Whether ``path`` is an archive, of whatever version."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return archive.read(MANIFEST).startswith(f'{{"format":"{FORMAT}"'.encode())
    except (OSError, zipfile.BadZipFile, KeyError, NotImplementedError, ValueError):
        return False


def copy(archive: zipfile.ZipFile, name: str, member: Member, target: Path) -> None:
    """Write a member to ``target``, and hold it to its size and SHA-256.

    :raises ArchiveError: it differs.
    """
    digest = hashlib.sha256()
    with archive.open(name) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != member.sha256:
        raise ArchiveError(f"The archive is damaged: {name} is not what the manifest says (SHA-256).")


def _look_at_directory(file: IO[bytes]) -> tuple[int, int]:
    """(bytes of the file, number of its members), from the end of a zip file without a comment."""
    end = zip_end(file)
    if end is None or not end.last:
        raise ArchiveError("This is no archive of RegLab's: it does not end as a zip file does.")
    if not end.exact:
        raise ArchiveError("The archive is damaged: its directory is not where it says.")
    if end.entries > _MOST or end.length > _DIRECTORY_BYTES:
        raise ArchiveError(f"The archive claims {end.entries:,} members; one of RegLab's has at most {_MOST:,}.")
    return end.size, end.entries


def _check_members(infos: list[zipfile.ZipInfo], size: int) -> None:
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename
        if name != info.filename or not (name == MANIFEST or _MEMBER.fullmatch(name)):
            raise ArchiveError(f"The archive has a member {shown(name)}, which no archive of RegLab's has.")
        if name.lower() in seen:
            raise ArchiveError(f"The archive has the member {shown(name)} twice.")
        seen.add(name.lower())
        if (kind := stat.S_IFMT(info.external_attr >> 16)) not in (0, stat.S_IFREG) or info.is_dir():
            what = "a link" if kind == stat.S_IFLNK else "no plain file"
            raise ArchiveError(f"The member {name} of the archive is {what}.")
        if info.flag_bits & 0x1 or info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ArchiveError(f"The member {name} of the archive is compressed or encrypted; RegLab's are neither.")
        if info.file_size > _limit(name):
            raise ArchiveError(f"The member {name} of the archive is too large: {info.file_size:,} bytes.")
    if sum(info.file_size for info in infos) > size:
        raise ArchiveError("The archive claims more bytes than it has.")


def _limit(name: str) -> int:
    if name == MANIFEST:
        return _MANIFEST_BYTES
    return RECORD_BYTES if name.endswith(".json") else 2**62


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        data = archive.read(MANIFEST)
    except KeyError:
        raise ArchiveError("This is no archive of RegLab's: it has no manifest.json.") from None
    _check_version(data)
    return read_record(Manifest, data, MANIFEST)


def _check_version(data: bytes) -> None:
    """A newer version may say other things of itself, but it says its version in the same place."""
    found = re.match(rb'\{"format":\s?"' + FORMAT.encode() + rb'",\s?"version":\s?([0-9]{1,9}),', data)
    if found is None:
        raise ArchiveError("This is no archive of RegLab's: its manifest does not name the format.")
    if int(found[1]) != VERSION:
        raise ArchiveError(
            f"The archive has format {int(found[1])}, and this version of RegLab reads {VERSION}; upgrade RegLab."
        )


def _check_complete(infos: list[zipfile.ZipInfo], manifest: Manifest) -> None:
    sizes = {info.filename: info.file_size for info in infos if info.filename != MANIFEST}
    named = {name: member.size for name, member in manifest.members.items()}
    if other := sorted(sizes.keys() ^ named.keys()):
        where = "is not in the manifest" if other[0] in sizes else "is missing"
        raise ArchiveError(f"The archive is not whole: {shown(other[0])} {where}.")
    if wrong := next((name for name in sizes if sizes[name] != named[name]), None):
        raise ArchiveError(f"The archive is damaged: {wrong} has {sizes[wrong]:,} bytes, not {named[wrong]:,}.")
    runs, sweeps = set(manifest.runs), set(manifest.sweeps)
    if len(runs) + len(sweeps) != len(manifest.runs) + len(manifest.sweeps) or not runs | sweeps:
        raise ArchiveError("The archive names a run or sweep twice, or none.")
    of_job = {(name.split("/")[0], name.split("/")[1]) for name in sizes}
    claimed = {("runs", one) for one in runs} | {("sweeps", one) for one in sweeps}
    if of_job != claimed or len({one.lower() for one in runs | sweeps}) != len(claimed):
        raise ArchiveError("The archive has files of runs that its manifest does not name, or names runs without any.")


def _clause(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return (text[:1].lower() + text[1:])[:200].rstrip(".")
