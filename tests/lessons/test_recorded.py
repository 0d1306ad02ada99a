"""Recorded verdicts: the shipped file is complete, follows from its figures and is not stale; records come and go."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from tests.lessons.claim_store import finish_trials

from reglab.errors import StoreError
from reglab.lessons.catalog import every
from reglab.lessons.claim import Claim, seeds_of
from reglab.lessons.claims import CLAIMS
from reglab.lessons.record import FILE, entry, fingerprint, load, read, recorded, write
from reglab.lessons.rules import Less, Within
from reglab.lessons.standing import index, standing
from reglab.lessons.verdict import verdict_of
from reglab.store import Store

GAP = CLAIMS.get("narrows-gap")
SEEDS = seeds_of(0, GAP.n_seeds)
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
every_claim = pytest.mark.parametrize("claim", [pytest.param(c, id=c.name) for c in every().values()])


# The shipped file


def test_the_shipped_file_has_every_claim_and_published_result() -> None:
    assert sorted(load(FILE)) == sorted(every())


@every_claim
def test_a_shipped_record_is_of_the_present_rule_and_runs(claim: Claim) -> None:
    """Otherwise test it again: ``reglab claims NAME --record src/reglab/lessons/recorded.json``."""
    assert load(FILE)[claim.name]["fingerprint"] == fingerprint(claim)
    assert recorded(claim) is not None


@every_claim
def test_a_shipped_verdict_follows_from_its_figures_by_the_rule(claim: Claim) -> None:
    stored = load(FILE)[claim.name]
    found = read(claim, stored)
    assert found.verdict.word == stored["verdict"]
    assert found.seeds == seeds_of(0, claim.n_seeds)
    assert {len(outcome.values) for outcome in found.verdict.outcomes} == {claim.n_seeds}
    assert date.fromisoformat(found.date) >= date(2026, 11, 29)
    assert found.device
    assert found.seconds > 0
    assert {"python", "torch", "numpy"} <= found.versions.keys()


# Writing and reading


def complete(store: Store) -> None:
    for trial in GAP.trials(SEEDS):
        gap = 0.5 if trial.spec.penalty.l2 == 0 else 0.4 - 0.001 * trial.seed
        finish_trials(store, [trial], gap_loss=gap, gap_acc=gap / 5)


def test_a_record_is_read_back_with_the_verdict_it_had(store: Store, tmp_path: Path) -> None:
    complete(store)
    now = standing(store, index(store), GAP, SEEDS)
    verdict = verdict_of(store, now)
    write(tmp_path / "file.json", {GAP.name: entry(now, verdict, NOW)})
    found = read(GAP, load(tmp_path / "file.json")[GAP.name])
    assert (found.verdict.sentence, found.verdict.holds) == (verdict.sentence, True)
    assert (found.date, found.seeds, found.versions) == ("2026-11-29", SEEDS, {"torch": "2.13.0"})
    assert found.seconds == pytest.approx(sum(run.seconds for run in now.finished.values()), abs=0.1)


def test_writing_keeps_the_other_records_and_replaces_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write(path, {"b": {"date": "1"}})
    write(path, {"a": {"date": "2"}})
    write(path, {"b": {"date": "3"}})
    assert load(path) == {"a": {"date": "2"}, "b": {"date": "3"}}
    assert list(json.loads(path.read_text("utf-8"))) == ["a", "b"]


@pytest.mark.parametrize("text", ["{", "[]", "7"])
def test_a_file_of_something_else_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text)
    with pytest.raises(StoreError, match="holds no recorded verdicts"):
        write(path, {"a": {}})
    assert path.read_text() == text


def test_the_fingerprint_changes_with_a_rule_its_limit_or_the_runs_and_not_with_words() -> None:
    (loss, accuracy) = GAP.parts
    stricter = replace(GAP, parts=(replace(loss, test=Less(0.02)), accuracy))
    other = replace(GAP, parts=(loss, replace(accuracy, test=Within(0.005))))
    runs = replace(GAP, trials=lambda seeds: GAP.trials(seeds)[1:])
    assert len({fingerprint(claim) for claim in (GAP, stricter, other, runs)}) == 4
    assert fingerprint(replace(GAP, about="Something else.", caveat="Nothing.")) == fingerprint(GAP)
