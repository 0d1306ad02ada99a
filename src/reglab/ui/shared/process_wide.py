"""Objects that live as long as the server's process: nothing that a visitor sends and no hot reload replaces them.

``st.cache_resource`` is not such a place: any visitor's browser may send the message ``clear_cache``, which empties it
for everybody, and a second store and runner would appear. Module globals are not either: Streamlit's file watcher
imports changed modules anew. A module without a file is watched by neither.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar, cast

T = TypeVar("T")

_PLACE = "reglab_process_wide"


def process_wide(name: str, make: Callable[[], T]) -> T:
    """The one object called ``name`` in this process; the first caller makes it, the others wait for it."""
    place = _place()
    with place.lock:
        if name not in place.objects:
            place.objects[name] = make()
        return cast("T", place.objects[name])


def _place() -> Any:
    made = ModuleType(_PLACE)
    made.lock, made.objects = threading.RLock(), {}  # type: ignore[attr-defined]
    return sys.modules.setdefault(_PLACE, made)  # atomic: of two threads that ask at once, both get the same
