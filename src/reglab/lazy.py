"""Modules and names of packages that load on first use, so that a command pays only for what it needs; see PEP 562."""

from __future__ import annotations

import ast
import gc
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class _Later:
    """A module that is imported when something of it is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


def later(module: str) -> Any:
    """The ``module``, imported on first use. Belongs into the ``else:`` of an ``if TYPE_CHECKING:`` that imports it."""
    return _Later(module)


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector rest: it would look through the many objects of large imports again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def lazy(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package whose ``__init__.py`` imports its names ``if TYPE_CHECKING:``.

    That block is the one list of them, which type checkers and readers see as usual; as in
    ``lazy_loader.attach_stub``, it is read from the source. Belongs into its ``else:``, where type checkers do not take
    ``__getattr__`` for a promise of any name. A name must not be that of one of the package's modules.
    """
    module = sys.modules[package]
    homes = dict(_typed_imports(ast.parse(inspect.getsource(module))))

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(module, name, value)
        return value

    return get, lambda: sorted({*vars(module), *homes})


def _typed_imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(name, module) of each ``from module import name`` in a block ``if TYPE_CHECKING:``."""
    for block in tree.body:
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            for line in block.body:
                if isinstance(line, ast.ImportFrom) and line.module:
                    yield from ((alias.name, line.module) for alias in line.names)
