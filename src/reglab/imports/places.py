"""Where imports may read and write: the data folder."""

from __future__ import annotations

from pathlib import Path

from reglab.errors import DataError
from reglab.imports.text import echoed


def inside(folder: Path, text: str) -> Path:
    """The file or folder ``text``, relative to ``folder`` or absolute, where it is inside ``folder``.

    Links and ".." are followed first, so that neither leads out.

    :raises DataError: it leads elsewhere, or to nothing.
    """
    missing = DataError(f"There is no {echoed(text)} in the data folder {folder}.")
    try:
        path, own = (folder / text.strip()).resolve(), folder.resolve()
    except (OSError, ValueError, RuntimeError):
        raise missing from None
    if path == own or not path.is_relative_to(own):  # the answer does not depend on what is there
        raise DataError(f"{echoed(text)} is not inside the data folder {folder}; only what lies there can be imported.")
    try:
        path.stat()
    except OSError:
        raise missing from None
    return path
