"""Many threads and several processes at one store: nothing is lost, nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.factories import layer_stats, metrics
from tests.store import children
from tests.store.children import child

from reglab import columns
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Ending, Progress, Store, open_store
from reglab.sweep import SweepSpec

THREADS = 8


def at_once(work: Callable[[int], object], threads: int = THREADS) -> list[object]:
    """What ``work`` gives in each of several threads that start together."""
    barrier = threading.Barrier(threads)

    def started(i: int) -> object:
        barrier.wait()
        return work(i)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(started, range(threads)))


def asked_at_once(settings: Settings, action: Callable[..., None], *arguments: str, processes: int = 2) -> list[object]:
    """What several processes say that do ``action`` at the same word."""
    with ExitStack() as stack:
        children = [stack.enter_context(child(action, settings, *arguments)) for _ in range(processes)]
        assert [one.heard() for one in children] == ["ready"] * processes
        for one in children:
            one.tell()
        return [one.heard() for one in children]


def test_eight_threads_each_keep_every_write(any_store: Store) -> None:
    epochs = 12

    def train(_i: int) -> str:
        run = any_store.create(RunSpec(), owner=any_store.owner())
        for epoch in range(1, epochs + 1):
            any_store.add_epochs([(run.id, metrics(epoch), layer_stats(epoch), epoch)])
            any_store.progress(run.id, {run.id: Progress(epoch, 1, 13, 0.1 * epoch)})
            assert any_store.get(run.id).step == 1
        any_store.finish([Ending(run.id, "finished")])
        return run.id

    ids = [str(run_id) for run_id in at_once(train)]
    assert {(run.id, run.epoch, run.state) for run in any_store.runs()} == {(i, epochs, "finished") for i in ids}
    assert len(any_store.epochs(ids)) == THREADS * epochs
    assert len(any_store.layers(ids)) == THREADS * epochs * len(layer_stats(1))


def test_a_reader_never_sees_an_epoch_without_its_histograms(any_store: Store) -> None:
    run = any_store.create(RunSpec(), owner=any_store.owner())
    written = threading.Event()

    def write(_i: int) -> None:
        for epoch in range(1, 40):
            any_store.add_epochs([(run.id, metrics(epoch), layer_stats(epoch), 1)])
        written.set()

    def read(_i: int) -> int:
        looks = 0
        while not written.is_set() or not looks:
            seen = set(any_store.epochs([run.id])[columns.EPOCH])
            assert seen <= set(any_store.layers([run.id])[columns.EPOCH])
            assert seen == set(range(1, len(seen) + 1))
            looks += 1
        return looks

    _, looks = at_once(lambda i: (write, read)[i](i), threads=2)
    assert isinstance(looks, int)
    assert looks > 0


def test_threads_with_one_key_make_one_run(any_store: Store) -> None:
    ids = at_once(lambda _i: any_store.create(RunSpec(), key="the key").id)
    assert len(set(ids)) == len(any_store.runs()) == 1


def test_threads_with_stores_of_their_own_claim_each_run_once(any_settings: Settings, any_store: Store) -> None:
    ids = [any_store.create(RunSpec()).id for _ in range(10)]

    def claim_all(_i: int) -> list[str]:
        with open_store(any_settings) as mine:
            return [run_id for run_id in ids if mine.claim(run_id, mine.owner())]

    claimed = [run_id for some in at_once(claim_all, 4) for run_id in some]  # type: ignore[attr-defined]
    assert sorted(claimed) == sorted(ids)


def test_two_processes_with_one_key_make_one_run(any_settings: Settings, any_store: Store) -> None:
    first, second = asked_at_once(any_settings, children.create, "the key")
    assert [run.id for run in any_store.runs()] == [first] == [second]


def test_one_of_two_processes_claims_a_run(any_settings: Settings, any_store: Store) -> None:
    run = any_store.create(RunSpec())
    assert sorted(map(str, asked_at_once(any_settings, children.claim, run.id))) == ["False", "True"]


def test_two_processes_with_one_key_make_one_sweep_of_which_one_claims_all(
    any_settings: Settings, any_store: Store
) -> None:
    first, second = asked_at_once(any_settings, children.create_sweep, "the key")
    assert [sweep.id for sweep in any_store.sweeps()] == [first] == [second]
    assert len(any_store.runs()) == 4
    assert sorted(map(str, asked_at_once(any_settings, children.claim, str(first)))) == ["False", "True"]
    assert len({run.owner for run in any_store.runs()}) == 1


def test_writers_of_all_lanes_never_wait_for_each_other_in_a_circle(any_store: Store) -> None:
    sweep = any_store.create(SweepSpec(l2=(0.0, 0.01, 0.02, 0.03), seeds=5), owner=any_store.owner())
    lanes = [run.id for run in any_store.sweep_runs(sweep.id)]
    rounds = range(1, 15)
    work: tuple[Callable[[int], object], ...] = (
        lambda epoch: any_store.add_epochs([(lane, metrics(epoch), [], 1) for lane in lanes]),
        lambda epoch: any_store.add_initial_layers(dict.fromkeys(reversed(lanes), layer_stats(0))),
        lambda epoch: any_store.progress(sweep.id, {lanes[-1]: Progress(epoch, 1, 2, 1.0)}, seconds=1.0),
        lambda epoch: any_store.request_stop(sweep.id),
        lambda epoch: any_store.request_stop(lanes[epoch]),
        lambda epoch: any_store.recover(),
    )
    at_once(lambda i: [work[i](epoch) for epoch in rounds], threads=len(work))
    now = any_store.sweep(sweep.id)
    assert (now.state, now.wanted, now.epoch, now.highest) == ("running", "stop", rounds[-1], rounds[-1])


def test_processes_may_open_a_new_store_at_once(new_settings: Settings) -> None:
    assert asked_at_once(new_settings, children.open_new, processes=3) == [0] * 3


def test_threads_may_open_a_new_store_at_once(new_settings: Settings) -> None:
    def opened(_i: int) -> int:
        with open_store(new_settings) as store:
            return len(store.runs())

    assert at_once(opened) == [0] * THREADS
