"""Adam: g divided by the root of its running mean square, both with bias correction (Kingma & Ba 2015)."""

from __future__ import annotations

from reglab.optimizers.optimizer import KerasOptimizer, Line, Optimizer
from reglab.spec import OptimSpec


def lines(_: OptimSpec) -> tuple[Line, ...]:
    """β = (0.9, 0.999) and ε = 1e-8, torch's defaults."""
    mean, root = r"m / (1 - 0.9^t)", r"\sqrt{v / (1 - 0.999^t)} + 10^{-8}"
    return (
        Line(r"m \leftarrow 0.9\,m + 0.1\,g", "The running mean of g, from m = 0."),
        Line(r"v \leftarrow 0.999\,v + 0.001\,g^2", "The running mean of g², from v = 0."),
        Line(
            rf"w \leftarrow w - \eta \cdot \dfrac{{{mean}}}{{{root}}}",
            "The step, number t: the divisions by 1 − 0.9ᵗ and 1 − 0.999ᵗ correct for the start at 0.",
        ),
    )


KERAS = '''\
class Adam(keras.optimizers.Adam):
    """Adam with PyTorch's ε: added to √v after the bias correction of v, where Keras adds it before."""

    def update_step(self, gradient, variable, learning_rate):
        step = keras.ops.cast(self.iterations + 1, variable.dtype)
        self.epsilon = 1e-8 * keras.ops.sqrt(1 - self.beta_2**step)
        super().update_step(gradient, variable, learning_rate)
'''

ENTRY = Optimizer(
    name="adam",
    label="Adam",
    order=2,
    help="Divides each weight's gradient by a running size of its own; a coupled λ is rescaled with it.",
    torch="torch.optim.Adam",
    keras=KerasOptimizer("Adam", subclass=lambda spec: KERAS),
    state=lambda spec: ("exp_avg", "exp_avg_sq"),
    lines=lines,
    adaptive=True,
    decoupled="torch.optim.AdamW",
)
