"""Every deviation of an identity provider that is accepted, in one place, named and cited.

A tenant has a ``Tolerance``: one boolean for each deviation, all on by default, all off in strict
mode. A request has a ``Tolerated`` that remembers which of them it needed. The functions below turn
what the providers send into what RFC 7644 describes, so that the rest knows nothing of providers.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from .schema import ENTERPRISE_USER_SCHEMA, Attribute, ResourceType

LEGACY_ENTERPRISE_URNS = (
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0user",
    "urn:scim:schemas:extension:enterprise:2.0",
    "urn:scim:schemas:extension:enterprise:1.0",
)
LEGACY_CORE_URNS = ("urn:scim:schemas:core:2.0", "urn:scim:schemas:core:1.0")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What a tenant accepts beyond the RFCs."""

    bare_token: bool = field(default=True, metadata={"sent_by": "Okta's Header Auth template: Authorization carries the token without a scheme"})
    legacy_schema_urns: bool = field(default=True, metadata={"sent_by": "OneLogin, Google (urn:scim:schemas:core:1.0) and Entra ID (a misspelt enterprise URN, a Microsoft Group URN)"})
    unknown_attributes: bool = field(default=True, metadata={"sent_by": "Okta (what it once read and custom schemas), Entra ID (`name` in an operation, `displayName` in a member)"})
    unqualified_extension_attributes: bool = field(default=True, metadata={"sent_by": "Entra ID: `manager` and `department` without the enterprise URN"})
    text_booleans: bool = field(default=True, metadata={"sent_by": "Entra ID: \"True\" and \"False\" as strings, in bodies and in filters"})
    duplicate_primary: bool = field(default=True, metadata={"sent_by": "Entra ID and OneLogin mappings that mark two values as primary; the first stays so"})
    unquoted_filter_values: bool = field(default=True, metadata={"sent_by": "Entra ID: externalId eq jyoung; RFC 7644 §3.4.2.2's own examples"})
    double_encoded_filter_values: bool = field(default=True, metadata={"sent_by": "Entra ID's validator: %40 for @ after decoding; asked again decoded when nothing matches"})
    compared_value_path: bool = field(default=True, metadata={"sent_by": "Entra ID: emails[type eq \"work\"].value eq \"x\" and emails[type eq \"work\"] eq \"x\""})
    empty_operations: bool = field(default=True, metadata={"sent_by": "Entra ID's validator: a PATCH with Operations []"})
    paths_as_keys: bool = field(default=True, metadata={"sent_by": "Entra ID: a value without path whose keys are paths, name.givenName or emails[type eq \"work\"].value"})
    created_value_path: bool = field(default=True, metadata={"sent_by": "Entra ID: replace of emails[type eq \"work\"].value where there is no work address"})
    simple_for_complex: bool = field(default=True, metadata={"sent_by": "Entra ID: the manager as a string, or as a list of one"})
    empty_for_unassigned: bool = field(default=True, metadata={"sent_by": "Entra ID: \"\" or {\"value\": \"\"} to clear the manager"})
    remove_listed_values: bool = field(default=True, metadata={"sent_by": "Entra ID, JumpCloud: remove of members with a value list"})
    read_only_in_value: bool = field(default=True, metadata={"sent_by": "Okta ({id, displayName} of a pushed group), authentik (schemas): read-only attributes in a value without path"})
    plural_configuration: bool = field(default=True, metadata={"sent_by": "Okta's on-premises agent: GET /ServiceProviderConfigs"})


STRICT_TOLERANCE = Tolerance(**{tolerance.name: False for tolerance in fields(Tolerance)})


class Tolerated:
    """The tolerances of one request: asks the tenant's, remembers those that were needed."""

    def __init__(self, tolerance: Tolerance = Tolerance()) -> None:
        self.tolerance = tolerance
        self.used: dict[str, None] = {}

    def allows(self, name: str) -> bool:
        """Tell whether the tenant accepts the deviation, which the request has just needed."""
        if not getattr(self.tolerance, name):
            return False
        self.used[name] = None
        return True


STRICT = Tolerated(STRICT_TOLERANCE)


def as_boolean(value: Any, tolerated: Tolerated) -> Any:
    """Return the boolean that a text such as "True" stands for; anything else as it is."""
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true" if tolerated.allows("text_booleans") else value
    return value


def complex_value(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    """Return an operation's value in the form that ``attribute`` has; None if it unassigns."""
    if attribute.type != "complex":
        return value
    if attribute.multi_valued:
        items = value if isinstance(value, list) else [] if value in (None, "") else [value]
        return [_as_record(attribute, item, tolerated) for item in items] or None
    if isinstance(value, list) and len(value) <= 1 and tolerated.allows("simple_for_complex"):
        value = value[0] if value else None
    if value in ("", {"value": ""}) and tolerated.allows("empty_for_unassigned"):
        return None
    return _as_record(attribute, value, tolerated)


def _as_record(attribute: Attribute, value: Any, tolerated: Tolerated) -> Any:
    simple = isinstance(value, str) and attribute.find("value") is not None
    return {"value": value} if simple and tolerated.allows("simple_for_complex") else value


def is_cleared(
    sub_attribute: Attribute, attribute: Attribute, value: Any, tolerated: Tolerated
) -> bool:
    """Tell whether writing ``value`` to ``attribute.value`` means to unassign the whole of it."""
    return (
        value == ""
        and sub_attribute.name == "value"
        and not attribute.multi_valued
        and tolerated.allows("empty_for_unassigned")
    )


def current_urn(name: str, resource_type: ResourceType, tolerated: Tolerated) -> str:
    """Return ``name``, a URN or an attribute below one, with a legacy URN replaced by today's."""
    if ":" not in name:
        return name
    legacy = dict.fromkeys(LEGACY_ENTERPRISE_URNS, ENTERPRISE_USER_SCHEMA)
    legacy |= dict.fromkeys(LEGACY_CORE_URNS, resource_type.schema.id)
    for old, new in legacy.items():
        rest = name[len(old) :]
        if name.lower().startswith(old) and rest[:1] in ("", ":"):
            return new + rest if tolerated.allows("legacy_schema_urns") else name
    return name


def first_primary(attribute: Attribute, items: list[Any], tolerated: Tolerated) -> list[Any]:
    """Return ``items`` with only the first of several primary values left as primary."""
    primaries = [i for i, item in enumerate(items) if isinstance(item, dict) and item.get("primary") is True]
    if len(primaries) < 2 or not tolerated.allows("duplicate_primary"):
        return items
    return [item | {"primary": False} if i in primaries[1:] else item for i, item in enumerate(items)]
