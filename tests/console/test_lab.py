"""The Lab says what a filter, a PATCH and a pasted request would do, and does nothing."""

import json
import re
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim.console.lab.payloads import EXAMPLES

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.scim import add, patch_op, remove, replace
from ..support.tries import tries

pytestmark = EVERYDAY_ON_ONE_DATABASE

JANE = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "jane@example.com",
    "name": {"givenName": "Jane", "familyName": "Berg"},
}
HOSTILE = ["<script>alert(1)</script>", "a\u202egnp.exe", "x" * 8000, "{{ 7 * 7 }}", "%00\x00"]


@pytest.fixture
def jane(console):
    return console.server.session.post("/Users", json=JANE).json()


@pytest.fixture
def tried(console):
    """Return the text of a bench's page, without marks."""

    def tried(bench, **values):
        answer = console.web.get(f"/lab/{bench}", params=values)
        assert answer.status_code == 200, answer.text
        return plain(answer.text)

    return tried


@pytest.fixture
def paste(console):
    """Return the text of the page about a pasted request."""

    def paste(text, **values):
        sent = {"csrf": console.csrf(), "text": text, **values}
        answer = console.web.post("/lab/payload", data=sent)
        assert answer.status_code == 200, answer.text
        return plain(answer.text)

    return paste


def plain(html):
    result = html.partition('id="result"')[2]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", result)).split())


def users(console):
    return console.server.session.get("/Users").json()["Resources"]


def test_first_page_leads_to_the_filters(console):
    assert "Type a filter" in console.web.get("/lab").text


def test_filter_is_told_with_what_it_finds(tried, jane):
    page = tried("filter", filter='name.familyName sw "b" and active eq true')

    assert 'Finds each User for which name.familyName begins with "b" and active is true.' in page
    assert "1 of 1" in page
    assert "Jane Berg jane@example.com" in page
    assert "├─ name.familyName sw" in page
    assert "upper and lower case are the same" in page
    assert "json_extract(users.search" in page
    assert "users.search @?" in page
    assert re.search("(SQLite|PostgreSQL) this server", page)
    assert "it needs none of this server's tolerances" in page


def test_filter_needs_tolerances(tried, jane):
    page = tried("filter", filter="userName eq jane@example.com")

    assert "1 of 1" in page
    assert "(tolerance unquoted_filter_values)" in page
    assert "A strict tenant would refuse it: position 13: jane@example.com is not a JSON" in page


def test_filter_is_of_a_type_and_a_tenant(console, tried, jane):
    console.server.session.post("/Groups", json={**JANE, "displayName": "Staff"})

    assert 'displayName is "Staff"' in tried(
        "filter", type="group", filter='displayName eq "Staff"'
    )
    assert console.web.get("/lab/filter?type=Robot").status_code == 404
    assert console.web.get("/lab/filter?tenant=nobody").status_code == 404


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('userName equals "x"', "<mark>equals</mark>"),
        ("userName eq", "<mark> </mark>"),
        ('title eq "<b>', "<mark>&#34;&lt;b&gt;</mark>"),
    ],
)
def test_error_is_shown_at_its_place(console, text, place):
    page = console.web.get("/lab/filter", params={"filter": text}).text

    assert "The server would answer 400 invalidFilter" in page
    assert place in page


def test_fragment_is_the_result_alone(console, jane):
    page = console.web.get("/lab/filter", params={"filter": "title pr", "part": ""}).text
    assert "title has a value" in page
    assert "<html" not in page


def test_patch_is_told_step_by_step_and_changes_nothing(console, tried, jane):
    body = patch_op(
        add("nickName", "Babs"), replace("active", "False"), remove("nickName"), add("title", "x")
    )

    page = tried("patch", of="jane@example.com", body=json.dumps(body))

    assert '1 Add "Babs" to nickName nickName − (none) + "Babs"' in page
    assert '2 Set active to "False" active − true + false' in page
    assert '3 Remove nickName nickName − "Babs" + (none)' in page
    assert "(tolerance text_booleans)" in page
    assert "A strict tenant would refuse it: Operations[1]" in page
    assert users(console)[0]["meta"]["version"] == 'W/"1"'


def test_refused_patch_says_where(tried, jane):
    body = patch_op(add("nickName", "Babs"), replace("tittle", "x"), add("title", "x"))

    page = tried("patch", of=jane["id"], body=json.dumps(body))

    assert "The server would answer 400" in page
    assert "Operations[1]" in page
    assert "✗ The server refuses this operation, so none of them counts" in page
    assert "3 Add" not in page


def test_patch_of_a_pasted_resource(console, tried):
    body = json.dumps(patch_op(replace("name.familyName", "Kaya")))

    page = tried("patch", of=json.dumps(JANE), body=body)

    assert 'name.familyName − "Berg" + "Kaya"' in page
    assert users(console) == []


@pytest.mark.parametrize(
    ("of", "body", "says"),
    [
        ("nobody", "{}", "there is no user with the name or id 'nobody'"),
        ("", '{"Operations": [', "this is not JSON: Expecting value at line 1, column 17"),
        ("{", "{}", "this is not JSON"),
        ("{}", json.dumps(patch_op(remove("title"))), "schemas is required"),
        ("", "[]", "must be a JSON object"),
        ("", '{"schemas": [], "Operations": 5}', "The server would answer 400"),
        ("0192d3f4-0000-7000-8000-000000000000", "{}", "The server would answer 404"),
    ],
)
def test_wrong_patch_is_explained(tried, jane, of, body, says):
    assert says in tried("patch", of=of, body=body)


def test_no_password_is_shown(console, jane):
    body = json.dumps(patch_op(replace("password", "hunter2-secret")))

    page = console.web.get("/lab/patch", params={"body": body, "part": ""}).text

    assert "••••" in page
    assert "hunter2" not in page


def test_pasted_request_is_answered_and_not_kept(console, paste, jane):
    page = paste(json.dumps(JANE | {"userName": "max@example.com", "active": "True"}))

    assert "The console would create the user Jane Berg" in page
    assert "POST /Users would get 201" in page
    assert "Taken as a POST of a new user" in page
    assert "What would be stored" in page
    assert "(tolerance text_booleans)" in page
    assert "A strict tenant would refuse it: active" in page
    assert [each["userName"] for each in users(console)] == ["jane@example.com"]


def test_pasted_change_is_compared_with_what_is_stored(paste, jane):
    body = json.dumps(patch_op(replace("title", "Guide")))

    assert "of which resource?" in paste(body)
    page = paste(body, path=f"Users/{jane['id']}")
    assert 'What would change title − (none) + "Guide"' in page
    raw = f"PATCH https://x.example/scim/v2/Users/{jane['id']} HTTP/1.1\n\n{body}"
    assert 'title − (none) + "Guide"' in paste(raw)
    same = json.dumps(patch_op(replace("name.familyName", "Berg")))
    assert "Nothing: all of it is stored already" in paste(same, path=f"/Users/{jane['id']}")


def test_pasted_bulk_request(console, paste):
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": JANE | {"active": "no"}}
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

    page = paste(json.dumps({"schemas": [urn], "Operations": [operation]}))

    assert "POST /Bulk would get 200" in page
    assert "A strict tenant would refuse it: operation 1: active" in page
    assert users(console) == []


def test_pasted_delete_and_search(console, paste, jane):
    assert "would get 204" in paste(f"DELETE /Users/{jane['id']} HTTP/1.1")
    assert "gets 200" in paste("curl 'http://x/scim/v2/Users?filter=userName%20eq%20jane&count='")
    assert len(users(console)) == 1


@pytest.mark.parametrize("text", ["hello", "POST", "\x00", "curl 'x", '{"a": "\\ud800"}'])
def test_nonsense_is_explained(paste, text):
    page = paste(text)

    assert "There is no request in this text" in page or "would get 400" in page


def test_visitor_tries_and_keeps_nothing(console, visitor):
    page = visitor.get("/lab/payload").text
    [csrf] = re.findall(r'<meta name="csrf" content="([^"]+)"', page)
    assert "disabled" not in page.partition('id="bench"')[2].partition("</form>")[0]
    assert visitor.post("/lab/payload", data={"text": "{}"}).status_code == 400
    for number, (_, text) in enumerate(EXAMPLES):
        for values in ({"example": number, "text": "x", "path": "/Groups"}, {"text": text}):
            answer = visitor.post("/lab/payload", data={"csrf": csrf, **values})
            assert re.search("(would get|gets) <", answer.text)
    assert users(console) == []
    assert visitor.get("/lab/filter", params={"filter": "title pr"}).status_code == 200


def test_patch_says_to_whom_it_was_applied(console, tried, jane):
    group = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Guides"}
    members = {"members": [{"value": jane["id"]}]}
    console.server.session.post("/Groups", json=group | members).raise_for_status()

    assert "Applied to Jane Berg" in tried("patch", body=json.dumps(patch_op(remove("title"))))
    page = tried("patch", type="Group", body=json.dumps(patch_op(remove("members"))))
    assert "Applied to Guides" in page
    assert "members − Jane Berg + (none)" in page


def test_verdict_is_no_as_soon_as_a_server_refuses(tried, paste, jane):
    mistake = json.dumps(patch_op(replace("tittle", "x")))
    bare = json.dumps({**patch_op(), "Operations": [{"op": "replace", "value": {"active": False}}]})

    page = tried("patch", body=mistake)
    assert "Would every server take it? No: this server refuses it." in page
    assert "Yes" not in page
    page = tried("patch", body=bare)
    assert "No: another server may refuse it. A strict tenant would refuse it:" in page
    assert "No: this server refuses it." in paste(json.dumps(JANE))
    assert "No: this server refuses it." in paste(mistake, path=f"/Users/{jane['id']}")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(console, paste, text):
    pages = [
        console.web.get("/lab/filter", params={"filter": f'title eq "{text}"'}),
        console.web.get("/lab/patch", params={"of": json.dumps(JANE), "body": text}),
        console.web.get(
            "/lab/patch",
            params={"of": json.dumps(JANE), "body": json.dumps(patch_op(add("title", text)))},
        ),
        console.post("/lab/payload", text=json.dumps(JANE | {"title": text})),
        console.web.get("/lab/patch", params={"of": text, "body": "{}"}),
        console.post("/lab/payload", text=text),
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&#34;49&#34;" not in page.text
        assert "\u202e" not in page.text.partition('id="result"')[2]


@settings(
    max_examples=tries(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.sampled_from(' "\\()[].:aeqrt5“\x00é\n'), max_size=40), st.booleans())
def test_no_text_makes_a_500(console, text, is_path):
    body = json.dumps(patch_op({"op": "add", "path": text, "value": text}))
    pages = [
        console.web.get("/lab/filter", params={"filter": text, "part": ""}),
        console.web.get(
            "/lab/patch",
            params={"of": json.dumps(JANE), "body": body if is_path else text, "part": ""},
        ),
    ]
    assert [each.status_code for each in pages] == [200, 200]
