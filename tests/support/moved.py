"""What a directory answers, to compare it with another that should be the same."""

from collections.abc import Iterator
from typing import Any

from .scim import Scim

PAGE = 50
PAGES = 20  # by index, spread over all users
QUERIES = (
    "/Users?count=5",
    "/Users?count=5&sortBy=userName",
    "/Users?count=5&sortBy=meta.lastModified&sortOrder=descending",
    '/Users?count=5&filter=userName co "7"',
    '/Users?count=5&filter=emails[type eq "work" and value co "7"]',
    '/Users?count=5&filter=meta.created gt "2024-07-01T00:00:05Z" and active eq true',
    "/Groups?count=5&sortBy=displayName&excludedAttributes=members",
    '/Groups?count=5&filter=members.type eq "Group"&excludedAttributes=members',
)


def answers(scim: Scim) -> Iterator[tuple[str, Any]]:
    """Yield queries with their answers, some pages by index, and all ids by cursor."""
    for query in QUERIES:
        yield query, read(scim, query)
    total = read(scim, "/Users?count=0")["totalResults"]
    for start in range(1, total + 1, max(PAGE, total // PAGES)):
        query = f"/Users?startIndex={start}&count={PAGE}"
        yield query, read(scim, query)
    page, ids = read(scim, f"/Users?cursor&count={PAGE}&attributes=id"), []
    while cursor := page.get("nextCursor"):
        ids += [each["id"] for each in page["Resources"]]
        page = read(scim, f"/Users?cursor={cursor}&count={PAGE}&attributes=id")
    yield "all ids", ids


def read(scim: Scim, path: str) -> Any:
    answer = scim.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json
