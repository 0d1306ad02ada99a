"""The services as the visitor of a session gets them: sign-in off, on, and on a read-only server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.factories import spec
from tests.store.test_read_only_store import methods

from reglab.access import Person
from reglab.errors import AccessDenied
from reglab.jobs import PersonalRunner, Runner
from reglab.settings import Settings
from reglab.store import Store
from reglab.ui.shared import services as module
from reglab.ui.shared.services import Services, admitted, services, visitor

SIGN_IN = {"REGLAB_SIGN_IN": "1", "REGLAB_EXPERIMENTERS": "ann@lab.org", "REGLAB_VIEWERS": "vic@lab.org"}


@pytest.fixture
def opened(store: Store, runner: Runner, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Services:
    found = Services(settings, store, runner)
    monkeypatch.setattr(module, "own_services", lambda: found)
    monkeypatch.setattr(Runner, "_take_up", lambda self: None)
    return found


def signed_in(monkeypatch: pytest.MonkeyPatch, **claims: Any) -> None:
    """Have this thread be a session whose cookie has these claims."""
    for name, value in SIGN_IN.items():
        monkeypatch.setenv(name, value)
    user = SimpleNamespace(get=claims.get, to_dict=lambda: claims)
    monkeypatch.setattr(module, "get_script_run_ctx", lambda **_: object())
    monkeypatch.setattr(module, "st", SimpleNamespace(user=user))


def test_without_sign_in_everybody_has_everything(opened: Services) -> None:
    assert services() is opened
    assert (visitor(), admitted()) == (None, True)


def test_an_experimenter_gets_a_store_and_a_runner_that_act_for_them(
    opened: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = opened.runner.submit(spec())
    with opened.store._database.write() as connection:
        connection.exec_driver_sql("UPDATE runs SET person = 'bob@lab.org'")
    signed_in(monkeypatch, is_logged_in=True, email="ann@lab.org")
    found = services()
    assert (admitted(), visitor()) == (True, Person("ann@lab.org", "experimenter"))
    assert isinstance(found.runner, PersonalRunner)
    assert found.runner.submit(spec()).person == "ann@lab.org"
    for order in (found.runner.stop, found.runner.resume, lambda run: found.runner.extend(run, 100)):
        with pytest.raises(Exception, match=r"only they or an admin|is queued"):
            order(theirs.id)
    assert opened.store.get(theirs.id).state == "queued"
    assert (found.runner.alive(), found.runner.trouble(), found.runner.position(theirs.id)) == (True, None, 1)
    found.runner.close()
    assert opened.runner.alive()


def test_a_runner_of_a_person_leaves_all_but_orders_to_the_servers() -> None:
    orders = {"submit", "stop", "resume", "extend", "position"}  # which go through the store alone
    assert methods(PersonalRunner) == methods(Runner) - orders


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"is_logged_in": False, "email": "ann@lab.org"},
        {"is_logged_in": "yes", "email": "ann@lab.org"},
        {"is_logged_in": True},
        {"is_logged_in": True, "email": "eve@lab.org"},
        {"is_logged_in": True, "email": "ann@lab.org", "email_verified": False},
    ],
)
def test_nobody_else_gets_anything(claims: dict[str, Any], opened: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, **claims)
    assert not admitted()
    with pytest.raises(AccessDenied):
        services()
    with pytest.raises(AccessDenied):
        visitor()


def test_a_thread_without_a_session_is_nobody(opened: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SIGN_IN.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccessDenied):
        services()


def test_signed_out_visitors_of_a_read_only_server_look_and_change_nothing(
    opened: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = opened.store.create(spec())
    monkeypatch.setattr(opened.store._database, "read_only", "Only read.")
    signed_in(monkeypatch)
    assert visitor() == Person("", "viewer")
    assert services().store.get(run.id) == run
    for refused in (lambda: services().runner.submit(spec()), lambda: services().store.audit_log(1)):
        with pytest.raises(Exception, match=r"Only read|Only an admin"):
            refused()
    monkeypatch.undo()
