"""Golden files: texts that people read, reviewed as a whole in ``tests/golden``.

``UPDATE_GOLDEN=1`` writes them anew; the diff is then reviewed in the commit.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("golden")


def check_golden(name: str, texts: Mapping[str, str]) -> None:
    """Compare ``texts``, title → text, with ``tests/golden/NAME.txt``; a difference fails with a diff."""
    found = "\n".join(f"# {title}\n{text}\n" for title, text in texts.items()).replace("\u202f", "~")
    file = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(found, "utf-8")
    expected = file.read_text("utf-8")
    if found != expected:
        diff = difflib.unified_diff(expected.splitlines(), found.splitlines(), str(file), "now", lineterm="")
        pytest.fail("\n".join(diff), pytrace=False)
