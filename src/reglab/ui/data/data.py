"""What the preview reads of a dataset, computed once for all sessions: the chosen images and their statistics."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reglab.charts import class_balance, pixel_histogram
from reglab.datasets import DATASETS, Chosen, choose
from reglab.datasets.catalogue import listed, not_at_hand
from reglab.datasets.health import Health, dataset_health, whole
from reglab.datasets.preview import ClassCounts, PixelStatistics, class_counts, pixel_statistics
from reglab.errors import DataError
from reglab.spec import DataSpec
from reglab.ui.shared.memo import Memo
from reglab.ui.shared.services import services


@dataclass(frozen=True, eq=False)
class Preview:
    """The images that a spec chooses, and what is known of them; ``version`` is equal for equal ones."""

    version: Hashable
    chosen: Chosen
    counts: ClassCounts
    pixels: PixelStatistics


PREVIEWS: Memo[Preview] = Memo(most=64, size=lambda found: 1)


def preview_of(spec: DataSpec) -> Preview:
    """The preview of ``spec``.

    :raises DataError: where its images are not at hand; nothing is downloaded for it.
    :raises SpecError: where the sizes do not fit.
    """
    folder = services().settings.data
    if missing := not_at_hand(spec, folder):
        raise DataError(missing)
    version = spec.model_dump_json(), version_of(spec.name)
    return PREVIEWS.get(version, lambda: _preview(version, spec))


HEALTHS: Memo[Health] = Memo(most=64, size=lambda found: 1)


def health_of(spec: DataSpec) -> Health:
    """The health of the dataset of ``spec``, all its images in its split.

    :raises DataError: where its images are not at hand; nothing is downloaded for it.
    """
    folder = services().settings.data
    if missing := not_at_hand(spec, folder):
        raise DataError(missing)
    version = whole(spec).model_dump_json(), version_of(spec.name)
    return HEALTHS.get(version, lambda: dataset_health(spec.name, folder, spec=spec))


def version_of(name: str) -> Hashable:
    """Equal as long as the files of dataset ``name`` are the same."""
    one = listed(DATASETS.get(name), services().settings.data)
    return name, one.status, tuple((file, file.stat().st_mtime_ns) for file in one.files)


def _preview(version: Hashable, spec: DataSpec) -> Preview:
    chosen = choose(spec, services().settings.data)
    return Preview(version, chosen, class_counts(chosen), pixel_statistics(chosen))


def balance_frame(found: Preview) -> pd.DataFrame:
    """A row a class, for :func:`reglab.charts.class_balance.class_balance_chart`."""
    counts = found.counts
    return pd.DataFrame(
        {
            class_balance.CLASS: list(found.chosen.entry.classes),
            class_balance.TRAIN: counts.train,
            class_balance.WRONG: counts.wrong,
            class_balance.VAL: counts.val,
        }
    )


def histogram_frame(found: Preview) -> pd.DataFrame:
    """A row a bin and channel, for :func:`reglab.charts.pixel_histogram.pixel_histogram_chart`."""
    pixels = found.pixels
    shares = pixels.histogram / pixels.histogram.sum(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            pixel_histogram.CHANNEL: np.repeat(channel_names(len(shares)), shares.shape[1]),
            pixel_histogram.LOW: np.tile(pixels.edges[:-1], len(shares)),
            pixel_histogram.HIGH: np.tile(pixels.edges[1:], len(shares)),
            pixel_histogram.SHARE: shares.ravel(),
        }
    )


def channel_names(number: int) -> tuple[str, ...]:
    """What the channels of an image are called."""
    return ("red", "green", "blue") if number == 3 else ("grey",) * number
