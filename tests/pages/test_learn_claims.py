"""Claims on Learn, without a browser: what each card says in every state, and what its buttons do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.factories import add_run
from tests.lessons.claim_store import finish_trials, queue_trials
from tests.pages.browsing import charts
from tests.patience import PATIENCE

from reglab.datasets import DATASETS
from reglab.errors import StoreError
from reglab.jobs import Runner
from reglab.lessons import record
from reglab.lessons.catalog import every
from reglab.lessons.claim import GROUP, Claim, seeds_of
from reglab.lessons.claims import CLAIMS
from reglab.lessons.published import PUBLISHED
from reglab.lessons.standing import index, standing
from reglab.number_format import points
from reglab.store import Store

ALL = len(every())
BIASES, SHRINKS, PER_LAYER = (CLAIMS.get(name) for name in ("biases", "shrinks", "per-layer"))


@pytest.fixture(autouse=True)
def recorded_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of recorded verdicts in place of the shipped one; there is none unless a test writes it."""
    monkeypatch.setattr(record, "FILE", tmp_path / "recorded.json")
    return tmp_path / "recorded.json"


def page() -> None:
    """The section alone."""
    from reglab.ui.learn.claims import claims

    claims()


def again(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return again(app)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button if button.key}


def text(app: AppTest) -> str:
    """All prose on the page."""
    return "\n".join(element.value for element in (*app.markdown, *app.caption))


def badges(app: AppTest) -> list[str]:
    """The badges, claim by claim in the order of the page's columns."""
    words = ("holds", "fails", "undecided", "testing", "not tested yet")
    return [word for element in app.markdown for word in words if "-badge[" in element.value and word in element.value]


def finish_biases(store: Store, changes: Sequence[float], round_: int = 0) -> None:
    """Runs of the claim on biases whose validation accuracy changes by this much with each seed."""
    trials = BIASES.trials(seeds_of(round_, BIASES.n_seeds))
    for (held, both), change in zip(zip(trials[::2], trials[1::2], strict=True), changes, strict=True):
        finish_trials(store, [held], val_acc=0.8)
        finish_trials(store, [both], val_acc=0.8 + change)


LITTLE = [0.001 * (seed % 3) for seed in range(8)]
MUCH = [0.05 + change for change in LITTLE]
NOISE = [0.05 * (-1) ** seed for seed in range(8)]


def test_before_any_test_every_claim_shows_its_words_and_what_testing_costs(app: AppTest) -> None:
    again(app)
    for claim in every().values():
        assert f"**{claim.label}**" in text(app)
        assert claim.about in text(app)
        assert claim.rule in text(app)
        assert claim.caveat in text(app)
        assert f"test_{claim.name}" in keys(app)
    assert badges(app) == ["not tested yet"] * ALL
    assert "0 of 17 verdicts" in text(app)
    assert app.button(key="claims_all").label.startswith("Test all (about")
    assert text(app).count("Not tested here yet: ") == ALL


def test_test_it_queues_the_runs_once_and_shows_the_way_to_go(app: AppTest, store: Store) -> None:
    again(app)
    click(app, "test_shrinks")
    runs = store.runs(group=GROUP)
    assert len(runs) == 12
    assert {run.state for run in runs} == {"queued"}
    assert {run.spec.model_dump_json() for run in runs} == {
        t.spec.model_dump_json() for t in SHRINKS.trials(seeds_of(0, SHRINKS.n_seeds))
    }
    assert "stop_shrinks" in keys(app)
    assert badges(app).count("testing") == 3  # two more claims need exactly these runs
    assert any("0 of 12 runs, about " in bar.proto.text for bar in app.get("progress"))


def test_a_claim_that_shares_runs_trains_only_the_others(app: AppTest, store: Store) -> None:
    again(app)
    click(app, "test_shrinks")
    click(app, "test_narrows-gap")
    assert len(store.runs(group=GROUP)) == 16


def test_stop_cancels_what_waits_and_test_it_goes_on(app: AppTest, store: Store) -> None:
    again(app)
    click(app, "test_shrinks")
    click(app, "stop_shrinks")
    assert {run.state for run in store.runs(group=GROUP)} == {"cancelled"}
    assert badges(app) == ["not tested yet"] * ALL
    click(app, "test_shrinks")
    assert {run.state for run in store.runs(group=GROUP)} == {"queued"}
    assert len(store.runs(group=GROUP)) == 12


def test_test_all_queues_every_run_once_and_stop_all_stops_them(app: AppTest, store: Store) -> None:
    again(app)
    click(app, "claims_all")
    runs = store.runs(group=GROUP)
    assert len({run.spec.model_dump_json() for run in runs}) == len(runs) > 100
    assert badges(app) == ["testing"] * ALL
    assert "17 are being tested" in text(app)
    click(app, "claims_stop")
    assert {run.state for run in store.runs(group=GROUP)} == {"cancelled"}


@pytest.mark.parametrize(
    ("changes", "word", "summary", "mark"),
    [
        (LITTLE, "holds", "1 holds", ":green["),
        (MUCH, "fails", "1 fails", ":red["),
        (NOISE, "undecided", "1 is undecided", ":orange["),
    ],
)
def test_a_verdict_is_whatever_the_runs_say(
    app: AppTest, store: Store, changes: list[float], word: str, summary: str, mark: str
) -> None:
    finish_biases(store, changes)
    again(app)
    assert sorted(badges(app)) == sorted([word, *["not tested yet"] * (ALL - 1)])
    assert f"**1 of 17 verdicts**: {summary}. 1 was tested here." in text(app)
    mean = points(sum(changes) / 8)
    sentence = f"Penalising the biases as well changes the validation accuracy by {mean} points (95 % interval"
    (said,) = (element.value for element in app.markdown if sentence in element.value)
    assert said.startswith(mark)
    assert charts(app) == ["dots_biases"]
    assert {"again_biases", "open_biases"} <= keys(app)
    assert "test_biases" not in keys(app)
    assert app.button(key="claims_all").label.startswith("Test the other 16")


def test_again_with_other_seeds_keeps_the_first_verdict_in_sight(app: AppTest, store: Store) -> None:
    finish_biases(store, LITTLE)
    again(app)
    click(app, "again_biases")
    fresh = [run for run in store.runs(group=GROUP) if run.state == "queued"]
    assert {run.spec.train.seed for run in fresh} == set(range(100, 108))
    finish_biases(store, MUCH, round_=1)
    again(app)
    assert badges(app).count("fails") == 1
    assert "Earlier: seeds 0 to 7: holds." in text(app)
    click(app, "again_biases")
    assert {run.spec.train.seed for run in store.runs(group=GROUP) if run.state == "queued"} == set(range(200, 208))


def test_another_visitor_sees_the_verdict_at_once(app: AppTest, store: Store) -> None:
    finish_biases(store, LITTLE)
    again(app)
    other = AppTest.from_function(page, default_timeout=PATIENCE)
    assert badges(again(other)).count("holds") == 1


def test_runs_that_confirm_a_choice_are_queued_by_whoever_watched_it(app: AppTest, store: Store) -> None:
    again(app)
    click(app, "test_per-layer")
    finish_trials(store, PER_LAYER.trials(seeds_of(0, PER_LAYER.n_seeds)))
    stranger = AppTest.from_function(page, default_timeout=PATIENCE)
    again(stranger)
    assert not [run for run in store.runs(group=GROUP) if run.state == "queued"]
    assert "27 of 43 runs finished" in text(stranger)
    again(app)
    assert len([run for run in store.runs(group=GROUP) if run.state == "queued"]) == 16
    finish_trials(store, standing(store, index(store), PER_LAYER, seeds_of(0, PER_LAYER.n_seeds)).to_start)
    for run in store.runs(states=["queued"]):
        assert run.group == GROUP


def test_deleted_runs_come_back_when_the_claim_is_tested_again(app: AppTest, store: Store) -> None:
    finish_biases(store, LITTLE)
    some = [run.id for run in store.runs(group=GROUP)[:3]]
    store.delete(some)
    again(app)
    assert badges(app) == ["not tested yet"] * ALL
    click(app, "test_biases")
    assert badges(app).count("holds") == 1
    assert len(store.runs(group=GROUP)) == 16


def test_runs_that_diverged_leave_it_undecided_with_a_sentence(app: AppTest, store: Store) -> None:
    first, *others = BIASES.trials(seeds_of(0, BIASES.n_seeds))
    finish_trials(store, others)
    finish_trials(store, [first], "diverged")
    again(app)
    assert any("1 of 16 runs diverged" in warning.value for warning in app.warning)
    assert "again_biases" in keys(app)


def test_weights_that_are_gone_are_said_on_the_card(app: AppTest, store: Store) -> None:
    claim: Claim = CLAIMS.get("factor-two")
    finish_trials(store, claim.trials(seeds_of(0, claim.n_seeds)))
    again(app)
    assert any("missing" in warning.value for warning in app.warning)


def test_a_store_that_refuses_is_said(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Runner, "submit", refuse)
    again(app)
    click(app, "test_shrinks")
    assert [error.value for error in app.error] == ["The disk is full."]


# Recorded verdicts


def write_recorded(path: Path, *claims: Claim, **changes: object) -> None:
    """A record of each claim with four figures at 0 and a little noise, so that "within" holds and "more" fails."""
    entry = {"date": "2026-11-29", "seeds": [0, 1, 2, 3], "device": "CPU (x86_64)", "versions": {"torch": "2.13.0"}}
    for claim in claims:
        figures = {part.name: [-1e-5, 1e-5, -1e-5, 1e-5] for part in claim.parts}
        own = {**entry, "seconds": 16.0, "fingerprint": record.fingerprint(claim), "figures": figures, **changes}
        record.write(path, {claim.name: own})


def test_a_first_visit_shows_the_recorded_verdict_with_its_day_and_seeds(app: AppTest, recorded_file: Path) -> None:
    write_recorded(recorded_file, BIASES, SHRINKS)
    again(app)
    assert sorted(badges(app)) == ["fails", "holds", *["not tested yet"] * (ALL - 2)]
    assert text(app).count("(recorded)") == 2
    assert "**2 of 17 verdicts**: 1 holds, 1 fails." in text(app)
    assert text(app).count("Recorded 2026-11-29: 4 seeds on CPU (x86_64) with torch 2.13.0.") == 2
    assert {"test_biases", "test_shrinks"} <= keys(app)
    assert sorted(charts(app)) == ["dots_biases", "dots_shrinks"]


def test_an_own_verdict_replaces_the_recorded_one_and_names_it(app: AppTest, store: Store, recorded_file: Path) -> None:
    write_recorded(recorded_file, BIASES)
    finish_biases(store, MUCH)
    again(app)
    assert badges(app).count("fails") == 1
    assert "(recorded)" not in text(app)
    assert "with torch 2.13.0. Its verdict: holds." in text(app)
    assert "1 was tested here." in text(app)


def test_a_record_of_another_rule_or_other_runs_is_not_shown(app: AppTest, recorded_file: Path) -> None:
    write_recorded(recorded_file, BIASES, fingerprint="0" * 16)
    again(app)
    assert badges(app) == ["not tested yet"] * ALL


def test_a_result_whose_data_set_needs_a_package_says_so_and_is_not_queued(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = replace(DATASETS.get("mnist_5k"), extra="no_such_package")
    monkeypatch.setitem(DATASETS.entries, "mnist_5k", entry)
    again(app)
    assert "Not tested here yet. Needs the package no_such_package: pip install no_such_package" in text(app)
    assert "test_nielsen" not in keys(app)
    click(app, "claims_all")
    assert {run.spec.data.name for run in store.runs(group=GROUP)} == {"digits", "digits_halves"}


def test_a_published_result_names_its_source_and_signature(app: AppTest) -> None:
    again(app)
    for claim in PUBLISHED.entries.values():
        assert claim.source is not None
        assert claim.source.signature in text(app)
        assert f"[{claim.source.paper}]({claim.source.url}), {claim.source.place}" in text(app)


def test_other_runs_are_no_part_of_it(app: AppTest, store: Store) -> None:
    add_run(store)
    queue_trials(store, [])
    assert badges(again(app)) == ["not tested yet"] * ALL
