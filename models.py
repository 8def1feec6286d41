"""The tables. Columns, constraints and indexes only; scim/storage reads and writes the rows.

``users`` and ``groups`` have the same shape. Every key and index begins with the tenant, so
that the tables can be partitioned by it. ``link`` says which user is in which group; it is
never part of a body.
"""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
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
    """Whoever owns users and groups that others do not see."""

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(PlainText, unique=True)


class Token(db.Model):  # type: ignore[name-defined, misc]
    """A bearer token of a tenant, kept as the SHA-256 digest of its text."""

    __tablename__ = "tokens"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    name: Mapped[str] = mapped_column(PlainText)
    created: Mapped[str] = mapped_column(Instant)


class Resource:
    """The columns that users and groups share.

    ``body`` is the JSON text that a read hands over, without meta, groups and members, and with a
    placeholder for the base URL. ``search`` is the same resource folded for comparison.
    ``display`` is its displayName, by which other resources show it. There is no foreign key to
    the tenant: every insert would lock the tenant's row.
    """

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, sort_order=-2)
    id: Mapped[str] = mapped_column(Id, primary_key=True, sort_order=-1)
    external_id: Mapped[str | None] = mapped_column(PlainText)
    display: Mapped[str | None] = mapped_column(PlainText)
    body: Mapped[str] = mapped_column(PlainText)
    search: Mapped[dict[str, object]] = mapped_column(Search)
    version: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[str] = mapped_column(Instant)
    last_modified: Mapped[str] = mapped_column(Instant)


class User(Resource, db.Model):  # type: ignore[name-defined, misc]
    """A user; ``user_name`` is folded, ``password`` an argon2 hash.

    ``manager_id`` is the manager's id as it stands in the body, if it could be one of ours.
    """

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_user_name", "tenant_id", "user_name", unique=True),
        Index("ix_users_external_id", "tenant_id", "external_id"),
        Index("ix_users_last_modified", "tenant_id", "last_modified"),
        Index(
            "ix_users_manager_id",
            "tenant_id",
            "manager_id",
            postgresql_where=text("manager_id IS NOT NULL"),
            sqlite_where=text("manager_id IS NOT NULL"),
        ),
        Index(
            "ix_users_search",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "jsonb_path_ops"},
            postgresql_with={"fastupdate": "off"},
        ).ddl_if(dialect="postgresql"),
    )

    user_name: Mapped[str] = mapped_column(PlainText)
    password: Mapped[str | None] = mapped_column(PlainText)
    manager_id: Mapped[str | None] = mapped_column(Id)


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
        Index(
            "ix_groups_search",
            "search",
            postgresql_using="gin",
            postgresql_ops={"search": "jsonb_path_ops"},
            postgresql_with={"fastupdate": "off"},
        ).ddl_if(dialect="postgresql"),
    )

    display_name: Mapped[str] = mapped_column(PlainText)
    name_scope: Mapped[str] = mapped_column(PlainText)


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


class Total(db.Model):  # type: ignore[name-defined, misc]
    """How many resources of a type there are, spread over slots so that writers do not queue."""

    __tablename__ = "totals"

    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    slot: Mapped[int] = mapped_column(Integer, primary_key=True)
    resources: Mapped[int] = mapped_column(BigInteger)
