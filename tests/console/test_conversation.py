"""The page with the pictures shows what was recorded, and gives each picture as a file."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
import sqlalchemy as sa

from scim.console.sharing import Shared
from scim.storage import Database
from scim.storage.recordings import Recordings

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from .test_pictures import HOSTILE, SVG, ElementTree, created


@pytest.fixture
def record(console):
    """Record exchanges as the workers do."""
    engine = sa.create_engine(console.server.database_url, poolclass=sa.NullPool)
    database = Database(engine)
    recordings = Recordings.open(database, 1000, 7)
    yield recordings.add
    recordings.close()
    database.close()


def numbers(page: str) -> list[int]:
    """Return the numbers of the exchanges in the widest diagram."""
    wide = page.partition('class="picture wide"')[2].partition("</figure>")[0]
    return [int(each) for each in re.findall(r'href="/exchange/(\d+)"', wide)]


def tags(svg: str) -> Iterator[str]:
    return (each.tag.removeprefix(SVG) for each in ElementTree.fromstring(svg.encode()).iter())


@EVERYDAY_ON_ONE_DATABASE
def test_page_shows_the_exchanges_and_their_times(console, record):
    record(created())

    page = console.web.get("/conversation").text

    assert "Okta creates the user Jane Berg." in page
    assert "Over time: 1 created, 0 updated" in page
    assert len(numbers(page)) == 2
    assert numbers(console.web.get("/conversation/picture").text) == numbers(page)
    assert "style=" not in page


@EVERYDAY_ON_ONE_DATABASE
def test_empty_page_says_what_to_do_next(console):
    assert "Nothing was said yet" in console.web.get("/conversation").text
    assert "No exchange matches" in console.web.get("/conversation?q=status:5xx").text
    assert console.web.get("/conversation.svg").status_code == 404
    assert console.web.get("/timeline.svg").status_code == 200


@EVERYDAY_ON_ONE_DATABASE
def test_url_chooses(console, record):
    record([*created(), *created("Omar Haddad", "Entra ID", 3)])
    first, *_, last = numbers(console.web.get("/conversation").text)

    def shown(**values):
        return numbers(console.web.get("/conversation", params=values).text)

    assert shown(q="provider:okta") == [first, first + 1]
    assert shown(of=last) == [last - 1, last]
    assert shown(most=1) == [last]
    assert shown(most=-3) == [last]
    assert shown(most="x", of="y", zone="../../etc/passwd", size="?") == shown()
    assert shown(tenant="acme") == shown()
    assert shown(tenant="other") == []
    assert console.web.get("/conversation?of=99999999999999999999").status_code == 404
    assert console.web.get("/conversation?of=-1").status_code == 404


@EVERYDAY_ON_ONE_DATABASE
def test_what_comes_later_is_added_and_what_was_deleted_is_gone(console, record):
    record(created())
    before = numbers(console.web.get("/conversation").text)
    record(created("Omar Haddad", "Entra ID", 3))

    page = console.web.get("/conversation/picture").text
    assert numbers(page)[:2] == before
    assert len(numbers(page)) == 4
    assert "Over time: 2 created" in page

    console.post("/exchanges/clear")
    assert numbers(console.web.get("/conversation").text) == []
    record(created())
    assert len(numbers(console.web.get("/conversation").text)) == 2


@EVERYDAY_ON_ONE_DATABASE
def test_pictures_are_saved_as_they_are_seen(console, record):
    record(created())
    page = console.web.get("/conversation?q=provider:okta").text

    links = re.findall(r'download href="([^"]+)"', page)
    assert len(links) == 12
    for link in links:
        answer = console.web.get(link.replace("&amp;", "&"))
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert set(tags(answer.text)) <= {"svg", "g", "rect", "path", "text", "title"}
        is_dark = "theme=dark" in link
        assert ("#1a1d21" in answer.text) == is_dark
        assert ("Okta creates" in answer.text) == ("/conversation.svg" in link)


@EVERYDAY_ON_ONE_DATABASE
def test_times_are_those_of_the_reader(console, record):
    record(created())

    assert "11:42:08" in console.web.get("/conversation/picture?zone=Europe/Berlin").text
    assert "16:12:08" in console.web.get("/conversation.svg?zone=Asia/Kolkata").text


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_text(console, record, name):
    record(created(name))

    page = console.web.get("/conversation").text

    assert "<script>alert" not in page
    assert "<image" not in page
    assert "\u202e" not in page
    assert len(page) < 60_000
    assert "script" not in set(tags(console.web.get("/conversation.svg").text))


def test_picture_is_drawn_once_for_all_who_watch():
    drawn = []
    shared = Shared()

    def draw():
        drawn.append(len(drawn))
        sleep(0.05)
        return f"picture {len(drawn)}"

    with ThreadPoolExecutor(10) as watching:
        first = shared.get("a", draw)
        later = list(watching.map(lambda _: shared.get("a", draw), range(10)))

    assert first == "picture 1"
    assert set(later) <= {"picture 2", "picture 3"}
    assert shared.get("b", lambda: "other") == "other"


def test_picture_that_could_not_be_drawn_is_tried_again():
    shared = Shared()

    with pytest.raises(ZeroDivisionError):
        shared.get("a", lambda: str(1 / 0))

    assert shared.get("a", lambda: "picture") == "picture"
