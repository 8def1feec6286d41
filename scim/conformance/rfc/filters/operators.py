"""Filters: the operators (RFC 7644 §3.4.2.2, Tables 3 to 5)."""

from collections.abc import Iterable

from ...outcomes import expect
from ...service import Resource, Service
from ..areas import area
from ..definitions import need
from ..expectations import expect_error
from ..requests import find

check = area("filter", "RFC 7644 §3.4.2.2", needs=("filter",))
IDENTICAL = "This criterion is satisfied if the two strings are identical."
PRECEDENCE = 'where "not" takes precedence over "and", which takes precedence over "or"'
NEITHER = "The filter is a match if the expression evaluates to false."


def expect_matches(
    service: Service, user: Resource, matching: Iterable[str], others: Iterable[str]
) -> None:
    """Fail unless the matching expressions find the user and the others do not."""
    this = f'userName eq "{user["userName"]}"'
    for expression in matching:
        is_found = find(service, f"{this} and {expression}") == {user["id"]}
        expect(is_found, f"{expression} does not find the user")
    for expression in others:
        expect(not find(service, f"{this} and {expression}"), f"{expression} finds the user")


@check.each(
    "words, quote, matching, others",
    (
        "eq matches the same string only",
        "The attribute and operator values must be identical for a match.",
        ['displayName eq "Mike Miller"'],
        ['displayName eq "Mike Mille"', 'displayName eq "Mike Millers"', 'title eq "Guide"'],
    ),
    (
        "ne matches another string only",
        "The attribute and operator values are not identical.",
        ['displayName ne "Mike Mille"'],
        ['displayName ne "Mike Miller"'],
    ),
    (
        "co matches a part",
        "The entire operator value must be a substring of the attribute value for a match.",
        ['displayName co "ke Mil"', 'displayName co "Mike"', 'displayName co "Miller"'],
        ['displayName co "ke  Mil"', 'displayName co "Mike Miller Jr"'],
    ),
    (
        "sw matches the beginning",
        "starting at the beginning of the attribute value.",
        ['displayName sw "Mike"', 'displayName sw "M"'],
        ['displayName sw "ike"', 'displayName sw "Miller"'],
    ),
    ("sw matches the whole", IDENTICAL, ['displayName sw "Mike Miller"'], []),
    (
        "ew matches the end",
        "matching at the end of the attribute value.",
        ['displayName ew "Miller"', 'displayName ew "r"'],
        ['displayName ew "Mille"', 'displayName ew "Mike"'],
    ),
    ("ew matches the whole", IDENTICAL, ['displayName ew "Mike Miller"'], []),
    (
        "pr matches what has a value",
        "If the attribute has a non-empty or non-null value",
        ["displayName pr", "active pr"],
        ["nickName pr"],
    ),
    (
        "pr of a complex attribute looks for a value below",
        "if it contains a non-empty node for complex attributes, there is a match.",
        ["name pr", "name.familyName pr", "emails pr"],
        ["name.middleName pr", "phoneNumbers pr"],
    ),
    (
        "gt matches what comes later",
        "If the attribute value is greater than the operator value, there is a match.",
        ['displayName gt "Mika"'],
        ['displayName gt "Mike Miller"', 'displayName gt "Mikf"'],
    ),
    (
        "ge matches the same and what comes later",
        "If the attribute value is greater than or equal to the operator value, there is a match.",
        ['displayName ge "Mike Miller"', 'displayName ge "Mika"'],
        ['displayName ge "Mikf"'],
    ),
    (
        "lt matches what comes before",
        "If the attribute value is less than the operator value, there is a match.",
        ['displayName lt "Mikf"'],
        ['displayName lt "Mike Miller"', 'displayName lt "Mika"'],
    ),
    (
        "le matches the same and what comes before",
        "If the attribute value is less than or equal to the operator value, there is a match.",
        ['displayName le "Mike Miller"', 'displayName le "Mikf"'],
        ['displayName le "Mika"'],
    ),
    (
        "Strings are compared letter by letter",
        "For string attribute types, this is a lexicographical comparison",
        ['displayName gt "Mike"', 'displayName lt "Mike Miller and more"'],
        ['displayName lt "Mike"', 'displayName gt "Mike Miller and more"'],
    ),
    (
        "and needs both",
        "The filter is only a match if both expressions evaluate to true.",
        ['displayName sw "Mike" and active eq true'],
        [
            'displayName sw "Mike" and active eq false',
            'displayName sw "Max" and active eq true',
            'displayName sw "Max" and active eq false',
        ],
    ),
    (
        "or needs one",
        "The filter is a match if either expression evaluates to true.",
        [
            '(displayName sw "Mike" or active eq false)',
            '(displayName sw "Max" or active eq true)',
            '(displayName sw "Mike" or active eq true)',
        ],
        ['(displayName sw "Max" or active eq false)'],
    ),
    (
        "not turns a match round",
        NEITHER,
        ['not (displayName sw "Max")', "not (nickName pr)"],
        ['not (displayName sw "Mike")', "not (displayName pr)"],
    ),
    (
        "not of not is as before",
        NEITHER,
        ['not (not (displayName sw "Mike"))'],
        ['not (not (displayName sw "Max"))'],
    ),
    (
        "and binds more tightly than or",
        PRECEDENCE,
        [
            '(displayName sw "Mike" or displayName sw "Max" and active eq false)',
            '(active eq false and displayName sw "Max" or displayName sw "Mike")',
        ],
        ['(displayName sw "Max" or displayName sw "Mike" and active eq false)'],
    ),
    (
        "not binds more tightly than and",
        PRECEDENCE,
        ['not (displayName sw "Max") and active eq true'],
        ['not (displayName sw "Max") and active eq false'],
    ),
    (
        "Parentheses bind most tightly",
        "Boolean expressions MAY be grouped using parentheses to change the standard order of"
        ' operations, i.e., to evaluate logical "or" operators before logical "and" operators.',
        ['(displayName sw "Max" or displayName sw "Mike") and active eq true'],
        ['(displayName sw "Mike" or displayName sw "Max") and active eq false'],
    ),
    (
        "Parentheses may be nested",
        "Multiple expressions MAY be combined using logical operators",
        ['((displayName sw "Mike" and (active eq true)) or (title pr and (nickName pr)))'],
        ['((displayName sw "Mike" and (active eq false)) or (title pr and (nickName pr)))'],
    ),
    (
        "Three expressions may be combined",
        "Expressions MAY be grouped together using round brackets",
        ['displayName sw "Mike" and active eq true and name.familyName eq "Miller"'],
        ['displayName sw "Mike" and active eq true and name.familyName eq "Jensen"'],
    ),
)
def operators_decide(service: Service, matching: list[str], others: list[str]) -> None:
    """{words}."""
    names = {"givenName": "Mike", "familyName": "Miller"}
    user = service.new_user(displayName="Mike Miller", name=names)
    expect_matches(service, user, matching, others)


@check.each(
    "operator, words, attribute, value",
    *(
        (operator, *row)
        for operator in ("gt", "ge", "lt", "le")
        for row in (
            ("boolean", "active", "true"),
            ("binary value", "x509Certificates.value", '"MIID"'),
        )
    ),
    quote="Boolean and Binary attributes SHALL cause a failed response (HTTP status code 400) with"
    ' "scimType" of "invalidFilter".',
)
def what_has_no_order_is_refused(
    service: Service, operator: str, attribute: str, value: str
) -> None:
    """{operator} of a {words} is 400 invalidFilter."""
    need(service, attribute)
    query = {"filter": f"{attribute} {operator} {value}", "count": 1}
    expect_error(service.client.get("/Users", query=query), 400, "invalidFilter")


@check("only those resources matching the filter expression SHALL be returned.")
def a_filter_finds_all_who_match_and_nobody_else(service: Service) -> None:
    """A filter finds all who match and nobody else."""
    prefix = service.unique("tour")
    matching = {service.new_user(userName=f"{prefix}-{number}")["id"] for number in range(3)}
    service.new_user()
    found = find(service, f'userName sw "{prefix}"')
    expect(
        found == matching,
        f"{len(found & matching)} of 3 are found, and {len(found - matching)} others",
    )
