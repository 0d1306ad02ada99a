"""SGD: w ← w − ηg, with momentum v ← μv + g and w ← w − ηv (Sutskever et al. 2013 for Nesterov's form)."""

from __future__ import annotations

from reglab.number_format import latex_base
from reglab.optimizers.optimizer import KerasOptimizer, Line, Optimizer
from reglab.spec import OptimSpec


def arguments(spec: OptimSpec) -> dict[str, float | bool]:
    """torch refuses Nesterov without momentum, where the two are the same."""
    return {"momentum": spec.momentum, "nesterov": spec.nesterov and spec.momentum > 0}


def lines(spec: OptimSpec) -> tuple[Line, ...]:
    if not spec.momentum:
        return (Line(r"w \leftarrow w - \eta\,g", "The step."),)
    mu = latex_base(spec.momentum)
    velocity = Line(rf"v \leftarrow {mu}\,v + g", "Momentum, from v = 0: the first step has v = g.")
    if not spec.nesterov:
        return velocity, Line(r"w \leftarrow w - \eta\,v", "The step.")
    return velocity, Line(
        rf"w \leftarrow w - \eta\,(g + {mu}\,v)",
        "The step, looking ahead along the momentum (Nesterov, as PyTorch has it).",
    )


KERAS = '''\
class SGD(keras.optimizers.SGD):
    """SGD with PyTorch's momentum: η outside it, where Keras keeps η inside."""

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, self.momentum * m + gradient)
        step = gradient + self.momentum * m if self.nesterov else m
        self.assign_sub(variable, learning_rate * step)
'''

ENTRY = Optimizer(
    name="sgd",
    label="SGD",
    order=1,
    help="Stochastic gradient descent, with or without momentum.",
    torch="torch.optim.SGD",
    keras=KerasOptimizer(
        "SGD", arguments, subclass=lambda spec: KERAS if spec.momentum and spec.schedule != "constant" else ""
    ),
    arguments=arguments,
    state=lambda spec: ("momentum_buffer",) if spec.momentum else (),
    lines=lines,
    adaptive=False,
    uses=frozenset({"momentum", "nesterov"}),
    capturable=False,
    momentum=lambda spec: spec.momentum,
)
