"""``check`` purges what its run has made, if it is in this database, and nothing else."""

import signal

import pytest
import sqlalchemy as sa

from scim.cli import purging

USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}
TABLES = ("users", "groups", "link", "trash", "changes", "member_changes", "releases")


@pytest.fixture
def counts(engine):
    """Count the rows of the tables."""

    def count():
        with engine.connect() as connection:
            return {
                name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in TABLES
            }

    return count


def test_run_leaves_no_trash_and_no_history(server, attempt, counts):
    """What was there stays, with its history; so does another client's deleted user."""
    for name in ("ada", "bob"):
        made = server.session.post("/Users", json=USER | {"userName": name}).json()
    server.session.delete(f"/Users/{made['id']}")
    before = counts()

    done = attempt(f"check {server.url} --token {server.token} --suite okta-crud --suite entra")

    assert done.exit_code == 0, done.output
    assert counts() == before
    assert before["trash"] == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Purged the ")
    assert last.endswith(" users and groups that this run has made, with their history.")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_run_that_is_ended_is_purged_too(server, attempt, counts, monkeypatch, end):
    def interrupted(suites, service, advance):
        service.new_user()
        service.clean()
        signal.raise_signal(end)

    monkeypatch.setattr("scim.cli.check.run", interrupted)
    done = attempt(f"check {server.url} --token {server.token} --suite entra")

    assert done.exit_code == 1
    assert counts() == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("elsewhere", ["url", "token", "database"])
def test_other_server_keeps_what_it_keeps(
    server, app, counts, monkeypatch, migrated_database, elsewhere
):
    user = server.session.post("/Users", json=USER | {"userName": "ada"}).json()
    server.session.delete(f"/Users/{user['id']}")
    before, path = counts(), f"/Users/{user['id']}"
    url = "https://scim.example.com/scim/v2" if elsewhere == "url" else server.url
    token = "another" if elsewhere == "token" else server.token
    if elsewhere == "database":
        path = "/Users/01a2fd3f-1111-7222-8333-444455556666"

    [line] = purging.purge_run(lambda: app, url, token, [path])

    assert line == (
        "This run has made and deleted 1 users and groups; "
        "the server may keep them in its trash and history."
    )
    assert counts() == before


def test_living_resource_keeps_its_history(server, app, counts):
    user = server.session.post("/Users", json=USER | {"userName": "ada"}).json()
    before = counts()

    [*purging.purge_run(lambda: app, server.url, server.token, [f"/Users/{user['id']}"])]

    assert counts() == before
