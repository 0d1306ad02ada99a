"""The digits in two classes against scikit-learn's own preprocessing of its example."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from reglab.datasets import prepare
from reglab.spec import DataSpec

SPEC = DataSpec(name="digits_halves", train_size=None, val_fraction=0.01, seed=3)


def test_a_runs_pixels_are_the_standard_scalers_over_0976(tmp_path: Path) -> None:
    """Up to one shift for all pixels, because the 18 validation images are not normalised with."""
    pixels, labels = load_digits(return_X_y=True)
    split = prepare(SPEC, tmp_path)
    z = StandardScaler().fit_transform(pixels)[split.train_index.numpy()]
    found = split.x_train.flatten(1).double().numpy()
    slope = float(np.polyfit(z.ravel(), found.ravel(), 1)[0])
    np.testing.assert_allclose(slope, 1 / np.sqrt(61 / 64), rtol=0.01)
    np.testing.assert_allclose(found, slope * (z - z.mean()), atol=1e-4)
    assert split.y_train.tolist() == (labels[split.train_index.numpy()] > 4).astype(int).tolist()
    assert len(split.y_train) == 1779
