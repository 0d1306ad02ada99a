"""The data sets: one file per entry, found by itself, and the seeded split that training uses.

A new data set is one new file that defines ``ENTRY = Dataset(...)``. Names are imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.lazy import lazy

if TYPE_CHECKING:
    from reglab.datasets.cache import load_images
    from reglab.datasets.check import Sizes, check_data, pool_size
    from reglab.datasets.composition import label_remarks, recorded_remarks
    from reglab.datasets.dataset import DATASETS, Dataset, Images, Progress, Status, status
    from reglab.datasets.imported import check_digest, look_in, pinned
    from reglab.datasets.normalised_images import NormalisedImages, normalise, normalised
    from reglab.datasets.resize import image_shape, resized_shape
    from reglab.datasets.split import Chosen, Split, check_class_sizes, choose, held_out_images, noisy_pixels, prepare
    from reglab.datasets.test_part import HeldOut
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = [
    "DATASETS",
    "Chosen",
    "Dataset",
    "HeldOut",
    "Images",
    "NormalisedImages",
    "Progress",
    "Sizes",
    "Split",
    "Status",
    "check_class_sizes",
    "check_data",
    "check_digest",
    "choose",
    "held_out_images",
    "image_shape",
    "label_remarks",
    "load_images",
    "look_in",
    "noisy_pixels",
    "normalise",
    "normalised",
    "pinned",
    "pool_size",
    "prepare",
    "recorded_remarks",
    "resized_shape",
    "status",
]
