"""Requests that clients do not wait for, and what became of them."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Id, Instant, OfTenant, PlainText

UNFINISHED = sa.text("finished IS NULL")


class DeferredRequest(OfTenant, Base):
    """An asynchronous request that was accepted; ``number`` is its place among the tenant's.

    ``path`` is below the base URL. A carrier has the ``claim`` to it until the instant ``due``,
    and puts that off. ``body`` goes with the end, at the instant ``finished``. ``token`` is the
    name of the token that sent it, ``issued`` its digest if it is an issued one.
    """

    __tablename__ = "deferred_requests"
    __table_args__ = (
        sa.Index(
            "ix_deferred_requests_waiting",
            *("tenant_id", "number"),
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
        ),
        sa.Index("ix_deferred_requests_finished", "finished"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger)
    method: Mapped[str] = mapped_column(PlainText)
    path: Mapped[str] = mapped_column(PlainText)
    body: Mapped[str | None] = mapped_column(PlainText)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    if_match: Mapped[str | None] = mapped_column(PlainText)
    if_none_match: Mapped[str | None] = mapped_column(PlainText)
    base_url: Mapped[str] = mapped_column(PlainText)
    token: Mapped[str] = mapped_column(PlainText)
    issued: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    request_id: Mapped[str] = mapped_column(PlainText)
    client: Mapped[str] = mapped_column(PlainText)
    accepted: Mapped[str] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    claim: Mapped[str | None] = mapped_column(Id)
    due: Mapped[str] = mapped_column(Instant)
    finished: Mapped[str | None] = mapped_column(Instant)


class DeferredResult(OfTenant, Base):
    """The result of one operation of a deferred request, in JSON, as in a bulk response.

    ``operation`` is its place in the request, ``id`` that of the event that tells of it.
    """

    __tablename__ = "deferred_results"

    request_id: Mapped[str] = mapped_column(Id, primary_key=True)
    operation: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    id: Mapped[str] = mapped_column(Id)
    at: Mapped[str] = mapped_column(Instant)
    uri: Mapped[str] = mapped_column(PlainText)
    result: Mapped[str] = mapped_column(PlainText)
