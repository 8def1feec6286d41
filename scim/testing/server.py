"""A server in a thread, for tests of what talks to a SCIM server."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from flask import Flask

from scim import Scim
from scim.idp.serving import create_api_server, run_in_thread

PREFIX = "/scim/v2"


@dataclass(frozen=True)
class ScimServer:
    """Where the server is. ``client`` sends requests to it: ``client.get("/Users")``."""

    url: str
    token: str
    client: httpx2.Client


@dataclass(frozen=True)
class Template:
    """An SQLite file with empty tables, and the token that opens the directory in it."""

    file: Path
    token: str


def make_template(folder: Path) -> Template:
    """Return a template in a folder; to make the tables takes half a second."""
    file = folder / "template.db"
    app, scim = _opened(file)
    with app.app_context(), closing(scim.service.database):
        scim.upgrade()
        return Template(file, scim.issue_token("pytest"))


@contextmanager
def running(template: Template, folder: Path) -> Iterator[ScimServer]:
    """Serve a copy of a template until the block ends."""
    app, scim = _opened(Path(shutil.copy(template.file, folder / "scim.db")))
    with app.app_context():
        database = scim.service.database
    server = create_api_server(app, port=0)
    url = f"http://127.0.0.1:{server.port}{PREFIX}"
    headers = {"Authorization": f"Bearer {template.token}"}
    client = httpx2.Client(base_url=url, headers=headers, trust_env=False)
    with closing(database), run_in_thread(server), client:
        yield ScimServer(url, template.token, client)


def _opened(file: Path) -> tuple[Flask, Scim]:
    app = Flask(__name__, static_folder=None)
    # Nobody carries out requests whose clients do not wait.
    return app, Scim(app, PREFIX, database_url=f"sqlite:///{file}", max_async_requests=0)
