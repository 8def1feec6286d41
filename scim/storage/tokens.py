"""Tenants and their tokens: the directory that a bearer token opens, and the tenant's choices."""

import hashlib
import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from scim.explain.exchange import CONSOLE
from scim.printing import printable
from scim.protocol.permissions import UNLIMITED, Permission
from scim.protocol.tokens import new_token
from scim.protocol.values import date_time

from .keys import now
from .protections import select_rules
from .tables import access_tokens, clients, tenants, tokens, totals
from .uses import Uses

DEFAULT_TENANT = 1
KEPT_SECONDS = 3  # a revoked token opens nothing after that
UNCHECKED = 1.0  # seconds of a request that go by with what its token opened at first
MOST_KEPT = 10_000
DAY = 24 * 3600.0
WARNED_BEFORE = 7 * DAY
# A token, or one of an OAuth client: the name in history, /Me, what it permits, and until when.
OF_TOKEN = sa.select(
    *tenants.c,
    tokens.c.name,
    tokens.c.subject,
    tokens.c.scopes,
    tokens.c.types,
    tokens.c.expires,
    select_rules(),
).select_from(tokens.join(tenants))
OF_CLIENT = sa.select(
    *tenants.c,
    clients.c.name,
    sa.null(),
    access_tokens.c.scopes,
    clients.c.types,
    access_tokens.c.expires,
    select_rules(),
).select_from(access_tokens.join(clients, clients.c.id == access_tokens.c.client_id).join(tenants))

logger = logging.getLogger("scim")
EXPIRES = (
    "The token %s of %s is in use and expires on %s; give its provider a new one, which "
    "`python manage.py token rotate %s` prints, or has printed"
)
EXPIRED = (
    "The token %s of %s is refused, since it expired on %s; give its provider a new one, which "
    "`python manage.py token rotate %s` prints, or has printed"
)


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


@dataclass(frozen=True, slots=True)
class Access:
    """The tenant that a token opens, the token's name, and the id of the user who is ``/Me``.

    ``until`` is the instant at which the token expires, if it does. ``rules`` protect users.
    ``issued`` is the digest of an issued token, empty for others, of which nobody notes the use.
    """

    tenant: Tenant
    token: str
    subject: str | None = None
    permission: Permission = UNLIMITED
    until: str | None = None
    rules: tuple[str, ...] = ()
    issued: bytes = b""

    @property
    def is_paused(self) -> bool:
        """Whether writes are refused; an operator's console may go on, to mend what went wrong."""
        return self.tenant.paused and self.token != CONSOLE


def digest(token: str) -> bytes:
    """Return the digest of a token, which is all that is stored of it."""
    return hashlib.sha256(token.encode()).digest()


class Doorkeeper:
    """Tells what a token opens; it asks the database once in ``KEPT_SECONDS``, not each time."""

    def __init__(self, default_token: str) -> None:
        self.default = digest(default_token) if default_token else b""  # which no token has
        self.known: dict[bytes, tuple[Access, float]] = {}
        self.uses = Uses()
        self.warned: dict[tuple[bytes, str], float] = {}

    def remembered(self, presented: bytes) -> Access | None:
        """Return what the token opened a moment ago, or None."""
        access, until = self.known.get(presented, (None, 0.0))
        return access if time.monotonic() < until else None

    def admit(self, connection: sa.Connection, presented: bytes) -> Access | None:
        """Return what the token opens, or None; ``presented`` is its digest."""
        if secrets.compare_digest(presented, self.default):
            chosen = sa.select(*tenants.c, select_rules()).where(tenants.c.id == DEFAULT_TENANT)
            row = connection.execute(chosen).one_or_none()
            access = Access(Tenant(*row[:-1]), "SCIM_TOKEN", rules=_lines(row[-1])) if row else None
        else:
            access = find_access(connection, presented)
        if access and access.until:
            left = seconds_until(access.until)
            if access.issued and left < WARNED_BEFORE:
                self._warn(access, access.until, EXPIRES if left > 0 else EXPIRED)
            access = access if left > 0 else None
        else:
            left = KEPT_SECONDS
        if access:
            if len(self.known) >= MOST_KEPT:
                self.known.clear()
            self.known[presented] = access, time.monotonic() + min(left, KEPT_SECONDS)
        else:
            self.known.pop(presented, None)
        return access

    def _warn(self, access: Access, until: str, said: str) -> None:
        """Say in the log that a token that is used expires; once a day from each worker."""
        now = time.monotonic()
        if now - self.warned.get((access.issued, said), -DAY) >= DAY:
            self.warned[access.issued, said] = now
            name, tenant = printable(access.token), printable(access.tenant.name)
            logger.warning(said, name, tenant, f"{until[:19]}Z", name)


def reread(connection: sa.Connection, access: Access) -> Access | None:
    """Return what a token opens with its tenant as it is now; None if the tenant is removed."""
    chosen = sa.select(*tenants.c, select_rules()).where(tenants.c.id == access.tenant.id)
    row = connection.execute(chosen).one_or_none()
    return replace(access, tenant=Tenant(*row[:-1]), rules=_lines(row[-1])) if row else None


def find_access(connection: sa.Connection, presented: bytes) -> Access | None:
    """Return what an issued token opens, even if it has expired, or None."""
    for found, table in ((OF_TOKEN, tokens), (OF_CLIENT, access_tokens)):
        if row := connection.execute(found.where(table.c.digest == presented)).one_or_none():
            *tenant, name, subject, scopes, types, expires, rules = row
            return Access(
                Tenant(*tenant),
                name,
                subject,
                Permission.of(scopes, types),
                expires,
                _lines(rules),
                issued=presented if table is tokens else b"",
            )
    return None


def _lines(rules: str | None) -> tuple[str, ...]:
    return tuple(rules.split("\n")) if rules else ()


def seconds_until(instant: str) -> float:
    """Return how many seconds are left until an instant; negative if it has passed."""
    return (datetime.fromisoformat(instant) - datetime.now(UTC)).total_seconds()


def find_tenant(connection: sa.Connection, name: str) -> Tenant | None:
    """Return the tenant of that name, or None."""
    row = connection.execute(sa.select(tenants).where(tenants.c.name == name)).one_or_none()
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
    mine = (tokens.c.tenant_id == tenant.id) & (tokens.c.name == name)
    return bool(connection.execute(sa.delete(tokens).where(mine)).rowcount)


def _insert(connection: sa.Connection, table: Any, values: dict[str, Any]) -> bool:
    try:
        connection.execute(sa.insert(table), values)
    except IntegrityError:
        return False
    return True
