"""The folders of the project, or of the package where it is installed."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# The wheel has within the package what the project has beside it.
HOME = PACKAGE if Path(PACKAGE, "migrations").is_dir() else PACKAGE.parent
MIGRATIONS = HOME / "migrations"
DOCUMENTS = HOME / "docs"  # the wheel has those that the console quotes
# Relative paths begin here: the project, or with an installed wheel the folder of the process.
PROJECT = Path.cwd() if HOME == PACKAGE else HOME
