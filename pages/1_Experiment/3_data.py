""":material/photo_library: Data. Every dataset: its images, what training would see of it, and its health."""

from __future__ import annotations

from reglab.ui.data.page import data_page

data_page()
