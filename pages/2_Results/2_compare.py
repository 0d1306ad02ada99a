""":material/compare_arrows: Compare. Runs and sweeps side by side: curves, settings, λ, weights, errors."""

from __future__ import annotations

from reglab.ui.compare.page import compare_page

compare_page()
