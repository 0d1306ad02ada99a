"""The signals that end a command's training: on systems with and without SIGHUP, and under nohup."""

from __future__ import annotations

import os
import signal

import pytest

from reglab.cli.training import signals


@pytest.mark.skipif(os.name != "posix", reason="this system has no SIGHUP to send")
def test_a_closed_terminal_asks_to_end_like_sigterm() -> None:
    with signals() as received:
        for number in (signal.SIGHUP, signal.SIGTERM):
            signal.raise_signal(number)
    assert received == [signal.SIGHUP, signal.SIGTERM]
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


@pytest.mark.skipif(os.name != "posix", reason="this system has no SIGHUP to send")
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals() as received:
            signal.raise_signal(signal.SIGHUP)
        assert received == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_system_without_sighup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP", raising=False)
    with signals() as received:
        signal.raise_signal(signal.SIGINT)
    assert received == [signal.SIGINT]
