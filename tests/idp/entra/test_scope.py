"""Users whom the stand-in for Entra ID provisions, disables and deletes."""

from tests.support.databases import ON_ONE_DATABASE

from .tenant import ADA, DIALECTS, DISABLED, EDSGER, FLAG, GRACE, without_flag


@ON_ONE_DATABASE
def test_user_who_is_not_assigned_is_not_provisioned(provisioned):
    made = provisioned()
    made.directory.update_user(EDSGER, {"department": "Theory"})

    assert made.cycle() == []
    assert EDSGER not in made.job.provisioner.links
    assert made.job.logs[0].steps[-1]["details"] == {"SkipReason": "NotEffectivelyEntitled"}


@ON_ONE_DATABASE
def test_disabled_user_is_not_created(provisioned):
    made = provisioned()
    made.directory.update_user(EDSGER, {"accountEnabled": False})
    made.directory.assign(EDSGER)

    assert made.cycle() == []


ENABLED = {
    "default": [{"op": "Replace", "path": "active", "value": "True"}],
    FLAG: [{"op": "replace", "path": "active", "value": True}],
}


@DIALECTS
def test_deleted_user_is_disabled_restored_and_at_last_deleted(provisioned, dialect):
    made = provisioned(dialect)
    target_id = made.target_id(ADA)
    made.directory.delete_user(ADA)

    assert without_flag(made.cycle(), dialect) == ["GET /Users/<ada>", "PATCH /Users/<ada>"]
    assert made.operations() == [DISABLED[dialect]]
    assert made.in_app("ada@contoso.example")["active"] is False

    made.directory.restore_user(ADA)

    assert without_flag(made.cycle(), dialect) == ["GET /Users/<ada>", "PATCH /Users/<ada>"]
    assert made.operations() == [ENABLED[dialect]]
    assert made.in_app("ada@contoso.example")["active"] is True

    made.directory.delete_user(ADA)
    made.directory.purge_user(ADA)

    assert without_flag(made.cycle(), dialect) == [f"DELETE /Users/{target_id}"]
    assert made.server.session.get(f"/Users/{target_id}").status_code == 404
    assert "members" not in made.in_app("Engineers")
    assert made.cycle() == []


def test_blocked_user_is_disabled_once(provisioned):
    made = provisioned()
    made.directory.update_user(GRACE, {"accountEnabled": False})

    assert made.cycle() == ["GET /Users/<grace>", "PATCH /Users/<grace>"]
    assert made.operations() == [DISABLED["default"]]
    assert made.cycle() == []

    made.directory.update_user(GRACE, {"accountEnabled": False})

    assert made.cycle() == ["GET /Users/<grace>"]


def test_unassigned_user_is_disabled_and_no_longer_managed(provisioned):
    made = provisioned()
    made.directory.unassign(made.directory.assigned[GRACE])

    assert "PATCH /Users/<grace>" in made.cycle()
    assert made.operations()[0] == DISABLED["default"]

    made.directory.delete_user(GRACE)
    made.directory.purge_user(GRACE)

    made.cycle()
    assert made.bodies("DELETE") == []
    assert made.in_app("grace@contoso.example")["active"] is False


def test_user_who_is_assigned_again_is_found_and_enabled(provisioned):
    made = provisioned()
    made.directory.unassign(made.directory.assigned[GRACE])
    made.cycle()
    made.directory.assign(GRACE)

    assert made.cycle()[:2] == [
        'GET /Users?filter=userName eq "grace@contoso.example"',
        "PATCH /Users/<grace>",
    ]
    assert made.in_app("grace@contoso.example")["active"] is True
