"""SVHN: 73,257 house-number digits photographed from the street, through torchvision."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from reglab.datasets._download import Remote
from reglab.datasets._verified_sets import VerifiedSource, bring, content_files, damaged, find_files, verified_dataset
from reglab.datasets.dataset import Images, OfficialTest, Progress

SOURCE = VerifiedSource(
    name="svhn",
    label="SVHN",
    torchvision="SVHN",
    folders=("SVHN", "svhn"),
    content="train_32x32.mat",
    archive=None,
    megabytes=182.04,
)
TEST_SOURCE = replace(SOURCE, content="test_32x32.mat", megabytes=64.28)


def _load(source: VerifiedSource, folder: Path, progress: Progress, split: str = "train") -> Images:
    cls = source.torchvision_class
    url, name, md5 = cls.split_list[split]
    place = bring(source, Remote(name, (url,), md5), folder, progress)
    progress("Reading SVHN", 0.0)
    try:
        svhn = cls(place.parent, split=split, download=False)
    except RuntimeError:  # torchvision's integrity check
        raise damaged(place, [(place, md5)]) from None
    progress("Reading SVHN", 1.0)
    return Images.of(np.ascontiguousarray(svhn.data), svhn.labels)


ENTRY = verified_dataset(
    SOURCE,
    _load,
    order=80,
    about="73,257 colour photographs of 32×32 pixels: digits of house numbers, some far more common than others.",
    source="Netzer et al., 2011 (Street View House Numbers, cropped digits)",
    licence="Non-commercial use only",
    classes=tuple("0123456789"),
    size=73_257,
    test=OfficialTest(
        26_032,
        partial(find_files, TEST_SOURCE),
        partial(_load, TEST_SOURCE, split="test"),
        partial(content_files, TEST_SOURCE),
    ),
)
