"""Retrieving a known resource (RFC 7644 §3.4.1)."""

import json

from ...answers import expect_status
from ...client import Exchange
from ...outcomes import expect
from ...service import USER_SCHEMA, Service
from ..areas import SHOULD, area
from ..requests import moment, patched, read

check = area("read", "RFC 7644 §3.4.1")
COMMON = "RFC 7643 §3.1"


def get_new(service: Service, **headers: str | None) -> Exchange:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.client.get(f"/Users/{service.new_user()['id']}", headers=named)


def media_type(answer: Exchange) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


@check(
    "If the resource exists, the server responds with HTTP status code 200 (OK) and includes the"
    " result in the body of the response."
)
def read_shows_the_user(service: Service) -> None:
    """A GET of a user is 200 with the user."""
    user = service.new_user()
    shown = read(service, user)
    expect(shown["id"] == user["id"], f"id is {shown['id']!r}")
    expect(shown["userName"] == user["userName"], f"userName is {shown['userName']!r}")


@check(
    "It MUST be a stable, non-reassignable identifier that does not change when the same resource"
    " is returned in subsequent requests.",
    COMMON,
)
def the_id_stays(service: Service) -> None:
    """A POST, a GET, a PUT and a query show the same id."""
    body = service.user()
    user = service.create("/Users", body)
    path = f"/Users/{user['id']}"
    query = {"filter": f'userName eq "{body["userName"]}"'}
    shown = {
        service.client.get(path).json["id"],
        service.client.put(path, body | {"title": "Guide"}).json["id"],
        service.client.get("/Users", query=query).json["Resources"][0]["id"],
    }
    expect(shown == {user["id"]}, f"the ids are {shown!r}, at first {user['id']!r}")


@check(
    'Service providers MUST support the "Accept" header "Accept: application/scim+json"',
    "RFC 7644 §3.8",
)
def scim_json_is_accepted(service: Service) -> None:
    """Accept: application/scim+json is answered with application/scim+json."""
    answer = get_new(service, Accept="application/scim+json")
    expect_status(answer, 200)
    expect(media_type(answer) == "application/scim+json", f"Content-Type is {media_type(answer)!r}")


@check('SHOULD support the header "Accept: application/json"', "RFC 7644 §3.8", level=SHOULD)
def json_is_accepted(service: Service) -> None:
    """Accept: application/json is answered with JSON."""
    answer = get_new(service, Accept="application/json")
    expect_status(answer, 200)
    is_json = media_type(answer) in ("application/json", "application/scim+json")
    expect(is_json and answer.json["id"], f"Content-Type is {media_type(answer)!r}")


@check('The format defaults to "application/scim+json" if no format is specified.', "RFC 7644 §3.8")
def scim_json_is_the_default(service: Service) -> None:
    """A request without Accept is answered with application/scim+json."""
    answer = get_new(service, Accept=None)
    expect_status(answer, 200)
    expect(media_type(answer) == "application/scim+json", f"Content-Type is {media_type(answer)!r}")


@check(
    "Servers MUST accept requests and be able to return JSON-structured responses using UTF-8"
    " encoding [RFC3629].",
    "RFC 7644 §3.8",
)
def bodies_are_utf_8(service: Service) -> None:
    """A body in UTF-8 without escapes is read and shown unchanged."""
    name = "Zoë Åström 山田"
    text = json.dumps(service.user(displayName=name), ensure_ascii=False)
    headers = {"Content-Type": "application/scim+json; charset=utf-8"}
    answer = service.client.post("/Users", text, headers=headers)
    expect_status(answer, 201)
    expect(answer.json["displayName"] == name, f"displayName is {answer.json['displayName']!r}")


@check('This value MUST be the same as the "Content-Location" HTTP response header', COMMON)
def content_location_is_meta_location(service: Service) -> None:
    """Content-Location and Location, if present, equal meta.location."""
    answer = get_new(service)
    location = answer.json["meta"]["location"]
    for name in ("content-location", "location"):
        shown = answer.headers.get(name, location)
        expect(shown == location, f"{name} is {shown!r}, meta.location {location!r}")


@check(
    'the attributes "id" and "meta" (and its associated sub-attributes) MUST be assigned values by'
    " the service provider.",
    COMMON,
)
def meta_is_there(service: Service) -> None:
    """A user has meta with its sub-attributes."""
    meta = read(service, service.new_user())["meta"]
    empty = [
        name
        for name in ("resourceType", "created", "lastModified", "location")
        if not meta.get(name)
    ]
    expect(not empty, f"meta lacks {', '.join(empty)}")


@check('The "schemas" attribute MUST contain at least one value', "RFC 7643 §3.3")
def read_shows_the_schemas(service: Service) -> None:
    """A user has the User schema in schemas."""
    schemas = read(service, service.new_user()).get("schemas")
    expect(isinstance(schemas, list) and USER_SCHEMA in schemas, f"schemas is {schemas!r}")


@check(
    'The "schemas" attribute for a resource MUST only contain values defined as "schema" and'
    ' "schemaExtensions" for the resource\'s defined "resourceType".',
    "RFC 7643 §3",
)
def schemas_are_those_of_the_type(service: Service) -> None:
    """A user's schemas are those of the resource type User."""
    types = service.client.get("/ResourceTypes")
    expect_status(types, 200)
    [user_type] = [each for each in types.json["Resources"] if each["schema"] == USER_SCHEMA]
    extensions = {each["schema"] for each in user_type.get("schemaExtensions") or []}
    other = set(read(service, service.new_user())["schemas"]) - extensions - {USER_SCHEMA}
    expect(not other, f"schemas has {', '.join(other)}")


@check(
    "By default, resource attributes returned in a response are those attributes whose"
    ' characteristic "returned" setting is "always" or "default"',
    "RFC 7644 §3.4",
)
def read_shows_what_was_sent(service: Service) -> None:
    """A GET shows all attributes that were sent."""
    body = service.user(title="Tour Guide")
    shown = read(service, service.create("/Users", body))
    missing = [name for name in body if name not in shown]
    expect(not missing, f"not shown: {', '.join(missing)}")
    expect(shown["name"] | body["name"] == shown["name"], f"name is {shown['name']!r}")


@check("SHALL NOT be returnable by a service provider.", "RFC 7643 §4.1.1")
def a_password_cannot_be_read(service: Service) -> None:
    """A GET shows no password."""
    user = service.new_user(password="t1meMa$heen-T0ur")
    expect("password" not in read(service, user), "there is a password")


@check(
    "lastModified The most recent DateTime that the details of this resource were updated",
    COMMON,
    needs=("patch",),
)
def last_modified_moves_and_created_stays(service: Service) -> None:
    """A change keeps meta.created and does not set meta.lastModified back."""
    user = service.new_user()
    change = {"op": "replace", "path": "title", "value": "Tour Guide"}
    after = patched(service, user, change)["meta"]
    expect(after["created"] == user["meta"]["created"], f"meta.created is {after['created']}")
    before = moment(user["meta"]["lastModified"])
    expect(moment(after["lastModified"]) >= before, "meta.lastModified is earlier than before")


@check(
    "SHOULD ignore any query parameters they do not recognize instead of rejecting the query",
    "RFC 7644 §3.4.2",
    level=SHOULD,
)
def unknown_parameters_are_ignored(service: Service) -> None:
    """The server ignores an unknown query parameter."""
    user = service.new_user()
    expect(read(service, user, scimCheck="1")["id"] == user["id"], "the answer shows another user")
