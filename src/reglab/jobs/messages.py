"""Messages between the server and its worker processes: one JSON object a line, over the worker's input and output.

To a worker: ``open`` (settings, owner, on Ray a name), then jobs, ``train`` (run), ``plan`` (sweep), ``sweep``
(groups), ``predict`` (runs, images) and ``noise`` (runs), and ``close``. While it trains a sweep also ``take``
(groups), ``give`` (some, or all at once) and ``leave``. The end of its input means that the server is gone.

From a worker: ``ready``; while it trains a sweep ``done``, ``failed`` and ``given``; ``over``, ``halted`` or ``error``
at the end of each job, with ``over`` what was predicted; and ``outage`` at any time.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from reglab import errors
from reglab.errors import RegLabError
from reglab.settings import Settings

Message = dict[str, Any]


class Sender:
    """Writes messages; safe to share between threads."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._guard = stream, threading.Lock()

    def __call__(self, **message: Any) -> bool:
        """Whether the message could be sent; not where the other side is gone."""
        line = json.dumps(message).encode() + b"\n"
        with self._guard:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: this side has closed the stream
                return False
        return True


def received(stream: BinaryIO) -> Iterator[Message]:
    """The messages until the other side is gone, which may cut off the last one."""
    for line in stream:
        if line.endswith(b"\n"):
            yield json.loads(line)


def settings_facts(settings: Settings) -> Message:
    """The settings as JSON values."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(settings).items()}


def settings_of(facts: Message) -> Settings:
    """The settings with these :func:`settings_facts`."""
    return Settings(**{**facts, "home": Path(facts["home"]), "data": Path(facts["data"])})


def error_facts(error: RegLabError) -> Message:
    """The class and the sentence of an error."""
    return {"error": type(error).__name__, "sentence": str(error)}


def error_of(facts: Message) -> RegLabError:
    """The error with these :func:`error_facts`; of a class that takes more than a sentence, a plain one."""
    kind = getattr(errors, facts["error"], RegLabError)
    return RegLabError(facts["sentence"]) if kind is errors.UnknownName else kind(facts["sentence"])
