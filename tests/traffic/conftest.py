"""A client of an empty directory on each database."""

import pytest
import sqlalchemy as sa

from ..support.server import Server
from ..support.tenants import new_tenant, new_token
from .client import HEADERS, Client


@pytest.fixture
def client(started_server: Server, engine: sa.Engine) -> Client:
    token = new_token(engine, new_tenant(engine))
    return Client(started_server.url, HEADERS | {"Authorization": f"Bearer {token}"})
