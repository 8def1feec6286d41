"""What the OpenAPI document promises holds, for requests as it describes them and for others.

Schemathesis makes the requests. Two of its checks are left out. The server accepts more than the
document describes: names in any case, and what identity providers send by mistake. And it refuses
what JSON Schema cannot describe, for example a filter on an attribute that does not exist.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from scim.storage import tokens

from ..support.scim import Scim, group, user
from .sizes import IS_FULL, SIZE

DOCUMENT = "/scim/v2/openapi.json"
load_all_checks()
CHECKED = [
    check
    for check in CHECKS.get_all()
    if check.__name__
    in {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "allow_header_conformance",
        "unsupported_method",
        "ignored_auth",
    }
]
SETTINGS = settings(
    max_examples=SIZE.examples,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
DATABASES = ["sqlite", "postgresql"] if IS_FULL else ["sqlite"]
STRICT = {"tolerant": False, "strict": True} if IS_FULL else {"tolerant": False}


@pytest.fixture(params=STRICT.values(), ids=STRICT)
def authorized(request, app, client, engine):
    """The headers of a client who is a user, ``someone``, and a member of ``crowd``."""
    scim = Scim(client)
    someone = scim.create(user("someone"))
    scim.create(group("crowd", someone))
    with engine.begin() as connection:
        default, *_ = tokens.list_tenants(connection)
        tokens.set_tenant(connection, default, strict=request.param)
        token = tokens.issue_token(connection, default, "schemathesis", someone["id"])
    yield {"Authorization": f"Bearer {token}"}
    with engine.begin() as connection:
        tokens.set_tenant(connection, default, strict=False)


def places(client):
    """Return an id that exists for each path that has one."""
    scim = Scim(client)
    found = {"/Schemas/{id}": "urn:ietf:params:scim:schemas:core:2.0:User"}
    for endpoint in ("/Users", "/Groups", "/ResourceTypes"):
        [first, *_] = scim.get(endpoint).json["Resources"]
        found[f"{endpoint}/{{id}}"] = first["id"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("new_database", DATABASES, indirect=True)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_the_document_says(app, client, authorized, mode):
    loaded = schemathesis.openapi.from_wsgi(DOCUMENT, app, headers=authorized)
    known = places(client)

    def check(case):
        if case.path in known and case.method != "DELETE":
            case.path_parameters["id"] = known[case.path]
        case.call_and_validate(headers=authorized, checks=CHECKED)

    for made in loaded.get_all_operations():
        cases = made.ok().as_strategy(generation_mode=mode)
        SETTINGS(given(cases)(check))()
