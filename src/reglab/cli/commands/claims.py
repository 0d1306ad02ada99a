"""``reglab claims``: the usual claims about L2 and published results, listed, tested, or recorded."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, clipped

if TYPE_CHECKING:
    from reglab.lessons.claim import Claim
    from reglab.lessons.standing import Standing
    from reglab.lessons.verdict import Outcomes, Verdict

FEWEST, MOST = 3, 50


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="claims to test; none lists them, all means every one")
    parser.add_argument("--seeds", metavar="N", help=f"how many seeds, {FEWEST} to {MOST}; default: the claim's own")
    parser.add_argument("--record", metavar="FILE", help="add the verdicts to a file such as recorded.json")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.lessons.catalog import every, find

    wanted = list(every()) if arguments.names == ["all"] else list(dict.fromkeys(arguments.names))
    claims, count = [find(name) for name in wanted], _count(arguments.seeds)
    if not claims:
        _list(list(every().values()), output)
        return 0
    if arguments.record is not None and count is not None:
        raise SpecError("--record takes every claim's own number of seeds; leave out --seeds.")
    return _test(claims, count, None if arguments.record is None else Path(arguments.record), output)


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9 or not FEWEST <= int(text) <= MOST:
        raise SpecError(f"--seeds must be a whole number from {FEWEST} to {MOST}, not {clipped(text)}.")
    return int(text)


def _list(claims: Sequence[Claim], output: Output) -> None:
    width = max(len(claim.name) for claim in claims)
    for claim in claims:
        output.print({**_facts(claim), **_shipped(claim)}, f"{claim.name.ljust(width)}  {claim.label}")


def _test(claims: Sequence[Claim], count: int | None, record: Path | None, output: Output) -> int:
    from reglab.cli.claim_runs import Trainer
    from reglab.cli.training import signals, training_settings
    from reglab.jobs.worker_pool import workers
    from reglab.lessons.catalog import missing
    from reglab.lessons.claim import seeds_of
    from reglab.lessons.record import entry, write
    from reglab.store import Run, open_store

    def report(run: Run) -> None:
        line = f"  {run.state} {run.seconds:.1f} s  {run.name}"
        output.print({"run": run.id, "name": run.name, "status": run.state}, line)

    settings = training_settings()
    with (
        open_store(settings) as store,
        signals() as received,
        workers(store, settings, lambda: bool(received)) as pool,
    ):
        store.recover()
        trainer = Trainer(store, settings, lambda: bool(received), report, pool)
        for claim in claims:
            output.print({"claim": claim.name}, f"{claim.name}: {claim.label}")
            if needed := missing(claim, settings.data):
                _print_undecided(claim, f"Not tested. {needed}.", [], output)
                continue
            standing = trainer.test(claim, seeds_of(0, count or claim.n_seeds))
            if received:
                return 128 + received[0]
            verdict = _print_verdict(store, standing, output)
            if record is not None and verdict is not None:
                write(record, {claim.name: entry(standing, verdict, datetime.now(UTC))})
    return 0


def _print_undecided(claim: Claim, sentence: str, runs: list[str], output: Output) -> None:
    undecided = {"verdict": "undecided", "holds": None, "sentence": sentence, "figures": [], "runs": runs}
    output.print({**_facts(claim), **undecided}, f"  UNDECIDED  {sentence}")


def _print_verdict(store: Any, standing: Standing, output: Output) -> Verdict | None:
    """The verdict, printed; None where runs did not finish."""
    from reglab.lessons.verdict import verdict_of

    claim, runs = standing.claim, [run.id for run in standing.runs.values() if run is not None]
    if not standing.complete:
        sentence = f"{standing.expected - standing.done} of {standing.expected} runs did not finish."
        _print_undecided(claim, sentence, runs, output)
        return None
    verdict = verdict_of(store, standing)
    figures = [_figure(outcome) for outcome in verdict.outcomes]
    found = {"verdict": verdict.word, "holds": verdict.holds, "sentence": verdict.sentence, "figures": figures}
    published = f"\n  Published: {claim.source.signature}" if claim.source else ""
    line = f"  {verdict.word.upper()}  {verdict.sentence}{published}\n  Rule: {claim.rule}\n  Caveat: {claim.caveat}"
    output.print({**_facts(claim), **found, "runs": runs}, line)
    return verdict


def _figure(outcome: Outcomes) -> dict[str, Any]:
    part, by = outcome.part, outcome.interval
    measured = {"mean": by.mean, "low": by.low, "high": by.high, "seeds": by.n, "holds": outcome.holds}
    return {"part": part.label, **measured, "published": part.published}


def _facts(claim: Claim) -> dict[str, Any]:
    source = None if claim.source is None else asdict(claim.source)
    return {
        "claim": claim.name, "label": claim.label, "rule": claim.rule, "caveat": claim.caveat, "source": source
    }  # fmt: skip


def _shipped(claim: Claim) -> dict[str, Any]:
    """The recorded verdict that ships with RegLab."""
    from reglab.lessons.record import recorded

    found = recorded(claim)
    return {"recorded": None if found is None else {"verdict": found.verdict.word, "date": found.date}}


ENTRY = Command("claims", "list or test claims about L2 and published results", 60, _arguments, _run)
