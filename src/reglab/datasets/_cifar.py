"""Reading CIFAR's batches through torchvision, which checks each one's MD5 before it unpickles any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from reglab.datasets._download import Remote
from reglab.datasets._verified_sets import VerifiedSource, bring, damaged
from reglab.datasets.dataset import Images, Progress

SHAPE = (3, 32, 32)
SIZE = 50_000


def load_cifar(source: VerifiedSource, folder: Path, progress: Progress) -> Images:
    """The 50,000 training images, uint8; of CIFAR-100 the fine labels."""
    cls = source.torchvision_class
    place = bring(source, Remote(cls.filename, (cls.url,), cls.tgz_md5), folder, progress)
    progress(f"Reading {source.label}", 0.0)
    try:
        cifar = cls(place.parent, train=True, download=False)
    except RuntimeError:  # torchvision's integrity check
        listed = [*cls.train_list, *cls.test_list, (cls.meta["filename"], cls.meta["md5"])]
        raise damaged(place, [(place / name, md5) for name, md5 in listed]) from None
    progress(f"Reading {source.label}", 1.0)
    x = np.ascontiguousarray(cifar.data.transpose(0, 3, 1, 2))
    return Images(torch.from_numpy(x), torch.tensor(cifar.targets, dtype=torch.int64))
