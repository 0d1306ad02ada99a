""":material/ssid_chart: λ path. Train all λ at once, see the U-curve form, and choose λ with error bars."""

from __future__ import annotations

from reglab.ui.sweep.page import sweep_page

sweep_page()
