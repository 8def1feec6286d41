"""Queries by POST (RFC 7644 §3.4.3)."""

from typing import Any

from ...answers import LIST_RESPONSE, expect_status
from ...client import Exchange
from ...outcomes import expect, skip
from ...service import Service
from ..areas import area
from ..expectations import expect_error

check = area("search", "RFC 7644 §3.4.3", needs=("filter",))
SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def post(service: Service, endpoint: str, **parameters: Any) -> Exchange:
    body = {"schemas": [SEARCH_REQUEST]} | parameters
    answer = service.client.post(f"{endpoint}/.search", body)
    if answer.status == 501:
        skip("the server has no queries by POST")
    return answer


def search(service: Service, endpoint: str, **parameters: Any) -> Any:
    answer = post(service, endpoint, **parameters)
    expect_status(answer, 200)
    return answer.json


def by_name(user: dict[str, Any]) -> str:
    return f'userName eq "{user["userName"]}"'


@check(
    'The inclusion of "/.search" on the end of a valid SCIM endpoint SHALL be used to indicate'
    " that the HTTP POST verb is intended to be a query operation.",
    needs=(),
)
def a_search_is_answered_by_a_list(service: Service) -> None:
    """POST /Users/.search is 200 with a ListResponse."""
    page = search(service, "/Users", filter=by_name(service.new_user()))
    expect(page["schemas"] == [LIST_RESPONSE], f"schemas is {page['schemas']!r}")


@check("filter The filter string used to request a subset of resources.")
def a_search_filters(service: Service) -> None:
    """A search finds the users who match its filter."""
    user = service.new_user()
    page = search(service, "/Users", filter=by_name(user))
    expect([each["id"] for each in page["Resources"]] == [user["id"]], "the user is not found")
    expect(page["totalResults"] == 1, f"totalResults is {page['totalResults']!r}")


@check("valid SCIM endpoint")
def groups_can_be_searched(service: Service) -> None:
    """POST /Groups/.search finds groups."""
    group = service.new_group()
    page = search(service, "/Groups", filter=f'displayName eq "{group["displayName"]}"')
    expect([each["id"] for each in page["Resources"]] == [group["id"]], "the group is not found")


@check("POST /.search")
def everything_can_be_searched(service: Service) -> None:
    """POST /.search finds users and groups."""
    name = service.unique("tour")
    both = {service.new_user(displayName=name)["id"], service.new_group(displayName=name)["id"]}
    answer = post(service, "", filter=f'displayName eq "{name}"')
    if answer.status in (403, 404, 405):
        skip("the server has no queries at its root")
    expect_status(answer, 200)
    found = {each["id"] for each in answer.json["Resources"]}
    expect(found == both, f"{len(found & both)} of 2 are found")


@check(
    "attributes A multi-valued list of strings indicating the names of resource attributes to"
    " return in the response, overriding the set of attributes that would be returned by default."
)
def a_search_shows_what_is_asked_for(service: Service) -> None:
    """A search with attributes shows only those attributes."""
    parameters = {"filter": by_name(service.new_user()), "attributes": ["displayName", "name"]}
    (shown,) = search(service, "/Users", **parameters)["Resources"]
    missing = {"id", "displayName", "name"} - set(shown)
    expect(not missing, f"not shown: {', '.join(missing)}")
    unasked = {"userName", "emails", "meta", "active"} & set(shown)
    expect(not unasked, f"also shown: {', '.join(unasked)}")


@check(
    "excludedAttributes A multi-valued list of strings indicating the names of resource attributes"
    " to be removed from the default set of attributes to return."
)
def a_search_leaves_out_what_is_not_wanted(service: Service) -> None:
    """A search with excludedAttributes shows the other attributes and always id."""
    parameters = {"filter": by_name(service.new_user()), "excludedAttributes": ["emails", "id"]}
    (shown,) = search(service, "/Users", **parameters)["Resources"]
    expect("emails" not in shown, "emails is shown")
    expect({"id", "userName"} <= set(shown), "id or userName is not shown")


@check(
    'sortOrder A string indicating the order in which the "sortBy" parameter is applied.',
    needs=("filter", "sort"),
)
def a_search_sorts(service: Service) -> None:
    """A search sorts its results."""
    prefix = service.unique("sorted")
    ids = [
        service.new_user(userName=f"{prefix}-{name}", displayName=name)["id"]
        for name in ("Mike", "Zoe", "Anna")
    ]
    page = search(
        service,
        "/Users",
        filter=f'userName sw "{prefix}"',
        sortBy="displayName",
        sortOrder="descending",
    )
    order = [ids.index(each["id"]) for each in page["Resources"]]
    expect(order == [1, 0, 2], f"the order is {order}")


@check.each(
    "words, number, parameters, quote",
    (
        "A search has pages",
        1,
        {"startIndex": 3, "count": 2},
        "startIndex An integer indicating the 1-based index of the first query result.",
    ),
    (
        "A search has count at the most",
        2,
        {"count": 2},
        "count An integer indicating the desired maximum number of query results per page.",
    ),
    (
        "A search with count 0 shows nobody",
        0,
        {"count": 0},
        "After receiving an HTTP POST request, a response is returned as specified in Section"
        " 3.4.2.",
    ),
    needs=("filter", "index"),
)
def a_search_is_paged(service: Service, number: int, parameters: dict[str, int]) -> None:
    """{words}."""
    prefix = service.unique("paged")
    for each in range(3):
        service.new_user(userName=f"{prefix}-{each}")
    page = search(service, "/Users", filter=f'userName sw "{prefix}"', **parameters)
    shown = len(page.get("Resources") or [])
    expect(shown == number, f"{shown} instead of {number} are shown")
    expect(page["totalResults"] == 3, f"totalResults is {page['totalResults']!r}")


@check(
    "A query that does not return any matches SHALL return success (HTTP status code 200)",
    "RFC 7644 §3.4.2",
)
def a_search_that_finds_nobody_is_200(service: Service) -> None:
    """A search that finds nobody is 200 with totalResults 0."""
    page = search(service, "/Users", filter=f'userName eq "{service.unique("nobody")}"')
    expect(page["totalResults"] == 0, f"totalResults is {page['totalResults']!r}")


@check("The filter string MUST be a valid filter (Section 3.4.2.2) expression.")
def a_search_with_an_invalid_filter_is_refused(service: Service) -> None:
    """A search with an invalid filter is 400 invalidFilter."""
    answer = post(service, "/Users", filter='userName regex "x"', count=1)
    expect_error(answer, 400, "invalidFilter")


@check("Search from system root or within a resource endpoint", "RFC 7644 §3.2")
def a_search_creates_nothing(service: Service) -> None:
    """A search with a user in its body creates no user."""
    body = service.user()
    answer = post(
        service, "/Users", **{key: body[key] for key in body if key != "schemas"}, count=0
    )
    expect(answer.status != 201, "POST was answered 201")
    page = search(service, "/Users", filter=by_name(body))
    expect(page["totalResults"] == 0, "the user was created")
