"""Filters: the grammar (RFC 7644 §3.4.2.2, Figure 1)."""

from typing import Any

from ...answers import LIST_RESPONSE, expect_status
from ...outcomes import expect
from ...service import Service
from ..areas import SHOULD, area
from ..expectations import expect_error, expect_explained
from ..requests import find

check = area("filter", "RFC 7644 §3.4.2.2", needs=("filter",))
FIGURE = "SCIM filters MUST conform to the following ABNF [RFC5234] rules"
AT_LEAST_ONE = "The filter parameter MUST contain at least one valid expression"
PARTS = "Each expression MUST contain an attribute name followed by an attribute operator"
UNKNOWN = (
    "Providers MUST decline to filter results if the specified filter operation is not recognized"
    ' and return an HTTP 400 error with a "scimType" error of "invalidFilter"'
)
CASE = "Attribute names and attribute operators used in filters are case insensitive."
VALUE = "compValue = false / null / true / number / string"


@check.each(
    "words, expression, quote",
    ("An unknown operator", 'userName regex "bjensen"', UNKNOWN),
    ("A logical operator nobody knows", 'userName eq "a" xor userName eq "b"', UNKNOWN),
    ("A function nobody knows", 'lower(userName) eq "bjensen"', UNKNOWN),
    ("An attribute alone", "userName", PARTS),
    ("A value alone", '"bjensen"', PARTS),
    ("An operator without a value", "userName eq", PARTS),
    ("An operator without an attribute", 'eq "bjensen"', PARTS),
    ("Only white space", "   ", AT_LEAST_ONE),
    ("A parenthesis that is not closed", '(userName eq "bjensen"', FIGURE),
    ("A parenthesis that is not opened", 'userName eq "bjensen")', FIGURE),
    ("Parentheses around nothing", "()", AT_LEAST_ONE),
    ("A bracket that is not closed", 'emails[type eq "work"', FIGURE),
    ("Brackets around nothing", "emails[]", FIGURE),
    ("A string that is not closed", 'userName eq "bjensen', FIGURE),
    ("and without a right side", 'userName eq "bjensen" and', FIGURE),
    ("or without a left side", 'or userName eq "bjensen"', FIGURE),
    ("Two expressions without an operator", 'userName eq "a" userName eq "b"', FIGURE),
    ("not without parentheses", 'not userName eq "bjensen"', FIGURE),
    ("Something after the end", 'userName eq "bjensen" , title pr', FIGURE),
    ("A list as a value", 'userName eq ["bjensen"]', VALUE),
    ("An attribute name with a space", 'user Name eq "bjensen"', FIGURE),
    ("Two operators", 'userName eq eq "bjensen"', FIGURE),
)
def an_invalid_filter_is_refused(service: Service, expression: str, quote: str) -> None:
    """{words} is 400 invalidFilter."""
    answer = service.client.get("/Users", query={"filter": expression, "count": 1})
    expect_detail = expect_error if quote == UNKNOWN else expect_explained
    expect_detail(answer, 400, "invalidFilter")


@check.each(
    "words, template, quote, attributes",
    ("Operators in another case", 'userName EQ "{name}"', CASE, {}),
    (
        "Logical operators in another case",
        'userName eq "{name}" AND (active eq true OR active eq false)',
        CASE,
        {},
    ),
    ("not in another case", 'userName eq "{name}" and NOT (title pr)', CASE, {}),
    ("pr in another case", 'userName eq "{name}" and displayName PR', CASE, {}),
    ("Attribute names in another case", 'USERNAME eq "{name}"', CASE, {}),
    (
        "Sub-attribute names in another case",
        'userName eq "{name}" and NAME.FamilyNAME eq "Check"',
        CASE,
        {},
    ),
    ("true as a value", 'userName eq "{name}" and active eq true', VALUE, {}),
    ("false as a value", 'userName eq "{name}" and active eq false', VALUE, {"active": False}),
    (
        "Escaped characters in a string",
        'userName eq "{name}" and displayName eq "Barbara \\"Babs\\" \\\\ O\'Malley"',
        VALUE,
        {"displayName": 'Barbara "Babs" \\ O\'Malley'},
    ),
    (
        "Escaped Unicode in a string",
        'userName eq "{name}" and displayName eq "Zo\\u00eb"',
        VALUE,
        {"displayName": "Zoë"},
    ),
    (
        "Unicode in a string",
        'userName eq "{name}" and displayName eq "山田 太郎"',
        VALUE,
        {"displayName": "山田 太郎"},
    ),
    (
        "Keywords in a string",
        'userName eq "{name}" and displayName eq "a and (b or not c) pr"',
        VALUE,
        {"displayName": "a and (b or not c) pr"},
    ),
    (
        "Wildcards in a string",
        'userName eq "{name}" and displayName co "50%_"',
        "The entire operator value must be a substring of the attribute value for a match.",
        {"displayName": "at 50%_off"},
    ),
    ("Parentheses around everything", '((userName eq "{name}"))', FIGURE, {}),
)
def a_valid_filter_finds_the_user(
    service: Service, template: str, attributes: dict[str, Any]
) -> None:
    """{words}: the filter finds the user."""
    user = service.new_user(**attributes)
    expression = template.format(name=user["userName"])
    expect(find(service, expression) == {user["id"]}, f"{expression} does not find the user")


@check("The entire operator value must be a substring of the attribute value for a match.")
def wildcards_stand_for_themselves(service: Service) -> None:
    """Per cent signs, underscores and asterisks in a string stand for themselves."""
    user = service.new_user(displayName="Mike Miller")
    for text in ("M%r", "M_ke", "M*r", "%", "_"):
        expression = f'userName eq "{user["userName"]}" and displayName co "{text}"'
        expect(not find(service, expression), f"{text} is found in Mike Miller")


@check(
    "A query that does not return any matches SHALL return success (HTTP status code 200) with"
    ' "totalResults" set to a value of 0.',
    "RFC 7644 §3.4.2",
)
def nobody_found_is_200(service: Service) -> None:
    """A filter that finds nobody is 200 with totalResults 0."""
    answer = service.client.get("/Users", query={"filter": f'userName eq "{service.unique("x")}"'})
    expect_status(answer, 200)
    expect(
        answer.json.get("totalResults") == 0, f"totalResults is {answer.json.get('totalResults')!r}"
    )
    expect(not answer.json.get("Resources"), "Resources is not empty")


@check("Responses MUST be identified using the following URI:", "RFC 7644 §3.4.2")
def a_query_is_a_list_response(service: Service) -> None:
    """The answer to a query is a ListResponse."""
    query = {"filter": f'userName eq "{service.new_user()["userName"]}"'}
    answer = service.client.get("/Users", query=query)
    expect_status(answer, 200)
    expect(answer.json["schemas"] == [LIST_RESPONSE], f"schemas is {answer.json['schemas']!r}")


@check("The total number of results returned by the list or query operation.", "RFC 7644 §3.4.2")
def a_query_counts_what_it_finds(service: Service) -> None:
    """totalResults is the number of matches."""
    query = {"filter": f'userName eq "{service.new_user()["userName"]}"'}
    page = service.client.get("/Users", query=query).json
    expect(page["totalResults"] == 1, f"totalResults is {page['totalResults']!r}")
    expect(len(page["Resources"]) == 1, f"there are {len(page['Resources'])} Resources")


@check("only those resources matching the filter expression SHALL be returned.")
def an_unknown_attribute_finds_nobody(service: Service) -> None:
    """A filter on an unknown attribute finds nobody or is refused."""
    service.new_user()
    query = {"filter": 'scimCheckNobodyHasThis eq "x"', "count": 1}
    answer = service.client.get("/Users", query=query)
    expect_status(answer, 200, 400)
    if answer.status == 200:
        expect(answer.json["totalResults"] == 0, f"the filter finds {answer.json['totalResults']}")


@check("and an appropriate human-readable response as per Section 3.12.", level=SHOULD)
def an_invalid_filter_is_explained(service: Service) -> None:
    """A refused filter has a detail that says what is wrong."""
    answer = service.client.get("/Users", query={"filter": 'userName regex "x"', "count": 1})
    expect_status(answer, 400)
    expect(answer.json.get("detail"), "there is no detail")
