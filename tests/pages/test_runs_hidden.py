"""Runs of claims and sweeps on the Runs page: behind a switch, or a row a sweep; a sweep stays whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, add_sweep
from tests.lessons.claim_store import finish_trials
from tests.pages.browsing import again, press, train_page, visit
from tests.pages.runs_page import names, pinned
from tests.pages.runs_page import runs_page as page
from tests.patience import PATIENCE

from reglab.jobs import Runner
from reglab.lessons.claim import GROUP
from reglab.lessons.claims import CLAIMS
from reglab.store import Run, Store, Sweep
from reglab.store.run_filter import LESSON_GROUPS, SWEEP_GROUPS
from reglab.sweep import SweepSpec

__all__ = ["page"]  # which the fixture ``app`` runs

Add = Callable[[Store], object]


def add_claim(store: Store) -> None:
    """The six runs of a claim."""
    finish_trials(store, CLAIMS.get("shrinks").trials(range(3)))


def add_six(store: Store) -> Sweep:
    """A sweep of six runs."""
    return add_sweep(store, epochs=1)


kinds = pytest.mark.parametrize(
    ("add", "key", "label"),
    [(add_claim, "lessons", "Show runs of claims (6)"), (add_six, "paths", "Show runs of sweeps (6)")],
)
PLAIN = {"group": "none"}


def test_their_groups_are_known_by_name(store: Store) -> None:
    sweep = add_six(store)
    assert {run.group for run in store.runs()} == {SWEEP_GROUPS + sweep.id}
    assert GROUP.startswith(LESSON_GROUPS)
    assert not "my claim".startswith(LESSON_GROUPS)
    assert not any(group.startswith(SWEEP_GROUPS) for group in ("my sweep", "sweepstakes", GROUP))
    assert not SWEEP_GROUPS.startswith(LESSON_GROUPS)


@kinds
def test_they_are_hidden_until_asked_for(store: Store, app: AppTest, add: Add, key: str, label: str) -> None:
    add(store)
    add_run(store, name="mine")
    assert names(visit(app, **PLAIN)) == ["mine"]
    assert [toggle.label for toggle in app.toggle] == [label]
    app.toggle(key=key).set_value(True)
    assert len(names(again(app))) == 7
    app.toggle(key=key).set_value(False)
    assert names(again(app)) == ["mine"]


def test_without_them_there_is_no_switch(store: Store, app: AppTest) -> None:
    add_run(store, name="mine")
    assert not visit(app).toggle


def test_each_kind_has_a_switch_of_its_own(store: Store, app: AppTest) -> None:
    add_six(store)
    add_claim(store)
    visit(app, **PLAIN)
    assert "No runs of your own yet" in app.markdown[0].value
    assert any("belong to claims on Learn and sweeps" in caption.value for caption in app.caption)
    assert [toggle.label for toggle in app.toggle] == ["Show runs of claims (6)", "Show runs of sweeps (6)"]
    app.toggle(key="paths").set_value(True)
    assert len(names(again(app))) == 6
    assert all("Sweep" in name for name in names(app))
    app.toggle(key="lessons").set_value(True)
    assert len(names(again(app))) == 12


@kinds
def test_a_link_to_one_of_them_shows_it_on_top(store: Store, app: AppTest, add: Add, key: str, label: str) -> None:
    add(store)
    linked = store.runs()[0]
    add_run(store, name="mine")
    visit(app, runs=linked.id, **PLAIN)
    assert (names(app), pinned(app)) == (["mine"], [linked.name])
    assert not app.toggle(key=key).value
    assert not app.warning


def test_the_address_may_ask_for_them(store: Store, app: AppTest) -> None:
    add_six(store)
    assert len(names(visit(app, paths="true"))) == 6


def test_resuming_some_of_a_sweep_resumes_all_of_it_once(
    store: Store, app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second time would find the sweep training already, where the runner was quick."""
    sweep = store.create(SweepSpec(l2=(0.0, 0.01, 0.03), seeds=2))
    store.request_stop(sweep.id)
    lanes = [run.id for run in store.sweep_runs(sweep.id)]
    resumed: list[str] = []
    real = Runner.resume

    def noted(runner: Runner, run_id: str) -> Run | Sweep:
        resumed.append(run_id)
        return real(runner, run_id)

    monkeypatch.setattr(Runner, "resume", noted)
    press(visit(app, runs=",".join(lanes[:3])), "resume_runs")
    assert not app.error
    assert store.sweep(sweep.id).counts["queued"] == 6
    assert len(resumed) == 1


@pytest.mark.parametrize(("add", "offered"), [(None, True), (add_six, False), (add_run, False)])
def test_the_offer_of_the_first_visit_counts_sweeps_but_no_claims(
    store: Store, app: AppTest, add: Add | None, offered: bool
) -> None:
    if add is not None:
        add(store)
    finish_trials(store, CLAIMS.get("biases").trials(range(3)))  # newer than the others
    train = visit(AppTest.from_function(train_page, default_timeout=PATIENCE))
    assert ("demo_sweep" in {button.key for button in train.button}) is offered
