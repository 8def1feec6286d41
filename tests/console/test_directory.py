"""The directory: lists, a person's page with its history, undo, restore, editing."""

import html
import json
import re
from urllib.parse import quote

import pytest

from scim.explain.exchange import Exchange, Made, Message
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA, GROUP_SCHEMA, USER_SCHEMA
from scim.storage import Database
from scim.storage.recordings import Recordings

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import add, enterprise, group, patch_op, remove, replace, user
from ..support.waiting import happens
from .test_live import HOSTILE

pytestmark = EVERYDAY_ON_ONE_DATABASE


@pytest.fixture
def people(console):
    """Create users and groups at the endpoints: ``people.user(...)``."""
    return People(console.server.session)


class People:
    def __init__(self, session):
        self.session = session

    def user(self, user_name, **attributes):
        return self.created("/Users", user(user_name, **attributes))

    def group(self, name, *members, **attributes):
        return self.created("/Groups", group(name, *members, **attributes))

    def created(self, path, document):
        answer = self.session.post(path, json=document)
        assert answer.status_code == 201, answer.text
        return answer.json() | {"path": f"{path}/{answer.json()['id']}"}

    def patch(self, resource, *operations):
        answer = self.session.patch(resource["path"], json=patch_op(*operations))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, resource):
        return self.session.get(resource["path"])


def page_of(resource):
    return f"/directory/{resource['meta']['resourceType']}/{resource['id']}"


def text_of(answer, status=200):
    """Return the words on a page."""
    assert answer.status_code == status, answer.text
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def listed(answer):
    return re.findall(r'class="name"[^>]*>([^<]*)<', answer.text)


def test_list_is_filtered_sorted_and_explained(console, people):
    for name in ("cora", "ada", "ben"):
        people.user(name, active=name != "ben")

    answer = console.web.get(
        "/directory", params={"filter": "active eq true", "sortBy": "userName"}
    )

    assert listed(answer) == ["ada", "cora"]
    assert "Finds each User for which active is true." in text_of(answer)
    assert 'aria-sort="ascending"' in answer.text


def test_list_has_pages_and_totals(console, people):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(n), "data": user(f"u{n:03}")}
        for n in range(60)
    ]
    bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    people.session.post("/Bulk", json={"schemas": [bulk], "Operations": operations})

    first = console.web.get("/directory")
    second = console.web.get(re.search(r'rel="next" href="([^"]*)"', first.text)[1])

    assert "1 to 50 of 60" in text_of(first)
    assert "51 to 60 of 60" in text_of(second)
    assert listed(second) == [f"u{n:03}" for n in range(50, 60)]


def test_groups_show_how_many_members_they_have(console, people):
    inner = people.group("Inner", people.user("ada"))
    people.group("Outer", inner, people.user("ben"))

    answer = console.web.get("/directory", params={"type": "group"})

    assert re.findall(r'class="number"[^>]*>(\d+)<', answer.text) == ["1", "2"]


def test_filter_is_shown_with_its_error_at_its_place(console):
    answer = console.web.get("/directory", params={"filter": "userName eq <b>"})
    checked = console.web.get("/directory/check", params={"filter": "userNam eq 1"}).json()

    assert "<b>" not in answer.text
    assert "mark" in console.web.get("/directory", params={"filter": "userName foo"}).text
    assert checked["position"] == 1
    assert "userNam" in checked["detail"]


def test_unknown_names_are_pages_of_their_own(console, people):
    ada = people.user("ada")
    for path in (
        "/directory?type=Nothing",
        "/directory?tenant=nobody",
        f"/directory/Nothing/{ada['id']}",
        f"/directory/Group/{ada['id']}",
        "/directory/User/no-id",
        f"{page_of(ada)}/7",
        f"{page_of(ada)}/0",
        f"{page_of(ada)}/undo?to=9",
        f"{page_of(ada)}?until=%00&after=x&m=%25",
        "/directory?startIndex=99999999999999999999999",
    ):
        assert console.web.get(path).status_code in (200, 404), path


def test_words_for_completion_have_no_secret(console):
    found = console.web.get("/directory/words").json()["attributes"]

    by_path = {each["path"]: each for each in found}
    assert "password" not in by_path
    assert by_path["active"]["operators"] == ["eq", "ne", "pr"]
    assert by_path["emails"]["brackets"]
    assert "work" in by_path["emails.type"]["values"]


def test_person_has_a_timeline_of_diffs(console, people):
    ada = people.user("ada", title="Guide")
    people.group("Staff", ada)
    people.patch(ada, replace("title", "Senior guide"), replace("nickName", "Ad"))
    people.patch(ada, replace("active", False))

    answer = console.web.get(page_of(ada))

    lines = [html.unescape(each) for each in re.findall(r'class="what">([^<]*)<', answer.text)]
    assert lines == ["Deactivated", "Title and nickname changed", "Joined Staff", "Created"]
    assert '− "Guide"' in text_of(answer)
    assert '+ "Senior guide"' in text_of(answer)
    assert "deactivated" in text_of(answer)


def test_history_counts_versions_and_names_one_author(console, people, recordings):
    boss, other = (people.user(each, displayName=each.title()) for each in ("ines", "aiko"))
    okta = {"User-Agent": "Okta SCIM Client 1.0.0"}
    sent = user("ada", **enterprise(manager={"value": boss["id"]}))
    ada = people.session.post("/Users", json=sent, headers=okta).json()
    ada |= {"path": f"/Users/{ada['id']}"}
    staff = people.group("Staff", ada)
    people.group("All", ada)
    changed = patch_op(replace(f"{ENTERPRISE_USER_SCHEMA}:manager.value", other["id"]))
    people.session.patch(ada["path"], json=changed, headers=okta).raise_for_status()
    people.patch(staff, remove(f'members[value eq "{ada["id"]}"]'))
    assert happens(lambda: len(recordings.about(ada["id"])) >= 2)

    answer = console.web.get(page_of(ada))

    assert "Manager changed from “Ines” to “Aiko”" in text_of(answer)
    assert f'"{boss["id"]}"' not in text_of(answer).partition("History")[2]
    meta = re.findall(r'class="meta">(.*?)</span>', answer.text)
    assert [each.rpartition(" · ")[2] for each in meta] == [
        "version 5", "version 4", "versions 2 to 3", "version 1",
    ]  # fmt: skip
    assert {each.split(" · ")[1] for each in meta} == {"Okta"}
    [changed] = [each for each in recordings.about(ada["id"]) if each.path.startswith("/Users/")]
    shown = text_of(console.web.get(f"/exchange/{changed.number}"))
    assert 'manager − "Ines" + "Aiko"' in shown


def test_groups_are_named_with_the_way_to_them(console, people):
    ada = people.user("ada")
    people.group("Company", people.group("Sales", people.group("Sales EMEA", ada)))

    found = text_of(console.web.get(page_of(ada)))

    assert "Company by way of Sales EMEA" in found
    assert "Sales by way of Sales EMEA" in found


def test_group_shows_its_groups_as_a_tree(console, people):
    sales = people.group("Sales", people.group("Sales EMEA", people.group("Sales Nordic")))

    found = text_of(console.web.get(page_of(sales)))

    assert re.search("Members .* Sales EMEA 1 group in it Sales Nordic", found)
    assert "1 member ·" in found


def test_members_come_page_by_page_and_by_name(console, people):
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{n}", "data": user(f"u{n:03}")}
        for n in range(101)
    ]
    members = [{"value": f"bulkId:b{n}"} for n in range(101)]
    operations.append({"method": "POST", "path": "/Groups", "bulkId": "g",
                       "data": group("All") | {"members": members}})  # fmt: skip
    bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    answer = people.session.post("/Bulk", json={"schemas": [bulk], "Operations": operations})
    place = answer.json()["Operations"][-1]["location"].rpartition("/")[2]
    path = f"/directory/Group/{place}"

    first = console.web.get(path)
    second = console.web.get(html.unescape(re.search(r'href="([^"]*after=[^"]*)#', first.text)[1]))
    found = console.web.get(path, params={"m": "U05"})

    assert first.text.count(">Remove<") == 100
    assert second.text.count(">Remove<") == 1
    assert found.text.count(">Remove<") == 10


def test_first_members_are_shown_and_the_others_fold(console, people):
    found = console.web.get(
        page_of(people.group("All", *(people.user(f"u{n}") for n in range(16))))
    )

    shown, _, folded = found.text.partition("Show all 16")
    assert shown.count(">Remove<") == 10
    assert folded.count(">Remove<") == 6
    assert shown.index(">Add<") < shown.index(">Remove<")


def test_version_is_shown_as_it_was(console, people):
    ada = people.user("ada", title="one")
    people.patch(ada, replace("title", "two"))
    people.patch(ada, replace("title", "three"))

    found = text_of(console.web.get(f"{page_of(ada)}/2"))

    assert "as it was in version 2" in found
    assert "Title two" in found
    assert '− "two" + "three"' in found


def test_earlier_version_names_the_manager(console, people):
    boss = people.user("boss", displayName="Maria Lind")
    ada = people.user("ada", **enterprise(manager={"value": boss["id"]}))
    people.patch(ada, replace("title", "two"))

    answer = console.web.get(f"{page_of(ada)}/1")

    assert f'<a href="{page_of(boss)}">Maria Lind</a>' in answer.text


def test_undo_asks_with_its_diff_and_goes_back(console, people):
    ada = people.user("ada", title="one")
    people.patch(ada, replace("title", "two"))

    asked = console.web.get(f"{page_of(ada)}/undo?to=1")
    done = console.post(f"{page_of(ada)}/undo?to=1", to=1, version=2)

    assert '− "two" + "one"' in text_of(asked)
    assert "as in version 1 again. This is version 3." in text_of(done)
    assert "console · version 3" in text_of(done)
    assert people.get(ada).json()["title"] == "one"


def test_undo_asks_again_if_something_has_changed(console, people):
    ada = people.user("ada", title="one")
    people.patch(ada, replace("title", "two"))
    people.patch(ada, replace("title", "three"))

    answer = console.post(f"{page_of(ada)}/undo", to=1, version=2)

    assert "changed meanwhile" in text_of(answer, 409)
    assert people.get(ada).json()["title"] == "three"


def test_undo_of_members_names_them(console, people):
    ada, ben = people.user("ada"), people.user("ben")
    staff = people.group("Staff", ada)
    people.patch(staff, add("members", [{"value": ben["id"]}]))
    people.patch(staff, remove(f'members[value eq "{ada["id"]}"]'))

    asked = text_of(console.web.get(f"{page_of(staff)}/undo?to=1"))
    console.post(f"{page_of(staff)}/undo", to=1, version=3)

    assert "− ben" in asked
    assert "+ ada" in asked
    assert [each["value"] for each in people.get(staff).json()["members"]] == [ada["id"]]


def test_deleted_person_has_a_page_and_comes_back(console, people):
    ada = people.user("ada")
    people.group("Staff", ada)

    asked = console.web.get(f"{page_of(ada)}/delete")
    gone = console.post(f"{page_of(ada)}/delete")
    trash = console.web.get("/directory/deleted")
    offered = console.web.get(f"{page_of(ada)}/restore")
    back = console.post(f"{page_of(ada)}/restore")

    assert "It stays in the trash for" in text_of(asked)
    assert "ada deleted" in text_of(gone)
    assert listed(trash) == ["ada"]
    assert "+ Staff" in text_of(offered)
    assert "ada is back." in text_of(back)
    assert "Undo the last change" not in text_of(back)
    assert people.get(ada).json()["groups"][0]["display"] == "Staff"


def test_restore_says_who_has_the_name_now(console, people):
    ada = people.user("ada")
    people.session.delete(ada["path"])
    people.user("ada")

    assert "userName" in text_of(console.post(f"{page_of(ada)}/restore"), 409)


def test_person_is_created_and_edited_at_the_endpoints(console, people):
    new = {"schemas": [USER_SCHEMA], "userName": "ada"}
    created = console.post("/directory/new?type=User", json=json.dumps(new))
    [ada_id] = re.findall(r"/directory/User/([0-9a-f-]{36})/edit", created.text)
    page = f"/directory/User/{ada_id}"
    old = console.web.get(f"{page}/edit")
    edited = console.post(f"{page}/edit", version=1, json=json.dumps(new | {"title": "Guide"}))
    stale = console.post(f"{page}/edit", version=1, json=json.dumps(new))

    assert '"userName": "ada"' in html.unescape(old.text)
    assert "Title Guide" in text_of(edited)
    assert "412" in text_of(stale, 412)
    assert people.session.get(f"/Users/{ada_id}").json()["title"] == "Guide"


@pytest.mark.parametrize(
    ("document", "status", "told"),
    [
        ({"schemas": [USER_SCHEMA], "userName": "ADA"}, 409, "uniqueness"),
        ({"schemas": [USER_SCHEMA]}, 400, "invalidValue"),
        ("{", 400, "invalidSyntax"),
    ],
)
def test_error_of_the_endpoint_is_shown(console, people, document, status, told):
    people.user("ada")
    sent = document if isinstance(document, str) else json.dumps(document)

    answer = console.post("/directory/new", json=sent)

    assert f"The server answered {status} {told}" in text_of(answer, status)
    assert html.escape(sent, quote=False)[:8] in html.unescape(answer.text)


def test_state_and_members_change_at_the_endpoints(console, people):
    ada, inner = people.user("ada"), people.group("Inner")
    staff = people.group("Staff")

    console.post(f"{page_of(ada)}/state", active="false")
    for name in ("ADA", inner["id"]):
        console.post(f"{page_of(staff)}/members", add=name)
    unknown = console.post(f"{page_of(staff)}/members", add="nobody <b>")
    members = {each["value"] for each in people.get(staff).json()["members"]}
    console.post(f"{page_of(staff)}/members", remove=ada["id"])

    assert people.get(ada).json()["active"] is False
    assert members == {ada["id"], inner["id"]}
    assert "the name “nobody <b>”" in text_of(unknown)
    assert [each["value"] for each in people.get(staff).json()["members"]] == [inner["id"]]


def test_group_is_edited_with_its_members(console, people):
    ada = people.user("ada")
    staff = people.group("Staff", ada)
    form = console.web.get(f"{page_of(staff)}/edit").text
    text = html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", form, re.DOTALL)[1])

    console.post(f"{page_of(staff)}/edit", version=1, json=text.replace("Staff", "Crew"))

    found = people.get(staff).json()
    assert (found["displayName"], len(found["members"])) == ("Crew", 1)


def test_group_push_beside_what_is_stored(console, people):
    ada, ben = people.user("ada"), people.user("ben")
    staff = people.group("Staff", ada, ben)
    assert happens(lambda: "last sent members" in console.web.get(page_of(staff)).text)
    sent = {"schemas": [GROUP_SCHEMA], "displayName": "Staff"}
    sent["members"] = [{"value": ada["id"]}, {"value": "no id"}, {"value": "\0"}]
    record(
        console,
        method="PUT",
        path=staff["path"],
        request=Message(body=json.dumps(sent)),
        made=(Made("Group", staff["id"], 1, "create"),),
    )

    answer = console.web.get(page_of(staff))

    found = text_of(answer)
    assert "Okta last sent members" in found
    assert "ben no member member" in found
    assert "Provisioned by Okta, with the token “okta”." in found
    assert re.search(r'href="/exchange/\d+">The request that did it', answer.text)


def record(console, **known):
    """Store an exchange as a worker does."""
    import sqlalchemy as sa  # noqa: PLC0415

    database = Database(sa.create_engine(console.server.database_url, poolclass=sa.NullPool))
    recordings = Recordings.open(database, 1000, 7)
    plain = {"id": "r1", "at": "2999-01-01T00:00:00.000000Z", "milliseconds": 1.0, "status": 200}
    plain |= {"base": "/scim/v2", "query": "", "provider": "Okta", "token": "okta"}
    recordings.add([Exchange(**plain | {"answer": Message(), "tenant": "default"} | known)])
    recordings.close()
    database.close()


def test_palette_finds_people_by_their_names(console, people):
    people.user("bjensen", name={"givenName": "Barbara", "familyName": "Jensen"})
    people.user("x9", name={"formatted": "Dr. Çelik"})

    def names(q):
        return [each["name"] for each in console.web.get("/find", params={"q": q}).json()]

    assert names("barbara") == names("Barbara Jen") == ["Barbara Jensen · bjensen"]
    assert names("Çel") == ["Dr. Çelik · x9"]
    assert names("nobody") == []


def test_palette_finds_people_groups_and_exchanges(console, people):
    ada = people.user("ada.lovelace", displayName="Ada Lovelace")
    people.group("Adamants")
    record(console, method="GET", path="/Users", id="Req-7", request=Message())

    def found(q):
        return [(each["kind"], each["name"]) for each in console.web.get(f"/find?q={q}").json()]

    assert found("ADA") == [("user", "Ada Lovelace · ada.lovelace"), ("group", "Adamants")]
    assert found("lovel") == [("user", "Ada Lovelace · ada.lovelace")]
    assert found(ada["id"]) == [("user", "Ada Lovelace · ada.lovelace")]
    assert found("Req-7")[0][0] == "exchange"
    assert found("") == found("%25") == found("%00") == []


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_text_everywhere(console, people, name):
    values = {"displayName": name, "title": name, "name": {"givenName": name}}
    try:
        evil = people.user(name, **values)
    except AssertionError:  # a userName has no invisible characters, and is not so long
        evil = people.user("evil", **values)
    staff = people.group(name[:1000], evil)
    people.patch(evil, replace("title", f"{name}2"))
    people.patch(staff, remove("members"))
    paths = [
        "/directory",
        "/directory?type=Group",
        *(f"{page_of(evil)}{below}" for below in ("", "/1", "/undo?to=1", "/delete", "/edit")),
        *(f"{page_of(staff)}{below}" for below in ("", "/1", "/undo?to=1", "/edit")),
    ]
    typed = quote(name[:100])  # what a person typed stays as it is in the field
    searches = [f"/directory?filter={typed}", f"/directory?tenant={typed}", f"/find?q={typed}"]
    searches += [f"{page_of(staff)}?m={typed}", f"/directory/deleted?q={typed}"]

    pages = [console.web.get(path) for path in paths]
    found = [console.web.get(path) for path in searches]
    console.post(f"{page_of(evil)}/delete")
    deleted = (page_of(evil), f"{page_of(evil)}/restore", "/directory/deleted")
    pages += [console.web.get(path) for path in deleted]

    for answer in [*pages, *found]:
        assert answer.status_code < 500, answer.url
        if answer.headers["content-type"].startswith("text/html"):
            for wrong in ("<script>alert", "' onmouseover='", ">49<"):
                assert wrong not in answer.text, answer.url
    for answer in pages:
        assert not {"\u202e", "\x1b"} & {*answer.text}, answer.url


def test_visitor_sees_no_button_that_writes(people, visitor):
    ada = people.user("ada")
    staff = people.group("Staff", ada)

    pages = [visitor.get(path) for path in ("/directory", page_of(ada), page_of(staff))]

    for answer in pages:
        assert "ada" in answer.text or "Staff" in answer.text
        assert 'method="post"' not in answer.text
        assert not re.search('/(edit|undo|delete|new)[?"]', answer.text)


def test_visitor_sees_no_form_that_writes(people, visitor):
    ada = page_of(people.user("ada"))

    for path in ("/directory/new", f"{ada}/edit", f"{ada}/delete", f"{ada}/undo", f"{ada}/restore"):
        answer = visitor.get(path)
        assert answer.status_code == 403, path
        assert "a link that only lets you look" in answer.text


def test_filter_is_completed_and_checked_as_it_is_typed(console, people, page):
    people.user("jane")
    page.goto("/directory")
    field = page.get_by_role("combobox", name="SCIM filter")

    field.press_sequentially("userN")
    page.get_by_role("option", name="userName").first.click()
    field.press_sequentially("s")
    page.get_by_role("option", name="sw").click()
    field.press("ArrowDown")
    field.press("Enter")
    field.press_sequentially("ja")
    page.get_by_text("Finds each User for which userName begins with").wait_for()
    assert field.input_value() == 'userName sw "ja"'

    field.fill('userName sw "ja" an active')
    page.get_by_text("At character 18").wait_for()
    assert page.locator("#told mark").text_content() == "a"

    field.fill('emails[type eq "')
    field.press("End")
    page.get_by_role("option", name='"work"').wait_for()
    field.press("Escape")
    field.fill('userName sw "ja"')
    field.press("Enter")
    page.get_by_role("link", name="jane").wait_for()
