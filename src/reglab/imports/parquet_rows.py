"""The rows of a Parquet file, read in a process of their own: a file may claim any size, and a limit ends only that.

``python -m reglab.imports.parquet_rows PATH WHAT LABEL`` answers in frames (:mod:`reglab.imports.frames`): with the
labels (WHAT is labels) or with the images, a few at a time. LABEL is the label column, empty where the file says it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from reglab.imports.frames import send

GROWTH = 280 * 2**20
"""Bytes that reading may take beyond what the process has when it begins."""

_ROWS, _LABEL_ROWS = 4, 4096
_LABELS = ("label", "labels", "class", "target", "y", "fine_label")
_TEXT_BYTES = 4096
_MEMBER_BYTES = 64 * 2**20


class _Refused(Exception):
    """The text is a sentence without its subject, which is the file."""


def _main(path: Path, what: str, label: str) -> None:
    _bound()
    try:
        for facts, data in _answers(path, what, label):
            send(sys.stdout.buffer, facts, data)
    except _Refused as refused:
        send(sys.stdout.buffer, {"refused": str(refused)})
    except MemoryError:
        send(sys.stdout.buffer, {"refused": f"needs more than {GROWTH >> 20} MiB of memory; write smaller row groups"})
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, IndexError, OverflowError):
        send(sys.stdout.buffer, {"refused": "is damaged, or its schema does not fit what is in it"})


def _bound() -> None:
    """Let allocations fail that go beyond :data:`GROWTH`; where a system has no such limit, nothing is bounded."""
    limit = getattr(psutil, "RLIMIT_DATA", None)
    if limit is not None:
        process = psutil.Process()
        most = process.memory_info().data + GROWTH
        process.rlimit(limit, (most, most))


def _answers(path: Path, what: str, label: str) -> Iterator[tuple[Any, list[bytes | str]]]:
    with pq.ParquetFile(
        path, pre_buffer=False, buffer_size=2**20, thrift_string_size_limit=2**24, thrift_container_size_limit=2**20
    ) as file:
        schema = file.schema_arrow
        image, labels, names = _columns(schema, label)
        if what == "labels":
            yield {"rows": file.metadata.num_rows, "names": names}, []
            for batch in file.iter_batches(_LABEL_ROWS, columns=[labels], use_threads=False):
                yield [_label(value) for value in batch.column(0).to_pylist()], []
        else:
            for batch in file.iter_batches(_ROWS, columns=[image], use_threads=False):
                data = [_image(value) for value in batch.column(0)]
                yield [each if isinstance(each, str) else len(each) for each in data], data


def _columns(schema: Any, label: str) -> tuple[str, str, list[str] | None]:
    """The image column, the label column, and the names of its classes where the file has them."""
    features = _features(schema)
    images = [field.name for field in schema if _holds_images(field.type)]
    if not images:
        kinds = ", ".join(f"{field.name[:30]}: {str(field.type)[:30]}" for field in list(schema)[:4])
        raise _Refused(f"has no column of image bytes; its columns are {kinds or 'none'}")
    named = [name for name, one in features.items() if one.get("_type") == "ClassLabel" and name in schema.names]
    wanted = [label] if label else [name for name in _LABELS if name in schema.names] or named
    if not wanted or wanted[0] not in schema.names:
        raise _Refused(f"has no column {label[:60]!r}" if label else "has no label column; name it")
    names = features.get(wanted[0], {}).get("names")
    valid = isinstance(names, list) and all(isinstance(name, str) for name in names)
    kind = schema.field(wanted[0]).type
    if not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise _Refused(f"has a label column of type {str(kind)[:40]}; labels are whole numbers or text, one an image")
    return images[0], wanted[0], names if valid and pa.types.is_integer(kind) else None


def _features(schema: Any) -> dict[str, dict[str, Any]]:
    """What Hugging Face's datasets say of the columns; nothing where there is no such text, or it is no such text."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: one for name, one in features.items() if isinstance(one, dict)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _holds_images(kind: Any) -> bool:
    if pa.types.is_struct(kind):
        return any(kind.field(i).name == "bytes" and _is_bytes(kind.field(i).type) for i in range(kind.num_fields))
    return bool(_is_bytes(kind))


def _is_bytes(kind: Any) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _label(value: Any) -> int | str:
    if value is None or (isinstance(value, str) and len(value) > _TEXT_BYTES):
        raise _Refused("has a row without a label, or with a text of thousands of characters in its place")
    return value  # type: ignore[no-any-return]


def _image(value: Any) -> bytes | str:
    """The bytes of an image, or why there are none."""
    cell = value["bytes"] if pa.types.is_struct(value.type) and value.is_valid else value
    if not cell.is_valid:
        return "has no bytes; files that a row names are not opened"
    data: bytes = cell.as_py()
    return data if len(data) <= _MEMBER_BYTES else f"has more than {_MEMBER_BYTES >> 20} MiB"


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
