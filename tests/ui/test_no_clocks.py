"""Nothing in the pages waits, and nothing depends on how many seconds ago it was drawn or written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "src" / "reglab" / "ui").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"])

MODULES = {"time", "asyncio"}
CLOCKS = {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep"}


def clocks(source: str) -> list[str]:
    """Clocks and waits of the modules time and asyncio that ``source`` names."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            found += [alias.name for alias in node.names if alias.name in CLOCKS]
        elif isinstance(node, ast.Attribute) and node.attr in CLOCKS and ast.unparse(node.value) in MODULES:
            found.append(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source", ["import time\ntime.sleep(1)", "from time import monotonic", "import time\ntime.time()"]
)
def test_a_clock_is_found(source: str) -> None:
    assert clocks(source)


def test_pages_have_no_clock_and_no_sleep() -> None:
    assert len(FILES) > 40
    found = {file.relative_to(ROOT).as_posix(): names for file in FILES if (names := clocks(file.read_text("utf-8")))}
    assert not found
