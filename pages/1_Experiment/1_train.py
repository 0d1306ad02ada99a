""":material/play_circle: Train. Pick a dataset, a CNN and λ, start training, and watch loss, gap and weights live."""

from __future__ import annotations

from reglab.ui.train.page import train_page

train_page()
