"""The measure at the chosen λ without the bias of having chosen it on the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reglab import columns
from reglab.analysis.select import HIGHER_IS_BETTER, TIE
from reglab.analysis.sweep_table import Floats, Indices, points_of
from reglab.sweep import EpochRule

Singles = NDArray[np.float32]

RESAMPLES = 400
"""Resamples of the images: the figure's own Monte Carlo error is a twentieth of its spread over resamples."""
_LEAST = -65504.0  # the lowest float16, for ln p of a class with probability 0


class Scores(Protocol):
    """Validation images of one run, row e − 1 for epoch e; :class:`reglab.predictions.ValScores` is one."""

    @property
    def index(self) -> NDArray[np.int64]: ...
    @property
    def log_prob(self) -> NDArray[np.float16]: ...
    @property
    def correct(self) -> NDArray[np.bool_]: ...


def bootstrap_corrected(
    lanes: pd.DataFrame,
    scores: Mapping[str, Scores],
    candidates: Indices,
    measure: str,
    rule: EpochRule,
    epoch: int | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float | None:
    """The mean out-of-bag ``measure`` of the point that is chosen in-bag, over ``resamples`` of the images.

    Bootstrap bias correction (BBC; Tsamardinos, Greasidou & Borboudakis 2018): each resample draws the images that any
    run validates on, with replacement and by their places in the pool, so that an image is in or out of the bag for all
    runs alike. In the bag, the epoch of every run, ≤ ``epoch``, is found by ``rule``, and of the ``candidates`` (places
    in :func:`points_of`) the best is chosen by its mean over the repeats; out of the bag that choice
    is scored. ``None`` where a run of a candidate has no scores.
    """
    place = points_of(lanes).point
    own = [lanes[columns.RUN].to_numpy(object)[place == point] for point in candidates]
    if not own or any(run not in scores for runs in own for run in runs):
        return None
    places = np.unique(np.concatenate([scores[run].index for runs in own for run in runs]))
    bags = np.random.default_rng(seed).multinomial(len(places), np.full(len(places), 1 / len(places)), size=resamples)
    drawn, found = bags.astype(np.float32), []
    for runs in own:
        every = [_resampled(scores[run], places, drawn, rule, epoch) for run in runs]
        found.append(_scored(every, measure, rule))
    in_bag, loss, out_of_bag = np.moveaxis(np.array(found), 1, 0)
    best = _best(in_bag if measure in HIGHER_IS_BETTER else -in_bag, -loss)
    return float(np.nanmean(out_of_bag[best, np.arange(resamples)]))


def tibshirani_corrected(values: Floats, candidates: Indices, measure: str, best: int) -> float | None:
    """The mean of fold figures at point ``best``, less its bias; ``values`` is (points, folds).

    The bias is mean over folds k of (e_k at the best point − min over the ``candidates`` of e_k), e the error, and
    is added to the error (Tibshirani & Tibshirani 2009). ``None`` where a figure is missing.
    """
    errors = -values[candidates] if measure in HIGHER_IS_BETTER else values[candidates]
    if not np.isfinite(errors).all():
        return None
    bias = (-values[best] if measure in HIGHER_IS_BETTER else values[best]) - errors.min(axis=0)
    return float(values[best].mean() + (-bias.mean() if measure in HIGHER_IS_BETTER else bias.mean()))


@dataclass(frozen=True, eq=False)
class _Run:
    """A run's epochs that may count, as losses and hits (epochs, n), and how often each resample has each image."""

    loss: Singles
    hit: Singles
    bag: Singles


def _resampled(run: Scores, places: Indices, bags: Singles, rule: EpochRule, limit: int | None) -> _Run:
    rows = slice(None, limit)
    loss, hit = -run.log_prob[rows].astype(np.float32), run.correct[rows].astype(np.float32)
    loss = np.nan_to_num(loss, copy=False, nan=-_LEAST, posinf=-_LEAST)
    first = -1 if rule == "last" else 0
    return _Run(loss[first:], hit[first:], bags[:, np.searchsorted(places, run.index)])


def _scored(runs: Sequence[_Run], measure: str, rule: EpochRule) -> Floats:
    """(3, resamples): a point's in-bag measure, in-bag loss and out-of-bag measure, means over its repeats."""
    losses = [(run.loss @ run.bag.T) / run.bag.sum(axis=1) for run in runs]
    reached = min(map(len, losses))
    common = np.mean([loss[:reached] for loss in losses], axis=0).argmin(axis=0) if rule == "common" else None
    parts = []
    for run, loss in zip(runs, losses, strict=True):
        epoch = loss.argmin(axis=0) if common is None else common
        figures = (run.hit if measure in HIGHER_IS_BETTER else run.loss)[epoch]
        out = (run.bag == 0).astype(np.float32)
        with np.errstate(invalid="ignore"):  # a resample may have every image of a small validation set
            means = [np.einsum("bn,bn->b", figures, weights) / weights.sum(axis=1) for weights in (run.bag, out)]
        parts.append([means[0], np.take_along_axis(loss, epoch[None], axis=0)[0], means[1]])
    means_over_repeats: Floats = np.array(parts, dtype=np.float64).mean(axis=0)
    return means_over_repeats


def _best(score: Floats, between_equals: Floats) -> Indices:
    """Of every resample (column) the last point with the highest ``score``, of equal ones by ``between_equals``."""
    tied = score >= score.max(axis=0) - TIE
    kept = np.where(tied, between_equals, -np.inf)
    top = kept >= kept.max(axis=0) - TIE
    return np.asarray(len(score) - 1 - top[::-1].argmax(axis=0), dtype=np.int64)
