"""The sentence above misclassified images: their number, and the balanced accuracy where classes are uneven."""

from __future__ import annotations

import pandas as pd
import pytest

from reglab.analysis import misclassified as m
from reglab.ui.inspect.data import Validation
from reglab.ui.inspect.errors import errors_text


@pytest.mark.parametrize(
    ("correct", "accuracy"),
    [
        (
            [[True] * 90, [True] * 5 + [False] * 5],
            "95.0\u202f% and, over classes of equal weight, a balanced accuracy of 75.0\u202f%.",
        ),
        ([[True] * 10, [True] * 5 + [False] * 5], "75.0\u202f%."),
    ],
)
def test_uneven_classes_have_a_balanced_accuracy(correct: list[list[bool]], accuracy: str) -> None:
    scores = pd.DataFrame(
        {
            m.LABEL: [label for label, own in enumerate(correct) for _ in own],
            m.CORRECT: [right for own in correct for right in own],
        }
    )
    text = errors_text(Validation(scores, ("a", "b"), 4, has_classes=False))
    assert text.endswith(f"misclassified at epoch 4, an accuracy of {accuracy}")
