"""Data loss and accuracy in eval mode at an epoch's end, for all lanes at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from reglab.predictions import EpochScores
from reglab.training.arrays import Labelled

Score = Callable[[Tensor], Tensor]
"""Images (N, C, H, W) → logits (K, N, classes) of every lane, in eval mode."""

Criterion = Callable[[Score, Tensor, slice], Tensor]
"""(score, logits of the images in a slice, that slice) → sum (K,) of the training criterion over the slice."""

_BYTES = {"cpu": 8 * 2**20, "cuda": 2**30}  # activations that one forward pass may write
_FEWEST, _MOST = 64, 4096
_FUSED = {"cpu": 2 * 2**20, "cuda": 4 * 2**30}  # the same for fused lanes, whose layers are many small products
_WIDE, _WIDE_BYTES = 128, 64 * 2**20  # images of a wide chunk, and their activations in all lanes, at most


@dataclass(frozen=True)
class Evaluated:
    """Mean cross-entropy in nats and accuracy of a lane on a set of images.

    ``criterion`` is the mean of the training criterion, NaN where none was asked for.

    With label noise (else NaN): ``clean`` is the share of rightly labelled images classified as labelled, ``flipped``
    the share of wrongly labelled ones classified as that wrong label, ``true`` as their true class. Where predictions
    are kept, ``scores`` are those of the labels, and ``logits`` (N, classes) those of all classes.
    """

    loss: float
    accuracy: float
    clean: float = math.nan
    flipped: float = math.nan
    true: float = math.nan
    scores: EpochScores | None = field(default=None, compare=False, repr=False)
    logits: Tensor | None = field(default=None, compare=False, repr=False)
    criterion: float = math.nan


def chunk_size(activation_bytes: int, device: torch.device, lanes: int = 1) -> int:
    """Images per forward pass of an evaluation, from the activations of one image; it fixes the last bits of a loss.

    On a CPU, tensors above 32 MB are allocated by the system at each use, page by page: at 28 pixels simple_cnn
    takes 1.6 times as long in chunks of 256 as in chunks of 64. Small networks are fastest on many images at once.
    """
    budget = (_BYTES if lanes == 1 else _FUSED).get(device.type, _BYTES["cuda"])
    fitting = budget // (activation_bytes * lanes)
    return max(math.ceil(_FEWEST / lanes), min(_MOST, fitting))


def wide_chunk(activation_bytes: int, lanes: int, chunk: int) -> int:
    """Images per forward pass of fused lanes, at least ``chunk``.

    8 lanes of small_cnn take 1.3 times as long at 28 pixels in chunks of 8, and 1.2 times at 8 pixels in chunks of 48.
    """
    return max(chunk, min(_WIDE, _WIDE_BYTES // (activation_bytes * lanes)))


def evaluate(
    score: Score, data: Labelled, lanes: int, chunk: int, criterion: Criterion | None = None, *, keep: bool = False
) -> Generator[None, None, list[Evaluated]]:
    """Every lane over all of ``data``, ``chunk`` images at a time, summed in float64; its ``criterion``, if given.

    Yields between chunks, where the caller may stop, and returns a result for each lane; ``keep`` its predictions too.
    """
    x, n = data.images, len(data.images)
    loss = torch.zeros(lanes, dtype=torch.float64, device=x.device)
    hits = torch.zeros(4, lanes, dtype=torch.float64, device=x.device)
    kept = _Kept()
    minimised = torch.full_like(loss, 0.0 if criterion else math.nan)
    for start in range(0, n, chunk):
        if start:
            yield
        part = slice(start, start + chunk)
        with torch.inference_mode():
            scores, labels = score(x[part]), data.labels[part]
            predicted = scores.argmax(-1)
            each = image_losses(scores, labels) if keep or lanes > 1 else None
            loss += losses(scores, labels, "sum") if lanes == 1 or each is None else each.sum(1)
            hits += _hits(predicted, data, part)
            if criterion:
                minimised += criterion(score, scores, part)
            if each is not None and keep:
                kept.add(scores, each, predicted == labels)
    figures = torch.stack([minimised, loss, *hits]).T.tolist()
    found = [_evaluated(row, n, data.n_flipped) for row in figures]
    return kept.add_to(found) if keep else found


@dataclass
class _Kept:
    """The predictions of each chunk: logits (K, n, classes), losses (K, n) and whether they are right (K, n)."""

    logits: list[Tensor] = field(default_factory=list)
    losses: list[Tensor] = field(default_factory=list)
    right: list[Tensor] = field(default_factory=list)

    def add(self, logits: Tensor, losses: Tensor, right: Tensor) -> None:
        for own, new in ((self.logits, logits), (self.losses, losses), (self.right, right)):
            own.append(new)

    @torch.inference_mode()
    def add_to(self, found: list[Evaluated]) -> list[Evaluated]:
        """The results with the predictions: one copy from the device for all lanes."""
        log_prob = torch.cat(self.losses, 1).neg().half().cpu().numpy()
        right = torch.cat(self.right, 1).cpu().numpy()
        parts = zip(found, torch.cat(self.logits, 1), log_prob, right, strict=True)
        return [replace(one, scores=EpochScores(*own), logits=logits) for one, logits, *own in parts]


def losses(scores: Tensor, labels: Tensor, reduction: str) -> Tensor:
    """Cross-entropy (K,) of logits (K, N, classes), the "mean" or the "sum" over the images."""
    if len(scores) == 1:
        return F.cross_entropy(scores[0], labels, reduction=reduction)[None]
    each = image_losses(scores, labels)
    return each.mean(1) if reduction == "mean" else each.sum(1)


def image_losses(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy (K, N) of each image."""
    lanes, n, _ = scores.shape
    return F.cross_entropy(scores.flatten(0, 1), labels.expand(lanes, n).flatten(), reduction="none").view(lanes, n)


def _hits(predicted: Tensor, data: Labelled, part: slice) -> Tensor:
    """Hits (4, lanes): as labelled, of all, clean and flipped images; and flipped images as their true class."""
    right = predicted == data.labels[part]
    if data.flipped is None or data.true is None:
        return torch.stack([right.sum(1), *[torch.zeros_like(predicted[:, 0])] * 3])
    flipped = data.flipped[part]
    true = (predicted == data.true[part]) & flipped
    return torch.stack([hit.sum(1) for hit in (right, right & ~flipped, right & flipped, true)])


def _evaluated(row: list[float], n: int, n_flipped: int) -> Evaluated:
    minimised, loss, right, clean, flipped, true = row
    minimised = math.nan if math.isnan(minimised) else minimised / n
    if not n_flipped:
        return Evaluated(loss / n, right / n, criterion=minimised)
    rest = n - n_flipped
    clean = clean / rest if rest else math.nan
    return Evaluated(loss / n, right / n, clean, flipped / n_flipped, true / n_flipped, criterion=minimised)
