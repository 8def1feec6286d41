"""The base class of all tables, and the types of their columns."""

from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# The same comparison and order on both databases: by code point.
PlainText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Id = sa.String(36).with_variant(UUID(as_uuid=False), "postgresql")
Instant = sa.String(27).with_variant(sa.String(27, collation="C"), "postgresql")
Search = sa.JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """The base class of all tables, whose metadata is no application's."""

    __table__: ClassVar[Any]


class OfTenant:
    """The first column of each key and index, by which tables are partitioned.

    A foreign key to the tenant would lock the tenant's row at each insert.
    """

    tenant_id: Mapped[int] = mapped_column(
        sa.Integer, primary_key=True, autoincrement=False, sort_order=-3
    )
