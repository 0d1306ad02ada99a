"""Names that strangers have chosen, made fit for every place that shows them; and names that are proposed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from reglab.errors import ECHOED

_LONGEST_CLASS = 60
_NUMBER = re.compile(r"(\d+)")
_KNOWN_ENDINGS = (".gz", ".zip", ".npz", ".csv", ".parquet", ".idx3-ubyte", "-idx3-ubyte")


def cleaned(text: str, most: int = _LONGEST_CLASS) -> str:
    """``text`` in NFC on one line of at most ``most`` characters, without control and format characters.

    The latter include those that turn the direction of writing. Markup stays as it is: pages show it as text.
    """
    whole = unicodedata.normalize("NFC", text[: 4 * most].encode("utf-8", "replace").decode())
    kept = (" " if char.isspace() else char for char in whole if char.isspace() or unicodedata.category(char)[0] != "C")
    return " ".join("".join(kept).split())[:most].strip()


def echoed(name: str) -> str:
    """``name`` for a sentence: cleaned, its end kept where it is long, since that tells files apart."""
    text = cleaned(name, 4 * ECHOED) or "a file without a name"
    return text if len(text) <= ECHOED else f"…{text[1 - ECHOED :]}"


def class_names(raw: Sequence[str]) -> tuple[str, ...]:
    """A clean and unique name for each of ``raw``, which are different."""
    names: list[str] = []
    for number, text in enumerate(raw):
        name = cleaned(text) or f"class {number}"
        same = sum(1 for other in names if other == name or other.startswith(f"{name[: _LONGEST_CLASS - 6]} ("))
        names.append(name if name not in names else f"{name[: _LONGEST_CLASS - 6]} ({same + 1})")
    return tuple(names)


def in_order(names: Sequence[str]) -> list[str]:
    """``names`` sorted, numbers in them by their value: 9 before 10."""
    return sorted(names, key=lambda name: ([_part(part) for part in _NUMBER.split(name)], name))


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdecimal() and len(text) < 19 else (1, 0, text.lower())


def proposed_name(path: PurePath) -> str:
    """A name for the set at ``path``: lower case letters, digits and underscores, beginning with a letter."""
    stem = path.name.lower()
    for ending in _KNOWN_ENDINGS:
        stem = stem.removesuffix(ending)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")
    return name[:40].rstrip("_") or "images"


def counted(count: int, what: str) -> str:
    """For example "1 image" or "2,000 images"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
