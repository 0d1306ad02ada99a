"""A claim's runs as training would have left them in a store."""

from __future__ import annotations

from collections.abc import Iterable

from tests.factories import layer_stats, metrics

from reglab.events import Environment
from reglab.lessons.claim import GROUP, Trial
from reglab.states import State
from reglab.store import Ending, Progress, Run, Store


def queue_trials(store: Store, trials: Iterable[Trial]) -> list[Run]:
    """The trials' runs, queued as the page queues them."""
    return [store.create(t.spec, name=t.name, key=t.key, group=GROUP) for t in trials]


def finish_trials(store: Store, trials: Iterable[Trial], state: State = "finished", **figures: float) -> None:
    """The trials' runs, ended in ``state`` after their last epoch with these figures; those that ended stay."""
    for run in queue_trials(store, trials):
        if store.claim(run.id, store.owner()):
            store.began({run.id: Environment("cpu", 1, {"torch": "2.13.0"}, 20_000, 200, 539)})
            store.add_initial_layers({run.id: layer_stats(0)})
            last = metrics(run.epochs, **figures)
            store.add_epochs([(run.id, last, layer_stats(run.epochs), run.epochs)])
            store.progress(run.id, {run.id: Progress(run.epochs, 0, 7, 1.0)})
            store.finish([Ending(run.id, state, weights_path=f"{run.id}/weights.safetensors", weights_sha256=run.id)])
