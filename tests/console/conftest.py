"""Fixtures for the tests of the console: a real server, and a browser where a test needs one."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import sqlalchemy as sa

from scim.explain.exchange import Exchange
from scim.storage import Database
from scim.storage.recordings import Recordings

from ..support.ports import free_port
from ..support.server import Server, plain_client, run, running_server
from ..support.waiting import happens
from .pupils import Pupil

LINK = re.compile(r"http://\S+/\?key=\S+")
CHROMIUM = "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


@dataclass(frozen=True)
class Console:
    """The console of a running server; ``web`` is a client with a session."""

    server: Server
    link: str
    url: str
    web: httpx2.Client

    @property
    def url_shown(self) -> str:
        """The URL as the server prints it: with ``localhost``, which browsers resolve."""
        return self.link.partition("/?")[0]

    def csrf(self) -> str:
        """Return the value that a form of these pages has to send."""
        found = re.search(r'<meta name="csrf" content="([^"]*)"', self.web.get("/").text)
        assert found
        return found[1]

    def post(self, path: str, **values: Any) -> httpx2.Response:
        """Send a form."""
        return self.web.post(path, data={"csrf": self.csrf(), **values})

    def found(self, request_id: str) -> str:
        """Return the list of Live with the exchange that has a request id."""
        return self.web.get("/", params={"q": f"request:{request_id}"}).text.partition("<ol")[2]

    def recorded(self, count: int = 1) -> str:
        """Return the page of Live, once it shows so many exchanges."""
        text = ""

        def shows() -> bool:
            nonlocal text
            text = self.web.get("/").text
            return text.count('href="/exchange/') >= count

        assert happens(shows), text
        return text


@contextmanager
def opened(server: Server) -> Iterator[Console]:
    """Open the console of a server by the link that it has printed."""
    assert happens(lambda: LINK.search(server.log)), server.log
    [link] = LINK.findall(server.log)
    url = link.partition("/?")[0].replace("localhost", "127.0.0.1")
    with plain_client(base_url=url, follow_redirects=True) as web:
        assert happens(lambda: _answers(web)), server.log
        web.get(f"/?{link.partition('?')[2]}").raise_for_status()
        yield Console(server, link, url, web)


def _answers(web: httpx2.Client) -> bool:
    try:
        return web.get("/static/icon.svg").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="session")
def started_console(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """The server with a console that the tests of one database share."""
    log_path = tmp_path_factory.mktemp("console") / "log"
    with (
        running_server(
            log_path,
            SCIM_DATABASE_URL=database_url,
            SCIM_CONSOLE="on",
            SCIM_CONSOLE_PORT=str(free_port()),
        ) as server,
        opened(server) as console,
    ):
        yield console


@pytest.fixture
def console(started_console: Console, empty_database: None) -> Console:
    """A real server with its console, an empty directory and no recorded exchanges."""
    last = {"X-Request-Id": uuid4().hex}
    started_console.server.session.get("/Schemas", headers=last)
    assert happens(lambda: "/exchange/" in started_console.found(last["X-Request-Id"]))
    started_console.post("/exchanges/clear").raise_for_status()
    return started_console


@pytest.fixture
def recordings(console: Console) -> Iterator[Recordings]:
    """What the server of the console has recorded, and what a test adds to it."""
    database = Database(sa.create_engine(console.server.database_url))
    opened = Recordings.open(database, 1000, 7)
    yield opened
    opened.close()
    database.close()


@pytest.fixture
def record(recordings: Recordings) -> Callable[..., int]:
    """Record exchanges, as the server does: ``record(exchange, ...)``; return the last number."""

    def add(*exchanges: Exchange) -> int:
        recordings.add(exchanges)
        return recordings.last()

    return add


@pytest.fixture
def send(console: Console, recordings: Recordings) -> Callable[..., Exchange]:
    """Send a request to the server, and return its exchange as soon as it is recorded."""

    def sent(method: str, path: str, body: Any = None, **headers: str) -> Exchange:
        answer = console.server.session.request(method, path, json=body, headers=headers)
        request_id = answer.headers["x-request-id"]
        assert happens(lambda: recordings.find(request_id)), request_id
        return recordings.find(request_id)[0]

    return sent


@pytest.fixture
def visitor(console: Console) -> Iterator[httpx2.Client]:
    """A client whose session only lets it look."""
    url = console.server.database_url
    done = run("manage.py", "console", "link", "--read-only", DATABASE_URL=url)
    [link] = [each for each in done.stdout.split() if each.startswith(console.url_shown)]
    with plain_client(base_url=console.url, follow_redirects=True) as web:
        web.get(link.replace(console.url_shown, console.url)).raise_for_status()
        yield web


@pytest.fixture
def pupil(console: Console) -> Iterator[Pupil]:
    """A visitor of the lessons with a session of her own."""
    with plain_client(base_url=console.url, follow_redirects=True) as web:
        yield Pupil(console, web)


@pytest.fixture
def serve_console(serve: Callable[..., Server]) -> Callable[..., Any]:
    """Start another server with a console: ``with serve_console(SCIM_...="...") as console``."""

    @contextmanager
    def start(**environment: str) -> Iterator[Console]:
        place = {"SCIM_CONSOLE": "on", "SCIM_CONSOLE_PORT": str(free_port())}
        with opened(serve(**place | environment)) as console:
            yield console

    return start


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    assert Path(CHROMIUM).exists(), "install Debian's package chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def started_stage(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A console that has seen stand-ins for Okta and Entra ID, in the browser."""
    from .staging import staged  # noqa: PLC0415 - it imports this file

    with staged(chromium, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def page(chromium: Any, console: Console) -> Iterator[Any]:
    """A page of the browser, with a session on the console."""
    context = chromium.new_context(
        base_url=console.url_shown, viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(console.link)
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture
def stage(started_stage: Any) -> Iterator[Any]:
    """The console in the browser; whatever its scripts complain of fails the test."""
    started_stage.errors.clear()
    yield started_stage
    assert not started_stage.errors, started_stage.errors
