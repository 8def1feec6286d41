"""The tables: columns, constraints and indexes only; scim/storage reads and writes the rows.

``users``, ``groups`` and ``resources`` (all other types) have the same shape. ``link`` has the
users in each group, ``nesting`` the groups in each group; no body has either. ``trash`` has the
deleted resources, ``changes`` the history. docs/tables.md draws them.
"""

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# The same comparison and order on both databases: by code point.
PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
Search = sa.JSON().with_variant(JSONB(), "postgresql")

VALUES = ("jsonb_path_ops", {"fastupdate": "off"})  # the values in a JSON document
# The parts of texts, for co, sw and ew. Those of new texts are in a list, which every search reads.
TRIGRAMS = ("gin_trgm_ops", {"gin_pending_list_limit": "1024"})  # kB
NOT_REPLACED: Any = {f"{name}_where": sa.text("NOT replaced") for name in ("sqlite", "postgresql")}
IN_DOCUMENTS = ("(search ->> 'displayname')", "(search ->> 'emails')")


class Base(DeclarativeBase):
    """The base class of all tables."""


db = SQLAlchemy(model_class=Base)


class Tenant(db.Model):  # type: ignore[name-defined, misc]
    """The owner of a directory, which no other tenant sees.

    ``strict`` turns every tolerance off. With ``restores`` a create brings a deleted user of the
    same name back, unless the tenant is strict. ``cursor_key`` signs the tenant's cursors.

    ``paused`` refuses writes. ``brake`` is a number or a percentage, ``brake_window`` in seconds;
    until ``released_until`` the brake lets everything pass.
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


class Token(db.Model):  # type: ignore[name-defined, misc]
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


class Client(db.Model):  # type: ignore[name-defined, misc]
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


class AccessToken(db.Model):  # type: ignore[name-defined, misc]
    """A short-lived token of a client, stored as the SHA-256 digest of its text."""

    __tablename__ = "access_tokens"

    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    client_id: Mapped[str] = mapped_column(PlainText, index=True)
    scopes: Mapped[str] = mapped_column(PlainText)
    expires: Mapped[str] = mapped_column(Instant, index=True)


class Assertion(db.Model):  # type: ignore[name-defined, misc]
    """The id of a client's signed assertion, which counts once; kept until it expires."""

    __tablename__ = "assertions"

    client_id: Mapped[str] = mapped_column(PlainText, primary_key=True)
    id: Mapped[str] = mapped_column(PlainText, primary_key=True)
    expires: Mapped[str] = mapped_column(Instant, index=True)


class OfTenant:
    """The first column of each key and index, by which tables are partitioned.

    A foreign key to the tenant would lock the tenant's row at each insert.
    """

    tenant_id: Mapped[int] = mapped_column(
        sa.Integer, primary_key=True, autoincrement=False, sort_order=-3
    )


class Resource(OfTenant):
    """The columns that all resources share.

    ``body`` is the JSON text that a read hands over, without meta, groups and members, and with a
    placeholder for the base URL. ``search`` is the same resource folded for comparison. ``hidden``
    has as JSON text what is never returned, a password's hash. ``display`` is its displayName.
    """

    id: Mapped[str] = mapped_column(Id, primary_key=True, sort_order=-1)
    external_id: Mapped[str | None] = mapped_column(PlainText)
    display: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    search: Mapped[dict[str, object]] = mapped_column(Search)
    hidden: Mapped[str | None] = mapped_column(PlainText)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    last_modified: Mapped[str] = mapped_column(Instant)


def _gin(name: str, kind: tuple[str, dict[str, str]], *indexed: str) -> Any:
    """Return an index of PostgreSQL over columns or expressions; ``kind`` is one of the above."""
    operators, storage = kind
    expressions = [sa.text(f"{each} {operators}") for each in indexed]
    index = sa.Index(name, *expressions, postgresql_using="gin", postgresql_with=storage)
    return index.ddl_if(dialect="postgresql")


class User(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A user; ``user_name`` is folded, ``groups`` are those that have it as a member."""

    __tablename__ = "users"
    __table_args__ = (
        sa.Index("uq_users_user_name", "tenant_id", "user_name", unique=True),
        sa.Index("ix_users_external_id", "tenant_id", "external_id"),
        sa.Index("ix_users_last_modified", "tenant_id", "last_modified"),
        _gin("ix_users_search", VALUES, "search"),
        _gin("ix_users_trigrams", TRIGRAMS, "user_name", *IN_DOCUMENTS),
    )

    user_name: Mapped[str] = mapped_column(PlainText)
    groups: Mapped[list["Group"]] = relationship(secondary="link", viewonly=True)


class Group(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A group; ``display_name`` is folded.

    ``name_scope`` is empty if names are unique in the tenant; otherwise it is the group's id.
    ``users`` are those in the group itself.
    """

    __tablename__ = "groups"
    __table_args__ = (
        sa.Index("uq_groups_display_name", "tenant_id", "display_name", "name_scope", unique=True),
        sa.Index("ix_groups_external_id", "tenant_id", "external_id"),
        sa.Index("ix_groups_last_modified", "tenant_id", "last_modified"),
        _gin("ix_groups_search", VALUES, "search"),
        _gin("ix_groups_trigrams", TRIGRAMS, "display_name"),
    )

    display_name: Mapped[str] = mapped_column(PlainText)
    name_scope: Mapped[str] = mapped_column(PlainText)
    users: Mapped[list["User"]] = relationship(secondary="link", viewonly=True)


class DefinedResource(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A resource of a type that a document defines."""

    __tablename__ = "resources"
    __table_args__ = (
        sa.Index("ix_resources_external_id", "tenant_id", "resource_type", "external_id"),
        sa.Index("ix_resources_last_modified", "tenant_id", "resource_type", "last_modified"),
        _gin("ix_resources_search", VALUES, "search"),
    )

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True, sort_order=-2)


class UniqueValue(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A folded value of an attribute that a document declares unique."""

    __tablename__ = "unique_values"
    __table_args__ = (sa.Index("ix_unique_values_resource", "tenant_id", "resource_id"),)

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    value: Mapped[str] = mapped_column(PlainText, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id)


class Referral(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A reference from one resource to another, which need not exist: a user's manager."""

    __tablename__ = "referrals"
    __table_args__ = (sa.Index("ix_referrals_target", "tenant_id", "target_id", "key"),)

    source_id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    source_type: Mapped[str] = mapped_column(PlainText)
    target_id: Mapped[str] = mapped_column(Id)


def _owned_by(table: str, column: str) -> sa.ForeignKeyConstraint:
    key = [f"{table}.tenant_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["tenant_id", column], key, ondelete="CASCADE")


class Link(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A user in a group."""

    __tablename__ = "link"
    __table_args__ = (
        _owned_by("groups", "group_id"),
        _owned_by("users", "user_id"),
        sa.Index("ix_link_user", "tenant_id", "user_id", "group_id"),
    )

    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)


class Nesting(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A group within a group: as its member if ``direct``, otherwise by way of others.

    It has no foreign keys: a chain of 300 groups has 44,850 rows, and to check them took nine
    tenths of the time. Every change locks the tenant's nesting instead.
    """

    __tablename__ = "nesting"
    __table_args__ = (sa.Index("ix_nesting_child", "tenant_id", "child_id", "parent_id"),)

    parent_id: Mapped[str] = mapped_column(Id, primary_key=True)
    child_id: Mapped[str] = mapped_column(Id, primary_key=True)
    direct: Mapped[bool] = mapped_column(sa.Boolean)


class Trash(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A deleted resource, in a table of its own, so that no query finds it.

    ``name`` is its folded userName or displayName, ``relations`` the ids of its groups and members.
    """

    __tablename__ = "trash"
    __table_args__ = (
        sa.Index("ix_trash_name", "tenant_id", "resource_type", "name"),
        sa.Index("ix_trash_deleted", "tenant_id", "deleted"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    name: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    hidden: Mapped[str | None] = mapped_column(PlainText)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    deleted: Mapped[str] = mapped_column(Instant)
    relations: Mapped[str] = mapped_column(PlainText)


class Change(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """One version of a resource: who made it (the token's name), when, by which operation.

    ``cause`` says why the server made a change that no request named. ``before`` and ``after`` are
    bodies; ``unseen`` if an attribute changed that no body shows.
    """

    __tablename__ = "changes"
    __table_args__ = (sa.Index("ix_changes_at", "tenant_id", "at"),)

    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    at: Mapped[str] = mapped_column(Instant)
    token: Mapped[str] = mapped_column(PlainText)
    operation: Mapped[str] = mapped_column(PlainText)
    cause: Mapped[str | None] = mapped_column(PlainText)
    before: Mapped[str | None] = mapped_column(PlainText)
    after: Mapped[str | None] = mapped_column(PlainText)
    unseen: Mapped[bool] = mapped_column(sa.Boolean)
    request_id: Mapped[str | None] = mapped_column(PlainText)


class MemberChange(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A member that joined (``added``) or left with a version of a group."""

    __tablename__ = "member_changes"
    __table_args__ = (sa.Index("ix_member_changes_member", "tenant_id", "member_id"),)

    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    added: Mapped[bool] = mapped_column(sa.Boolean)


class Release(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A deleted resource that others still refer to: their references are removed part by part."""

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)


class Protection(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A filter; SCIM cannot deactivate, delete or rename the users who match."""

    __tablename__ = "protections"

    rule: Mapped[str] = mapped_column(PlainText, primary_key=True)


class Braking(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A user deactivated or deleted, or a group emptied or deleted, which the brake counts.

    The ``number`` and ``at`` of a type grow together, so that nobody counts the rows.
    """

    __tablename__ = "brakings"
    __table_args__ = (sa.Index("ix_brakings_at", "tenant_id", "resource_type", "at", "number"),)

    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    at: Mapped[str] = mapped_column(Instant)
    number: Mapped[int] = mapped_column(sa.BigInteger)


class Entry(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A change in a tenant's audit: ``digest`` is that of the change.

    ``hash`` covers the hash of the entry before, so an entry cannot be exchanged. ``stub`` proves
    that the change was purged at the instant ``purged``. All three are made with a key.
    """

    __tablename__ = "entries"
    __table_args__ = (
        sa.Index("uq_entries_change", "tenant_id", "resource_id", "version", unique=True),
        {"sqlite_with_rowid": False},
    )

    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    resource_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[str] = mapped_column(Instant)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    purged: Mapped[str | None] = mapped_column(Instant)
    stub: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))


class Unchained(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """A change that is not in the audit yet, with its keyed digest. The oldest come first."""

    __tablename__ = "unchained"
    __table_args__ = ({"sqlite_with_rowid": False},)  # a write has one page more, not two

    at: Mapped[str] = mapped_column(Instant, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


class Import(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """How far the import of a tenant is: its lines that are stored, and the chain behind them."""

    __tablename__ = "imports"

    lines: Mapped[int] = mapped_column(sa.BigInteger)
    chain: Mapped[str] = mapped_column(PlainText)
    finished: Mapped[bool] = mapped_column(sa.Boolean)


class LogPosition(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """The position in PostgreSQL's log, in bytes, behind a tenant's last write: see the replica."""

    __tablename__ = "positions"

    lsn: Mapped[int] = mapped_column(sa.BigInteger)


class Total(OfTenant, db.Model):  # type: ignore[name-defined, misc]
    """The number of resources of a type, spread over slots so that writers do not queue.

    ``moves`` counts the deletes and restores, each of which shifts later pages.
    """

    __tablename__ = "totals"

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    slot: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    resources: Mapped[int] = mapped_column(sa.BigInteger)
    moves: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
