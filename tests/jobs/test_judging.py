"""The overlap of repeats: what the intervals of a sweep and of groups of runs are widened by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.factories import add_run

from reglab import RunSpec
from reglab.jobs.judging import overlap_of_runs
from reglab.store import Run, Store

KNOWN = {"n_train": 400, "n_val": 431, "n_pool": 1438}
SPLIT = 431 / (1438 - 431)


def on(store: Store, **data: Any) -> Run:
    """A run with these settings of the data, which recorded :data:`KNOWN`."""
    run = add_run(store, RunSpec().with_changes({f"data.{name}": value for name, value in data.items()}), epochs=1)
    return replace(run, environment=KNOWN)


@pytest.mark.parametrize(
    ("data", "expected"),
    [({}, SPLIT), ({"folds": 5}, 0.25), ({"blocks": 2, "train_size": 100}, 0.0), ({"validation": "own"}, 0.0)],
    ids=["split", "folds", "blocks", "own part"],
)
def test_only_images_that_are_drawn_anew_overlap(store: Store, data: dict[str, Any], expected: float) -> None:
    assert overlap_of_runs([on(store, **data), on(store, **data, seed=1)]) == pytest.approx(expected)


def test_runs_that_share_their_validation_part_leave_the_overlap_of_the_others(store: Store) -> None:
    assert overlap_of_runs([on(store, validation="own"), on(store)]) == pytest.approx(SPLIT)
