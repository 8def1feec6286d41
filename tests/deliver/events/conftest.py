"""The world of receivers: the application in this process, and what they need of it."""

from types import SimpleNamespace

import pytest

from scim.deliver.events import signing
from scim.storage.tokens import find_tenant

from ...support.alone import alone
from ...support.receiving import deliver_all, forget_receivers
from ...support.scim import Scim
from ...support.streams import verified

POLL = {"returnImmediately": True}


database_url, engine, app = alone("session", WEBHOOK_ALLOW_PRIVATE=True)


@pytest.fixture
def world(app, engine, empty_database):
    """A client of the first tenant, and what its receivers need."""
    service = app.extensions["scim"]
    service.doorkeeper.known.clear()
    forget_receivers(service)

    def client(token="123456789"):
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return Scim(client)

    def keys():
        signing._key_set.cache_clear()
        return app.test_client().get(signing.PATH).json

    def poll(scim, **asked):
        answer = scim.client.post("/scim/v2/Events/poll", json=POLL | asked)
        assert answer.status_code == 200, answer.json
        assert answer.mimetype == "application/json"
        sets = answer.json["sets"]
        shown = keys()
        found = {jti: verified(token, shown) for jti, token in sets.items()}
        assert all(jti == claims["jti"] for jti, claims in found.items())
        return found

    def told(scim):
        """Fetch and acknowledge everything."""
        deliver_all(service)
        found = poll(scim)
        poll(scim, maxEvents=0, ack=list(found))
        return list(found.values())

    return SimpleNamespace(
        service=service,
        tenant=service.database.read(lambda known: find_tenant(known, "default")),
        scim=client(),
        client=client,
        deliver=lambda: deliver_all(service),
        keys=keys,
        poll=poll,
        told=told,
    )
