"""SQL finds what the reference meaning of a filter says (scim/protocol/evaluate.py), on each database."""

import json
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim import provider
from scim.protocol.evaluate import matches
from scim.protocol.paging import SearchRequest
from scim.protocol.parser import parse_filter
from scim.protocol.schema import GROUP, USER
from scim.protocol.tolerance import Tolerance, Tolerated
from scim.storage import Store
from tests.support.generated import GROUPS, USERS, filters, texts

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TENANTS = count(1000)
POOLS, FILTERS = 20, 16


class Directory:
    """The resources of a tenant that nobody else has, through the provider."""

    def __init__(self, engine):
        self.store = Store(engine, next(TENANTS))

    @property
    def request(self):
        once = replace(Tolerance(), double_encoded_filter_values=False)
        return provider.Request(Tolerated(once))

    def create(self, resource_type, **document):
        schemas = [resource_type.schema.id]
        schemas += [name for name in document if name.startswith("urn:")]
        document |= {"schemas": schemas}
        made = provider.create(self.store, resource_type, document, self.request)
        return json.loads(made.text, strict=False)["id"]

    def list(self, resource_type, text=""):
        page = provider.query(
            self.store, resource_type, SearchRequest(filter=text, count=1000), self.request
        )
        return json.loads(page, strict=False)["Resources"]

    def fill(self, data):
        """Store generated users and groups of them; some users get a manager who exists."""
        ids = []
        for document in data.draw(USERS):
            if ids and data.draw(st.booleans()):
                extension = document.get(ENTERPRISE, {})
                manager = {"value": data.draw(st.sampled_from(ids))}
                document[ENTERPRISE] = extension | {"manager": manager}
            ids.append(self.create(USER, **document))
        for document in data.draw(GROUPS):
            members = data.draw(st.lists(st.sampled_from(ids), unique=True)) if ids else []
            self.create(GROUP, **document, members=[{"value": member} for member in members])


@pytest.fixture
def directory(app, empty_database):
    with app.app_context():
        from models import db

        yield lambda: Directory(db.engine)


def found_by_evaluation(text, resources, resource_type):
    node = parse_filter(text, Tolerated())
    return {r["id"] for r in resources if matches(node, r, resource_type, Tolerated())}


def test_database_finds_what_the_evaluator_finds(directory):
    @settings(max_examples=POOLS)
    @given(st.data())
    def check(data):
        pool = directory()
        pool.fill(data)
        for resource_type in (USER, GROUP):
            resources = pool.list(resource_type)
            made = texts(filters(resource_type, resources))
            for text in data.draw(st.lists(made, min_size=1, max_size=FILTERS)):
                found = {resource["id"] for resource in pool.list(resource_type, text)}
                assert found == found_by_evaluation(text, resources, resource_type), text

    check()
