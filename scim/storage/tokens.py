"""Tenants with their choices, and the tokens that operators issue."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from scim.explain.exchange import CONSOLE
from scim.protocol.permissions import UNLIMITED, Permission
from scim.protocol.tokens import new_token
from scim.protocol.values import date_time

from .keys import now
from .tables import tenants, tokens, totals

DEFAULT_TENANT = 1
LONGEST_NAME = 100  # characters
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # a byte that is no text is half a pair


@dataclass(frozen=True, slots=True)
class Tenant:
    """The owner of a directory.

    ``strict`` turns every tolerance off; with ``restores`` a create brings a deleted user back.
    """

    id: int
    name: str
    strict: bool
    restores: bool
    cursor_key: str
    paused: bool = False
    brake: str | None = None
    brake_window: int | None = None
    released_until: str | None = None
    forgotten: str | None = None


def digest(token: str) -> bytes:
    """Return the digest of a token, which is all that is stored of it."""
    return hashlib.sha256(token.encode()).digest()


def find_tenant(connection: sa.Connection, name: str) -> Tenant | None:
    """Return the tenant of that name, or None."""
    row = connection.execute(sa.select(tenants).where(tenants.c.name == name)).one_or_none()
    return Tenant(*row) if row else None


def tenant_with_id(connection: sa.Connection, tenant_id: int) -> Tenant | None:
    """Return the tenant of that id, or None."""
    row = connection.execute(sa.select(tenants).where(tenants.c.id == tenant_id)).one_or_none()
    return Tenant(*row) if row else None


def list_tenants(connection: sa.Connection, most: int | None = None) -> Sequence[Tenant]:
    """Return all tenants, or the oldest if there are more than ``most``."""
    chosen = sa.select(tenants).order_by(tenants.c.id).limit(most)
    return [Tenant(*row) for row in connection.execute(chosen)]


def count_tenants(connection: sa.Connection) -> int:
    """Return how many tenants there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(tenants)) or 0


def add_tenant(connection: sa.Connection, name: str) -> bool:
    """Make a tenant; tell whether the name was free."""
    values = {"name": name, "cursor_key": secrets.token_hex(32)} | unused_id(connection)
    return _insert(connection, tenants, values)


def unused_id(connection: sa.Connection) -> dict[str, int]:
    """Return the ``id`` of a new tenant for SQLite, which would give that of a removed one again.

    Of each tenant that was removed, a total is left.
    """
    if connection.dialect.name != "sqlite":
        return {}
    last = (sa.select(sa.func.max(each)) for each in (tenants.c.id, totals.c.tenant_id))
    return {"id": 1 + max(connection.scalar(each) or 0 for each in last)}


def set_tenant(
    connection: sa.Connection, tenant: Tenant, **choices: bool | str | int | None
) -> None:
    """Change a tenant's choices: ``strict``, ``restores``, ``paused``, ``brake``."""
    connection.execute(sa.update(tenants).where(tenants.c.id == tenant.id).values(choices))


def list_tokens(connection: sa.Connection, tenant: Tenant) -> Sequence[Any]:
    """Return the rows of a tenant's tokens without their digests, the oldest first."""
    chosen = sa.select(*(column for column in tokens.c if column.name != "digest"))
    mine = chosen.where(tokens.c.tenant_id == tenant.id).order_by(tokens.c.created)
    return connection.execute(mine).all()


def count_tokens(connection: sa.Connection) -> int:
    """Return how many tokens all tenants have, without those of the console."""
    counted = sa.select(sa.func.count()).where(tokens.c.name != CONSOLE)
    return int(connection.scalar(counted) or 0)


def name_problem(name: str, owner: str) -> str | None:
    """Return why a token or a client, the ``owner``, cannot have a name; None if it can."""
    if not name.strip() or len(name) > LONGEST_NAME:
        return f"a {owner} needs a name of at most {LONGEST_NAME} characters"
    if UNSTORABLE.search(name):
        return f"the name {name!r} has a character that cannot be stored"
    if name == CONSOLE:  # which may change a paused tenant
        return f"the name {CONSOLE!r} is for the console's own token"
    return None


def issue_token(
    connection: sa.Connection,
    tenant: Tenant,
    name: str,
    subject: str | None = None,
    permission: Permission = UNLIMITED,
    expires: str | None = None,
    token: str | None = None,
) -> str | None:
    """Return a new token, which cannot be read again; None if the name is in use.

    A ``token`` that somebody else has made is stored instead; None if it is in use itself, too.
    """
    token = token or new_token()
    values = {"tenant_id": tenant.id, "digest": digest(token), "name": name}
    values |= {"created": now(), "subject": subject, "expires": expires}
    values |= {"scopes": permission.stored_scopes, "types": permission.stored_types}
    return token if _insert(connection, tokens, values) else None


def rotate_token(
    connection: sa.Connection,
    tenant: Tenant,
    name: str,
    overlap: timedelta,
    expires: str | None = None,
) -> str | None:
    """Return a new token of a name; None if there is none of that name.

    The one before, and those before it, open the tenant until the end of the ``overlap`` at most.
    The new one permits the same, and expires after as long a time as the old one, unless
    ``expires`` is an instant.
    """
    _lock(connection, tenant)
    named = (tokens.c.tenant_id == tenant.id) & (tokens.c.name == name)
    old = connection.execute(sa.select(tokens).where(named & ~tokens.c.replaced)).one_or_none()
    if old is None:
        return None
    at = datetime.now(UTC)
    ends = date_time(at + overlap)
    over = tokens.c.replaced & (tokens.c.expires <= date_time(at))
    connection.execute(sa.delete(tokens).where(named & over))
    late = named & (tokens.c.expires.is_(None) | (tokens.c.expires > ends))
    connection.execute(sa.update(tokens).where(late).values(expires=ends))
    connection.execute(sa.update(tokens).where(named).values(replaced=True))
    if old.expires and not expires:
        lifetime = datetime.fromisoformat(old.expires) - datetime.fromisoformat(old.created)
        expires = date_time(at + lifetime)
    permission = Permission.of(old.scopes, old.types)
    return issue_token(connection, tenant, name, old.subject, permission, expires)


def revoke_token(connection: sa.Connection, tenant: Tenant, name: str) -> bool:
    """Delete the tokens of a name, rotated ones too; tell whether there was any."""
    _lock(connection, tenant)
    mine = (tokens.c.tenant_id == tenant.id) & (tokens.c.name == name)
    return bool(connection.execute(sa.delete(tokens).where(mine)).rowcount)


def _lock(connection: sa.Connection, tenant: Tenant) -> None:
    """Wait for a rotation that is in progress: PostgreSQL would not show its new token."""
    this = sa.select(tenants.c.id).where(tenants.c.id == tenant.id)
    connection.execute(this.with_for_update(key_share=True))


def _insert(connection: sa.Connection, table: Any, values: dict[str, Any]) -> bool:
    try:
        connection.execute(sa.insert(table), values)
    except IntegrityError:
        return False
    return True
