"""How the wheel gets what other files of the project say already: its version and requirements."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

VERSION = re.compile(r'^VERSION = "(.+?)"', re.MULTILINE)
UNRELEASED = "0.dev0"  # a version must have a number; this is older than every release
FOR_TESTS = "pytest"


class Metadata(MetadataHookInterface):
    """Adds to pyproject.toml what its line ``dynamic`` promises."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the version and the dependencies."""
        metadata["version"] = version(Path(self.root, "scim/settings.py").read_text())
        metadata["dependencies"] = dependencies(Path(self.root, "requirements.txt").read_text())


def version(settings: str) -> str:
    """Return the version of the wheel for the text of scim/settings.py."""
    [found] = VERSION.findall(settings)
    return UNRELEASED if found == "unreleased" else str(found)


def dependencies(requirements: str) -> list[str]:
    """Return the requirements of the wheel for the text of requirements.txt.

    The project pins the versions that its tests run with. The application beside the wheel has
    requirements of its own, and may have newer versions of the same packages.
    """
    lines = (line.partition("#")[0].strip() for line in requirements.splitlines())
    wanted = [line.replace("==", ">=") for line in lines if line]
    return [each for each in wanted if not each.startswith(FOR_TESTS)]
