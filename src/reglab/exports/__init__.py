"""Runs and specs as files that other programs read or run: one module a format, found by the registry ``EXPORTS``."""

from __future__ import annotations

from reglab.exports.entry import EXPORTS, Bundle, Delivered, Export, ExportError
from reglab.exports.exporting import Place, deliver, download, export, place, save, show
from reglab.exports.subject import Subject

__all__ = [
    "EXPORTS",
    "Bundle",
    "Delivered",
    "Export",
    "ExportError",
    "Place",
    "Subject",
    "deliver",
    "download",
    "export",
    "place",
    "save",
    "show",
]
