"""Creating resources (RFC 7644 §3.3)."""

from urllib.parse import urlsplit

from ...answers import expect_status
from ...client import Exchange
from ...outcomes import expect
from ...service import USER_SCHEMA, Service
from ..areas import SHOULD, area
from ..definitions import ENTERPRISE_USER_SCHEMA, need
from ..expectations import expect_error, expect_refused
from ..requests import find, read

check = area("create", "RFC 7644 §3.3")
COMMON = "RFC 7643 §3.1"
LOCATION = (
    'The URI of the created resource SHALL include, in the HTTP "Location" header and the HTTP'
    ' body, a JSON representation [RFC7159] with the attribute "meta.location".'
)


def post(service: Service, **attributes: object) -> Exchange:
    answer = service.client.post("/Users", service.user(**attributes))
    expect_status(answer, 201)
    return answer


@check("an HTTP response SHALL be returned with HTTP status code 201 (Created).")
def create_is_201(service: Service) -> None:
    """A POST that creates a user is 201."""
    post(service)


@check(
    "The response body SHOULD contain the service provider's representation of the newly created"
    " resource.",
    level=SHOULD,
)
def create_shows_the_user(service: Service) -> None:
    """The answer to a POST shows the created user."""
    body = service.user()
    answer = service.client.post("/Users", body)
    expect_status(answer, 201)
    expect(answer.json.get("userName") == body["userName"], "userName is not shown")


@check(LOCATION)
def create_has_a_location_header(service: Service) -> None:
    """The answer to a POST has the header Location."""
    expect(post(service).headers.get("location"), "there is no Location")


@check(LOCATION)
def create_has_meta_location(service: Service) -> None:
    """The answer to a POST has the same Location in meta.location."""
    answer = post(service)
    location = answer.json["meta"].get("location")
    expect(location == answer.headers.get("location"), f"meta.location is {location!r}")


@check("location The URI of the resource being returned.", COMMON)
def location_leads_to_the_user(service: Service) -> None:
    """A GET of meta.location shows the user."""
    user = post(service).json
    answer = service.client.follow(user["meta"]["location"])
    expect_status(answer, 200)
    expect(answer.json["id"] == user["id"], "meta.location leads to another user")


@check(
    'where "{id}" is a resource identifier (for example, the value of the "id" attribute).',
    "RFC 7644 §3.4.1",
)
def location_ends_with_endpoint_and_id(service: Service) -> None:
    """meta.location ends with /Users/ and the id."""
    user = post(service).json
    path = urlsplit(user["meta"]["location"]).path
    expect(path.endswith(f"/Users/{user['id']}"), f"meta.location is {user['meta']['location']}")


@check('Each representation of the resource MUST include a non-empty "id" value.', COMMON)
def create_has_an_id(service: Service) -> None:
    """The answer to a POST has an id, a string."""
    identifier = post(service).json.get("id")
    expect(isinstance(identifier, str) and identifier, f"id is {identifier!r}")


@check("is always issued by the service provider and MUST NOT be specified by the client.", COMMON)
def the_server_chooses_the_id(service: Service) -> None:
    """The server ignores an id in the body."""
    mine = service.unique("mine")
    expect(post(service, id=mine).json["id"] != mine, "the id is the one that was sent")


@check(
    'The string "bulkId" is a reserved keyword and MUST NOT be used within any unique identifier'
    " value.",
    COMMON,
)
def ids_do_not_contain_bulk_id(service: Service) -> None:
    """No id contains bulkId."""
    identifier = post(service).json["id"]
    expect("bulkid" not in identifier.lower(), f"id is {identifier!r}")


@check(
    "This identifier MUST be unique across the SCIM service provider's entire set of resources.",
    COMMON,
)
def ids_differ(service: Service) -> None:
    """Users and groups have ids of their own."""
    made = [service.new_user(), service.new_user(), service.new_group(), service.new_group()]
    expect(len({each["id"] for each in made}) == len(made), "two resources have the same id")


@check("This attribute SHALL be ignored when provided by clients.", COMMON)
def meta_is_ignored(service: Service) -> None:
    """The server ignores meta in the body."""
    sent = {"resourceType": "Robot", "created": "2001-02-03T04:05:06Z", "location": "urn:x"}
    meta = post(service, meta=sent).json["meta"]
    same = [name for name, value in sent.items() if meta.get(name) == value]
    expect(not same, f"the server took over {', '.join(same)}")


@check('In the request body, attributes whose mutability is "readOnly"')
def groups_of_a_user_are_ignored(service: Service) -> None:
    """The server ignores groups in the body of a user, which are read-only."""
    group = service.new_group()
    user = post(service, groups=[{"value": group["id"]}]).json
    expect(not user.get("groups"), "the answer shows groups")
    expect(not read(service, group, "/Groups").get("members"), "the group has a member")


@check(
    'For example, a POST to the endpoint "/Users" will set "resourceType" to "User"',
    "RFC 7644 §3.3.1",
)
def resource_type_is_user(service: Service) -> None:
    """meta.resourceType of a user is User."""
    resource_type = post(service).json["meta"].get("resourceType")
    expect(resource_type == "User", f"meta.resourceType is {resource_type!r}")


@check('the value MUST be the same as the value of "created".', COMMON)
def nothing_is_modified_yet(service: Service) -> None:
    """meta.lastModified of a new user equals meta.created."""
    meta = post(service).json["meta"]
    expect(
        meta["lastModified"] == meta["created"],
        f"lastModified of the new user is {meta['lastModified']}",
    )


@check(
    "If the service provider determines that the creation of the requested resource conflicts with"
    ' existing resources (e.g., a "User" resource with a duplicate "userName"), the service'
    " provider MUST return HTTP status code 409 (Conflict)"
)
def a_user_name_is_unique_in_any_case(service: Service) -> None:
    """A userName that differs only in case is a conflict."""
    name = service.new_user()["userName"]
    answer = service.client.post("/Users", service.user(userName=name.upper()))
    expect_error(answer, 409, "uniqueness")


@check("Each User MUST include a non-empty userName value.", "RFC 7643 §4.1.1")
def a_user_name_is_not_empty(service: Service) -> None:
    """An empty userName is refused."""
    expect_refused(service.client.post("/Users", service.user(userName="")))


@check("While the server does not enforce uniqueness", COMMON, level=SHOULD)
def an_external_id_may_be_there_twice(service: Service) -> None:
    """Two users may have the same externalId."""
    shared = service.unique("external")
    post(service, externalId=shared)
    post(service, externalId=shared)


@check(
    'The value of the "externalId" attribute is always issued by the provisioning client and MUST'
    " NOT be specified by the service provider.",
    COMMON,
)
def the_server_makes_no_external_id(service: Service) -> None:
    """The server gives no externalId to a user without one."""
    external_id = post(service).json.get("externalId")
    expect(external_id is None, f"externalId is {external_id!r}")


@check(
    "For attributes that are case exact, the server SHALL preserve case for any value submitted.",
    "RFC 7643 §7",
)
def an_external_id_keeps_its_case(service: Service) -> None:
    """The server keeps an externalId as it was sent."""
    sent = service.unique("External-ID")
    shown = post(service, externalId=sent).json.get("externalId")
    expect(shown == sent, f"externalId is {shown!r} instead of {sent!r}")


@check(
    "The cleartext value or the hashed value of a password SHALL NOT be returnable by a service"
    " provider.",
    "RFC 7643 §4.1.1",
)
def a_password_is_not_shown(service: Service) -> None:
    """The answer to a POST has no password."""
    answer = post(service, password="t1meMa$heen-T0ur")
    expect("password" not in answer.json, "there is a password")
    expect("t1meMa$heen" not in answer.text, "the password is in the answer")


@check(
    "All representations of SCIM schemas MUST include a non-empty array with value(s) of the URIs"
    " supported by that representation.",
    "RFC 7643 §3",
)
def create_shows_the_schemas(service: Service) -> None:
    """The answer to a POST has the User schema in schemas."""
    schemas = post(service).json.get("schemas")
    expect(isinstance(schemas, list) and USER_SCHEMA in schemas, f"schemas is {schemas!r}")


@check("Duplicate values MUST NOT be included.", "RFC 7643 §3")
def schemas_are_shown_once(service: Service) -> None:
    """A schema that is sent twice is refused or shown once."""
    answer = service.client.post("/Users", service.user(schemas=[USER_SCHEMA, USER_SCHEMA]))
    if answer.status == 201:
        schemas = answer.json["schemas"]
        expect(len(schemas) == len(set(schemas)), f"schemas is {schemas!r}")
    else:
        expect_status(answer, 400)


@check(
    "the schema extension URI SHALL be used as a JSON container to distinguish attributes"
    " belonging to the extension namespace from base schema attributes.",
    "RFC 7643 §3.3",
)
def extensions_have_a_container(service: Service) -> None:
    """Attributes of an extension are shown below its URI, which is in schemas."""
    need(service, "employeeNumber", schema=ENTERPRISE_USER_SCHEMA)
    both = [USER_SCHEMA, ENTERPRISE_USER_SCHEMA]
    user = post(
        service, **{"schemas": both, ENTERPRISE_USER_SCHEMA: {"employeeNumber": "701984"}}
    ).json
    number = user.get(ENTERPRISE_USER_SCHEMA, {}).get("employeeNumber")
    expect(number == "701984", f"employeeNumber is {number!r}")
    expect(set(both) <= set(user["schemas"]), f"schemas is {user['schemas']!r}")


@check("Attribute names are case insensitive", "RFC 7643 §2.1")
def attribute_names_are_case_insensitive(service: Service) -> None:
    """The server reads attribute names in any case."""
    body = service.user()
    del body["name"]
    body["USERNAME"], body["NAME"] = body.pop("userName"), {"FAMILYNAME": "Jensen"}
    answer = service.client.post("/Users", body)
    expect_status(answer, 201)
    expect(answer.json.get("userName") == body["USERNAME"], "userName is not shown")
    expect(answer.json["name"].get("familyName") == "Jensen", "name.familyName is not shown")


@check("SCIM responses SHALL reflect resource state", "RFC 7644 §3.1")
def what_is_created_is_found(service: Service) -> None:
    """A GET shows the new user as the POST did, and a query finds it."""
    user = post(service, title="Tour Guide", externalId=service.unique("external")).json
    expect(read(service, user) == user, "GET shows something else")
    expect(
        find(service, f'userName eq "{user["userName"]}"') == {user["id"]},
        "the query does not find the user",
    )


@check('The format defaults to "application/scim+json"', "RFC 7644 §3.8")
def create_is_answered_in_scim_json(service: Service) -> None:
    """The answer to a POST is application/scim+json."""
    media_type = post(service).headers.get("content-type", "").partition(";")[0].strip()
    expect(media_type == "application/scim+json", f"Content-Type is {media_type!r}")
