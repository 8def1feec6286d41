"""Where the rows are: users and groups have tables of their own, all other types share one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from scim import models
from scim.protocol.schema import ResourceType

users = models.User.__table__
groups = models.Group.__table__
resources = models.DefinedResource.__table__
link = models.Link.__table__
nesting = models.Nesting.__table__
referrals = models.Referral.__table__
unique_values = models.UniqueValue.__table__
totals = models.Total.__table__
trash = models.Trash.__table__
releases = models.Release.__table__
changes = models.Change.__table__
member_changes = models.MemberChange.__table__
entries = models.Entry.__table__
unchained = models.Unchained.__table__
tenants = models.Tenant.__table__
tokens = models.Token.__table__
clients = models.Client.__table__
access_tokens = models.AccessToken.__table__
assertions = models.Assertion.__table__
imports = models.Import.__table__
brakings = models.Braking.__table__
protections = models.Protection.__table__
receivers = models.Receiver.__table__
outbox = models.Message.__table__
feed_members = models.FeedMember.__table__
signing_keys = models.SigningKey.__table__
deferred_requests = models.DeferredRequest.__table__
deferred_results = models.DeferredResult.__table__
TABLES = models.Base.metadata.sorted_tables  # each after those that it refers to

DIALECTS: Mapping[str, Any] = {"sqlite": sqlite, "postgresql": postgresql}  # for ON CONFLICT

# Parameters of every statement. An UPDATE would take a parameter with a column's name for a value.
TENANT: Any = sa.bindparam("tenant")
THIS: Any = sa.bindparam("this", type_=users.c.id.type)


@dataclass(frozen=True)
class Kind:
    """How the resources of a type are stored.

    ``name`` is the attribute that people know a resource by, ``column`` has its folded value.
    ``related`` names the others that a resource shows: a user's ``groups``, a group's ``members``.
    ``linked`` is the column of ``link`` with the resource's id.
    """

    table: Any
    name: str = "displayName"
    column: str | None = None
    related: str | None = None
    linked: Any = None

    @property
    def has_groups(self) -> bool:
        """Whether a resource shows the groups that it is in, as a user does."""
        return self.related == "groups"

    @cached_property
    def looked_up(self) -> Collection[tuple[str, ...]]:
        """The attributes that providers look a resource up by before each write."""
        return [(self.name.lower(),), ("externalid",)] if self.column else []


OWN_KINDS: Mapping[str, Kind] = {
    "User": Kind(users, "userName", "user_name", "groups", linked=link.c.user_id),
    "Group": Kind(groups, "displayName", "display_name", "members", linked=link.c.group_id),
}
DEFINED = Kind(resources)  # all types that documents define


def kind_of(resource_type: ResourceType) -> Kind:
    """Return how the resources of a type are stored."""
    return OWN_KINDS.get(resource_type.name, DEFINED)


def table_of(resource_type: ResourceType) -> Any:
    """Return the table of the resources of a type."""
    return kind_of(resource_type).table


def belongs(resource_type: ResourceType) -> sa.ColumnElement[bool]:
    """Return the condition on the rows of the type's table: of that type, and the tenant's."""
    table = table_of(resource_type)
    mine: sa.ColumnElement[bool] = table.c.tenant_id == TENANT
    if "resource_type" not in table.c:
        return mine
    return sa.and_(mine, table.c.resource_type == resource_type.name)


def is_this(resource_type: ResourceType) -> sa.ColumnElement[bool]:
    """Return the condition on the resource that the parameter ``this`` names."""
    return sa.and_(belongs(resource_type), table_of(resource_type).c.id == THIS)


class quoted(GenericFunction[str]):
    """A text as a JSON string."""

    type = sa.Text()
    inherit_cache = True


@compiles(quoted, "postgresql")
def _to_json(element: quoted, compiler: Any, **options: Any) -> str:
    return f"to_json({compiler.process(element.clauses, **options)})::text"


@compiles(quoted, "sqlite")
def _json_quote(element: quoted, compiler: Any, **options: Any) -> str:
    return f"json_quote({compiler.process(element.clauses, **options)})"


def named(name: str, column: Any) -> sa.ColumnElement[str]:
    """Return a comma and a member of a JSON object, or '' if the column is NULL."""
    member = sa.literal(f',"{name}":', sa.String).concat(quoted(column))
    return sa.case((column.is_not(None), member), else_="")


def joined(column: Any, separator: str) -> sa.ColumnElement[str]:
    """Return the texts of a column as one.

    The separator is a part of the statement. For a parameter, SQLAlchemy would search the text of
    the whole statement at each execution.
    """
    constant: Any = sa.literal_column(f"'{separator}'")
    return sa.func.aggregate_strings(column, constant)


Ids = sa.JSON().with_variant(ARRAY(UUID(as_uuid=False)), "postgresql")


class among(GenericFunction[bool]):
    """Whether a column is one of the ids in a parameter, or one of those that are selected.

    On PostgreSQL they are an array. The planner expects 10 elements in it, and uses the index. From
    a subquery with an unknown LIMIT it expects a tenth of the table, and reads all of it.
    """

    type = sa.Boolean()
    inherit_cache = True

    def __init__(self, column: Any, ids: str | sa.Select[Any] = "ids") -> None:
        given: Any = sa.bindparam(ids, type_=Ids) if isinstance(ids, str) else ids.scalar_subquery()
        super().__init__(column, given)

    def self_group(self, against: Any = None) -> Any:
        """Return this unchanged: on SQLite, SQLAlchemy would add ``= 1``, which uses no index."""
        return self


@compiles(among, "postgresql")
def _any(element: among, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({ids if _is_given(element) else f'ARRAY{ids}'})"


@compiles(among, "sqlite")
def _in(element: among, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN {f'(SELECT value FROM json_each({ids}))' if _is_given(element) else ids}"


def _is_given(element: among) -> bool:
    return isinstance(list(element.clauses)[1], sa.BindParameter)
