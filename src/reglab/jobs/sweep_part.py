"""One group of a sweep's lanes: its events go to the store epoch by epoch, all lanes in one transaction.

Its checkpoint is one file with the state of every lane at the same step: it is whole or absent, and the lanes resume
together to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reglab.events import Checkpoint, Ended, Environment, EpochDone, Evaluating, Event, LayerStats, Started, StepDone
from reglab.jobs.held_out import HeldOutEvaluation
from reglab.jobs.initial_weights import InitialWeights
from reglab.jobs.keeping import Keeper
from reglab.jobs.machines import environment_of
from reglab.jobs.pace import Pace
from reglab.jobs.patience import Patience
from reglab.jobs.sweep_plan import LANE_THREADS, Plan
from reglab.jobs.work import can_go_on, diverged_sentence, is_finite, weights_of
from reglab.settings import Settings
from reglab.store import Ending, EpochEntry, Progress, Run, Store
from reglab.training import train
from reglab.training.devices import use_threads


@dataclass
class SweepPartWorker:
    """Advances the lanes whose runs are ``runs`` by an epoch at a time; ``number`` names its folder in the sweep's.

    It leaves once ``halting()``. ``held_out`` evaluates the runs of a confirmation, ``initial`` has the initial weights
    that other groups of this process have written. Runs that finished before a resume keep their lane; their results
    are discarded.
    """

    store: Store
    settings: Settings
    sweep_id: str
    number: int
    runs: Sequence[Run]
    plan: Plan
    halting: Callable[[], bool]
    seconds_of_sweep: Callable[[], float]
    patience: Patience
    held_out: HeldOutEvaluation | None = None
    initial: InitialWeights = field(default_factory=InitialWeights)
    pace: Pace = field(default_factory=Pace)
    epoch: int = 0
    done: bool = False
    _events: Generator[Event] | None = None
    _at: StepDone | Evaluating | None = None  # the last event, between two calls of advance
    _going: set[int] = field(default_factory=set)  # lanes whose runs have not ended
    _seconds: list[float] = field(default_factory=list)
    _kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    _started: dict[int, Started] = field(default_factory=dict)
    _epochs: list[EpochEntry] = field(default_factory=list)
    _endings: list[Ending] = field(default_factory=list)
    _keepers: dict[int, Keeper] = field(default_factory=dict)
    _ended: dict[int, Ended] = field(default_factory=dict)
    _from_end: bool = False  # whether it goes on from the checkpoint of an earlier end

    def __post_init__(self) -> None:
        self.files = self.store.sweep_files(self.sweep_id, self.number)

    def advance(self) -> None:
        """Train to the first step after an epoch, the end of all lanes (``done``), or, with a checkpoint, a halt."""
        with self.pace.turn():
            self._advance()

    def _advance(self) -> None:
        use_threads(self.threads)
        events, through = self._events or self._begin(), False
        self._events = events
        for event in events:
            match event:
                case Started():
                    self._note_start(event)
                case EpochDone():
                    self._note_epoch(event)
                    through = True
                case Ended():
                    self._note_end(event)
                case StepDone() | Evaluating():
                    self._at = event
                    self._write()
                    if self._between(event) or through:
                        return
        self._write()
        self._settle()
        self.done = True
        self.close()

    @property
    def threads(self) -> int:
        """Intra-op threads: those of earlier work on the lanes, whose last bits depend on it."""
        return self.runs[0].threads or LANE_THREADS

    def _settle(self) -> None:
        """At the end, keep what going on needs, where a lane can."""
        if any(can_go_on(self.runs[lane].spec, event.reason) for lane, event in self._ended.items()):
            states = [self._ended[lane].snapshot() for lane in sorted(self._ended)]
            weights = {f"{lane}/": self.store.files(run.id) for lane, run in enumerate(self.runs)}
            known = {path: own for keeper in self._keepers.values() for path, own in keeper.hashes.items()}
            self.patience(self.files.save_end, self._group(states), weights, known)
        elif any(event.reason == "diverged" for event in self._ended.values()):
            self.files.drop_second_checkpoint()
        else:
            self.files.drop_checkpoints()

    def leave(self) -> None:
        """Save the lanes if they have begun, and free their memory."""
        try:
            if self._at is not None:
                self._save(self._at.snapshots)
                self._report_at(self._at)
        finally:
            self.close()

    def fail(self, sentence: str) -> None:
        """End every lane that this process still trains as failed."""
        self.close()
        self.done = True
        mine = self.store.owner().id
        runs = [self.patience(self.store.get, run.id) for run in self.runs]
        running = [run.id for run in runs if run.state == "running" and run.owner == mine]
        self._finish([Ending(run_id, "failed", error=sentence) for run_id in running])

    def close(self) -> None:
        """Free the lanes' memory."""
        if self._events is not None:
            self._events.close()
        self._events = self._at = None

    def _begin(self) -> Generator[Event]:
        """The lanes' events from the last checkpoint; epochs stored after it are dropped."""
        checkpoint = self.patience(self.files.load_checkpoint)
        facts, self._from_end = checkpoint.facts if checkpoint else {}, self.files.is_end
        states = _parts(checkpoint) if checkpoint else [None] * len(self.runs)
        self._kept, self._seconds = dict(facts.get("kept", {})), facts.get("run_seconds", [0.0] * len(self.runs))
        self._going = {lane for lane, run in enumerate(self.runs) if run.state == "running"}
        at = {run.id: int(state.facts["epoch"]) if state else 0 for run, state in zip(self.runs, states, strict=True)}
        last = {self.runs[lane].id: at[self.runs[lane].id] for lane in self._going}
        self.patience(self.store.drop_epochs_after, last)
        return train(
            *(run.spec for run in self.runs),
            device=self.settings.device,
            threads=self.threads,
            folder=self.settings.data,
            resume=states,
            how=self.plan.how,
        )

    def _note_start(self, event: Started) -> None:
        """Write the starts with the last one, before any lane takes a step."""
        self._started[event.lane] = event
        if event.lane in self._going:
            self._keepers[event.lane] = Keeper.of(self.store.files(self.runs[event.lane].id), event)
        self.epoch = event.epoch
        if len(self._started) == len(self.runs):
            self._write_start()

    def _note_epoch(self, event: EpochDone) -> None:
        self.epoch = event.metrics.epoch
        self._seconds[event.lane] += event.metrics.seconds
        if event.lane in self._going:
            self._keepers[event.lane].note(event)
            if self.held_out is not None:
                self.held_out.note_epoch(self.runs[event.lane], event)
            self._epochs.append((self.runs[event.lane].id, event.metrics, event.layers, event.best_epoch))

    def _note_end(self, event: Ended) -> None:
        """Write the weights now: the lane's tensors change while others go on."""
        self._ended[event.lane] = event
        if event.lane not in self._going:
            return
        run, lane = self.runs[event.lane], str(event.lane)
        if event.reason == "diverged":
            if lane not in self._kept:
                self._keep_finite(event.lane)
            kept = self._kept[lane]
            self.patience(self._keepers[event.lane].diverge, event)
            sentence = diverged_sentence(event.epoch, kept["epoch"])
            ending = Ending(run.id, "diverged", kept["path"], kept["sha256"], sentence)
        else:
            kept_as = self.patience(self._keepers[event.lane].end, event, run.spec.train.keep)
            if self.held_out is not None:
                self.held_out.evaluate(run, event)
            ending = Ending(run.id, "finished", *kept_as)
        self._endings.append(ending)

    def _write(self) -> None:
        """Write the noted epochs and endings to the store."""
        if self._epochs:
            self.patience.once(lambda: True, self.store.add_epochs, self._epochs)
            self._epochs = []
        if self._endings:
            ended = {ending.id for ending in self._endings}
            lanes = {lane for lane, run in enumerate(self.runs) if run.id in ended}
            self._report(lanes, self.epoch, 0, 0)
            self._finish(self._endings)
            self._going -= lanes
            self._endings = []

    def _finish(self, endings: Sequence[Ending]) -> None:
        def done() -> bool:
            return all(self.store.get(ending.id).state == ending.state for ending in endings)

        self.patience.once(done, self.store.finish, endings)

    def _write_start(self) -> None:
        started, self._started = self._started, {}
        how = f"fused, {len(self.runs)} lanes" if self.plan.how.fused else "alone"
        environments: dict[str, Environment] = {}
        initial: dict[str, Sequence[LayerStats]] = {}
        for lane in sorted(self._going & started.keys()):
            event, run = started[lane], self.runs[lane]
            environments[run.id] = replace(environment_of(event, run), advance=how)
            if event.epoch == event.step == 0:
                initial[run.id] = event.layers
        self.patience(self.store.began, environments)
        snapshots = tuple(event.snapshot for _, event in sorted(started.items()))
        if initial:
            self.patience(self.store.add_initial_layers, initial)
            states = [snapshot() for snapshot in snapshots]
            places = self.initial.write(self.store, self.patience, weights_of(states[0]), list(initial))
            lanes = {run.id: f"{lane}/model/" for lane, run in enumerate(self.runs)}
            elsewhere = {lanes[run_id]: place for run_id, place in places.items()}
            self.patience(self.files.save_checkpoint, self._group(states), elsewhere)
        elif self._from_end:  # the weights that the checkpoint at the end goes with will be replaced
            self._save(snapshots)

    def _between(self, event: StepDone | Evaluating) -> bool:
        """Leave if it is time; once a tick, save what is due and report progress."""
        if self.halting():
            self.leave()
            return True
        if self.pace.ticks():
            if self.pace.due():
                self._save(event.snapshots)
            self._report_at(event)
        return False

    def _report_at(self, event: StepDone | Evaluating) -> None:
        step = event.step if isinstance(event, StepDone) else event.steps
        self._report(self._going, event.epoch - 1, step, event.steps)

    def _report(self, lanes: Iterable[int], epoch: int, step: int, steps: int) -> None:
        far = {self.runs[lane].id: Progress(epoch, step, steps, self._seconds[lane]) for lane in lanes}
        self.patience(self.store.progress, self.sweep_id, far, seconds=self.seconds_of_sweep())

    def _save(self, snapshots: Sequence[Callable[[], Checkpoint]]) -> None:
        """Save all lanes at the same step; for one that is no longer finite, first keep its last finite weights."""

        def save() -> None:
            states = [snapshot() for snapshot in snapshots]
            for lane in sorted(self._going):
                if str(lane) not in self._kept and not is_finite(states[lane]):
                    self._keep_finite(lane)
            for keeper in self._keepers.values():
                self.patience(keeper.write)
            self.patience(self.files.save_checkpoint, self._group(states))

        self.pace.saving(save)

    def _group(self, states: Sequence[Checkpoint]) -> Checkpoint:
        """The checkpoint of the group with those of its lanes."""
        arrays = {f"{lane}/{name}": array for lane, state in enumerate(states) for name, array in state.arrays.items()}
        facts = {"lanes": [dict(state.facts) for state in states], "run_seconds": self._seconds, "kept": self._kept}
        return Checkpoint(arrays, facts)

    def _keep_finite(self, lane: int) -> None:
        """Write the lane's weights of the last checkpoint; there is one, as every group begins with it."""
        kept = self.patience(self.files.load_checkpoint)
        state = _parts(kept)[lane] if kept else Checkpoint({}, {"epoch": 0})
        path, sha256 = self.patience(self.store.files(self.runs[lane].id).save_weights, weights_of(state))
        self._kept[str(lane)] = {"path": path, "sha256": sha256, "epoch": state.facts["epoch"]}


def _parts(checkpoint: Checkpoint) -> list[Checkpoint]:
    """The checkpoints of the lanes in that of their group."""
    lanes: list[dict[str, Any]] = [{} for _ in checkpoint.facts["lanes"]]
    for name, array in checkpoint.arrays.items():
        lane, _, own = name.partition("/")
        lanes[int(lane)][own] = array
    return [Checkpoint(arrays, facts) for arrays, facts in zip(lanes, checkpoint.facts["lanes"], strict=True)]
