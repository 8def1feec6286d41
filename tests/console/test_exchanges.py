"""The page of an exchange: what happened, why, and what it changed."""

import json
import re
from dataclasses import replace
from functools import partial
from html import unescape

import pytest

from scim.explain.exchange import Made

from ..explain.traffic import exchange
from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.server import plain_client
from ..support.waiting import happens

pytestmark = EVERYDAY_ON_ONE_DATABASE

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
JANE = {
    "schemas": [USER],
    "userName": "jane@example.com",
    "name": {"givenName": "Jane", "familyName": "Berg"},
    "title": "Engineer",
}
made_up = partial(exchange, tenant="default")


def page_of(console, number):
    """Return the page of an exchange."""
    answer = console.web.get(f"/exchange/{number}")
    assert answer.status_code == 200
    return answer.text


def words(page):
    """Return the text of a page, without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def answered_id(exchange):
    """Return the id of the resource that was answered."""
    return json.loads(exchange.answer.body)["id"]


def test_create_shows_who_is_new(console, send):
    told = words(page_of(console, send("POST", "/Users", JANE | {"password": "t1ger Lily"}).number))

    assert "creates the user Jane Berg" in told
    assert "201 Created POST /scim/v2/Users" in told
    assert "Why 201" in told
    assert "RFC 7644 §3.3" in told
    assert "Jane Berg User · created · version 1" in told
    assert 'title + "Engineer"' in told
    assert "tenant default" in told
    assert "t1ger" not in told
    assert "masked before it was recorded" in told


def test_patch_is_told_step_by_step(console, send):
    jane = answered_id(send("POST", "/Users", JANE))
    operations = [
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "jane@example.com"},
        {"op": "Replace", "path": "title", "value": "Guide"},
    ]
    sent = send("PATCH", f"/Users/{jane}", {"schemas": [PATCH], "Operations": operations})
    send("PATCH", f"/Users/{jane}", {"schemas": [PATCH], "Operations": operations[:1]})

    page = page_of(console, sent.number)
    told = words(page)

    assert "Jane Berg User · version 1 → 2 undo" in told
    assert 'title − "Engineer" + "Guide"' in told
    assert "undo" in told
    assert console.web.get(f"/directory/User/{jane}/undo?to=1&tenant=default").status_code == 200
    assert f'href="/directory/User/{jane}/undo?to=1&amp;tenant=default"' in page
    assert '1 Set emails[type eq "work"].value to "jane@example.com" emails − (none) +' in told
    assert 'emails[…].value └─ type eq "work"' in told
    assert '2 Set title to "Guide" title − "Engineer" + "Guide"' in told
    assert "created_value_path" in told
    assert re.search(r'class="changed"><span class="key">&#34;title&#34;', page)
    assert "docs/tolerances.md" in told
    assert "https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2" in page


def test_refused_patch_says_which_operation(console, send):
    jane = answered_id(send("POST", "/Users", JANE))
    operations = [
        {"op": "replace", "path": "title", "value": "Guide"},
        {"op": "replace", "path": 'addresses[type eq "home"].locality', "value": "Oslo"},
        {"op": "add", "path": "nickName", "value": "J"},
    ]

    sent = send("PATCH", f"/Users/{jane}", {"schemas": [PATCH], "Operations": operations})
    told = words(page_of(console, sent.number))

    assert '1 not applied Set title to "Guide"' in told
    assert '2 ✗ refused here Set addresses[type eq "home"].locality' in told
    assert "3 not applied" in told
    assert "Nothing changed in the directory" in told
    assert "What to change" in told


def test_patch_without_a_change_says_so(console, send):
    jane = answered_id(send("POST", "/Users", JANE))
    operations = [{"op": "replace", "path": "title", "value": "Engineer"}]

    sent = send("PATCH", f"/Users/{jane}", {"schemas": [PATCH], "Operations": operations})
    told = words(page_of(console, sent.number))

    assert "Nothing changed in the directory." in told
    assert "No change." in told


def test_members_are_named(console, send):
    jane = answered_id(send("POST", "/Users", JANE))
    bob = answered_id(send("POST", "/Users", JANE | {"userName": "bob", "displayName": "Bob Ito"}))
    group = {"schemas": [GROUP], "displayName": "Sales", "members": [{"value": jane}]}
    sales = answered_id(send("POST", "/Groups", group))
    operations = [
        {"op": "add", "path": "members", "value": [{"value": bob}]},
        {"op": "remove", "path": f'members[value eq "{jane}"]'},
    ]

    sent = send("PATCH", f"/Groups/{sales}", {"schemas": [PATCH], "Operations": operations})
    told = words(page_of(console, sent.number))

    assert "Sales Group · version 1 → 2 undo + Bob Ito − Jane Berg" in told
    assert "That is Bob Ito." in told


def test_more_than_twenty_members_are_counted(console, send, record):
    users = [{"method": "POST", "path": "/Users", "bulkId": f"u{n}",
              "data": JANE | {"userName": f"u{n}"}} for n in range(30)]  # fmt: skip
    members = [{"value": f"bulkId:u{n}"} for n in range(30)]
    group = {"schemas": [GROUP], "displayName": "Sales", "members": members}
    group = {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group}
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

    sent = send("POST", "/Bulk", {"schemas": [urn], "Operations": [group, *users]})
    told = words(page_of(console, sent.number))

    assert "31 operations" in told
    assert "and 11 more versions" in told
    assert "← 1" in told
    [made] = [each for each in sent.made if each.resource_type == "Group"]
    alone = words(page_of(console, record(replace(sent, made=(made,)))))
    assert "and 10 more members" in alone


def test_delete_shows_who_went(console, send):
    jane = answered_id(send("POST", "/Users", JANE))

    told = words(page_of(console, send("DELETE", f"/Users/{jane}").number))

    assert "deletes Jane Berg" in told
    assert "Jane Berg User · deleted · version 1 → 2 restore" in told
    assert 'title − "Engineer"' in told


def test_filter_is_a_tree_with_the_fault_marked(console, send):
    good = send("GET", '/Users?filter=userName sw "j" and (active eq true or title pr)')
    bad = send("GET", '/Users?filter=userName eqq "j"')
    open_end = send("GET", '/Users?filter=userName eq "j')

    page = page_of(console, good.number)
    assert "userName begins with" in words(page)
    assert "├─ userName sw" in unescape(page)
    assert '<span class="path is-wrong" title="the error is here">eqq' in page_of(
        console, bad.number
    )
    assert "is-wrong" in page_of(console, open_end.number)


def test_statements_are_listed_with_time_and_rows(console, send):
    page = page_of(console, send("POST", "/Users", JANE).number)

    assert re.search(r"\d+ statements · [\d.]+ ms", words(page))
    assert "INSERT INTO users" in page


def test_dry_run_says_that_nothing_changed(console, send):
    told = words(page_of(console, send("POST", "/Users", JANE, Prefer="dry-run").number))

    assert "would create the user Jane Berg" in told
    assert "Nothing changed in the directory: it was a dry run." in told


def test_rejected_token_shows_expected_and_received(console, recordings):
    with plain_client(headers={"User-Agent": "Okta SCIM Client 1.0.0"}) as web:
        sent = web.get(
            f"{console.server.url}/Users", headers={"Authorization": "Bearer Bearer 123456789"}
        )
    assert happens(lambda: recordings.find(sent.headers["x-request-id"]))
    [found] = recordings.find(sent.headers["x-request-id"])

    page = page_of(console, found.number)
    told = words(page)

    assert "401 Unauthorized" in told
    assert "What to change In Okta" in told
    assert page.count('<li class="failed">') == 1
    assert page.count('<li class="passed">') == 3
    assert "123456789" not in page
    assert 'Okta · Its User-Agent is "Okta SCIM Client 1.0.0".' in told


def test_conflict_has_its_cause_and_remedy_at_the_top(console, send):
    send("POST", "/Users", JANE)

    told = words(page_of(console, send("POST", "/Users", JANE).number))

    assert told.index("userName is taken") < told.index("What to change") < told.index("Why 409")
    assert "A user with this userName is here already" in told


def test_conversation_and_neighbours_are_linked(console, send):
    looked = send("GET", '/Users?filter=userName eq "jane@example.com"')
    created = send("POST", "/Users", JANE)

    page = page_of(console, looked.number)

    assert f'href="/exchange/{created.number}" rel="next"' in page
    assert f'href="/exchange/{looked.number}" rel="prev"' in page_of(console, created.number)
    assert "It belongs to a conversation of 2" in page
    assert '<li aria-current="true">' in page


def test_what_history_forgot_is_said(console, record):
    gone = Made("User", "01a226cd-4bdb-7e88-aa5d-a8d00b1fbc41", 4, "patch")
    body = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "x"}]}

    number = record(made_up("PATCH", f"/Users/{gone.resource_id}", body, made=(gone,)))

    told = words(page_of(console, number))
    assert "History no longer has this version." in told
    assert '1 Set title to "x"' in told


@pytest.mark.parametrize("number", ["0", "999999999", "9" * 30])
def test_unknown_exchange_is_404(console, number):
    answer = console.web.get(f"/exchange/{number}")

    assert answer.status_code == 404
    assert "is not recorded" in answer.text


def test_asynchronous_request_is_there_twice(console, send, recordings):
    """Once as it was accepted, and once as it was carried out, with what it changed."""
    accepted = send("POST", "/Users", JANE | {"password": "t1ger Lily"}, Prefer="respond-async")
    assert accepted.status == 202
    assert dict(accepted.answer.headers)["Set-Txn"]

    assert happens(lambda: len(recordings.find(accepted.id)) == 2)

    [done] = [each for each in recordings.find(accepted.id) if each.status == 201]
    assert [(each.resource_type, each.version) for each in done.made] == [("User", 1)]
    assert "t1ger" not in done.request.body
    assert dict(done.answer.headers)["Set-Txn"] == dict(accepted.answer.headers)["Set-Txn"]
    assert "jane@example.com" in words(page_of(console, done.number))
    assert page_of(console, accepted.number)
