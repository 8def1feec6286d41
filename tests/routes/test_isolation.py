"""Two tenants: no request of one sees or changes anything of the other, whatever it names.

Each route and method has a row in ``ATTACKS``, and each operation of the provider one in
``OPERATIONS``: a new one has to be added. After each attack the rows of the other tenant are as
before, and no answer has a word that only the other tenant's resources have.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from app import create_app
from scim.deliver.asynchronous.carrier import Carrier
from scim.deliver.receiving.events import parts
from scim.protocol.delta import DELTA_REQUEST_SCHEMA
from scim.protocol.errors import ScimError
from scim.protocol.permissions import UNLIMITED, Permission
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_MEMBERSHIP
from scim.provider import recovery
from scim.storage import tokens
from scim.storage.clients import add_client
from scim.storage.contents import About, put_made
from scim.storage.receivers import add_receiver
from scim.storage.tables import TABLES, outbox

from ..support.definitions import DEVICE_SCHEMA, EXAMPLE_FOLDERS, OWNERSHIP_SCHEMA, device, owned_by
from ..support.scim import (
    Record,
    Scim,
    add,
    enterprise,
    group,
    listed,
    patch_op,
    path_of,
    remove,
    replace,
    user,
)
from .test_strict_tenants import BULK_REQUEST, SEARCH_REQUEST

NAME = "theirs"  # with which userNames of the other tenant begin, as anybody could guess
SECRET = "thewordoftheother"  # in other texts of the other tenant; no request has it
TYPES = ("Users", "Groups", "Devices", "Entitlements", "Roles")
APP = create_app({"TESTING": True, "SCHEMA_FOLDER": EXAMPLE_FOLDERS})
ROUTES = {
    f"{method} {rule.rule.removeprefix('/scim/v2')}"
    for rule in APP.url_map.iter_rules()
    for method in rule.methods - {"HEAD", "OPTIONS"}
}
SEES_NO_TENANT = {  # the same for all tenants, without a resource or a token of one
    *(f"{method} /" for method in ("POST", "PUT", "PATCH", "DELETE")),
    "GET /.well-known/oauth-authorization-server",
    "GET /.well-known/jwks.json",
    *(f"GET /{name}" for name in ("ResourceTypes", "Schemas", "ServiceProviderConfig")),
    *(f"GET /{name}" for name in ("ResourceTypes/<name>", "Schemas/<urn>", "openapi.json")),
    "GET /ServiceProviderConfigs",
}
Attack = tuple[str, Any]


@dataclass(frozen=True)
class World:
    """What one tenant has, and a client of it; ``gone`` was deleted, ``boss`` is a manager."""

    scim: Scim
    tenant: tokens.Tenant
    user: Record
    boss: Record
    gone: Record
    group: Record
    device: Record
    cursors: Mapping[str, str]
    deltas: Mapping[str, str]
    client: tuple[str, str]
    poller: tuple[str, str]  # a token that fetches events, and the jti of one
    deferred: str

    @property
    def ids(self) -> list[str]:
        own = (self.user, self.boss, self.gone, self.group, self.device)
        return [*(each["id"] for each in own), self.joined]

    @property
    def joined(self) -> str:
        """The id of a membership."""
        return f"{self.group['id']}.{self.user['id']}"


def lists(mine: World, theirs: World, endpoint: str) -> Iterator[Attack]:
    """Yield queries for what the other tenant has, as parameters."""
    clauses = [f'id eq "{each}"' for each in theirs.ids]
    clauses += [f'meta.location co "{theirs.user["id"]}"', 'displayName co "theword"', "id pr"]
    if endpoint in ("", "Users"):
        clauses += [f'userName eq "{NAME}"', f'manager.value eq "{theirs.boss["id"]}"']
        clauses.append(f'groups.value eq "{theirs.group["id"]}"')
    if endpoint == "GroupMemberships":
        clauses = [f'id eq "{theirs.joined}"', "id pr", f'member.value eq "{theirs.user["id"]}"']
        clauses += [f'group.value eq "{theirs.group["id"]}"', 'group.display sw "thew"']
    if endpoint in ("", "Groups"):
        clauses.append(f'members.value eq "{theirs.user["id"]}"')
        clauses.append('members.display sw "thew"')
    for clause in clauses:
        yield "", {"filter": clause}
    yield "", {}
    if endpoint != "GroupMemberships":
        yield "", {"sortBy": "meta.lastModified", "startIndex": 1, "count": 100}
    yield "", {"cursor": "", "count": 100}
    for cursor in theirs.cursors.values():
        yield "", {"cursor": cursor, "count": 1}


def by_id(mine: World, theirs: World, body: Any = None) -> Iterator[Attack]:
    for each in theirs.ids:
        yield f"/{each}", body


def created(mine: World, theirs: World, endpoint: str) -> Iterator[Attack]:
    """Yield creates that name the other tenant's: ids, members, managers, links, deleted names."""
    link = {"$ref": f"http://localhost/scim/v2/Users/{theirs.user['id']}"}
    match endpoint:
        case "Users":
            yield "", user(NAME.upper(), id=theirs.user["id"])
            yield "", user(theirs.gone["userName"])  # would restore the one of the other tenant
            for number, manager in enumerate(({"value": theirs.boss["id"]}, link)):
                yield "", user(f"m{number}", **enterprise(manager=manager))
            yield "", user("g", groups=listed(theirs.group))
        case "Groups":
            for number, each in enumerate((theirs.user, theirs.gone, theirs.group)):
                yield "", group(f"g{number}", each)
            yield "", group("links", members=[link])
        case "GroupMemberships":
            for its_group, member in (
                (theirs.group, theirs.user),
                (theirs.group, mine.user),
                (mine.group, theirs.user),
                (mine.group, theirs.group),
            ):
                sides = {"group": {"value": its_group["id"]}, "member": {"value": member["id"]}}
                yield "", {"schemas": [GROUP_MEMBERSHIP.schema.id], **sides}
        case "Devices":
            yield (
                "",
                device("d")
                | owned_by(theirs.user)
                | {"schemas": [DEVICE_SCHEMA, OWNERSHIP_SCHEMA]},
            )


def changed(mine: World, theirs: World, endpoint: str, method: str) -> Iterator[Attack]:
    """Yield changes of the other tenant's resources, and of one's own to refer to them."""
    bodies = {
        "Users": user("x", **enterprise(manager={"value": theirs.boss["id"]})),
        "Groups": group("x", theirs.user),
        "Devices": device("x"),
    }
    body = bodies.get(endpoint, user("x")) if method == "PUT" else patch_op(add("displayName", "x"))
    yield from by_id(mine, theirs, body)
    if method == "PUT":
        own = {"Users": mine.user, "Groups": mine.group}.get(endpoint)
        if own:
            yield f"/{own['id']}", body
    elif endpoint == "Groups":
        for operation in (
            add("members", listed(theirs.user, theirs.group)),
            replace("members", listed(theirs.gone)),
            remove(f'members[value eq "{theirs.user["id"]}"]'),
        ):
            yield f"/{mine.group['id']}", patch_op(operation)
    elif endpoint == "Users":
        manager = replace(f"{ENTERPRISE_USER_SCHEMA}:manager", {"value": theirs.boss["id"]})
        yield f"/{mine.user['id']}", patch_op(manager)
        yield f"/{mine.user['id']}", patch_op(add("groups", listed(theirs.group)))


def bulk(mine: World, theirs: World) -> Iterator[Attack]:
    """Yield all of it in bulk requests, with references by bulkId to the other's resources too."""
    operations: list[Record] = []
    joined = {"id": theirs.joined}
    for endpoint, resource in (
        ("Users", theirs.user),
        ("Groups", theirs.group),
        ("GroupMemberships", joined),
    ):
        path = f"/{endpoint}/{resource['id']}"
        operations += [
            {"method": "PUT", "path": path, "data": resource},
            {"method": "PATCH", "path": path, "data": patch_op(replace("displayName", "x"))},
            {"method": "DELETE", "path": path},
        ]
        for number, (_, body) in enumerate(created(mine, theirs, endpoint)):
            bulk_id = f"{endpoint}{number}"
            operations.append(
                {"method": "POST", "path": f"/{endpoint}", "bulkId": bulk_id, "data": body}
            )
    theirs_by_bulk_id = [{"value": f"bulkId:{each}"} for each in theirs.ids]
    data = group("b", members=theirs_by_bulk_id)
    operations.append({"method": "POST", "path": "/Groups", "bulkId": theirs.ids[0], "data": data})
    yield "", {"schemas": [BULK_REQUEST], "Operations": operations}


def me(mine: World, theirs: World, method: str) -> Iterator[Attack]:
    """Yield requests of a token of mine that names a user of theirs as ``/Me``."""
    bodies = {"PUT": user("x"), "POST": user("x"), "PATCH": patch_op(replace("title", "x"))}
    yield "", bodies.get(method)


def deltas(mine: World, theirs: World, endpoint: str) -> Iterator[Attack]:
    """Yield delta queries with one's own token, for what is theirs, and with their token."""
    for token in (mine.deltas[endpoint], theirs.deltas[endpoint]):
        for asked in ({}, {"filter": f'id eq "{theirs.user["id"]}"'}, {"count": 1}):
            yield "", {"schemas": [DELTA_REQUEST_SCHEMA], "deltaToken": token, **asked}


def oauth(mine: World, theirs: World) -> Iterator[Attack]:
    """Yield grants with the id of the other's client and one's own secret."""
    for one, other in ((theirs, mine), (mine, theirs)):
        yield (
            "",
            {
                "grant_type": "client_credentials",
                "client_id": one.client[0],
                "client_secret": other.client[1],
            },
        )


def polls(mine: World, theirs: World) -> Iterator[Attack]:
    """Yield polls that acknowledge and refuse an event of the other's receiver."""
    jti = theirs.poller[1]
    for body in ({}, {"ack": [jti]}, {"setErrs": {jti: {"err": "x"}}}, {}):
        yield "", {"returnImmediately": True, **body}


def attacks_of(endpoint: str) -> Mapping[str, Callable[[World, World], Iterator[Attack]]]:
    """Return the attacks on the endpoint of a resource type, by route."""
    of_one = f"/{endpoint}/<resource_id>"
    return {
        f"GET /{endpoint}": lambda mine, theirs: lists(mine, theirs, endpoint),
        f"POST /{endpoint}/.search": lambda mine, theirs: lists(mine, theirs, endpoint),
        f"POST /{endpoint}": lambda mine, theirs: created(mine, theirs, endpoint),
        f"GET {of_one}": by_id,
        f"DELETE {of_one}": by_id,
        f"PUT {of_one}": lambda mine, theirs: changed(mine, theirs, endpoint, "PUT"),
        f"PATCH {of_one}": lambda mine, theirs: changed(mine, theirs, endpoint, "PATCH"),
    }


ATTACKS: dict[str, Callable[[World, World], Iterator[Attack]]] = {
    "GET /": lambda mine, theirs: lists(mine, theirs, ""),
    "POST /.search": lambda mine, theirs: lists(mine, theirs, ""),
    "POST /Bulk": bulk,
    "GET /Async/<txn>": lambda mine, theirs: [(f"/{theirs.deferred}", None)],
    "POST /oauth/token": oauth,
    "POST /Events/poll": polls,
}
for each in TYPES:
    ATTACKS |= attacks_of(each)
for each in ("", *(f"/{name}" for name in TYPES)):
    ATTACKS[f"GET {each}/.deltaToken"] = lambda mine, theirs: iter([("", None)])
    ATTACKS[f"POST {each}/.delta"] = lambda mine, theirs, each=each: deltas(mine, theirs, each)
ATTACKS |= {
    route: attacks
    for route, attacks in attacks_of("GroupMemberships").items()
    if not route.startswith(("PUT", "PATCH"))
}
for each in ("GET", "POST", "PUT", "PATCH", "DELETE"):
    ATTACKS[f"{each} /Me"] = lambda mine, theirs, method=each: me(mine, theirs, method)

OPERATIONS = {
    "restore": lambda store, theirs: recovery.restore(store, theirs.gone["id"]),
    "revert": lambda store, theirs: recovery.revert(store, theirs.user["id"], 1),
    "history": lambda store, theirs: recovery.history(store, theirs.user["id"]),
    "forget": lambda store, theirs: recovery.forget(store, theirs.ids[:-1]),
    "purge_trash": lambda store, theirs: list(recovery.purge_trash(store, "9")),
    "purge_history": lambda store, theirs: list(recovery.purge_history(store, "9")),
    "changes_since": lambda store, theirs: recovery.changes_since(store, ""),
}
NO_OPERATIONS = {"Undone"}


@pytest.fixture
def pair(app_with_examples, engine, empty_database):
    """Two tenants with the same contents but for the words of the other; both restore."""
    app_with_examples.extensions["scim"].doorkeeper.known.clear()
    return tuple(
        world(app_with_examples, engine, *each) for each in (("mine", "own"), (NAME, SECRET))
    )


def world(app, engine, name, word):
    with engine.begin() as connection:
        tokens.add_tenant(connection, name)
        tenant = tokens.find_tenant(connection, name)
        tokens.set_tenant(connection, tenant, restores=True)
        token = tokens.issue_token(connection, tenant, "okta")
        client = add_client(connection, tenant, "entra", UNLIMITED)
        fetching = tokens.issue_token(connection, tenant, "app", None, Permission.of("events"))
    http = app.test_client()
    http.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    scim = Scim(http)
    deltas = {
        each: scim.get(f"{each}/.deltaToken").json["value"]
        for each in ("", *(f"/{name}" for name in TYPES))
    }
    boss = scim.create(user(f"{name}-boss", displayName=word))
    babs = scim.create(user(name, displayName=word, **enterprise(manager={"value": boss["id"]})))
    gone = scim.create(user(f"{name}-gone", title=word))
    scim.delete(f"/Users/{gone['id']}")
    tours = scim.create(group(word, babs, boss))
    laptop = scim.create(
        device(word) | owned_by(babs) | {"schemas": [DEVICE_SCHEMA, OWNERSHIP_SCHEMA]}
    )
    cursors = {
        path: scim.get(f"{path}?cursor=&count=1").json["nextCursor"]
        for path in ("/", "/Users", "/GroupMemberships")
    }
    accepted = scim.patch(path_of(laptop), replace("displayName", word), Prefer="respond-async")
    txn = accepted.headers["Set-Txn"]
    while scim.get(f"/Async/{txn}").status_code == 202:  # a server of other tests may be faster
        Carrier().work(app.extensions["scim"])
    with engine.begin() as connection:
        app = add_receiver(connection, tenant, "app", "poll")
        told = json.dumps({"iat": 1, "txn": word, "sub_id": {}, "events": {word: {}}})
        about = About("User", babs["id"], 1)
        put_made(connection, app, [(told, about)], "patch", word, is_fetched=True)
        [jti] = connection.scalars(sa.select(outbox.c.id).where(outbox.c.receiver_id == app.id))
    poller = fetching, str(jti)
    own = babs, boss, gone, tours, laptop
    return World(scim, tenant, *own, cursors, deltas, client, poller, txn)


def rows_of(engine, world):
    """Return all rows that a tenant has, but for when its tokens were used."""
    with engine.connect() as connection:
        return {
            table.name: sorted(
                str([value for name, value in row._mapping.items() if name != "last_used"])
                for row in connection.execute(
                    sa.select(table).where(table.c.tenant_id == world.tenant.id)
                )
            )
            for table in TABLES
            if "tenant_id" in table.c
        }


def send(mine: World, route: str, rest: str, body: Any) -> Any:
    method, _, path = route.partition(" ")
    path = path.partition("/<")[0]
    if path == "/oauth/token":
        return mine.scim.client.post(path, data=body, headers={"Authorization": ""})
    if path == "/Events/poll":
        answer = mine.scim.send(method, path, body, Authorization=f"Bearer {mine.poller[0]}")
        sets = answer.json["sets"]  # with those that a server of other tests has made meanwhile
        assert mine.poller[1] in sets
        assert not [each for each in sets.values() if SECRET in str(parts(each))]
        return answer
    if path.endswith("/.search"):
        return mine.scim.post(path, {"schemas": [SEARCH_REQUEST], **body})
    if method == "GET" and isinstance(body, dict):
        return mine.scim.client.get(f"/scim/v2{path}", query_string=body)
    return mine.scim.send(method, f"{path}{rest}", body)


def test_every_route_is_attacked():
    assert ATTACKS.keys() == ROUTES - SEES_NO_TENANT
    named = {name for name, value in vars(recovery).items() if not name.startswith("_")}
    own = {
        name
        for name in named
        if getattr(vars(recovery)[name], "__module__", "") == recovery.__name__
    }
    assert own - NO_OPERATIONS == OPERATIONS.keys()


def test_no_request_reaches_the_other_tenant(pair, engine, app_with_examples):
    mine, theirs = pair
    with engine.begin() as connection:
        named = tokens.tokens.c.tenant_id == mine.tenant.id
        me_of_theirs = sa.update(tokens.tokens).where(named).values(subject=theirs.user["id"])
        connection.execute(me_of_theirs)
    app_with_examples.extensions["scim"].doorkeeper.known.clear()
    before, sent = rows_of(engine, theirs), 0

    for route, attacks in ATTACKS.items():
        for rest, body in attacks(mine, theirs):
            answer = send(mine, route, rest, body)
            sent += 1
            assert answer.status_code < 500 or answer.status_code == 501, (route, answer.text)
            assert SECRET not in answer.text, (route, body, answer.text)
            assert "access_token" not in answer.text
            if rest[1:] in theirs.ids or route.endswith("/Me"):
                assert answer.status_code in ((404,) if body is None else (400, 404)), route
            listing = answer.json.get("Resources", []) if answer.is_json else []
            shown = {each.get("id", each.get("changedResourceId")) for each in listing}
            assert not shown & set(theirs.ids), (route, body)
        assert rows_of(engine, theirs) == before, route

    assert sent > 150
    seen = mine.scim.get("/?count=1000").json
    assert seen["totalResults"] == len(seen["Resources"])
    assert not {each["id"] for each in seen["Resources"]} & set(theirs.ids)


def test_no_operation_of_an_operator_reaches_the_other_tenant(pair, engine, app_with_examples):
    mine, theirs = pair
    store = app_with_examples.extensions["scim"].store(mine.tenant, "manage.py")
    before, own = rows_of(engine, theirs), rows_of(engine, mine)

    for name, operation in OPERATIONS.items():
        done, detail = None, ""
        try:
            done = operation(store, theirs)
        except ScimError as refused:
            detail = refused.detail  # which may repeat the id that was given
        assert SECRET not in f"{done} {detail}", name
        assert not any(each in str(done) for each in theirs.ids), name
        assert rows_of(engine, theirs) == before, name
    left = rows_of(engine, mine)
    assert own["trash"]
    assert own["changes"]
    assert left["trash"] == left["changes"] == []  # of one's own, all was purged
