"""The policy: every role, every action, own runs, others' and nobody's."""

from __future__ import annotations

from typing import get_args

import pytest

from reglab.access import ROLES, Action, Person, refusal

ANN = {role: Person("ann@lab.org", role) for role in ROLES}
ON_RUNS = ("stop", "resume", "extend", "delete", "restore", "label")
ALLOWED: dict[str, set[tuple[str, str | None]]] = {
    "viewer": set(),
    "experimenter": {
        ("start", None),
        ("import", None),
        *((action, owner) for action in ON_RUNS for owner in (None, "ann@lab.org")),
    },
    "admin": {
        *(
            (action, owner)
            for action in (*ON_RUNS, "start", "import", "audit", "delete_data")
            for owner in (None, "ann@lab.org", "bob@lab.org")
        )
    },
}


@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what_to_whose_runs(role: str) -> None:
    person = ANN[role]  # type: ignore[index]
    for action in get_args(Action):
        for owner in (None, "ann@lab.org", "bob@lab.org"):
            if action in ("start", "import", "audit", "delete_data") and owner and role != "admin":
                continue  # a new run has no owner, and the log has none
            sentence = refusal(person, action, owner)
            assert (sentence is None) == ((action, owner) in ALLOWED[role]), (action, owner, sentence)
            assert sentence is None or (sentence.endswith(".") and "\n" not in sentence)


@pytest.mark.parametrize("action", get_args(Action))
def test_this_machine_may_do_everything(action: Action) -> None:
    assert refusal(None, action, "bob@lab.org") is None


def test_sentences_name_the_owner_and_the_person() -> None:
    assert refusal(ANN["experimenter"], "delete", "bob@lab.org") == (
        "This is a run of bob@lab.org; only they or an admin may delete it."
    )
    assert "not signed in" in str(refusal(Person("", "viewer"), "start"))
