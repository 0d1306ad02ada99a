"""Local copies of data sets under the names that people and archive tools give them.

Names are compared without regard to case, and a dot, a space and an underscore count as a hyphen:
``train-images.idx3-ubyte`` is ``train-images-idx3-ubyte``. A file may lie in a folder of its own name, as some archive
tools and Kaggle's copy of MNIST leave it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_HYPHENS = str.maketrans("._ ", "---")


def find_file(place: Path, name: str, endings: tuple[str, ...] = ("", ".gz")) -> Path | None:
    """The file ``name`` with one of ``endings`` in ``place``, or in a folder of that name; exact names come first.

    :raises OSError: where ``place`` is there and cannot be listed.
    """
    exact = [place / f"{name}{ending}" for ending in endings]
    wanted = {_plain(path.name) for path in exact}
    alike = [path for path in _entries(place) if _plain(path.name) in wanted]
    candidates = [*exact, *alike]
    inside = [
        path for folder in candidates if folder.is_dir() for path in _entries(folder) if _plain(path.name) in wanted
    ]
    return next((path for path in [*candidates, *inside] if path.is_file()), None)


def named_folders(folder: Path, names: Iterable[str]) -> list[Path]:
    """The folders in ``folder`` that have one of ``names``, in the order of ``names``; exact names come first."""
    names = list(names)
    rank = {_plain(name): place for place, name in reversed(list(enumerate(names)))}
    alike = sorted((path for path in _entries(folder) if _plain(path.name) in rank), key=lambda p: rank[_plain(p.name)])
    return [path for path in dict.fromkeys([*(folder / name for name in names), *alike]) if path.is_dir()]


def _entries(folder: Path) -> list[Path]:
    """What is in ``folder``, by name; nothing where it is no folder."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _plain(name: str) -> str:
    return name.lower().translate(_HYPHENS)
