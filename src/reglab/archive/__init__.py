"""Archives: runs and sweeps of one home as a file that another home imports, with everything that belongs to them."""

from __future__ import annotations

from reglab.archive.importing import Arrival, import_archive
from reglab.archive.records import ArchiveError
from reglab.archive.writing import check_ended, write_archive

__all__ = ["ArchiveError", "Arrival", "check_ended", "import_archive", "write_archive"]
