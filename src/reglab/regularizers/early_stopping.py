"""Early stopping: a run ends after so many epochs without a lower validation loss (Prechelt 1998)."""

from __future__ import annotations

from reglab.regularizers.regularizer import Regularizer

ENTRY = Regularizer(
    name="early_stopping",
    label="early stopping",
    order=60,
    setting="train.patience",
    example=1,
    acts="time",
    symbol="patience",
    source="Prechelt, in Neural Networks: Tricks of the Trade, 1998",
    formula=lambda patience: rf"e - \arg\min_{{j \le e}} L_\mathrm{{val}}(j) \ge {patience}",
    meaning="The run ends after the first epoch e for which this holds: the lowest validation loss is so many epochs "
    "old.",
    torch=lambda patience: "",
    keras=lambda patience: f'keras.callbacks.EarlyStopping("val_loss", patience={patience})',
)
