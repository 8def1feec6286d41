"""The tables: columns, constraints and indexes only; scim/storage reads and writes the rows.

``users``, ``groups`` and ``resources`` (all other types) have the same shape. Every key and index
begins with the tenant, so that the tables can be partitioned by it. ``link`` has the users in each
group, ``nesting`` the groups in each group; no body has either. ``trash`` has the deleted
resources, ``changes`` the history.
"""

from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# The same comparison and order on both databases: by code point.
PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
Search = sa.JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The base class of all tables."""


db = SQLAlchemy(model_class=Base)


class Tenant(db.Model):  # type: ignore[name-defined, misc]
    """The owner of a directory, which no other tenant sees.

    ``strict`` turns every tolerance off. With ``restores`` a create brings a deleted user of the
    same name back, unless the tenant is strict. ``cursor_key`` signs the tenant's cursors.
    """

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    name: Mapped[str] = mapped_column(PlainText, unique=True)
    strict: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    restores: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    cursor_key: Mapped[str] = mapped_column(PlainText)


class Token(db.Model):  # type: ignore[name-defined, misc]
    """A bearer token of a tenant, stored as the SHA-256 digest of its text.

    ``subject`` is the id of the user who is ``/Me`` to a client with this token.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        sa.Index("uq_tokens_digest", "digest", unique=True),
        sa.Index("uq_tokens_name", "tenant_id", "name", unique=True),
    )

    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    created: Mapped[str] = mapped_column(Instant)
    subject: Mapped[str | None] = mapped_column(Id)


class Resource:
    """The columns that all resources share.

    ``body`` is the JSON text that a read hands over, without meta, groups and members, and with a
    placeholder for the base URL. ``search`` is the same resource folded for comparison. ``hidden``
    is the JSON text of the attributes that are never returned, a password's hash for example.
    ``display`` is its displayName. A foreign key to the tenant would lock the row at each insert.
    """

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, sort_order=-2)
    id: Mapped[str] = mapped_column(Id, primary_key=True, sort_order=-1)
    external_id: Mapped[str | None] = mapped_column(PlainText)
    display: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    search: Mapped[dict[str, object]] = mapped_column(Search)
    hidden: Mapped[str | None] = mapped_column(PlainText)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    last_modified: Mapped[str] = mapped_column(Instant)


def _search_index(table: str) -> Any:
    return sa.Index(
        f"ix_{table}_search",
        "search",
        postgresql_using="gin",
        postgresql_ops={"search": "jsonb_path_ops"},
        postgresql_with={"fastupdate": "off"},
    ).ddl_if(dialect="postgresql")


def _trigram_index(table: str, *columns: str) -> Any:
    """Return an index that finds parts of texts, for ``co``, ``sw`` and ``ew``.

    PostgreSQL collects the many trigrams of new texts in a list, which every search reads. So the
    list is limited to 1024 kB.
    """
    return sa.Index(
        f"ix_{table}_trigrams",
        *(sa.text(f"{column} gin_trgm_ops") for column in columns),
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "1024"},
    ).ddl_if(dialect="postgresql")


class User(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A user; ``user_name`` is folded."""

    __tablename__ = "users"
    __table_args__ = (
        sa.Index("uq_users_user_name", "tenant_id", "user_name", unique=True),
        sa.Index("ix_users_external_id", "tenant_id", "external_id"),
        sa.Index("ix_users_last_modified", "tenant_id", "last_modified"),
        _search_index("users"),
        _trigram_index("users", "user_name", "(search ->> 'displayname')", "(search ->> 'emails')"),
    )

    user_name: Mapped[str] = mapped_column(PlainText)


class Group(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A group; ``display_name`` is folded.

    ``name_scope`` is empty if names are unique in the tenant; otherwise it is the group's id.
    """

    __tablename__ = "groups"
    __table_args__ = (
        sa.Index("uq_groups_display_name", "tenant_id", "display_name", "name_scope", unique=True),
        sa.Index("ix_groups_external_id", "tenant_id", "external_id"),
        sa.Index("ix_groups_last_modified", "tenant_id", "last_modified"),
        _search_index("groups"),
        _trigram_index("groups", "display_name"),
    )

    display_name: Mapped[str] = mapped_column(PlainText)
    name_scope: Mapped[str] = mapped_column(PlainText)


class DefinedResource(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A resource of a type that a document defines."""

    __tablename__ = "resources"
    __table_args__ = (
        sa.Index("ix_resources_external_id", "tenant_id", "resource_type", "external_id"),
        sa.Index("ix_resources_last_modified", "tenant_id", "resource_type", "last_modified"),
        _search_index("resources"),
    )

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True, sort_order=-2)


class UniqueValue(db.Model):  # type: ignore[name-defined, misc]
    """A folded value of an attribute that a document declares unique."""

    __tablename__ = "unique_values"
    __table_args__ = (sa.Index("ix_unique_values_resource", "tenant_id", "resource_id"),)

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    value: Mapped[str] = mapped_column(PlainText, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id)


class Referral(db.Model):  # type: ignore[name-defined, misc]
    """A reference from one resource to another, which need not exist: a user's manager."""

    __tablename__ = "referrals"
    __table_args__ = (sa.Index("ix_referrals_target", "tenant_id", "target_id", "key"),)

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    source_id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    source_type: Mapped[str] = mapped_column(PlainText)
    target_id: Mapped[str] = mapped_column(Id)


def _owned_by(table: str, column: str) -> sa.ForeignKeyConstraint:
    key = [f"{table}.tenant_id", f"{table}.id"]
    return sa.ForeignKeyConstraint(["tenant_id", column], key, ondelete="CASCADE")


class Link(db.Model):  # type: ignore[name-defined, misc]
    """A user in a group."""

    __tablename__ = "link"
    __table_args__ = (
        _owned_by("groups", "group_id"),
        _owned_by("users", "user_id"),
        sa.Index("ix_link_user", "tenant_id", "user_id", "group_id"),
    )

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)


class Nesting(db.Model):  # type: ignore[name-defined, misc]
    """A group within a group: as its member if ``direct``, otherwise by way of others."""

    __tablename__ = "nesting"
    __table_args__ = (
        _owned_by("groups", "parent_id"),
        _owned_by("groups", "child_id"),
        sa.Index("ix_nesting_child", "tenant_id", "child_id", "parent_id"),
    )

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    parent_id: Mapped[str] = mapped_column(Id, primary_key=True)
    child_id: Mapped[str] = mapped_column(Id, primary_key=True)
    direct: Mapped[bool] = mapped_column(sa.Boolean)


class Trash(db.Model):  # type: ignore[name-defined, misc]
    """A deleted resource, in a table of its own, so that no query finds it.

    ``name`` is its folded userName or displayName, ``relations`` the ids of its groups and members.
    """

    __tablename__ = "trash"
    __table_args__ = (
        sa.Index("ix_trash_name", "tenant_id", "resource_type", "name"),
        sa.Index("ix_trash_deleted", "tenant_id", "deleted"),
    )

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    name: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    hidden: Mapped[str | None] = mapped_column(PlainText)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    deleted: Mapped[str] = mapped_column(Instant)
    relations: Mapped[str] = mapped_column(PlainText)


class Change(db.Model):  # type: ignore[name-defined, misc]
    """One version of a resource: who made it (the token's name), when, by which operation.

    ``cause`` says why the server made a change that no request named. ``before`` and ``after`` are
    bodies; ``unseen`` if an attribute changed that no body shows.
    """

    __tablename__ = "changes"
    __table_args__ = (sa.Index("ix_changes_at", "tenant_id", "at"),)

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
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


class MemberChange(db.Model):  # type: ignore[name-defined, misc]
    """A member that joined (``added``) or left with a version of a group."""

    __tablename__ = "member_changes"
    __table_args__ = (sa.Index("ix_member_changes_member", "tenant_id", "member_id"),)

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    added: Mapped[bool] = mapped_column(sa.Boolean)


class Release(db.Model):  # type: ignore[name-defined, misc]
    """A deleted resource that others still refer to: their references are removed part by part."""

    __tablename__ = "releases"

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)


class LogPosition(db.Model):  # type: ignore[name-defined, misc]
    """The position in PostgreSQL's log, in bytes, behind a tenant's last write: see the replica."""

    __tablename__ = "positions"

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    lsn: Mapped[int] = mapped_column(sa.BigInteger)


class Total(db.Model):  # type: ignore[name-defined, misc]
    """The number of resources of a type, spread over slots so that writers do not queue.

    ``moves`` counts the deletes and restores, each of which shifts later pages.
    """

    __tablename__ = "totals"

    tenant_id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    slot: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    resources: Mapped[int] = mapped_column(sa.BigInteger)
    moves: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
