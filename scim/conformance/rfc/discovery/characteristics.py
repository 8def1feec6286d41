"""Discovery: the characteristics that the RFCs give to single attributes (RFC 7643 §3 and §4)."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..common import (
    ENTERPRISE_USER_SCHEMA,
    GROUP_SCHEMA,
    USER_SCHEMA,
    Service,
    definition,
    expect,
    row,
    skip,
)

AREA = "discovery"
DEFAULTS = {
    "required": False,
    "caseExact": False,
    "mutability": "readWrite",
    "returned": "default",
    "uniqueness": "none",
    "type": "string",
    "multiValued": False,
}


class Fact(NamedTuple):
    """What the RFC says of one characteristic of one attribute."""

    path: str
    name: str
    values: tuple[Any, ...]
    section: str
    quote: str
    schema: str = USER_SCHEMA


SINGULAR, MULTIPLE = "RFC 7643 §4.1.1", "RFC 7643 §4.1.2"
GROUP, ENTERPRISE = "RFC 7643 §4.2", "RFC 7643 §4.3"
COLLECTION = "RFC 7643 §2.4"
NEVER = '(the attribute characteristic "returned" is "never").'
UNIQUE = "This identifier MUST be unique across the service provider's entire set of Users."

USER_FACTS = (
    Fact(
        "userName",
        "required",
        (True,),
        SINGULAR,
        "This attribute is REQUIRED and is case insensitive.",
    ),
    Fact("userName", "caseExact", (False,), SINGULAR, "is REQUIRED and is case insensitive."),
    Fact("userName", "uniqueness", ("server", "global"), SINGULAR, UNIQUE),
    Fact(
        "userName",
        "returned",
        ("always", "default"),
        SINGULAR,
        "Each User MUST include a non-empty userName value.",
    ),
    Fact("name", "type", ("complex",), SINGULAR, "name The components of the user's name."),
    Fact(
        "displayName",
        "type",
        ("string",),
        SINGULAR,
        "displayName The name of the user, suitable for display to end-users.",
    ),
    Fact(
        "nickName",
        "type",
        ("string",),
        SINGULAR,
        "nickName The casual way to address the user in real life",
    ),
    Fact(
        "profileUrl",
        "type",
        ("reference",),
        SINGULAR,
        "profileUrl A URI that is a uniform resource locator",
    ),
    Fact(
        "title",
        "multiValued",
        (False,),
        SINGULAR,
        'title The user\'s title, such as "Vice President".',
    ),
    Fact(
        "userType",
        "type",
        ("string",),
        SINGULAR,
        "userType Used to identify the relationship between the organization and the user.",
    ),
    Fact(
        "preferredLanguage",
        "type",
        ("string",),
        SINGULAR,
        "preferredLanguage Indicates the user's preferred written or spoken languages",
    ),
    Fact(
        "locale",
        "type",
        ("string",),
        SINGULAR,
        "locale Used to indicate the User's default location for purposes of localizing",
    ),
    Fact(
        "timezone",
        "type",
        ("string",),
        SINGULAR,
        "timezone The User's time zone, in IANA Time Zone database format",
    ),
    Fact(
        "active",
        "type",
        ("boolean",),
        SINGULAR,
        "active A Boolean value indicating the user's administrative status.",
    ),
    Fact(
        "password",
        "mutability",
        ("writeOnly",),
        SINGULAR,
        'The mutability of the password attribute is "writeOnly"',
    ),
    Fact("password", "returned", ("never",), SINGULAR, NEVER),
    Fact(
        "groups",
        "mutability",
        ("readOnly",),
        MULTIPLE,
        'This attribute has a mutability of "readOnly".',
    ),
    Fact(
        "emails.primary",
        "type",
        ("boolean",),
        COLLECTION,
        "primary A Boolean value indicating the 'primary' or preferred attribute value",
    ),
    Fact(
        "emails.type",
        "type",
        ("string",),
        COLLECTION,
        'type A label indicating the attribute\'s function, e.g., "work" or "home".',
    ),
    Fact(
        "emails.value",
        "multiValued",
        (False,),
        COLLECTION,
        "value The attribute's significant value, e.g., email address, phone number.",
    ),
    Fact(
        "groups.$ref",
        "type",
        ("reference",),
        COLLECTION,
        "$ref The reference URI of a target resource, if the attribute is a reference.",
    ),
    Fact(
        "photos.value",
        "type",
        ("reference",),
        MULTIPLE,
        "photos A URI that is a uniform resource locator",
    ),
    Fact(
        "x509Certificates.value",
        "type",
        ("binary",),
        MULTIPLE,
        "which MUST be base64 encoded per Section 4 of [RFC4648].",
    ),
)
LISTS = {
    "emails": "emails Email addresses for the User.",
    "phoneNumbers": "phoneNumbers Phone numbers for the user.",
    "ims": "ims Instant messaging address for the user.",
    "photos": "URI that is a uniform resource locator (as defined in Section 1.1.3 of [RFC3986])"
    " that points to a resource location representing the user's image.",
    "addresses": "addresses A physical mailing address for this user.",
    "groups": "groups A list of groups to which the user belongs",
    "entitlements": "entitlements A list of entitlements for the user that represent a thing the"
    " user has.",
    "roles": "roles A list of roles for the user that collectively represent who the user is",
    "x509Certificates": "x509Certificates A list of certificates associated with the resource",
}
GROUP_FACTS = (
    Fact(
        "displayName",
        "required",
        (True,),
        GROUP,
        "displayName A human-readable name for the Group.  REQUIRED.",
        GROUP_SCHEMA,
    ),
    Fact(
        "members",
        "multiValued",
        (True,),
        GROUP,
        "members A list of members of the Group.",
        GROUP_SCHEMA,
    ),
    *(
        Fact(
            f"members.{name}",
            "mutability",
            ("immutable",),
            GROUP,
            'While values MAY be added or removed, sub-attributes of members are "immutable".',
            GROUP_SCHEMA,
        )
        for name in ("value", "$ref", "type")
    ),
    Fact(
        "members.$ref",
        "type",
        ("reference",),
        GROUP,
        'the "$ref" sub-attribute must be the URI of a SCIM resource such as a "User", or a'
        ' "Group".',
        GROUP_SCHEMA,
    ),
)
ENTERPRISE_FACTS = (
    *(
        Fact(name, "type", ("string",), ENTERPRISE, quote, ENTERPRISE_USER_SCHEMA)
        for name, quote in {
            "employeeNumber": "employeeNumber A string identifier, typically numeric or"
            " alphanumeric",
            "costCenter": "costCenter Identifies the name of a cost center.",
            "organization": "organization Identifies the name of an organization.",
            "division": "division Identifies the name of a division.",
            "department": "department Identifies the name of a department.",
        }.items()
    ),
    Fact(
        "manager",
        "type",
        ("complex",),
        ENTERPRISE,
        "manager The user's manager.  A complex type",
        ENTERPRISE_USER_SCHEMA,
    ),
    Fact(
        "manager.displayName",
        "mutability",
        ("readOnly",),
        ENTERPRISE,
        "displayName  The displayName of the user's manager.  This attribute is OPTIONAL, and"
        ' mutability is "readOnly".',
        ENTERPRISE_USER_SCHEMA,
    ),
    Fact(
        "manager.$ref",
        "type",
        ("reference",),
        ENTERPRISE,
        "$ref  The URI of the SCIM resource representing the User's manager.",
        ENTERPRISE_USER_SCHEMA,
    ),
)


def holds(fact: Fact) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        defined = definition(service, fact.path, fact.schema)
        if not defined:
            skip(f"/Schemas has no {fact.path}")
        shown = defined.get(fact.name, DEFAULTS[fact.name])
        expect(shown in fact.values, f"{fact.name} of {fact.path} is {shown!r}")

    return run


def is_a_list(name: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        defined = definition(service, name)
        if not defined:
            skip(f"/Schemas has no {name}")
        expect(defined.get("multiValued") is True, f"{name} is not multi-valued")
        expect(defined.get("type") == "complex", f"{name} is not complex")

    return run


for _fact in (*USER_FACTS, *GROUP_FACTS, *ENTERPRISE_FACTS):
    _type = _fact.schema.rpartition(":")[2]
    _owner = {ENTERPRISE_USER_SCHEMA: "an enterprise user"}.get(_fact.schema, f"a {_type}".lower())
    _shown = " or ".join(str(value) for value in _fact.values)
    row(
        f"{_fact.path} of {_owner}: {_fact.name} is {_shown}",
        AREA,
        _fact.section,
        _fact.quote,
        holds(_fact),
    )
for _name, _quote in LISTS.items():
    row(f"{_name} is a list of complex values", AREA, MULTIPLE, _quote, is_a_list(_name))
