"""A part of a name or of an e-mail address is found, by PostgreSQL from an index."""

import pytest
import sqlalchemy as sa

from models import Group, User
from scim.protocol.schema import GROUP, USER
from scim.storage import new_id
from tests.support.databases import POSTGRESQL
from tests.support.scim import group, user
from tests.support.server import ROOT, run
from tests.support.statements import noted

from .test_indexes import rows

ROWS = 20_000
ODD = ('say "abc"', "abc\\ndef", "abc\tdef\ndef", "50%abc_def/g", "straßeabc", "abc'def", "\x7fabc")
TESTS = {"co": str.__contains__, "sw": str.startswith, "ew": str.endswith}


@pytest.fixture(scope="module")
def crowd(new_directory):
    """A directory with thousands of users and groups, and up-to-date statistics."""
    directory = new_directory()
    users = [
        user(
            f"user{n:05}",
            id=new_id(),
            displayName=f"Person {n:05} Smith{n % 1000:03}",
            emails=[{"value": f"mail{n:05}@work.example", "type": "work"}],
        )
        for n in range(ROWS)
    ]
    groups = [group(f"Team {n:05} of all", id=new_id()) for n in range(ROWS)]
    tenant_id = directory.store.tenant_id
    with directory.store.database.engine.begin() as connection:
        connection.execute(sa.insert(User), list(rows(tenant_id, USER, users)))
        connection.execute(sa.insert(Group), list(rows(tenant_id, GROUP, groups)))
    with directory.store.database.reader.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    return directory


@POSTGRESQL
@pytest.mark.parametrize(
    ("resource_type", "text", "number"),
    [
        (USER, 'userName co "R1234"', 10),
        (USER, 'userName ew "1234"', 2),
        (USER, 'displayName co "n 0123"', 10),
        (USER, 'displayName sw "person 1234"', 10),
        (USER, 'displayName ew "SMITH123"', 20),
        (USER, 'displayName co "0123" or displayName ew "SMITH123"', 30),
        (USER, 'emails.value co "L1234"', 10),
        (USER, 'emails co "L1234"', 10),
        (USER, 'emails.value sw "mail1234"', 10),
        (USER, 'emails.value ew "1234@work.example"', 2),
        (USER, 'emails[type eq "work" and value co "l1234"]', 10),
        (USER, 'emails[value co "l1234" or value sw "mail1235"]', 20),
        (USER, 'emails[type eq "work"].value co "l1234"', 10),
        (GROUP, 'displayName co "M 0123"', 10),
        (GROUP, 'displayName ew "1234 of all"', 2),
    ],
)
def test_part_of_a_text_is_found_from_an_index(crowd, resource_type, text, number):
    reader = crowd.store.database.reader

    with noted(crowd.store.database) as executed:
        found = crowd.list(resource_type, text, count=100, excluded_attributes="groups")

    assert len(found) == number
    [(statement, parameters)] = executed
    with reader.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
    table = resource_type.endpoint.strip("/").lower()
    assert f"ix_{table}_trigrams" in plan, plan
    assert f"Seq Scan on {table}" not in plan, plan


@POSTGRESQL
@pytest.mark.parametrize(
    ("resource_type", "text", "index"),
    [
        (USER, 'userName sw "user1234"', "uq_users_user_name"),
        (GROUP, 'displayName sw "team 1234"', "uq_groups_display_name"),
    ],
)
def test_beginning_of_a_name_is_found_from_the_names(crowd, resource_type, text, index):
    reader = crowd.store.database.reader

    with noted(crowd.store.database) as executed:
        found = crowd.list(resource_type, text, count=100, excluded_attributes="groups")

    assert len(found) == 10
    with reader.connect() as connection:
        [(statement, parameters)] = executed
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())
    assert index in plan, plan


@POSTGRESQL
def test_part_too_short_for_an_index_reads_it_in_vain_nowhere(crowd):
    reader = crowd.store.database.reader

    with noted(crowd.store.database) as executed:
        crowd.list(USER, 'emails.value co "l1"', count=1, excluded_attributes="groups")

    with reader.connect() as connection:
        for statement, parameters in executed:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
            assert "ix_users_trigrams" not in "\n".join(plan)


@pytest.fixture(scope="module")
def odd(new_directory):
    """A directory whose users have names and addresses with what has a meaning elsewhere."""
    directory = new_directory()
    for number, text in enumerate(ODD):
        emails = [{"value": f"other{number}"}, {"value": text, "type": "home"}]
        named = {"displayName": text, "title": text, "name": {"familyName": text}}
        directory.user(f"odd{number}", emails=emails, ims=emails, **named)
    return directory


@pytest.mark.parametrize("operator", TESTS)
@pytest.mark.parametrize("text", [*ODD, "abc", "def", 'say "', "c\\n", "\tdef"])
@pytest.mark.parametrize("negated", [False, True])
def test_part_is_text_whatever_is_in_it(odd, operator, text, negated):
    expected = {each for each in ODD if TESTS[operator](each, text) != negated}
    quoted = '"' + "".join(f"\\u{ord(each):04x}" for each in text) + '"'

    for asked in (
        f"displayName {operator} {quoted}",
        f"title {operator} {quoted}",
        f"name.familyName {operator} {quoted}",
        f"ims.value {operator} {quoted}",
        f'ims.value {operator} {quoted} or ims.value co "no such part" or title eq "no"',
        f'ims[type eq "home" and not (value co "no such part") and value {operator} {quoted}]',
        f'emails[type eq "home" and value {operator} {quoted}]',
        f'emails[type eq "home" and (value {operator} {quoted} or value eq "no")]',
    ):
        found = odd.list(USER, f"not ({asked})" if negated else asked)
        assert {each["title"] for each in found} == expected, asked


@POSTGRESQL
@pytest.mark.parametrize("operator", ["co", "ew"])
def test_part_is_found_without_a_regular_expression(odd, operator):
    names = ("title", "displayName", "ims.value", "emails.value", "schemas")
    text = " or ".join(f'{name} {operator} "part {number}"' for name in names for number in (1, 2))

    with noted(odd.store.database) as executed:
        odd.list(USER, f'{text} or ims[type eq "home" and not (value {operator} "no")]')

    for statement, parameters in executed:
        assert "like_regex" not in statement + str(parameters)


@pytest.mark.parametrize(
    ("joint", "term"), [(" or ", 'ims.value co "{}"'), (" and ", 'not (ims.value co "{}")')]
)
def test_lists_are_unpacked_once_for_all_parts_in_them(odd, joint, term):
    text = joint.join(term.format(f"part {number}") for number in range(50))

    with noted(odd.store.database) as executed:
        odd.list(USER, text, count=0)

    for statement, _ in executed:
        assert statement.count("json_each(") + statement.count("jsonb_path_query(") == 1


def migrate(url, *arguments):
    done = run("manage.py", "db", *arguments, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    return done.stdout


def documented():
    """Return the SQL by which docs/operating.md adds the indexes later."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    return text[text.index("CREATE EXTENSION") :].partition("```")[0]


@POSTGRESQL
def test_role_that_must_not_add_the_extension_is_told_and_somebody_else_may(new_database):
    url = sa.make_url(new_database())
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE plain LOGIN")
        connection.exec_driver_sql("GRANT ALL ON SCHEMA public TO plain")
    plain = url.set(username="plain").render_as_string(hide_password=False)

    try:
        said = migrate(plain, "upgrade")

        assert "pg_trgm: permission denied to create extension" in said
        assert "no migration to write" in migrate(plain, "migrate")
        with engine.connect() as connection:
            for _ in range(2):
                connection.exec_driver_sql(documented())
        assert "no migration to write" in migrate(plain, "migrate")
        migrate(plain, "downgrade", "0002")
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql("DROP OWNED BY plain")
            connection.exec_driver_sql("DROP ROLE plain")
