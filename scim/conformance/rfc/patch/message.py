"""PATCH: the request as a whole (RFC 7644 §3.5.2)."""

from typing import Any

from ...answers import PATCH_OP, expect_status
from ...outcomes import expect
from ...service import Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, need
from ..expectations import expect_error, expect_explained, expect_refused
from ..requests import patch, patched, read

check = area("patch", "RFC 7644 §3.5.2", needs=("patch",))
ATOMIC = (
    "If a single operation encounters an error condition, the original SCIM resource MUST be"
    " restored, and a failure status SHALL be returned."
)
INCOMPATIBLE = (
    "An operation that is not compatible with an attribute's mutability or schema SHALL return the"
    " appropriate HTTP response status code and a JSON detail error response"
)
TITLE = {"op": "replace", "path": "title", "value": "Driver"}
WRONG = {"op": "replace", "path": "emails[type eq", "value": "x"}


@check(
    "On successful completion, the server either MUST return a 200 OK response code and the entire"
    " resource within the response body"
)
def patch_is_200_with_the_user_or_204(service: Service) -> None:
    """A PATCH is 200 with the whole user, or 204 without a body."""
    user = service.new_user()
    answer = patch(service, user, TITLE)
    expect_status(answer, 200, 204)
    if answer.status == 200:
        expect(answer.json == read(service, user), "GET shows something else")
    else:
        expect(not answer.text, "there is a body")


@check("Operations are applied sequentially in the order they appear in the array.")
def operations_are_applied_in_order(service: Service) -> None:
    """The last of two operations on one attribute decides."""
    user = service.new_user()
    first, second = TITLE | {"value": "Driver"}, TITLE | {"value": "Guide"}
    shown = patched(service, user, first, second).get("title")
    expect(shown == "Guide", f"title is {shown!r}")


@check("the resulting resource becomes the target of the next operation.")
def an_operation_sees_what_the_one_before_did(service: Service) -> None:
    """An operation can select a value that the one before it has added."""
    user = service.new_user(emails=[])
    home = {"value": "home@example.com", "type": "home"}
    shown = patched(
        service,
        user,
        {"op": "add", "path": "emails", "value": [home]},
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "new@example.com"},
    )
    found = [each["value"] for each in shown.get("emails") or []]
    expect(found == ["new@example.com"], f"emails has {found!r}")


@check(ATOMIC)
def a_failing_operation_undoes_those_before(service: Service) -> None:
    """A failing second operation undoes the first."""
    user = service.new_user(title="Guide")
    expect_refused(patch(service, user, TITLE, WRONG))
    expect(read(service, user) == user, "the user has changed")


@check(ATOMIC)
def a_failing_operation_stops_those_after(service: Service) -> None:
    """A failing first operation stops the second."""
    user = service.new_user(title="Guide")
    expect_refused(patch(service, user, WRONG, TITLE))
    expect(read(service, user).get("title") == "Guide", "the title has changed")


@check("A PATCH request, regardless of the number of operations, SHALL be treated as atomic.")
def a_conflict_undoes_the_whole_patch(service: Service) -> None:
    """A userName in use fails the whole PATCH."""
    other, user = service.new_user(), service.new_user(title="Guide")
    rename = {"op": "replace", "path": "userName", "value": other["userName"]}
    answer = patch(service, user, TITLE, rename)
    expect(answer.status in (400, 409), f"PATCH was answered {answer.status}")
    shown = read(service, user)
    expect(shown["title"] == "Guide", "the title has changed")
    expect(shown["userName"] == user["userName"], "the userName has changed")


@check.each(
    "words, message, quote",
    (
        "A PATCH without Operations",
        {"schemas": [PATCH_OP]},
        'The body of an HTTP PATCH request MUST contain the attribute "Operations"',
    ),
    (
        "A PATCH whose Operations are no list",
        {"schemas": [PATCH_OP], "Operations": "replace"},
        "whose value is an array of one or more PATCH operations.",
    ),
    (
        "An operation without op",
        {"schemas": [PATCH_OP], "Operations": [{"path": "title", "value": "Driver"}]},
        'Each PATCH operation object MUST have exactly one "op" member',
    ),
    (
        "An unknown op",
        {"schemas": [PATCH_OP], "Operations": [TITLE | {"op": "increment"}]},
        'MAY be one of "add", "remove", or "replace".',
    ),
    (
        "An op of RFC 6902",
        {
            "schemas": [PATCH_OP],
            "Operations": [{"op": "move", "from": "title", "path": "nickName"}],
        },
        "do not support [RFC6902] operation types relating to array element manipulation, such as"
        ' "move".',
    ),
    (
        "An op that is no string",
        {"schemas": [PATCH_OP], "Operations": [TITLE | {"op": 1}]},
        "whose value indicates the operation to perform",
    ),
)
def a_malformed_message_is_refused(service: Service, message: Any) -> None:
    """{words} is 400."""
    user = service.new_user(title="Guide")
    expect_status(service.client.patch(f"/Users/{user['id']}", message), 400)
    expect(read(service, user)["title"] == "Guide", "the title has changed")


@check.each(
    "words, path",
    ("A path with a bracket that is not closed", 'emails[type eq "work"'),
    ("A path with brackets around nothing", "emails[].value"),
    ("A path with two dots", "name..familyName"),
    ("A path that begins with a dot", ".familyName"),
    ("A path with an index", "emails[0].value"),
    ("A path of RFC 6902", "/emails/0/value"),
    ("A path with something after the end", 'emails[type eq "work"].value.more'),
    quote='The "path" attribute was invalid or malformed (see Figure 7).',
    section="RFC 7644 §3.12",
)
def a_malformed_path_is_refused(service: Service, path: str) -> None:
    """{words} is 400."""
    user = service.new_user()
    answer = patch(service, user, {"op": "replace", "path": path, "value": "x"})
    expect_explained(answer, 400, "invalidPath", "invalidFilter", "invalidSyntax", "noTarget")
    expect(read(service, user) == user, "the user has changed")


@check.each(
    "path, value",
    ("id", "scim-check"),
    ("meta.created", "2001-02-03T04:05:06Z"),
    ("meta.resourceType", "Robot"),
    ("groups", [{"value": "scim-check"}]),
    quote='a client MUST NOT modify an attribute that has mutability "readOnly" or "immutable".',
)
def a_read_only_attribute_stays(service: Service, path: str, value: Any) -> None:
    """{path}, which is read-only, cannot be replaced."""
    user = service.new_user()
    answer = patch(service, user, {"op": "replace", "path": path, "value": value})
    expect_explained(answer, 400, "mutability")
    expect(read(service, user) == user, "the user has changed")


@check(INCOMPATIBLE)
def a_value_of_a_wrong_type_is_refused(service: Service) -> None:
    """A word cannot replace a boolean."""
    user = service.new_user(active=True)
    answer = patch(service, user, {"op": "replace", "path": "active", "value": "perhaps"})
    expect_error(answer, 400)
    expect(read(service, user).get("active") is True, "active has changed")


@check(INCOMPATIBLE)
def a_user_name_in_use_is_refused(service: Service) -> None:
    """A PATCH to a userName in use is refused."""
    other, user = service.new_user(), service.new_user()
    change = {"op": "replace", "path": "userName", "value": other["userName"]}
    answer = patch(service, user, change)
    expect(answer.status in (400, 409), f"PATCH was answered {answer.status}")
    expect_explained(answer, answer.status, "uniqueness")


@check(
    "All facets (URN, attribute, and sub-attribute name) of the fully encoded attribute name are"
    " case insensitive.",
    "RFC 7644 §3.10",
)
def paths_are_case_insensitive(service: Service) -> None:
    """The server reads paths in any case."""
    shown = patched(
        service,
        service.new_user(),
        {"op": "replace", "path": "NAME.familyname", "value": "Jensen"},
        {"op": "replace", "path": 'EMAILS[TYPE EQ "work"].VALUE', "value": "new@example.com"},
    )
    expect(shown["name"]["familyName"] == "Jensen", f"name is {shown['name']!r}")
    expect(shown["emails"][0]["value"] == "new@example.com", f"emails is {shown['emails']!r}")


@check("uniquely identified by prefixing the attribute name with its schema URN", "RFC 7644 §3.10")
def paths_may_have_a_urn(service: Service) -> None:
    """A path may begin with the URN of the core schema."""
    urn = "urn:ietf:params:scim:schemas:core:2.0:User"
    change = {"op": "replace", "path": f"{urn}:name.familyName", "value": "Jensen"}
    shown = patched(service, service.new_user(), change)
    expect(shown["name"]["familyName"] == "Jensen", f"name is {shown['name']!r}")


@check(
    'automatically adds the value "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User" to'
    ' the resource\'s "schemas" attribute.'
)
def an_extended_attribute_adds_its_schema(service: Service) -> None:
    """An add of an extension's attribute by its URN adds the extension to schemas."""
    need(service, "employeeNumber", schema=ENTERPRISE_USER_SCHEMA)
    path = f"{ENTERPRISE_USER_SCHEMA}:employeeNumber"
    shown = patched(service, service.new_user(), {"op": "add", "path": path, "value": "701984"})
    number = shown.get(ENTERPRISE_USER_SCHEMA, {}).get("employeeNumber")
    expect(number == "701984", f"employeeNumber is {number!r}")
    expect(ENTERPRISE_USER_SCHEMA in shown["schemas"], f"schemas is {shown['schemas']!r}")


@check(
    "If a request fails, the server SHALL return an HTTP response status code and a JSON detail"
    " error response as defined in Section 3.12."
)
def a_refused_patch_has_an_error(service: Service) -> None:
    """A refused PATCH has a SCIM error as its body."""
    answer = patch(service, service.new_user(), WRONG)
    expect_refused(answer)
    expect(answer.json.get("status") == str(answer.status), f"the body is {answer.text[:80]}")
