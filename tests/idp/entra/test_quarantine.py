"""When the stand-in Entra ID puts its job into quarantine, and what ends it."""

import pytest

from scim.idp.entra.job import RESTART
from scim.idp.entra.records import Quarantine
from tests.support.ports import free_port

from .tenant import ADA, ENGINEERS, GRACE, entra

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def taken(server, *names: str) -> list[str]:
    """Create users whom nobody in the directory matches by externalId; return their ids."""
    created = [
        server.session.post("/Users", json={"schemas": [CORE_USER], "userName": name})
        for name in names
    ]
    return [answer.json()["id"] for answer in created]


def test_wrong_token_is_quarantined_at_once(server):
    with entra(server, token="wrong") as tenant:
        assert tenant.cycle() == ['GET /Users?filter=userName eq "ada@contoso.example"']

        quarantine = tenant.job.quarantine
        assert quarantine.reason == "EncounteredQuarantineException"
        assert quarantine.code == "Unauthorized"
        assert tenant.job.failed_cycles == 1
        assert tenant.job.watermark is None


def test_right_token_ends_the_quarantine_with_the_next_cycle(server):
    with entra(server, token="wrong") as tenant:
        tenant.cycle()
        tenant.service.connect(tenant.recorder.url, server.token)

        assert len(tenant.cycle()) == 9
        assert tenant.job.quarantine is None
        assert tenant.job.failed_cycles == 0
        assert tenant.in_app("ada@contoso.example")["active"] is True


def test_single_failure_does_not_keep_the_job_in_quarantine(server):
    taken(server, "ada@contoso.example")
    with entra(server, matching="externalId", token="wrong") as tenant:
        tenant.cycle()
        tenant.service.connect(tenant.recorder.url, server.token)
        tenant.cycle()

        assert tenant.job.quarantine is None
        assert tenant.job.escrows.keys() == {ADA}
        assert tenant.job.last_good is None
        assert tenant.job.exports == {"success": 2, "failure": 1}


def test_server_that_does_not_listen_is_quarantined(server):
    with entra(server) as tenant:
        nowhere = f"http://127.0.0.1:{free_port()}"
        tenant.service.connect(nowhere, server.token)
        tenant.cycle()

        assert tenant.job.quarantine.code == "WebExceptionProtocolError"
        assert "cannot be reached" in tenant.job.quarantine.message


def test_answer_that_is_no_list_is_quarantined(server):
    with entra(server) as tenant:
        wrong_url = f"{tenant.recorder.url}/Nowhere"
        tenant.service.connect(wrong_url, server.token)
        tenant.cycle()

        code = "SystemForCrossDomainIdentityManagementServiceIncompatible"
        assert tenant.job.quarantine.code == code
        assert "404" in tenant.job.quarantine.message


def test_failures_that_go_on_end_in_quarantine_and_successes_lead_out(server):
    known_ids = taken(server, "ada@contoso.example", "grace@contoso.example")
    with entra(server, matching="externalId") as tenant:
        tenant.cycle()
        assert tenant.job.escrows.keys() == {ADA, GRACE}
        assert [each.error.code for each in tenant.job.logs if each.error] == ["EntryConflict"] * 2
        assert tenant.job.quarantine is None  # two failures are not enough

        lines = tenant.cycle()
        assert lines.count("POST /Users") == 2
        assert tenant.job.quarantine is None
        for _ in range(7):
            assert tenant.cycle() == []

        tenant.cycle()
        quarantine = tenant.job.quarantine
        assert quarantine.reason == "EncounteredEscrowProportionThreshold"
        assert quarantine.message == "6 of 7 exports failed"  # the group was created

        for known_id in known_ids:
            server.session.delete(f"/Users/{known_id}")

        assert tenant.cycle()[:4] == [
            'GET /Users?filter=externalId eq "ada"',
            "POST /Users",
            'GET /Users?filter=externalId eq "grace"',
            "POST /Users",
        ]
        assert tenant.job.quarantine is None
        assert tenant.job.escrows == {}
        assert tenant.cycle() == []


def test_failure_is_shown_in_the_log_and_in_the_cycle(server):
    taken(server, "ada@contoso.example")
    with entra(server, matching="externalId") as tenant:
        tenant.cycle()

        [failed] = [entry for entry in tenant.job.logs if entry.status == "failure"]
        shown = failed.shown("scim.1")
        assert shown["sourceIdentity"] == {
            "id": ADA,
            "displayName": "ada@contoso.example",
            "identityType": "User",
        }
        assert shown["provisioningStatusInfo"]["errorInformation"]["errorCode"] == "EntryConflict"
        assert shown["provisioningStatusInfo"]["errorInformation"]["reason"].startswith("409 ")
        assert tenant.job.cycle.shown()["state"] == "EntryLevelErrors"
        assert tenant.job.cycle.shown()["countEscrowed"] == 1


def test_start_leaves_quarantine_until_it_fails_again(server):
    with entra(server, token="wrong") as tenant:
        tenant.cycle()
        tenant.job.start()
        assert tenant.job.quarantine is None

        tenant.cycle()
        assert tenant.job.quarantine.failures == 1

        tenant.cycle()
        assert tenant.job.quarantine.failures == 2


def test_failure_is_tried_again_at_growing_distances_and_then_no_more(server):
    taken(server, "ada@contoso.example")
    with entra(server, matching="externalId") as tenant:
        tried = [tenant.job.cycles for _ in range(60) if "POST /Users" in tenant.cycle()]
        assert tried == [1, 2, 10, 19, 37, 73, 145, 253]  # quarantine leaves some cycles out

        tenant.directory.update_user(ADA, {"department": "Poetry"})  # a change is always sent
        assert tenant.cycle()[-1] == "POST /Users"


def test_what_the_whole_app_refuses_is_no_failure_of_an_object(server):
    taken(server, "ada@contoso.example")
    with entra(server, matching="externalId") as tenant:
        tenant.cycle()
        tenant.service.connect(tenant.recorder.url, "wrong")
        tenant.cycle()

        assert tenant.job.quarantine.code == "Unauthorized"
        assert tenant.job.escrows[ADA].failures == 1


def test_cleared_escrows_are_not_tried_again(server):
    taken(server, "ada@contoso.example")
    with entra(server, matching="externalId") as tenant:
        tenant.cycle()
        tenant.job.restart(frozenset({"Escrows"}))

        assert tenant.cycle() == []
        assert tenant.job.exports == {"success": 0, "failure": 0}


def test_restart_looks_at_everybody_again_by_the_ids_that_are_known(server):
    with entra(server) as tenant:
        tenant.cycle()
        tenant.job.restart(RESTART)

        assert tenant.cycle() == [
            "GET /Users/<ada>",
            "GET /Users/<grace>",
            "GET /Groups/<Engineers>?excludedAttributes=members",
        ]


def test_full_restart_searches_for_everybody_again(server):
    with entra(server) as tenant:
        tenant.cycle()
        tenant.job.restart(frozenset({"Full"}))

        assert tenant.cycle() == [
            'GET /Users?filter=userName eq "ada@contoso.example"',
            'GET /Users?filter=userName eq "grace@contoso.example"',
            'GET /Groups?excludedAttributes=members&filter=displayName eq "Engineers"',
            'GET /Users?filter=id eq "<ada>" and manager eq "<grace>"&attributes=id',
            'GET /Groups?excludedAttributes=members&filter=id eq "<Engineers>" and '
            'members eq "<ada>"',
        ]
        assert tenant.in_app("Engineers")["members"][0]["value"] == tenant.target_id(ADA)


def test_change_during_a_failed_cycle_is_not_lost(server):
    with entra(server) as tenant:
        tenant.cycle()
        tenant.service.connect(tenant.recorder.url, "wrong")
        tenant.directory.update_user(GRACE, {"jobTitle": "Admiral"})
        tenant.cycle()
        tenant.service.connect(tenant.recorder.url, server.token)

        assert tenant.cycle() == ["GET /Users/<grace>", "PATCH /Users/<grace>"]
        assert tenant.in_app("grace@contoso.example")["title"] == "Admiral"


@pytest.mark.parametrize(
    ("failures", "pause"), [(1, 9), (2, 9), (3, 18), (4, 36), (5, 36), (30, 36)]
)
def test_cycles_come_more_seldom_in_quarantine(failures, pause):
    assert Quarantine("", "", "", failures=failures).pause == pause


def test_job_is_disabled_after_four_weeks_in_quarantine(server):
    with entra(server, token="wrong") as tenant:
        cycles = 0
        while tenant.job.state == "Active":
            tenant.job.run_cycle()
            cycles += 1
            assert cycles < 100

        assert cycles == 31  # three in the first day, then one a day
        assert tenant.job.state == "Disabled"


def test_reference_failures_do_not_count(server):
    with entra(server) as tenant:
        tenant.cycle()
        server.session.delete(f"/Groups/{tenant.target_id(ENGINEERS)}")
        tenant.directory.add_member(ENGINEERS, GRACE)
        tenant.job.provisioner.links[ENGINEERS].members.clear()
        tenant.job.watermark = tenant.directory.watermark  # only the reference is tried
        tenant.cycle()

        assert tenant.job.logs[0].status == "failure"
        assert tenant.job.exports["failure"] == 0
        assert tenant.job.escrows == {}
