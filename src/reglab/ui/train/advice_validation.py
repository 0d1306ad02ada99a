"""Settings of the data that keep enough images for validation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from reglab.number_format import exact
from reglab.spec import DataSpec

_NAMES = {
    "data.val_size": "Validation images", "data.val_fraction": "a validation share of", "data.folds": "folds:",
    "data.train_size": "training images:", "data.fold": "fold",
}  # fmt: skip


def enough_validation(spec: DataSpec, pool: int | None, least: int) -> dict[str, Any]:
    """The fewest changes to ``spec`` with which ``least`` or more of ``pool`` images validate; empty if none do."""
    if pool is None or pool < 4 * least:
        return {}
    return _with_folds(spec, pool, least) if spec.folds is not None else _without_folds(spec, pool, least)


def remedy_text(remedy: Mapping[str, Any]) -> str:
    """For example "A validation share of 0.06"."""
    parts = [f"{_NAMES[key]} {'all' if value is None else exact(value)}" for key, value in remedy.items()]
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def _without_folds(spec: DataSpec, pool: int, least: int) -> dict[str, Any]:
    if spec.val_size is not None and round(spec.val_fraction * pool) >= least:
        return {"data.val_size": least}
    share = max(spec.val_fraction, math.ceil(100 * (least + 1) / pool) / 100)
    left = pool - round(share * pool)
    fewer = {"data.train_size": left} if spec.train_size is not None and spec.train_size > left else {}
    limit = {"data.val_size": least} if spec.val_size is not None else {}
    return {"data.val_fraction": share, **limit, **fewer}


def _with_folds(spec: DataSpec, pool: int, least: int) -> dict[str, Any]:
    """Each fold holds T // K of the T images that are cut: see :mod:`reglab.datasets.folds`."""
    folds = min(spec.folds or 2, pool // least)
    cut = pool if spec.train_size is None else -(-spec.train_size * folds // (folds - 1))
    found: dict[str, Any] = {} if folds == spec.folds else {"data.folds": folds}
    if spec.fold >= folds:
        found["data.fold"] = 0
    if spec.val_size is not None:
        found["data.val_size"] = least
    if not least <= cut // folds <= pool // folds:
        found["data.train_size"] = least * (folds - 1)
    return found
