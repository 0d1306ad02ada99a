"""The store and the runner of this process: opened once, shared by all pages, never closed by a visitor or a reload.

Where people sign in, each session gets them as its visitor may use them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar, cast

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from reglab.access import Person
from reglab.errors import AccessDenied
from reglab.jobs import Downloads, PersonalRunner, ReadOnlyRunner, Runner
from reglab.settings import Settings, load_settings
from reglab.sharing import Limits, SignIn, load_sign_in
from reglab.store import Store, open_store
from reglab.store.private import remove_private_folders
from reglab.training import choose_device

T = TypeVar("T")

_PLACE = "reglab_process_wide"


@dataclass(frozen=True)
class Services:
    """What pages work with: the store is the truth, the runner trains what is queued in it."""

    settings: Settings
    store: Store
    runner: Runner
    person: Person | None = None

    def used_by(self, person: Person, limits: Limits) -> Services:
        """These services as ``person`` may use them."""
        store = self.store.acting_for(person, limits)
        return Services(self.settings, store, PersonalRunner(self.runner, store), person)

    def close(self) -> None:
        """Checkpoint the running runs, mark them interrupted, and close the store."""
        self.runner.close()
        self.store.close()


@dataclass
class _Slot:
    """Holds the one instance."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    services: Services | None = None


def services() -> Services:
    """The services as the visitor of this session may use them.

    :raises AccessDenied: people sign in to this server, and this visitor has no role.
    :raises RegLabError: as :func:`own_services`.
    """
    opened, sign_in = own_services(), load_sign_in()
    if sign_in is None:
        return opened
    person = _person(sign_in, opened)
    if person is None:
        raise AccessDenied("Sign in with an account that has a role here.")
    return opened.used_by(person, sign_in.limits)


def visitor() -> Person | None:
    """The person in front of this session's page; None where nobody signs in to this server.

    :raises AccessDenied: they have no role.
    """
    return services().person


def admitted() -> bool:
    """Whether this session may see pages. What a read-only server shows, it shows to everybody."""
    sign_in = load_sign_in()
    return sign_in is None or _person(sign_in, own_services()) is not None


def _person(sign_in: SignIn, opened: Services) -> Person | None:
    """The person that the signed cookie of this session names. A thread without a session is nobody."""
    signed_in = get_script_run_ctx(suppress_warning=True) is not None and st.user.get("is_logged_in") is True
    claims = st.user.to_dict() if signed_in else {}
    found = sign_in.person(claims)
    if found is None and opened.store.read_only is not None:
        return Person("", "viewer")
    return found


def own_services() -> Services:
    """The services of this process, for the server itself; opened on first use.

    :raises RegLabError: if a setting is invalid or the store cannot be opened; the next call tries again.
    """
    slot = process_wide("services", _Slot)
    with slot.lock:
        if slot.services is None:
            slot.services = open_services(load_settings())
        return slot.services


def open_services(settings: Settings) -> Services:
    """A store and a runner for ``settings``.

    :raises RegLabError: if the store cannot be opened, or every run would fail, as without the device or the cluster.
    """
    with ExitStack() as opened:
        store = opened.enter_context(open_store(settings))
        if not settings.on_ray and store.read_only is None:
            choose_device(settings.device)
        runner = Runner(store, settings) if store.read_only is None else ReadOnlyRunner(store, settings)
        opened.pop_all()
    return Services(runner.settings, store, runner)


def close_services() -> None:
    """Close the services if they are open; a later :func:`services` opens them again."""
    slot = process_wide("services", _Slot)
    downloads().close()
    with slot.lock:
        opened, slot.services = slot.services, None
    if opened is not None:
        opened.close()
        remove_private_folders()


def downloads() -> Downloads:
    """The downloads of this process."""
    return process_wide("downloads", Downloads)


def process_wide(name: str, make: Callable[[], T]) -> T:
    """The one object called ``name`` in this process; the first caller makes it, the others wait for it.

    It survives what other places do not. ``st.cache_resource`` is emptied for everybody by the message ``clear_cache``,
    which any visitor's browser may send: a second store and runner would appear. Module globals are lost when
    Streamlit's file watcher reloads a changed module; a module without a file is not watched.
    """
    place = _place()
    with place.lock:
        if name not in place.objects:
            place.objects[name] = make()
        return cast("T", place.objects[name])


def _place() -> Any:
    made = ModuleType(_PLACE)
    made.lock, made.objects = threading.RLock(), {}  # type: ignore[attr-defined]
    return sys.modules.setdefault(_PLACE, made)  # atomic: two threads that ask at once get the same module
