"""What was: deleted resources and the history."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Id, Instant, OfTenant, PlainText


class Trash(OfTenant, Base):
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


class Change(OfTenant, Base):
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


class MemberChange(OfTenant, Base):
    """A member that joined (``added``) or left with a version of a group."""

    __tablename__ = "member_changes"
    __table_args__ = (sa.Index("ix_member_changes_member", "tenant_id", "member_id"),)

    group_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    member_id: Mapped[str] = mapped_column(Id, primary_key=True)
    added: Mapped[bool] = mapped_column(sa.Boolean)


class Release(OfTenant, Base):
    """A deleted resource that others still refer to: their references are removed part by part."""

    __tablename__ = "releases"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
