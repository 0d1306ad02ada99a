"""RMSprop: g divided by the root of its running mean square (Hinton 2012, Coursera lecture 6e), as torch has it."""

from __future__ import annotations

from pydantic import Field

from reglab.number_format import latex_number
from reglab.optimizers.optimizer import KerasOptimizer, Line, Optimizer
from reglab.spec import Number, OptimSpec


class RMSpropSpec(OptimSpec):
    """The common settings and α; ε = 1e-8, torch's default."""

    alpha: Number = Field(
        0.99,
        ge=0,
        lt=1,
        title="Smoothing α",
        description="RMSprop's running mean of g² keeps this share of itself at each step.",
    )


def lines(spec: RMSpropSpec) -> tuple[Line, ...]:
    alpha, rest = latex_number(spec.alpha), latex_number(round(1 - spec.alpha, 15))
    return (
        Line(rf"v \leftarrow {alpha}\,v + {rest}\,g^2", "The running mean of g², from v = 0, without bias correction."),
        Line(
            r"w \leftarrow w - \eta \cdot \dfrac{g}{\sqrt{v} + 10^{-8}}",
            "The step; the first ones are longer than η, because v starts at 0.",
        ),
    )


KERAS = '''\
class RMSprop(keras.optimizers.RMSprop):
    """RMSprop with PyTorch's ε: added to √v, where Keras adds it to v."""

    def update_step(self, gradient, variable, learning_rate):
        v = self._velocities[self._get_variable_index(variable)]
        self.assign(v, self.rho * v + (1 - self.rho) * keras.ops.square(gradient))
        self.assign_sub(variable, learning_rate * gradient / (keras.ops.sqrt(v) + 1e-8))
'''

ENTRY = Optimizer(
    name="rmsprop",
    label="RMSprop",
    order=4,
    help="Divides each weight's gradient by a running size of its own, without momentum or bias correction.",
    torch="torch.optim.RMSprop",
    keras=KerasOptimizer("RMSprop", lambda spec: {"rho": spec.alpha}, lambda spec: KERAS),
    arguments=lambda spec: {"alpha": spec.alpha},
    state=lambda spec: ("square_avg",),
    lines=lines,
    adaptive=True,
    settings=RMSpropSpec,
    fused=False,
)
