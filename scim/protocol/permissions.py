"""Permissions: what the client of a token may do (RFC 6750 §3.1, RFC 7644 §2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import InsufficientScopeError
from .schema import ResourceType

READ, WRITE, EVENTS = SCOPES = ("read", "write", "events")


@dataclass(frozen=True, slots=True)
class Permission:
    """The scopes of a token, and the names of the resource types that it is for, None for all.

    ``write`` includes ``read``, since the answer to a write shows the resource.
    """

    scopes: frozenset[str] = frozenset((READ, WRITE))
    types: frozenset[str] | None = None

    @classmethod
    def of(cls, scopes: str, types: str | None = None) -> "Permission":
        """Return what is stored as names with spaces between them."""
        return cls(frozenset(scopes.split()), frozenset(types.split()) if types else None)

    @property
    def stored_scopes(self) -> str:
        return " ".join(each for each in SCOPES if each in self.scopes)

    @property
    def stored_types(self) -> str | None:
        return None if self.types is None else " ".join(sorted(self.types))

    def check_scope(self, scope: str) -> None:
        """Raise unless the client may do what needs a scope.

        :raises InsufficientScopeError: naming the scope
        """
        if scope not in self.scopes and not (scope == READ and WRITE in self.scopes):
            raise InsufficientScopeError(f"this token does not have the scope {scope!r}", scope)

    def permits(self, resource_type: ResourceType) -> bool:
        """Tell whether the client may read or write resources of a type.

        A client that may do so with groups may do so with memberships, which are a part of them.
        """
        names = {resource_type.name, resource_type.part_of}
        return self.types is None or not names.isdisjoint(self.types)

    def check_type(self, resource_type: ResourceType) -> None:
        """Raise unless the client may read or write resources of a type.

        :raises InsufficientScopeError: naming the type
        """
        if not self.permits(resource_type):
            raise InsufficientScopeError(
                f"this token is not for resources of the type {resource_type.name!r}"
            )

    def permitted(self, resource_types: Iterable[ResourceType]) -> list[ResourceType]:
        """Return those of some types that the client may read.

        :raises InsufficientScopeError: there are none
        """
        types = [each for each in resource_types if self.permits(each)]
        if not types:
            raise InsufficientScopeError("this token is for no resource type of this server")
        return types


UNLIMITED = Permission()
