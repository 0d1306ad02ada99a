"""Roles from lists and claims, limits, the provider, and where the server may listen."""

from __future__ import annotations

from typing import Any

import pytest

from reglab.errors import RegLabError
from reglab.sharing import PROVIDER, Limits, check_listening, is_loopback, load_provider, load_sign_in

LISTS = {
    "REGLAB_SIGN_IN": "1",
    "REGLAB_ADMINS": "Ann@lab.org",
    "REGLAB_EXPERIMENTERS": "bob@lab.org, *@students.lab.org",
    "REGLAB_VIEWERS": "*",
}


def role(environ: dict[str, str], **claims: Any) -> str | None:
    sign_in = load_sign_in(environ)
    assert sign_in is not None
    person = sign_in.person(claims)
    return person.role if person else None


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("ann@lab.org", "admin"),
        ("ANN@LAB.ORG", "admin"),
        ("bob@lab.org", "experimenter"),
        ("x@students.lab.org", "experimenter"),
        ("x@evil-students.lab.org", "viewer"),
        ("ann@lab.org.evil.example", "viewer"),
        ("", None),
        (None, None),
    ],
)
def test_roles_of_addresses(email: str | None, expected: str | None) -> None:
    assert role(LISTS, email=email) == expected


def test_an_address_that_the_provider_calls_unverified_has_no_role() -> None:
    assert role(LISTS, email="ann@lab.org", email_verified=False) is None
    assert role(LISTS, email="ann@lab.org", email_verified="false") is None
    assert role(LISTS, email="ann@lab.org", email_verified=True) == "admin"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("admin", "admin"),
        (["staff", "experimenter", "viewer"], "experimenter"),
        ("administrator", None),
        (["Admin"], None),
        ({"admin": True}, None),
        (None, None),
    ],
)
def test_roles_of_a_claim(value: object, expected: str | None) -> None:
    environ = {"REGLAB_SIGN_IN": "1", "REGLAB_ROLE_CLAIM": "reglab"}
    assert role(environ, email="x@lab.org", reglab=value) == expected


def test_the_highest_role_counts() -> None:
    environ = {**LISTS, "REGLAB_ROLE_CLAIM": "groups"}
    assert role(environ, email="bob@lab.org", groups=["viewer"]) == "experimenter"
    assert role(environ, email="bob@lab.org", groups=["admin"]) == "admin"


def test_sign_in_is_off_unless_it_is_on() -> None:
    assert load_sign_in({}) is None
    assert load_sign_in({"REGLAB_SIGN_IN": "0", "REGLAB_ADMINS": "a@b.c"}) is None
    sign_in = load_sign_in({**LISTS, "REGLAB_PERSON_RUNS": "7", "REGLAB_PERSON_EPOCHS": "8", "REGLAB_PERSON_DISK": "9"})
    assert sign_in is not None
    assert sign_in.limits == Limits(7, 8, 9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"REGLAB_SIGN_IN": "yes"},
        {"REGLAB_SIGN_IN": "1"},
        {**LISTS, "REGLAB_ADMINS": "ann"},
        {**LISTS, "REGLAB_ADMINS": "ann@lab.org; bob@lab.org"},
        {**LISTS, "REGLAB_VIEWERS": "*lab.org"},
        {"REGLAB_SIGN_IN": "1", "REGLAB_ROLE_CLAIM": "a b"},
        {**LISTS, "REGLAB_PERSON_RUNS": "0"},
    ],
)
def test_a_wrong_setting_admits_nobody(wrong: dict[str, str]) -> None:
    with pytest.raises(RegLabError):
        load_sign_in(wrong)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST", "unix:///s"])
def test_this_computer_alone(address: str) -> None:
    assert is_loopback(address)
    check_listening(address, {})


@pytest.mark.parametrize("address", ["", "0.0.0.0", "::", "10.0.0.7", "lab.example.com", "1270.0.1", "localhost.org"])
def test_beyond_this_computer_needs_sign_in_or_a_word(address: str) -> None:
    with pytest.raises(RegLabError, match="REGLAB_SIGN_IN=1, or REGLAB_ALLOW_OPEN=1") as refused:
        check_listening(address, {"REGLAB_ALLOW_OPEN": "0"})
    assert str(refused.value).count("\n") == 0
    for name in ("REGLAB_ALLOW_OPEN", "REGLAB_SIGN_IN"):
        check_listening(address, {name: "1"})


def test_the_provider_from_the_environment_is_whole_or_absent() -> None:
    whole = dict.fromkeys(PROVIDER, "x") | {"REGLAB_PUBLIC_URL": "https://lab.example.com/"}
    found = load_provider(whole)
    assert found is not None
    assert found["redirect_uri"] == "https://lab.example.com/oauth2callback"
    assert load_provider({"REGLAB_PUBLIC_URL": "https://lab.example.com"}) is None
    for name in whole:
        with pytest.raises(RegLabError, match=name):
            load_provider({key: value for key, value in whole.items() if key != name})
