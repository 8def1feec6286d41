"""Discovery: /ResourceTypes, and what it has in common with /Schemas (RFC 7644 §4)."""

from typing import Any
from urllib.parse import quote

from ..common import (
    GROUP_SCHEMA,
    LIST_RESPONSE,
    SHOULD,
    USER_SCHEMA,
    Service,
    expect,
    expect_error,
    expect_status,
    get,
    rfc,
    row,
    skip,
)

AREA = "discovery"
SECTION = "RFC 7643 §6"
RESOURCE_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
LISTS = ("/ResourceTypes", "/Schemas")


def listed(service: Service, endpoint: str, **query: Any) -> list[dict[str, Any]]:
    return list(get(service, endpoint, **query)["Resources"])


def resource_types(service: Service) -> list[dict[str, Any]]:
    return listed(service, "/ResourceTypes")


def is_a_list_response(endpoint: str) -> Any:
    def run(service: Service) -> None:
        schemas = get(service, endpoint).get("schemas")
        expect(schemas == [LIST_RESPONSE], f"schemas is {schemas!r}")

    return run


def counts_what_it_lists(endpoint: str) -> Any:
    def run(service: Service) -> None:
        page = get(service, endpoint)
        total, shown = page.get("totalResults"), len(page["Resources"])
        expect(total == shown, f"totalResults is {total!r}, but {shown} are listed")

    return run


def shows_each_by_itself(endpoint: str) -> Any:
    def run(service: Service) -> None:
        for each in listed(service, endpoint):
            name = each.get("id") or each["name"]
            alone = get(service, f"{endpoint}/{quote(name, safe=':')}")
            expect(alone.get("schemas") == each.get("schemas"), f"{name} is not itself by itself")

    return run


def does_not_know_others(endpoint: str) -> Any:
    def run(service: Service) -> None:
        answer = service.client.get(f"{endpoint}/{service.unique('urn:scim-check')}")
        expect_error(answer, 404)

    return run


def is_not_paged(endpoint: str) -> Any:
    def run(service: Service) -> None:
        everything = len(listed(service, endpoint))
        shown = len(listed(service, endpoint, startIndex=2, count=1))
        expect(shown == everything, f"with startIndex and count {shown} of {everything} are listed")

    return run


def is_not_sorted(endpoint: str) -> Any:
    def run(service: Service) -> None:
        before = [each["name"] for each in listed(service, endpoint)]
        for order in ("ascending", "descending"):
            after = listed(service, endpoint, sortBy="name", sortOrder=order)
            expect([each["name"] for each in after] == before, f"sorted when {order} is asked for")

    return run


def refuses_a_filter(endpoint: str) -> Any:
    def run(service: Service) -> None:
        answer = service.client.get(endpoint, query={"filter": 'name eq "User"'})
        expect_error(answer, 403)

    return run


FORM = (
    'the message form described by the "urn:ietf:params:scim:api:messages:2.0:ListResponse"'
    " (ListResponse) form SHALL be used"
)
TOTAL = "totalResults  The total number of results returned by the list or query operation."
SINGLE = (
    'In cases where a request is for a specific "ResourceType" or "Schema", the single JSON object'
    " is returned in the same way that a single User or Group is retrieved"
)
IGNORED = (
    "Query parameters described in Section 3.4.2, such as filtering, sorting, and pagination, SHALL"
    " be ignored."
)
NOT_FOUND = "Specified resource (e.g., User) or endpoint does not exist."
FORBIDDEN = (
    'If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403'
    " (Forbidden)"
)

for _list in LISTS:
    row(f"{_list} is a ListResponse", AREA, "RFC 7644 §4", FORM, is_a_list_response(_list))
    row(f"{_list} counts all it has", AREA, "RFC 7644 §3.4.2", TOTAL, counts_what_it_lists(_list))
    row(f"{_list}/id shows one by itself", AREA, "RFC 7644 §4", SINGLE, shows_each_by_itself(_list))
    row(
        f"{_list}/id that does not exist is 404",
        AREA,
        "RFC 7644 §3.12",
        NOT_FOUND,
        does_not_know_others(_list),
        SHOULD,
    )
    row(f"{_list} ignores paging", AREA, "RFC 7644 §4", IGNORED, is_not_paged(_list))
    row(f"{_list} ignores sorting", AREA, "RFC 7644 §4", IGNORED, is_not_sorted(_list))
    row(
        f"{_list} refuses a filter", AREA, "RFC 7644 §4", FORBIDDEN, refuses_a_filter(_list), SHOULD
    )


@rfc(
    AREA,
    SECTION,
    "Resource type resources are READ-ONLY and identified using the following schema URI:"
    ' "urn:ietf:params:scim:schemas:core:2.0:ResourceType".',
)
def resource_types_have_their_schema(service: Service) -> None:
    """Each resource type names its own schema."""
    for each in resource_types(service):
        expect(each.get("schemas") == [RESOURCE_TYPE_SCHEMA], f"schemas is {each.get('schemas')!r}")


def resource_types_have(name: str) -> Any:
    def run(service: Service) -> None:
        for each in resource_types(service):
            value = each.get(name)
            expect(isinstance(value, str) and value, f"{name} of a resource type is {value!r}")

    return run


for _name, _quote in {
    "name": "name The resource type name.  When applicable, service providers MUST specify the"
    ' name, e.g., "User" or "Group".',
    "endpoint": "endpoint The resource type's HTTP-addressable endpoint relative to the Base URL"
    ' of the service provider, e.g., "Users".  REQUIRED.',
    "schema": "schema The resource type's primary/base schema URI",
}.items():
    row(f"Each resource type has {_name}", AREA, SECTION, _quote, resource_types_have(_name))


@rfc(
    AREA,
    SECTION,
    'This MUST be equal to the "id" attribute of the associated "Schema" resource. REQUIRED.',
)
def schemas_of_resource_types_exist(service: Service) -> None:
    """The schema of each resource type is among /Schemas."""
    known = {each.get("id") for each in listed(service, "/Schemas")}
    for each in resource_types(service):
        expect(each["schema"] in known, f"{each['schema']} is not among /Schemas")


def extensions(service: Service) -> list[dict[str, Any]]:
    found = [one for each in resource_types(service) for one in each.get("schemaExtensions") or []]
    return found or skip("no resource type has an extension")


@rfc(
    AREA,
    SECTION,
    'This MUST be equal to the "id" attribute of a "Schema" resource.  REQUIRED.',
)
def schema_extensions_exist(service: Service) -> None:
    """The schema of each extension is among /Schemas."""
    known = {each.get("id") for each in listed(service, "/Schemas")}
    for extension in extensions(service):
        expect(extension.get("schema") in known, f"{extension.get('schema')} is not among /Schemas")


@rfc(
    AREA,
    SECTION,
    "required  A Boolean value that specifies whether or not the schema extension is required for"
    " the resource type.",
)
def schema_extensions_say_whether_they_are_required(service: Service) -> None:
    """Each extension says whether it is required."""
    for extension in extensions(service):
        required = extension.get("required")
        expect(isinstance(required, bool), f"required of an extension is {required!r}")


def is_a_core_type(name: str, endpoint: str, schema: str) -> Any:
    def run(service: Service) -> None:
        found = [each for each in resource_types(service) if each.get("schema") == schema]
        expect(len(found) == 1, f"{len(found)} resource types have the schema {schema}")
        expect(found[0]["name"] == name, f"its name is {found[0]['name']!r}")
        place = "/" + found[0]["endpoint"].strip("/").rpartition("/")[2]
        expect(place == endpoint, f"its endpoint is {found[0]['endpoint']!r}")

    return run


CORE = 'i.e., "User" and "Group" resources correspond to "/Users" and "/Groups", respectively.'
for _name, _endpoint, _schema in (
    ("User", "/Users", USER_SCHEMA),
    ("Group", "/Groups", GROUP_SCHEMA),
):
    row(
        f"The resource type {_name} is at {_endpoint}",
        AREA,
        "RFC 7644 §3.2",
        CORE,
        is_a_core_type(_name, _endpoint, _schema),
    )


@rfc(
    AREA,
    SECTION,
    'This name is referenced by the "meta.resourceType" attribute in all resources.',
)
def resources_refer_to_their_type(service: Service) -> None:
    """meta.resourceType of a user is the name of a resource type."""
    names = {each["name"] for each in resource_types(service)}
    name = service.new_user()["meta"]["resourceType"]
    expect(name in names, f"meta.resourceType is {name!r}, the types are {', '.join(names)}")


@rfc(AREA, SECTION, "Resource type resources are READ-ONLY")
def resource_types_cannot_be_changed(service: Service) -> None:
    """A resource type cannot be replaced."""
    first = resource_types(service)[0]
    path = f"/ResourceTypes/{quote(first.get('id') or first['name'])}"
    answer = service.client.put(path, first)
    expect(answer.status >= 400, f"PUT was answered {answer.status}")
    expect_status(service.client.get(path), 200)
