"""Python, the packages that RegLab needs, and PyTorch."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from reglab import __version__
from reglab.cli.checkup.finding import Finding
from reglab.errors import clipped

_OLDEST = (3, 11)
_REINSTALL = "Install what RegLab was tested with: pip install -r requirements.txt, or make run."


def python() -> Iterator[Finding]:
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, RegLab {__version__}."
    facts = {"python": platform.python_version(), "reglab": __version__, "machine": platform.machine()}
    if sys.version_info < _OLDEST:
        yield Finding("Python", "problem", text, "RegLab needs Python 3.11 or newer.", facts)
    else:
        yield Finding("Python", "ok", text, facts=facts)


def packages() -> Iterator[Finding]:
    """Missing packages keep RegLab from working; versions other than the tested ones may."""
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in requires("reglab") or ()]
    except PackageNotFoundError:
        text = "RegLab is not installed as a package, so that the versions of its packages are not known."
        yield Finding("Packages", "warning", text, "Install it: pip install -e .")
        return
    needed = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    found = {each.name: _version(each.name) for each in needed}
    missing = [each.name for each in needed if found[each.name] is None]
    other = [each for each in needed if (at := found[each.name]) and not each.specifier.contains(at, prereleases=True)]
    if missing:
        yield Finding("Packages", "problem", f"Not installed: {', '.join(missing)}.", _REINSTALL)
    if other:
        listed = ", ".join(f"{each.name} {found[each.name]} (tested with {each.specifier})" for each in other)
        yield Finding("Packages", "warning", f"Other versions than the tested ones: {listed}.", _REINSTALL)
    if not missing and not other:
        yield Finding("Packages", "ok", f"All {len(needed)} packages have the tested versions.", facts=found)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def pytorch() -> Iterator[Finding]:
    """Its version and build, and the widest vector instructions that it uses here."""
    try:
        import torch
    except (ImportError, OSError) as error:  # a shared library is missing, or of another version
        yield Finding("PyTorch", "problem", f"PyTorch cannot be imported: {clipped(str(error))}.", _REINSTALL)
        return
    capability = torch.backends.cpu.get_cpu_capability()
    build = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built for CPUs"
    text = f"PyTorch {torch.__version__}, {build}; CPU capability {capability}."
    facts = {"torch": str(torch.__version__), "cuda": torch.version.cuda, "cpu_capability": capability}
    if capability == "DEFAULT" and platform.machine() in {"x86_64", "AMD64"}:
        slow = "Training is several times slower without AVX2; in a virtual machine, pass the host's CPU through."
        yield Finding("PyTorch", "warning", text, slow, facts)
    else:
        yield Finding("PyTorch", "ok", text, facts=facts)
