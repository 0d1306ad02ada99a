"""The build step that pyproject.toml cannot express: the dashboard's files travel inside the wheel.

In the repository app.py and pages/ lie at the top, where ``streamlit run app.py`` finds them; an installed package has
them in ``reglab/dashboard``.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
TARGET = Path("reglab") / "dashboard"


class BuildWithDashboard(build_py):
    """Copies app.py, the pages and Streamlit's settings beside the package's modules."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for source, target in self._dashboard().items():
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        copied = [] if self.editable_mode else [str(target) for target in self._dashboard().values()]
        return [*super().get_outputs(include_bytecode), *copied]

    def get_source_files(self) -> list[str]:
        """What a source distribution needs so that a wheel can be built from it."""
        return [*super().get_source_files(), *(str(source.relative_to(ROOT)) for source in self._dashboard())]

    def _dashboard(self) -> dict[Path, Path]:
        """Each file and where it goes."""
        sources = [ROOT / "app.py", ROOT / ".streamlit" / "config.toml", *sorted((ROOT / "pages").rglob("*.py"))]
        return {source: Path(self.build_lib) / TARGET / source.relative_to(ROOT) for source in sources}


setup(cmdclass={"build_py": BuildWithDashboard})
