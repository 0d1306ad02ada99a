"""``reglab claims``: the usual claims about L2, listed or tested."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from reglab.cli.command import Command
from reglab.cli.output import Output
from reglab.errors import SpecError, clipped

if TYPE_CHECKING:
    from reglab.lessons.claims import Claim, Standing

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
        output.print(_words(claim), f"{claim.name.ljust(width)}  {claim.label}")


def _test(claims: Sequence[Claim], count: int | None, output: Output) -> int:
    from reglab.cli.claim_runs import Trainer
    from reglab.cli.working import signals, training_settings
    from reglab.lessons.claims import seeds_of
    from reglab.store import Run, open_store

    def tell(run: Run) -> None:
        seconds = f"{run.seconds:.1f} s"
        output.print({"run": run.id, "name": run.name, "status": run.state}, f"  {run.state} {seconds}  {run.name}")

    settings = training_settings()
    with open_store(settings) as store, signals() as received:
        store.recover()
        trainer = Trainer(store, settings, lambda: bool(received), tell)
        for claim in claims:
            output.print({"claim": claim.name}, f"{claim.name}: {claim.label}")
            standing = trainer.test(claim, seeds_of(0, count or claim.n_seeds))
            if received:
                return 128 + received[0]
            _tell_verdict(store, standing, output)
    return 0


def _tell_verdict(store: Any, standing: Standing, output: Output) -> None:
    from reglab.lessons.claims import verdict_of

    claim, runs = standing.claim, [run.id for run in standing.runs.values() if run is not None]
    if not standing.complete:
        sentence = f"{standing.expected - standing.done} of {standing.expected} runs did not finish."
        output.print(
            {**_words(claim), "verdict": "undecided", "holds": None, "sentence": sentence, "figures": [], "runs": runs},
            f"  UNDECIDED  {sentence}",
        )
        return
    verdict = verdict_of(store, standing)
    figures = [
        {"part": o.part.label, "mean": o.interval.mean, "low": o.interval.low, "high": o.interval.high,
         "seeds": o.interval.n, "holds": o.holds}
        for o in verdict.outcomes
    ]  # fmt: skip
    output.print(
        {**_words(claim), "verdict": verdict.word, "holds": verdict.holds, "sentence": verdict.sentence,
         "figures": figures, "runs": runs},
        f"  {verdict.word.upper()}  {verdict.sentence}\n  Rule: {claim.rule}\n  But: {claim.caveat}",
    )  # fmt: skip


def _words(claim: Claim) -> dict[str, Any]:
    return {"claim": claim.name, "label": claim.label, "rule": claim.rule, "caveat": claim.caveat}


ENTRY = Command("claims", "list or test the usual claims about L2", 60, _arguments, _run)
