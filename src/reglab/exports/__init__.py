"""Runs and specs as files that other programs read or run: one module a format, found by the registry ``EXPORTS``."""

from __future__ import annotations

from reglab.exports.entry import EXPORTS, Bundle, Export, ExportError
from reglab.exports.exporting import Place, download, export, place, save, show
from reglab.exports.subject import Subject

__all__ = [
    "EXPORTS",
    "Bundle",
    "Export",
    "ExportError",
    "Place",
    "Subject",
    "download",
    "export",
    "place",
    "save",
    "show",
]
