"""Specs, links and --set made to exhaust the server: refused within bounds of memory, and hardly repeated."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reglab.cli import main
from reglab.errors import SpecError, UnknownName, clipped, shown
from reglab.models import MODELS
from reglab.spec import RunSpec
from reglab.spec_text import LONGEST, read
from reglab.sweep import SweepSpec
from reglab.sweep_values import parse_values
from reglab.ui.shared.query import read_link
from reglab.ui.sweep import query as sweep_address

MEMORY = 1_500_000_000  # bytes of address space; the least bomb below stands for 10⁹ values
LONG = "x" * 10_000


def bomb(levels: int) -> str:
    """Nine aliases of nine aliases of …: 9 ** ``levels`` values."""
    lines = ["&a0 [1,1,1,1,1,1,1,1,1]"]
    lines += [f"&a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "{a: [" + ", ".join(lines) + "]}"


ATTACKS = {
    "yaml": "import sys; from reglab.spec import RunSpec; RunSpec.from_yaml(sys.stdin.read())",
    "set": "import sys; from reglab.spec import RunSpec; "
    "RunSpec().with_assignments(['penalty.factors=' + sys.stdin.read()])",
    "link": "import sys; from reglab.spec import RunSpec; RunSpec.from_query({'penalty.factors': sys.stdin.read()})",
}


@pytest.mark.parametrize("way", ATTACKS)
def test_an_alias_bomb_is_refused_before_it_is_built(way: str) -> None:
    code = (
        f"from reglab.errors import SpecError\ntry:\n    {ATTACKS[way]}\nexcept SpecError as error:\n    print(error)"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    done = subprocess.run(
        [sys.executable, "-c", code], input=bomb(10), capture_output=True, text=True, check=True, preexec_fn=limit
    )
    assert "has an anchor or alias (line 1); write its values out." in done.stdout


def test_a_bomb_in_a_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bomb.yaml").write_text(bomb(10), encoding="utf-8")
    assert main(["train", str(tmp_path / "bomb.yaml")]) == 2
    assert capsys.readouterr().err == "reglab: The spec has an anchor or alias (line 1); write its values out.\n"


def test_an_endless_file_is_not_read_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "/dev/zero"]) == 2
    assert f"longer than the {LONGEST:,} characters" in capsys.readouterr().err


@pytest.mark.parametrize("text", [

    "{" * 50_000, "[" * 50_000, "- " * 50_000, "? " * 50_000, "a: " * 30_000, '{"a":' * 20_000, "'" * LONGEST,
    '"' * LONGEST,
    " " * LONGEST, "\n" * LONGEST, "a\n" * 50_000, "1," * 50_000, "[1," * 30_000, "{a: {" * 20_000, "|\n" * 50_000,
    "a: |\n" + " \n" * 45_000, "&a" * 50_000, "%YAML 1.1\n" * 10_000, "#\n" * 50_000, "a: '" + "''" * 40_000,
])  # fmt: skip
def test_other_large_texts_end_in_a_sentence(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        RunSpec.parse({"data": read(text)})
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("argv", [
    ["train", "--set", f"model.name={LONG}"], ["train", "--set", f"data.name={LONG}"],
    ["train", "--set", f"penalty.l2={LONG}"],
    ["train", "--set", f"penalty.scope={LONG}"], ["train", "--set", f"{LONG}.y=1"],
    ["train", "--set", f"penalty.{LONG}=1"],
    ["train", "--set", LONG], ["train", "--set", f"penalty.factors={{{LONG}: 1}}"], ["train", f"--{LONG}"],
    ["train", "--set", f"penalty.factors={{{LONG}: x}}"], ["train", "--set", f"penalty.factors={{{LONG}: -1}}"],
    ["train", "a", *["b c"] * 3000], [LONG], ["train", f"--jso={LONG}"], ["train", "/" + LONG], ["sweep", "--l2", LONG],
    ["sweep", "--l2", f"0,0{'1' * 9000}"], ["sweep", "--l2", f"1:{LONG}:3"], ["sweep", "--apply", LONG], ["sweep",
    "--seeds", LONG],
    ["sweep", "--seeds", "9" * 9000], ["sweep", "--l1-ratio", LONG], ["show", LONG], ["export", LONG, "--to",
    "csv", "--out", "x"],
    ["translate", "1", "--from", LONG], ["translate", LONG, "--from", "keras-l2"], ["translate", "1", "--from",
    "keras-l2", "--to", LONG],
    ["translate", f"{LONG}=1,{LONG}=1", "--from", "keras-l2"], ["translate", "1", "--from", "keras-l2", "--n", LONG],
    ["translate", "1", "--from", "keras-l2", "--optimizer", LONG], ["translate", "1", "--from", "keras-l2",
    "--and", LONG],
    ["claims", LONG], ["claims", "all", "--seeds", LONG], ["claims", "all", "--seeds", "9" * 9000],
])  # fmt: skip
def test_the_command_line_repeats_little_of_what_is_typed(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REGLAB_HOME", str(tmp_path / "home"))
    assert main(argv) == 2
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    assert all(run not in sentence for run in ("x" * 61, "9" * 61, "1" * 61, "b c " * 16))


@pytest.mark.parametrize("key", [*RunSpec().flat(), f"data.{LONG}", f"{LONG}.name"])
def test_a_link_repeats_little_of_what_it_says(key: str) -> None:
    def check(spec: RunSpec) -> None:
        MODELS.get(spec.model.name)

    for text in (LONG, f"{{{LONG}: {LONG}}}", json.dumps({LONG: 1}), f"[{LONG}]"):
        for problem in (
            read_link({key: text}, check).problem,
            sweep_address.read({key: text}, check).problem,
        ):
            assert problem is None or "x" * 61 not in problem


@pytest.mark.parametrize("key", ["l1", "l2", "lambdas", "ratio", "ways", "seeds", "folds"])
def test_a_link_to_a_sweep_repeats_little_of_what_it_says(key: str) -> None:
    problem = sweep_address.read({key: LONG}).problem
    assert problem is not None
    assert "x" * 61 not in problem
    _, problems = sweep_address.read_view({"view": LONG, "epoch": LONG, "role": LONG})
    assert not any("x" * 61 in problem for problem in problems)


def test_a_link_with_thousands_of_settings_reads_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunSpec] = []
    address = read_link({f"data.key{i}": "1" for i in range(5_000)}, asked.append)
    assert address.spec == RunSpec()
    assert address.problem is not None
    assert address.problem.endswith("It has 5,000 settings; the first 100 are read. (100 more could not be read.)")
    assert len(asked) <= 1


def test_large_inputs_are_shortened_without_being_written_out() -> None:
    class Endless(list[int]):
        def __repr__(self) -> str:
            raise AssertionError("the whole value is formatted")

    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested, nested]
    for value in (LONG, nested, list(range(10**6)), {LONG: LONG}, 10**4000, Endless([1] * 10**6), b"x" * 10**6):
        assert len(shown(value)) <= 62
    assert len(clipped("a b\n" * 10**6)) <= 60
    with pytest.raises(SpecError) as caught:
        SweepSpec.parse({"l2": nested})
    assert len(str(caught.value)) < 200
    with pytest.raises(SpecError) as caught:
        parse_values(",".join(["0"] * 10**6))
    assert len(str(caught.value)) < 200
    assert len(str(UnknownName("model", LONG, ["a"]))) < 120
