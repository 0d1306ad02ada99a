"""Readings that sessions share: one for each round of ticks, and none that is stale or hides a fact."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from tests.patience import PATIENCE

from reglab.ui.shared.memo import Readings

SESSIONS = [f"session {i}" for i in range(30)]


@dataclass
class Training:
    """Something that is further at every look; ``read`` counts the looks that were read whole."""

    readings: Readings[int] = field(default_factory=lambda: Readings(most=4))
    epoch: int = 0
    state: str = "running"
    read: int = 0
    before: int | None = None

    def look(self, session: str, key: str = "run", *, opens: bool = False) -> int:
        """The epoch that ``session`` gets to see."""
        version = self.state, self.epoch
        return self.readings.take(key, session, opens=opens, facts=self.state, version=version, read=self._read)

    def _read(self, before: int | None) -> int:
        self.read += 1
        self.before = before
        return self.epoch


def test_a_round_of_ticks_reads_once_although_every_session_finds_another_epoch() -> None:
    training = Training()
    for round_ in range(5):
        shown = set()
        for session in SESSIONS:
            training.epoch += 1
            shown.add(training.look(session))
        assert len(shown) == 1
        assert training.read == round_ + 1


def test_a_session_that_opens_a_page_is_not_shown_the_last_look_of_another() -> None:
    training = Training()
    training.look("one", opens=True)
    training.epoch = 40
    assert training.look("another", opens=True) == 40
    training.epoch = 90
    assert training.look("a third", opens=True) == 90


def test_a_session_that_comes_back_reads_anew_although_others_have_been_there_since() -> None:
    training = Training()
    training.look("away", opens=True)
    training.look("here", opens=True)
    training.epoch = 10
    training.look("here")
    training.epoch = 90
    assert training.look("away", opens=True) == 90


def test_a_session_that_opens_the_page_costs_the_others_no_reading() -> None:
    training = Training()
    for session in SESSIONS:
        training.look(session)
    for round_ in range(5):
        before = training.read
        for number, session in enumerate(SESSIONS):
            training.epoch += 1
            training.look(session)
            if number == len(SESSIONS) // 2:
                training.look(f"visitor of round {round_}", opens=True)
        assert training.read == before + 2


def test_no_session_is_shown_an_older_state_than_before() -> None:
    training, last = Training(), dict.fromkeys(SESSIONS, 0)
    order = [SESSIONS[(7 * i * i) % len(SESSIONS)] for i in range(500)]
    for session in order:
        training.epoch += 1
        shown = training.look(session)
        assert shown >= last[session]
        last[session] = shown


def test_a_session_that_comes_again_sees_what_is_new() -> None:
    training = Training()
    training.epoch = 3
    assert training.look("me") == 3
    training.epoch = 4
    assert training.look("me") == 4


def test_the_same_version_is_read_once_however_often_it_is_looked_at() -> None:
    training = Training()
    for session in SESSIONS * 3:
        training.look(session)
    assert training.read == 1


def test_a_fact_is_never_shown_late() -> None:
    training = Training()
    training.look("one")
    training.epoch, training.state = 9, "finished"
    assert training.look("two") == 9


def test_reading_goes_on_from_the_reading_before_while_the_facts_are_the_same() -> None:
    training = Training()
    training.epoch = 3
    training.look("me")
    assert training.before is None
    training.epoch = 4
    training.look("me")
    assert training.before == 3
    training.epoch, training.state = 5, "finished"
    training.look("me")
    assert training.before is None


def test_different_things_are_read_apart_and_only_a_few_are_kept() -> None:
    training = Training()
    for key in "abcdef":
        training.look("me", key)
    assert training.read == 6
    training.look("me", "f")
    assert training.read == 6
    training.look("me", "a")  # forgotten: only the newest four are kept
    assert training.read == 7


class Doorway:
    """A lock that counts those who have come to it."""

    def __init__(self) -> None:
        self.come, self._lock = threading.Semaphore(0), threading.Lock()

    def __enter__(self) -> None:
        self.come.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_sessions_that_open_a_page_at_once_share_the_reading_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each session finds another epoch; all of them have come before the reading ends."""
    training, door = Training(), Doorway()
    monkeypatch.setattr(training.readings._of("run"), "lock", door)

    def read(_before: int | None) -> int:
        for _ in SESSIONS:
            assert door.come.acquire(timeout=PATIENCE)
        return training._read(None)

    def one(epoch: int) -> int:
        return training.readings.take("run", SESSIONS[epoch], opens=True, facts="running", version=epoch, read=read)

    with ThreadPoolExecutor(len(SESSIONS)) as pool:
        assert set(pool.map(one, range(len(SESSIONS)))) == {0}
    assert training.read == 1
