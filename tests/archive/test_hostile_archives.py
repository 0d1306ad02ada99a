"""Archives that a stranger has made: each is refused in one sentence, nothing of it is left, and memory stays small."""

from __future__ import annotations

import io
import json
import pickle
import resource
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.archive.archiving import (
    Members,
    archived,
    everything_in,
    imported,
    manifest_of,
    members_of,
    opened_home,
    packed,
    with_array,
    with_record,
)
from tests.factories import add_run, add_sweep

from reglab.archive.members import MANIFEST
from reglab.bins import N_BINS
from reglab.errors import RegLabError, StoreError
from reglab.predictions import EpochScores
from reglab.spec import RunSpec
from reglab.store import RunFiles, Store
from reglab.store.arrays import decode
from reglab.store.prediction_file import Layout

Attack = Callable[[Members], bytes]
RUN, SWEEP = "r000000000", "s000000000"


class Boom:
    """Its unpickling fails the test."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("an array was unpickled",))


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """A valid archive of one run with files, as members under the id RUN."""
    with opened_home(tmp_path_factory.mktemp("victim") / "home") as store:
        run = add_run(store, RunSpec().with_changes({"train.epochs": 6}))
        files = store.files(run.id)
        path, sha256 = files.save_weights({"w": np.ones(4, np.float32)})
        score = EpochScores(np.zeros(3, np.float16), np.ones(3, np.bool_))
        files.save_predictions(Layout(np.arange(3), 10), dict.fromkeys(range(1, 7), score))
        found = members_of(archived(store, run))
    found = {name.replace(run.id, RUN): data for name, data in found.items()}
    found |= {f"runs/{RUN}/weights.safetensors": (files.home / path).read_bytes()}
    return with_record(found, f"runs/{RUN}/run.json", id=RUN, keeps="weights", weights_sha256=sha256)


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The same of a sweep of two runs."""
    with opened_home(tmp_path_factory.mktemp("victim") / "home") as store:
        made = add_sweep(store, epochs=1)
        found = members_of(archived(store, *store.sweep_runs(made.id)))
    return {
        name.replace(made.id, SWEEP): data.replace(made.id.encode(), SWEEP.encode()) for name, data in found.items()
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The home that is attacked, by all tests in turn: nothing is ever left in it."""
    with opened_home(tmp_path_factory.mktemp("attacked") / "home") as store:
        add_run(store)
        yield store


def names_in(folder: Path) -> set[Path]:
    """Everything below ``folder``: an import replaces no file, so that names are enough."""
    return set(folder.rglob("*"))


def refused(store: Store, data: bytes) -> str:
    """The sentence with which ``data`` is refused, after a look that it has left nothing."""
    around, jobs = names_in(store.home.parent), (store.count_runs().total, store.count_sweeps())
    with pytest.raises(RegLabError) as error:
        imported(store, data)
    assert names_in(store.home.parent) == around
    assert (store.count_runs().total, store.count_sweeps()) == jobs
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert "Traceback" not in sentence
    return sentence


def named(name: str) -> Attack:
    """A further member with this name, as the manifest has it too."""
    return lambda members: packed({**members, name: b"x"})


def raw_named(name: bytes) -> Attack:
    """A further member whose name is these very bytes."""

    def attack(members: Members) -> bytes:
        place = b"Q" * len(name)
        return packed({**members, place.decode(): b"x"}).replace(place, name)

    return attack


def record(**changes: Any) -> Attack:
    return lambda members: packed(with_record(members, f"runs/{RUN}/run.json", **changes))


def setting(key: str, value: Any) -> Attack:
    """One setting of the spec replaced."""

    def attack(members: Members) -> bytes:
        spec = json.loads(members[f"runs/{RUN}/run.json"])["spec"]
        part, _, name = key.partition(".")
        spec[part] = {**spec.get(part, {}), name: value} if name else value
        return record(spec=spec)(members)

    return attack


def epochs(**arrays: Any) -> Attack:
    return lambda members: packed(with_array(members, f"runs/{RUN}/epochs.safetensors", **arrays))


def layers(**arrays: Any) -> Attack:
    return lambda members: packed(with_array(members, f"runs/{RUN}/layers-0.safetensors", **arrays))


def member(name: str, data: bytes | Callable[[bytes], bytes] | None) -> Attack:
    """A member of the run replaced, or removed from archive and manifest."""

    def attack(members: Members) -> bytes:
        own = dict(members)
        old = own.pop(f"runs/{RUN}/{name}", b"")
        if data is not None:
            own[f"runs/{RUN}/{name}"] = data(old) if callable(data) else data
        return packed(own)

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


def safetensors(header: dict[str, Any], data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def npy(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def checkpoint(facts: dict[str, Any], sha256: str = "00" * 32) -> bytes:
    about = {"__metadata__": {"reglab": json.dumps({"facts": json.dumps(facts), "sha256": sha256})}}
    return safetensors({**about, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))


def predictions(n: int, classes: int, body: bytes = b"") -> bytes:
    sizes = struct.pack("<LL", n, classes) + body
    return b"RegLabP1" + sizes + zlib.crc32(sizes).to_bytes(4, "little")


def _with_hash(members: Members, sha256: str) -> dict[str, Any]:
    found = manifest_of(members)
    found["members"][f"runs/{RUN}/weights.safetensors"]["sha256"] = sha256
    return found


def _without_member(members: Members) -> dict[str, Any]:
    found = manifest_of(members)
    del found["members"][f"runs/{RUN}/weights.safetensors"]
    return found


def _json(members: Members, old: str, new: str) -> bytes:
    name = f"runs/{RUN}/run.json"
    text = json.dumps(json.loads(members[name]))
    assert old in text
    return packed({**members, name: text.replace(old, new).encode()})


def _ends(members: Members, first: int) -> bytes:
    ends = decode(members[f"runs/{RUN}/layers-0.safetensors"])["counts_end"]
    ends[0] = first
    return layers(counts_end=ends)(members)


def _histogram(members: Members, data: bytes) -> bytes:
    """Every histogram replaced."""
    ends = np.arange(1, 15) * len(data)
    return layers(counts=np.frombuffer(data * 14, np.uint8), counts_end=ends)(members)


def _renamed(members: Members, old: str, new: str) -> bytes:
    return packed({name.replace(old, new): data for name, data in members.items()})


def _copied(members: Members, old: str, new: str) -> bytes:
    return packed({**members, **{n.replace(old, new): d for n, d in members.items() if old in n}})


def _objects() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Boom()], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def _zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Boom()))
    return buffer.getvalue()


FLOAT = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
NAN, INF = np.full(6, np.nan), np.full(6, np.inf)
BIG = 10**30
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
    # records
    "unknown state": (record(state="possessed"), "state"),
    "queued, to be trained here": (record(state="queued"), "is none of"),
    "running": (record(state="running"), "is none of"),
    "another run's record": (record(id="r111111111"), "says that it is another"),
    "id with a path": (record(id="../../x"), "is not an id"),
    "name with control characters": (record(name="a\x00b\x1b[31m"), "control characters"),
    "name that is empty": (record(name=""), "1 to 200"),
    "name of a megabyte": (record(name="a" * 10**6), "1 to 200"),
    "name that is a number": (record(name=5), "string"),
    "tags that are a text": (record(tags="a"), "tags"),
    "too many tags": (record(tags=[str(i) for i in range(60)]), "at most 50"),
    "note of a megabyte": (record(note="a" * 10**6), "at most 20,000"),
    "seconds that are negative": (record(seconds=-1), "seconds"),
    "seconds beyond numbers": (lambda m: _json(m, '"seconds": 3.0', '"seconds": 1e999'), "finite|number"),
    "colour beyond colours": (record(colour=10**9), "colour"),
    "time that is none": (record(created="yesterday"), "created"),
    "time without a zone": (record(created="2026-01-01T00:00:00"), "created"),
    "ended at no time": (record(ended=None), "at no time"),
    "environment that is a list": (record(environment=[1]), "environment"),
    "environment with nested facts": (record(environment={"versions": {"a": {"b": 1}}}), "environment"),
    "environment with huge counts": (record(environment={"parameters": BIG}), "environment"),
    "more epochs than it has": (record(epoch=7), "more epochs|epochs"),
    "epochs beyond numbers": (record(epoch=BIG), "epoch"),
    "best epoch that is none": (record(best_epoch=100), "best one"),
    "layer names with control characters": (record(layers=["a\x00", "b"]), "layers"),
    "fewer layer names": (record(layers=[]), "layers of epochs"),
    "unknown fact": (record(evil=1), "evil"),
    "hash without weights": (record(keeps=None), "hash without weights"),
    "weights with another hash": (record(weights_sha256="00" * 32), "or has others"),
    "weights elsewhere": (record(keeps="../../x"), "keeps"),
    "record that is no JSON": (member("run.json", b"{"), "no JSON"),
    "record that is a list": (member("run.json", b"[]"), "wrong"),
    "record of megabytes": (member("run.json", b" " * (2**21 + 1)), "too large"),
    "no record": (member("run.json", None), "is missing"),
    "no epochs": (member("epochs.safetensors", None), "is missing"),
    "no weights": (member("weights.safetensors", None), "lacks the weights"),
    # specs
    "unknown setting": (setting("penalty.evil", 1), "spec that this version cannot read"),
    "unknown part": (setting("evil", {}), "spec that this version cannot read"),
    "λ that is NaN": (lambda m: _json(m, '"l2": 0.01', '"l2": NaN'), "is no JSON number"),
    "λ that is negative": (setting("penalty.l2", -1), "spec that this version cannot read"),
    "a million epochs": (setting("train.epochs", 10**6), "spec that this version cannot read"),
    "unknown dataset": (setting("data.name", "evil"), "not installed here|cannot read"),
    "dataset with a path": (setting("data.name", "../../etc/passwd"), "not installed here|cannot read"),
    "unknown CNN": (setting("model.name", "evil"), "not installed here|cannot read"),
    # figures
    "accuracy of 2": (epochs(val_acc=np.full(6, 2.0)), "between 0 and 1"),
    "loss that is NaN": (epochs(val_loss=NAN), "is not finite, and it did not diverge"),
    "loss that is infinite": (epochs(total=INF), "is not finite, and it did not diverge"),
    "learning rate that is NaN": (epochs(lr=NAN), "is not finite"),
    "epochs out of order": (epochs(epoch=np.array([1, 3, 2, 4, 5, 6])), "not 1, 2, 3"),
    "epochs that are fractions": (epochs(epoch=np.arange(6.0)), "epoch"),
    "figures as integers": (epochs(val_acc=np.ones(6, np.int64)), "val_acc"),
    "figures with two axes": (epochs(val_acc=np.ones((6, 1))), "val_acc"),
    "fewer figures": (epochs(val_acc=np.ones(5)), "val_acc"),
    "missing figure": (epochs(val_acc=None), "other figures"),
    "unknown figure": (epochs(evil=np.ones(6)), "other figures"),
    "penalty with a name": (epochs(**{"penalty_<b>": np.ones(6)}), "other figures"),
    "epochs as a pickle": (member("epochs.safetensors", pickle.dumps(Boom())), "no safetensors file"),
    "epochs as an npy of objects": (member("epochs.safetensors", _objects()), "no safetensors file"),
    "epochs of 100 MB": (member("epochs.safetensors", bytes(2**26 + 1)), "too large for a table"),
    "layers of other epochs": (layers(epoch=np.zeros(14, np.int64)), "layers of epochs"),
    "layers beyond the network": (layers(layer=np.full(14, 99)), "layers of epochs"),
    "layers of fewer rows": (layers(size=np.ones(3, np.int64)), "differ in number"),
    "layers without counts": (layers(counts=None), "other figures"),
    "layers of negative size": (layers(size=np.full(14, -1)), "less than no weights"),
    "histograms that overlap": (layers(counts_end=np.zeros(14, np.int64)), "cut off"),
    "histograms backwards": (lambda m: _ends(m, -1), "cut off"),
    "histogram that is a bomb": (lambda m: _histogram(m, zlib.compress(bytes(10**7))), "other bins"),
    "histogram that is damaged": (lambda m: _histogram(m, b"evil"), "is damaged"),
    "histogram with negative counts": (
        lambda m: _histogram(m, zlib.compress(np.full(N_BINS, -1, "<i8").tobytes())), "other bins",
    ),
    "a part of the layers missing": (lambda m: _renamed(m, "layers-0", "layers-1"), "lacks a part"),
    "the layers twice": (lambda m: _copied(m, "layers-0", "layers-1"), "twice|layers of"),
    # files
    "weights as a pickle": (member("best.safetensors", pickle.dumps(Boom())), "no safetensors file"),
    "weights as a torch file": (member("best.safetensors", _zipped()), "no safetensors file"),
    "weights as an npy": (member("best.safetensors", npy("{'descr': '<f4', 'shape': (10**12,)}")), "no safetensors"),
    "header of exabytes": (member("best.safetensors", b"\xff" * 64), "no safetensors file"),
    "header beyond the file": (member("best.safetensors", struct.pack("<Q", 1000) + b"{}"), "no safetensors file"),
    "array of exabytes": (
        member("best.safetensors", safetensors({"w": {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 4]}})),
        "no safetensors file",
    ),
    "array beyond the file": (
        member("best.safetensors", safetensors({"w": FLOAT})),
        "no safetensors file",
    ),
    "array of objects": (
        member("best.safetensors", safetensors({"w": {"dtype": "O", "shape": [1], "data_offsets": [0, 8]}}, bytes(8))),
        "no safetensors file",
    ),
    "test scores of another kind": (
        member("test.safetensors", safetensors({"w": FLOAT}, bytes(4))),
        "other test scores",
    ),
    "predictions of another kind": (member("predictions.bin", b"evil" * 100), "predictions"),
    "predictions of exabytes": (member("predictions.bin", predictions(2**32 - 1, 10)), "predictions"),
    "predictions of other classes": (member("predictions.bin", predictions(0, 2**31)), "predictions"),
    "checkpoint as a pickle": (member("checkpoint.safetensors", pickle.dumps(Boom())), "no safetensors file"),
    "checkpoint without facts": (member("checkpoint.safetensors", safetensors({})), "no checkpoint"),
    "checkpoint that leads elsewhere": (
        member("checkpoint.safetensors", checkpoint({"elsewhere": {"model/": ["../../x", "00"]}})), "no checkpoint",
    ),
    "checkpoint of other weights": (
        member("checkpoint.safetensors", checkpoint({"elsewhere": {"model/": [f"{RUN}/weights.safetensors", "0"]}})),
        "no checkpoint",
    ),
    "checkpoint whose facts are a list": (
        member("checkpoint.safetensors", checkpoint([1])), "no checkpoint",  # type: ignore[arg-type]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_archive_is_refused(name: str, members: Members, home: Store) -> None:
    attack, sentence = ATTACKS[name]
    said = refused(home, attack(members))
    assert any(part in said for part in sentence.split("|")), said


def test_the_corpus_is_large_and_its_base_is_imported(members: Members, tmp_path: Path) -> None:
    assert len(ATTACKS) >= 100
    with opened_home(tmp_path / "home") as store:
        assert [arrival.outcome for arrival in imported(store, packed(members))] == ["new"]
        assert list(store.problems()) == []


def _of_sweep(**changes: Any) -> Attack:
    return lambda members: packed(with_record(members, f"sweeps/{SWEEP}/sweep.json", **changes))


PLAN = {"stacks": [[0, 1, 2], [3, 4, 5]], "how": {"fused": True}, "together": 2, "workers": 2, "speedup": 1.0}
PLAN |= {"difference": None, "seconds": 1.0, "reason": None}
CONFIRMS = {"sweep": SWEEP, "rule": "best", "shift": 2, "seeds": 2, "test_sha256": "00" * 32, "epochs": []}
CONFIRMS |= {"roles": [["best"]] * 3, "measure": "val_loss"}
SWEEP_ATTACKS: dict[str, tuple[Attack, str]] = {
    "no runs": (_of_sweep(runs=[]), "does not have the runs"),
    "runs of others": (_of_sweep(runs=["r111111111"] * 6), "does not have the runs"),
    "spec that is none": (_of_sweep(spec={"l2": "evil"}), "cannot read"),
    "spec of a million runs": (_of_sweep(spec={"l2": list(range(10**5)), "seeds": 1000}), "cannot read"),
    "other settings": (_of_sweep(spec={"l2": [0.0, 0.5, 0.7], "seeds": 2}), "other settings|does not have"),
    "plan that is none": (_of_sweep(plan="evil"), "plan"),
    "plan of other runs": (_of_sweep(plan=json.dumps({**PLAN, "stacks": [[7]]})), "plan"),
    "plan with words": (_of_sweep(plan=json.dumps({**PLAN, "workers": "many"})), "plan"),
    "plan with billions": (_of_sweep(plan=json.dumps({**PLAN, "workers": 10**10})), "plan"),
    "confirms other points": (_of_sweep(confirms={**CONFIRMS, "roles": [["best"]]}), "other points"),
    "unknown role": (_of_sweep(confirms={**CONFIRMS, "roles": [["<b>"]] * 3}), "roles"),
    "unknown rule": (_of_sweep(confirms={**CONFIRMS, "rule": "evil"}), "rule"),
    "checks a path": (_of_sweep(checks="../x y"), "is not an id"),
    "seconds that are words": (_of_sweep(seconds="1"), "seconds"),
}


@pytest.mark.parametrize("name", SWEEP_ATTACKS)
def test_a_hostile_sweep_is_refused(name: str, sweep: Members, home: Store) -> None:
    attack, sentence = SWEEP_ATTACKS[name]
    said = refused(home, attack(sweep))
    assert any(part in said for part in sentence.split("|")), said


def test_the_plan_and_the_confirmation_of_the_attacks_are_right_otherwise(sweep: Members, tmp_path: Path) -> None:
    with opened_home(tmp_path / "home") as store:
        (arrival,) = imported(store, _of_sweep(plan=json.dumps(PLAN), confirms=CONFIRMS)(sweep))
        assert store.sweep(arrival.here).plan == PLAN


@given(st.data())
@settings(max_examples=40)
def test_any_changed_bytes_are_refused_or_change_nothing(members: Members, home: Store, data: st.DataObject) -> None:
    """Only bytes that say nothing (times and rights in the zip's directory) may change."""
    whole = bytearray(packed(members))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        imported(home, bytes(whole))
        said = "It is imported."
    except RegLabError as error:
        said = str(error)
    assert said.endswith(".")
    assert not list(home.home.glob(".import-*"))


def test_a_bomb_and_a_million_claims_take_little_memory(members: Members, home: Store) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for attack in (bomb(members), overlapping(members), ending(count=65_534)(members)):
        refused(home, attack)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB, of which 100 MB make the bombs


def test_a_failure_while_files_are_placed_leaves_nothing(
    members: Members, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = packed(members)
    with opened_home(tmp_path / "home") as store:
        before = everything_in(store.home)
        (store.home / "stray").mkdir()

        def full(self: Path, target: Path) -> Path:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", full)
            with pytest.raises(StoreError, match="disk is full"):
                imported(store, data)
        (store.home / "stray").rmdir()
        assert everything_in(store.home) == before
        assert store.runs() == []
        assert [one.outcome for one in imported(store, data)] == ["new"]


def test_a_store_that_may_not_be_written_takes_nothing_in(members: Members, tmp_path: Path) -> None:
    with opened_home(tmp_path / "home") as store:
        before = everything_in(store.home)
        store._database.read_only = "RegLab is read-only here."
        with pytest.raises(StoreError, match=r"RegLab is read-only here\."):
            imported(store, packed(members))
        assert everything_in(store.home) == before


def test_markup_in_names_is_text(members: Members, tmp_path: Path) -> None:
    name = "<script>alert(1)</script> **bold** $x$"
    with opened_home(tmp_path / "home") as store:
        (arrival,) = imported(store, record(name=name)(members))
        assert store.get(RUN).name == name
        assert name not in arrival.sentence
        assert isinstance(store.files(RUN), RunFiles)
