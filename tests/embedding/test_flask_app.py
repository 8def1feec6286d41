"""``examples/flask-app``, with the wheel in an environment of its own, through Okta's year."""

import os
import shutil
import subprocess
from contextlib import closing, suppress

import httpx2
import pytest
import sqlalchemy as sa

from scim.idp.company.events import Company
from scim.idp.company.year import LEAST_PEOPLE, make_year
from scim.idp.demo.play import ADMINISTRATORS, play
from tests.support.databases import EVERYDAY_ON_ONE_DATABASE
from tests.support.ports import free_port
from tests.support.scim import patch_op, replace
from tests.support.server import ROOT, end_group, open_session, plain_client
from tests.support.waiting import happens
from tests.support.wheel import environment

EXAMPLE = ROOT / "examples" / "flask-app"
# As `flask init` and `flask scim token issue okta`, in one process.
BEGIN = """
from app import create_app, create_tables, scim
with create_app().app_context():
    create_tables()
    print(scim.issue_token("okta"))
"""
FLASK = ("-W", "error", "-m", "flask", "--app", "app")
PERSON = 'SELECT scim_id, external_id, user_name, email, name, is_active FROM "user"'


@pytest.fixture
def folder(tmp_path, new_database, monkeypatch):
    """The example with empty tables, and the token of Okta in a file."""
    folder = tmp_path / "flask-app"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", "*.db"))
    monkeypatch.setenv("DATABASE_URL", new_database())
    monkeypatch.setenv("SECRET_KEY", "for-tests")
    monkeypatch.setenv("TRY_LOGIN", "yes")
    (folder / "token").write_text(environment().run(folder, "-W", "error", "-c", BEGIN))
    return folder


@pytest.fixture
def port(folder):
    """The port at which the example is served."""
    port = free_port()
    python = str(environment().folder / "bin" / "python")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [python, *FLASK, "run", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield port
    finally:
        end_group(process)


@pytest.fixture
def scim(folder, port):
    """A client of the example's SCIM endpoint."""
    token = (folder / "token").read_text().strip()
    with open_session(f"http://127.0.0.1:{port}/scim/v2", token) as session:
        session.token = token
        yield session


@EVERYDAY_ON_ONE_DATABASE
def test_users_are_kept_in_step_through_a_year(folder, port, scim):
    url = f"http://127.0.0.1:{port}"
    assert happens(lambda: answers(url)), (folder / "log").read_text()
    year = make_year(1, LEAST_PEOPLE)
    with closing(ADMINISTRATORS["okta"](Company(year.name), f"{url}/scim/v2", scim.token)) as okta:
        okta.check()
        play(year, okta, 0, lambda event: None)
        assert not list(okta.failures), (folder / "log").read_text()

    found = scim.get("/Users", params={"count": 1000}).json()["Resources"]
    people = {
        each["id"]: (
            each.get("externalId"),
            each["userName"],
            each["emails"][0]["value"],
            each["displayName"],
            each["active"],
        )
        for each in found
    }
    assert rows() == people
    assert {active for *_, active in people.values()} == {True, False}

    [ada, *_] = [each for each in found if each["active"]]
    with plain_client(base_url=url) as browser:
        claims = {"preferred_username": ada["userName"].upper()}
        assert browser.post("/try-login", json=claims).status_code == 302
        assert browser.get("/").json() == {"you": ada["userName"]}
        scim.patch(f"/Users/{ada['id']}", json=patch_op(replace("active", False)))
        assert browser.get("/").json() == {"you": None}
        assert browser.post("/try-login", json=claims).status_code == 403
    assert scim.delete(f"/Users/{ada['id']}").status_code == 204, (folder / "log").read_text()
    assert rows() == {id: row for id, row in people.items() if id != ada["id"]}


def answers(url):
    with suppress(httpx2.TransportError), plain_client() as client:
        return client.get(url).status_code == 200


def rows():
    """Return the application's users by their SCIM ids."""
    engine = sa.create_engine(os.environ["DATABASE_URL"])
    with engine.connect() as connection:
        found = connection.exec_driver_sql(PERSON).all()
    engine.dispose()
    return {id: (*row, bool(active)) for id, *row, active in found}
