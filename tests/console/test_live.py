"""Live shows what happens, as it happens, in words."""

import json
import re
import threading
from contextlib import ExitStack

import pytest

from scim.console.exchanges.live import MOST_STREAMS

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.server import plain_client, run
from ..support.waiting import happens

pytestmark = EVERYDAY_ON_ONE_DATABASE

HOSTILE = [
    "<script>alert(1)</script>",
    "a\u202egnp.exe",
    "\x1b[2J",
    "x" * 10_000,
    "\"' onmouseover='alert(1)",
    "{{ 7 * 7 }}",
]
JANE = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "jane@example.com",
    "name": {"givenName": "Jane", "familyName": "Berg"},
}


def events(console, path="/stream", after=0, count=1, **headers):
    """Return the rows that a stream sends until it has sent so many."""
    found = []
    with console.web.stream("GET", path, params={"after": after}, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found += json.loads(line.removeprefix("data: "))["rows"]
            if len(found) >= count:
                return found
    raise AssertionError(found)


def test_exchange_is_a_sentence(console):
    console.server.session.post("/Users", json=JANE)

    page = console.recorded()

    assert "jane@example.com" in page or "Jane Berg" in page
    assert re.search(r'class="method">POST</span> <span class="path">/Users', page)
    assert re.findall(r'class="status \w+">(\d+)<', page) == ["201"]


def test_empty_list_says_what_to_do_next(console):
    page = console.web.get("/").text

    assert "No requests yet" in page
    assert console.server.url.replace("127.0.0.1", "localhost") in page
    assert "123456789" in page


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_text(console, name):
    console.server.session.post("/Users", json=JANE | {"displayName": name, "userName": name})

    page = console.recorded()

    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "' onmouseover='" not in page
    assert len(page) < 40_000


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        ("status:4xx", {"404"}),
        ("status:201", {"201"}),
        ("method:GET", {"404", "200"}),
        ("user:jane@example", {"201"}),
        ("is:failed", {"404"}),
        ("user:jane@example status:4xx", set()),
        ("tenant:default", {"201", "404", "200"}),
        ("tenant:other", set()),
        ('"no such words"', set()),
    ],
)
def test_filter_chooses(console, choice, shown):
    console.server.session.post("/Users", json=JANE)
    console.server.session.get("/Users/none")
    console.server.session.get("/Schemas")
    console.recorded(3)

    page = console.web.get("/", params={"q": choice}).text

    assert set(re.findall(r'class="status \w+">(\d+)<', page)) == shown


def test_unknown_name_in_a_filter_is_told(console):
    assert "is no name that a filter has" in console.web.get("/", params={"q": "colour:red"}).text


def test_stream_sends_what_comes(console):
    timer = threading.Timer(0.5, console.server.session.get, ["/Schemas"])
    timer.start()

    [row] = events(console)

    assert "/Schemas" in row["html"]
    timer.join()


def test_stream_goes_on_after_a_break(console):
    console.server.session.get("/Schemas")
    first = int(re.search(r'data-number="(\d+)"', console.recorded())[1])
    console.server.session.get("/Users/none")
    console.recorded(2)

    rows = events(console, **{"Last-Event-ID": str(first)})

    assert [row["number"] for row in rows] == [first + 1]


def test_stream_has_nothing_that_was_deleted(console):
    timer = threading.Timer(0.5, console.server.session.get, ["/Schemas"])
    timer.start()
    events(console)
    console.post("/exchanges/clear")
    timer = threading.Timer(0.5, console.server.session.get, ["/ServiceProviderConfig"])
    timer.start()

    [row] = events(console)

    assert "/ServiceProviderConfig" in row["html"]
    timer.join()


def test_console_goes_on_when_the_file_of_the_recordings_is_lost(serve_console, tmp_path):
    url = f"sqlite:///{tmp_path}/scim.db"
    run("manage.py", "db", "upgrade", DATABASE_URL=url)
    with serve_console(SCIM_DATABASE_URL=url) as console:
        for _ in range(5):
            console.server.session.get("/Schemas")
        console.recorded(5)
        [first, *_] = events(console)
        for each in tmp_path.glob("scim.recordings.db*"):
            each.unlink()
        timer = threading.Timer(0.5, console.server.session.get, ["/Users"])
        timer.start()

        rows = events(console, after=first["last"], count=1)

        assert "/Users" in rows[0]["html"]
        assert "/Schemas" not in rows[0]["html"]
        timer.join()
        with plain_client(base_url=console.url) as other:
            assert other.get("/?" + console.link.partition("?")[2]).status_code == 303
        database = tmp_path / "scim.recordings.db"
        database.rename(tmp_path / "lost")
        database.mkdir()
        answer = console.web.get("/")
        assert answer.status_code == 503
        assert "the file of the recorded exchanges cannot be used" in answer.text


def test_server_that_cannot_stream_is_polled(console):
    console.server.session.get("/Schemas")
    console.recorded()

    answer = console.web.get("/poll").json()
    later = console.web.get("/poll", params={"after": answer["last"]}).json()

    assert len(answer["rows"]) == 1
    assert later == {"rows": [], "count": 0, "last": answer["last"]}


def test_older_exchanges_are_a_link_away(console):
    for _ in range(320):
        console.server.session.get("/Schemas/none")
    console.server.session.get("/Schemas/none", headers={"X-Request-Id": "the-last"})
    assert happens(lambda: "/exchange/" in console.found("the-last"))

    shown, path = [], "/"
    while path:
        page = console.web.get(path.replace("&amp;", "&")).text
        shown += re.findall(r'href="/exchange/(\d+)"', page)
        path = "".join(re.findall(r'href="([^"]+)">Older exchanges', page))

    assert len(shown) == len(set(shown)) == 321


def test_streams_leave_threads_for_the_pages(console):
    with ExitStack() as opened:
        statuses = []
        for _ in range(MOST_STREAMS + 2):
            answer = opened.enter_context(console.web.stream("GET", "/stream"))
            statuses.append(answer.status_code)
        assert statuses[-2:] == [503, 503]
        assert statuses.count(200) > MOST_STREAMS / 2  # those of earlier tests may not have ended
        assert console.web.get("/poll").status_code == 200

    def is_free():
        with console.web.stream("GET", "/stream") as answer:
            return answer.status_code == 200

    console.server.session.get("/Schemas")  # a stream notices that nobody reads when it writes
    assert happens(is_free)


def test_year_is_a_click_away(console):
    assert "Play a year" in console.web.get("/").text

    page = console.post("/connect/run/demo", then="live")

    assert "<h1>Live</h1>" in page.text
    assert happens(lambda: "+1 user" in console.web.get("/").text)
    assert "The company's year" in console.web.get("/year").text
    assert "<h1>Live</h1>" in console.post("/connect/stop", then="live").text
    assert happens(lambda: "The year is over" in console.web.get("/").text)


def test_conversation_that_goes_on_is_the_newest(console):
    jane = console.server.session.post("/Users", json=JANE).json()["id"]
    console.server.session.get("/Schemas")
    title = {"op": "replace", "path": "title", "value": "Guide"}
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [title]}
    console.server.session.patch(f"/Users/{jane}", json=patch)

    page = console.recorded(3)
    rows = console.web.get("/poll").json()["rows"]

    assert page.index("2 requests") < page.index("/Schemas")
    assert [row["last"] - row["number"] for row in rows] == [0, 2]
    assert "+1 user</span>" in page
    assert "~1 user</span>" in page


def test_path_that_leads_nowhere_is_shown_whole(console):
    console.server.session.get(f"{console.server.url}/scim/v2/Users")

    assert 'class="path">/scim/v2/scim/v2/Users<' in console.recorded()


def test_odd_filter_is_told(console):
    assert "“abc” is no status" in console.web.get("/", params={"q": "status:abc"}).text


def test_query_is_shown_as_people_read_it(console):
    console.server.session.get("/Users", params={"filter": 'userName eq "jane&<b>"'})

    assert "?filter=userName eq &#34;jane&amp;&lt;b&gt;&#34;<" in console.recorded()
