""":material/table_rows: Runs. Every run with its results: filter, compare, rename, tag, delete."""

from __future__ import annotations

from reglab.ui.runs.page import runs_page

runs_page()
