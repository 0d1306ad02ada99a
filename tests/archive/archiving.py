"""What the tests of archives share: archives as bytes, taken apart and put together again, and a second home."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from reglab.archive import Arrival, import_archive, write_archive
from reglab.archive.members import MANIFEST
from reglab.settings import load_settings
from reglab.store import Run, Store, open_store
from reglab.store.arrays import decode, encode_weights

Members = dict[str, bytes]


def archived(store: Store, *runs: Run, checkpoints: bool = False) -> bytes:
    """The archive of ``runs``."""
    buffer = io.BytesIO()
    write_archive(store, runs, buffer, checkpoints=checkpoints)
    return buffer.getvalue()


def imported(store: Store, data: bytes) -> list[Arrival]:
    """What becomes of the archive ``data`` in ``store``."""
    return import_archive(store, io.BytesIO(data))


@contextmanager
def opened_home(folder: Path) -> Iterator[Store]:
    """A store of its own in ``folder``."""
    quiet = {"REGLAB_RUNNER": "thread", "REGLAB_THREADS": "1", "REGLAB_DEVICE": "cpu"}
    with open_store(load_settings({"REGLAB_HOME": str(folder), **quiet})) as store:
        yield store


def members_of(data: bytes) -> Members:
    """Name → content of each member but the manifest."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}


def manifest_of(members: Mapping[str, bytes], /, **changes: Any) -> dict[str, Any]:
    """The manifest that goes with ``members``, but for ``changes``."""
    own = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in members.items()}
    jobs = {kind: sorted({n.split("/")[1] for n in members if n.startswith(f"{kind}/")}) for kind in ("runs", "sweeps")}
    return {"format": "reglab-archive", "version": 1, "reglab": "0.1.0", **jobs, "members": own} | changes


def packed(members: Mapping[str, bytes], manifest: dict[str, Any] | bytes | None = None, **options: Any) -> bytes:
    """A zip file of ``members`` with their manifest, or with another one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", options.pop("compression", zipfile.ZIP_STORED)) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, archive.compression)
        text = manifest if isinstance(manifest, bytes) else json.dumps(manifest or manifest_of(members)).encode()
        archive.writestr(zipfile.ZipInfo(MANIFEST), text)
    return buffer.getvalue()


def with_record(members: Members, name: str, /, **changes: Any) -> Members:
    """``members`` with values of a JSON record replaced."""
    return {**members, name: json.dumps(json.loads(members[name]) | changes).encode()}


def with_array(members: Members, name: str, /, **arrays: Any) -> Members:
    """``members`` with arrays of a safetensors member replaced; None removes one."""
    found = {**decode(members[name]), **arrays}
    return {**members, name: encode_weights({key: np.asarray(own) for key, own in found.items() if own is not None})}


def everything_in(home: Path) -> dict[str, bytes | None]:
    """Every file of the home with its content, folders with None; the database apart."""
    found: Sequence[Path] = sorted(home.rglob("*"))
    return {
        str(path.relative_to(home)): path.read_bytes() if path.is_file() else None
        for path in found
        if not path.name.startswith("reglab.sqlite")
    }
