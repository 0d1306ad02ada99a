"""Training: specs in, events out; independent of store, jobs and pages."""

from __future__ import annotations

from reglab.training.autotune import Choice, Timings, choose
from reglab.training.check import check
from reglab.training.devices import choose_device, denormals_flushed
from reglab.training.execution import SEQUENTIAL, ExecutionMode
from reglab.training.held_out import HeldOutScores, HeldOutSet, score_held_out
from reglab.training.loop import train
from reglab.training.memory import LaneSize, free_memory, give_memory_back, is_out_of_memory, lane_size
from reglab.training.network import Network
from reglab.training.network_size import Oversize, oversize

__all__ = [
    "SEQUENTIAL",
    "Choice",
    "ExecutionMode",
    "HeldOutScores",
    "HeldOutSet",
    "LaneSize",
    "Network",
    "Oversize",
    "Timings",
    "check",
    "choose",
    "choose_device",
    "denormals_flushed",
    "free_memory",
    "give_memory_back",
    "is_out_of_memory",
    "lane_size",
    "oversize",
    "score_held_out",
    "train",
]
