"""What every convention promises, and every pair of them."""

from __future__ import annotations

import re

import pytest
from tests.conventions.strategies import CONTEXTS, PLAIN, example

from reglab.conventions import (
    CONVENTIONS,
    Context,
    MissingContext,
    Part,
    Translation,
    combine,
    needed,
    translate,
    translate_all,
)
from reglab.conventions.caveats import SAME_TENSORS
from reglab.conventions.convention import Convention

every = pytest.mark.parametrize("entry", CONVENTIONS.entries.values(), ids=lambda c: c.name)
every_context = pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)


@every
def test_tells_a_person_what_it_is(entry: Convention) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name)
    assert 0 < len(entry.label) <= 40
    for text in (entry.help, entry.source):
        assert text.endswith(".")
    assert len(entry.source) > 20
    assert entry.formula
    assert entry.plain
    assert entry.tensors
    assert all(note.endswith(".") for note in entry.notes)
    assert len({e.order for e in CONVENTIONS.entries.values()}) == len(CONVENTIONS.entries)
    assert len({e.label for e in CONVENTIONS.entries.values()}) == len(CONVENTIONS.entries)


@every
def test_the_formula_is_balanced_latex(entry: Convention) -> None:
    assert entry.formula.count("{") == entry.formula.count("}")
    assert len(re.findall(r"\\left\b", entry.formula)) == len(re.findall(r"\\right\b", entry.formula))


@every
def test_the_source_says_which_version_or_text_was_read_and_what_tests_do(entry: Convention) -> None:
    assert re.search(r"\d|Addons|Optax|nn\.ts|RegLab's own|Widespread", entry.source)
    assert re.search(r"executed|checked", entry.source)


@every
@every_context
def test_reads_what_its_parts_say(entry: Convention, context: Context) -> None:
    meaning = entry.conversion.read(example(entry), context)
    assert meaning.parts == entry.conversion.parts


@every
def test_needs_nothing_that_it_does_not_name(entry: Convention) -> None:
    only = {name: value for name, value in PLAIN.given().items() if name in entry.conversion.needs}
    meaning = entry.conversion.read(example(entry), Context(**only))  # type: ignore[arg-type]
    assert entry.conversion.write(meaning, Context(**only)).keys() == example(entry).keys()  # type: ignore[arg-type]
    for name, why in entry.conversion.needs.items():
        without = Context(**{key: value for key, value in PLAIN.given().items() if key != name})  # type: ignore[arg-type]
        with pytest.raises(MissingContext, match=re.escape(why)):
            combine([Part(entry.name, example(entry))], without)


@every
def test_to_itself_nothing_changes(entry: Convention) -> None:
    same = translate(example(entry), entry.name, entry.name)
    assert same.exact
    assert same.values == example(entry)


@every_context
@every
def test_every_pair_is_exact_or_has_a_reason(entry: Convention, context: Context) -> None:
    for target in CONVENTIONS.entries.values():
        found = translate(example(entry), entry.name, target.name, context)
        check(found, target)


def check(found: Translation, target: Convention) -> None:
    """Numbers that ``target`` takes, or a reason that is a sentence."""
    if found.exact:
        assert found.values is not None
        assert found.reason == ""
        assert found.approximation is None
        assert found.code
        assert found.steps
        target.values(found.values)
    else:
        assert found.values is None
        assert found.reason.endswith(".")
        assert len(found.reason.split()) >= 8
    assert all(note.endswith(".") for note in found.notes)
    assert len(set(found.notes)) == len(found.notes)
    assert all(clause in found.headline for clause in found.conditions)
    assert "{" not in found.headline
    if found.code:  # what a note says of tensors and losses is a condition of the number as well
        notes = " ".join(found.notes)
        assert ("Which tensors" in notes) == (SAME_TENSORS in found.conditions)
        assert ("he data loss" in notes) == any(clause.startswith("the data loss") for clause in found.conditions)


@every
def test_every_target_gets_an_answer_or_names_what_is_missing(entry: Convention) -> None:
    answers = translate_all(example(entry), entry.name)
    assert set(answers) == set(CONVENTIONS.names()) - {entry.name}
    for target, answer in answers.items():
        if isinstance(answer, MissingContext):
            assert answer.name in needed([entry.name], target)
            assert str(answer).endswith(".")


@every
def test_what_is_needed_is_enough(entry: Convention) -> None:
    context = PLAIN.given()
    for target in CONVENTIONS.names():
        only = {name: context[name] for name in needed([entry.name], target, PLAIN)}
        found = translate(example(entry), entry.name, target, Context(**only))  # type: ignore[arg-type]
        assert found.exact == translate(example(entry), entry.name, target, PLAIN).exact


@every
def test_zero_is_no_penalty_everywhere(entry: Convention) -> None:
    shares = {p.name: 0.5 for p in entry.parameters if p.most == 1}
    nothing = {p.name: float("inf") if p.inverse else 0.0 for p in entry.parameters} | shares
    for target in CONVENTIONS.entries.values():
        found = translate(nothing, entry.name, target.name, PLAIN)
        assert found.exact
        assert found.values is not None
        assert target.conversion.read(found.values, PLAIN).parts == frozenset()
