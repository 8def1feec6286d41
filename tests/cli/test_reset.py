"""``reset`` empties the directories while the server runs; tenants and tokens stay."""

from concurrent.futures import ThreadPoolExecutor, wait

import sqlalchemy as sa

from models import db
from scim.deliver.signals import before
from scim.storage.emptying import empty
from scim.storage.tokens import DEFAULT_TENANT

from ..support.scim import add, enterprise, group, listed, path_of, user

KEPT = {"tenants", "tokens", "clients", "access_tokens", "assertions", "protections"}
KEPT |= {"totals", "positions", "alembic_version"}


def filled(scim):
    babs = scim.create(user("babs"))
    scim.create(user("jim", **enterprise(manager={"value": babs["id"]})))
    inner = scim.create(group("inner", babs))
    scim.patch(path_of(scim.create(group("outer"))), add("members", listed(inner)))
    scim.delete(path_of(scim.create(user("gone"))))


def numbers(engine):
    names = [table.name for table in db.metadata.sorted_tables if table.name not in KEPT]
    with engine.connect() as connection:
        return {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in names}


def test_reset_empties_everything_but_tenants_and_tokens(scim, run, engine):
    run("tenant add acme")
    run("token issue okta --tenant acme")
    filled(scim)

    said = run("reset --yes")

    assert "has 4 users, groups and other resources (tenants: default, acme)." in said
    assert set(numbers(engine).values()) == {0}
    assert len(run("tenant list").splitlines()) == 2
    assert run("token list --tenant acme").endswith("Z  okta  never used\n")
    assert scim.get("/Users").json["totalResults"] == 0
    filled(scim)
    assert scim.get("/Users").json["totalResults"] == 2


def test_reset_of_one_tenant_leaves_the_others(scim, run):
    run("tenant add acme")
    filled(scim)

    assert "has 0 users, groups and other resources (tenants: acme)" in run(
        "reset --yes --tenant acme"
    )
    assert scim.get("/Users").json["totalResults"] == 2


def test_reset_asks_first(scim, attempt):
    scim.create(user("babs"))

    done = attempt("reset")

    assert done.exit_code == 1
    assert "Delete them for good" in done.output
    assert scim.get("/Users").json["totalResults"] == 1


def test_running_server_goes_on(server, run):
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    for number in range(3):
        body = {"schemas": schemas, "userName": f"user{number}"}
        assert server.session.post("/Users", json=body).status_code == 201
    assert server.session.get("/Users", params={"startIndex": 2}).json()["totalResults"] == 3

    run("reset --yes")

    assert server.session.get("/Users", params={"startIndex": 2}).json()["totalResults"] == 0
    body = {"schemas": schemas, "userName": "user0"}
    created = server.session.post("/Users", json=body).json()
    assert server.session.get("/Users").json()["Resources"] == [created]


def test_write_that_ends_during_a_reset_is_counted(scim, app):
    scim.create(user("babs"))
    database, resets = app.extensions["scim"].database, []

    def reset():
        database.write(lambda connection: empty(connection, [DEFAULT_TENANT]))

    with ThreadPoolExecutor() as pool:

        def meanwhile(tenant, event):
            resets.append(pool.submit(reset))
            wait(resets, 0.3)

        with before.user_created.connected_to(meanwhile):
            scim.create(user("ada"))
        resets[0].result()

    found = scim.get("/Users").json
    assert found["totalResults"] == len(found["Resources"])
