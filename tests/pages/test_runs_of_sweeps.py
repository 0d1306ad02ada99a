"""The Runs page hides the runs of λ paths until asked, as those of Learn's claims; what is done to them there."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run, add_sweep
from tests.lessons.claim_store import finish_trials
from tests.pages.browsing import plain

from reglab.jobs import ThreadRunner
from reglab.lessons.claim import GROUP
from reglab.lessons.claims import CLAIMS
from reglab.store import Run, Store, Sweep
from reglab.store.run_filter import LESSON_GROUPS, SWEEP_GROUPS
from reglab.sweep import SweepSpec


def page() -> None:
    from reglab.ui.runs.page import runs_page

    runs_page()


def train() -> None:
    from reglab.ui.train.page import train_page

    train_page()


def visit(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def names(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["name"]) if app.dataframe else []


def test_the_group_of_a_sweep_is_known_by_its_name(store: Store) -> None:
    sweep = add_sweep(store, epochs=1)
    assert {run.group for run in store.runs()} == {SWEEP_GROUPS + sweep.id}
    assert not any(group.startswith(SWEEP_GROUPS) for group in ("my sweep", "sweepstakes", GROUP))
    assert not SWEEP_GROUPS.startswith(LESSON_GROUPS)


def test_they_are_hidden_until_asked_for(store: Store, app: AppTest) -> None:
    add_sweep(store, epochs=1)
    add_run(store, name="mine")
    assert names(visit(app)) == ["mine"]
    assert [toggle.label for toggle in app.toggle] == ["Show runs of sweeps (6)"]
    app.toggle(key="paths").set_value(True)
    assert len(names(visit(app))) == 7
    app.toggle(key="paths").set_value(False)
    assert names(visit(app)) == ["mine"]


def test_each_kind_has_a_switch_of_its_own(store: Store, app: AppTest) -> None:
    add_sweep(store, epochs=1)
    finish_trials(store, CLAIMS.get("shrinks").trials(range(3)))
    visit(app)
    assert "No runs of your own yet" in app.markdown[0].value
    assert any("belong to claims on Learn and sweeps" in caption.value for caption in app.caption)
    assert [toggle.label for toggle in app.toggle] == ["Show runs of claims (6)", "Show runs of sweeps (6)"]
    app.toggle(key="paths").set_value(True)
    assert len(names(visit(app))) == 6
    assert all("Sweep" in name for name in names(app))
    app.toggle(key="lessons").set_value(True)
    assert len(names(visit(app))) == 12


def test_a_link_to_one_of_them_shows_them(store: Store, app: AppTest) -> None:
    sweep = add_sweep(store, epochs=1)
    add_run(store, name="mine")
    finish_trials(store, CLAIMS.get("shrinks").trials(range(3)))
    app.query_params["runs"] = store.sweep_runs(sweep.id)[0].id
    visit(app)
    assert (app.toggle(key="paths").value, app.toggle(key="lessons").value) == (True, False)
    assert len(names(app)) == 7
    assert not app.warning


def test_the_address_may_ask_for_them(store: Store, app: AppTest) -> None:
    add_sweep(store, epochs=1)
    app.query_params["paths"] = "true"
    assert len(names(visit(app))) == 6


def test_resuming_some_of_a_sweep_resumes_all_of_it_once(
    store: Store, app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second time would find the sweep training already, where the runner was quick."""
    sweep = store.create(SweepSpec(l2=(0.0, 0.01, 0.03), seeds=2))
    store.request_stop(sweep.id)
    lanes = [run.id for run in store.sweep_runs(sweep.id)]
    resumed: list[str] = []
    real = ThreadRunner.resume

    def noted(runner: ThreadRunner, run_id: str) -> Run | Sweep:
        resumed.append(run_id)
        return real(runner, run_id)

    monkeypatch.setattr(ThreadRunner, "resume", noted)
    app.query_params["runs"] = ",".join(lanes[:3])
    visit(app).button(key="resume_runs").click()
    visit(app)
    assert not app.error
    assert store.sweep(sweep.id).counts["queued"] == 6
    assert len(resumed) == 1


def test_some_of_a_sweep_are_not_deleted_and_the_page_says_why(store: Store, app: AppTest) -> None:
    sweep = add_sweep(store, epochs=1)
    app.query_params["runs"] = store.sweep_runs(sweep.id)[0].id
    app.session_state["delete_runs"] = True
    visit(app).button(key="confirm_delete").click()
    visit(app)
    assert plain(app.error[0].value).endswith("is a run of a sweep, whose runs are deleted together; delete the sweep.")
    assert store.runs(deleted=True) == []


@pytest.mark.parametrize("own", [False, True])
def test_the_offer_of_the_first_visit_counts_them(store: Store, app: AppTest, own: bool) -> None:
    if own:
        add_sweep(store, epochs=1)
    finish_trials(store, CLAIMS.get("biases").trials(range(3)))  # newer than the path
    offered = {button.key for button in visit(AppTest.from_function(train, default_timeout=60)).button}
    assert ("demo_sweep" in offered) is not own
