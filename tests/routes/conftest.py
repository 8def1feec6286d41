"""What the tests of the endpoints ask for."""

import pytest
from flask.testing import FlaskClient

from ..support.scim import Scim


@pytest.fixture
def scim(client: FlaskClient) -> Scim:
    """A SCIM client of the application, with an empty database."""
    return Scim(client)
