"""Queue, supervisor and workers: they train runs and sweeps, and write what happens to the store.

Names are imported on first use: a worker process needs neither the analysis nor pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.lazy import lazy

if TYPE_CHECKING:
    from reglab.jobs.capacity import check_run, check_sweep, size_remark
    from reglab.jobs.chances import chance_of, chance_of_run
    from reglab.jobs.confirmed import Confirmed, read_confirmation, read_confirmations
    from reglab.jobs.confirming import SEEDS, check_test_part, name_of, plan_confirmation, start_confirmation
    from reglab.jobs.downloads import Download, Downloads
    from reglab.jobs.images import images_at_hand
    from reglab.jobs.judging import judge_stored, labels_at_hand, overlap_of
    from reglab.jobs.machines import machine_remark
    from reglab.jobs.noise import NoiseAnswer, NoiseRequest, accuracy_under_noise, kept_curve
    from reglab.jobs.personal_runner import PersonalRunner
    from reglab.jobs.predicting import Answer, Prediction, PredictionRequest, predict
    from reglab.jobs.rate_checking import (
        current_rate_check,
        plan_rate_check,
        rate_check_name,
        rate_check_spec,
        read_rate_check,
        start_rate_check,
    )
    from reglab.jobs.read_only_runner import ReadOnlyRunner
    from reglab.jobs.results import data_remarks, result, sweep_remarks, unreadable_result
    from reglab.jobs.runner import Runner
    from reglab.jobs.sweep_plan import Plan
    from reglab.jobs.sweep_results import ended_text, sweep_result
    from reglab.jobs.sweep_work import SweepWorker
    from reglab.jobs.work import Worker
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = [
    "SEEDS",
    "Answer",
    "Confirmed",
    "Download",
    "Downloads",
    "NoiseAnswer",
    "NoiseRequest",
    "PersonalRunner",
    "Plan",
    "Prediction",
    "PredictionRequest",
    "ReadOnlyRunner",
    "Runner",
    "SweepWorker",
    "Worker",
    "accuracy_under_noise",
    "chance_of",
    "chance_of_run",
    "check_run",
    "check_sweep",
    "check_test_part",
    "current_rate_check",
    "data_remarks",
    "ended_text",
    "images_at_hand",
    "judge_stored",
    "kept_curve",
    "labels_at_hand",
    "machine_remark",
    "name_of",
    "overlap_of",
    "plan_confirmation",
    "plan_rate_check",
    "predict",
    "rate_check_name",
    "rate_check_spec",
    "read_confirmation",
    "read_confirmations",
    "read_rate_check",
    "result",
    "size_remark",
    "start_confirmation",
    "start_rate_check",
    "sweep_remarks",
    "sweep_result",
    "unreadable_result",
]
