"""RFC 9865: a walk by cursor shows each resource once, whatever comes and goes meanwhile."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.protocol.schema import GROUP, USER
from scim.protocol.search import SearchRequest
from scim.provider import Cursors, query
from tests.support import generated
from tests.support.bulk import bulk_request, post
from tests.support.scim import group, path_of, user
from tests.support.server import open_session
from tests.support.tries import tries

ORDERS = ["ascending", "descending"]
RESIDENTS, GUESTS, HOSTS = 40, 20, 3
PAUSE = 0.01  # seconds, lest the end of a walk moves away as fast as it is walked to


def ask(directory, resource_types, **parameters):
    """Return the ListResponse to a query of several types."""
    cursors = Cursors("key", 60, directory.store.tenant_id, "scope")
    search = SearchRequest(**parameters)
    text = query(directory.store, resource_types, search, directory.request, cursors=cursors)
    return json.loads(text, strict=False)


def walk(directory, resource_types, way, cursor, **parameters):
    """Return what is on the pages from a cursor on to one of the ends, and the last of them."""
    shown = []
    while True:
        page = ask(directory, resource_types, cursor=cursor, **parameters)
        shown.append(page["Resources"])
        cursor = page.get(way)
        if cursor is None:
            return shown, page


def sortable(resource_types):
    """Return the attributes that resources of these types can be sorted by."""
    return sorted(
        str(node.path)
        for resource_type in resource_types
        for node in generated.nodes(resource_type)
        if node.attribute.type != "complex"
    )


@settings(max_examples=tries(20))
@given(data=st.data(), users=generated.USERS, groups=generated.GROUPS)
def test_walk_shows_what_pages_by_index_show(new_directory, data, users, groups):
    directory = new_directory()
    drawn = [user() | each for each in users] + [group() | each for each in groups]
    made = [directory.create(each) for each in data.draw(st.permutations(drawn))]
    directory.group("of everybody", *(each for each in made if "userName" in each))
    kinds = data.draw(st.sampled_from([[USER], [USER], [GROUP], [USER, GROUP]]))
    sort_by = data.draw(st.just("") | st.sampled_from(sortable(kinds)))
    filters = st.none() | generated.texts(generated.filters(kinds[0], users + groups))
    asked = {
        "sort_by": sort_by,
        "sort_order": data.draw(
            st.sampled_from(("ascending", "descending") if sort_by else ("ascending",))
        ),
        "filter": data.draw(filters),
        "count": data.draw(st.integers(1, 4)),
    }

    whole = ask(directory, kinds, **asked | {"count": 1000})["Resources"]
    onward, last = walk(directory, kinds, "nextCursor", "", **asked)

    assert [each for page in onward for each in page] == whole
    if len(onward) > 1:
        back, _ = walk(directory, kinds, "previousCursor", last["previousCursor"], **asked)
        assert back == onward[-2::-1]


@contextmanager
def coming_and_going(server, guests):
    """Let other clients delete and create users for as long as the block takes."""
    over = threading.Event()

    def host(number):
        random, known = Random(number), list(guests[number::HOSTS])
        turns = 0
        with open_session(server.url, server.token) as session:
            while not over.is_set():
                gone = known.pop(random.randrange(len(known)))
                assert session.delete(path_of(gone)).status_code == 204
                name = f"user{random.randrange(100):02} {number} {turns}"
                known.append(session.post("/Users", json=user(name, title="guest")).json())
                turns += 1
                over.wait(PAUSE)
        return turns

    with ThreadPoolExecutor(HOSTS) as threads:
        hosts = [threads.submit(host, number) for number in range(HOSTS)]
        try:
            yield
        finally:
            over.set()
        assert all(each.result() for each in hosts)


@pytest.fixture
def residents(server):
    """Users who stay, among others who do not; the ids of the ones and the others themselves."""
    names = [f"user{number:02}" for number in range(RESIDENTS)]
    names += [f"user{2 * number:02} guest" for number in range(GUESTS)]
    Random(0).shuffle(names)
    titled = [user(name, title="guest" if "guest" in name else "resident") for name in names]
    request = bulk_request(*(post(each["userName"], each) for each in titled))
    response = server.session.post("/Bulk", json=request)
    assert {result["status"] for result in response.json()["Operations"]} == {"201"}
    everybody = server.session.get("/Users", params={"count": 1000}).json()["Resources"]
    stay = [each["id"] for each in everybody if each["title"] == "resident"]
    return stay, [each for each in everybody if each["title"] == "guest"]


@pytest.mark.parametrize("asked", [{}, {"sortBy": "userName"}, {"filter": "title pr"}])
def test_walk_shows_everybody_who_stays_once_while_others_come_and_go(server, residents, asked):
    stay, guests = residents

    with coming_and_going(server, guests):
        for count in (2, 7, 30):
            for way in ("nextCursor", "previousCursor"):
                shown = walked_over(server, way, count=count, **asked)
                ids = [each["id"] for each in shown]
                assert len(set(ids)) == len(ids)
                assert sorted(set(ids) & set(stay)) == sorted(stay)
                order = [each["userName"] for each in shown] if "sortBy" in asked else ids
                assert order == sorted(order, reverse=way == "previousCursor")


def walked_over(server, way, **asked):
    """Return all that a client sees who walks to the end and, for the way back, back again."""
    shown, page = [], {"nextCursor": ""}
    while "nextCursor" in page:
        page = fetch(server, page["nextCursor"], **asked)
        shown += page["Resources"]
    if way == "previousCursor":
        shown = page["Resources"][::-1]
        while "previousCursor" in page:
            page = fetch(server, page["previousCursor"], **asked)
            shown += page["Resources"][::-1]
    return shown


def fetch(server, cursor, **asked):
    response = server.session.get("/Users", params=asked | {"cursor": cursor})
    assert response.status_code == 200, response.text
    return response.json()
