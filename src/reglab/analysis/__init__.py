"""DataFrame → DataFrame: what is derived from stored figures. Pure functions; no Streamlit, no torch, no database."""

from __future__ import annotations

from reglab.analysis.chance import Chance, recorded_chance, strictest
from reglab.analysis.differences import paired_differences
from reglab.analysis.layers import layer_curves, sweep_histograms
from reglab.analysis.select import RULE, NoBest, best_row, chosen, regimes, why_no_best
from reglab.analysis.sweep_result import SweepVerdict, judged_sweep, result_of_sweep, sweep_verdict
from reglab.analysis.sweep_table import runs_table, sweep_table
from reglab.analysis.ticks import positions, reconciled

__all__ = [
    "RULE",
    "Chance",
    "NoBest",
    "SweepVerdict",
    "best_row",
    "chosen",
    "judged_sweep",
    "layer_curves",
    "paired_differences",
    "positions",
    "reconciled",
    "recorded_chance",
    "regimes",
    "result_of_sweep",
    "runs_table",
    "strictest",
    "sweep_histograms",
    "sweep_table",
    "sweep_verdict",
    "why_no_best",
]
