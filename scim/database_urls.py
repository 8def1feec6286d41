"""The URLs of databases, as settings have them and as SQLAlchemy reads them."""

import re
from pathlib import Path
from urllib.parse import urlsplit

POSTGRESQL = r"postgres(ql(\+psycopg2)?)?://"


def check_urls(database_url: str, replica_url: str) -> None:
    """Check SCIM_DATABASE_URL and SCIM_REPLICA_URL.

    :raises ValueError: one of them cannot be used; the message names it, and shows no password
    """
    if not re.match(rf"sqlite:///.|{POSTGRESQL}", database_url):
        raise ValueError(
            "SCIM_DATABASE_URL must be sqlite:/// with a file, or begin with postgresql://"
        )
    if ":memory:" in database_url:
        raise ValueError(
            "SCIM_DATABASE_URL must name a file, since several processes share the database"
        )
    if replica_url and database_url.startswith("sqlite"):
        raise ValueError("SCIM_REPLICA_URL needs a SCIM_DATABASE_URL of PostgreSQL, not SQLite")
    if replica_url and not re.match(POSTGRESQL, replica_url):
        raise ValueError("SCIM_REPLICA_URL must begin with postgresql://")
    for name, url in (("DATABASE", database_url), ("REPLICA", replica_url)):
        try:
            urlsplit(url).port  # noqa: B018 - raises unless it is a number
        except ValueError as error:
            raise ValueError(f"SCIM_{name}_URL cannot be used: {error}") from None


def complete(url: str, folder: Path) -> str:
    """Return a URL with the driver, and with the folder in front of a relative file."""
    url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)
    return re.sub(r"^sqlite:///(?!/)", f"sqlite:///{folder}/", url)
