"""The resources of a tenant of its own, through the provider: tests need not empty the database."""

import json
from dataclasses import replace
from itertools import count
from typing import Any

import sqlalchemy as sa

from scim import provider
from scim.protocol.paging import SearchRequest
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER, ResourceType
from scim.protocol.tolerance import Tolerance, Tolerated
from scim.query import query
from scim.storage import Database, Store

from .scim import group, user

TENANTS = count(1000)
ASKS_ONCE = replace(Tolerance(), double_encoded_filter_values=False)

Record = dict[str, Any]


class Directory:
    """Users and groups that no other tenant sees."""

    def __init__(self, engine: sa.Engine) -> None:
        self.store = Store(Database(engine), next(TENANTS))

    @property
    def request(self) -> provider.Request:
        return provider.Request(Tolerated(ASKS_ONCE))

    def create(self, document: Record) -> Record:
        resource_type = USER if "userName" in document else GROUP
        if ENTERPRISE_USER_SCHEMA in document:
            document = document | {"schemas": [*document["schemas"], ENTERPRISE_USER_SCHEMA]}
        return _read(provider.create(self.store, resource_type, document, self.request).text)

    def user(self, user_name: str, **attributes: Any) -> Record:
        return self.create(user(user_name, **attributes))

    def group(self, display_name: str, *members: Record, **attributes: Any) -> Record:
        return self.create(group(display_name, *members, **attributes))

    def page(self, resource_type: ResourceType, text: str = "", **search: Any) -> Record:
        """Return the ListResponse to a query, with the placeholder for the base URL."""
        asked = SearchRequest(filter=text or None, **{"count": 1000} | search)
        return _read(query(self.store, [resource_type], asked, self.request))

    def list(self, resource_type: ResourceType, text: str = "", **search: Any) -> list[Record]:
        found: list[Record] = self.page(resource_type, text, **search)["Resources"]
        return found


def _read(text: str) -> Record:
    document: Record = json.loads(text, strict=False)
    return document
