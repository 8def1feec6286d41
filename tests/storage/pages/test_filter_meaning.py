"""RFC 7644 §3.4.2.2 by example: what a filter finds where readings could differ."""

from datetime import datetime, timedelta, timezone

import pytest

from scim.protocol.filters.evaluate import matches
from scim.protocol.filters.parser import parse_filter
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP, USER
from scim.protocol.tolerance import Tolerated
from scim.protocol.values import PLACEHOLDER

E = ENTERPRISE_USER_SCHEMA
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ALL = "ada boss strasse odd bare"


@pytest.fixture(scope="module")
def directory(new_directory):
    return new_directory()


@pytest.fixture(scope="module")
def known(directory):
    """The resources of the examples by the names that the tables use."""
    boss = directory.user("Boss", externalId="abc", displayName="Zoë", active=False)
    ada = directory.user(
        "Ada@Example.com",
        externalId="AbC",
        name={"givenName": "Ada", "familyName": "Lovelace"},
        nickName="100%_Sure\\",
        active=True,
        emails=[
            {"value": "ada@work.example", "type": "work", "primary": True},
            {"value": "Ada@home.example", "type": "home"},
        ],
        roles=[{"value": "admin"}],
        x509Certificates=[{"value": "TWE="}],
        **{E: {"department": "Tours", "manager": {"value": boss["id"]}}},
    )
    strasse = directory.user(
        "Straße", displayName="Zoe\u0308", emails=[{"value": "s@work.example", "type": "work"}]
    )
    odd = directory.user(
        "odd",
        externalId="",
        title="",
        name={"givenName": ""},
        photos=[{"type": "photo"}],
        nickName='q"\n😀',
    )
    bare = directory.user("bare")
    guides = directory.group("Guides", ada, boss, externalId="G")
    nobody = directory.group("Nobody")
    staff = directory.group("Staff", guides, strasse)
    everyone = directory.group("Everyone", staff, guides)
    return {
        **{"ada": ada, "boss": boss, "strasse": strasse, "odd": odd, "bare": bare},
        **{"guides": guides, "nobody": nobody, "staff": staff, "everyone": everyone},
    }


@pytest.fixture
def finds(directory, known):
    """Check what a filter finds, as the database sees it and as the evaluator does."""

    def check(resource_type, text, names):
        for name, resource in known.items():
            text = text.replace(f"<{name}>", resource["id"])
        names_of = {resource["id"]: name for name, resource in known.items()}
        found = {names_of[resource["id"]] for resource in directory.list(resource_type, text)}
        node = parse_filter(text, Tolerated())
        evaluated = {
            names_of[resource["id"]]
            for resource in directory.list(resource_type)
            if matches(node, resource, resource_type, Tolerated())
        }
        assert found == set(names.split())
        assert evaluated == found

    return check


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # case: userName is not caseExact, externalId and id are
        ('userName eq "ADA@EXAMPLE.COM"', "ada"),
        ('userName eq "ada@example.co"', ""),
        ('externalId eq "AbC"', "ada"),
        ('externalId eq "abc"', "boss"),
        ('externalId sw "A"', "ada"),
        ('externalId eq ""', "odd"),
        ('externalId lt "B"', "ada odd"),
        ("externalId pr", "ada boss"),
        ('id eq "<ada>"', "ada"),
        ('id eq "ada"', ""),
        ('id ne "ada"', ALL),
        ('id co "-"', ALL),
        ('USERNAME EQ "boss" AND Active eq false', "boss"),
        # one form of every letter: NFKC and case folding
        ('userName eq "STRASSE"', "strasse"),
        ('userName sw "STRAS"', "strasse"),
        ('displayName eq "ZOË"', "boss strasse"),
        ('displayName co "e\u0308"', "boss strasse"),
        ('displayName eq "zoe"', ""),
        # text is text: nothing in it is a pattern
        ('nickName co "%"', "ada"),
        ('nickName co "_"', "ada"),
        ('nickName co "1_0"', ""),
        ('nickName sw "100%"', "ada"),
        ('nickName ew "sure\\\\"', "ada"),
        ('nickName ew ".*"', ""),
        ('nickName eq "q\\"\\n\\ud83d\\ude00"', "odd"),
        ('nickName ew "😀"', "odd"),
        ('nickName co "\\n"', "odd"),
        # order is that of the folded text
        ('userName ge "BOSS"', "boss strasse odd"),
        ('userName gt "boss"', "strasse odd"),
        ('userName lt "b"', "ada"),
        ('userName le "bare"', "ada bare"),
        # absent: only ne and what is negated are true
        ('title eq "x"', ""),
        ('title ne "x"', ALL),
        ('not (title eq "x")', ALL),
        ('displayName co "o"', "boss strasse"),
        ('not (displayName co "o")', "ada odd bare"),
        ('displayName gt "a" or displayName le "a"', "boss strasse"),
        # present: not the empty text, not a complex value without any text
        ("title pr", ""),
        ("name pr", "ada"),
        ("name.givenName pr", "ada"),
        ("photos pr", "odd"),
        ("photos.value pr", ""),
        ("active pr", ALL),
        (f"{E} pr", "ada"),
        ("emails pr", "ada strasse"),
        ("not (emails pr)", "boss odd bare"),
        ("emails eq null", "boss odd bare"),
        ("emails ne null", "ada strasse"),
        ("title eq null", ALL),
        ("name eq null", "boss strasse odd bare"),
        # the empty text is in every value, and a value itself
        ('displayName co ""', "boss strasse"),
        ('displayName sw ""', "boss strasse"),
        ('displayName ew ""', "boss strasse"),
        ('title eq ""', "odd"),
        ('title co ""', "odd"),
        # multi-valued: any element; in brackets all of one element
        ('emails.value eq "ada@HOME.example"', "ada"),
        ('emails eq "ada@home.example"', "ada"),
        ('emails co "work.example"', "ada strasse"),
        ('emails.type eq "work" and emails.value co "home"', "ada"),
        ('emails[type eq "work" and value co "home"]', ""),
        ('emails[type eq "work" and value co "work"]', "ada strasse"),
        ('emails[not (type eq "work")]', "ada"),
        ('not (emails[type eq "work"])', "boss odd bare"),
        ('emails[type eq "home" or primary eq true]', "ada"),
        ("emails[primary pr]", "ada"),
        # ne: an element that differs, or none at all
        ('emails.type ne "work"', "ada boss odd bare"),
        ('emails ne "s@work.example"', "ada boss odd bare"),
        ('not (emails.type eq "work")', "boss odd bare"),
        ('emails[type ne "work"]', "ada"),
        ('userName ne "boss"', "ada strasse odd bare"),
        ("active ne true", "boss"),
        # booleans
        ("active eq true", "ada strasse odd bare"),
        ("active eq false", "boss"),
        ('active eq "False"', "boss"),
        ("emails.primary eq true", "ada"),
        ("emails.primary eq false", ""),
        ("emails[primary ne true]", "ada strasse"),
        # binary: by its content
        ('x509Certificates eq "TWE"', "ada"),
        ('x509Certificates.value eq "twe="', ""),
        # extension and URNs
        (f'{E}:department eq "tours"', "ada"),
        (f'{E.upper()}:DEPARTMENT eq "tours"', "ada"),
        ('department eq "Tours"', "ada"),
        (f'{CORE}:userName eq "boss"', "boss"),
        (f'{CORE}:name.familyName co "LACE"', "ada"),
        ('urn:scim:schemas:core:1.0:userName eq "boss"', "boss"),
        (f'{E}:manager eq "<boss>"', "ada"),
        (f'{E}:manager.value eq "<boss>"', "ada"),
        (f'{E}:manager.displayName eq "ZOË"', "ada"),
        (f'{E}:manager[displayName sw "zo" and value eq "<boss>"]', "ada"),
        (f'{E}:manager.$ref eq "{PLACEHOLDER}/Users/<boss>"', "ada"),
        (f"{E}:manager pr", "ada"),
        ('manager eq "<ada>"', ""),
        # groups are derived
        ('groups eq "<guides>"', "ada boss"),
        ('groups.value eq "<guides>"', "ada boss"),
        ('groups.value eq "<nobody>"', ""),
        ('groups.display eq "GUIDES"', "ada boss"),
        ('groups.$ref ew "<guides>"', "ada boss"),
        ('groups[display sw "g" and type eq "direct"]', "ada boss"),
        ('groups.value ne "<guides>"', ALL),
        ('not (groups.value eq "<guides>")', "strasse odd bare"),
        ("not (groups pr)", "odd bare"),
        # also those in which one is by way of others
        ('groups.value eq "<staff>"', "ada boss strasse"),
        ('groups eq "<everyone>"', "ada boss strasse"),
        ('groups.type eq "direct"', "ada boss strasse"),
        ('groups.type eq "INDIRECT"', "ada boss strasse"),
        ('groups.type eq "dynamic"', ""),
        ('groups[type eq "indirect" and value eq "<staff>"]', "ada boss"),
        ('groups[type eq "direct" and value eq "<staff>"]', "strasse"),
        ('groups[type eq "direct" and value eq "<everyone>"]', ""),
        ('groups.type eq "direct" and groups.value eq "<everyone>"', "ada boss strasse"),
        ('not (groups[type eq "indirect" and value eq "<staff>"])', "strasse odd bare"),
        ('groups[type ne "direct" and value eq "<staff>"]', "ada boss"),
        ('groups[not (type eq "indirect" or display sw "g")]', "strasse"),
        ('groups[type eq "indirect" and display eq "STAFF"] or userName eq "odd"', "ada boss odd"),
        ('groups[type eq "indirect"].value eq "<staff>"', "ada boss"),
        ('groups.type ne "indirect"', ALL),
        ('not (groups.type eq "indirect")', "odd bare"),
        ("groups.type pr and groups.$ref pr", "ada boss strasse"),
        # schemas and meta
        (f'schemas eq "{E}"', "ada"),
        (f'schemas eq "{CORE}"', ALL),
        ('schemas co "enterprise"', "ada"),
        ('meta.resourceType eq "User"', ALL),
        ('meta.resourceType eq "Group"', ""),
        ('meta.resourceType eq "user"', ""),
        ('meta.version eq "W/\\"1\\""', "odd bare"),
        (f'meta.location eq "{PLACEHOLDER}/Users/<odd>"', "odd"),
        ('meta.lastModified ge "2011-05-13T04:42:34Z"', ALL),
        ('meta.lastModified lt "2011-05-13T04:42:34Z"', ""),
        ('meta.created gt "2999-01-01T00:00:00+14:00"', ""),
        ("meta.created pr", ALL),
        ("meta pr", ALL),
        # grouping
        ('userName eq "odd" or userName eq "bare" and active eq false', "odd"),
        ('(userName eq "odd" or userName eq "bare") and active eq false', ""),
        ('not (userName eq "odd") and not (userName eq "bare")', "ada boss strasse"),
        # what Entra ID sends
        ('emails[type eq "work"].value eq "S@work.example"', "strasse"),
        ('emails[type eq "home"].value eq "s@work.example"', ""),
        ('emails[type eq "work"] eq "s@work.example"', "strasse"),
        ('emails[type eq "work"].value ne "s@work.example"', "ada"),
        ("externalId eq abc", "boss"),
    ],
)
def test_filter_finds_users(finds, text, names):
    finds(USER, text, names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('displayName eq "GUIDES"', "guides"),
        ('externalId eq "g"', ""),
        ('externalId eq "G"', "guides"),
        ('members eq "<ada>"', "guides"),
        ('members.value eq "<ada>"', "guides"),
        ('members.value eq "<bare>"', ""),
        ('members.value eq "bare"', ""),
        ('members.value ne "<ada>"', "guides nobody staff everyone"),
        ('members[value eq "<ada>" and type eq "User"]', "guides"),
        ('members[value eq "<ada>" and display eq "zoë"]', ""),
        ('members.display eq "ZOË"', "guides staff"),
        ('members.$ref co "<boss>"', "guides"),
        ("members pr", "guides staff everyone"),
        ("not (members pr)", "nobody"),
        ("members eq null", "nobody"),
        # groups are members too, but what is in them is not
        ('members.value eq "<guides>"', "staff everyone"),
        ('members.value eq "<staff>"', "everyone"),
        ('members.type eq "Group"', "staff everyone"),
        ('members.type eq "user"', "guides staff"),
        ('members.type eq "Group" and members.type eq "User"', "staff"),
        ('members[type eq "Group" and type eq "User"]', ""),
        ('members[type eq "Group" and display eq "guides"]', "staff everyone"),
        ('members[type eq "User" and value eq "<guides>"]', ""),
        ('members[value eq "<guides>"].type eq "group"', "staff everyone"),
        ('members[not (type eq "Group")]', "guides staff"),
        ('not (members[type eq "Group"])', "guides nobody"),
        ('members.type ne "Group"', "guides nobody staff"),
        ('members.value eq "<guides>" and not (members.value eq "<strasse>")', "everyone"),
        ('members[value eq "<guides>" or value eq "<strasse>"]', "staff everyone"),
        (f'members.$ref eq "{PLACEHOLDER}/Groups/<guides>"', "staff everyone"),
        (f'members.$ref sw "{PLACEHOLDER}/Groups/"', "staff everyone"),
        # meta
        ('meta.resourceType eq "Group"', "guides nobody staff everyone"),
        ('id eq "<nobody>"', "nobody"),
        ('displayName sw "n" or members[value eq "<boss>"]', "guides nobody"),
    ],
)
def test_filter_finds_groups(finds, text, names):
    finds(GROUP, text, names)


@pytest.mark.parametrize("hours", [-11, 0, 2, 5.5])
def test_date_times_are_compared_as_instants(finds, known, hours):
    created = datetime.fromisoformat(known["odd"]["meta"]["created"])
    elsewhere = created.astimezone(timezone(timedelta(hours=hours))).isoformat()

    finds(USER, f'meta.created eq "{elsewhere}"', "odd")
    finds(USER, f'meta.created ge "{elsewhere}" and id eq "<odd>"', "odd")
    finds(USER, f'meta.created gt "{elsewhere}" and id eq "<odd>"', "")


def test_filter_sees_no_other_tenant(new_directory, known):
    assert new_directory().page(USER, "userName pr")["totalResults"] == 0
