"""Tenants, and what opens their directories: tokens and OAuth clients."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Id, Instant, PlainText

NOT_REPLACED: Any = {f"{name}_where": sa.text("NOT replaced") for name in ("sqlite", "postgresql")}


class Tenant(Base):
    """The owner of a directory, which no other tenant sees.

    ``strict`` turns every tolerance off. With ``restores`` a create brings a deleted user of the
    same name back, unless the tenant is strict. ``cursor_key`` signs the tenant's cursors.

    ``paused`` refuses writes. ``brake`` is a number or a percentage, ``brake_window`` in seconds;
    until ``released_until`` the brake lets everything pass. Delta tokens from before ``forgotten``
    are too old: what has changed since may have been purged.
    """

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    name: Mapped[str] = mapped_column(PlainText, unique=True)
    strict: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    restores: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    cursor_key: Mapped[str] = mapped_column(PlainText)
    paused: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    brake: Mapped[str | None] = mapped_column(PlainText)
    brake_window: Mapped[int | None] = mapped_column(sa.Integer)
    released_until: Mapped[str | None] = mapped_column(Instant)
    forgotten: Mapped[str | None] = mapped_column(Instant)


class Token(Base):
    """A bearer token of a tenant, stored as the SHA-256 digest of its text.

    ``subject`` is the id of the user who is ``/Me`` to a client with this token. ``scopes`` and
    ``types`` (names of resource types, all if empty) are separated by spaces. ``last_used`` is
    known to the minute. A ``replaced`` token was rotated: a new one has its name.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        sa.Index("uq_tokens_digest", "digest", unique=True),
        sa.Index("uq_tokens_name", "tenant_id", "name", unique=True, **NOT_REPLACED),
    )

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    created: Mapped[str] = mapped_column(Instant)
    subject: Mapped[str | None] = mapped_column(Id)
    scopes: Mapped[str] = mapped_column(PlainText, server_default="read write")
    types: Mapped[str | None] = mapped_column(PlainText)
    expires: Mapped[str | None] = mapped_column(Instant)
    last_used: Mapped[str | None] = mapped_column(Instant)
    replaced: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())


class Client(Base):
    """An OAuth client of a tenant: the digest of its secret, or its public keys as a JWK set.

    ``scopes`` and ``types`` limit its access tokens as they limit a bearer token.
    """

    __tablename__ = "clients"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name", name="uq_clients_name"),)

    id: Mapped[str] = mapped_column(PlainText, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    name: Mapped[str] = mapped_column(PlainText)
    secret: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    jwks: Mapped[str | None] = mapped_column(PlainText)
    scopes: Mapped[str] = mapped_column(PlainText)
    types: Mapped[str | None] = mapped_column(PlainText)
    created: Mapped[str] = mapped_column(Instant)


class AccessToken(Base):
    """A short-lived token of a client, stored as the SHA-256 digest of its text."""

    __tablename__ = "access_tokens"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(PlainText, index=True)
    scopes: Mapped[str] = mapped_column(PlainText)
    expires: Mapped[str] = mapped_column(Instant, index=True)


class Assertion(Base):
    """The id of a client's signed assertion, which counts once; kept until it expires."""

    __tablename__ = "assertions"

    client_id: Mapped[str] = mapped_column(PlainText, primary_key=True)
    id: Mapped[str] = mapped_column(PlainText, primary_key=True)
    expires: Mapped[str] = mapped_column(Instant, index=True)
