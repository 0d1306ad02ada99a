"""Packages whose names load their modules on first use (PEP 562), so that a command pays only for what it needs."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any


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
