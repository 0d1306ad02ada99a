"""What every export promises; and of both scripts, for every CNN, penalty and apply, that they do what the run does."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.exports.running import Done, exported_and_run, largest_difference, last_epoch, tiny
from tests.factories import add_run

from reglab.exports import EXPORTS, Export, ExportError, Subject, export, place, save
from reglab.models import MODELS
from reglab.settings import Settings
from reglab.spec import RunSpec
from reglab.store import Run, Store

PENALTIES = {"none": (0.0, 0.0), "L2": (0.0, 0.03), "L1": (1e-3, 0.0), "elastic net": (1e-3, 0.03)}
APPLIES = ("coupled", "decoupled", "proximal")
TOLERANCE = {"pytorch": 1e-5, "keras": 1e-4}

FULL, LARGE = "keras_cnn", "resnet18"  # every penalty; one mode; the other CNNs have L1 with L2 in every mode
MATRIX = {
    f"{model}, {name}, {apply}": tiny(model={"name": model}, penalty={"l1": l1, "l2": l2, "apply": apply})
    for model, (name, (l1, l2)), apply in itertools.product(MODELS.names(), PENALTIES.items(), APPLIES)
    if model == FULL or (l1 and l2 and (model != LARGE or apply == "proximal"))
}
SCRIPTS = [entry.name for entry in EXPORTS.entries.values() if entry.is_script]
every_entry = pytest.mark.parametrize("entry", EXPORTS.entries.values(), ids=lambda entry: entry.name)
every_entry_with_files = pytest.mark.parametrize(
    "entry", [entry for entry in EXPORTS.entries.values() if entry.make is not None], ids=lambda entry: entry.name
)


@pytest.mark.timeout(900)  # 28 trainings, and the same again by the scripts
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_comes_to_the_runs_figures(name: str) -> None:
    """One process runs them all: importing torch or Keras takes longer than most of the trainings."""
    done = exported_and_run(MATRIX, name)
    wrong = {key: text for key, script in done.items() if (text := _complaint(name, MATRIX[key], script))}
    assert wrong == {}
    assert {spec.model.name for spec in MATRIX.values()} == set(MODELS.names())
    assert len(done) == (len(PENALTIES) + len(MODELS.names()) - 2) * len(APPLIES) + 1


def _complaint(name: str, spec: RunSpec, script: Done) -> str:
    """What is wrong with ``script``, or nothing. Inexactness is said in it, and only where it is true."""
    if "import reglab" in script.text or "from reglab" in script.text:
        return "it imports reglab"
    if script.inexact:
        said = all(sentence[:40] in script.text for sentence in script.inexact)
        finite = all(0 <= figure < 100 for figure in script.figures.values())
        return "" if said and finite and MODELS.get(spec.model.name).has_batch_norm else "why is it not exact?"
    difference = largest_difference(last_epoch(spec), script.figures)
    return "" if difference <= TOLERANCE[name] else f"{difference:.1e} from the run"


@every_entry
def test_tells_a_person_what_it_is(entry: Export) -> None:
    assert entry.about.endswith(".")
    assert 0 < len(entry.label) <= 20
    assert entry.main.endswith(entry.suffix)
    assert len({other.order for other in EXPORTS.entries.values()}) == len(EXPORTS.entries)


def test_the_contracts_formats_are_there() -> None:
    assert {"pytorch", "keras", "csv", "parquet", "yaml"} <= set(EXPORTS.names())
    assert {"tensorboard", "mlflow", "onnx", "archive"} <= set(EXPORTS.names())


def source_of(entry: Export, store: Store, settings: Settings) -> Run | RunSpec:
    """Something small that the format can have: a spec, or a run with weights."""
    spec = tiny(model={"name": "linear"})
    if not entry.needs_runs:
        return spec
    run = add_run(store, spec, epochs=2)
    store.files(run.id).save_weights(Subject(spec, settings).initial)
    return run


@every_entry
def test_a_spec_alone_is_exported_or_refused_in_a_sentence(entry: Export, settings: Settings) -> None:
    if entry.needs_runs:
        with pytest.raises(ExportError, match="was not trained"):
            export(tiny(), entry.name, settings=settings)
    else:
        bundle = export(tiny(), entry.name, settings=settings)
        assert bundle.main.endswith(entry.main)
        assert entry.marker in bundle.files[bundle.main]


@every_entry_with_files
def test_the_same_export_twice_is_the_same_bytes(entry: Export, settings: Settings, store: Store) -> None:
    source = source_of(entry, store, settings)
    first, second = (export(source, entry.name, settings=settings, store=store).files for _ in range(2))
    assert first == second


@every_entry_with_files
def test_replaces_its_own_earlier_files_and_no_others(
    entry: Export, settings: Settings, store: Store, tmp_path: Path
) -> None:
    bundle = export(source_of(entry, store, settings), entry.name, settings=settings, store=store)
    out, paths = tmp_path / "out", save(bundle, entry, tmp_path / "out")
    assert {path.relative_to(out).as_posix(): path.read_bytes() for path in paths} == dict(bundle.files)
    assert save(bundle, entry, out) == paths
    for path in paths:
        (own := tmp_path / "own" / path.relative_to(out)).parent.mkdir(exist_ok=True, parents=True)
        own.write_bytes(b"my own work")
        with pytest.raises(ExportError, match=f"{own} exists"):
            save(bundle, entry, tmp_path / "own")
        assert own.read_bytes() == b"my own work"
        assert list(own.parent.iterdir()) == [own]
        own.unlink()
    (tmp_path / "own" / bundle.main).write_bytes(b"my own work")
    assert save(bundle, entry, tmp_path / "own", force=True)[0].read_bytes() == bundle.files[bundle.main]


@every_entry
def test_a_path_is_the_main_file_or_a_folder(entry: Export, tmp_path: Path) -> None:
    file, folder = tmp_path / f"mine{entry.suffix}", tmp_path / "folder"
    one = place(entry, 1, file)
    assert (one.folder, one.main) == (tmp_path, file.name)
    assert place(entry, 1, folder).folder == place(entry, 3, folder).folder == folder
    assert place(entry, 3, folder).main is None
    if entry.together:
        assert place(entry, 3, file) == one
    else:
        with pytest.raises(ExportError, match="give --out a folder"):
            place(entry, 3, file)
    file.mkdir()
    assert place(entry, 1, file).folder == file


def test_several_runs_that_share_no_file_have_a_folder_each(settings: Settings, store: Store) -> None:
    runs = [add_run(store, RunSpec()), add_run(store, tiny())]
    assert list(export(runs, "yaml", settings=settings, store=store).files) == [f"{run.id}/spec.yaml" for run in runs]
    assert list(export(runs, "csv", settings=settings, store=store).files) == ["epochs.csv"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_file_name_with_a_quote_leaves_the_script_readable(name: str, settings: Settings) -> None:
    bundle = export(tiny(), name, settings=settings, main='a"b.py', prefix='a"b_')
    compile(bundle.files['a"b.py'], "script", "exec")
