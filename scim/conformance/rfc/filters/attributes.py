"""Filters: attributes of every kind (RFC 7644 §3.4.2.2 and §3.4.2.1)."""

from datetime import timedelta, timezone
from typing import Any

from ...answers import expect_status
from ...outcomes import expect, skip
from ...service import GROUP_SCHEMA, USER_SCHEMA, Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, need
from ..requests import find, moment
from .operators import expect_matches

SECTION = "RFC 7644 §3.4.2.2"
check = area("filter", SECTION, needs=("filter",))
EXACT = (
    "the case sensitivity for String type attributes SHALL be determined by the attribute's"
    ' "caseExact" characteristic'
)

EMAILS = [
    {"value": "mike@work.example", "type": "work", "primary": True},
    {"value": "mike@home.example", "type": "home"},
]
ENTERPRISE = {
    "schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA],
    ENTERPRISE_USER_SCHEMA: {"employeeNumber": "701984", "department": "Tour Operations"},
}


@check.each(
    "words, section, matching, others, attributes, quote",
    (
        "A sub-attribute",
        SECTION,
        ['name.givenName eq "Scim"'],
        ['name.givenName eq "Check"'],
        {},
        'To filter by first name, the parameter value is "name.givenName".',
    ),
    (
        "An attribute with its URN",
        SECTION,
        [f'{USER_SCHEMA}:displayName eq "Mike"', f'{USER_SCHEMA}:name.familyName eq "Check"'],
        [f'{USER_SCHEMA}:displayName eq "Max"'],
        {"displayName": "Mike"},
        'filter=urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"',
    ),
    (
        "An attribute with its URN in another case",
        "RFC 7644 §3.10",
        [f'{USER_SCHEMA.lower()}:displayname eq "Mike"'],
        [f'{USER_SCHEMA.lower()}:displayname eq "Max"'],
        {"displayName": "Mike"},
        "All facets (URN, attribute, and sub-attribute name) of the fully encoded attribute name"
        " are case insensitive.",
    ),
    (
        "A multi-valued attribute",
        SECTION,
        [
            'emails.value eq "mike@work.example"',
            'emails.value eq "mike@home.example"',
            'emails.type eq "home"',
        ],
        ['emails.value eq "mike@other.example"', 'emails.type eq "other"'],
        {"emails": EMAILS},
        "If the specified attribute in a filter expression is a multi-valued attribute, the filter"
        " matches if any of the values of the specified attribute match the specified criterion",
    ),
    (
        "A multi-valued attribute without value",
        SECTION,
        ['emails co "home.example"'],
        ['emails co "other.example"'],
        {"emails": EMAILS},
        'filter=userType eq "Employee" and (emails co "example.com" or emails.value co'
        ' "example.org")',
    ),
    (
        "Two criteria may be met by two values",
        SECTION,
        ['emails.type eq "home" and emails.value co "work.example"'],
        ['emails.type eq "home" and emails.value co "other.example"'],
        {"emails": EMAILS},
        "only one has to match for the entire User to match.",
    ),
    (
        "Brackets hold for one value",
        SECTION,
        ['emails[type eq "home" and value co "home.example"]'],
        ['emails[type eq "home" and value co "work.example"]'],
        {"emails": EMAILS},
        "expressions MUST be applied to the same value of a parent attribute specified immediately"
        " before the left square bracket",
    ),
    (
        "or and not in brackets",
        SECTION,
        ['emails[type eq "other" or value co "home"]', 'emails[not (type eq "work")]'],
        ['emails[type eq "other" or value co "nowhere"]', 'emails[not (value co "mike")]'],
        {"emails": EMAILS},
        'The expression within square brackets ("[" and "]") MUST be a valid filter expression'
        " based upon sub-attributes of the parent attribute.",
    ),
    (
        "Brackets beside other criteria",
        SECTION,
        ['(emails[type eq "other"] or displayName eq "Mike")'],
        ['emails[type eq "home"] and displayName eq "Max"'],
        {"emails": EMAILS, "displayName": "Mike"},
        'filter=emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value'
        ' co "@foo.com"]',
    ),
    (
        "A boolean below a list",
        SECTION,
        ['emails[primary eq true and type eq "work"]'],
        ['emails[primary eq true and type eq "home"]'],
        {"emails": EMAILS},
        "For complex attributes, a fully qualified sub-attribute MUST be specified using standard"
        " attribute notation",
    ),
    (
        "A string that is not case exact",
        SECTION,
        ['displayName eq "MIKE miller"', 'displayName co "KE M"', 'displayName sw "mIKE"'],
        ['displayName eq "MIKEmiller"'],
        {"displayName": "Mike Miller"},
        EXACT,
    ),
    (
        "externalId, which is case exact",
        SECTION,
        ['externalId eq "Ext-701984"'],
        ['externalId eq "EXT-701984"', 'externalId eq "ext-701984"'],
        {"externalId": "Ext-701984"},
        EXACT,
    ),
    (
        "meta.resourceType",
        "RFC 7644 §3.4.2.1",
        ['meta.resourceType eq "User"'],
        ['meta.resourceType eq "Group"'],
        {},
        'A filter expression using "meta.resourceType" MAY be used to restrict results to one or'
        " more specific resource types",
    ),
    (
        "schemas",
        SECTION,
        [f'schemas eq "{USER_SCHEMA}"'],
        [f'schemas eq "{GROUP_SCHEMA}"'],
        {},
        "Clients MAY query by schema or schema extensions by using a filter expression including"
        ' the "schemas" attribute',
    ),
    (
        "An attribute of an extension",
        "RFC 7644 §3.10",
        [f'{ENTERPRISE_USER_SCHEMA}:employeeNumber eq "701984"'],
        [f'{ENTERPRISE_USER_SCHEMA}:employeeNumber eq "701985"'],
        ENTERPRISE,
        "Clients MAY omit core schema attribute URN prefixes but SHOULD fully qualify extended"
        " attributes with the associated schema extension URN",
    ),
    (
        "The schema of an extension",
        SECTION,
        [f'schemas eq "{ENTERPRISE_USER_SCHEMA}"'],
        ['schemas eq "urn:example:nobody:has:this"'],
        ENTERPRISE,
        'filter= schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    ),
)
def attributes_decide(
    service: Service, matching: list[str], others: list[str], attributes: dict[str, Any]
) -> None:
    """{words}: a filter decides by it."""
    if ENTERPRISE_USER_SCHEMA in attributes:
        need(service, "employeeNumber", schema=ENTERPRISE_USER_SCHEMA)
    expect_matches(service, service.new_user(**attributes), matching, others)


@check("This attribute is REQUIRED and is case insensitive.", "RFC 7643 §4.1.1")
def a_user_name_is_found_in_any_case(service: Service) -> None:
    """userName is compared without regard to case."""
    user = service.new_user()
    for name in (user["userName"].upper(), user["userName"].title()):
        expect(find(service, f'userName eq "{name}"') == {user["id"]}, f"{name} is not found")


@check('The attribute characteristics are "caseExact" as "true"', "RFC 7643 §3.1")
def an_id_is_found(service: Service) -> None:
    """id eq finds the resource, but not in another case."""
    user = service.new_user()
    expect(find(service, f'id eq "{user["id"]}"') == {user["id"]}, "the user is not found")
    if user["id"].upper() != user["id"].lower():
        swapped = user["id"].swapcase()
        expect(not find(service, f'id eq "{swapped}"'), "another case finds the user, too")


@check(
    "by allowing the client to use a filter to locate the resource with an identifier from the"
    " provisioning domain",
    "RFC 7643 §3.1",
)
def an_external_id_is_found(service: Service) -> None:
    """externalId eq finds the resource."""
    external_id = service.unique("external")
    user = service.new_user(externalId=external_id)
    found = find(service, f'externalId eq "{external_id}"')
    expect(found == {user["id"]}, "the user is not found")


@check("for DateTime types, it is a chronological comparison.")
def times_are_compared_as_times(service: Service) -> None:
    """Times in different time zones are compared as moments."""
    user = service.new_user()
    created = moment(user["meta"]["created"])
    east, west = timezone(timedelta(hours=9)), timezone(timedelta(hours=-9))
    minute = timedelta(minutes=1)
    later = (created + minute).astimezone(west).isoformat()  # as text, it comes before
    earlier = (created - minute).astimezone(east).isoformat()
    this = f'userName eq "{user["userName"]}" and meta.created'
    for expression in (f'{this} lt "{later}"', f'{this} gt "{earlier}"', f'{this} le "{later}"'):
        expect(find(service, expression) == {user["id"]}, f"{expression} does not find the user")
    for expression in (f'{this} gt "{later}"', f'{this} lt "{earlier}"', f'{this} ge "{later}"'):
        expect(not find(service, expression), f"{expression} finds the user")


@check('filter=meta.lastModified ge "2011-05-13T04:42:34Z"')
def the_same_time_is_equal(service: Service) -> None:
    """ge and le match meta.lastModified as it is shown, gt and lt do not."""
    user = service.new_user()
    this = f'userName eq "{user["userName"]}" and meta.lastModified'
    moment = user["meta"]["lastModified"]
    for operator, is_match in {
        "ge": True,
        "le": True,
        "eq": True,
        "gt": False,
        "lt": False,
    }.items():
        found = bool(find(service, f'{this} {operator} "{moment}"'))
        expect(found is is_match, f"{operator} {'finds' if found else 'does not find'} the user")


def at_the_root(service: Service, text: str) -> set[str]:
    """Return the ids of the resources of all types that a query at the server's root finds."""
    answer = service.client.get("/", query={"filter": text})
    if answer.status in (403, 404, 405, 501):
        skip("the server has no queries at its root")
    expect_status(answer, 200)
    return {each["id"] for each in answer.json.get("Resources") or []}


@check(
    "A query against a server root indicates that all resources within the server SHALL be"
    " included, subject to filtering.",
    "RFC 7644 §3.4.2.1",
)
def a_query_of_the_root_finds_all_types(service: Service) -> None:
    """A query at the root finds users and groups."""
    name = service.unique("tour")
    both = {service.new_user(displayName=name)["id"], service.new_group(displayName=name)["id"]}
    found = at_the_root(service, f'displayName eq "{name}"')
    expect(found == both, f"{len(found & both)} of 2 are found")


@check(
    "For filtered attributes that are not part of a particular resource type, the service provider"
    " SHALL treat the attribute as if there is no attribute value.",
    "RFC 7644 §3.4.2.1",
)
def a_query_of_the_root_passes_over_other_types(service: Service) -> None:
    """A query at the root treats an attribute that groups lack as unassigned."""
    name = service.unique("tour")
    user, group = service.new_user(displayName=name), service.new_group(displayName=name)
    this = f'displayName eq "{name}"'
    expect(
        at_the_root(service, f"{this} and userName pr") == {user["id"]},
        "userName pr does not find the user alone",
    )
    found = at_the_root(service, f"{this} and not (userName pr)")
    expect(found == {group["id"]}, "not (userName pr) does not find the group alone")
