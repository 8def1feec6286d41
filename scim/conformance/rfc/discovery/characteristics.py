"""Discovery: the characteristics that the RFCs give to single attributes (RFC 7643 §3 and §4)."""

from ...outcomes import expect, skip
from ...service import GROUP_SCHEMA, USER_SCHEMA, Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, definition

check = area("discovery", "RFC 7643 §4.1.2")
DEFAULTS = {
    "required": False,
    "caseExact": False,
    "mutability": "readWrite",
    "returned": "default",
    "uniqueness": "none",
    "type": "string",
    "multiValued": False,
}
MEMBERS_ARE_IMMUTABLE = (
    'While values MAY be added or removed, sub-attributes of members are "immutable".'
)


def has_characteristic(
    service: Service, schema: str, path: str, name: str, wanted: str | bool
) -> None:
    """{path} of {owner}: {name} is {wanted}."""
    defined = definition(service, path, schema)
    if not defined:
        skip(f"/Schemas has no {path}")
    shown = defined.get(name, DEFAULTS[name])
    allowed = wanted.split(" or ") if isinstance(wanted, str) else [wanted]
    expect(shown in allowed, f"{name} of {path} is {shown!r}")


check.each(
    "path, name, wanted, quote",
    (
        "userName",
        "required",
        True,
        "This attribute is REQUIRED and is case insensitive.",
    ),
    ("userName", "caseExact", False, "is REQUIRED and is case insensitive."),
    (
        "userName",
        "uniqueness",
        "server or global",
        "This identifier MUST be unique across the service provider's entire set of Users.",
    ),
    (
        "userName",
        "returned",
        "always or default",
        "Each User MUST include a non-empty userName value.",
    ),
    ("name", "type", "complex", "name The components of the user's name."),
    (
        "displayName",
        "type",
        "string",
        "displayName The name of the user, suitable for display to end-users.",
    ),
    ("nickName", "type", "string", "nickName The casual way to address the user in real life"),
    ("profileUrl", "type", "reference", "profileUrl A URI that is a uniform resource locator"),
    ("title", "multiValued", False, 'title The user\'s title, such as "Vice President".'),
    (
        "userType",
        "type",
        "string",
        "userType Used to identify the relationship between the organization and the user.",
    ),
    (
        "preferredLanguage",
        "type",
        "string",
        "preferredLanguage Indicates the user's preferred written or spoken languages",
    ),
    (
        "locale",
        "type",
        "string",
        "locale Used to indicate the User's default location for purposes of localizing",
    ),
    (
        "timezone",
        "type",
        "string",
        "timezone The User's time zone, in IANA Time Zone database format",
    ),
    (
        "active",
        "type",
        "boolean",
        "active A Boolean value indicating the user's administrative status.",
    ),
    (
        "password",
        "mutability",
        "writeOnly",
        'The mutability of the password attribute is "writeOnly"',
    ),
    (
        "password",
        "returned",
        "never",
        '(the attribute characteristic "returned" is "never").',
    ),
    section="RFC 7643 §4.1.1",
    schema=USER_SCHEMA,
    owner="a user",
)(has_characteristic)
check.each(
    "path, name, wanted, quote",
    ("groups", "mutability", "readOnly", 'This attribute has a mutability of "readOnly".'),
    schema=USER_SCHEMA,
    owner="a user",
)(has_characteristic)
check.each(
    "path, name, wanted, quote",
    (
        "emails.primary",
        "type",
        "boolean",
        "primary A Boolean value indicating the 'primary' or preferred attribute value",
    ),
    (
        "emails.type",
        "type",
        "string",
        'type A label indicating the attribute\'s function, e.g., "work" or "home".',
    ),
    (
        "emails.value",
        "multiValued",
        False,
        "value The attribute's significant value, e.g., email address, phone number.",
    ),
    (
        "groups.$ref",
        "type",
        "reference",
        "$ref The reference URI of a target resource, if the attribute is a reference.",
    ),
    section="RFC 7643 §2.4",
    schema=USER_SCHEMA,
    owner="a user",
)(has_characteristic)
check.each(
    "path, name, wanted, quote",
    ("photos.value", "type", "reference", "photos A URI that is a uniform resource locator"),
    (
        "x509Certificates.value",
        "type",
        "binary",
        "which MUST be base64 encoded per Section 4 of [RFC4648].",
    ),
    schema=USER_SCHEMA,
    owner="a user",
)(has_characteristic)
check.each(
    "path, name, wanted, quote",
    (
        "displayName",
        "required",
        True,
        "displayName A human-readable name for the Group. REQUIRED.",
    ),
    ("members", "multiValued", True, "members A list of members of the Group."),
    ("members.value", "mutability", "immutable", MEMBERS_ARE_IMMUTABLE),
    ("members.$ref", "mutability", "immutable", MEMBERS_ARE_IMMUTABLE),
    ("members.type", "mutability", "immutable", MEMBERS_ARE_IMMUTABLE),
    (
        "members.$ref",
        "type",
        "reference",
        'the "$ref" sub-attribute must be the URI of a SCIM resource such as a "User", or a'
        ' "Group".',
    ),
    section="RFC 7643 §4.2",
    schema=GROUP_SCHEMA,
    owner="a group",
)(has_characteristic)
check.each(
    "path, name, wanted, quote",
    (
        "employeeNumber",
        "type",
        "string",
        "employeeNumber A string identifier, typically numeric or alphanumeric",
    ),
    ("costCenter", "type", "string", "costCenter Identifies the name of a cost center."),
    ("organization", "type", "string", "organization Identifies the name of an organization."),
    ("division", "type", "string", "division Identifies the name of a division."),
    ("department", "type", "string", "department Identifies the name of a department."),
    ("manager", "type", "complex", "manager The user's manager. A complex type"),
    (
        "manager.displayName",
        "mutability",
        "readOnly",
        "displayName The displayName of the user's manager. This attribute is OPTIONAL, and"
        ' mutability is "readOnly".',
    ),
    (
        "manager.$ref",
        "type",
        "reference",
        "$ref The URI of the SCIM resource representing the User's manager.",
    ),
    section="RFC 7643 §4.3",
    schema=ENTERPRISE_USER_SCHEMA,
    owner="an enterprise user",
)(has_characteristic)


@check.each(
    "name, quote",
    ("emails", "emails Email addresses for the User."),
    ("phoneNumbers", "phoneNumbers Phone numbers for the user."),
    ("ims", "ims Instant messaging address for the user."),
    (
        "photos",
        "URI that is a uniform resource locator (as defined in Section 1.1.3 of [RFC3986]) that"
        " points to a resource location representing the user's image.",
    ),
    ("addresses", "addresses A physical mailing address for this user."),
    ("groups", "groups A list of groups to which the user belongs"),
    (
        "entitlements",
        "entitlements A list of entitlements for the user that represent a thing the user has.",
    ),
    ("roles", "roles A list of roles for the user that collectively represent who the user is"),
    (
        "x509Certificates",
        "x509Certificates A list of certificates associated with the resource",
    ),
)
def is_a_list(service: Service, name: str) -> None:
    """{name} is a list of complex values."""
    defined = definition(service, name)
    if not defined:
        skip(f"/Schemas has no {name}")
    expect(defined.get("multiValued") is True, f"{name} is not multi-valued")
    expect(defined.get("type") == "complex", f"{name} is not complex")
