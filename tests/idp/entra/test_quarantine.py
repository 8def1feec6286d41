"""When the stand-in for Entra ID puts its job into quarantine, and how the quarantine ends."""

import pytest

from scim.idp.entra.job import RESTART
from scim.idp.entra.records import Quarantine
from tests.support.databases import ON_ONE_DATABASE

from .tenant import ADA, ENGINEERS, GRACE

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def taken(server, *names: str) -> list[str]:
    """Create users whom nobody in the directory matches by externalId; return their ids."""
    created = [
        server.session.post("/Users", json={"schemas": [CORE_USER], "userName": name})
        for name in names
    ]
    return [answer.json()["id"] for answer in created]


@ON_ONE_DATABASE
def test_wrong_token_is_quarantined_at_once(tenant):
    made = tenant(token="wrong")
    assert made.cycle() == ['GET /Users?filter=userName eq "ada@contoso.example"']

    quarantine = made.job.quarantine
    assert quarantine.reason == "EncounteredQuarantineException"
    assert quarantine.code == "Unauthorized"
    assert made.job.failed_cycles == 1
    assert made.job.watermark is None


@ON_ONE_DATABASE
def test_right_token_ends_the_quarantine_with_the_next_cycle(server, tenant):
    made = tenant(token="wrong")
    made.cycle()
    made.service.connect(made.server.url, server.token)

    assert len(made.cycle()) == 9
    assert made.job.quarantine is None
    assert made.job.failed_cycles == 0
    assert made.in_app("ada@contoso.example")["active"] is True


@ON_ONE_DATABASE
def test_single_failure_does_not_keep_the_job_in_quarantine(server, tenant):
    taken(server, "ada@contoso.example")
    made = tenant(matching="externalId", token="wrong")
    made.cycle()
    made.service.connect(made.server.url, server.token)
    made.cycle()

    assert made.job.quarantine is None
    assert made.job.escrows.keys() == {ADA}
    assert made.job.last_good is None
    assert made.job.exports == {"success": 2, "failure": 1}


@ON_ONE_DATABASE
def test_server_that_does_not_listen_is_quarantined(server, tenant):
    made = tenant()
    made.service.connect("http://127.0.0.1:1", server.token)
    made.cycle()

    assert made.job.quarantine.code == "WebExceptionProtocolError"
    assert "cannot be reached" in made.job.quarantine.message


@ON_ONE_DATABASE
def test_answer_that_is_no_list_is_quarantined(server, tenant):
    made = tenant()
    wrong_url = f"{made.server.url}/Nowhere"
    made.service.connect(wrong_url, server.token)
    made.cycle()

    code = "SystemForCrossDomainIdentityManagementServiceIncompatible"
    assert made.job.quarantine.code == code
    assert "404" in made.job.quarantine.message


@ON_ONE_DATABASE
def test_failures_that_go_on_end_in_quarantine_and_successes_lead_out(server, tenant):
    known_ids = taken(server, "ada@contoso.example", "grace@contoso.example")
    made = tenant(matching="externalId")
    made.cycle()
    assert made.job.escrows.keys() == {ADA, GRACE}
    assert [each.error.code for each in made.job.logs if each.error] == ["EntryConflict"] * 2
    assert made.job.quarantine is None  # two failures are not enough

    lines = made.cycle()
    assert lines.count("POST /Users") == 2
    assert made.job.quarantine is None
    for _ in range(7):
        assert made.cycle() == []

    made.cycle()
    quarantine = made.job.quarantine
    assert quarantine.reason == "EncounteredEscrowProportionThreshold"
    assert quarantine.message == "6 of 7 exports failed"  # the group was created

    for known_id in known_ids:
        server.session.delete(f"/Users/{known_id}")

    assert made.cycle()[:4] == [
        'GET /Users?filter=externalId eq "ada"',
        "POST /Users",
        'GET /Users?filter=externalId eq "grace"',
        "POST /Users",
    ]
    assert made.job.quarantine is None
    assert made.job.escrows == {}
    assert made.cycle() == []


@ON_ONE_DATABASE
def test_failure_is_shown_in_the_log_and_in_the_cycle(server, tenant):
    taken(server, "ada@contoso.example")
    made = tenant(matching="externalId")
    made.cycle()

    [failed] = [entry for entry in made.job.logs if entry.status == "failure"]
    shown = failed.show("scim.1")
    assert shown["sourceIdentity"] == {
        "id": ADA,
        "displayName": "ada@contoso.example",
        "identityType": "User",
    }
    assert shown["provisioningStatusInfo"]["errorInformation"]["errorCode"] == "EntryConflict"
    assert shown["provisioningStatusInfo"]["errorInformation"]["reason"].startswith("409 ")
    assert made.job.cycle.show()["state"] == "EntryLevelErrors"
    assert made.job.cycle.show()["countEscrowed"] == 1


@ON_ONE_DATABASE
def test_start_leaves_quarantine_until_it_fails_again(tenant):
    made = tenant(token="wrong")
    made.cycle()
    made.job.start()
    assert made.job.quarantine is None

    made.cycle()
    assert made.job.quarantine.failures == 1

    made.cycle()
    assert made.job.quarantine.failures == 2


@ON_ONE_DATABASE
def test_failure_is_tried_again_at_growing_distances_and_then_no_more(server, tenant):
    taken(server, "ada@contoso.example")
    made = tenant(matching="externalId")
    tried = [made.job.cycles for _ in range(60) if "POST /Users" in made.cycle()]
    assert tried == [1, 2, 10, 19, 37, 73, 145, 253]  # quarantine leaves some cycles out

    made.directory.update_user(ADA, {"department": "Poetry"})  # a change is always sent
    assert made.cycle()[-1] == "POST /Users"


@ON_ONE_DATABASE
def test_what_the_whole_app_refuses_is_no_failure_of_an_object(server, tenant):
    taken(server, "ada@contoso.example")
    made = tenant(matching="externalId")
    made.cycle()
    made.service.connect(made.server.url, "wrong")
    made.cycle()

    assert made.job.quarantine.code == "Unauthorized"
    assert made.job.escrows[ADA].failures == 1


@ON_ONE_DATABASE
def test_cleared_escrows_are_not_tried_again(server, tenant):
    taken(server, "ada@contoso.example")
    made = tenant(matching="externalId")
    made.cycle()
    made.job.restart(frozenset({"Escrows"}))

    assert made.cycle() == []
    assert made.job.exports == {"success": 0, "failure": 0}


@ON_ONE_DATABASE
def test_restart_looks_at_everybody_again_by_the_ids_that_are_known(tenant):
    made = tenant()
    made.cycle()
    made.job.restart(RESTART)

    assert made.cycle() == [
        "GET /Users/<ada>",
        "GET /Users/<grace>",
        "GET /Groups/<Engineers>?excludedAttributes=members",
    ]


@ON_ONE_DATABASE
def test_full_restart_searches_for_everybody_again(tenant):
    made = tenant()
    made.cycle()
    made.job.restart(frozenset({"Full"}))

    assert made.cycle() == [
        'GET /Users?filter=userName eq "ada@contoso.example"',
        'GET /Users?filter=userName eq "grace@contoso.example"',
        'GET /Groups?excludedAttributes=members&filter=displayName eq "Engineers"',
        'GET /Users?filter=id eq "<ada>" and manager eq "<grace>"&attributes=id',
        'GET /Groups?excludedAttributes=members&filter=id eq "<Engineers>" and members eq "<ada>"',
    ]
    assert made.in_app("Engineers")["members"][0]["value"] == made.target_id(ADA)


@ON_ONE_DATABASE
def test_change_during_a_failed_cycle_is_not_lost(server, tenant):
    made = tenant()
    made.cycle()
    made.service.connect(made.server.url, "wrong")
    made.directory.update_user(GRACE, {"jobTitle": "Admiral"})
    made.cycle()
    made.service.connect(made.server.url, server.token)

    assert made.cycle() == ["GET /Users/<grace>", "PATCH /Users/<grace>"]
    assert made.in_app("grace@contoso.example")["title"] == "Admiral"


@pytest.mark.parametrize(
    ("failures", "pause"), [(1, 9), (2, 9), (3, 18), (4, 36), (5, 36), (30, 36)]
)
def test_cycles_come_more_seldom_in_quarantine(failures, pause):
    assert Quarantine("", "", "", failures=failures).pause == pause


@ON_ONE_DATABASE
def test_job_is_disabled_after_four_weeks_in_quarantine(tenant):
    made = tenant(token="wrong")
    cycles = 0
    while made.job.state == "Active":
        made.job.run_cycle()
        cycles += 1
        assert cycles < 100

    assert cycles == 31  # three in the first day, then one a day
    assert made.job.state == "Disabled"


@ON_ONE_DATABASE
def test_reference_failures_do_not_count(server, tenant):
    made = tenant()
    made.cycle()
    server.session.delete(f"/Groups/{made.target_id(ENGINEERS)}")
    made.directory.add_member(ENGINEERS, GRACE)
    made.job.provisioner.links[ENGINEERS].members.clear()
    made.job.watermark = made.directory.watermark  # only the reference is tried
    made.cycle()

    assert made.job.logs[0].status == "failure"
    assert made.job.exports["failure"] == 0
    assert made.job.escrows == {}
