"""The rules of the interoperability profile, draft-zollner-scim-interop-profile-01.

It allows less of PATCH than RFC 7644, and says more in discovery. A strict tenant keeps it.
Sections in this module are those of the profile.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .attributes import Attribute
from .errors import (
    InvalidFilterError,
    InvalidPathError,
    InvalidSyntaxError,
    InvalidValueError,
    ScimError,
)
from .values import Record

PAGE = 100  # resources on a page (§6.4)


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules for a tenant that keeps the profile, or for one that does not."""

    kept: bool

    def check_path(self, op: str, path: str | None) -> None:
        """Raise if a PATCH operation has no path (§6.5.1.1)."""
        if self.kept and path is None:
            raise InvalidSyntaxError(f"{op} needs a path; name the attribute in it")

    def check_names(self, unknown: Collection[str], place: str) -> None:
        """Raise if the PATCH operation at ``place`` has members that are not defined (§5.3)."""
        if self.kept and unknown:
            raise InvalidSyntaxError(f"{place}: {min(unknown)!r} is unknown; leave it out")

    def undefined(self, otherwise: type[ScimError]) -> type[ScimError]:
        """Return the error for an attribute in a PATCH that is not defined (§5.3)."""
        return InvalidSyntaxError if self.kept else otherwise

    def check_form(self, op: str, attribute: Attribute, is_filtered: bool, value: Any) -> None:
        """Raise unless a path without a sub-attribute gets all values of it (§6.5.2.2).

        The profile does not say how one value is taken from a list, so ``remove`` is as in RFC 7644
        §3.5.2.2.
        """
        if not self.kept or op == "remove":
            return
        if is_filtered:
            raise InvalidPathError("name a sub-attribute after the brackets, or send all values")
        if attribute.multi_valued and not isinstance(value, list | None):
            raise InvalidValueError(f"{attribute.name}: the value must be a list")

    @property
    def replaces_all(self) -> bool:
        """Whether ``replace`` of a complex attribute removes what is not given (§6.5.2.1)."""
        return self.kept

    def check_single(self, matches: int, value_filter: Any) -> None:
        """Raise if the filter before a sub-attribute matches several values (§6.5.3)."""
        if self.kept and matches > 1:
            raise InvalidFilterError(f"{matches} values match {value_filter}; select one of them")

    @property
    def deletes_for_good(self) -> bool:
        """Whether a user who is created again is a new one (§6.6)."""
        return self.kept

    @property
    def has_entity_tags(self) -> bool:
        """Whether answers have an ``ETag``; no client of the profile sends conditions (§6.7)."""
        return not self.kept

    @property
    def adapts_schemas(self) -> bool:
        """Whether /Schemas may leave out what one client's validator rejects (§5.1)."""
        return not self.kept

    def declared(self, attribute: Mapping[str, Any]) -> Record:
        """Return an attribute of a Schema with the values of its ``type``, even if none (§5.4)."""
        if not self.kept or "subAttributes" not in attribute or not attribute["multiValued"]:
            return dict(attribute)
        shown = [
            {"canonicalValues": [], **below} if below["name"] == "type" else below
            for below in attribute["subAttributes"]
        ]
        return {**attribute, "subAttributes": shown}

    def announced(self, page_size: int) -> Record:
        """Return what ServiceProviderConfig says of the profile (§4): nothing for small pages."""
        return {"interopProfileConformant": True} if self.kept and page_size >= PAGE else {}


NO_PROFILE = Profile(kept=False)
INTEROP_PROFILE = Profile(kept=True)
