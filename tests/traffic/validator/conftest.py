"""The validator's client, and the resources its cases begin with."""

from dataclasses import dataclass
from typing import Any

import pytest

from ..comparison import check
from ..exchange import Client
from .bodies import group, user


@dataclass(frozen=True)
class Validator(Client):
    """The validator's client: every write is checked by its answer and by reading again."""

    def create(self, endpoint: str, body: dict[str, Any]) -> str:
        """Return the path of the resource created."""
        return f"{endpoint}/{check(self.post(endpoint, body), 201)['id']}"

    def find(self, endpoint: str, attribute: str, value: str, query: str = "") -> list[Any]:
        """Return what a filter lists."""
        page = check(self.get(f'{endpoint}?filter={attribute} eq "{value}"{query}'))
        assert page["totalResults"] == len(page["Resources"])
        return page["Resources"]

    def shows(self, path: str, attribute: str, expected: dict[str, Any]) -> None:
        """Check that the resource is found by its joining property, with all that is expected."""
        endpoint, resource_id = path.rsplit("/", 1)
        expected = {"id": resource_id} | expected
        query = f'{endpoint}?filter={attribute} eq "{expected[attribute]}"'
        check(self.get(query), body={"totalResults": 1, "Resources": [expected]})


@pytest.fixture
def validator(server):
    headers = {
        "Accept": "application/scim+json",
        "Content-Type": "application/scim+json; charset=utf-8",
        "Authorization": f"Bearer {server.token}",
    }
    return Validator(server, headers)


@pytest.fixture(params=["displayName", "externalId"])
def joining(request):
    """The property that joins a group here with one there; of users it is userName."""
    return request.param


@pytest.fixture
def ada(validator):
    return validator.create("/Users", user("ADA"))


@pytest.fixture
def grace(validator):
    return validator.create("/Users", user("GRACE"))


@pytest.fixture
def engineers(validator):
    return validator.create("/Groups", group("QKZ"))
