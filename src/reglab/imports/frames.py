"""Messages between this process and those that read files for it: facts as JSON, and bytes behind them."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import IO, Any

_LENGTHS = struct.Struct("<II")


def send(pipe: IO[bytes] | None, facts: Any, data: Sequence[object] = ()) -> None:
    """Write a message; of ``data``, the bytes."""
    assert pipe is not None
    text = json.dumps(facts).encode()
    blob = b"".join(each for each in data if isinstance(each, bytes))
    pipe.write(_LENGTHS.pack(len(text), len(blob)) + text)
    pipe.write(blob)
    pipe.flush()


def received(pipe: IO[bytes] | None) -> tuple[Any, bytes]:
    """(facts, bytes) of the next message; :class:`EOFError` where there is none."""
    assert pipe is not None
    head = pipe.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        raise EOFError
    length, size = _LENGTHS.unpack(head)
    text, blob = pipe.read(length), pipe.read(size)
    if len(text) < length or len(blob) < size:
        raise EOFError
    return json.loads(text), blob
