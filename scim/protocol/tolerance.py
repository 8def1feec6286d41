"""Tolerances: each deviation of an identity provider that the server accepts, named and cited.

A tenant has a ``Tolerance``: one boolean for each deviation, all on by default, all off if it is
strict. A request has a ``Tolerated``, which records the tolerances that it needed. ``forms.py``
turns values that providers send into the form of RFC 7644, the functions below filters and names.
"""

from dataclasses import dataclass, field, fields
from math import inf
from typing import Any
from urllib.parse import unquote

from .attributes import Attribute
from .errors import InvalidValueError
from .filters.nodes import And, Comparison, Filter, Not, Or, ValuePath
from .profile import NO_PROFILE, Profile
from .schema import ENTERPRISE_USER_SCHEMA, ResourceType

LEGACY_ENTERPRISE_URNS = (
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0user",
    "urn:scim:schemas:extension:enterprise:2.0",
    "urn:scim:schemas:extension:enterprise:1.0",
)
LEGACY_CORE_URNS = ("urn:scim:schemas:core:2.0", "urn:scim:schemas:core:1.0")


def _sent_by(who: str) -> Any:
    """Return a tolerance that is on, with its senders."""
    return field(default=True, metadata={"sent_by": who})


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The deviations from the RFCs that a tenant accepts, with their senders."""

    bare_token: bool = _sent_by("Okta's Header Auth template: a token without its scheme")
    doubled_slash: bool = _sent_by("Base URLs that end in a slash: GET /scim/v2//Users")
    empty_parameters: bool = _sent_by("Postman, and forms: ?count=&startIndex=1")
    repeated_parameters: bool = _sent_by(
        "HTTP clients that repeat a list: attributes=a&attributes=b"
    )
    filtered_projection: bool = _sent_by(
        'Microsoft\'s Postman collection: attributes=emails[type eq "work"]'
    )
    legacy_schema_urns: bool = _sent_by(
        "OneLogin and Google: urn:scim:schemas:core:1.0; "
        "Entra ID: a misspelt enterprise URN, a Microsoft Group URN"
    )
    unknown_attributes: bool = _sent_by(
        "Okta: attributes that it has read, and custom schemas; "
        "Entra ID: `name` in an operation, `displayName` in a member"
    )
    unqualified_extension_attributes: bool = _sent_by(
        "Entra ID: `manager` and `department` without the enterprise URN"
    )
    text_booleans: bool = _sent_by('Entra ID: "True" and "False" as strings, in filters too')
    loose_dates: bool = _sent_by("scripts: 2026-01-01, or 2026-01-01T00:00:00+0000 in a URL")
    duplicate_primary: bool = _sent_by(
        "Entra ID and OneLogin: mappings that mark two values as primary"
    )
    unquoted_filter_values: bool = _sent_by(
        "Entra ID: externalId eq jyoung; RFC 7644 §3.4.2.2's own examples: sw J"
    )
    double_encoded_filter_values: bool = _sent_by("Entra ID's validator: %40 for @")
    literal_backslashes: bool = _sent_by('names of Windows domains: userName eq "CORP\\novak"')
    compared_value_path: bool = _sent_by(
        'Entra ID: emails[type eq "work"].value eq "x" and emails[type eq "work"] eq "x"'
    )
    empty_operations: bool = _sent_by("Entra ID's validator: a PATCH with Operations []")
    paths_as_keys: bool = _sent_by(
        "Entra ID: a value without a path whose keys are paths, such as name.givenName"
    )
    dotted_urns: bool = _sent_by(
        "mappings in Entra ID: urn:...:enterprise:2.0:User.employeeNumber, with a dot"
    )
    core_schema_object: bool = _sent_by(
        "a public test suite: the attributes of the core schema in an object named by its URN"
    )
    created_value_path: bool = _sent_by(
        'Entra ID: replace of emails[type eq "work"].value where there is no work address'
    )
    simple_for_complex: bool = _sent_by(
        "Entra ID: the manager as a string, or in a list; an address as a string"
    )
    complex_for_simple: bool = _sent_by(
        'Entra ID\'s old dialect: displayName as [{"$ref": null, "value": "Ada"}]'
    )
    number_for_text: bool = _sent_by("directories whose ids are numbers: externalId 157663")
    link_for_id: bool = _sent_by("clients that send a manager or a member as `$ref` alone")
    empty_for_unassigned: bool = _sent_by('Entra ID: "" or {"value": ""} to clear the manager')
    empty_elements: bool = _sent_by(
        'Entra ID: Remove of emails[type eq "work"].value, or Replace with ""'
    )
    remove_listed_values: bool = _sent_by(
        "Entra ID and JumpCloud: remove of `members` with a list of values"
    )
    read_only_in_value: bool = _sent_by(
        "Okta: `id` of a pushed group; authentik: `schemas`; in a value without a path"
    )
    bare_operations: bool = _sent_by(
        "RFC 7644 §3.7.3's own example: a PATCH in /Bulk whose data is the list of operations"
    )
    plural_configuration: bool = _sent_by("Okta's on-premises agent: GET /ServiceProviderConfigs")


STRICT_TOLERANCE = Tolerance(**{tolerance.name: False for tolerance in fields(Tolerance)})


class Tolerated:
    """The tolerances of one request; records which were used.

    ``base_url`` is the URL of this service for the client, ``profile`` the tenant's rules beside
    the RFCs, ``max_elements`` the number of values that an attribute may have. With
    ``is_dry`` nothing of the request is stored.
    """

    def __init__(
        self,
        tolerance: Tolerance = Tolerance(),
        base_url: str = "",
        profile: Profile = NO_PROFILE,
        max_elements: float = inf,
        is_dry: bool = False,
    ) -> None:
        self.tolerance = tolerance
        self.base_url = base_url
        self.profile = profile
        self.max_elements = max_elements
        self.is_dry = is_dry
        self.used: dict[str, None] = {}

    def allows(self, name: str) -> bool:
        """Tell whether the tenant accepts a deviation of this request, and record it if so."""
        if not getattr(self.tolerance, name):
            return False
        self.used[name] = None
        return True

    def check_elements(self, attribute: Attribute, number: int, before: int = 0) -> None:
        """Raise if an attribute has too many values, and more than ``before``.

        :raises InvalidValueError: naming the attribute and the limit
        """
        if number > self.max_elements and number > before:
            raise InvalidValueError(
                f"{attribute.name} has {number} values, more than {self.max_elements}"
                " (SCIM_MAX_ELEMENTS); send fewer"
            )


STRICT = Tolerated(STRICT_TOLERANCE)


def with_decoded_values(node: Filter) -> Filter:
    """Return a filter with its ``eq`` values percent-decoded once more."""
    match node:
        case And(terms):
            return And(tuple(with_decoded_values(term) for term in terms))
        case Or(terms):
            return Or(tuple(with_decoded_values(term) for term in terms))
        case Not(term):
            return Not(with_decoded_values(term))
        case ValuePath(path, value_filter, sub_attribute):
            return ValuePath(path, with_decoded_values(value_filter), sub_attribute)
        case Comparison(path, "eq", str(value)):
            return Comparison(path, "eq", unquote(value))
    return node


def current_urn(name: str, resource_type: ResourceType, tolerated: Tolerated) -> str:
    """Return a URN, or an attribute behind one, with today's URN in place of a legacy one."""
    if ":" not in name:
        return name
    core = (schema.id for schema in resource_type.own_schemas)
    own = (*core, *(each.name for each in resource_type.extension_attributes))
    if any(_is_below(name, urn) for urn in own):
        return name
    legacy = dict.fromkeys(LEGACY_ENTERPRISE_URNS, ENTERPRISE_USER_SCHEMA)
    legacy |= dict.fromkeys(LEGACY_CORE_URNS, resource_type.schema.id)
    for old, new in legacy.items():
        if _is_below(name, old):
            return new + name[len(old) :] if tolerated.allows("legacy_schema_urns") else name
    for urn in own:
        if _is_below(name, urn, "."):
            rest = name[len(urn) + 1 :]
            return f"{urn}:{rest}" if tolerated.allows("dotted_urns") else name
    return name


def names_attribute(name: str, resource_type: ResourceType) -> bool:
    """Tell whether ``name`` is a schema's URN with something behind it."""
    own = (*resource_type.own_schemas, *(each.schema for each in resource_type.extensions))
    urns = (*(schema.id for schema in own), *LEGACY_ENTERPRISE_URNS, *LEGACY_CORE_URNS)
    return any(name.lower().startswith((f"{urn}:".lower(), f"{urn}.".lower())) for urn in urns)


def _is_below(name: str, urn: str, separator: str = ":") -> bool:
    return name.lower().startswith(urn.lower()) and name[len(urn) :][:1] in ("", separator)
