""":material/ssid_chart: λ path. Train all λ at once, see the U-curve form, and choose λ with error bars."""

from __future__ import annotations

from reglab.ui.path.page import lambda_path_page

lambda_path_page()
