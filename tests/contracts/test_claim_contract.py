"""Every claim on Learn, known or still to come: its words, fair trials, and a rule that can find against it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

import numpy as np
import pytest
from tests.lessons.claim_runs import confirmed, invented

from reglab import columns
from reglab.errors import UnknownName
from reglab.lessons.catalog import datasets, every, find
from reglab.lessons.claim import GROUP, ROUND, Claim, Part, Trial, seeds_of
from reglab.lessons.claims import CLAIMS
from reglab.lessons.published import PUBLISHED
from reglab.lessons.rules import AllAbove, AllBelow, Less, More, Outcome, Rule, Within
from reglab.lessons.standing import work
from reglab.lessons.verdict import decide, judge
from reglab.training import check

every_claim = pytest.mark.parametrize("claim", [pytest.param(c, id=c.name) for c in every().values()])
every_result = pytest.mark.parametrize("claim", [pytest.param(c, id=c.name) for c in PUBLISHED.entries.values()])
EXACT = (AllAbove, AllBelow)
READ_WEIGHTS = ("adam-is-not-adamw", "input-noise", "factor-two", "lasso-zeros")  # tested with weights in tests/lessons


def values_for(rule: Rule, wanted: Outcome, n: int = 6) -> list[float]:
    """Values over ``n`` seeds that make ``rule`` come out as ``wanted``; a spread of ±1 makes it undecided."""
    spread = np.linspace(-1, 1, n)
    match rule:
        case More(by):
            centre = {True: 2 * by, False: -by, None: by}[wanted]
            return list(centre + (0.02 if wanted is not None else 5) * by * spread)
        case Less(by):
            return [-value for value in values_for(More(by), wanted, n)]
        case Within(margin, middle):
            centre = middle + {True: 0.0, False: 3 * margin, None: margin}[wanted]
            return list(centre + 0.1 * margin * spread)
        case AllBelow(limit):
            return [0.0] * (n - 1) + [0.0 if wanted else 2 * limit]
        case AllAbove(limit):
            return [2 * limit] * (n - 1) + [2 * limit if wanted else 0.0]
    raise AssertionError(rule)


def with_part(claim: Claim, part: Part, wanted: Outcome) -> dict[str, list[float]]:
    """Values with which ``part`` comes out as ``wanted`` and every other part holds."""
    return {p.name: values_for(p.test, wanted if p is part else True) for p in claim.parts}


def texts(claim: Claim) -> Iterable[str]:
    return (claim.label, claim.about, claim.setup, claim.caveat, claim.rule, *(part.says for part in claim.parts))


@every_claim
def test_a_claim_has_all_its_texts(claim: Claim) -> None:
    assert all(len(text) > 20 for text in texts(claim))
    assert claim.rule.lower().count("fails") >= 1
    assert "undecided" in claim.rule
    assert len({part.name for part in claim.parts}) == len({part.label for part in claim.parts}) == len(claim.parts)
    for part in claim.parts:
        assert part.says.count("{figure}") == 1
        assert part.test.text(part.unit).startswith("holds if")


@every_claim
def test_its_sentences_repeat_figures_and_assert_nothing(claim: Claim) -> None:
    """The words around the figure are the same whatever comes out, so they must not say what came out."""
    for part in claim.parts:
        words = set(part.says.lower().replace(",", " ").split())
        assert not words & {"holds", "fails", "more", "less", "better", "worse", "narrows", "improves", "smaller"}


@every_claim
def test_its_trials_can_be_trained_and_there_are_at_least_three_seeds(claim: Claim) -> None:
    trials = claim.trials(seeds_of(0, claim.n_seeds))
    for trial in trials:
        check(trial.spec)
        assert trial.spec.data.seed == trial.spec.train.seed == trial.seed
        assert 0 < len(trial.name) <= 200
    assert len({(trial.role, trial.seed) for trial in trials}) == len(trials)
    assert len({trial.seed for trial in trials}) >= 3
    assert GROUP.startswith("claim")
    assert claim.source is not None or datasets(claim) == ["digits"]


@every_claim
def test_its_trials_are_paired(claim: Claim) -> None:
    """Every role has every seed; apart from the seeds, a role's spec is always the same."""
    trials = claim.trials(seeds_of(0, claim.n_seeds))
    by_role: dict[str, list[Trial]] = {}
    for trial in trials:
        by_role.setdefault(trial.role, []).append(trial)
    assert len(by_role) >= 2
    assert len({tuple(trial.seed for trial in own) for own in by_role.values()}) == 1
    for own in by_role.values():
        same = {t.spec.with_changes({"data.seed": 0, "train.seed": 0}).model_dump_json() for t in own}
        assert len(same) == 1


@every_claim
def test_other_seeds_share_no_run_with_these(claim: Claim) -> None:
    first, second = (claim.trials(seeds_of(r, claim.n_seeds)) for r in (0, 1))
    assert not {trial.key for trial in first} & {trial.key for trial in second}
    assert {trial.seed // ROUND for trial in second} == {1}


@every_claim
def test_it_takes_about_a_minute_on_two_cores(claim: Claim) -> None:
    trials = claim.trials(seeds_of(0, claim.n_seeds))
    total = sum(work(trial.spec) for trial in trials) + claim.arms * claim.n_seeds * work(trials[0].spec)
    most = 44 if claim.source is None else 120
    assert total < 2 * most  # seconds of one idle core; there are two


def test_the_first_claim_takes_some_ten_seconds_on_two_cores() -> None:
    first = next(iter(CLAIMS.entries.values()))
    assert sum(work(trial.spec) for trial in first.trials(seeds_of(0, first.n_seeds))) < 20


def test_equal_trials_of_different_claims_are_one_run() -> None:
    keys = [{t.key for t in CLAIMS.get(name).trials(range(6))} for name in ("shrinks", "input-noise", "small-not-zero")]
    assert keys[0] == keys[1] == keys[2]
    assert keys[0] < {trial.key for trial in CLAIMS.get("narrows-gap").trials(range(8))}


@every_claim
def test_its_rule_can_hold(claim: Claim) -> None:
    verdict = decide(claim, with_part(claim, claim.parts[0], True))
    assert verdict.holds is True
    assert verdict.word == "holds"


@every_claim
def test_every_part_can_make_it_fail(claim: Claim) -> None:
    for part in claim.parts:
        verdict = decide(claim, with_part(claim, part, False))
        assert verdict.holds is False
        assert [o.holds for o in verdict.outcomes] == [p is not part for p in claim.parts]
        assert len(claim.parts) == 1 or "(Fails.)" in verdict.sentence


@every_claim
def test_every_part_that_is_measured_with_noise_can_leave_it_undecided(claim: Claim) -> None:
    for part in claim.parts:
        if not isinstance(part.test, EXACT):
            assert decide(claim, with_part(claim, part, None)).holds is None


@every_claim
def test_figures_that_are_no_numbers_decide_nothing(claim: Claim) -> None:
    verdict = decide(claim, {part.name: [math.nan, 1.0, 2.0] for part in claim.parts})
    assert verdict.holds is None


@every_claim
def test_the_figures_have_a_row_for_each_part_and_seed_and_the_sentence_names_the_mean(claim: Claim) -> None:
    measured = with_part(claim, claim.parts[0], True)
    verdict = decide(claim, measured)
    assert list(verdict.figures.columns) == list(columns.SEED_COLUMNS)
    assert verdict.figures[columns.PART].value_counts().to_dict() == {part.label: 6 for part in claim.parts}
    for part, outcome in zip(claim.parts, verdict.outcomes, strict=True):
        own = verdict.figures[verdict.figures[columns.PART] == part.label]
        assert list(own[columns.VALUE]) == pytest.approx([part.unit.scale * value for value in measured[part.name]])
        if not isinstance(part.test, EXACT):
            assert part.unit.show(float(np.mean(measured[part.name]))) in outcome.sentence


@pytest.mark.parametrize("claim", [c for c in every().values() if c.name not in READ_WEIGHTS], ids=lambda c: c.name)
def test_it_can_be_judged_from_results_with_a_value_for_every_seed(claim: Claim) -> None:
    seeds = seeds_of(0, claim.n_seeds)
    results = invented(confirmed(claim, seeds))
    verdict = judge(claim, results)
    assert {len(outcome.values) for outcome in verdict.outcomes} == {claim.n_seeds}
    assert verdict.figures[columns.VALUE].notna().all()


# Published results


def test_there_are_eleven_claims_and_six_published_results_with_names_of_their_own() -> None:
    assert (len(CLAIMS.entries), len(PUBLISHED.entries), len(every())) == (11, 6, 17)
    assert [claim.order for claim in PUBLISHED.entries.values()] == [1, 2, 3, 4, 5, 6]
    assert all(claim.source is None for claim in CLAIMS.entries.values())
    assert find("nielsen") is PUBLISHED.get("nielsen")
    with pytest.raises(UnknownName, match="did you mean 'nielsen'"):
        find("nielson")


@every_result
def test_a_published_result_names_its_source_and_at_least_one_published_figure(claim: Claim) -> None:
    source = claim.source
    assert source is not None
    assert re.search(r", \d{4}$|gallery$", source.paper)
    assert source.place
    assert source.url.startswith("http")
    assert source.signature.endswith(".")
    published = [part for part in claim.parts if part.published is not None]
    assert published
    for part in published:
        assert math.isfinite(part.published or 0.0)


@every_result
def test_a_published_figure_would_satisfy_its_own_rule(claim: Claim) -> None:
    """Otherwise the rule asks for something other than what was published."""
    for part in claim.parts:
        if part.published is not None:
            assert part.test.decide([part.published] * 3) is True
