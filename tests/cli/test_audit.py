"""The audit: whoever can write rows cannot change the chained history unseen."""

import re
import shlex

import click
import pytest
import sqlalchemy as sa

from app import create_app
from scim.cli import register
from scim.operate.chaining import Chaining
from scim.storage.audit import CHAINED_AT_ONCE
from scim.storage.tokens import list_tenants

from ..support.bulk import bulk_request, post
from ..support.databases import EVERYDAY_ON_ONE_DATABASE, ON_ONE_DATABASE
from ..support.scim import Scim, add, group, path_of, remove, replace, user

KEY, OTHER_KEY = "a-key-that-no-row-has-0123456789", "another-key-of-as-many-characters"
NOBODY = {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}


class Audited:
    """The application with a key, and its commands."""

    def __init__(self, url, key=KEY):
        settings = {"DATABASE_URL": url, "TESTING": True, "QUERY_TIMEOUT": 0, "AUDIT_KEY": key}
        self.app = create_app(settings)
        self.service = self.app.extensions["scim"]
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer 123456789"
        self.scim = Scim(client)
        self.commands = click.Group()
        register(self.commands)

    def attempt(self, command):
        done = self.app.test_cli_runner().invoke(self.commands, shlex.split(command))
        assert KEY not in done.output
        return done

    def run(self, command):
        done = self.attempt(command)
        assert done.exit_code == 0, done.output
        return done.stdout

    def fail(self, command):
        done = self.attempt(command)
        assert (done.exit_code, done.stdout) == (1, ""), done.output
        return done.stderr


@pytest.fixture(scope="module")
def apps(database_url):
    """Return the application with a key; each is made once."""
    made = {}
    yield lambda key=KEY: made.get(key) or made.setdefault(key, Audited(database_url, key))
    for each in made.values():
        each.service.database.close()


@pytest.fixture
def audited(apps, empty_database):
    apps().service.doorkeeper.known.clear()
    return apps()


@pytest.fixture
def execute(engine):
    def execute(*statements):
        with engine.begin() as connection:
            return [connection.execute(sa.text(each)) for each in statements]

    return execute


def number_of_changes(engine):
    with engine.connect() as connection:
        return connection.scalar(sa.text("SELECT count(*) FROM changes"))


def make_every_kind(scim, run):
    """Make changes of every operation and cause, of one resource and of many at once."""
    ada = scim.create(user("ada", password="first", displayName='Äda "\\ \u2028 😀', title="Guide"))
    bob = scim.create(user("bob", emails=[{"value": "bob@example.com", "primary": True}]))
    inner = scim.create(group("inner", ada))
    outer = scim.create(group("outer", bob, inner))
    scim.patch(path_of(ada), replace("title", "Boss"))
    scim.patch(path_of(ada), replace("password", "second"))
    scim.put(path_of(bob), user("bob", nickName="b"))
    scim.patch(path_of(outer), add("members", [{"value": ada["id"]}]), replace("displayName", "o"))
    scim.patch(path_of(outer), remove(f'members[value eq "{ada["id"]}"]'))
    scim.post("/Bulk", bulk_request(*(post("/Users", user(f"user{n}")) for n in range(3))))
    scim.delete(path_of(bob))
    run(f"trash restore {bob['id']}")
    run(f"revert {ada['id']} --to 1")
    scim.delete(path_of(inner))


def test_every_kind_of_change_is_verified_and_so_is_its_export(audited, engine, tmp_path):
    make_every_kind(audited.scim, audited.run)
    number, file = number_of_changes(engine), tmp_path / "audit.jsonl"

    assert f"verified 0 changes of default ({number} wait" in audited.run("audit verify")
    chained = audited.run("audit chain")
    assert chained.startswith(f"chained {number} changes of default; head {number}:")

    said = f"verified {number} changes of default; {chained.split('; ')[1]}"
    assert audited.run("audit verify") == said
    assert audited.run("audit verify --all-tenants") == said
    exported = audited.run("audit export")
    file.write_text(exported, encoding="utf-8")
    assert len(exported.splitlines()) == number + 1
    assert '"after": {"schemas": ' in exported
    elsewhere = Audited(NOBODY["DATABASE_URL"])  # where the database cannot be reached
    head = said.rpartition(" ")[2].strip()
    assert elsewhere.run(f"audit verify {file} --head {head}") == said
    later = audited.run("audit export --since 1h")
    assert later == exported
    assert audited.run("audit export --since 2999-01-01").count("\n") == 1


def make_some(audited):
    """Make seven changes and chain them; return the head."""
    ada, bob = (audited.scim.create(user(name, title="Guide")) for name in ("ada", "bob"))
    for title in ("one", "two"):
        audited.scim.patch(path_of(ada), replace("title", title))
    team = audited.scim.create(group("team", ada))
    audited.scim.patch(path_of(team), add("members", [{"value": bob["id"]}]))
    audited.scim.patch(path_of(bob), replace("title", "last"))
    return audited.run("audit chain").split()[-1]


OF = "(resource_id, version) = (SELECT resource_id, version FROM entries WHERE number = {})"
ROWS = f"DELETE FROM changes WHERE {OF}"


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (
            [f"UPDATE changes SET after = replace(after, 'Guide', 'Chief') WHERE {OF.format(1)}"],
            r"the change of entry 1 \(.* version 1\) was edited",
        ),
        ([f"UPDATE changes SET token = 'x' WHERE {OF.format(7)}"], "change of entry 7 .* edited"),
        ([f"UPDATE changes SET unseen = true WHERE {OF.format(2)}"], "change of entry 2 .* edited"),
        ([f"UPDATE changes SET request_id = 'x' WHERE {OF.format(4)}"], "entry 4 .* was edited"),
        (["UPDATE member_changes SET added = NOT added WHERE version = 2"], "entry 6 .* edited"),
        (["DELETE FROM member_changes WHERE version = 1"], "change of entry 5 .* was edited"),
        ([ROWS.format(3)], "the change of entry 3 .* version 2.* is missing"),
        (["DELETE FROM entries WHERE number = 3"], "entry 3 is missing"),
        ([ROWS.format(3), "DELETE FROM entries WHERE number = 3"], "entry 3 is missing"),
        (["DELETE FROM entries WHERE number < 3"], "default: entry 1 is missing"),
        (
            [
                "UPDATE entries SET number = 99 WHERE number = 3",
                "UPDATE entries SET number = 3 WHERE number = 4",
                "UPDATE entries SET number = 4 WHERE number = 99",
            ],
            "entry 3 is out of order",
        ),
        (["UPDATE entries SET at = '2001' WHERE number = 3"], "entry 3 was edited"),
        (["UPDATE entries SET version = 9 WHERE number = 7"], "entry 7 was edited"),
        (["UPDATE entries SET digest = hash WHERE number = 1"], "entry 1 was edited"),
        (
            [ROWS.format(3), "UPDATE entries SET purged = at, stub = hash WHERE number = 3"],
            "the change of entry 3 .* is missing, and its stub was not made with the key",
        ),
        (
            ["DELETE FROM entries WHERE number > 4"],
            r"changes are not in the audit: Group .* version 1, 3 in all; they were made without",
        ),
    ],
)
def test_first_entry_that_is_not_as_it_was_is_named(audited, execute, statements, fault):
    make_some(audited)

    execute(*statements)

    assert_matches(fault, audited.fail("audit verify"))


def assert_matches(pattern, text):
    assert re.search(pattern, text), text


def test_end_that_is_missing_is_told_by_a_head_noted_elsewhere(audited, execute):
    noted = make_some(audited)
    assert audited.run(f"audit verify --head {noted}").startswith("verified 7 changes")

    execute(*(ROWS.format(number) for number in (7, 6)), "DELETE FROM entries WHERE number > 5")

    assert audited.run("audit verify").startswith("verified 5 changes")
    said = audited.fail(f"audit verify --head {noted}")
    assert "entry 6 is missing, and all up to 7, the noted head" in said
    for name in ("eve", "mallory"):
        audited.scim.create(user(name))
    audited.run("audit chain")
    assert audited.run("audit verify").startswith("verified 7 changes")
    said = audited.fail(f"audit verify --head {noted}")
    assert "entry 7 is another one than when the head was noted" in said


def lines_of(audited):
    make_some(audited)
    return audited.run("audit export").splitlines()


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda lines: lines[:2] + lines[3:], "default: entry 3 is missing"),
        (lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]], "entry 3 is out of order"),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "default: entry 4 is out of order"),
        (lambda lines: [lines[0].replace("Guide", "Boss"), *lines[1:]], "entry 1 .* was edited"),
        (lambda lines: lines[:-1], "the end of the file is missing"),
        (lambda lines: [*lines[:-2], lines[-1]], "the end of the file is missing"),
        (lambda lines: [*lines[:3], "x", *lines[3:]], "line 4 is not a line of an exported audit"),
        (
            lambda lines: [lines[0].replace('"number": 1,', '"number": "1",'), *lines[1:]],
            "line 1 is not a line of an exported audit",
        ),
        (lambda lines: [*lines[:3], "{}", *lines[3:]], "line 4 is not a line of an exported"),
        (lambda lines: [*lines, lines[0]], "line 9 is behind the head"),
        (lambda lines: [line.replace('"default"', '"x"') for line in lines], "x: entry 1 .* key"),
        (lambda lines: [], "the end of the file is missing"),
    ],
)
def test_file_that_is_not_as_it_was_is_named(audited, tmp_path, change, fault):
    file = tmp_path / "audit.jsonl"

    file.write_text("\n".join(change(lines_of(audited))), encoding="utf-8")

    assert_matches(fault, audited.fail(f"audit verify {file}"))


@ON_ONE_DATABASE
def test_part_of_an_audit_says_where_it_begins(audited, tmp_path):
    lines, file = lines_of(audited), tmp_path / "audit.jsonl"
    file.write_text("\n".join(lines[4:]), encoding="utf-8")

    assert "verified 3 changes of default from entry 5 on; head 7:" in audited.run(
        f"audit verify {file}"
    )
    head = f"3:{'0' * 64}"
    assert "entry 3, the noted head, is not among" in audited.fail(
        f"audit verify {file} --head {head}"
    )


def test_chain_of_another_key_is_neither_verified_nor_continued(audited, apps, execute):
    noted = make_some(audited)
    forger = apps(OTHER_KEY)
    forger.scim.create(user("eve"))

    said = forger.fail("audit chain")

    assert "SCIM_AUDIT_KEY is not the key that the audit was made with" in said
    assert "entry 1 was edited, or made with another key" in forger.fail("audit verify")
    audited.run("audit chain")  # the change waits with a digest of the forger
    assert "the change of entry 8" in audited.fail("audit verify")
    execute("DELETE FROM entries")
    forger.run("audit chain --take-up")
    assert forger.run("audit verify").startswith("verified 8 changes")
    assert "entry 1 was edited, or made with another key" in audited.fail(
        f"audit verify --head {noted}"
    )


@ON_ONE_DATABASE
def test_log_tells_seldom_that_a_chain_is_not_continued(audited, apps, caplog):
    make_some(audited)
    forger, chaining = apps(OTHER_KEY).service, Chaining()
    apps(OTHER_KEY).scim.create(user("eve"))

    for _ in range(3):
        chaining.work(forger)

    said = [each.getMessage() for each in caplog.records if "not continued" in each.getMessage()]
    assert len(said) == 1


def test_purge_leaves_stubs_that_only_the_key_can_make(audited, apps, execute, tmp_path):
    make_some(audited)
    execute(
        "UPDATE changes SET at = '2001-01-01T00:00:00.000000Z' WHERE version = 1",
        "DELETE FROM entries",
    )
    audited.run("audit chain --take-up")
    before = audited.run("audit verify")

    said = apps("").fail("history --purge")
    assert "set SCIM_AUDIT_KEY to the key that it was made with" in said
    assert "SCIM_AUDIT_KEY is not the key" in apps(OTHER_KEY).fail("history --purge")
    assert audited.run("audit verify") == before
    assert "Purged 3 changes" in audited.run("history --purge")

    said = audited.run("audit verify")
    assert said == before.replace("; head", " (3 are purged); head")
    exported, file = audited.run("audit export"), tmp_path / "audit.jsonl"
    assert exported.count('"purged"') == 3
    file.write_text(exported, encoding="utf-8")
    assert audited.run(f"audit verify {file}") == said
    execute("UPDATE entries SET stub = hash WHERE number = 2")
    assert "entry 2 " in audited.fail("audit verify")


@EVERYDAY_ON_ONE_DATABASE
def test_what_is_purged_before_it_was_chained_leaves_nothing(audited, execute):
    audited.scim.create(user("ada"))
    execute("UPDATE changes SET at = '2001'", "UPDATE unchained SET at = '2001'")

    assert "Purged 1 changes" in audited.run("history --purge")

    assert audited.run("audit chain").startswith("chained 0 changes")
    assert audited.run("audit verify").startswith("verified 0 changes")


def test_history_from_before_the_key_comes_first(audited, apps, engine, caplog, monkeypatch):
    monkeypatch.setattr("scim.storage.history.READ_AT_ONCE", 2)
    for name in CHAINED_AT_ONCE:
        monkeypatch.setitem(CHAINED_AT_ONCE, name, 3)
    make_every_kind(apps("").scim, apps("").run)
    audited.scim.create(user("last"))
    caplog.set_level("INFO", "scim")
    chaining = Chaining()

    while chaining.work(audited.service):
        pass

    with engine.connect() as connection:
        instants = connection.scalars(sa.text("SELECT at FROM entries ORDER BY number")).all()
    assert instants == sorted(instants)
    assert len(instants) == number_of_changes(engine)
    head = audited.run("audit verify").split()[-1]
    assert [each.getMessage() for each in caplog.records if "audit" in each.getMessage()] == [
        f"The audit of default ends with {head}"
    ]


@EVERYDAY_ON_ONE_DATABASE
def test_change_without_the_key_is_told_and_taken_up_on_request(audited, apps):
    make_some(audited)
    apps("").scim.create(user("eve"))
    chaining = Chaining()

    assert not chaining.work(audited.service)

    assert "changes are not in the audit: User" in audited.fail("audit verify")
    assert "not in the audit: 1 more; they were made without" in audited.run("audit chain")
    assert audited.run("audit chain --take-up").startswith("chained 1 changes of default")
    assert audited.run("audit verify").startswith("verified 8 changes")


@EVERYDAY_ON_ONE_DATABASE
def test_audit_that_has_not_begun_says_how_to_begin(audited, apps):
    apps("").scim.create(user("eve"))

    assert "`python manage.py audit chain` does it" in audited.fail("audit verify")
    assert audited.run("audit chain").startswith("chained 1 changes")


@EVERYDAY_ON_ONE_DATABASE
def test_entry_that_is_taken_out_is_told_when_the_others_are_chained_again(audited, execute):
    for name in ("ada", "eve", "bob"):
        audited.scim.create(user(name))
    audited.run("audit chain")
    execute(
        "DELETE FROM changes WHERE resource_id IN"
        " (SELECT resource_id FROM entries WHERE number = 2)",
        "INSERT INTO unchained (tenant_id, at, resource_id, version, digest)"
        " SELECT tenant_id, at, resource_id, version, digest FROM entries WHERE number = 3",
        "DELETE FROM entries WHERE number >= 2",
    )

    audited.run("audit chain")

    assert "the change of entry 2 " in audited.fail("audit verify")


def test_change_that_waits_again_is_chained_once(audited, execute):
    make_some(audited)
    execute("INSERT INTO unchained SELECT tenant_id, at, resource_id, version, digest FROM entries")

    assert audited.run("audit chain").startswith("chained 0 changes of default; head 7:")

    assert audited.run("audit verify").startswith("verified 7 changes of default; head")


@ON_ONE_DATABASE
@pytest.mark.parametrize("command", ["chain", "verify", "export", "verify FILE"])
def test_commands_say_how_to_begin(apps, empty_database, tmp_path, command):
    (tmp_path / "file").write_text("{}")

    said = apps("").fail(f"audit {command.replace('FILE', str(tmp_path / 'file'))}")

    assert "there is no audit without SCIM_AUDIT_KEY" in said


@ON_ONE_DATABASE
@pytest.mark.parametrize("head", ["x", "1", "1:00", f"-1:{'0' * 64}", f"1:{'x' * 64}"])
def test_head_that_is_none_is_refused(audited, head):
    assert "a head is a number, a colon" in audited.attempt(f"audit verify --head '{head}'").stderr


@ON_ONE_DATABASE
def test_settings_show_no_key(audited):
    assert KEY not in repr(audited.service.settings)
    [tenant] = audited.service.database.read(list_tenants)
    assert KEY not in repr(audited.service.store(tenant, "").directory)
