"""Every convention, found by itself: one file each in this package."""

from __future__ import annotations

from reglab.conventions.convention import Convention
from reglab.registry import Registry

CONVENTIONS: Registry[Convention] = Registry("convention", "reglab.conventions", Convention)
