"""What was computed from a run's files, kept beside them as JSON: it may go at any time, and is then computed anew.

Each is kept with a key of all that it depends on, and is worth nothing under another one. It stays on this machine,
where the files of runs lie at a URL.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from reglab import atomic
from reglab.store.files import RunFiles
from reglab.store.sentences import disk_sentence

log = logging.getLogger(__name__)


def read(files: RunFiles, name: str, key: Any) -> Any | None:
    """What was kept as ``name`` under this ``key`` of JSON values; None where there is none so, or it is damaged."""
    path = files.folder / f"{name}.json"
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found["value"] if isinstance(found, dict) and found.get("key") == key and "value" in found else None


def write(files: RunFiles, name: str, key: Any, value: Any) -> None:
    """Keep ``value`` as ``name``, unless nothing may be written; where that fails, a line in the log says why."""
    if files.barred is not None:
        return
    path = files.folder / f"{name}.json"
    try:
        atomic.write(path, json.dumps({"key": key, "value": value}).encode())
    except OSError as error:
        log.warning("%s", disk_sentence(path, error))
