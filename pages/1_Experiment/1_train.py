""":material/play_circle: Train. Trains a CNN with your λ, and shows loss, gap and weights live."""

from __future__ import annotations

from reglab.ui.train.page import train_page

train_page()
