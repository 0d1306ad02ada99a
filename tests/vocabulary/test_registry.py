"""A registry finds every module with an ENTRY, in order, and names the nearest one when asked for another."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reglab.errors import UnknownName
from reglab.registry import OPEN, Registry


@dataclass(frozen=True)
class Toy:
    name: str
    label: str
    order: int


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[Toy]:
    package = tmp_path / "toybox"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "kinds.py").write_text("class Toy: pass\n")
    for name, order in (("ball", 2), ("kite", 1)):
        (package / f"{name}.py").write_text(f"from {__name__} import Toy\nENTRY = Toy({name!r}, {name!r}, {order})\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    return Registry("toy", "toybox", Toy)


def test_entries_are_found_and_ordered(toys: Registry[Toy]) -> None:
    assert toys.names() == ["kite", "ball"]
    assert toys.get("ball").order == 2


def test_an_unknown_name_gets_the_nearest_known_one(toys: Registry[Toy]) -> None:
    with pytest.raises(UnknownName, match=r"Unknown toy 'bal' \(did you mean 'ball'\?\). Known: ball, kite."):
        toys.get("bal")


@dataclass
class Point:
    """An entry point of another package."""

    value: str
    loaded: object

    def load(self) -> object:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def test_entries_of_other_packages_join_unless_they_are_broken_or_taken(
    toys: Registry[Toy], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    points = [
        Point("theirs:ENTRY", Toy("drum", "drum", 0)),
        Point("taken:ENTRY", Toy("ball", "another ball", 0)),
        Point("broken:ENTRY", ImportError("no such module")),
        Point("odd:ENTRY", "a text"),
    ]
    monkeypatch.setattr("reglab.registry.entry_points", lambda group: points if group == "toybox" else [])
    monkeypatch.setattr("reglab.registry.OPEN", frozenset({"toybox"}))
    assert toys.names() == ["drum", "kite", "ball"]
    assert toys.get("ball").label == "ball"
    assert [record.getMessage() for record in caplog.records] == [
        "The toy 'broken:ENTRY' cannot be loaded: no such module",
        "odd:ENTRY is no toy of RegLab's and is left out",
    ]


def test_the_four_open_registries_are_those_that_other_packages_extend() -> None:
    assert {name.removeprefix("reglab.") for name in OPEN} == {"datasets", "models", "penalties", "optimizers"}
