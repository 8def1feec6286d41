"""PostgreSQL finds whose a device is, and the devices of a person, without reading all of them."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from models import DefinedResource, Referral, User
from scim.protocol.schema import USER
from scim.protocol.search import SearchRequest
from scim.protocol.tolerance import Tolerated
from scim.provider import Request, query
from scim.schema_folder import read_definitions
from scim.serializers.stored import make_document
from scim.storage import Store, new_id
from scim.storage.columns import columns
from scim.storage.index import SELECT_REFERRING, targets
from tests.support.databases import POSTGRESQL
from tests.support.definitions import EXAMPLE_FOLDERS, OWNERSHIP_SCHEMA, device, owned_by
from tests.support.scim import user
from tests.support.statements import noted

ROWS = 4000
OWNER = f"{OWNERSHIP_SCHEMA}:owner"
DEFINITIONS = read_definitions(EXAMPLE_FOLDERS)
DEVICE = DEFINITIONS.by_name["Device"]


def rows(tenant_id, resource_type, documents):
    instant = "2011-05-13T04:42:34.000000Z"
    shared = {"tenant_id": tenant_id, "version": 1, "created": instant, "last_modified": instant}
    for document in documents:
        document["id"] = new_id()
        made = make_document(resource_type, document["id"], document)
        values = columns(resource_type, *made, True)
        yield values | shared | {"id": document["id"]}


@pytest.fixture(scope="module")
def crowd(new_directory):
    """Thousands of users and devices, two of which each second user has, and their store."""
    store = new_directory().store
    store = Store(store.database, replace(store.directory, definitions=DEFINITIONS))
    users = [user(f"user{n}", displayName=f"User {n}") for n in range(ROWS)]
    user_rows = list(rows(store.tenant_id, USER, users))
    devices = [
        device(f"host{n}", externalId=f"E{n}", **owned_by(users[n // 2])) for n in range(ROWS)
    ]
    device_rows = list(rows(store.tenant_id, DEVICE, devices))
    referrals = [
        {"source_id": row["id"], "source_type": "Device", "key": key, "target_id": target}
        | {"tenant_id": store.tenant_id}
        for row in device_rows
        for key, target in targets(DEVICE, row["search"])
    ]
    with store.database.engine.begin() as connection:
        connection.execute(sa.insert(User), user_rows)
        connection.execute(sa.insert(DefinedResource), device_rows)
        connection.execute(sa.insert(Referral), referrals)
    with store.database.reader.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return store, users[77]["id"]


def explained(store, work):
    """Return what ``work`` returns, and the plans of the statements that it executes."""
    with noted(store.database) as executed:
        found = work()
    with store.database.engine.connect() as connection:
        return found, [
            "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
            for statement, parameters in executed
        ]


@POSTGRESQL
@pytest.mark.parametrize(
    ("text", "indexes", "number"),
    [
        (f'{OWNER}.value eq "<user>"', ["ix_resources_search"], 2),
        (f'{OWNER}.displayName eq "user 77"', ["ix_users_search", "ix_referrals_target"], 2),
        ('displayName eq "HOST7"', ["ix_resources_search"], 1),
        ('externalId eq "E7"', ["ix_resources_external_id"], 1),
    ],
)
def test_filter_of_devices_is_answered_from_indexes(crowd, text, indexes, number):
    store, user_id = crowd
    asked = SearchRequest(filter=text.replace("<user>", user_id))

    found, plans = explained(
        store, lambda: json.loads(query(store, [DEVICE], asked, Request(Tolerated())), strict=False)
    )

    assert found["totalResults"] == number
    assert found["Resources"][0][OWNERSHIP_SCHEMA]["owner"]["displayName"]
    for plan in plans:
        assert not [index for index in indexes if index not in plan], plan
        assert "Seq Scan on resources" not in plan, plan
        assert "Seq Scan on users" not in plan, plan


@POSTGRESQL
def test_what_refers_to_somebody_is_found_from_an_index(crowd):
    store, user_id = crowd
    names = {"tenant": store.tenant_id, "this": user_id}

    found, [plan] = explained(
        store,
        lambda: store.database.read(
            lambda connection: connection.execute(SELECT_REFERRING, names).all()
        ),
    )

    assert len(found) == 2
    assert "ix_referrals_target" in plan
