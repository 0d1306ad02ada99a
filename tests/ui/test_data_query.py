"""Links of the Data page: what they name, what is left out of them, and what cannot be read."""

from __future__ import annotations

import pytest

from reglab.spec import RunSpec
from reglab.ui.data.query import DEFAULT, Shown, owns, query_of, read

SPECS = [
    {},
    {"data.name": "mnist_5k"},
    {"data.test_fraction": 0.0},
    {"data.train_size": None, "data.label_noise": 0.1, "regularize.augment": "shift+flip", "penalty.l2": 0.5},
]


@pytest.mark.parametrize("view", ["preview", "health"])
@pytest.mark.parametrize("changes", SPECS)
def test_a_link_leads_back_to_its_view(view: str, changes: dict[str, object]) -> None:
    what = Shown(view, DEFAULT.spec.with_changes(changes))  # type: ignore[arg-type]
    query = query_of(what)
    assert read(query) == (what, None)
    assert all(map(owns, query))


def test_what_is_as_usual_is_not_in_a_link() -> None:
    assert query_of(DEFAULT) == {}
    assert query_of(Shown("preview")) == {"view": "preview", "dataset": "digits"}
    assert read({}) == (None, None)


def test_a_dataset_alone_shows_its_preview_with_the_usual_test_part() -> None:
    assert read({"dataset": "synthetic"}) == (
        Shown("preview", RunSpec.fresh().with_changes({"data.name": "synthetic"})),
        None,
    )


def test_a_bad_value_costs_itself_alone() -> None:
    what, problem = read({"view": "health", "dataset": "nothing", "data.seed": "7"}, ["x is set twice."])
    assert what == Shown("health", RunSpec.fresh().with_changes({"data.seed": 7}))
    assert problem is not None
    assert problem.startswith("x is set twice. ")
    assert "nothing" in problem
