"""Who is told of changes, and what they have not been told yet."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Id, Instant, OfTenant, PlainText

WAITING: Any = {f"{name}_where": sa.text("NOT dead") for name in ("sqlite", "postgresql")}


class Receiver(Base):
    """One that is told of a tenant's changes; ``kind`` says how.

    ``secrets`` and ``options`` are JSON texts; their members depend on the kind.

    The other columns are for delivery. Until the instant ``taken`` a deliverer has the receiver for
    itself, until ``rests`` nobody tries it again. It has failed ``failures`` times in a row, since
    ``failing``, and is ``slow`` if its last answer took long.
    """

    __tablename__ = "receivers"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "name", name="uq_receivers_name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(sa.ForeignKey("tenants.id"))
    name: Mapped[str] = mapped_column(PlainText)
    kind: Mapped[str] = mapped_column(PlainText)
    url: Mapped[str | None] = mapped_column(PlainText)
    secrets: Mapped[str | None] = mapped_column(PlainText)
    options: Mapped[str] = mapped_column(PlainText, server_default="{}")
    created: Mapped[str] = mapped_column(Instant)
    taken: Mapped[str] = mapped_column(Instant, server_default="")
    rests: Mapped[str] = mapped_column(Instant, server_default="")
    failures: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    failing: Mapped[str | None] = mapped_column(Instant)
    slow: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())
    last_success: Mapped[str | None] = mapped_column(Instant)
    last_failure: Mapped[str | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(PlainText)


class Message(OfTenant, Base):
    """A change that a receiver has to be told; the row is deleted when it has been.

    ``content`` is the text that is sent, if it was made once and for all. Nobody sends it before
    the instant ``due``. A ``dead`` message is not sent again, unless an operator says so. ``txn``
    is the same in all messages about one transaction.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_due", "tenant_id", "receiver_id", "due", "id", **WAITING),
        sa.Index("ix_outbox_resource", "tenant_id", "resource_id", "receiver_id", "version"),
        {"sqlite_with_rowid": False},  # a write has one page less
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    receiver_id: Mapped[str] = mapped_column(Id)
    resource_type: Mapped[str] = mapped_column(PlainText)
    resource_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int] = mapped_column(sa.BigInteger)
    operation: Mapped[str] = mapped_column(PlainText)
    at: Mapped[str] = mapped_column(Instant)
    txn: Mapped[str] = mapped_column(PlainText)
    content: Mapped[str | None] = mapped_column(PlainText)
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    due: Mapped[str] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(PlainText)
    dead: Mapped[bool] = mapped_column(sa.Boolean, server_default=sa.false())


class FeedMember(OfTenant, Base):
    """A resource in the feed of a receiver that has a filter, since that version of it."""

    __tablename__ = "feed_members"

    receiver_id: Mapped[str] = mapped_column(Id, primary_key=True)
    resource_id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger)


class SigningKey(Base):
    """A key of this server that signs security event tokens, as JWKs in JSON.

    It signs from the instant ``starts`` on. ``private`` is NULL when another one has replaced it.
    """

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(PlainText, primary_key=True)
    private: Mapped[str | None] = mapped_column(PlainText)
    public: Mapped[str] = mapped_column(PlainText)
    created: Mapped[str] = mapped_column(Instant)
    starts: Mapped[str] = mapped_column(Instant)
