"""Nielsen's network of one hidden layer: 784-30-10 with sigmoid units, 23,860 parameters on 28×28×1."""

from __future__ import annotations

from torch import Tensor, nn

from reglab.models.architecture import Architecture, Shape

HIDDEN = 30
MEAN, DEVIATION = 0.1307, 0.3081
"""Of MNIST's pixels in [0, 1]."""


class Sigmoid784(nn.Module):
    """pixel·0.3081 + 0.1307 → flatten → dense 30 → sigmoid → dense.

    The first line undoes the normalisation of MNIST, since the book's pixels lie in [0, 1]: with normalised ones the
    first layer would learn ten times as fast. Weights and biases start from N(0, 1), the book's
    ``large_weight_initializer``.
    """

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(inputs, HIDDEN)
        self.sigmoid1 = nn.Sigmoid()
        self.fc2 = nn.Linear(HIDDEN, classes)
        for parameter in self.parameters():
            nn.init.normal_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        pixels = x * DEVIATION + MEAN
        scores: Tensor = self.fc2(self.sigmoid1(self.fc1(self.flatten(pixels))))
        return scores


def make(shape: Shape, classes: int, _dropout: float, _batch_norm: bool) -> nn.Module:
    channels, height, width = shape
    return Sigmoid784(channels * height * width, classes)


ENTRY = Architecture(
    name="sigmoid_784",
    label="Sigmoid 784-30-10",
    order=35,
    about="Every pixel to 30 sigmoid units to the classes, with the large initial weights of the book that made it "
    "known: they stay large unless a penalty shrinks them.",
    source="M. Nielsen, Neural Networks and Deep Learning, 2015, chapter 3. Its output units are sigmoids under a sum "
    "of binary cross-entropies; here the output is a softmax under cross-entropy.",
    switches=frozenset(),
    has_batch_norm=False,
    min_side=1,
    make=make,
)
