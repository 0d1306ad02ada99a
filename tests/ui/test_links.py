"""An address says which runs or which form; what cannot be read costs itself alone."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ui.specs import specs

from reglab.errors import SpecError
from reglab.spec import RunSpec
from reglab.ui.shared.query import MAX_RUNS, Link, best_effort, read_link, run_ids, run_query

IDS = st.text("abcdefghjkmnpqrstvwxyz0123456789", min_size=1, max_size=10)


@given(specs())
def test_every_spec_survives_the_address_bar(wanted: RunSpec) -> None:
    query = dict(parse_qsl(urlencode(wanted.to_query()), keep_blank_values=True))
    address = read_link(query)
    assert (address.spec or RunSpec()) == wanted
    assert address.problem is None
    assert address.runs == ()


@given(st.lists(IDS, min_size=1, max_size=MAX_RUNS, unique=True))
def test_runs_survive_the_address_bar(ids: list[str]) -> None:
    assert read_link(run_query(ids)) == Link(runs=tuple(ids))


def test_one_run_and_several_have_their_own_parameter() -> None:
    assert run_query(["a"]) == {"run": "a"}
    assert run_query(["a", "b"]) == {"runs": "a,b"}


def test_blanks_doubles_and_too_many_runs_are_dropped() -> None:
    assert run_ids({"runs": " a, ,b,a"}) == ("a", "b")
    assert run_ids({"run": "a", "runs": "b"}) == ("a", "b")
    assert len(run_ids({"runs": ",".join(map(str, range(100)))})) == MAX_RUNS


def test_an_address_without_settings_leaves_the_form_alone() -> None:
    assert read_link({}) == read_link({"embed": "true"}) == Link()


def test_a_bad_value_takes_its_default_and_the_rest_stays() -> None:
    address = read_link({"penalty.l2": "-1", "train.epochs": "7", "nonsense.key": "1", "optim.lr": "fast"})
    assert address.spec == RunSpec().with_changes({"train.epochs": 7})
    assert address.problem is not None
    assert address.problem.startswith(
        "The link has a setting that cannot be used, so its default stands in. penalty.l2"
    )
    assert "(2 more could not be read.)" in address.problem


def test_a_further_check_may_refuse_names() -> None:
    def refuse(spec: RunSpec) -> None:
        if spec.data.name == "nope":
            raise SpecError("Unknown dataset 'nope'.")

    address = read_link({"data.name": "nope", "penalty.l2": "0.5"}, refuse)
    assert address.spec == RunSpec().with_changes({"penalty.l2": 0.5})
    assert address.problem is not None
    assert "Unknown dataset 'nope'." in address.problem


@given(st.dictionaries(st.sampled_from([*RunSpec().flat(), "x.y"]), st.text(max_size=12), max_size=6))
def test_no_address_can_break_the_form(settings: dict[str, str]) -> None:
    spec, problems = best_effort(settings)
    assert isinstance(spec, RunSpec)
    assert len(problems) <= len(settings)


@pytest.mark.parametrize(
    "value", ["nan", ".nan", "inf", "-.inf", "1e999", "[[[[", "{a: b", "!!python/object:os.system", ""]
)
def test_hostile_numbers_become_a_sentence(value: str) -> None:
    address = read_link({"penalty.l2": value})
    assert address.spec == RunSpec()
    assert address.problem is not None
    assert "\n" not in address.problem
