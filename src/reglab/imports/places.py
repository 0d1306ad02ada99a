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
    try:
        path = (folder / text.strip()).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise DataError(f"There is no {echoed(text)} in the data folder {folder}.") from None
    own = folder.resolve()
    if path == own or not path.is_relative_to(own):
        raise DataError(f"{echoed(text)} is not inside the data folder {folder}; only what lies there can be imported.")
    return path
