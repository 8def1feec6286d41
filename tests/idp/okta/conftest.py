"""Organizations of Okta that provision into our server, or nowhere."""

from collections.abc import Iterator

import pytest

from .org import Okta, okta, okta_for


@pytest.fixture(params=["template", "wizard"])
def org(request: pytest.FixtureRequest, server) -> Iterator[Okta]:
    """An organization with each kind of app."""
    with okta(server, request.param) as org:
        yield org


@pytest.fixture
def template(server) -> Iterator[Okta]:
    with okta(server, "template") as org:
        yield org


@pytest.fixture
def wizard(server) -> Iterator[Okta]:
    with okta(server, "wizard") as org:
        yield org


@pytest.fixture
def alone() -> Iterator[Okta]:
    """An organization whose app is not there: these tests are about its API."""
    with okta_for("http://127.0.0.1:1", "t", "template", first_pause=0) as org:
        yield org
