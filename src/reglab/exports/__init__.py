"""Exports: a run or a spec as something that other programs read or run. One file an entry, found by itself.

A new export is one new file that defines ``ENTRY = Export(...)``; page and command line list it unasked.
"""

from __future__ import annotations

from reglab.exports.archive import download
from reglab.exports.entry import EXPORTS, Bundle, Export, ExportError
from reglab.exports.exporting import export, show
from reglab.exports.places import Place, place, save
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
