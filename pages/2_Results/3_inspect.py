""":material/biotech: Inspect. Looks inside one run: its weights and layers through training, and how it was made."""

from __future__ import annotations

from reglab.ui.inspect.page import inspect_page

inspect_page()
