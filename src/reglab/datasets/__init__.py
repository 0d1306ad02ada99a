"""The data sets: one file per entry, found by itself, and the seeded split that training uses.

A new data set is one new file that defines ``ENTRY = Dataset(...)``.
"""

from __future__ import annotations

from reglab.datasets.cache import load_images
from reglab.datasets.check import Sizes, check_data, pool_size
from reglab.datasets.composition import label_remarks, recorded_remarks
from reglab.datasets.dataset import DATASETS, Dataset, Images, Progress, Status, status
from reglab.datasets.split import Split, held_out_images, prepare
from reglab.datasets.test_part import HeldOut

__all__ = [
    "DATASETS",
    "Dataset",
    "HeldOut",
    "Images",
    "Progress",
    "Sizes",
    "Split",
    "Status",
    "check_data",
    "held_out_images",
    "label_remarks",
    "load_images",
    "pool_size",
    "prepare",
    "recorded_remarks",
    "status",
]
