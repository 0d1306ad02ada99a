"""The report: the page's sentences and charts, every condition, nothing that runs or calls out, and what it refuses."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.factories import add_many, add_run, add_sweep, metrics, spec
from tests.pages.sweeps import SMALL, WITH_TEST, confirm, figures, locked
from tests.report.reading import Read, read

from reglab.charts.base import MOST_NAMED
from reglab.cli.commands import sweep as sweep_command_line
from reglab.content.verdict_text import verdict_text
from reglab.report import MOST, ReportError, Subjects, find, make_report
from reglab.report.charts import TEXT, enlarged
from reglab.report.page import breakable, csp_hash, policy, prose, unmarked
from reglab.report.reproduce import sweep_command
from reglab.report.sweep_part import SweepReading
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store, Sweep
from reglab.sweep import SweepSpec

ROOT = Path(__file__).parents[2]
MARKUP = "<img src=x onerror=alert(1)> **bold** </script><script>alert(2)</script>"


def report(store: Store, settings: Settings, *jobs: Run | Sweep) -> Read:
    return read(make_report(store, settings, Subjects.of(jobs)))


def test_a_sweep_has_the_verdict_the_table_charts_and_conditions(store: Store, settings: Settings) -> None:
    sweep = locked(store)
    confirm(store, sweep)
    found = report(store, settings, sweep)
    lines = [line.text.replace("**", "") for line in verdict_text(SweepReading(store, sweep).view)]
    assert found.find("span", class_="sentence") == [" ".join(line.split()) for line in lines]
    assert "is best" in lines[0]
    text = found.find("body")[0]
    for part in ("359 images", "Confirmation: Opening 1 of 1", "Test accuracy", "Networks were trained on 400 images"):
        assert part in text
    assert [key.rpartition("-")[2] for key in charts_of(found)] == [
        *("curve", "gap", "val", "train", "epochs", "weights", "norms", "memory")
    ]
    conditions = found.find("figcaption")
    assert len(conditions) == len(found.figures)
    assert all(re.search(r"(?i)epoch", one) and re.search(r"(?i)seeds", one) for one in conditions), conditions
    assert found.find("ul", class_="conditions")[0].startswith("Epoch: every run counts at its last epoch")


def charts_of(found: Read) -> list[str]:
    return [own["data-chart"] for tag, own in found.elements if own.get("class") == "figure"]


def test_runs_have_their_story_pairs_differences_seeds_and_versions(store: Store, settings: Settings) -> None:
    one = add_run(store, spec(penalty__l2=0.0), name="plain")
    other = add_run(store, spec(penalty__l2=0.03), name="decayed")
    text = report(store, settings, one, other).find("body")[0]
    for part in (
        "Last epoch: λ₂ = 0.03 has", "Accuracy, last → best", "penalty.l2", "torch2.13.0", "Training seed",
        "in brackets the change against no penalty", "1,568",
        f"reglab train run-{one.id}.yaml --name plain", "one seed a run",
    ):  # fmt: skip
        assert part in text


def test_many_runs_are_named_beside_the_charts_and_not_in_them_and_take_little_room(
    store: Store, settings: Settings
) -> None:
    runs = [add_run(store, spec(train__seed=seed), name=f"seed {seed}") for seed in range(MOST_NAMED + 1)]
    page = make_report(store, settings, Subjects.of(runs))
    assert len(page) < 3e6
    found = read(page)
    (legend,) = found.find("ul", class_="legend")
    assert legend.split() == [word for seed in range(MOST_NAMED + 1) for word in ("seed", str(seed))]
    named = {trace.get("name") for figure in found.figures for trace in figure["data"] if trace.get("showlegend", True)}
    assert not {f"seed {seed}" for seed in range(MOST_NAMED + 1)} & named


def test_three_runs_have_a_sentence_together_in_which_names_are_text(store: Store, settings: Settings) -> None:
    shares = {"**first**": 0.7, "`second`": 0.8, "third \\*": 0.9}
    runs = [
        add_run(store, spec(train__seed=seed), name=name, epochs=[metrics(1, val_acc=share)])
        for seed, (name, share) in enumerate(shares.items())
    ]
    verdict = report(store, settings, *runs).find("span", class_="sentence")
    assert verdict[0].startswith("Last epoch 1: of 3 runs, third \\* has the highest validation accuracy, 90.0")
    assert ", **first** the lowest, 70.0" in verdict[0]


def test_names_with_markup_are_text(store: Store, settings: Settings) -> None:
    run = add_run(store, spec(train__seed=1), name=MARKUP)
    beside = add_run(store, name="beside")
    sweep = add_sweep(store, SMALL, figures=figures, name=MARKUP)
    found = report(store, settings, run, beside, sweep)
    assert not [own for tag, own in found.elements if tag == "img" or any(name.startswith("on") for name in own)]
    scripts = [own for tag, own in found.elements if tag == "script"]
    assert [own for own in scripts if "type" not in own] == [{}]
    assert {own.get("type") for own in scripts} == {None, "application/json", "application/octet-stream"}
    assert found.find("h2")[0] == " ".join(MARKUP.split())


def test_only_the_two_scripts_may_run_and_nothing_may_be_fetched(store: Store, settings: Settings) -> None:
    found = report(store, settings, add_run(store))
    (given,) = (own["content"] for tag, own in found.elements if own.get("http-equiv") == "Content-Security-Policy")
    (own,) = (
        text
        for (tag, attributes), text in zip(found.elements, found.texts, strict=True)
        if (tag, attributes) == ("script", {})
    )
    assert csp_hash(own) in given
    assert re.fullmatch(
        r"default-src 'none'; script-src ('sha256-[\w+/]{43}=' ?){2}; style-src 'unsafe-inline'; .*", given
    )
    assert given == policy(*re.findall(r"'sha256-[^']+'", given))
    assert not [value for _, own in found.elements for name, value in own.items() if name in ("src", "href")]


@pytest.mark.parametrize(
    ("state", "epochs", "sentence"),
    [
        ("queued", 0, r"The run “odd” \(\w+\) is still queued, no epoch is done; report it once it has ended\."),
        ("running", 6, r"The run “odd” \(\w+\) is still running, epoch 6 of 30 is done; report it once it has ended\."),
        ("failed", 0, r"The run “odd” \(\w+\) ended before its first epoch, so there is nothing to report of it\."),
    ],
)
def test_a_run_without_figures_is_refused(store: Store, state: Any, epochs: int, sentence: str) -> None:
    add_run(store, state=state, epochs=epochs, name="odd")
    with pytest.raises(ReportError, match=sentence):
        find(store, ["odd"])


def test_a_sweep_that_trains_is_refused(store: Store) -> None:
    sweep = add_sweep(store, SMALL, figures=figures, state="running")
    with pytest.raises(ReportError, match=r"is still running, epoch 6 of 6 is done"):
        find(store, [sweep.id])


def test_too_many_are_refused_and_the_same_one_counts_once(store: Store) -> None:
    run = add_run(store, epochs=1)
    assert len(find(store, [run.id] * (MOST + 1)).runs) == 1
    every = add_many(store, MOST + 1, epochs=1)
    with pytest.raises(ReportError, match=rf"at most {MOST} runs and sweeps, not {MOST + 1}"):
        find(store, every)


@pytest.mark.parametrize("state", ["cancelled", "diverged"])
def test_jobs_that_ended_badly_have_a_report(store: Store, settings: Settings, state: Any) -> None:
    run = add_run(store, state=state, epochs=3)
    sweep = add_sweep(store, SMALL, figures=figures, state=state, environment=WITH_TEST)
    text = report(store, settings, run, sweep).find("body")[0]
    assert f"This run is {state}." in text
    assert f"This sweep is {state}." in text


@pytest.mark.parametrize(
    "values",
    [
        {"l2": [0, 1e-4, 0.03], "seeds": 3, "measure": "loss"},
        {"l1": [0, 0.1], "l2": [1e-5, 2.5e-4], "folds": 5, "epoch": "common"},
        {"lambdas": [0, 1e-3], "l1_ratio": 0.3, "blocks": 2},
        {"l2": [0, 0.1], "over": {"optim.lr": [1e-3, 1e-2]}, "apply": ["coupled", "decoupled"], "seeds": 2},
        {"over": {"model.dropout": [0, 0.3]}},
    ],
)
def test_the_command_of_a_sweep_makes_the_same_sweep(values: dict[str, Any], tmp_path: Path) -> None:
    wanted = SweepSpec.parse({"run": spec(penalty__l2=0.02, data__test_fraction=0.2).model_dump(), **values})
    file = tmp_path / "the spec.yaml"
    file.write_text(wanted.run.to_yaml(), "utf-8")
    parser = argparse.ArgumentParser()
    sweep_command_line.ENTRY.arguments(parser)
    arguments = parser.parse_args(shlex.split(sweep_command(wanted, str(file)))[2:])
    assert sweep_command_line._spec(arguments) == wanted


def test_the_settings_of_a_run_read_back_equal(store: Store, settings: Settings) -> None:
    run = add_run(store, spec(penalty__factors={"fc.weight": 0.5}, optim__name="sgd", train__epochs=6))
    (text, *_) = report(store, settings, run).find("pre")
    assert RunSpec.from_yaml(text) == run.spec


def test_text_is_fourteen_pixels_high_at_least() -> None:
    made = enlarged({"layout": {"xaxis": {"title": {"font": {"size": 12}}}, "margin": {"l": 60}, "width": 300},
                     "data": [{"marker": {"size": 12}, "text": "<span style='font-size:12px'>a</span>"}]})  # fmt: skip
    assert made["layout"] == {"xaxis": {"title": {"font": {"size": TEXT}}}, "margin": {"l": 70}, "width": 300}
    assert made["data"] == [{"marker": {"size": 12}, "text": "<span style='font-size:14px'>a</span>"}]


def test_sentences_keep_their_emphasis_and_lose_all_other_markup() -> None:
    assert prose("**a < b**, *c*  \n`d`<i>") == "<strong>a &lt; b</strong>, <em>c</em><br><code>d</code>&lt;i&gt;"
    assert prose(unmarked("a*b\\`")) == "a&#42;b&#92;&#96;"


def test_settings_break_at_dots_and_underlines_and_numbers_do_not() -> None:
    assert breakable("regularize.label_smoothing") == "regularize.<wbr>label_<wbr>smoothing"
    assert breakable("0.03 <") == "0.03 &lt;"


def test_colours_are_those_of_the_pages() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    style = (ROOT / "src/reglab/report/report.css").read_text("utf-8")
    names = {"paper": "backgroundColor", "panel": "secondaryBackgroundColor", "text": "textColor"}
    names |= {"link": "linkColor", "line": "borderColor"}
    for own, key in names.items():
        assert re.findall(rf"--{own}: (#\w+)", style) == [theme["light"][key], theme["dark"][key]]


def test_a_diverged_figure_leaves_a_gap(store: Store, settings: Settings) -> None:
    run = add_run(store, epochs=[metrics(1), metrics(2, val_loss=float("nan"), gap_loss=float("nan"))])
    assert report(store, settings, run).figures
