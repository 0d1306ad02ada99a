"""DataFrame → DataFrame: what is derived from stored figures. Pure functions; no Streamlit, no torch, no database."""

from __future__ import annotations

from reglab.analysis.budget import Budget
from reglab.analysis.chance import Chance, balanced_accuracy, recorded_chance, strictest
from reglab.analysis.confirmation import ConfirmedPoint, Shift, confirmed_difference, confirmed_point
from reglab.analysis.judge import judge_sweep
from reglab.analysis.judgement import Corrected, Criteria, Rival, RuleJudgement, SweepJudgement
from reglab.analysis.layers import layer_curves, sweep_histograms
from reglab.analysis.paired import (
    LEAST_REPEATS,
    PairedDifference,
    RepeatedFigure,
    overlap_of_folds,
    overlap_of_seeds,
    paired_difference,
)
from reglab.analysis.rate_check import RateCheck, RateChoice, rate_check
from reglab.analysis.select import RULE, NoBest, best_row, chosen, regimes, why_no_best
from reglab.analysis.sweep_result import SweepVerdict, judged_table, result_of_sweep, sweep_verdict
from reglab.analysis.sweep_table import runs_table, sweep_table
from reglab.analysis.winners import Winner, Winners, winners_of

__all__ = [
    "LEAST_REPEATS",
    "RULE",
    "Budget",
    "Chance",
    "ConfirmedPoint",
    "Corrected",
    "Criteria",
    "NoBest",
    "PairedDifference",
    "RateCheck",
    "RateChoice",
    "RepeatedFigure",
    "Rival",
    "RuleJudgement",
    "Shift",
    "SweepJudgement",
    "SweepVerdict",
    "Winner",
    "Winners",
    "balanced_accuracy",
    "best_row",
    "chosen",
    "confirmed_difference",
    "confirmed_point",
    "judge_sweep",
    "judged_table",
    "layer_curves",
    "overlap_of_folds",
    "overlap_of_seeds",
    "paired_difference",
    "rate_check",
    "recorded_chance",
    "regimes",
    "result_of_sweep",
    "runs_table",
    "strictest",
    "sweep_histograms",
    "sweep_table",
    "sweep_verdict",
    "why_no_best",
    "winners_of",
]
