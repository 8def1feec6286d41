"""What operates a directory: the brake, protection, the audit, imports and counters."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Id, Instant, OfTenant, PlainText


class Protection(OfTenant, Base):
    """A filter; SCIM cannot deactivate, delete or rename the users who match."""

    __tablename__ = "protections"

    rule: Mapped[str] = mapped_column(PlainText, primary_key=True)


class Braking(OfTenant, Base):
    """A user deactivated or deleted, or a group emptied or deleted, which the brake counts.

    The ``number`` and ``at`` of a type grow together, so that nobody counts the rows.
    """

    __tablename__ = "brakings"
    __table_args__ = (sa.Index("ix_brakings_at", "tenant_id", "resource_type", "at", "number"),)

    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_type: Mapped[str] = mapped_column(PlainText)
    at: Mapped[str] = mapped_column(Instant)
    number: Mapped[int] = mapped_column(sa.BigInteger)


class Entry(OfTenant, Base):
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


class Unchained(OfTenant, Base):
    """A change that is not in the audit yet, with its keyed digest. The oldest come first."""

    __tablename__ = "unchained"
    __table_args__ = ({"sqlite_with_rowid": False},)  # a write has one page more, not two

    at: Mapped[str] = mapped_column(Instant, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


class Import(OfTenant, Base):
    """How far the import of a tenant is: its lines that are stored, and the chain behind them."""

    __tablename__ = "imports"

    lines: Mapped[int] = mapped_column(sa.BigInteger)
    chain: Mapped[str] = mapped_column(PlainText)
    finished: Mapped[bool] = mapped_column(sa.Boolean)


class LogPosition(OfTenant, Base):
    """The position in PostgreSQL's log, in bytes, behind a tenant's last write: see the replica."""

    __tablename__ = "positions"

    lsn: Mapped[int] = mapped_column(sa.BigInteger)


class Total(OfTenant, Base):
    """The number of resources of a type, spread over slots so that writers do not queue.

    ``moves`` counts the deletes and restores, each of which shifts later pages.
    """

    __tablename__ = "totals"

    resource_type: Mapped[str] = mapped_column(PlainText, primary_key=True)
    slot: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    resources: Mapped[int] = mapped_column(sa.BigInteger)
    moves: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
