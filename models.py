"""The tables. Columns, constraints and indexes only; scim/storage reads and writes the rows.

``users``, ``groups`` and ``resources`` (all other types) have the same shape. Every key and index
begins with the tenant, so that the tables can be partitioned by it. ``link`` says which user is in
which group, ``nesting`` which group; neither is ever part of a body. What has been deleted is in
``trash``, what has been done in ``changes``.
"""

from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# The same comparison and order on both databases: by code point.
PlainText = Text().with_variant(Text(collation="C"), "postgresql")
Id = String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = String(27).with_variant(String(27, collation="C"), "postgresql")
Search = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """What all tables have in common."""


db = SQLAlchemy(model_class=Base)


class Tenant(db.Model):  # type: ignore[name-defined, misc]
    """Whoever owns resources that others do not see.

    ``strict`` turns every tolerance off; ``restores`` brings a deleted user back who is created
    again, unless the tenant is strict. ``cursor_key`` authenticates the tenant's cursors.
    """

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(PlainText, unique=True)
    strict: Mapped[bool] = mapped_column(Boolean, server_default=false())
    restores: Mapped[bool] = mapped_column(Boolean, server_default=false())
    cursor_key: Mapped[str] = mapped_column(PlainText)


class Token(db.Model):  # type: ignore[name-defined, misc]
    """A bearer token of a tenant, kept as the SHA-256 digest of its text.

    ``subject`` is the id of the user who is ``/Me`` to whoever presents it.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        Index("uq_tokens_digest", "digest", unique=True),
        Index("uq_tokens_name", "tenant_id", "name", unique=True),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    created: Mapped[str] = mapped_column(Instant)
    subject: Mapped[str | None] = mapped_column(Id)


class Resource:
    """The columns that all resources share.

    ``body`` is the JSON text that a read hands over, without meta, groups and members, and with a
    placeholder for the base URL. ``search`` is the same resource folded for comparison, ``hidden``
    the JSON text of what is never returned, a password's hash for example. ``display`` is its
    displayName, by which other resources show it. There is no foreign key to the tenant: every
    insert would lock the tenant's row.
    """

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-2)
    id: Mapped[str] = mapped_column(Id, primary_key=True, sort_order=-1)
    external_id: Mapped[str | None] = mapped_column(PlainText)
    display: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    search: Mapped[dict[str, object]] = mapped_column(Search)
    hidden: Mapped[str | None] = mapped_column(PlainText)
    version: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    last_modified: Mapped[str] = mapped_column(Instant)


def _search_index(table: str) -> Any:
    return Index(
        f"ix_{table}_search",
        "search",
        postgresql_using="gin",
        postgresql_ops={"search": "jsonb_path_ops"},
        postgresql_with={"fastupdate": "off"},
    ).ddl_if(dialect="postgresql")


def _trigram_index(table: str, *columns: str) -> Any:
    """Return an index that finds parts of texts, for ``co``, ``sw`` and ``ew``.

    A text has so many of them that they are taken in by the hundred. They wait in a list, which
    every search reads, so it must not be long.
    """
    return Index(
        f"ix_{table}_trigrams",
        *(text(f"{column} gin_trgm_ops") for column in columns),
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "1024"},
    ).ddl_if(dialect="postgresql")


class User(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A user; ``user_name`` is folded."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_user_name", "tenant_id", "user_name", unique=True),
        Index("ix_users_external_id", "tenant_id", "external_id"),
        Index("ix_users_last_modified", "tenant_id", "last_modified"),
        _search_index("users"),
        _trigram_index("users", "user_name", "(search ->> 'displayname')", "(search ->> 'emails')"),
    )

    user_name: Mapped[str] = mapped_column(PlainText)


class Group(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A group; ``display_name`` is folded.

    ``name_scope`` is empty where names are unique in the tenant and the group's own id where
    they are not: then no two groups ever clash.
    """

    __tablename__ = "groups"
    __table_args__ = (
        Index("uq_groups_display_name", "tenant_id", "display_name", "name_scope", unique=True),
        Index("uq_groups_external_id", "tenant_id", "external_id", "name_scope", unique=True),
        Index("ix_groups_last_modified", "tenant_id", "last_modified"),
        _search_index("groups"),
        _trigram_index("groups", "display_name"),
    )

    display_name: Mapped[str] = mapped_column(PlainText)
    name_scope: Mapped[str] = mapped_column(PlainText)


class DefinedResource(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A resource of a type that a document defines."""

    __tablename__ = "resources"
    __table_args__ = (
        Index("ix_resources_external_id", "tenant_id", "resource_type", "external_id"),
        Index("ix_resources_last_modified", "tenant_id", "resource_type", "last_modified"),
        _search_index("resources"),
    )

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True, sort_order=-2)


class UniqueValue(db.Model):  # type: ignore[name-defined, misc]
    """A value, folded, of an attribute of which a document says that it is unique."""

    __tablename__ = "unique_values"
    __table_args__ = (Index("ix_unique_values_resource", "tenant_id", "resource_id"),)

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    value: Mapped[str] = mapped_column(PlainText, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id)


class Referral(db.Model):  # type: ignore[name-defined, misc]
    """A reference from one resource to another, which need not exist: a user's manager."""

    __tablename__ = "referrals"
    __table_args__ = (Index("ix_referrals_target", "tenant_id", "target_id", "key"),)

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    source_id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    source_type: Mapped[str] = mapped_column(PlainText)
    target_id: Mapped[str] = mapped_column(Id)


class Link(db.Model):  # type: ignore[name-defined, misc]
    """A user in a group."""

    __tablename__ = "link"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "group_id"], ["groups.tenant_id", "groups.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"
        ),
        Index("ix_link_user", "tenant_id", "user_id", "group_id"),
    )

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)


class Nesting(db.Model):  # type: ignore[name-defined, misc]
    """A group within a group: as its member if ``direct``, otherwise by way of others."""

    __tablename__ = "nesting"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "parent_id"], ["groups.tenant_id", "groups.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "child_id"], ["groups.tenant_id", "groups.id"], ondelete="CASCADE"
        ),
        Index("ix_nesting_child", "tenant_id", "child_id", "parent_id"),
    )

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    parent_id: Mapped[str] = mapped_column(Id, primary_key=True)
    child_id: Mapped[str] = mapped_column(Id, primary_key=True)
    direct: Mapped[bool] = mapped_column(Boolean)


class Trash(db.Model):  # type: ignore[name-defined, misc]
    """A deleted resource as it was; ``relations`` says in JSON which groups and members it had.

    A table of its own, so that no query of what is there can find it. ``name`` is its userName or
    displayName, folded.
    """

    __tablename__ = "trash"
    __table_args__ = (
        Index("ix_trash_name", "tenant_id", "resource_type", "name"),
        Index("ix_trash_deleted", "tenant_id", "deleted"),
    )

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    name: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    hidden: Mapped[str | None] = mapped_column(PlainText)
    version: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    deleted: Mapped[str] = mapped_column(Instant)
    relations: Mapped[str] = mapped_column(PlainText)


class Change(db.Model):  # type: ignore[name-defined, misc]
    """One version of a resource: who made it (the token's name), when, by which operation.

    ``cause`` says why the server made a change that no request named. ``before`` and ``after`` are
    bodies; ``unseen`` if an attribute changed that no body shows.
    """

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_at", "tenant_id", "at"),)

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    at: Mapped[str] = mapped_column(Instant)
    token: Mapped[str] = mapped_column(PlainText)
    operation: Mapped[str] = mapped_column(PlainText)
    cause: Mapped[str | None] = mapped_column(PlainText)
    before: Mapped[str | None] = mapped_column(PlainText)
    after: Mapped[str | None] = mapped_column(PlainText)
    unseen: Mapped[bool] = mapped_column(Boolean)


class MemberChange(db.Model):  # type: ignore[name-defined, misc]
    """A member that came or went with a version of a group."""

    __tablename__ = "member_changes"
    __table_args__ = (Index("ix_member_changes_member", "tenant_id", "member_id"),)

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    added: Mapped[bool] = mapped_column(Boolean)


class LogPosition(db.Model):  # type: ignore[name-defined, misc]
    """Where PostgreSQL's log was, in bytes, when a tenant had last written; see the replica."""

    __tablename__ = "positions"

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    lsn: Mapped[int] = mapped_column(BigInteger)


class Total(db.Model):  # type: ignore[name-defined, misc]
    """How many resources of a type there are, spread over slots so that writers do not queue.

    ``moves`` counts those that were deleted or came back: pages have moved since then.
    """

    __tablename__ = "totals"

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    slot: Mapped[int] = mapped_column(Integer, primary_key=True)
    resources: Mapped[int] = mapped_column(BigInteger)
    moves: Mapped[int] = mapped_column(BigInteger, server_default="0")
