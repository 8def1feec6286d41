"""The attribute mapping, and the one that Entra ID has by default.

A mapping has a source expression as Entra ID's portal shows it, and a target, which is a path as
in PATCH (RFC 7644 §3.5.2). A value that is missing in the source is never provisioned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...values import Record
from .scope import Scope

Value = str | bool | list[Record]  # the list is one of app roles
Values = dict[str, Value]

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
ALWAYS = "Always"
SOFT_DELETED = "IsSoftDeleted"  # in Entra ID: out of scope, blocked or deleted


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """An expression over a directory object, and its target in the SCIM resource."""

    source: str
    target: str
    flow_type: str = ALWAYS
    matching_priority: int = 0  # objects are looked for by the lowest first, never by 0
    default: str = ""


@dataclass(frozen=True, slots=True)
class ObjectMapping:
    """The attribute mappings and the scoping filter for users or for groups."""

    attributes: tuple[AttributeMapping, ...]
    scope: Scope = ()

    @property
    def matching(self) -> list[str]:
        """The targets by which objects are looked for, in this order."""
        matching = [each for each in self.attributes if each.matching_priority]
        return [each.target for each in sorted(matching, key=lambda each: each.matching_priority)]

    @property
    def updated(self) -> frozenset[str]:
        """The targets that are sent for known objects, too."""
        return frozenset(each.target for each in self.attributes if each.flow_type == ALWAYS)

    def refers(self, target: str) -> bool:
        """Does the mapping have a target, such as the manager or members?"""
        return any(each.target == target for each in self.attributes)


Rules = Mapping[str, ObjectMapping]  # by the kind of the objects: User, Group


# Entra ID's defaults for an app that is not in its gallery. ``manager`` and ``members`` are
# references, which are provisioned after all users and groups.
USER_MAPPING = (
    AttributeMapping("[userPrincipalName]", "userName"),
    AttributeMapping('Switch([IsSoftDeleted], , "False", "True", "True", "False")', "active"),
    AttributeMapping("[displayName]", "displayName"),
    AttributeMapping("[jobTitle]", "title"),
    AttributeMapping("[mail]", 'emails[type eq "work"].value'),
    AttributeMapping("[preferredLanguage]", "preferredLanguage"),
    AttributeMapping("[givenName]", "name.givenName"),
    AttributeMapping("[surname]", "name.familyName"),
    AttributeMapping('Join(" ", [givenName], [surname])', "name.formatted"),
    AttributeMapping("[physicalDeliveryOfficeName]", 'addresses[type eq "work"].formatted'),
    AttributeMapping("[streetAddress]", 'addresses[type eq "work"].streetAddress'),
    AttributeMapping("[city]", 'addresses[type eq "work"].locality'),
    AttributeMapping("[state]", 'addresses[type eq "work"].region'),
    AttributeMapping("[postalCode]", 'addresses[type eq "work"].postalCode'),
    AttributeMapping("[country]", 'addresses[type eq "work"].country'),
    AttributeMapping("[telephoneNumber]", 'phoneNumbers[type eq "work"].value'),
    AttributeMapping("[mobile]", 'phoneNumbers[type eq "mobile"].value'),
    AttributeMapping("[facsimileTelephoneNumber]", 'phoneNumbers[type eq "fax"].value'),
    AttributeMapping("[mailNickname]", "externalId"),
    AttributeMapping("[employeeId]", f"{ENTERPRISE}:employeeNumber"),
    AttributeMapping("[department]", f"{ENTERPRISE}:department"),
    AttributeMapping("[manager]", MANAGER),
)
GROUP_MAPPING = (
    AttributeMapping("[displayName]", "displayName", matching_priority=1),
    AttributeMapping("[objectId]", "externalId"),
    AttributeMapping("[members]", "members"),
)
REFERENCES = {MANAGER: ("User", "[manager]"), "members": ("Group", "[members]")}
MATCHING = {  # the attributes to look for users by; groups have displayName
    "userName": "userName",
    "externalId": "externalId",
    "email": 'emails[type eq "work"].value',
}
BOOLEANS = frozenset({"active", "primary"})
ROLES = "AppRoleAssignmentsComplex([appRoleAssignments])"  # the only expression for ``roles``
APP_ROLE = {"type": "WindowsAzureActiveDirectoryRole"}
# Further members of a new value, by its attribute and its type.
NEW_ELEMENTS: Mapping[tuple[str, object], Record] = {
    ("emails", "work"): {"primary": True},
    ("roles", True): APP_ROLE,
}


def default_rules(matching: str) -> Rules:
    """Return Entra ID's default mapping. Users are looked for by one of ``MATCHING``."""
    users = tuple(
        replace(each, matching_priority=1) if each.target == MATCHING[matching] else each
        for each in USER_MAPPING
    )
    return {"User": ObjectMapping(users), "Group": ObjectMapping(GROUP_MAPPING)}
