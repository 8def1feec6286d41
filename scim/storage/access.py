"""Access by a bearer token: the tenant that it opens, what it permits, and until when."""

import logging
import secrets
import shlex
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from scim.explain.exchange import CONSOLE
from scim.printing import printable
from scim.protocol.permissions import UNLIMITED, Permission

from .protections import select_rules
from .tables import access_tokens, clients, tenants, tokens
from .tokens import DEFAULT_TENANT, Tenant, digest
from .uses import Uses

OWN = "SCIM_TOKEN"  # the name of the token in this setting
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
    "`python manage.py token %s` prints, or has printed"
)
EXPIRED = (
    "The token %s of %s is refused, since it expired on %s; give its provider a new one, which "
    "`python manage.py token %s` prints, or has printed"
)


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
            access = Access(Tenant(*row[:-1]), OWN, rules=_lines(row[-1])) if row else None
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
            rotate = shlex.join(["rotate", name, "--tenant", tenant])
            logger.warning(said, name, tenant, f"{until[:19]}Z", rotate)


def reread(connection: sa.Connection, access: Access) -> Access | None:
    """Return what a token opens with its tenant as it is now; None if the tenant is removed."""
    chosen = sa.select(*tenants.c, select_rules()).where(tenants.c.id == access.tenant.id)
    row = connection.execute(chosen).one_or_none()
    return replace(access, tenant=Tenant(*row[:-1]), rules=_lines(row[-1])) if row else None


def granted(
    connection: sa.Connection, tenant_id: int, name: str, issued: bytes | None
) -> Access | None:
    """Return what the token of an earlier request opens now; None if it was revoked since.

    ``name`` is that of the token, or of the OAuth client that had it. ``issued`` is the digest of
    an issued token. It does not matter whether the token has expired since.
    """
    if issued:
        return find_access(connection, issued)
    mine = clients.c.tenant_id == tenant_id, clients.c.name == name
    chosen = sa.select(*tenants.c, clients.c.scopes, clients.c.types, select_rules())
    chosen = chosen.select_from(clients.join(tenants)).where(*mine)
    if row := connection.execute(chosen).one_or_none():
        *tenant, scopes, types, rules = row
        return Access(
            Tenant(*tenant), name, None, Permission.of(scopes, types), None, _lines(rules)
        )
    if (tenant_id, name) != (DEFAULT_TENANT, OWN):
        return None
    own = sa.select(*tenants.c, select_rules()).where(tenants.c.id == DEFAULT_TENANT)
    found = connection.execute(own).one_or_none()
    return Access(Tenant(*found[:-1]), OWN, rules=_lines(found[-1])) if found else None


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
