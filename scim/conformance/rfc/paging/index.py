"""Pages by index (RFC 7644 §3.4.2.4)."""

from typing import Any

from ...answers import expect_status
from ...outcomes import expect, skip
from ...service import Service
from ..areas import SHOULD, area
from ..expectations import expect_error
from ..requests import get

QUERY, PAGING = "RFC 7644 §3.4.2", "RFC 7644 §3.4.2.4"
check = area("paging", PAGING, needs=("filter", "index"))
NEGATIVE = 'A negative value SHALL be interpreted as "0".'
BELOW_ONE = "A value less than 1 SHALL be interpreted as 1."
USERS = 3


def three(service: Service) -> tuple[str, set[str]]:
    """Create three users; return a filter that finds them, and their ids."""
    prefix = service.unique("paged")
    ids = {service.new_user(userName=f"{prefix}-{number}")["id"] for number in range(USERS)}
    return f'userName sw "{prefix}"', ids


def page(service: Service, **query: Any) -> Any:
    return get(service, "/Users", filter=three(service)[0], **query)


def shown(answer: Any) -> list[str]:
    return [resource["id"] for resource in answer.get("Resources") or []]


def expect_shown(service: Service, number: int, **query: Any) -> None:
    """Fail unless a page shows this number of the three users, and counts all three."""
    answer = page(service, **query)
    expect(len(shown(answer)) == number, f"{len(shown(answer))} instead of {number} are shown")
    expect(answer["totalResults"] == USERS, f"totalResults is {answer['totalResults']!r}")


@check.each(
    "words, query, section, quote",
    (
        "count 0 shows nobody, but the total",
        {"count": 0},
        PAGING,
        'A value of "0" indicates that no resource results are to be returned except for'
        ' "totalResults".',
    ),
    ("A negative count shows nobody", {"count": -1}, PAGING, NEGATIVE),
    ("A count far below 0 shows nobody", {"count": -1000}, PAGING, NEGATIVE),
    (
        "A page beyond the end is empty",
        {"startIndex": USERS + 1},
        QUERY,
        "startIndex The 1-based index of the first result in the current set of list results.",
    ),
    (
        "A page far beyond the end is empty",
        {"startIndex": 1_000_000, "count": 10},
        QUERY,
        "totalResults The total number of results returned by the list or query operation.",
    ),
)
def a_page_is_empty(service: Service, query: dict[str, int]) -> None:
    """{words}."""
    expect_shown(service, 0, **query)


@check.each(
    "words, query, name, value, section, quote",
    (
        "totalResults counts beyond the page",
        {"count": 1},
        "totalResults",
        USERS,
        PAGING,
        "Specifies the total number of results matching the client query, e.g., 1000.",
    ),
    (
        "totalResults counts beyond the page that begins later",
        {"startIndex": 3, "count": 1},
        "totalResults",
        USERS,
        QUERY,
        "The value may be larger than the number of resources returned",
    ),
    (
        "itemsPerPage is the number of resources",
        {"startIndex": 3, "count": 2},
        "itemsPerPage",
        1,
        PAGING,
        "Specifies the number of query results returned in a query response page, e.g., 10.",
    ),
    (
        "startIndex is repeated",
        {"startIndex": 2, "count": 1},
        "startIndex",
        2,
        PAGING,
        "The 1-based index of the first result in the current set of query results, e.g., 1.",
    ),
    (
        "startIndex is 1 by default",
        {"count": 1},
        "startIndex",
        1,
        QUERY,
        "REQUIRED when partial results are returned due to pagination.",
    ),
    ("startIndex 0 is 1", {"startIndex": 0, "count": 1}, "startIndex", 1, PAGING, BELOW_ONE),
    (
        "A negative startIndex is 1",
        {"startIndex": -7, "count": 1},
        "startIndex",
        1,
        PAGING,
        BELOW_ONE,
    ),
)
def a_page_says_what_it_is(service: Service, query: dict[str, int], name: str, value: int) -> None:
    """{words}."""
    paged_by = service.config.get("pagination", {}).get("defaultPaginationMethod")
    if name == "startIndex" and name not in query and paged_by == "cursor":
        skip("the server pages by cursor unless a request has startIndex")
    number = page(service, **query).get(name)
    is_number = isinstance(number, int) and not isinstance(number, bool)
    expect(is_number and number == value, f"{name} is {number!r} instead of {value}")


@check.each(
    "count",
    (1,),
    (2,),
    quote="the service provider MUST NOT return more results than specified",
)
def count_is_the_limit(service: Service, count: int) -> None:
    """count {count} shows {count} at most."""
    number = len(shown(page(service, count=count)))
    expect(0 < number <= count, f"{number} users are shown")


@check("MAY return fewer results.")
def a_count_above_the_limit_is_no_error(service: Service) -> None:
    """A count above any limit still shows the users."""
    expect_shown(service, USERS, count=1_000_000)


@check(BELOW_ONE)
def what_is_below_one_begins_at_the_first(service: Service) -> None:
    """startIndex 0 and -1 begin with the same user as startIndex 1."""
    text, _ = three(service)
    first = shown(get(service, "/Users", filter=text, startIndex=1, count=1))
    for start in (0, -1):
        other = shown(get(service, "/Users", filter=text, startIndex=start, count=1))
        expect(other == first, f"startIndex {start} begins with another user")


@check('Pagination parameters can be used together to "page through" large numbers of resources')
def pages_together_are_everybody(service: Service) -> None:
    """The pages together show each user once."""
    text, ids = three(service)
    seen: list[str] = []
    for start in range(1, USERS + 1):
        seen += shown(get(service, "/Users", filter=text, startIndex=start, count=1))
    expect(
        sorted(seen) == sorted(ids),
        f"{len(seen)} are shown, {len(set(seen) & ids)} of them different",
    )


@check(
    "to continue paging, set the startIndex to 11 and re-fetch, i.e.,"
    " /Users?startIndex=11&count=10."
)
def start_index_counts_resources(service: Service) -> None:
    """startIndex counts resources, not pages."""
    text, _ = three(service)
    everybody = shown(get(service, "/Users", filter=text))
    second = shown(get(service, "/Users", filter=text, startIndex=2, count=2))
    expect(second == everybody[1:], f"startIndex 2 shows {second!r} of {everybody!r}")


@check('REQUIRED if "totalResults" is non-zero.', QUERY)
def resources_are_there(service: Service) -> None:
    """Resources is a list where there are results."""
    answer = page(service)
    expect(isinstance(answer.get("Resources"), list), f"Resources is {answer.get('Resources')!r}")


@check(
    "the value specified was not compatible with the operation or attribute type",
    "RFC 7644 §3.12",
    level=SHOULD,
)
def a_count_that_is_no_number_is_refused(service: Service) -> None:
    """A count that is not a number is 400."""
    answer = service.client.get("/Users", query={"count": "many"})
    expect_error(answer, 400)


@check(
    "the value specified was not compatible with the operation or attribute type",
    "RFC 7644 §3.12",
    level=SHOULD,
)
def a_start_index_that_is_no_number_is_refused(service: Service) -> None:
    """A startIndex that is not a number is 400."""
    answer = service.client.get("/Users", query={"startIndex": "first", "count": 1})
    expect_error(answer, 400)


@check('"/Groups"', "RFC 7644 §3.4.2.1")
def groups_have_pages(service: Service) -> None:
    """Groups are paged as users are."""
    prefix = service.unique("paged")
    ids = {service.new_group(displayName=f"{prefix}-{number}")["id"] for number in range(USERS)}
    query = {"filter": f'displayName sw "{prefix}"', "count": 1}
    seen: set[str] = set()
    for start in range(1, USERS + 1):
        answer = get(service, "/Groups", startIndex=start, **query)
        expect(answer["totalResults"] == USERS, f"totalResults is {answer['totalResults']!r}")
        seen |= set(shown(answer))
    expect(seen == ids, f"{len(seen & ids)} of {USERS} are shown")


@check("Queries MAY be made against a single resource or a resource type", QUERY, needs=())
def all_users_are_a_list(service: Service) -> None:
    """A query without a filter counts all users."""
    service.new_user()
    answer = service.client.get("/Users", query={"count": 1})
    expect_status(answer, 200)
    expect(answer.json["totalResults"] >= 1, f"totalResults is {answer.json['totalResults']!r}")
    expect(len(answer.json["Resources"]) == 1, f"{len(answer.json['Resources'])} users are shown")
