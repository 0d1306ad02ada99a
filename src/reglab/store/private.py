"""Folders that only this process uses: made for this user alone, removed when the process ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

_made: list[Path] = []


def private_folder() -> Path:
    """A new folder (mode 0700) in the system's temporary folder, with all that is put into it gone at the end."""
    _made.append(Path(tempfile.mkdtemp(prefix="reglab-")))
    return _made[-1]


@atexit.register
def remove_private_folders() -> None:
    """Remove all of them; a server calls it, because Streamlit's ends without atexit."""
    while _made:
        shutil.rmtree(_made.pop(), ignore_errors=True)
