"""What the part Noise of Compare makes of kept counts and of sentences."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from tests.factories import add_run, spec

from reglab.analysis.noise import noise_accuracy
from reglab.charts import RunIdentity, style_runs
from reglab.jobs import Runner, noise
from reglab.jobs.noise import SIGMAS
from reglab.predictions import NoiseCurve
from reglab.store import Run, Store, derived
from reglab.ui.compare.noise import csv_of, curves_of, images_text, problem_lines, readable
from reglab.ui.shared.services import services

FIRST, SECOND = (NoiseCurve(6, images, SIGMAS, tuple(range(100, 90, -1))) for images in (200, 1000))


@pytest.fixture
def store(served_home: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """That of the pages."""
    monkeypatch.setattr(Runner, "_take_up", lambda self: None)
    return services().store


def with_counts(store: Store, run: Run, counts: NoiseCurve) -> Run:
    (store.home / run.id).mkdir()
    derived.write(store.files(run.id), "noise-last", noise._key(run, "last"), asdict(counts))
    return run


def test_kept_counts_are_read_and_others_computed_one_by_one(store: Store) -> None:
    kept, other = with_counts(store, add_run(store), FIRST), with_counts(store, add_run(store), SECOND)
    bare, waiting = add_run(store, name="bare"), add_run(store, state="queued", name="waiting")
    runs, steps = [kept, bare, other, waiting], list[int]()
    found, problems = curves_of(runs, "last", steps.append)
    assert found == {kept.id: FIRST, other.id: SECOND}
    assert list(problems) == [bare.id, waiting.id]
    assert steps == [2, 3, 4]
    assert problem_lines(runs, problems) == [
        "“bare”: The weights of the last epoch are not on the disk; a run keeps them when it ends\\.",
        "“waiting”: It has not ended\\: a run keeps its weights when it ends\\.",
    ]
    assert curves_of([kept, other], "last", lambda done: pytest.fail("nothing is computed")) == (found, {})


def test_runs_with_the_same_sentence_share_a_line(store: Store) -> None:
    runs = [add_run(store, spec(), state="queued", name=f"q{i}") for i in range(5)]
    (line,) = problem_lines(runs, curves_of(runs, "best", lambda done: None)[1])
    assert line.startswith("“q0”, “q1”, “q2” and 2 more: It has not ended")


def test_the_table_has_a_row_a_run_and_the_file_the_intervals() -> None:
    known = {"a": FIRST, "b": SECOND}
    table = noise_accuracy(known)
    shown = readable(table, known, style_runs([RunIdentity("a", "one"), RunIdentity("b", "two")]))
    assert shown.iloc[:, :4].values.tolist() == [
        ["one", "6", "50.0\u202f%", "49.5\u202f%"],
        ["two", "6", "10.0\u202f%", "9.9\u202f%"],
    ]
    assert list(shown)[2:4] == ["σ = 0", "σ = 0.05"]
    rows = csv_of(table).decode("utf-8-sig").splitlines()
    assert rows[0] == "run,sigma,accuracy,low,high,images"
    assert rows[1].startswith("a,0.0,0.5,0.43")
    assert len(rows) == 1 + 2 * len(SIGMAS)
    assert images_text(known) == "200 to 1,000 validation images"
    assert images_text({"a": FIRST}) == "200 validation images"
