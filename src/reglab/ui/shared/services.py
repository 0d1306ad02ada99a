"""The store and the runner of this process: opened once, shared by all pages, never ended by a visitor or a reload."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from reglab.jobs import ThreadRunner
from reglab.settings import Settings, load_settings
from reglab.store import Store, open_store
from reglab.training import choose_device
from reglab.ui.shared.process_wide import process_wide


@dataclass(frozen=True)
class Services:
    """What pages work with; the store is the truth, the runner trains what is queued in it."""

    settings: Settings
    store: Store
    runner: ThreadRunner

    def close(self) -> None:
        """Checkpoint what is training, leave it interrupted, and let go of the store."""
        self.runner.close()
        self.store.close()


@dataclass
class _Slot:
    """Where the one instance is kept."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    services: Services | None = None


def _slot() -> _Slot:
    return process_wide("services", _Slot)


def services() -> Services:
    """The services of this process, opened on first use.

    :raises RegLabError: where a setting is wrong or the store cannot be opened; the next call tries again.
    """
    slot = _slot()
    with slot.lock:
        if slot.services is None:
            slot.services = open_services(load_settings())
        return slot.services


def open_services(settings: Settings) -> Services:
    """A store and a runner as ``settings`` say.

    :raises RegLabError: where the store cannot be opened, or every run would fail because its device is not here.
    """
    choose_device(settings.device)
    store = open_store(settings)
    return Services(settings, store, ThreadRunner(store, settings))


def close_services() -> None:
    """Close the services if they are open; a later :func:`services` opens them again."""
    slot = _slot()
    with slot.lock:
        opened, slot.services = slot.services, None
    if opened is not None:
        opened.close()
