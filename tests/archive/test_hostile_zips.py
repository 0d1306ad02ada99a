"""Zip files that a stranger has made: names, kinds of members, sizes and sums, manifests; and memory stays small."""

from __future__ import annotations

import io
import json
import resource
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.archive.archiving import Members, imported, manifest_of, opened_home, packed
from tests.archive.hostile import RUN, Attack, refused
from tests.archive.test_hostile_members import ATTACKS as OF_MEMBERS

from reglab.archive.members import MANIFEST
from reglab.errors import RegLabError
from reglab.store import Store


def named(name: str) -> Attack:
    """A further member with this name, as the manifest has it too."""
    return lambda members: packed({**members, name: b"x"})


def raw_named(name: bytes) -> Attack:
    """A further member whose name is these very bytes."""

    def attack(members: Members) -> bytes:
        place = b"Q" * len(name)
        return packed({**members, place.decode(): b"x"}).replace(place, name)

    return attack


def manifest(**changes: Any) -> Attack:
    return lambda members: packed(members, manifest_of(members, **changes))


def raw_manifest(change: Callable[[str], str]) -> Attack:
    return lambda members: packed(members, change(json.dumps(manifest_of(members))).encode())


def mode(bits: int) -> Attack:
    """A member with these Unix mode bits."""

    def attack(members: Members) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, data in {**members, MANIFEST: json.dumps(manifest_of(members)).encode()}.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = bits << 16 if name.endswith("weights.safetensors") else 0
                archive.writestr(info, data)
        return buffer.getvalue()

    return attack


def twice(members: Members) -> bytes:
    """The weights are there twice, under one name."""
    other = f"runs/{RUN}/weightz.safetensors"
    return packed({**members, other: b"evil"}).replace(other.encode(), f"runs/{RUN}/weights.safetensors".encode())


def bomb(members: Members) -> bytes:
    """50 MB of zeros in 50 kB."""
    return packed({**members, f"runs/{RUN}/best.safetensors": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED)


def directory(members: Members, offset: int, value: bytes) -> bytes:
    """The entry of the weights in the central directory, changed at ``offset``."""
    data = bytearray(packed(members))
    at = data.rindex(f"runs/{RUN}/weights.safetensors".encode()) - 46
    data[at + offset : at + offset + len(value)] = value
    return bytes(data)


def overlapping(members: Members) -> bytes:
    """A thousand members that are all the same megabyte."""
    names = [f"runs/{RUN}/layers-{i}.safetensors" for i in range(1, 1000)]
    blob = bytes(1_000_000)
    data = packed({names[0]: blob}, b"{}")
    end = data.rindex(b"PK\5\6")
    start = struct.unpack("<L", data[end + 16 : end + 20])[0]
    entry = data[start : start + 46 + len(names[0])]
    entries = b"".join(entry.replace(names[0].encode(), name.encode()) for name in names if len(name) == len(names[0]))
    count = len(entries) // len(entry)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), start, 0)
    return data[:start] + entries + tail


def ending(**changes: int) -> Attack:
    """The end of the central directory with other numbers."""
    places = {"disk": (4, "<H"), "count": (8, "<HH"), "length": (12, "<L"), "offset": (16, "<L"), "comment": (20, "<H")}

    def attack(members: Members) -> bytes:
        data = packed(members)
        end = bytearray(data[-22:])
        for name, value in changes.items():
            at, kind = places[name]
            struct.pack_into(kind, end, at, *([value] * kind.count("H") or [value]))
        return data[:-22] + bytes(end)

    return attack


def _with_hash(members: Members, sha256: str) -> dict[str, Any]:
    found = manifest_of(members)
    found["members"][f"runs/{RUN}/weights.safetensors"]["sha256"] = sha256
    return found


def _without_member(members: Members) -> dict[str, Any]:
    found = manifest_of(members)
    del found["members"][f"runs/{RUN}/weights.safetensors"]
    return found


DEEP = "[" * 100_000
ATTACKS: dict[str, tuple[Attack, str]] = {
    # names
    "parent folder": (named("../evil"), "no archive of RegLab's has"),
    "parent folder inside": (named(f"runs/{RUN}/../../evil.safetensors"), "no archive of RegLab's has"),
    "absolute": (named("/etc/cron.d/evil"), "no archive of RegLab's has"),
    "drive": (named("C:/evil"), "no archive of RegLab's has"),
    "backslashes": (named(f"runs\\{RUN}\\..\\evil"), "no archive of RegLab's has"),
    "network share": (named("//host/share/evil"), "no archive of RegLab's has"),
    "device": (named("runs/NUL/run.json"), "is not an id"),
    "device with a number": (named("runs/com1/run.json"), "is not an id"),
    "device as a file": (named(f"runs/{RUN}/CON"), "no archive of RegLab's has"),
    "alternate stream": (named(f"runs/{RUN}/weights.safetensors:x"), "no archive of RegLab's has"),
    "trailing dot": (named(f"runs/{RUN}/weights.safetensors."), "no archive of RegLab's has"),
    "control characters": (named(f"runs/{RUN}/a\x1b[2J\r\n"), "no archive of RegLab's has"),
    "null byte": (raw_named(b"../x\x00.json"), "no archive of RegLab's has"),
    "right to left": (named("runs/\u202egnp.exe"), "no archive of RegLab's has"),
    "markup": (named("<img src=x onerror=alert(1)>"), "no archive of RegLab's has"),
    "long": (named("a" * 60_000), "no archive of RegLab's has"),
    "empty": (named(""), "no archive of RegLab's has"),
    "hidden folder": (named("runs/.import-x/run.json"), "no archive of RegLab's has"),
    "the database": (named("reglab.sqlite"), "no archive of RegLab's has"),
    "nested zip": (named(f"runs/{RUN}/more.zip"), "no archive of RegLab's has"),
    "folder": (named(f"runs/{RUN}/"), "no archive of RegLab's has"),
    "twice": (twice, "twice"),
    "twice but for case": (named(f"runs/{RUN.upper()}/run.json"), "does not name|twice|id"),
    # kinds
    "symbolic link": (mode(0o120777), "is a link"),
    "device node": (mode(0o020666), "no plain file"),
    "pipe": (mode(0o010666), "no plain file"),
    "set of folder bits": (mode(0o040755), "no plain file"),
    "encrypted": (lambda m: directory(m, 8, b"\x01\x00"), "compressed or encrypted"),
    "compressed bomb": (bomb, "compressed or encrypted"),
    "unknown compression": (lambda m: directory(m, 10, b"\x63\x00"), "compressed or encrypted"),
    "overlapping members": (overlapping, "more bytes than it has"),
    # sizes and sums
    "larger than stored": (lambda m: directory(m, 24, struct.pack("<L", 10**9)), "compressed or encrypted"),
    "gigabytes claimed": (lambda m: directory(m, 20, struct.pack("<LL", 2**31, 2**31)), "more bytes|damaged"),
    "smaller than stored": (lambda m: directory(m, 20, struct.pack("<LL", 3, 3)), "has 3 bytes"),
    "wrong CRC": (lambda m: directory(m, 16, b"\0\0\0\0"), "damaged"),
    "points into the middle": (lambda m: directory(m, 42, struct.pack("<L", 7)), "damaged"),
    "points beyond the end": (lambda m: directory(m, 42, struct.pack("<L", 2**31)), "damaged"),
    "changed byte": (lambda m: packed(m).replace(m[f"runs/{RUN}/weights.safetensors"][-8:], b"\x01" * 8), "damaged"),
    "cut off": (lambda m: packed(m)[:-100], "does not end as a zip file"),
    "first half only": (lambda m: packed(m)[: len(packed(m)) // 2], "does not end as a zip file"),
    "nothing": (lambda m: b"", "does not end as a zip file"),
    "text": (lambda m: b"my holiday " * 100, "does not end as a zip file"),
    "empty zip": (lambda m: b"PK\5\6" + bytes(18), "no manifest.json"),
    "something in front": (lambda m: b"#!/bin/sh\n" + packed(m), "not where it says"),
    "something behind": (lambda m: packed(m) + b"evil", "does not end as a zip file"),
    "a comment": (lambda m: packed(m)[:-2] + b"\x04\x00evil", "does not end as a zip file"),
    "millions of members claimed": (ending(count=65_534), "damaged|claims"),
    "fewer members claimed": (ending(count=1), "members that it counts"),
    "a directory of gigabytes": (ending(length=2**31), "not where it says"),
    "a directory elsewhere": (ending(offset=0), "not where it says"),
    "several disks": (ending(disk=3), "not where it says"),
    "lies about being large": (ending(count=0xFFFF, length=0xFFFFFFFF, offset=0xFFFFFFFF), "not where it says"),
    # manifest
    "no manifest": (lambda m: packed(m).replace(b"manifest.json", b"manifest.jsan"), "no archive of RegLab's"),
    "manifest of something else": (lambda m: packed(m, b'{"hello": "world"}'), "does not name the format"),
    "manifest that is a list": (lambda m: packed(m, b"[1]"), "does not name the format"),
    "manifest that is deep": (raw_manifest(lambda t: t[:-1] + f', "x": {DEEP}'), "no JSON|wrong"),
    "manifest with NaN": (raw_manifest(lambda t: t[:-1] + ', "x": NaN}'), "is no JSON number"),
    "manifest with a key twice": (raw_manifest(lambda t: t[:-1] + ', "runs": []}'), "twice"),
    "manifest with a huge number": (raw_manifest(lambda t: t[:-1] + f', "x": {"9" * 5000}}}'), "no JSON"),
    "manifest in another encoding": (lambda m: packed(m, json.dumps(manifest_of(m)).encode("utf-16")), "format"),
    "newer format": (manifest(version=2), "has format 2, and this version of RegLab reads 1; upgrade RegLab"),
    "wrong hash": (lambda m: packed(m, _with_hash(m, "00" * 32)), "SHA-256"),
    "hash that is none": (lambda m: packed(m, _with_hash(m, "zz")), "members"),
    "member not in the manifest": (lambda m: packed(m, _without_member(m)), "is not in the manifest"),
    "missing member": (lambda m: packed({n: d for n, d in m.items() if "weights" not in n}, manifest_of(m)), "missing"),
    "runs that are not there": (manifest(runs=[RUN, "r111111111"]), "names runs without any"),
    "no runs": (manifest(runs=[]), "or none|does not name"),
    "a run twice": (manifest(runs=[RUN, RUN]), "twice"),
    "unknown key": (manifest(evil=1), "evil"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_archive_is_refused(name: str, members: Members, attacked: Store) -> None:
    attack, sentence = ATTACKS[name]
    said = refused(attacked, attack(members))
    assert any(part in said for part in sentence.split("|")), said


def test_the_corpus_is_large_and_its_base_is_imported(members: Members, tmp_path: Path) -> None:
    assert len(ATTACKS) + len(OF_MEMBERS) >= 100
    with opened_home(tmp_path / "home") as store:
        assert [arrival.outcome for arrival in imported(store, packed(members))] == ["new"]
        assert list(store.problems()) == []


@given(st.data())
@settings(max_examples=40)
def test_any_changed_bytes_are_refused_or_change_nothing(
    members: Members, attacked: Store, data: st.DataObject
) -> None:
    """Only bytes that say nothing (times and rights in the zip's directory) may change."""
    whole = bytearray(packed(members))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        imported(attacked, bytes(whole))
        said = "It is imported."
    except RegLabError as error:
        said = str(error)
    assert said.endswith(".")
    assert not list(attacked.home.glob(".import-*"))


def test_a_bomb_and_a_million_claims_take_little_memory(members: Members, attacked: Store) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for attack in (bomb(members), overlapping(members), ending(count=65_534)(members)):
        refused(attacked, attack)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB, of which 100 MB make the bombs
