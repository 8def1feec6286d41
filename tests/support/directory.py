"""The resources of a tenant of its own, through the provider: tests need not empty the database."""

import json
from dataclasses import replace
from itertools import count
from typing import Any

import sqlalchemy as sa

from scim import provider
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER, ResourceType
from scim.protocol.search import SearchRequest
from scim.protocol.tolerance import Tolerance, Tolerated
from scim.storage import Database, Store
from scim.storage import Directory as TenantDirectory
from scim.storage.tables import tenants

from .scim import group, patch_op, user

TENANTS = count(1000)
ASKS_ONCE = replace(Tolerance(), double_encoded_filter_values=False, literal_backslashes=False)

Record = dict[str, Any]


class Directory:
    """Users and groups that no other tenant sees."""

    def __init__(self, database: Database) -> None:
        self.store = Store(database, TenantDirectory(next(TENANTS)))
        tenant = {"id": self.store.tenant_id, "name": f"{self.store.tenant_id}", "cursor_key": ""}
        with database.engine.begin() as connection:
            connection.execute(sa.insert(tenants), tenant)

    @property
    def request(self) -> provider.Request:
        return provider.Request(Tolerated(ASKS_ONCE))

    def create(self, document: Record) -> Record:
        if ENTERPRISE_USER_SCHEMA in document:
            document = document | {"schemas": [*document["schemas"], ENTERPRISE_USER_SCHEMA]}
        created = provider.create(self.store, type_of(document), document, self.request)
        return _read(created.text)

    def user(self, user_name: str, **attributes: Any) -> Record:
        return self.create(user(user_name, **attributes))

    def group(self, display_name: str, *members: Record, **attributes: Any) -> Record:
        return self.create(group(display_name, *members, **attributes))

    def patch(self, resource: Record, *operations: Record) -> Record:
        """Return what operations make of a resource."""
        sent = patch_op(*operations)
        patched = provider.patch(self.store, type_of(resource), resource["id"], sent, self.request)
        return _read(patched.text)

    def replace(self, resource: Record, document: Record) -> Record:
        """Return what a PUT makes of a resource."""
        replaced = provider.replace(
            self.store, type_of(resource), resource["id"], document, self.request
        )
        return _read(replaced.text)

    def delete(self, resource: Record) -> None:
        provider.delete(self.store, type_of(resource), resource["id"], self.request)

    def page(self, resource_type: ResourceType, text: str = "", **search: Any) -> Record:
        """Return the ListResponse to a query, with the placeholder for the base URL."""
        asked = SearchRequest(filter=text or None, **{"count": 1000} | search)
        return _read(provider.query(self.store, [resource_type], asked, self.request))

    def list(self, resource_type: ResourceType, text: str = "", **search: Any) -> list[Record]:
        found: list[Record] = self.page(resource_type, text, **search)["Resources"]
        return found


def type_of(document: Record) -> ResourceType:
    return USER if "userName" in document else GROUP


def _read(text: str) -> Record:
    document: Record = json.loads(text, strict=False)
    return document
