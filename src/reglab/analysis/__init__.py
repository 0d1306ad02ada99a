"""DataFrame → DataFrame: what is derived from stored figures. Pure functions; no Streamlit, no torch, no database."""

from __future__ import annotations

from reglab.analysis.chance import Chance, recorded_chance, strictest
from reglab.analysis.choosing import best_row, chosen
from reglab.analysis.differences import paired_differences
from reglab.analysis.lanes import at_epoch, lanes_table
from reglab.analysis.layer_paths import layer_paths
from reglab.analysis.none_text import NoBest, why_no_best
from reglab.analysis.path import path_table
from reglab.analysis.path_histograms import path_histograms
from reglab.analysis.path_result import judged_path, result_of_path
from reglab.analysis.path_verdict import PathVerdict, path_verdict
from reglab.analysis.regimes import RULE, collapsed, regimes
from reglab.analysis.ticks import positions, reconciled

__all__ = [
    "RULE",
    "Chance",
    "NoBest",
    "PathVerdict",
    "at_epoch",
    "best_row",
    "chosen",
    "collapsed",
    "judged_path",
    "lanes_table",
    "layer_paths",
    "paired_differences",
    "path_histograms",
    "path_table",
    "path_verdict",
    "positions",
    "reconciled",
    "recorded_chance",
    "regimes",
    "result_of_path",
    "strictest",
    "why_no_best",
]
