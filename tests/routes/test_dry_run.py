"""``Prefer: dry-run``: the answer is that of the real request, and nothing is kept."""

import re

import pytest
import sqlalchemy as sa

from models import db
from scim.protocol.headers import Preferences
from scim.protocol.tolerance import Tolerated
from scim.serializers.resources import Unhashed, hash_password
from scim.storage.database import rehearsal

from ..support.bulk import bulk_request, delete, patch, post, put, refer
from ..support.errors import check_error
from ..support.scim import add, enterprise, group, path_of, remove, replace, user

DRY = {"Prefer": "respond-async, Dry-Run"}
VARYING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture
def everything(engine):
    """Return the rows of all tables."""

    def everything():
        with engine.connect() as connection:
            return {
                table.name: connection.execute(sa.select(table).order_by(*table.primary_key)).all()
                for table in db.metadata.sorted_tables
            }

    return everything


@pytest.fixture
def company(scim):
    """A boss, ada who reports to her, and a group in which both are."""
    boss = scim.create(user("boss"))
    ada = scim.create(user("ada", **enterprise(manager={"value": boss["id"]})))
    return boss, ada, scim.create(group("staff", boss, ada))


def comparable(response):
    headers = {k: v for k, v in response.headers if k not in ("X-Request-Id", "Preference-Applied")}
    text = response.text.replace(f" [request {response.headers['X-Request-Id']}]", "")
    return response.status_code, VARYING.sub("x", f"{headers} {text}")


WRITES = [
    lambda scim, *_: ("POST", "/Users", user("new", password="t1meMa$heen")),
    lambda scim, *_: ("POST", "/Users", user("Ada")),
    lambda scim, boss, ada, staff: ("POST", "/Groups", group("all", staff, boss)),
    lambda scim, boss, ada, _: ("PUT", path_of(ada), user("ada lovelace", title="Countess")),
    lambda scim, boss, ada, _: ("DELETE", path_of(boss), None),
    lambda scim, boss, ada, staff: ("DELETE", path_of(staff), None),
    lambda scim, *_: ("DELETE", "/Users/none", None),
    lambda scim, boss, ada, staff: (
        "POST",
        "/Bulk",
        bulk_request(
            post("1", user("one")),
            post("2", group("two")),
            post("3", group("three") | {"members": refer("1", "2")}),
            post("4", user("ONE")),
            patch("/Groups/bulkId:3", replace("displayName", "drei")),
            put(path_of(ada), user("ada")),
            delete(path_of(boss)),
            patch(path_of(boss), replace("title", "gone")),
            patch(path_of(staff), remove("members")),
        ),
    ),
]


@pytest.mark.parametrize("write", WRITES)
def test_dry_run_answers_what_the_request_answers_and_keeps_nothing(
    scim, company, everything, write
):
    method, path, body = write(scim, *company)
    before = everything()

    dry = scim.send(method, path, body, **DRY)
    kept = everything()
    real = scim.send(method, path, body)

    assert kept == before
    assert comparable(dry) == comparable(real)
    assert dry.headers["Preference-Applied"] == "dry-run"
    assert "Preference-Applied" not in real.headers
    assert (everything() == before) == (real.status_code >= 400)


def test_dry_run_of_a_patch_is_all_or_nothing(scim, company, everything):
    _, ada, staff = company
    before = everything()

    changed = scim.patch(path_of(ada), replace("title", "x"), add("nickName", "y"), **DRY)
    refused = scim.patch(path_of(ada), replace("title", "x"), add("emails.x", "y"), **DRY)
    left = scim.patch(path_of(staff), remove(f'members[value eq "{ada["id"]}"]'), **DRY)

    assert (changed.json["title"], changed.json["nickName"]) == ("x", "y")
    assert changed.json["meta"]["version"] == 'W/"3"'
    check_error(refused, 400, "invalidPath")
    assert len(left.json["members"]) == 1
    assert everything() == before


def test_dry_run_heeds_conditions(scim, company, everything):
    _, ada, _ = company
    before = everything()

    check_error(scim.delete(path_of(ada), If_Match='W/"7"', **DRY), 412)
    assert everything() == before


def test_read_has_no_dry_run(scim, company):
    schemas = ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]

    assert "Preference-Applied" not in scim.get("/Users", **DRY).headers
    assert "Preference-Applied" not in scim.post("/.search", {"schemas": schemas}, **DRY).headers


def test_dry_run_that_takes_long_is_ended(scim, everything, monkeypatch):
    before = everything()
    monkeypatch.setattr(rehearsal, "LONGEST", -1)

    alone = scim.post("/Users", user(), **DRY)
    answer = scim.post("/Bulk", bulk_request(post("1", user("a")), post("2", user("b"))), **DRY)

    assert "dry run" in check_error(alone, 400, "tooMany")
    assert [each["status"] for each in answer.json["Operations"]] == ["400", "400"]
    assert everything() == before


def test_dry_run_hashes_no_password():
    """It may hold the lock of SQLite, and a hash takes 20 ms."""
    dry, real = ({"password": Unhashed("t1meMa$heen")} for _ in range(2))

    hash_password(dry, Tolerated(is_dry=True), {})
    hash_password(real, Tolerated(), {})

    assert dry["password"] == ""
    assert real["password"].startswith("$argon2id$")


@pytest.mark.parametrize(
    ("prefer", "wanted"),
    [
        ("dry-run", True),
        ('wait=10, Dry-Run; for="x"', True),
        ("", False),
        ("dry-running", False),
        ("respond-async; dry-run", False),
    ],
)
def test_preference_is_one_of_a_list(prefer, wanted):
    assert Preferences.of(prefer).dry_run is wanted
