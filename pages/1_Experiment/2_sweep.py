""":material/ssid_chart: λ sweep. Trains all λ at once, draws the U-curve live, and chooses λ with error bars."""

from __future__ import annotations

from reglab.ui.sweep.page import sweep_page

sweep_page()
