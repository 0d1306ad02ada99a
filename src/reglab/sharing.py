"""Settings of a server that several people use: who signs in with which role, limits, and where it may listen."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reglab.access import ROLES, Person, Role
from reglab.errors import RegLabError, shown
from reglab.settings import count, switch

_EMAIL = re.compile(r"\*|(\*|[^\s@,*]+)@[^\s@,*]+")
_LISTS: dict[Role, str] = {
    "viewer": "REGLAB_VIEWERS",
    "experimenter": "REGLAB_EXPERIMENTERS",
    "admin": "REGLAB_ADMINS",
}
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


@dataclass(frozen=True)
class Limits:
    """What the work of one experimenter may take at once: ``runs`` and ``epochs`` that wait or train (each run of a
    sweep counts), and GiB on ``disk`` of all their runs, deleted ones included until their files are removed.
    """

    runs: int
    epochs: int
    disk: int


@dataclass(frozen=True)
class SignIn:
    """Who has which role: ``people`` has patterns of addresses by role; ``claim`` names a claim of the provider."""

    people: Mapping[Role, tuple[str, ...]]
    claim: str | None
    limits: Limits

    def person(self, claims: Mapping[str, Any]) -> Person | None:
        """The person with these verified claims of the provider; None where no list and no claim gives them a role.

        An address that the provider calls unverified is nobody's. The highest of several roles counts.
        """
        email = str(claims.get("email") or "").strip().lower()
        if not email or claims.get("email_verified") in (False, "false"):
            return None
        listed = [role for role, patterns in self.people.items() if any(_matches(email, one) for one in patterns)]
        roles = [role for role in ROLES if role in (*listed, *self._claimed(claims))]
        return Person(email, roles[-1]) if roles else None

    def _claimed(self, claims: Mapping[str, Any]) -> Iterable[object]:
        """The values of the claim: one, or a list."""
        found = claims.get(self.claim) if self.claim else None
        return found if isinstance(found, list | tuple) else [found]


def load_sign_in(environ: Mapping[str, str] | None = None) -> SignIn | None:
    """Who may sign in; None where ``REGLAB_SIGN_IN`` is off.

    :raises RegLabError: a list has something other than addresses, or nobody could be admitted.
    """
    env = os.environ if environ is None else environ
    if not switch(env, "REGLAB_SIGN_IN"):
        return None
    people = {role: _addresses(env, name) for role, name in _LISTS.items()}
    claim = env.get("REGLAB_ROLE_CLAIM") or None
    if claim is not None and not _CLAIM.fullmatch(claim):
        raise RegLabError(f"REGLAB_ROLE_CLAIM must be the name of a claim, not {shown(claim)}.")
    if claim is None and not any(people.values()):
        raise RegLabError("REGLAB_SIGN_IN=1 admits nobody: name people in REGLAB_ADMINS, or REGLAB_ROLE_CLAIM.")
    limits = Limits(
        count(env, "REGLAB_PERSON_RUNS", 500, at_most=10**9),
        count(env, "REGLAB_PERSON_EPOCHS", 50_000, at_most=10**9),
        count(env, "REGLAB_PERSON_DISK", 20, at_most=10**6),
    )
    return SignIn(people, claim, limits)


def check_listening(address: str, environ: Mapping[str, str] | None = None) -> None:
    """Refuse to listen beyond this computer without sign-in.

    :raises RegLabError: others could reach a server at ``address`` and would be admins of it.
    """
    env = os.environ if environ is None else environ
    if is_loopback(address) or switch(env, "REGLAB_ALLOW_OPEN") or switch(env, "REGLAB_SIGN_IN"):
        return
    raise RegLabError(
        f"RegLab does not listen on {shown(address or '0.0.0.0')}, where others can reach it, without sign-in: all "
        "of them could start, stop and delete runs. Set REGLAB_SIGN_IN=1, or REGLAB_ALLOW_OPEN=1 in a network "
        "that you trust."
    )


def is_loopback(address: str) -> bool:
    """Whether only this computer reaches a server that listens at ``address``."""
    name = address.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost") or name.startswith("unix:"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _addresses(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(one.strip().lower() for one in (env.get(name) or "").split(",") if one.strip())
    for one in found:
        if not _EMAIL.fullmatch(one):
            raise RegLabError(
                f"{name} must list e-mail addresses separated by commas (*@example.org for all of a domain, * for "
                f"everybody who signs in), not {shown(one)}."
            )
    return found


def _matches(email: str, pattern: str) -> bool:
    return pattern in ("*", email) or (pattern.startswith("*@") and email.endswith(pattern[1:]))


PROVIDER = ("REGLAB_OIDC_URL", "REGLAB_OIDC_CLIENT_ID", "REGLAB_OIDC_CLIENT_SECRET", "REGLAB_COOKIE_SECRET")
"""The settings of the provider; the last two are secrets."""


def load_provider(environ: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """The section ``[auth]`` of Streamlit's secrets, from the settings; None where they name no provider.

    :raises RegLabError: some of them are missing.
    """
    env = os.environ if environ is None else environ
    if not any(env.get(name) for name in PROVIDER):
        return None
    if missing := [name for name in ("REGLAB_PUBLIC_URL", *PROVIDER) if not env.get(name)]:
        raise RegLabError(f"The sign-in provider needs {' and '.join(missing)} as well.")
    url, client, secret, cookies = (env[name] for name in PROVIDER)
    back = f"{env['REGLAB_PUBLIC_URL'].rstrip('/')}/oauth2callback"
    return {
        "redirect_uri": back,
        "server_metadata_url": url,
        "client_id": client,
        "client_secret": secret,
        "cookie_secret": cookies,
    }
