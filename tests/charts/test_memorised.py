"""Memorisation over epochs."""

from __future__ import annotations

import numpy as np
from tests.charts.frames import epoch_frame, styles

from reglab import columns
from reglab.charts.memorised import memorised_chart


def test_a_single_run_has_both_shares_with_their_names_at_the_ends() -> None:
    frame = epoch_frame(["a"], 5)
    figure = memorised_chart(frame, styles(["a"]))
    wrong, right = figure.data
    np.testing.assert_allclose(wrong.y, frame[columns.FLIPPED_ACC].to_numpy(np.float32))
    np.testing.assert_allclose(right.y, frame[columns.CLEAN_ACC].to_numpy(np.float32))
    assert [note.text for note in figure.layout.annotations] == ["wrong labels memorised", "right labels learnt"]
    assert (wrong.line.dash, right.line.dash) == ("solid", "5px,3px")


def test_runs_without_label_noise_are_left_out() -> None:
    frame = epoch_frame(["a", "b"], 5)
    frame.loc[frame[columns.RUN] == "a", [columns.FLIPPED_ACC, columns.CLEAN_ACC]] = np.nan
    figure = memorised_chart(frame, styles(["a", "b"]))
    assert {trace.line.color for trace in figure.data} == {styles(["a", "b"])["b"].colour}
