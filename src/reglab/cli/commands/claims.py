"""``reglab claims``: the usual claims about L2, listed or tested."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, clipped

if TYPE_CHECKING:
    from reglab.lessons.claim import Claim
    from reglab.lessons.standing import Standing

FEWEST, MOST = 3, 50


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="claims to test; none lists them, all means every one")
    parser.add_argument("--seeds", metavar="N", help=f"how many seeds, {FEWEST} to {MOST}; default: the claim's own")


def _run(arguments: argparse.Namespace, output: Output) -> int:
    from reglab.lessons.claims import CLAIMS

    wanted = CLAIMS.names() if arguments.names == ["all"] else list(dict.fromkeys(arguments.names))
    claims, count = [CLAIMS.get(name) for name in wanted], _count(arguments.seeds)
    if not claims:
        _list(list(CLAIMS.entries.values()), output)
        return 0
    return _test(claims, count, output)


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9 or not FEWEST <= int(text) <= MOST:
        raise SpecError(f"--seeds must be a whole number from {FEWEST} to {MOST}, not {clipped(text)}.")
    return int(text)


def _list(claims: Sequence[Claim], output: Output) -> None:
    width = max(len(claim.name) for claim in claims)
    for claim in claims:
        output.print(_record(claim), f"{claim.name.ljust(width)}  {claim.label}")


def _test(claims: Sequence[Claim], count: int | None, output: Output) -> int:
    from reglab.cli.claim_runs import Trainer
    from reglab.cli.training import signals, training_settings
    from reglab.lessons.claim import seeds_of
    from reglab.store import Run, open_store

    def report(run: Run) -> None:
        line = f"  {run.state} {run.seconds:.1f} s  {run.name}"
        output.print({"run": run.id, "name": run.name, "status": run.state}, line)

    settings = training_settings()
    with open_store(settings) as store, signals() as received:
        store.recover()
        trainer = Trainer(store, settings, lambda: bool(received), report)
        for claim in claims:
            output.print({"claim": claim.name}, f"{claim.name}: {claim.label}")
            standing = trainer.test(claim, seeds_of(0, count or claim.n_seeds))
            if received:
                return 128 + received[0]
            _print_verdict(store, standing, output)
    return 0


def _print_verdict(store: Any, standing: Standing, output: Output) -> None:
    from reglab.lessons.verdict import verdict_of

    claim, runs = standing.claim, [run.id for run in standing.runs.values() if run is not None]
    if not standing.complete:
        sentence = f"{standing.expected - standing.done} of {standing.expected} runs did not finish."
        undecided = {"verdict": "undecided", "holds": None, "sentence": sentence, "figures": [], "runs": runs}
        output.print({**_record(claim), **undecided}, f"  UNDECIDED  {sentence}")
        return
    verdict = verdict_of(store, standing)
    intervals = [(outcome.part.label, outcome.interval, outcome.holds) for outcome in verdict.outcomes]
    figures = [
        {"part": part, "mean": by.mean, "low": by.low, "high": by.high, "seeds": by.n, "holds": holds}
        for part, by, holds in intervals
    ]
    found = {"verdict": verdict.word, "holds": verdict.holds, "sentence": verdict.sentence, "figures": figures}
    line = f"  {verdict.word.upper()}  {verdict.sentence}\n  Rule: {claim.rule}\n  Caveat: {claim.caveat}"
    output.print({**_record(claim), **found, "runs": runs}, line)


def _record(claim: Claim) -> dict[str, Any]:
    return {"claim": claim.name, "label": claim.label, "rule": claim.rule, "caveat": claim.caveat}


ENTRY = Command("claims", "list or test the usual claims about L2", 60, _arguments, _run)
