"""DataFrame → DataFrame: what is derived from stored figures. Pure functions; no Streamlit, no torch, no database."""

from __future__ import annotations

from reglab.analysis.chance import Chance, recorded_chance, strictest
from reglab.analysis.choosing import best_row, chosen
from reglab.analysis.differences import paired_differences
from reglab.analysis.layer_curves import layer_curves
from reglab.analysis.none_text import NoBest, why_no_best
from reglab.analysis.regimes import RULE, collapsed, regimes
from reglab.analysis.sweep_histograms import sweep_histograms
from reglab.analysis.sweep_result import judged_sweep, result_of_sweep
from reglab.analysis.sweep_runs import at_epoch, runs_table
from reglab.analysis.sweep_table import sweep_table
from reglab.analysis.sweep_verdict import SweepVerdict, sweep_verdict
from reglab.analysis.ticks import positions, reconciled

__all__ = [
    "RULE",
    "Chance",
    "NoBest",
    "SweepVerdict",
    "at_epoch",
    "best_row",
    "chosen",
    "collapsed",
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
