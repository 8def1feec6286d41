"""What a run of ``check`` has made in the database of this project is purged for good."""

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urlsplit

from flask import Flask

from scim.environment import read_settings
from scim.protocol.errors import UnavailableError
from scim.provider import recovery
from scim.service import Service
from scim.storage import DatabaseError, is_id
from scim.storage.audit import AuditKeyError

from .common import TOKEN
from .target import LOOPBACK


def purge_run(
    load_app: Callable[[], Flask], url: str, token: str, paths: Iterable[str]
) -> Iterator[str]:
    """Purge deleted resources and their history, if they are in this database; yield a line."""
    ids = {path.rpartition("/")[2] for path in paths}
    done = _purge(load_app(), token, [*filter(is_id, ids)]) if _is_here(url) else 0
    if done:
        yield f"Purged the {done} users and groups that this run has made, with their history."
    if done < len(ids):
        left = f"This run has made and deleted {len(ids) - done} users and groups"
        yield f"{left}; the server may keep them in its trash and history."


def _is_here(url: str) -> bool:
    """Tell whether a URL leads to this machine, or to the host of the settings."""
    return urlsplit(url).hostname in (*LOOPBACK, read_settings().host)


def _purge(app: Flask, token: str, ids: list[str]) -> int:
    """Return how many were purged; the ids of another server are not in this database."""
    service: Service = app.extensions["scim"]
    try:
        if service.database.problem(app.extensions["migrate"].directory):
            return 0
        access = service.admit(token)
        return recovery.forget(service.store(access.tenant, TOKEN), ids) if access else 0
    except (AuditKeyError, DatabaseError, UnavailableError):
        return 0
    finally:
        service.database.close()
