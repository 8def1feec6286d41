"""Versions of resources (RFC 7644 §3.14)."""

import re
from collections.abc import Callable
from typing import Any

from ...answers import PATCH_OP, expect_status
from ...client import Exchange
from ...outcomes import expect
from ...service import Service
from ..areas import SHOULD, area
from ..requests import find, get

SECTION = "RFC 7644 §3.14"
check = area("etag", SECTION, needs=("etag",))
COMMON = "RFC 7643 §3.1"
OLD = 'W/"scim-check-never"'
HEADER = (
    "When supported, SCIM ETags MUST be specified as an HTTP header and SHOULD be specified within"
    " the 'version' attribute contained in the resource's 'meta' attribute."
)
SAME = "This value must be the same as the entity-tag (ETag) HTTP response header"
NOT_MODIFIED = (
    "If the resource has not changed, the service provider simply returns an empty body with a 304"
    " (Not Modified) response code."
)
ONLY_IF = (
    "to ensure that the requested operation succeeds only if the supplied ETag matches the latest"
    " service provider resource"
)
IF_MATCH = "the client MAY supply an If-Match header"
STANDARD = "The SCIM protocol supports resource versioning via standard HTTP ETags"
NOT_LATEST = "an ETag that is not the latest is not done"
LATEST = "the latest ETag is done"


def created(service: Service) -> tuple[str, Exchange]:
    """Create a user; return its path and the answer."""
    answer = service.client.post("/Users", service.user(title="Guide"))
    expect_status(answer, 201)
    return f"/Users/{answer.json['id']}", answer


def change(service: Service, method: str, path: str, **headers: str) -> Exchange:
    """Change the title of a user, or delete the user."""
    operation = {"op": "replace", "path": "title", "value": "Driver"}
    body = {
        "PUT": service.user(title="Driver"),
        "PATCH": {"schemas": [PATCH_OP], "Operations": [operation]},
        "DELETE": None,
    }[method]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.client.request(method, path, body, headers=named)


def tag_of(service: Service, path: str) -> str:
    answer = service.client.get(path)
    expect_status(answer, 200)
    expect(answer.headers.get("etag"), "there is no ETag")
    return answer.headers["etag"]


@check(HEADER)
def create_has_an_etag(service: Service) -> None:
    """The answer to a POST has an ETag."""
    expect(created(service)[1].headers.get("etag"), "there is no ETag")


@check(HEADER)
def read_has_an_etag(service: Service) -> None:
    """The answer to a GET has an ETag."""
    tag_of(service, created(service)[0])


@check(HEADER, level=SHOULD)
def meta_has_the_version(service: Service) -> None:
    """A user has meta.version."""
    expect(created(service)[1].json["meta"].get("version"), "there is no meta.version")


@check(SAME, COMMON)
def version_is_the_etag(service: Service) -> None:
    """meta.version, if shown, equals the ETag of a POST and of a GET."""
    path, answer = created(service)
    for each in (answer, service.client.get(path)):
        version = each.json["meta"].get("version", each.headers["etag"])
        expect(
            version == each.headers["etag"],
            f"meta.version is {version}, the ETag {each.headers['etag']}",
        )


@check(SAME, COMMON, needs=("etag", "filter"))
def version_in_a_list_is_the_etag(service: Service) -> None:
    """meta.version in a list, if shown, equals the ETag of the user."""
    path, answer = created(service)
    query = {"filter": f'userName eq "{answer.json["userName"]}"'}
    (listed,) = get(service, "/Users", **query)["Resources"]
    tag = tag_of(service, path)
    expect(listed["meta"].get("version", tag) == tag, f"meta is {listed['meta']}, the ETag {tag}")


@check(
    'the origin server MUST mark the "version" (entity-tag) as weak by prefixing its opaque value'
    ' with "W/" (case sensitive).',
    COMMON,
)
def etags_are_well_formed(service: Service) -> None:
    """An ETag is a quoted string, with W/ before it if it is weak."""
    tag = tag_of(service, created(service)[0])
    expect(re.fullmatch(r'(W/)?"[\x21\x23-\x7e\x80-\xff]*"', tag), f"the ETag is {tag}")


@check("version The version of the resource being returned.", COMMON)
def etags_stay_while_nothing_changes(service: Service) -> None:
    """Two GETs of an unchanged user have the same ETag."""
    path = created(service)[0]
    expect(tag_of(service, path) == tag_of(service, path), "the ETags differ")


@check.each(
    "method, needs",
    ("PUT", ("etag",)),
    ("PATCH", ("etag", "patch")),
    section=COMMON,
    quote="version The version of the resource being returned.",
)
def a_change_changes_the_etag(service: Service, method: str) -> None:
    """A {method} that changes something changes the ETag."""
    path = created(service)[0]
    before = tag_of(service, path)
    answer = change(service, method, path)
    expect_status(answer, 200, 204)
    after = tag_of(service, path)
    expect(after != before, f"the ETag still is {before}")
    shown = answer.headers.get("etag", after)
    expect(shown == after, f"the answer to the {method} has {shown}, a GET {after}")


@check(NOT_MODIFIED)
def what_has_not_changed_is_304(service: Service) -> None:
    """A GET with the ETag in If-None-Match is 304 without a body."""
    path = created(service)[0]
    answer = service.client.get(path, headers={"If-None-Match": tag_of(service, path)})
    expect_status(answer, 304)
    expect(not answer.text, "there is a body")


@check(NOT_MODIFIED)
def a_projection_that_has_not_changed_is_304(service: Service) -> None:
    """A GET with attributes and its ETag in If-None-Match is 304."""
    path = created(service)[0]
    tag = service.client.get(path, query={"attributes": "displayName"}).headers["etag"]
    headers = {"If-None-Match": tag}
    answer = service.client.get(path, query={"attributes": "displayName"}, headers=headers)
    expect_status(answer, 304)


@check("clients MAY choose to retrieve the resource only if the resource has been modified.")
def what_has_changed_is_200(service: Service) -> None:
    """A GET with an outdated ETag in If-None-Match is 200 with the user."""
    path = created(service)[0]
    before = tag_of(service, path)
    change(service, "PUT", path)
    answer = service.client.get(path, headers={"If-None-Match": before})
    expect_status(answer, 200)
    expect(answer.json["title"] == "Driver", f"title is {answer.json['title']!r}")


def expect_not_done(service: Service, method: str) -> None:
    path = created(service)[0]
    answer = change(service, method, path, If_Match=OLD)
    expect_status(answer, 412, 409)  # Table 8 has both
    shown = get(service, path)
    expect(shown["title"] == "Guide", f"title is {shown['title']!r}")


def expect_done(service: Service, method: str, tag: str = "") -> None:
    path = created(service)[0]
    answer = change(service, method, path, If_Match=tag or tag_of(service, path))
    expect_status(answer, *((204,) if method == "DELETE" else (200, 204)))
    after: Any = service.client.get(path)
    is_right = after.status == 404 if method == "DELETE" else after.json["title"] == "Driver"
    expect(is_right, f"the {method} has changed nothing")


@check.each(
    "method, condition, expect_outcome, section, quote, needs",
    ("PUT", NOT_LATEST, expect_not_done, SECTION, ONLY_IF, ("etag",)),
    ("PUT", LATEST, expect_done, SECTION, IF_MATCH, ("etag",)),
    ("PATCH", NOT_LATEST, expect_not_done, SECTION, ONLY_IF, ("etag", "patch")),
    ("PATCH", LATEST, expect_done, SECTION, IF_MATCH, ("etag", "patch")),
    (
        "DELETE",
        NOT_LATEST,
        expect_not_done,
        "RFC 7644 §3.12",
        "Failed to update. Resource has changed on the server.",
        ("etag",),
    ),
    ("DELETE", LATEST, expect_done, SECTION, STANDARD, ("etag",)),
)
def a_write_heeds_if_match(
    service: Service, method: str, expect_outcome: Callable[[Service, str], None]
) -> None:
    """A {method} with {condition}."""
    expect_outcome(service, method)


@check(STANDARD)
def a_put_with_if_match_is_done(service: Service) -> None:
    """A PUT with If-Match * is done."""
    expect_done(service, "PUT", "*")


@check("ensuring that clients do not inadvertently overwrite each other's changes")
def who_comes_second_does_not_overwrite(service: Service) -> None:
    """The second of two PUTs with the same ETag is not done."""
    path = created(service)[0]
    tag = tag_of(service, path)
    first, second = service.user(title="First"), service.user(title="Second")
    expect_status(service.client.put(path, first, headers={"If-Match": tag}), 200)
    expect_status(service.client.put(path, second, headers={"If-Match": tag}), 412, 409)
    expect(get(service, path)["title"] == "First", "the second PUT was done")
    expect(not find(service, f'userName eq "{second["userName"]}"'), "the second userName is found")
