"""``reglab doctor``: what RegLab finds on this machine, what is wrong, and what to do about it."""

from __future__ import annotations

import argparse
import os
from collections import Counter

from reglab.cli.command import Command, no_arguments
from reglab.cli.output import Output


def _run(_arguments: argparse.Namespace, output: Output) -> int:
    from reglab.cli.checkup import examine

    levels = Counter[str]()
    for finding in examine(os.environ):
        levels[finding.level] += 1
        record = {"topic": finding.topic, "level": finding.level, "text": finding.text, "remedy": finding.remedy}
        output.print(
            {**record, "facts": dict(finding.facts)}, f"{finding.level:<8} {finding.topic:<9} {finding.sentence}"
        )
    problems, warnings = levels["problem"], levels["warning"]
    result = {"status": "problem" if problems else "ok", "problems": problems, "warnings": warnings}
    output.print(result, _summary(problems, warnings))
    return 1 if problems else 0


def _summary(problems: int, warnings: int) -> str:
    told = f"{warnings} warning{'' if warnings == 1 else 's'}"
    if problems:
        return f"{problems} problem{'' if problems == 1 else 's'} and {told}: RegLab cannot train here yet."
    return f"Nothing keeps RegLab from training; {told}."


ENTRY = Command("doctor", "check this machine, the settings, the store and the data sets", 6, no_arguments, _run)
