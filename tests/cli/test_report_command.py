"""``reglab report``: one file where FILE says, the result object, and one sentence for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.factories import add_run, add_sweep

from reglab.cli import main
from reglab.store import Store

pytestmark = pytest.mark.usefixtures("own_home")


def test_the_report_is_written_and_described(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, sweep = add_run(store, name="one"), add_sweep(store, name="all")
    out = tmp_path / "new" / "report.html"
    assert main(["report", "one", "all", run.id, "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    seconds = found.pop("seconds")
    assert found == {"report": str(out), "bytes": out.stat().st_size, "runs": [run.id], "sweeps": [sweep.id]}
    assert seconds > 0
    assert main(["report", "one", "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"{out} (")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody", "--out", "r.html"], "There is no run"),
        (["queued", "--out", "r.html"], "is still queued, no epoch is done; report it once it has ended."),
        (["done", "--out", "r.pdf"], "--out names an HTML file, for example report.html, not r.pdf."),
        (["done", "--out", "notes.html"], "notes.html exists and is no report of RegLab; choose another name."),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: list[str],
    sentence: str,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.html").write_text("mine", "utf-8")
    add_run(store, state="queued", name="queued")
    add_run(store, name="done")
    assert main(["report", *arguments]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["notes.html"]
    assert Path("notes.html").read_text("utf-8") == "mine"
