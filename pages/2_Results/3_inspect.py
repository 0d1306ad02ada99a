""":material/biotech: Inspect. Looks inside one run: weights, layers, filters, errors, and how it was made."""

from __future__ import annotations

from reglab.ui.inspect.page import inspect_page

inspect_page()
