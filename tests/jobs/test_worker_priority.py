"""Workers yield to the server's pages, also where the kernel weighs sessions against each other."""

from __future__ import annotations

import os
import sys

import psutil
import pytest
from tests.jobs.processes import pool_of

from reglab.settings import Settings
from reglab.store import Store


@pytest.mark.skipif(sys.platform != "linux", reason="niceness and sessions are those of Linux")
def test_a_worker_is_nicer_than_the_server_in_its_session_and_apart_from_its_terminal(
    pool_settings: Settings, pool_store: Store
) -> None:
    with pool_of(pool_store, pool_settings) as pool:
        for starter in pool.warm(1):
            starter.join()
        [worker] = pool.workers
        assert psutil.Process(worker.pid).nice() == min(19, psutil.Process().nice() + 10)
        assert os.getsid(worker.pid) == os.getsid(0)
        assert os.getpgid(worker.pid) == worker.pid
