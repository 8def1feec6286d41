"""Reads of users and groups, filters and pages."""

from random import randrange
from urllib.parse import quote

from scim.protocol.schema import ENTERPRISE_USER_SCHEMA
from scim.protocol.search import SearchRequest
from scim.provider.cursors import Cursor, Cursors, scope
from scim.storage import Position

from .client import Call, Calls
from .directory import COMPANY, TENANT, USERS, in_company, key, user
from .loading import CURSOR_KEY

CURSOR_SECONDS = 3600
PAGE = 100


def get(size: int, number: int) -> Calls:
    chosen = key(USERS, randrange(size))
    yield _read(f"/Users/{chosen}", chosen)


def group_alone(size: int, number: int) -> Calls:
    yield _read(f"/Groups/{COMPANY}?excludedAttributes=members", COMPANY)


def group_whole(size: int, number: int) -> Calls:
    last = key(USERS, in_company(size)[-1])
    yield Call("GET", f"/Groups/{COMPANY}", b"", 200, f'"value":"{last}"')


def filter_user_name(size: int, number: int) -> Calls:
    chosen = randrange(size)
    yield _find(f'userName eq "{user(chosen, size)["userName"]}"', chosen)


def filter_external_id(size: int, number: int) -> Calls:
    chosen = randrange(size)
    yield _find(f'externalId eq "{user(chosen, size)["externalId"]}"', chosen)


def filter_department(size: int, number: int) -> Calls:
    chosen = randrange(size)
    department = user(chosen, size)[ENTERPRISE_USER_SCHEMA]["department"]
    yield _find(f'{ENTERPRISE_USER_SCHEMA}:department eq "{department}"', chosen)


def filter_user_name_sw(size: int, number: int) -> Calls:
    chosen = randrange(size)
    yield _find(f'userName sw "user.{chosen}@"', chosen)


def filter_user_name_co(size: int, number: int) -> Calls:
    chosen = randrange(size)
    yield _find(f'userName co "r.{chosen}@"', chosen)


def filter_user_name_ew(size: int, number: int) -> Calls:
    chosen = randrange(size)
    yield _find(f'userName ew ".{chosen}@example.com"', chosen)


def filter_display_name_co(size: int, number: int) -> Calls:
    chosen = randrange(size // 10, size)  # no longer number contains it
    yield _find(f'displayName co "family{chosen}"', chosen)


def filter_email_co(size: int, number: int) -> Calls:
    chosen = randrange(size)
    yield _find(f'emails.value co "r.{chosen}@"', chosen)


def first_page(size: int, number: int) -> Calls:
    yield _page(0)


def any_page(size: int, number: int) -> Calls:
    yield _page(randrange(size - PAGE + 1))


def deep_walk(size: int, number: int) -> Calls:
    """Read page after page, from a random place in the last 10 % to the end."""
    for start in range(randrange(size * 9 // 10, size - PAGE + 1), size - PAGE + 1, PAGE):
        yield _page(start)


def cursor_page(size: int, number: int) -> Calls:
    start = randrange(1, size - PAGE + 1)
    search = SearchRequest(cursor="", count=PAGE)
    cursors = Cursors(CURSOR_KEY, CURSOR_SECONDS, TENANT, scope("/Users", search))
    behind = Position(None, key(USERS, start - 1))
    cursor = cursors.seal(Cursor(behind, count=PAGE, total=size))
    yield _read(f"/Users?count={PAGE}&cursor={cursor}", key(USERS, start + PAGE - 1))


def _page(start: int) -> Call:
    last = key(USERS, start + PAGE - 1)
    return _read(f"/Users?startIndex={start + 1}&count={PAGE}", last)


def _find(query: str, chosen: int) -> Call:
    return _read(f"/Users?filter={quote(query)}", key(USERS, chosen))


def _read(path: str, last: str) -> Call:
    return Call("GET", path, b"", 200, f'"id":"{last}"')
