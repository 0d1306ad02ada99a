"""Arrays as safetensors bytes and back; never pickle.

A checkpoint's facts are JSON in the file's metadata, beside a SHA-256 over facts and arrays, because safetensors alone
notices a truncated file but not a changed one. JSON has no NaN and no ∞: they are written as {"$float": "nan"}.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from safetensors import SafetensorError, safe_open

from reglab.errors import CheckpointError
from reglab.events import Checkpoint
from reglab.lazy import later

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from safetensors import numpy as tensors
else:
    np, tensors = later("numpy"), later("safetensors.numpy")

Arrays: TypeAlias = "Mapping[str, NDArray[Any]]"
HEADER_CAP = 8 * 2**20
_METADATA = "reglab"  # one key only: safetensors orders several at random
_FLOAT = "$float"


def encode_weights(arrays: Arrays) -> bytes:
    """The same bytes for the same arrays, on every machine and in every run: nothing else is in the file."""
    return _save(arrays, None)


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    """Arrays and facts in one file that :func:`decode_checkpoint` reads back equal, bit for bit."""
    facts = to_json(checkpoint.facts)
    record = json.dumps({"facts": facts, "sha256": _digest(checkpoint.arrays, facts)})
    return _save(checkpoint.arrays, {_METADATA: record})


def decode_checkpoint(data: bytes) -> Checkpoint:
    """The checkpoint in ``data``; :class:`CheckpointError` if any byte is not as it was written."""
    arrays = decode(data)
    try:
        record = json.loads(_header(data)["__metadata__"][_METADATA])
        facts, digest = record["facts"], record["sha256"]
        if not isinstance(facts, str) or digest != _digest(arrays, facts):
            raise CheckpointError("The checkpoint is damaged: its checksum does not match.")
        return Checkpoint(arrays=arrays, facts=from_json(facts))
    except (KeyError, TypeError, ValueError, RecursionError):
        raise CheckpointError("The checkpoint is damaged: its facts cannot be read.") from None


def facts_of(metadata: Mapping[str, str]) -> dict[str, Any]:
    """The facts in the metadata of a checkpoint's file, whose arrays are not looked at.

    :raises CheckpointError: it is no checkpoint's.
    """
    try:
        facts = from_json(json.loads(metadata[_METADATA])["facts"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise CheckpointError("The checkpoint is damaged: its facts cannot be read.") from None
    if not isinstance(facts, dict):
        raise CheckpointError("The checkpoint is damaged: its facts cannot be read.")
    return facts


def decode(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays in safetensors ``data`` by name, in alphabetical order, writable and in their own memory."""
    _header(data)
    try:
        return {name: np.array(array) for name, array in sorted(tensors.load(data).items())}
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError):
        raise CheckpointError("This is not a whole safetensors file.") from None


def decode_one(path: Path, name: str) -> NDArray[Any] | None:
    """The array ``name`` of the safetensors file at ``path``, in its own memory; None where there is none so."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > HEADER_CAP:
            raise CheckpointError("This is not a whole safetensors file.")
    try:
        with safe_open(path, framework="numpy") as opened:
            names: list[str] = opened.keys()
            return np.array(opened.get_tensor(name)) if name in names else None
    except (SafetensorError, KeyError, ValueError, TypeError, OverflowError):
        raise CheckpointError("This is not a whole safetensors file.") from None


def to_json(value: Any) -> str:
    """``value`` as strict JSON; numpy numbers become plain ones, NaN and ±∞ survive."""
    try:
        return json.dumps(_plain(value), allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"The facts of a checkpoint must be JSON: {error}.") from None


def from_json(text: str) -> Any:
    """What :func:`to_json` wrote; tuples come back as lists."""
    return json.loads(text, object_hook=_restore)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT: str(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _restore(value: dict[str, Any]) -> Any:
    return float(value[_FLOAT]) if value.keys() == {_FLOAT} else value


def _save(arrays: Arrays, metadata: dict[str, str] | None) -> bytes:
    contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    np.empty(sum(array.nbytes for array in contiguous.values()), np.uint8)  # without this memory, save ends the process
    try:
        return tensors.save(contiguous, metadata)
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise CheckpointError(f"These arrays cannot be stored as safetensors: {error}.") from None


def _digest(arrays: Arrays, facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(arrays):
        array = np.asarray(arrays[name], order="C")
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"\0{name}\0{array.dtype.name}\0{array.shape}\0".encode())
        digest.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def _header(data: bytes) -> dict[str, Any]:
    """The JSON header, after a look at its claimed length: at most 8 MiB, and inside the file."""
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(HEADER_CAP, len(data) - 8):
        raise CheckpointError("This is not a whole safetensors file.")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError):
        raise CheckpointError("This is not a whole safetensors file.") from None
    return header if isinstance(header, dict) else {}
