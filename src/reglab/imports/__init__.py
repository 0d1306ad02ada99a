"""Import of people's own sets of images: one module a format, found by the registry ``FORMATS``.

:func:`understand` reads a file, a zip file or a folder and says what it is; :func:`save` keeps it as a data set. Names
are imported on first use: processes that decode need few of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.lazy import lazy

if TYPE_CHECKING:
    from reglab.imports.entry import FORMATS, Asked, Colour, Fit, Format
    from reglab.imports.found import BadFiles, Choices, Duplicates, Found
    from reglab.imports.limits import Limits
    from reglab.imports.places import inside
    from reglab.imports.saving import save
    from reglab.imports.understanding import understand
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = [
    "FORMATS",
    "Asked",
    "BadFiles",
    "Choices",
    "Colour",
    "Duplicates",
    "Fit",
    "Format",
    "Found",
    "Limits",
    "inside",
    "save",
    "understand",
]
