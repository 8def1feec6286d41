"""Pages by index (RFC 7644 §3.4.2.4)."""

from collections.abc import Callable
from typing import Any

from ..common import SHOULD, Service, expect, expect_error, expect_status, get, rfc, row, skip

AREA = "paging"
SECTION = "RFC 7644 §3.4.2.4"
NEEDS = ("filter", "index")
AT_MOST = "the service provider MUST NOT return more results than specified"
NONE = (
    'A value of "0" indicates that no resource results are to be returned except for'
    ' "totalResults".'
)
NEGATIVE = 'A negative value SHALL be interpreted as "0".'
BELOW_ONE = "A value less than 1 SHALL be interpreted as 1."
TOTAL = "Specifies the total number of results matching the client query, e.g., 1000."
ITEMS = "Specifies the number of query results returned in a query response page, e.g., 10."
FIRST = "The 1-based index of the first result in the current set of query results, e.g., 1."
USERS = 3


def three(service: Service) -> tuple[str, set[str]]:
    """Create three users and return a filter that finds them, and their ids."""
    prefix = service.unique("paged")
    ids = {service.new_user(userName=f"{prefix}-{number}")["id"] for number in range(USERS)}
    return f'userName sw "{prefix}"', ids


def page(service: Service, **query: Any) -> Any:
    return get(service, "/Users", filter=three(service)[0], **query)


def shown(answer: Any) -> list[str]:
    return [resource["id"] for resource in answer.get("Resources") or []]


def expect_shown(number: int, **query: Any) -> Callable[[Service], None]:
    """Return a check that a page has so many of the three users, and their total number."""

    def run(service: Service) -> None:
        answer = page(service, **query)
        expect(len(shown(answer)) == number, f"{len(shown(answer))} instead of {number} are shown")
        expect(answer["totalResults"] == USERS, f"totalResults is {answer['totalResults']!r}")

    return run


def has(name: str, value: int, **query: Any) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        paged_by = service.config.get("pagination", {}).get("defaultPaginationMethod")
        if name not in query and name == "startIndex" and paged_by == "cursor":
            skip("pages are by cursor, unless startIndex is given")
        answer = page(service, **query)
        number = answer.get(name)
        is_number = isinstance(number, int) and not isinstance(number, bool)
        expect(is_number and number == value, f"{name} is {number!r} instead of {value}")

    return run


for _title, _quote, _check in (
    ("count 0 shows nobody, but the total", NONE, expect_shown(0, count=0)),
    ("A negative count shows nobody", NEGATIVE, expect_shown(0, count=-1)),
    ("A count far below 0 shows nobody", NEGATIVE, expect_shown(0, count=-1000)),
    (
        "A page beyond the end is empty",
        "startIndex The 1-based index of the first result in the current set of list results.",
        expect_shown(0, startIndex=USERS + 1),
    ),
    (
        "A page far beyond the end is empty",
        "totalResults The total number of results returned by the list or query operation.",
        expect_shown(0, startIndex=1_000_000, count=10),
    ),
    ("totalResults counts beyond the page", TOTAL, has("totalResults", USERS, count=1)),
    (
        "totalResults counts beyond the page that begins later",
        "The value may be larger than the number of resources returned",
        has("totalResults", USERS, startIndex=3, count=1),
    ),
    (
        "itemsPerPage is the number of resources",
        ITEMS,
        has("itemsPerPage", 1, startIndex=3, count=2),
    ),
    ("startIndex is repeated", FIRST, has("startIndex", 2, startIndex=2, count=1)),
    (
        "startIndex is 1 by default",
        "REQUIRED when partial results are returned due to pagination.",
        has("startIndex", 1, count=1),
    ),
    ("startIndex 0 is 1", BELOW_ONE, has("startIndex", 1, startIndex=0, count=1)),
    ("A negative startIndex is 1", BELOW_ONE, has("startIndex", 1, startIndex=-7, count=1)),
):
    row(
        _title,
        AREA,
        "RFC 7644 §3.4.2"
        if "1-based index of the first result in the current set of list" in _quote
        or _quote.startswith(("REQUIRED", "The value", "totalResults"))
        else SECTION,
        _quote,
        _check,
        needs=NEEDS,
    )


def count_is_the_limit(count: int) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        number = len(shown(page(service, count=count)))
        expect(0 < number <= count, f"{number} are shown")

    return run


for _count in (1, 2):
    row(
        f"count {_count} shows {_count} at most",
        AREA,
        SECTION,
        AT_MOST,
        count_is_the_limit(_count),
        needs=NEEDS,
    )


@rfc(AREA, SECTION, "MAY return fewer results.", needs=NEEDS)
def a_count_above_the_limit_is_no_error(service: Service) -> None:
    """A count that is larger than any limit still shows who is there."""
    expect_shown(USERS, count=1_000_000)(service)


@rfc(AREA, SECTION, BELOW_ONE, needs=NEEDS)
def what_is_below_one_begins_at_the_first(service: Service) -> None:
    """With startIndex 0 the page begins with the same user as with 1."""
    text, _ = three(service)
    first = shown(get(service, "/Users", filter=text, startIndex=1, count=1))
    for start in (0, -1):
        other = shown(get(service, "/Users", filter=text, startIndex=start, count=1))
        expect(other == first, f"startIndex {start} begins with somebody else")


@rfc(
    AREA,
    SECTION,
    'Pagination parameters can be used together to "page through" large numbers of resources',
    needs=NEEDS,
)
def pages_together_are_everybody(service: Service) -> None:
    """Page by page everybody is shown once."""
    text, ids = three(service)
    seen: list[str] = []
    for start in range(1, USERS + 1):
        seen += shown(get(service, "/Users", filter=text, startIndex=start, count=1))
    expect(sorted(seen) == sorted(ids), f"{len(seen)} are shown, {len(set(seen) & ids)} different")


@rfc(
    AREA,
    SECTION,
    "to continue paging, set the startIndex to 11 and re-fetch, i.e.,"
    " /Users?startIndex=11&count=10.",
    needs=NEEDS,
)
def start_index_counts_resources(service: Service) -> None:
    """startIndex counts resources, not pages."""
    text, _ = three(service)
    everybody = shown(get(service, "/Users", filter=text))
    second = shown(get(service, "/Users", filter=text, startIndex=2, count=2))
    expect(second == everybody[1:], f"startIndex 2 shows {second!r} of {everybody!r}")


@rfc(AREA, "RFC 7644 §3.4.2", 'REQUIRED if "totalResults" is non-zero.', needs=NEEDS)
def resources_are_there(service: Service) -> None:
    """Resources is a list where there is something to show."""
    answer = page(service)
    expect(isinstance(answer.get("Resources"), list), f"Resources is {answer.get('Resources')!r}")


@rfc(
    AREA,
    "RFC 7644 §3.12",
    "the value specified was not compatible with the operation or attribute type",
    SHOULD,
    NEEDS,
)
def a_count_that_is_no_number_is_refused(service: Service) -> None:
    """A count that is no number is 400."""
    answer = service.client.get("/Users", query={"count": "many"})
    expect_error(answer, 400)


@rfc(
    AREA,
    "RFC 7644 §3.12",
    "the value specified was not compatible with the operation or attribute type",
    SHOULD,
    NEEDS,
)
def a_start_index_that_is_no_number_is_refused(service: Service) -> None:
    """A startIndex that is no number is 400."""
    answer = service.client.get("/Users", query={"startIndex": "first", "count": 1})
    expect_error(answer, 400)


@rfc(AREA, "RFC 7644 §3.4.2.1", '"/Groups"', needs=NEEDS)
def groups_have_pages(service: Service) -> None:
    """Groups have pages, too."""
    prefix = service.unique("paged")
    ids = {service.new_group(displayName=f"{prefix}-{number}")["id"] for number in range(USERS)}
    query = {"filter": f'displayName sw "{prefix}"', "count": 1}
    seen: set[str] = set()
    for start in range(1, USERS + 1):
        answer = get(service, "/Groups", startIndex=start, **query)
        expect(answer["totalResults"] == USERS, f"totalResults is {answer['totalResults']!r}")
        seen |= set(shown(answer))
    expect(seen == ids, f"{len(seen & ids)} of {USERS} are shown")


@rfc(AREA, "RFC 7644 §3.4.2", "Queries MAY be made against a single resource or a resource type")
def all_users_are_a_list(service: Service) -> None:
    """A query without a filter counts everybody."""
    service.new_user()
    answer = service.client.get("/Users", query={"count": 1})
    expect_status(answer, 200)
    expect(answer.json["totalResults"] >= 1, f"totalResults is {answer.json['totalResults']!r}")
    expect(len(answer.json["Resources"]) == 1, "not one user is shown")
