"""Pages by cursor (RFC 9865)."""

import re
from typing import Any

from ...answers import expect_status
from ...outcomes import expect, skip
from ...service import Service
from ..areas import SHOULD, area
from ..expectations import expect_error, expect_refused
from ..requests import get
from .index import USERS, shown, three
from .search import search

check = area("cursors", "RFC 9865 §2", needs=("cursor", "filter"))


def first(service: Service, **query: Any) -> tuple[str, set[str], Any]:
    """Create three users; return a filter that finds them, their ids and their first page."""
    text, ids = three(service)
    return text, ids, get(service, "/Users", filter=text, cursor="", **query)


def follow(service: Service, page: Any, **query: Any) -> list[list[str]]:
    """Return the ids on each page, from this page to the last."""
    pages = [shown(page)]
    while page.get("nextCursor"):
        expect(len(pages) <= USERS + 1, f"there are more than {USERS + 1} pages")
        page = get(service, "/Users", cursor=page["nextCursor"], **query)
        pages.append(shown(page))
    return pages


@check(
    "Service providers supporting cursor-based pagination MUST include nextCursor in all paged"
    " query responses except when returning the last page."
)
def a_page_that_is_not_the_last_has_a_next_cursor(service: Service) -> None:
    """A page that is not the last has a string as nextCursor."""
    _, _, page = first(service, count=1)
    cursor = page.get("nextCursor")
    expect(isinstance(cursor, str) and cursor, f"nextCursor is {cursor!r}")


@check(
    "nextCursor MUST be omitted from a response only to indicate that there are no more result"
    " pages."
)
def the_last_page_has_no_next_cursor(service: Service) -> None:
    """The last page has no nextCursor."""
    _, _, page = first(service)
    expect(len(shown(page)) == USERS, f"{len(shown(page))} of {USERS} are shown")
    expect("nextCursor" not in page, "there is a nextCursor")


@check(
    "This value may only contain characters from the unreserved character set defined in Section"
    " 2.3 of [RFC3986]."
)
def cursors_are_url_safe(service: Service) -> None:
    """A cursor consists of unreserved characters."""
    cursor = first(service, count=1)[2]["nextCursor"]
    expect(re.fullmatch(r"[A-Za-z0-9._~-]+", cursor), f"nextCursor is {cursor!r}")


@check(
    "A cursor value string that MAY be used in a subsequent request to obtain the next page of"
    " results."
)
def cursors_lead_to_everybody(service: Service) -> None:
    """The pages from nextCursor to nextCursor show each user once."""
    text, ids, page = first(service, count=1)
    seen = [each for page in follow(service, page, filter=text, count=1) for each in page]
    expect(
        sorted(seen) == sorted(ids),
        f"{len(seen)} are shown, {len(set(seen) & ids)} of them different",
    )


@check("GET /Users?filter=userName%20sw%20J&cursor&count=10")
def a_cursor_without_a_value_is_the_first_page(service: Service) -> None:
    """The parameter cursor without a value asks for the first page."""
    text, _, page = first(service, count=1)
    answer = service.client.get("/Users?cursor", query={"filter": text, "count": 1})
    expect_status(answer, 200)
    expect(shown(answer.json) == shown(page), "the page shows other users")
    expect(answer.json.get("nextCursor"), "there is no nextCursor")


@check("previousCursor MUST NOT be returned with the first page.")
def the_first_page_has_no_previous_cursor(service: Service) -> None:
    """The first page has no previousCursor."""
    expect("previousCursor" not in first(service, count=1)[2], "there is a previousCursor")


@check(
    "A cursor value string that MAY be used in a subsequent request to obtain the previous page of"
    " results."
)
def a_previous_cursor_leads_back(service: Service) -> None:
    """previousCursor, if present, leads to the page before."""
    text, _, page = first(service, count=1)
    after = get(service, "/Users", filter=text, count=1, cursor=page["nextCursor"])
    cursor = after.get("previousCursor")
    if cursor is None:
        skip("there is no previousCursor, which is optional")
    before = get(service, "/Users", filter=text, count=1, cursor=cursor)
    expect(shown(before) == shown(page), "the page shows other users")


@check.each(
    "words, count, quote",
    (
        "count 0",
        0,
        'A value of "0" indicates that no resource results are to be returned except for'
        ' "totalResults".',
    ),
    ("a negative count", -1, 'A negative value SHALL be interpreted as "0".'),
)
def a_page_without_room_is_empty(service: Service, count: int) -> None:
    """A page by cursor with {words} shows nobody."""
    page = first(service, count=count)[2]
    expect(not shown(page), f"{len(shown(page))} instead of 0 are shown")
    total = page.get("totalResults", USERS)
    expect(total == USERS, f"totalResults is {total!r}")


@check("the service provider MUST NOT return more, although it MAY return fewer, results.")
def pages_by_cursor_keep_to_count(service: Service) -> None:
    """No page by cursor has more than count resources."""
    text, _, page = first(service, count=2)
    sizes = [len(each) for each in follow(service, page, filter=text, count=2)]
    expect(max(sizes) <= 2, f"the pages have {sizes}")


@check(
    "service providers should return an accurate value for totalResults, which is the total number"
    " of resources for all pages.",
    level=SHOULD,
)
def pages_by_cursor_have_the_total(service: Service) -> None:
    """totalResults of a page by cursor, if present, counts all results."""
    text, _, page = first(service, count=1)
    after = get(service, "/Users", filter=text, count=1, cursor=page["nextCursor"])
    totals = [each["totalResults"] for each in (page, after) if "totalResults" in each]
    expect(set(totals) <= {USERS}, f"totalResults is {totals}")


@check(
    "then cursor-paged results should be sorted.",
    "RFC 9865 §2.2",
    level=SHOULD,
    needs=("cursor", "filter", "sort"),
)
def pages_by_cursor_are_sorted(service: Service) -> None:
    """Pages by cursor follow sortBy and sortOrder."""
    prefix = service.unique("paged")
    ids = [
        service.new_user(userName=f"{prefix}-{name}", displayName=name)["id"]
        for name in ("Mike", "Zoe", "Anna")
    ]
    query = {
        "filter": f'userName sw "{prefix}"',
        "sortBy": "displayName",
        "sortOrder": "descending",
        "count": 1,
    }
    pages = follow(service, get(service, "/Users", cursor="", **query), **query)
    order = [ids.index(each) for page in pages for each in page]
    expect(order == [1, 0, 2], f"the order is {order}")


@check("invalidCursor | Cursor value is invalid.", "RFC 9865 §2.1", level=SHOULD)
def a_forged_cursor_is_invalid(service: Service) -> None:
    """A cursor that the server did not issue is 400 invalidCursor."""
    query = {"cursor": service.unique("forged"), "count": 1}
    expect_error(service.client.get("/Users", query=query), 400, "invalidCursor")


@check(
    "Service providers should be able to easily detect forged cursor values and immediately return"
    " an invalidCursor",
    "RFC 9865 §5.2",
    level=SHOULD,
)
def a_changed_cursor_is_invalid(service: Service) -> None:
    """A cursor with one character changed is refused."""
    text, _, page = first(service, count=1)
    cursor = page["nextCursor"]
    changed = ("b" if cursor[0] == "a" else "a") + cursor[1:]
    answer = service.client.get("/Users", query={"filter": text, "count": 1, "cursor": changed})
    expect_refused(answer)


@check(
    "Count value must be between 0 and service provider's maxPageSize and must be equal to the"
    " count value of the initial query.",
    "RFC 9865 §2.1",
    level=SHOULD,
)
def another_count_is_invalid(service: Service) -> None:
    """A cursor with another count than its first page had is 400 invalidCount."""
    text, _, page = first(service, count=1)
    query = {"filter": text, "count": 2, "cursor": page["nextCursor"]}
    expect_error(service.client.get("/Users", query=query), 400, "invalidCount")


@check(
    "the service provider SHOULD return the appropriate HTTP response status code and detailed"
    " JSON error response",
    "RFC 9865 §2.1",
    level=SHOULD,
)
def a_count_that_is_no_number_is_refused_with_a_cursor(service: Service) -> None:
    """A page by cursor whose count is not a number is 400."""
    answer = service.client.get("/Users", query={"cursor": "", "count": "many"})
    expect_error(answer, 400)


@check(
    "Under no circumstances should possession of a cursor be interpreted as granting any"
    " supplementary access privileges to the actor.",
    "RFC 9865 §5.2",
)
def a_cursor_is_no_token(service: Service) -> None:
    """A cursor gives no access without a token."""
    if service.client.token is None:
        skip("the server is used without a token")
    text, ids, page = first(service, count=1)
    query = {"filter": text, "count": 1, "cursor": page["nextCursor"]}
    answer = service.client.get("/Users", query=query, token=None)
    expect(answer.status in (401, 403), f"GET was answered {answer.status}")
    expect(not any(each in answer.text for each in ids), "the answer shows a user")


@check(
    "When posting to /.search, the client would pass the parameters defined in Section 2 in the"
    " body of the POST request.",
    "RFC 9865 §3",
)
def a_search_has_pages_by_cursor(service: Service) -> None:
    """A search is paged by cursor."""
    text, ids = three(service)
    page = search(service, "/Users", filter=text, cursor="", count=2)
    seen = shown(page)
    expect(page.get("nextCursor"), "there is no nextCursor")
    page = search(service, "/Users", filter=text, cursor=page["nextCursor"], count=2)
    expect(sorted(seen + shown(page)) == sorted(ids), "the two pages do not show all users")
