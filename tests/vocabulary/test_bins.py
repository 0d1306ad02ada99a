"""The shared histogram bins."""

from __future__ import annotations

import numpy as np

from reglab.bins import EDGES, MAGNITUDES, N_BINS, PER_SIDE


def test_edges_ascend_are_symmetric_and_frame_every_bin() -> None:
    assert len(EDGES) == N_BINS + 1 == 2 * PER_SIDE + 1
    assert (np.diff(EDGES) > 0).all()
    np.testing.assert_array_equal(EDGES, -EDGES[::-1])
    np.testing.assert_array_equal(EDGES[PER_SIDE:-1], MAGNITUDES)


def test_no_bin_is_wider_than_an_eighth_of_its_distance_from_zero_or_narrower_than_two_to_the_minus_eleven() -> None:
    widths = np.diff(MAGNITUDES)
    assert widths.min() == 2.0**-11
    assert (widths[8:] <= MAGNITUDES[8:-1] / 8).all()


def test_every_edge_has_at_most_eight_significant_bits() -> None:
    words = MAGNITUDES.astype(np.float32).view(np.uint32)
    assert (words & np.uint32(0xFFFF) == 0).all()
