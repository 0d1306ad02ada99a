"""A folder that only this process uses: made for this user alone, removed when the process ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path


def private_folder() -> Path:
    """A new folder (mode 0700) in the system's temporary folder, with all that is put into it gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="reglab-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
