"""Probes need no token, name what is not ready, and cost the database a question a second."""

import logging
from threading import Event

import pytest
import sqlalchemy as sa

from app import create_app
from scim.storage.database import readiness
from scim.storage.database.readiness import Readiness

from ..support.threads import READERS

PROBES = ("/healthz", "/readyz")


@pytest.fixture
def stranger(app, empty_database):
    """A client without a token."""
    return app.test_client()


@pytest.fixture
def url(migrated_database):
    """A migrated database of one's own."""
    return migrated_database()


@pytest.fixture
def own(url):
    """An application with this database."""
    app = create_app({"DATABASE_URL": url, "TESTING": True})
    yield app
    app.extensions["scim"].database.close()


def execute(url, statement):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


def asked(client, monkeypatch):
    """Return the status and the text of a probe that looks anew."""
    monkeypatch.setattr(readiness, "KEPT", 0.0)
    answer = client.get("/readyz")
    return answer.status_code, answer.text


@pytest.mark.parametrize("path", PROBES)
def test_probe_needs_no_token_and_is_in_no_log(stranger, caplog, path):
    caplog.set_level(logging.INFO, logger="scim")

    answer, head = stranger.get(path), stranger.head(path)

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert (head.status_code, head.text) == (200, "")
    assert answer.headers == head.headers
    assert answer.headers["Content-Length"] == "3"
    assert answer.headers["Cache-Control"] == "no-store"
    assert READERS or not caplog.records


@pytest.mark.parametrize("path", PROBES)
def test_other_methods_and_paths_are_as_unknown_as_before(stranger, path):
    others = [stranger.post(path), stranger.delete(path), stranger.get(f"{path}/")]
    others += [stranger.get(f"/scim/v2{path}"), stranger.get(path.upper())]

    assert {each.status_code for each in others} == {401}


def test_a_thousand_probes_are_one_question(own, monkeypatch):
    database, asked = own.extensions["scim"].database, []
    read = database.read
    monkeypatch.setattr(database, "read", lambda work: asked.append(work) or read(work))
    monkeypatch.setattr(readiness, "KEPT", 60.0)
    client = own.test_client()

    assert {client.get("/readyz").status_code for _ in range(1000)} == {200}
    assert len(asked) == 1


def test_tables_that_are_too_old_are_named_and_newer_ones_are_not(own, url, monkeypatch):
    client = own.test_client()
    assert asked(client, monkeypatch) == (200, "ok\n")

    execute(url, "UPDATE alembic_version SET version_num = '0010'")
    assert asked(client, monkeypatch) == (503, "migrations\n")

    execute(url, "UPDATE alembic_version SET version_num = '9999'")  # the next release migrates
    assert asked(client, monkeypatch) == (200, "ok\n")

    execute(url, "DROP TABLE alembic_version")
    assert asked(client, monkeypatch) == (503, "migrations\n")
    assert client.get("/healthz").text == "ok\n"


def test_database_that_never_answers_is_not_ready_until_it_does(monkeypatch):
    hangs, comes = Event(), Event()

    class Hanging:
        def read(self, work):
            hangs.set()
            comes.wait(30)
            return {"9999"}

    monkeypatch.setattr(readiness, "PATIENCE", 0.2)
    ready = Readiness(Hanging(), "migrations")

    assert ready.failed() == ready.failed() == "database"
    assert hangs.is_set()
    comes.set()
    monkeypatch.setattr(readiness, "HUNG", 0.0)
    monkeypatch.setattr(readiness, "KEPT", 0.0)
    assert ready.failed() == ""
