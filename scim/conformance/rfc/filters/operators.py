"""Filters: the operators (RFC 7644 §3.4.2.2, Tables 3 to 5)."""

from collections.abc import Callable
from typing import NamedTuple

from ..common import Service, expect, expect_error, find, need, rfc, row

AREA = "filter"
SECTION = "RFC 7644 §3.4.2.2"
NEEDS = ("filter",)
FAILED = (
    "Boolean and Binary attributes SHALL cause a failed response (HTTP status code 400) with"
    ' "scimType" of "invalidFilter".'
)
IDENTICAL = "This criterion is satisfied if the two strings are identical."
LEXICAL = "For string attribute types, this is a lexicographical comparison"
PRECEDENCE = 'where "not" takes precedence over "and", which takes precedence over "or"'
GROUPING = (
    "Boolean expressions MAY be grouped using parentheses to change the standard order of"
    ' operations, i.e., to evaluate logical "or" operators before logical "and" operators.'
)
BOTH = "The filter is only a match if both expressions evaluate to true."
EITHER = "The filter is a match if either expression evaluates to true."
NEITHER = "The filter is a match if the expression evaluates to false."


class Case(NamedTuple):
    """Expressions that match, or do not match, a user whose displayName is Mike Miller."""

    title: str
    quote: str
    matching: tuple[str, ...]
    others: tuple[str, ...] = ()


CASES = (
    Case(
        "eq matches the same string only",
        "The attribute and operator values must be identical for a match.",
        ('displayName eq "Mike Miller"',),
        ('displayName eq "Mike Mille"', 'displayName eq "Mike Millers"', 'title eq "Guide"'),
    ),
    Case(
        "ne matches another string only",
        "The attribute and operator values are not identical.",
        ('displayName ne "Mike Mille"',),
        ('displayName ne "Mike Miller"',),
    ),
    Case(
        "co matches a part",
        "The entire operator value must be a substring of the attribute value for a match.",
        ('displayName co "ke Mil"', 'displayName co "Mike"', 'displayName co "Miller"'),
        ('displayName co "ke  Mil"', 'displayName co "Mike Miller Jr"'),
    ),
    Case(
        "sw matches the beginning",
        "starting at the beginning of the attribute value.",
        ('displayName sw "Mike"', 'displayName sw "M"'),
        ('displayName sw "ike"', 'displayName sw "Miller"'),
    ),
    Case("sw matches the whole", IDENTICAL, ('displayName sw "Mike Miller"',)),
    Case(
        "ew matches the end",
        "matching at the end of the attribute value.",
        ('displayName ew "Miller"', 'displayName ew "r"'),
        ('displayName ew "Mille"', 'displayName ew "Mike"'),
    ),
    Case("ew matches the whole", IDENTICAL, ('displayName ew "Mike Miller"',)),
    Case(
        "pr matches what has a value",
        "If the attribute has a non-empty or non-null value",
        ("displayName pr", "active pr"),
        ("nickName pr",),
    ),
    Case(
        "pr of a complex attribute looks for a value below",
        "if it contains a non-empty node for complex attributes, there is a match.",
        ("name pr", "name.familyName pr", "emails pr"),
        ("name.middleName pr", "phoneNumbers pr"),
    ),
    Case(
        "gt matches what comes later",
        "If the attribute value is greater than the operator value, there is a match.",
        ('displayName gt "Mika"',),
        ('displayName gt "Mike Miller"', 'displayName gt "Mikf"'),
    ),
    Case(
        "ge matches the same and what comes later",
        "If the attribute value is greater than or equal to the operator value, there is a match.",
        ('displayName ge "Mike Miller"', 'displayName ge "Mika"'),
        ('displayName ge "Mikf"',),
    ),
    Case(
        "lt matches what comes before",
        "If the attribute value is less than the operator value, there is a match.",
        ('displayName lt "Mikf"',),
        ('displayName lt "Mike Miller"', 'displayName lt "Mika"'),
    ),
    Case(
        "le matches the same and what comes before",
        "If the attribute value is less than or equal to the operator value, there is a match.",
        ('displayName le "Mike Miller"', 'displayName le "Mikf"'),
        ('displayName le "Mika"',),
    ),
    Case(
        "Strings are compared letter by letter",
        LEXICAL,
        ('displayName gt "Mike"', 'displayName lt "Mike Miller and more"'),
        ('displayName lt "Mike"', 'displayName gt "Mike Miller and more"'),
    ),
    Case(
        "and needs both",
        BOTH,
        ('displayName sw "Mike" and active eq true',),
        (
            'displayName sw "Mike" and active eq false',
            'displayName sw "Max" and active eq true',
            'displayName sw "Max" and active eq false',
        ),
    ),
    Case(
        "or needs one",
        EITHER,
        (
            '(displayName sw "Mike" or active eq false)',
            '(displayName sw "Max" or active eq true)',
            '(displayName sw "Mike" or active eq true)',
        ),
        ('(displayName sw "Max" or active eq false)',),
    ),
    Case(
        "not turns a match round",
        NEITHER,
        ('not (displayName sw "Max")', "not (nickName pr)"),
        ('not (displayName sw "Mike")', "not (displayName pr)"),
    ),
    Case(
        "not of not is as before",
        NEITHER,
        ('not (not (displayName sw "Mike"))',),
        ('not (not (displayName sw "Max"))',),
    ),
    Case(
        "and binds more tightly than or",
        PRECEDENCE,
        (
            '(displayName sw "Mike" or displayName sw "Max" and active eq false)',
            '(active eq false and displayName sw "Max" or displayName sw "Mike")',
        ),
        ('(displayName sw "Max" or displayName sw "Mike" and active eq false)',),
    ),
    Case(
        "not binds more tightly than and",
        PRECEDENCE,
        ('not (displayName sw "Max") and active eq true',),
        ('not (displayName sw "Max") and active eq false',),
    ),
    Case(
        "Parentheses bind most tightly",
        GROUPING,
        ('(displayName sw "Max" or displayName sw "Mike") and active eq true',),
        ('(displayName sw "Mike" or displayName sw "Max") and active eq false',),
    ),
    Case(
        "Parentheses may be nested",
        "Multiple expressions MAY be combined using logical operators",
        ('((displayName sw "Mike" and (active eq true)) or (title pr and (nickName pr)))',),
        ('((displayName sw "Mike" and (active eq false)) or (title pr and (nickName pr)))',),
    ),
    Case(
        "Three expressions may be combined",
        "Expressions MAY be grouped together using round brackets",
        ('displayName sw "Mike" and active eq true and name.familyName eq "Miller"',),
        ('displayName sw "Mike" and active eq true and name.familyName eq "Jensen"',),
    ),
)


def decides(case: Case) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        names = {"givenName": "Mike", "familyName": "Miller"}
        user = service.new_user(displayName="Mike Miller", name=names)
        this = f'userName eq "{user["userName"]}"'
        for expression in case.matching:
            is_found = find(service, f"{this} and {expression}") == {user["id"]}
            expect(is_found, f"{expression} does not find displayName Mike Miller")
        for expression in case.others:
            is_found = bool(find(service, f"{this} and {expression}"))
            expect(not is_found, f"{expression} finds displayName Mike Miller")

    return run


for _case in CASES:
    row(_case.title, AREA, SECTION, _case.quote, decides(_case), needs=NEEDS)


def is_not_ordered(expression: str, attribute: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        need(service, attribute)
        answer = service.client.get("/Users", query={"filter": expression, "count": 1})
        expect_error(answer, 400, "invalidFilter")

    return run


for _operator in ("gt", "ge", "lt", "le"):
    row(
        f"{_operator} of a boolean is 400 invalidFilter",
        AREA,
        SECTION,
        FAILED,
        is_not_ordered(f"active {_operator} true", "active"),
        needs=NEEDS,
    )
    row(
        f"{_operator} of a binary value is 400 invalidFilter",
        AREA,
        SECTION,
        FAILED,
        is_not_ordered(f'x509Certificates.value {_operator} "MIID"', "x509Certificates.value"),
        needs=NEEDS,
    )


@rfc(
    AREA,
    SECTION,
    "only those resources matching the filter expression SHALL be returned.",
    needs=NEEDS,
)
def a_filter_finds_all_who_match_and_nobody_else(service: Service) -> None:
    """A filter finds all who match and nobody else."""
    prefix = service.unique("tour")
    matching = {service.new_user(userName=f"{prefix}-{number}")["id"] for number in range(3)}
    service.new_user()
    found = find(service, f'userName sw "{prefix}"')
    expect(
        found == matching,
        f"{len(found & matching)} of 3 are found, and {len(found - matching)} more",
    )
