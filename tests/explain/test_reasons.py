"""Reasons: the section, the decisions and the tolerances behind an answer."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from scim.explain.reasons import decisions
from scim.explain.reasons.decisions import Decision
from scim.explain.reasons.reason import reason
from scim.explain.sentences.tolerances import WORDS
from scim.operate.brake import STOPS
from scim.operate.protection import IS_PROTECTED
from scim.routes.auth import PAUSED as TENANT_PAUSED

from ..support.tries import tries
from .test_sentences import JANE, SALES, error, exchanges, found, patch
from .traffic import RECORDINGS, exchange, recorded

DOCS = Path(__file__).parents[2] / "docs"
RFCS = ["6749", "7240", "7643", "7644", "9110", "9865", "6585"]
ONE = "/Users/01a2"
WORK = 'emails[type eq "work"].value'


def rows(document):
    """Return the first cells of a document's tables, each with the anchor of its heading."""
    found, anchor = set(), ""
    for line in (DOCS / document).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            anchor = re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        elif line.startswith("| "):
            found.add((anchor, line[2:].split(" | ")[0]))
    return found


LINKS = [each.link for each in vars(decisions).values() if isinstance(each, Decision)]
LINKS += [decisions.tolerance(name).link for name in WORDS]


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_link_leads_to_a_row(link):
    assert (link.anchor, link.row) in rows(link.document)


CASES = [
    (exchange("POST", "/Users", {"userName": "x"}, 201, JANE), "§3.3", ["POST without `active`"]),
    (
        exchange("POST", "/Users", JANE, 409, error("userName is already in use", "uniqueness")),
        "§3.3",
        ["Upper and lower case"],
    ),
    (
        exchange(
            "POST", "/Groups", SALES, 409, error("displayName is already in use", "uniqueness")
        ),
        "§3.3",
        ["Two groups with one name"],
    ),
    (
        exchange("GET", '/Users?filter=userName eq "x"', None, 200, found()),
        "§3.4.2.2",
        ["Nothing found"],
    ),
    (
        exchange("DELETE", ONE, None, 403, error(f"{STOPS}: 500 users were deactivated")),
        "§3.12",
        ["A provider deactivates or deletes very many"],
    ),
    (
        exchange("DELETE", ONE, None, 403, error(f"{IS_PROTECTED} (id eq 1)")),
        "§3.12",
        ["A protected user"],
    ),
    (
        exchange("DELETE", ONE, None, 403, error("this token does not have the scope 'write'")),
        "§3.12",
        ["A missing scope or resource type"],
    ),
    (
        exchange("DELETE", ONE, None, 503, error(TENANT_PAUSED)),
        "§15.6.4",
        ["A change in a paused tenant"],
    ),
    (exchange("GET", "/Users?startIndex=1&count=1", None, 200, found(JANE)), "§3.4.2.4", []),
    (
        exchange("GET", "/Users?startIndex=9&count=1", None, 200, found(total=3)),
        "§3.4.2.4",
        ["Numbers out of range", "Order"],
    ),
    (
        exchange("GET", "/Users?cursor=", None, 200, found(JANE)),
        "RFC 9865 §2",
        ["What is a cursor?"],
    ),
    (exchange("PUT", ONE, JANE, 200, JANE), "§3.5.1", ["What do PUT and PATCH answer?", "Attr"]),
    (
        exchange(
            "PATCH",
            ONE,
            patch({"op": "Replace", "path": WORK, "value": "x"}),
            200,
            JANE,
            tolerated=["created_value_path"],
        ),
        "§3.5.2.3",
        ["What do PUT and PATCH answer?", "`created_value_path`"],
    ),
    (
        exchange("PATCH", ONE, patch({"op": "replace", "value": {"active": False}}), 200, JANE),
        "§3.5.2.3",
        ["What do PUT and PATCH answer?", "Does `active` false delete a user?"],
    ),
    (
        exchange(
            "PATCH",
            "/Groups/9",
            patch({"op": "Remove", "path": "members", "value": [{"value": "1"}]}),
            200,
            SALES,
        ),
        "§3.5.2.2",
        ["What does a PATCH of a large group answer?", "`remove` of `members` with a list"],
    ),
    (
        exchange(
            "PATCH",
            ONE,
            patch({"op": "replace", "path": WORK, "value": "x"}),
            400,
            error(f"no value matches {WORK}; use add to create one", "noTarget"),
        ),
        "§3.5.2.3",
        ["`replace` with a filter that matches nothing"],
    ),
    (
        exchange(
            "PATCH",
            "/Groups/9",
            patch({"op": "add", "path": "members", "value": [{"value": "1"}]}),
            400,
            error("Operations[0]: members: '1' does not exist", "invalidValue"),
        ),
        "§3.12",
        ["A member that does not exist"],
    ),
    (exchange("DELETE", ONE, None, 204), "§3.6", ["DELETE"]),
    (exchange("DELETE", "/Groups/9", None, 204), "§3.6", ["DELETE of a group"]),
    (exchange("GET", ONE, None, 304), "§3.14", []),
    (
        exchange("GET", "/Users", None, 401, error("the Authorization header must be Bearer")),
        "RFC 7644 §2",
        ["`bearer`", "Unknown endpoint or method, without a token"],
    ),
    (
        exchange("GET", "/Users", None, 401, error("the demo token is accepted on")),
        "RFC 7644 §2",
        ["The demo token"],
    ),
    (
        exchange(
            "GET", "/users", None, 404, error("this endpoint does not exist; did you mean x?")
        ),
        "§3.2",
        ["A path that is nearly an endpoint"],
    ),
    (exchange("GET", "/Users", None, 429, error("x")), "RFC 6585 §4", ["Too many requests"]),
    (exchange("PUT", ONE, JANE, 404, error("there is no User")), "§3.12", ["PUT of an id"]),
    (exchange("GET", "/Schemas"), "§4", ["Does discovery need the token?"]),
    (exchange("POST", "/Bulk", {"Operations": []}, 200), "§3.7", ["Transactions", "Response"]),
    (exchange("GET", "/Me", None, 501, error("no user")), "§3.11", ["`/Me` with a token"]),
    (
        exchange("GET", "/Users?filter=", None, 400, error("expected a name", "invalidFilter")),
        "§3.4.2.2",
        ["An empty `filter=`"],
    ),
]


@pytest.mark.parametrize(("case", "section", "linked"), CASES)
def test_reason(case, section, linked):
    why = reason(case)

    assert why.section.endswith(section)
    assert len(why.links) == len(linked), why.links
    for link, row in zip(why.links, linked, strict=True):
        assert link.row.startswith(row)


def test_dry_run_is_named():
    tried = exchange("POST", "/Users", JANE, 201, JANE, applied="dry-run")

    assert "dry-run" in reason(tried).says


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_exchanges_have_reasons(recording):
    for name, each in recorded(recording):
        why = reason(each)
        assert why.section.split()[1] in RFCS, name
        assert why.says.endswith("."), name


@settings(max_examples=tries(50))
@given(exchanges)
def test_any_exchange_has_a_reason(each):
    why = reason(each)

    assert why.section
    assert len(why.decided) == len(why.links)
