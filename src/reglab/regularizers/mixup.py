"""Mixup: train on λx + (1 − λ)x′ with loss λ·CE(y) + (1 − λ)·CE(y′), λ ~ Beta(α, α) (Zhang et al. 2018).

As in the paper's own code there is one λ a batch, and x′ are the images of the same batch in a random order. λ is the
inverse of Beta's distribution function at a uniform number, so that one draw makes one λ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reglab.number_format import latex_number
from reglab.regularizers.regularizer import Batch, Code, DataHook, Drawn, Regularizer

if TYPE_CHECKING:
    from torch import Generator, Tensor


def draw(alpha: float, n: int, generator: Generator) -> Drawn:
    """λ (n,), the same for all images, and the place (n,) of each image's partner."""
    import torch

    shares, partners = _draw(alpha, 1, generator), torch.randperm(n, generator=generator)
    return shares.expand(n), partners


def draw_evaluated(alpha: float, n: int, generator: Generator) -> Drawn:
    """A λ for each of n images, so that their mean criterion estimates its expectation over λ; and their partners."""
    import torch

    return _draw(alpha, n, generator), torch.randperm(n, generator=generator)


def mix(_alpha: float, batch: Batch, drawn: Drawn, _background: Tensor) -> Batch:
    """Images λx + (1 − λ)x′; the labels have the share λ, those of the partners the rest."""
    shares, partners = drawn
    targets = ((labels[partners], None if share is None else share[partners]) for labels, share in batch.targets)
    return mix_with(batch, Batch(batch.images.index_select(0, partners), tuple(targets)), shares)


def mix_with(batch: Batch, partners: Batch, shares: Tensor) -> Batch:
    """Each image mixed with its partner; λ are its ``shares`` (n,)."""
    x, rest = batch.images, 1 - shares
    mixed = shares.to(x).view(-1, 1, 1, 1) * x + rest.to(x).view(-1, 1, 1, 1) * partners.images
    own = tuple((labels, _times(share, shares.to(x))) for labels, share in batch.targets)
    others = tuple((labels, _times(share, rest.to(x))) for labels, share in partners.targets)
    return Batch(mixed, own + others)


def _times(share: Tensor | None, by: Tensor) -> Tensor:
    return by if share is None else share * by


def _draw(alpha: float, n: int, generator: Generator) -> Tensor:
    """n numbers of Beta(α, α) in float64."""
    import torch
    from scipy.special import betaincinv  # type: ignore[import-untyped]  # slow to import

    uniform = torch.rand(n, generator=generator, dtype=torch.float64)
    return torch.from_numpy(betaincinv(alpha, alpha, uniform.numpy()))


_DRAW = '''\
class Mixup:
    """λ ~ Beta(α, α) for each batch, and each image's partner in it, drawn as in the run."""

    generator = torch.Generator().manual_seed(seed_for("mixup"))

    def __call__(self, x, y):
        uniform = torch.rand(1, generator=self.generator, dtype=torch.float64).numpy()
        share = betaincinv({value}, {value}, uniform).item()
        partners = torch.randperm(len(x), generator=self.generator)
'''
_TORCH = f"""{_DRAW}\
        mixed = share * x + (1 - share) * x[partners.to(x.device)]
        return mixed, y[partners.to(y.device)], share


mixup = Mixup()
"""
_KERAS = f"""{_DRAW}\
        partners = partners.numpy()
        return share * x + (1 - share) * x[partners], share * y + (1 - share) * y[partners]


mixup = Mixup()
"""

ENTRY = Regularizer(
    name="mixup",
    label="mixup",
    order=40,
    setting="regularize.mixup",
    example=0.4,
    acts="data",
    symbol="α",
    source="Zhang, Cissé, Dauphin & Lopez-Paz, ICLR 2018",
    formula=lambda alpha: (
        r"\tilde{x}_i = \lambda x_i + (1 - \lambda)\,x_j, \quad \tilde{\ell}_i = \lambda\,\ell(f_w(\tilde{x}_i), y_i) "
        r"+ (1 - \lambda)\,\ell(f_w(\tilde{x}_i), y_j), \quad "
        rf"\lambda \sim \mathrm{{Beta}}({latex_number(alpha)}, {latex_number(alpha)})"
    ),
    meaning="Each batch is mixed with itself in a random order; here λ is the share of the first image, drawn anew for "
    "each batch, and no strength of a penalty. ℓ is the cross-entropy, smoothed where there is label smoothing.",
    criterion=r"\tilde{\ell}_i",
    torch=lambda alpha: f"v2.MixUp(alpha={alpha}, num_classes=C)",
    keras=lambda alpha: f"layers.MixUp(alpha={alpha})",
    data=DataHook(draw, mix, 2, draw_evaluated, mix_with),
    code=Code(
        torch_definitions=_TORCH,
        torch_batch="x, partner_y, share = mixup(x, y)",
        torch_mixed="share * {loss}(scores, y) + (1 - share) * {loss}(scores, partner_y)",
        keras_definitions=_KERAS,
        keras_batch="x, y = mixup(x, y)",
    ),
)
