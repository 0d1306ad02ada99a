"""Members that a stranger has made, in a right zip file: records, specs, figures, and files with arrays."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.archive.archiving import Members, imported, opened_home, packed, with_array, with_record
from tests.archive.hostile import RUN, Attack, refused

from reglab.bins import N_BINS
from reglab.store import RunFiles, Store
from reglab.store.arrays import decode


class Boom:
    """Its unpickling fails the test."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("an array was unpickled",))


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
ATTACKS: dict[str, tuple[Attack, str]] = {
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
def test_a_hostile_member_is_refused(name: str, members: Members, attacked: Store) -> None:
    attack, sentence = ATTACKS[name]
    said = refused(attacked, attack(members))
    assert any(part in said for part in sentence.split("|")), said


def test_markup_in_names_is_text(members: Members, tmp_path: Path) -> None:
    name = "<script>alert(1)</script> **bold** $x$"
    with opened_home(tmp_path / "home") as store:
        (arrival,) = imported(store, record(name=name)(members))
        assert store.get(RUN).name == name
        assert name not in arrival.sentence
        assert isinstance(store.files(RUN), RunFiles)
