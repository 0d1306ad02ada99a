"""The one door to torchvision, which opens beside a CPU-only torch too.

A torchvision built for CUDA cannot load its compiled operators where torch has no CUDA, and ``import torchvision`` then
fails while it describes two operators that do not exist ("operator torchvision::nms does not exist"). Declaring their
schemas first is enough for data sets, transforms and models, which don't use them. Where the operators load, nothing
is declared and torchvision is left as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from reglab.errors import RegLabError

if TYPE_CHECKING:
    import torch

_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_DESCRIBED = ("nms", "qnms")  # what torchvision describes without asking whether its operators were loaded

_lock = threading.Lock()
_declared: list[torch.library.Library] = []  # a schema lives as long as the library that defined it


def load_torchvision() -> ModuleType:
    """The imported ``torchvision``; slow at first, thread-safe, :class:`RegLabError` where it is not installed."""
    with _lock:
        if not _operators_load(_folders()):
            _declare_missing()
        return importlib.import_module("torchvision")


def _folders() -> list[Path]:
    spec = importlib.util.find_spec("torchvision")
    if spec is None:
        raise RegLabError("torchvision is not installed: pip install torchvision.")
    return [Path(folder) for folder in spec.submodule_search_locations or ()]


def _operators_load(folders: list[Path]) -> bool:
    """Whether torchvision's compiled operators are there and fit the torch at hand; loads them if so."""
    import torch  # slow to load, and data sets that import this module may never need it

    binaries = [file for folder in folders for file in folder.glob("_C.*") if file.suffix in {".so", ".pyd", ".dylib"}]
    try:
        for binary in binaries:
            torch.ops.load_library(binary)  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return bool(binaries)


def _declare_missing() -> None:
    import torch

    for name in _DESCRIBED:
        if not hasattr(torch.ops.torchvision, name):
            library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
            library.define(name + _SIGNATURE)  # type: ignore[no-untyped-call]
            _declared.append(library)
