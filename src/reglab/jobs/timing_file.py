"""Timings of earlier sweeps in the home: a sweep of a known shape is planned without timing it again."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from reglab.store.atomic import write
from reglab.training import Timings

log = logging.getLogger(__name__)

NAME = "timings.json"
_VERSION = 1
_MOST = 500  # shapes; the oldest is forgotten first


class TimingFile(MutableMapping[str, Mapping[str, Any]]):
    """Key of a shape → the facts of its :class:`Timings`, in one file that is replaced whole.

    A file that cannot be read counts as empty and is written anew. Of two processes that add a shape at once, one may
    lose its own, which is then timed again.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / NAME

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = self._read()[key]
        return facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __setitem__(self, key: str, facts: Mapping[str, Any]) -> None:
        known = {name: own for name, own in self._read().items() if name != key}
        self._write({**dict(list(known.items())[1 - _MOST :]), key: facts})

    def __delitem__(self, key: str) -> None:
        known = self._read()
        del known[key]
        self._write(known)

    def _read(self) -> dict[str, Mapping[str, Any]]:
        try:
            content = json.loads(self.path.read_bytes())
            if content["version"] != _VERSION:
                return {}
            return {str(key): Timings.of(facts).facts() for key, facts in content["timings"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s cannot be read, so its shapes are timed again: %s", self.path, error)
            return {}

    def _write(self, timings: Mapping[str, Mapping[str, Any]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write(self.path, json.dumps({"version": _VERSION, "timings": timings}).encode())
