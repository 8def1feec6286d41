"""Tenants of a server that runs already: an empty directory without emptying a database."""

from uuid import uuid4

import sqlalchemy as sa

from scim.storage import tokens


def new_tenant(engine: sa.Engine, **choices: bool | str) -> tokens.Tenant:
    """Add a tenant: ``new_tenant(engine, strict=True)``."""
    name = uuid4().hex
    with engine.begin() as connection:
        tokens.add_tenant(connection, name)
        tenant = tokens.find_tenant(connection, name)
        assert tenant
        if choices:
            tokens.set_tenant(connection, tenant, **choices)
        return tenant


def new_token(engine: sa.Engine, tenant: tokens.Tenant, subject: str | None = None) -> str:
    """Return a token that opens a tenant; the user with the id ``subject`` is ``/Me`` to it."""
    with engine.begin() as connection:
        token = tokens.issue_token(connection, tenant, uuid4().hex, subject)
        assert token
        return token
