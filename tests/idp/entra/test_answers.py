"""The stand-in for Entra ID meets answers that it does not expect."""

import httpx2
import pytest

from tests.support.databases import ON_ONE_DATABASE

from .tenant import ENTERPRISE, GRACE, PEOPLE


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("spoilt", "wrong"),
    [
        ({"id": 7}, "id is not a string"),
        ({"active": "True"}, "active is not a boolean"),
        ({"name": "Grace"}, "name is not complex"),
        ({ENTERPRISE: {"manager": "x"}}, "manager is not complex"),
        ({"emails": "x"}, "emails is not a list"),
        ({"emails": ["x"]}, "a value of emails is not complex"),
        ({"emails": [{"primary": "True"}]}, "primary in emails is not a boolean"),
    ],
)
def test_answer_that_entra_id_cannot_read_is_a_failure(provisioned, spoilt, wrong):
    made = provisioned()
    known = made.server.session.get(f"/Users/{made.target_id(GRACE)}").json()
    made.client.http = httpx2.Client(
        transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=known | spoilt))
    )
    made.directory.update_user(GRACE, {"jobTitle": "Admiral"})

    assert made.cycle() == ["GET /Users/<grace>"]
    error = made.job.logs[0].error
    assert error.code == "SystemForCrossDomainIdentityManagementServiceIncompatible"
    assert error.message == wrong
    assert made.job.escrows.keys() == {GRACE}


@ON_ONE_DATABASE
def test_user_who_matches_twice_is_left_alone(tenant, server):
    schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
    for name in ("a", "b"):
        known = {"schemas": schemas, "userName": name, "externalId": "grace"}
        assert server.session.post("/Users", json=known).status_code == 201
    made = tenant(
        document={"users": PEOPLE["users"][1:2], "assignments": [GRACE]}, matching="externalId"
    )

    assert made.cycle() == ['GET /Users?filter=externalId eq "grace"']
    assert made.job.logs[0].error.code == "DuplicateTargetEntries"
    assert made.job.escrows.keys() == {GRACE}


@ON_ONE_DATABASE
def test_user_who_was_deleted_in_the_app_is_created_again(provisioned):
    made = provisioned()
    known_id = made.target_id(GRACE)
    made.server.session.delete(f"/Users/{known_id}")
    made.directory.update_user(GRACE, {"jobTitle": "Admiral"})

    assert made.cycle()[:3] == [
        f"GET /Users/{known_id}",
        'GET /Users?filter=userName eq "grace@contoso.example"',
        "POST /Users",
    ]
    assert made.in_app("grace@contoso.example")["title"] == "Admiral"
