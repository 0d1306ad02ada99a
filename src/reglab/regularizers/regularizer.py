"""What a regularizer owns: its setting in a spec, its formula and source, its hook into training, and its code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Generator, Tensor

Place: TypeAlias = Literal["data", "model", "loss", "after the step", "time"]
Drawn: TypeAlias = tuple["Tensor", ...]


@dataclass(frozen=True, eq=False)
class Batch:
    """Images (N, C, H, W), and pairs of labels (N,) and their share (N,) of the loss; None: all of it."""

    images: Tensor
    targets: tuple[tuple[Tensor, Tensor | None], ...]


@dataclass(frozen=True)
class DataHook:
    """A random change of batches, in two parts, so that fused lanes and CUDA graphs share the draws.

    ``draw(value, n, generator)``: random numbers for n images, tensors on the CPU from a generator on the CPU.
    ``apply(value, batch, drawn, background)``: the changed batch; ``background`` (C,) is a black pixel, normalised.
    ``tensors``: how many ``draw`` returns. Where the hook ``mixes`` labels, and so changes the training criterion at an
    epoch's end: ``draw_evaluated``, as ``draw``, gives a share (n,) and the place (n,) of a partner for each image, and
    ``mix(batch, partners, shares)`` mixes any of the images with their partners.
    """

    draw: Callable[[Any, int, Generator], Drawn]
    apply: Callable[[Any, Batch, Drawn, Tensor], Batch]
    tensors: int = 1
    draw_evaluated: Callable[[Any, int, Generator], Drawn] | None = None
    mix: Callable[[Batch, Batch, Tensor], Batch] | None = None

    @property
    def mixes(self) -> bool:
        """Whether it changes labels, and with them the training criterion."""
        return self.draw_evaluated is not None


@dataclass(frozen=True)
class Code:
    """Its code in exported scripts; ``{value}`` is the name of the constant that is its setting.

    ``torch_definitions``: functions and classes. ``torch_batch``: a statement on the batch ``x`` (N, C, H, W), ``y``
    before the forward pass. ``torch_loss``: keyword arguments of F.cross_entropy. ``torch_mixed``: the loss of mixed
    labels, ``{loss}`` being the loss of ``scores`` and labels. ``torch_step``: a statement after the optimizer's step.
    The same for Keras: ``keras_batch`` is on NumPy arrays, ``x`` (N, H, W, C), ``y`` one-hot where the training
    criterion is another one than the data loss; ``keras_loss`` are arguments of CategoricalCrossentropy.
    """

    torch_definitions: str = ""
    torch_batch: str = ""
    torch_loss: str = ""
    torch_mixed: str = ""
    torch_step: str = ""
    keras_definitions: str = ""
    keras_batch: str = ""
    keras_loss: str = ""
    keras_step: str = ""


@dataclass(frozen=True)
class Regularizer:
    r"""One regularizer. ``setting`` is its dotted key in specs; the value ``off`` switches it off, ``example`` has an
    effect within a few steps.

    ``acts``: where it acts. ``formula(value)``: in LaTeX with the setting's value in it. ``meaning``: the formula in a
    sentence. ``source``: who described it. ``torch(value)`` and ``keras(value)``: the usual call in that framework;
    empty where there is none.
    ``criterion``: one image's term of the training criterion in LaTeX, where the formula defines another than CE.
    ``data``: the hook on batches. ``loss(value, each, log_probabilities)``: the training criterion (K, N) of every
    image from its cross-entropy ``each`` (K, N) and log_probabilities (K, N, classes). ``project(value, weights)``: in
    place, after the step, on weight tensors (K, units, …). A regularizer without a hook is part of the network
    (dropout) or of the loop (early stopping).
    ``most``: the largest value of a setting that :class:`reglab.spec.RegularizeSpec` does not declare itself.
    """

    name: str
    label: str
    order: int
    setting: str
    example: float | str
    acts: Place
    symbol: str
    source: str
    formula: Callable[[Any], str]
    meaning: str
    torch: Callable[[Any], str]
    keras: Callable[[Any], str]
    off: float | str | None = 0.0
    most: float = 1e3
    criterion: str = ""
    data: DataHook | None = None
    loss: Callable[[Any, Tensor, Tensor], Tensor] | None = None
    project: Callable[[Any, Sequence[Tensor]], None] | None = None
    code: Code | None = field(default=None, repr=False)

    @property
    def part(self) -> str:
        """The part of a spec that has its setting."""
        return self.setting.partition(".")[0]

    @property
    def key(self) -> str:
        """Its setting's key in that part."""
        return self.setting.partition(".")[2]

    def value(self, spec: object) -> Any:
        """The setting in a :class:`reglab.spec.RunSpec`; ``off`` where it is not given."""
        return getattr(getattr(spec, self.part), self.key, self.off)

    def is_on(self, spec: object) -> bool:
        """Whether the spec switches it on."""
        return bool(self.value(spec) != self.off)

    @property
    def changes_criterion(self) -> bool:
        """Whether the minimised criterion is another one than the mean cross-entropy of images and their labels."""
        return self.loss is not None or (self.data is not None and self.data.mixes)
