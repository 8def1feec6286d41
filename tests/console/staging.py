"""A console that has seen the story of the screenshots, and a browser page on it, for all tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docs.screenshots.pages import paths
from docs.screenshots.story import play

from ..support.ports import free_port
from ..support.server import run, running_server
from ..support.waiting import happens
from .conftest import Console, opened

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@dataclass
class Stage:
    """The console, a page of the browser with a session, and what went wrong on it."""

    console: Console
    page: Any
    paths: dict[str, str]
    new_context: Callable[..., Any]
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, said: Any) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def go(self, path: str = "/", size: Any = WIDE) -> Any:
        """Return the page after it has opened a path in a size."""
        self.page.set_viewport_size(size)
        answer = self.page.goto(path)
        assert answer
        assert answer.ok, path
        return self.page

    def send(self, name: str) -> None:
        """Let a client create a user."""
        sent = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name}
        answer = self.console.server.session.post("/Users", json=sent)
        assert answer.status_code == 201, answer.text


@contextmanager
def staged(chromium: Any, folder: Path) -> Iterator[Stage]:
    """Start a server, play the story, and open the console in the browser."""
    place = {"SCIM_DATABASE_URL": f"sqlite:///{folder}/scim.db", "SCIM_CONSOLE": "on"}
    place |= {"SCIM_CONSOLE_PORT": str(free_port())}
    run("manage.py", "db", "upgrade", DATABASE_URL=place["SCIM_DATABASE_URL"])
    with running_server(folder / "log", **place) as server, opened(server) as console:
        console.post("/exchanges/clear")
        ids = play(server.url, server.token)
        assert happens(lambda: "/exchange/" in console.web.get("/?q=status:401").text)
        context = chromium.new_context(base_url=console.url, timezone_id="Europe/Berlin")
        page = context.new_page()
        page.set_default_timeout(5000)
        page.goto(console.link.replace(console.url_shown, console.url))
        yield Stage(console, page, paths(console, ids), chromium.new_context)
        context.close()
