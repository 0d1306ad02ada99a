"""Sweeps that a stranger has made, in a right archive of their runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.archive.archiving import Members, imported, opened_home, packed, with_record
from tests.archive.hostile import SWEEP, Attack, refused

from reglab.store import Store


def _of_sweep(**changes: Any) -> Attack:
    return lambda members: packed(with_record(members, f"sweeps/{SWEEP}/sweep.json", **changes))


PLAN = {"stacks": [[0, 1, 2], [3, 4, 5]], "how": {"fused": True}, "together": 2, "workers": 2, "speedup": 1.0}
PLAN |= {"difference": None, "seconds": 1.0, "reason": None}
CONFIRMS = {"sweep": SWEEP, "rule": "best", "shift": 2, "seeds": 2, "test_sha256": "00" * 32, "epochs": []}
CONFIRMS |= {"roles": [["best"]] * 3, "measure": "val_loss"}
SWEEP_ATTACKS: dict[str, tuple[Attack, str]] = {
    "no runs": (_of_sweep(runs=[]), "does not have the runs"),
    "runs of others": (_of_sweep(runs=["r111111111"] * 6), "does not have the runs"),
    "spec that is none": (_of_sweep(spec={"l2": "evil"}), "cannot read"),
    "spec of a million runs": (_of_sweep(spec={"l2": list(range(10**5)), "seeds": 1000}), "cannot read"),
    "other settings": (_of_sweep(spec={"l2": [0.0, 0.5, 0.7], "seeds": 2}), "other settings|does not have"),
    "plan that is none": (_of_sweep(plan="evil"), "plan"),
    "plan of other runs": (_of_sweep(plan=json.dumps({**PLAN, "stacks": [[7]]})), "plan"),
    "plan with words": (_of_sweep(plan=json.dumps({**PLAN, "workers": "many"})), "plan"),
    "plan with billions": (_of_sweep(plan=json.dumps({**PLAN, "workers": 10**10})), "plan"),
    "confirms other points": (_of_sweep(confirms={**CONFIRMS, "roles": [["best"]]}), "other points"),
    "unknown role": (_of_sweep(confirms={**CONFIRMS, "roles": [["<b>"]] * 3}), "roles"),
    "unknown rule": (_of_sweep(confirms={**CONFIRMS, "rule": "evil"}), "rule"),
    "checks a path": (_of_sweep(checks="../x y"), "is not an id"),
    "seconds that are words": (_of_sweep(seconds="1"), "seconds"),
}


@pytest.mark.parametrize("name", SWEEP_ATTACKS)
def test_a_hostile_sweep_is_refused(name: str, sweep: Members, attacked: Store) -> None:
    attack, sentence = SWEEP_ATTACKS[name]
    said = refused(attacked, attack(sweep))
    assert any(part in said for part in sentence.split("|")), said


def test_the_plan_and_the_confirmation_of_the_attacks_are_right_otherwise(sweep: Members, tmp_path: Path) -> None:
    with opened_home(tmp_path / "home") as store:
        (arrival,) = imported(store, _of_sweep(plan=json.dumps(PLAN), confirms=CONFIRMS)(sweep))
        assert store.sweep(arrival.here).plan == PLAN
