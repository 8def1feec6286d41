"""Discovery: /ResourceTypes, and the rules that it shares with /Schemas (RFC 7644 §4)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ...answers import LIST_RESPONSE, expect_status
from ...outcomes import expect, skip
from ...service import GROUP_SCHEMA, USER_SCHEMA, Service
from ..areas import MUST, SHOULD, area
from ..expectations import expect_error
from ..requests import get

check = area("discovery", "RFC 7643 §6")
RESOURCE_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
LISTS = ("/ResourceTypes", "/Schemas")
IGNORED = (
    "Query parameters described in Section 3.4.2, such as filtering, sorting, and pagination,"
    " SHALL be ignored."
)


def listed(service: Service, endpoint: str, **query: Any) -> list[dict[str, Any]]:
    return list(get(service, endpoint, **query)["Resources"])


def resource_types(service: Service) -> list[dict[str, Any]]:
    return listed(service, "/ResourceTypes")


def is_a_list_response(service: Service, endpoint: str) -> None:
    schemas = get(service, endpoint).get("schemas")
    expect(schemas == [LIST_RESPONSE], f"schemas is {schemas!r}")


def counts_what_it_lists(service: Service, endpoint: str) -> None:
    page = get(service, endpoint)
    total, shown = page.get("totalResults"), len(page["Resources"])
    expect(total == shown, f"totalResults is {total!r}, but {shown} are listed")


def shows_each_by_itself(service: Service, endpoint: str) -> None:
    for each in listed(service, endpoint):
        name = each.get("id") or each["name"]
        alone = get(service, f"{endpoint}/{quote(name, safe=':')}")
        expect(
            alone.get("schemas") == each.get("schemas"),
            f"{endpoint}/{name} has other schemas than the list",
        )


def does_not_know_others(service: Service, endpoint: str) -> None:
    expect_error(service.client.get(f"{endpoint}/{service.unique('urn:scim-check')}"), 404)


def is_not_paged(service: Service, endpoint: str) -> None:
    everything = len(listed(service, endpoint))
    shown = len(listed(service, endpoint, startIndex=2, count=1))
    expect(shown == everything, f"with startIndex and count {shown} of {everything} are listed")


def is_not_sorted(service: Service, endpoint: str) -> None:
    before = [each["name"] for each in listed(service, endpoint)]
    for order in ("ascending", "descending"):
        after = listed(service, endpoint, sortBy="name", sortOrder=order)
        expect(
            [each["name"] for each in after] == before, f"the list is sorted with sortOrder {order}"
        )


def refuses_a_filter(service: Service, endpoint: str) -> None:
    expect_error(service.client.get(endpoint, query={"filter": 'name eq "User"'}), 403)


LIST_RULES = (
    (
        " is a ListResponse",
        is_a_list_response,
        "RFC 7644 §4",
        'the message form described by the "urn:ietf:params:scim:api:messages:2.0:ListResponse"'
        " (ListResponse) form SHALL be used",
        MUST,
    ),
    (
        " counts all it has",
        counts_what_it_lists,
        "RFC 7644 §3.4.2",
        "totalResults The total number of results returned by the list or query operation.",
        MUST,
    ),
    (
        "/id shows one by itself",
        shows_each_by_itself,
        "RFC 7644 §4",
        'In cases where a request is for a specific "ResourceType" or "Schema", the single JSON'
        " object is returned in the same way that a single User or Group is retrieved",
        MUST,
    ),
    (
        "/id that does not exist is 404",
        does_not_know_others,
        "RFC 7644 §3.12",
        "Specified resource (e.g., User) or endpoint does not exist.",
        SHOULD,
    ),
    (" ignores paging", is_not_paged, "RFC 7644 §4", IGNORED, MUST),
    (" ignores sorting", is_not_sorted, "RFC 7644 §4", IGNORED, MUST),
    (
        " refuses a filter",
        refuses_a_filter,
        "RFC 7644 §4",
        'If a "filter" is provided, the service provider SHOULD respond with HTTP status code 403'
        " (Forbidden)",
        SHOULD,
    ),
)


@check.each(
    "endpoint, words, holds, section, quote, level",
    *((endpoint, *rule) for endpoint in LISTS for rule in LIST_RULES),
)
def a_list_keeps_its_rules(
    service: Service, endpoint: str, holds: Callable[[Service, str], None]
) -> None:
    """{endpoint}{words}."""
    holds(service, endpoint)


@check(
    "Resource type resources are READ-ONLY and identified using the following schema URI:"
    ' "urn:ietf:params:scim:schemas:core:2.0:ResourceType".'
)
def resource_types_have_their_schema(service: Service) -> None:
    """Each resource type has the URI of the ResourceType schema in schemas."""
    for each in resource_types(service):
        expect(each.get("schemas") == [RESOURCE_TYPE_SCHEMA], f"schemas is {each.get('schemas')!r}")


@check.each(
    "name, quote",
    (
        "name",
        "name The resource type name. When applicable, service providers MUST specify the name,"
        ' e.g., "User" or "Group".',
    ),
    (
        "endpoint",
        "endpoint The resource type's HTTP-addressable endpoint relative to the Base URL of the"
        ' service provider, e.g., "Users". REQUIRED.',
    ),
    ("schema", "schema The resource type's primary/base schema URI"),
)
def resource_types_are_described(service: Service, name: str) -> None:
    """Each resource type has {name}."""
    for each in resource_types(service):
        value = each.get(name)
        expect(isinstance(value, str) and value, f"{name} of a resource type is {value!r}")


@check('This MUST be equal to the "id" attribute of the associated "Schema" resource. REQUIRED.')
def schemas_of_resource_types_exist(service: Service) -> None:
    """The schema of each resource type is among /Schemas."""
    known = {each.get("id") for each in listed(service, "/Schemas")}
    for each in resource_types(service):
        expect(each["schema"] in known, f"{each['schema']} is not among /Schemas")


def extensions(service: Service) -> list[dict[str, Any]]:
    found = [one for each in resource_types(service) for one in each.get("schemaExtensions") or []]
    return found or skip("no resource type has an extension")


@check('This MUST be equal to the "id" attribute of a "Schema" resource. REQUIRED.')
def schema_extensions_exist(service: Service) -> None:
    """The schema of each extension is among /Schemas."""
    known = {each.get("id") for each in listed(service, "/Schemas")}
    for extension in extensions(service):
        expect(extension.get("schema") in known, f"{extension.get('schema')} is not among /Schemas")


@check(
    "required A Boolean value that specifies whether or not the schema extension is required for"
    " the resource type."
)
def schema_extensions_say_whether_they_are_required(service: Service) -> None:
    """Each extension says whether it is required."""
    for extension in extensions(service):
        required = extension.get("required")
        expect(isinstance(required, bool), f"required of an extension is {required!r}")


@check.each(
    "name, endpoint, schema",
    ("User", "/Users", USER_SCHEMA),
    ("Group", "/Groups", GROUP_SCHEMA),
    quote='i.e., "User" and "Group" resources correspond to "/Users" and "/Groups", respectively.',
    section="RFC 7644 §3.2",
)
def core_resource_types_are_there(service: Service, name: str, endpoint: str, schema: str) -> None:
    """The resource type {name} is at {endpoint}."""
    found = [each for each in resource_types(service) if each.get("schema") == schema]
    if not found:
        expect_status(service.client.get(endpoint, query={"count": 1}), 200)
    expect(len(found) == 1, f"{len(found)} resource types have the schema {schema}")
    expect(found[0]["name"] == name, f"the name of {schema} is {found[0]['name']!r}")
    place = "/" + found[0]["endpoint"].strip("/").rpartition("/")[2]
    expect(place == endpoint, f"the endpoint of {schema} is {found[0]['endpoint']!r}")


@check('This name is referenced by the "meta.resourceType" attribute in all resources.')
def resources_refer_to_their_type(service: Service) -> None:
    """meta.resourceType of a user is the name of a resource type."""
    names = {each["name"] for each in resource_types(service)}
    name = service.new_user()["meta"]["resourceType"]
    expect(name in names, f"meta.resourceType is {name!r}, the types are {', '.join(names)}")


@check("Resource type resources are READ-ONLY")
def resource_types_cannot_be_changed(service: Service) -> None:
    """A resource type cannot be replaced."""
    first = resource_types(service)[0]
    path = f"/ResourceTypes/{quote(first.get('id') or first['name'])}"
    answer = service.client.put(path, first)
    expect(answer.status >= 400, f"PUT was answered {answer.status}")
    expect_status(service.client.get(path), 200)
