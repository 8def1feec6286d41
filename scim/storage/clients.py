"""OAuth clients, and their access tokens, which ``access.find_access`` finds (RFC 6749 §4.4)."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from scim.protocol.permissions import Permission
from scim.protocol.tokens import new_token
from scim.protocol.values import instant

from .keys import now
from .tables import access_tokens, assertions, clients, tenants
from .tokens import Tenant, digest, name_problem

LIFETIME = 3600  # seconds of an access token


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client: the digest of its secret, or its public keys as a JWK set in JSON."""

    id: str
    name: str
    secret: bytes | None
    keys: str | None
    permission: Permission
    created: str


COLUMNS = (
    clients.c.id,
    clients.c.name,
    clients.c.secret,
    clients.c.jwks,
    clients.c.scopes,
    clients.c.types,
    clients.c.created,
)


def add_client(
    connection: sa.Connection,
    tenant: Tenant,
    name: str,
    permission: Permission,
    keys: str | None = None,
) -> tuple[str, str] | None:
    """Return the id and the secret of a new client; None if the name is in use, or refused.

    With ``keys`` it has no secret, and the second text is empty.
    """
    if name_problem(name, "client"):
        return None
    client_id, secret = f"client_{secrets.token_hex(12)}", "" if keys else new_token()
    values = {"id": client_id, "tenant_id": tenant.id, "name": name, "jwks": keys}
    values |= {"secret": digest(secret) if secret else None, "created": now()}
    values |= {"scopes": permission.stored_scopes, "types": permission.stored_types}
    try:
        connection.execute(sa.insert(clients), values)
    except IntegrityError:
        return None
    return client_id, secret


def change_secret(connection: sa.Connection, tenant: Tenant, name: str) -> str | None:
    """Return a new secret in place of the old one or of keys; None without such a client."""
    secret = new_token()
    values = {"secret": digest(secret), "jwks": None}
    done = connection.execute(sa.update(clients).where(_named(tenant, name)).values(values))
    return secret if done.rowcount else None


def remove_client(connection: sa.Connection, tenant: Tenant, name: str) -> bool:
    """Delete a client with its access tokens; tell whether there was one of that name."""
    mine = sa.select(clients.c.id).where(_named(tenant, name)).scalar_subquery()
    for table in (access_tokens, assertions):
        connection.execute(sa.delete(table).where(table.c.client_id == mine))
    return bool(connection.execute(sa.delete(clients).where(_named(tenant, name))).rowcount)


def list_clients(connection: sa.Connection, tenant: Tenant) -> Sequence[Client]:
    """Return the clients of a tenant, the oldest first."""
    mine = sa.select(*COLUMNS).where(clients.c.tenant_id == tenant.id)
    return [_client(*row) for row in connection.execute(mine.order_by(clients.c.created))]


def find_client(connection: sa.Connection, client_id: str) -> tuple[Client, Tenant] | None:
    """Return the client with an id, and its tenant, or None."""
    found = sa.select(*COLUMNS, *tenants.c).select_from(clients.join(tenants))
    row = connection.execute(found.where(clients.c.id == client_id)).one_or_none()
    return (_client(*row[: len(COLUMNS)]), Tenant(*row[len(COLUMNS) :])) if row else None


def issue_access(
    connection: sa.Connection,
    client: Client,
    permission: Permission,
    assertion: tuple[str, float] | None = None,
) -> str | None:
    """Return a new access token of a client, for ``LIFETIME`` seconds.

    Those that have expired are deleted. It is None if the signed ``assertion`` by which the client
    proved who it is was used before: given by its id, and by the instant at which it expires, in
    seconds of Unix time.
    """
    if assertion and not _use(connection, client, *assertion):
        return None
    for table in (access_tokens, assertions):  # few at a time: each hour brings the next ones
        connection.execute(sa.delete(table).where(table.c.expires < now()))
    token = new_token()
    values = {"digest": digest(token), "client_id": client.id, "scopes": permission.stored_scopes}
    values["expires"] = instant(time.time() + LIFETIME)
    connection.execute(sa.insert(access_tokens), values)
    return token


def _use(connection: sa.Connection, client: Client, number: str, until: float) -> bool:
    """Note that a signed assertion was used; tell whether it was the first time."""
    values = {"client_id": client.id, "id": number, "expires": instant(until)}
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(assertions), values)
    except IntegrityError:
        return False
    return True


def _named(tenant: Tenant, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(clients.c.tenant_id == tenant.id, clients.c.name == name)


def _client(
    client_id: str,
    name: str,
    secret: bytes | None,
    keys: str | None,
    scopes: str,
    types: str | None,
    created: str,
) -> Client:
    return Client(client_id, name, secret, keys, Permission.of(scopes, types), created)
