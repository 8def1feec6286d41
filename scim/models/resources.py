"""Resources, their members and their references."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, Id, Instant, OfTenant, PlainText, Search

VALUES = ("jsonb_path_ops", {"fastupdate": "off"})  # the values in a JSON document
# The parts of texts, for co, sw and ew. Those of new texts are in a list, which every search reads.
TRIGRAMS = ("gin_trgm_ops", {"gin_pending_list_limit": "1024"})  # kB
IN_DOCUMENTS = ("(search ->> 'displayname')", "(search ->> 'emails')")


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


class User(Resource, Base):
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


class Group(Resource, Base):
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


class DefinedResource(Resource, Base):
    """A resource of a type that a document defines."""

    __tablename__ = "resources"
    __table_args__ = (
        sa.Index("ix_resources_external_id", "tenant_id", "resource_type", "external_id"),
        sa.Index("ix_resources_last_modified", "tenant_id", "resource_type", "last_modified"),
        _gin("ix_resources_search", VALUES, "search"),
    )

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True, sort_order=-2)


class UniqueValue(OfTenant, Base):
    """A folded value of an attribute that a document declares unique."""

    __tablename__ = "unique_values"
    __table_args__ = (sa.Index("ix_unique_values_resource", "tenant_id", "resource_id"),)

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    key: Mapped[str] = mapped_column(PlainText, primary_key=True)
    value: Mapped[str] = mapped_column(PlainText, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id)


class Referral(OfTenant, Base):
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


class Link(OfTenant, Base):
    """A user in a group."""

    __tablename__ = "link"
    __table_args__ = (
        _owned_by("groups", "group_id"),
        _owned_by("users", "user_id"),
        sa.Index("ix_link_user", "tenant_id", "user_id", "group_id"),
    )

    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)


class Nesting(OfTenant, Base):
    """A group within a group: as its member if ``direct``, otherwise by way of others.

    It has no foreign keys: a chain of 300 groups has 44,850 rows, and to check them took nine
    tenths of the time. Every change locks the tenant's nesting instead.
    """

    __tablename__ = "nesting"
    __table_args__ = (sa.Index("ix_nesting_child", "tenant_id", "child_id", "parent_id"),)

    parent_id: Mapped[str] = mapped_column(Id, primary_key=True)
    child_id: Mapped[str] = mapped_column(Id, primary_key=True)
    direct: Mapped[bool] = mapped_column(sa.Boolean)
