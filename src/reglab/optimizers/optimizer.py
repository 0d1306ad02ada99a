"""What an optimizer owns: its settings, torch's class, its state, and its step as LaTeX.

A step goes from a gradient g to w ← w − η·u(g). The penalty is no part of it (see :mod:`reglab.training.apply`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reglab.spec import Apply, OptimSpec


@dataclass(frozen=True)
class Line:
    r"""One line of a step in LaTeX, ``x = …`` or ``x \leftarrow …``, and its meaning in a sentence or two.

    The lines are an exact program, which tests run: g is the gradient, w the weight, t the step's number from 1,
    \eta the learning rate; state starts at 0. The last line changes w.
    """

    latex: str
    meaning: str


def _no_arguments(spec: Any) -> Mapping[str, float | bool]:
    return {}


@dataclass(frozen=True)
class KerasOptimizer:
    """The class ``name`` in keras.optimizers, as a script uses it.

    ``arguments(spec)``: keyword arguments beside the learning rate. ``subclass(spec)``: the source of a subclass of the
    same name that takes torch's step, where Keras's own differs; otherwise empty.
    """

    name: str
    arguments: Callable[[Any], Mapping[str, float | bool]] = _no_arguments
    subclass: Callable[[Any], str] = lambda spec: ""


@dataclass(frozen=True)
class Optimizer:
    """One optimizer. Functions take the :class:`OptimSpec` that names it, an instance of ``settings``.

    ``settings``: the class of its ``optim`` part, with fields of its own (default, range, title and description each)
    beside the common ones. ``uses``: which of the common fields ``momentum`` and ``nesterov`` it reads; a form hides
    or disables the others (:meth:`reads`).
    ``torch``: torch's class; ``arguments(spec)`` are its keyword arguments beside lr. ``fused`` and ``capturable``:
    whether the class has these flags. ``decoupled``: torch's class with the same step and a decoupled weight_decay,
    if there is one.
    ``state(spec)``: names of torch's state tensors that are as large as the parameter.
    ``lines(spec)``: the step.
    ``adaptive``: it divides g by a running size of g, weight by weight, and so rescales a coupled penalty with it.
    ``momentum(spec)``: the share μ of a step that the next one repeats, so that a constant g moves w by ηg/(1 − μ).
    ``mode``: the penalty mode that its name implies where a spec gives none. ``twin``: the optimizer whose step it
    takes, where it differs in the default penalty mode alone.
    """

    name: str
    label: str
    order: int
    help: str
    torch: str
    keras: KerasOptimizer
    state: Callable[[Any], tuple[str, ...]]
    lines: Callable[[Any], tuple[Line, ...]]
    adaptive: bool
    arguments: Callable[[Any], Mapping[str, float | bool]] = _no_arguments
    settings: type[OptimSpec] = OptimSpec
    uses: frozenset[str] = frozenset()
    fused: bool = True
    capturable: bool = True
    decoupled: str | None = None
    momentum: Callable[[Any], float] = lambda spec: 0.0
    mode: Apply = "coupled"
    twin: str | None = None

    @property
    def own_settings(self) -> tuple[str, ...]:
        """Keys of ``optim`` that only this optimizer has."""
        return tuple(key for key in self.settings.model_fields if key not in OptimSpec.model_fields)

    def is_plain(self, spec: OptimSpec) -> bool:
        """Whether every step is −ηg, as in plain SGD."""
        return not self.adaptive and not self.momentum(spec)

    def reads(self, key: str) -> bool:
        """Whether ``optim.key`` can change this optimizer's run."""
        return key in self.settings.model_fields and key not in {"momentum", "nesterov"} - self.uses
