"""The wheel of the project, and a fresh environment that has it installed."""

import atexit
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from .server import ROOT

PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))
OURS = {"PYTHONPATH", "PYTHON_DOTENV_DISABLED", "SCIM_CONSOLE"}  # variables of the tests


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel, and with the packages of this one."""

    folder: Path
    wheel: Path

    def run(self, folder: Path, *arguments: str, **options: Any) -> str:
        """Return what Python printed there with such arguments; it must succeed."""
        done = subprocess.run(
            [self.folder / "bin" / "python", *arguments],
            cwd=folder,
            env={name: os.environ[name] for name in os.environ.keys() - OURS},
            check=False,
            capture_output=True,
            text=True,
            **{"timeout": 60} | options,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@cache
def environment() -> Environment:
    """Return an environment with the wheel; it is made once for all tests of a process."""
    folder = Path(mkdtemp(prefix="scim-wheel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(folder)], cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    [packages] = folder.glob("venv/lib/python*/site-packages")
    (packages / "others.pth").write_text(PACKAGES)  # dependencies, for which nothing is fetched
    python = str(folder / "venv" / "bin" / "python")
    install = ["uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python]
    subprocess.run([sys.executable, "-m", *install, str(wheel)], check=True)
    _take_bytecode(packages)
    return Environment(folder / "venv", wheel)


def _take_bytecode(packages: Path) -> None:
    """Let the installed modules have the bytecode of ours, which take seconds to compile."""
    for source in (ROOT / "scim").rglob("*.py"):
        installed = packages / source.relative_to(ROOT)
        compiled = Path(cache_from_source(str(source)))
        if compiled.exists():
            copy = Path(cache_from_source(str(installed)))
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(compiled, copy)
            os.utime(installed, (source.stat().st_atime, source.stat().st_mtime))
