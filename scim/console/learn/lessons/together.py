"""Lessons about groups, errors, versions, pages and bulk requests."""

from scim.protocol.bulk import BULK_REQUEST_SCHEMA

from .lesson import (
    GROUP,
    USER,
    Got,
    Lesson,
    Names,
    Sent,
    Verdict,
    in_the_way,
    patch,
    refused,
    right,
    user,
    written,
    wrong,
)

GUESTS = 5
ON_PAGE = 2


def _grouped(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method != "POST" or sent.path.lower() != "/groups":
        return wrong("Not yet: a new group is a POST to /Groups.")
    if got.status == 409:
        return in_the_way("A group of this name is there already, from an earlier try.")
    if got.status != 201:
        return refused(got)
    if names.id() in [each.get("value") for each in got.objects("members")]:
        return right("Right: the group is there, and Ana is its member.")
    return in_the_way("You made the group, but Ana is not in it. Put her id into members.")


def _nobody(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method != "GET":
        return wrong("Not yet: first only look. Ask with GET and a filter.")
    if got.status != 200:
        return refused(got)
    if names.user_name("bert").lower() not in sent.target.lower():
        return wrong(f"Not yet: ask for {names.user_name('bert')}.")
    if got.json.get("totalResults") == 0:
        return right("Right: the answer is 200 and an empty list. Nobody has that name.")
    return wrong("Somebody was found. Compare the whole userName, with eq.")


def _taken(names: Names, sent: Sent, got: Got) -> Verdict:
    if sent.method == "POST" and got.status in (201, 409) and sent.user_name != names.user_name():
        told = "That name was free" if got.status == 201 else "Somebody else has that name"
        return wrong(f"{told}. Ana's userName is {names.user_name()}: try to create her.")
    if got.status == 409 and got.json.get("scimType") == "uniqueness":
        return right("Right: 409 with scimType uniqueness. The name is taken.")
    if sent.method != "POST":
        return wrong("Not yet: try to create her with POST.")
    return refused(got)


def _stale(names: Names, sent: Sent, got: Got) -> Verdict:
    if got.status == 412:
        return right("Right: 412. Somebody has changed Vera since, so the server did nothing.")
    if got.status == 200 and not sent.if_match:
        return wrong("The change was made, since nothing was asked. Fill in If-Match, too.")
    if got.status == 200:
        return wrong(
            'The change was made: that version is the newest. Ask for an older one, W/"1".'
        )
    return refused(got)


def _second_page(names: Names, sent: Sent, got: Got) -> Verdict:
    if got.status != 200:
        return refused(got)
    start, count = got.json.get("startIndex"), got.json.get("itemsPerPage")
    if got.json.get("totalResults") != GUESTS or names.tag not in sent.target:
        return wrong(f"Not yet: keep the filter, which finds the {GUESTS} guests.")
    if start == ON_PAGE + 1 and count == ON_PAGE:
        return right("Right: these are the third and the fourth guest, the second page.")
    if start == ON_PAGE:
        return wrong("Nearly: startIndex counts resources, not pages, and it counts from 1.")
    return wrong(f"This page starts at {start} and has {count}. It should start at 3 and have 2.")


def _bulk(_: Names, sent: Sent, got: Got) -> Verdict:
    if sent.path.lower() != "/bulk":
        return wrong("Not yet: a bulk request is a POST to /Bulk.")
    if got.status != 200:
        return refused(got)
    done = [str(each.get("status")) for each in got.objects("Operations")]
    refers = "bulkId:u1" in sent.body
    if done == ["201", "201"] and refers:
        return right("Right: one request, and both are there. The member has a real id now.")
    if "409" in done:
        return in_the_way("One of them is there already, from an earlier try.")
    if "201" in done:
        return in_the_way(
            f"The operations were answered with {', '.join(done)}. "
            "The member of the group should be bulkId:u1."
        )
    return wrong(f"Not yet: the operations were answered with {', '.join(done) or 'nothing'}.")


def _guests(names: Names) -> str:
    return f'/Users?filter=userName sw "guest" and userName ew "{names.tag}@lesson.example"'


def _bulk_body(names: Names, member: str) -> str:
    bert = {"schemas": [USER], "userName": names.user_name("bulk")}
    group = {
        "schemas": [GROUP],
        "displayName": names.group_name("Newcomers"),
        "members": [{"value": member}],
    }
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "u1", "data": bert},
        {"method": "POST", "path": "/Groups", "bulkId": "g1", "data": group},
    ]
    return written({"schemas": [BULK_REQUEST_SCHEMA], "Operations": operations})


def _named(endpoint: str, attribute: str, name: str) -> tuple[str, str]:
    return endpoint, f'{attribute} eq "{name}"'


def _group(names: Names, members: list[dict[str, str]]) -> str:
    name = names.group_name("Guides")
    return written({"schemas": [GROUP], "displayName": name, "members": members})


GROUPS = Lesson(
    "groups-and-members",
    "Groups and members",
    "Who belongs together, by their ids.",
    lambda names: f"Create the group “{names.group_name('Guides')}” with Ana as its member.",
    lambda names: Sent("POST", "/Groups", _group(names, [])),
    lambda names: Sent("POST", "/Groups", _group(names, [{"value": names.id()}])),
    _grouped,
    "A group has its members by their ids. The other way round is for reading only: Ana's groups "
    "show the new group, but nobody can write them there.",
    needs=("ana",),
    makes=lambda names: [_named("/Groups", "displayName", names.group_name("Guides"))],
)
LOOK_UP = Lesson(
    "look-up-before-create",
    "What a provider does first",
    "Look before you create.",
    lambda names: (
        "Bert is new. Do what a provider does first: "
        f"check whether {names.user_name('bert')} exists."
    ),
    lambda _: Sent("GET", "/Users"),
    lambda names: Sent("GET", f'/Users?filter=userName eq "{names.user_name("bert")}"'),
    _nobody,
    "Only now the provider creates him. If the list had Bert in it, the provider would take his id "
    "and change him instead, so that nobody is there twice.",
)
UNIQUENESS = Lesson(
    "errors-uniqueness",
    "Errors: the name is taken",
    "How a server says no, and why.",
    lambda names: f"Ana is there already. Try to create {names.user_name()} once more.",
    lambda names: Sent("POST", "/Users", written({"schemas": [USER], "userName": "…"})),
    lambda names: Sent("POST", "/Users", written(user(names, "ana"))),
    _taken,
    "Every error has a status for programs, a scimType that says more, and a detail for people. An "
    "administrator sees this detail as the red error in Okta or Entra ID.",
    needs=("ana",),
    blank="Ana's userName",
)
VERSIONS = Lesson(
    "versions-and-etags",
    "Versions and ETags",
    "Two people change one user at once.",
    lambda _: (
        "Set Vera's title to Boss, but only if she still has version 1. "
        "She has been changed since, so the server must refuse."
    ),
    lambda names: Sent(
        "PATCH",
        f"/Users/{names.id('vera')}",
        patch({"op": "replace", "path": "title", "value": "Boss"}),
    ),
    lambda names: Sent(
        "PATCH",
        f"/Users/{names.id('vera')}",
        patch({"op": "replace", "path": "title", "value": "Boss"}),
        if_match='W/"1"',
    ),
    _stale,
    "The version is in meta and in the header ETag. With If-Match two programs that change one "
    "user at the same time cannot overwrite each other without noticing.",
    needs=("vera",),
    has_version=True,
)
PAGES = Lesson(
    "pages-of-results",
    "Pages of results",
    "Read a long list piece by piece.",
    lambda _: (
        f"There are {GUESTS} guests. Ask for the second page of {ON_PAGE}: "
        "add count and startIndex to the URL."
    ),
    lambda names: Sent("GET", f"{_guests(names)}&count={ON_PAGE}"),
    lambda names: Sent("GET", f"{_guests(names)}&count={ON_PAGE}&startIndex={ON_PAGE + 1}"),
    _second_page,
    "A provider reads a large directory page by page, until it has totalResults of them. With "
    "cursor= instead of startIndex, a page stays right even if somebody is deleted meanwhile.",
    needs=("guest1", "guest2", "guest3", "guest4", "guest5"),
)
BULK = Lesson(
    "bulk",
    "Many at once: bulk",
    "Many operations in one request.",
    lambda _: (
        "Create a user and a group with this user in it, in one request. The user has no id yet: "
        "the group refers to bulkId:u1."
    ),
    lambda names: Sent("POST", "/Bulk", _bulk_body(names, "…")),
    lambda names: Sent("POST", "/Bulk", _bulk_body(names, "bulkId:u1")),
    _bulk,
    "Each operation has its own status, so some may fail while others succeed. Okta and Entra ID "
    "do not use it; programs that bring thousands of users on the first day do.",
    blank="the user's bulkId",
    makes=lambda names: [
        _named("/Groups", "displayName", names.group_name("Newcomers")),
        _named("/Users", "userName", names.user_name("bulk")),
    ],
)
