"""Projection: the attributes that a response shows (RFC 7644 §3.9 and §3.4.2.5)."""

from collections.abc import Callable
from typing import Any

from ...answers import PATCH_OP, expect_status
from ...client import Exchange
from ...outcomes import expect
from ...service import USER_SCHEMA, Service
from ..areas import area
from ..definitions import ENTERPRISE_USER_SCHEMA, definition, new_employee
from ..requests import get, read

SECTION, NOTATION = "RFC 7644 §3.9", "RFC 7644 §3.10"
check = area("projection", SECTION)
OVERRIDES = (
    "the default list of attributes SHALL be overridden, and each resource returned MUST contain"
    " the minimum set of resource attributes and any attributes or sub-attributes explicitly"
    ' requested by the "attributes" parameter.'
)
EXCLUDES = (
    'the default set of attributes minus those attributes listed in "excludedAttributes" is'
    " returned."
)
URN = "uniquely identified by prefixing the attribute name with its schema URN"
CASE = (
    "All facets (URN, attribute, and sub-attribute name) of the fully encoded attribute name are"
    " case insensitive."
)
NESTED = "Complex attributes' sub-attributes are referenced via nested dot ('.') notation"


def full_user(service: Service) -> dict[str, Any]:
    attributes: dict[str, Any] = {"title": "Tour Guide", "nickName": "Babs"}
    return service.new_user(**attributes)


def others(service: Service, shown: dict[str, Any], *asked: str) -> set[str]:
    """Return the attributes that are shown without being asked for or always returned."""
    names = set(shown) - {"id", "schemas", *asked}
    always = {
        name for name in names if (definition(service, name) or {}).get("returned") == "always"
    }
    return names - always


def expect_only(service: Service, shown: dict[str, Any], *asked: str) -> None:
    expect("id" in shown, "there is no id")
    missing = [name for name in asked if name not in shown]
    expect(not missing, f"not shown: {', '.join(missing)}")
    unasked = others(service, shown, *asked)
    expect(not unasked, f"also shown: {', '.join(sorted(unasked))}")


@check.each(
    "words, wanted, asked, section, quote",
    ("One attribute", "userName", ("userName",), SECTION, OVERRIDES),
    (
        "Several attributes",
        "userName,displayName,emails",
        ("userName", "displayName", "emails"),
        SECTION,
        "The query parameter attributes value is a comma-separated list of resource attribute"
        " names",
    ),
    ("A complex attribute", "name", ("name",), SECTION, OVERRIDES),
    (
        "meta",
        "meta",
        ("meta",),
        "RFC 7643 §3.1",
        'all of these sub-attributes have a "returned" characteristic of "default".',
    ),
    ("id", "id", (), SECTION, OVERRIDES),
    ("An attribute in another case", "USERNAME", ("userName",), NOTATION, CASE),
    ("An attribute with its URN", f"{USER_SCHEMA}:userName", ("userName",), NOTATION, URN),
    (
        "An attribute with its URN in another case",
        f"{USER_SCHEMA}:userName".upper(),
        ("userName",),
        NOTATION,
        CASE,
    ),
)
def attributes_shows_only_those(service: Service, wanted: str, asked: tuple[str, ...]) -> None:
    """{words} in attributes: only that is shown."""
    expect_only(service, read(service, full_user(service), attributes=wanted), *asked)


@check.each(
    "words, path, name, sub_name, quote",
    ("name.familyName", "name.familyName", "name", "familyName", NESTED),
    ("NAME.FAMILYNAME, in capitals,", "NAME.FAMILYNAME", "name", "familyName", CASE),
    (
        "name.givenName and its URN",
        f"{USER_SCHEMA}:name.givenName",
        "name",
        "givenName",
        "For example, the fully qualified path for a User's givenName is"
        ' "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName".',
    ),
    ("emails.value", "emails.value", "emails", "value", NESTED),
    ("meta.location", "meta.location", "meta", "location", NESTED),
    section=NOTATION,
)
def attributes_shows_only_a_sub_attribute(
    service: Service, path: str, name: str, sub_name: str
) -> None:
    """Attributes with {words} shows only that sub-attribute."""
    shown = read(service, full_user(service), attributes=path)
    expect_only(service, shown, name)
    elements = shown[name] if isinstance(shown[name], list) else [shown[name]]
    for element in elements:
        expect(set(element) == {sub_name}, f"{name} has {', '.join(sorted(element))}")


@check.each(
    "words, unwanted, names, section, quote",
    ("one attribute", "title", ("title",), SECTION, EXCLUDES),
    (
        "several attributes",
        "name,emails,nickName",
        ("name", "emails", "nickName"),
        SECTION,
        EXCLUDES,
    ),
    ("meta", "meta", ("meta",), SECTION, EXCLUDES),
    ("another case", "TITLE", ("title",), NOTATION, CASE),
    ("a URN", f"{USER_SCHEMA}:title", ("title",), NOTATION, URN),
    (
        "id, which always is shown",
        "id",
        (),
        "RFC 7644 §3.4.2.5",
        'This parameter SHALL have no effect on attributes whose schema "returned" setting is'
        ' "always"',
    ),
)
def excluded_attributes_are_left_out(
    service: Service, unwanted: str, names: tuple[str, ...]
) -> None:
    """excludedAttributes with {words}."""
    user = full_user(service)
    shown = set(read(service, user, excludedAttributes=unwanted))
    still = shown.intersection(names)
    expect(not still, f"shown: {', '.join(sorted(still))}")
    missing = set(user) - set(names) - shown
    expect(not missing, f"not shown: {', '.join(sorted(missing))}")


@check(NESTED, NOTATION)
def a_sub_attribute_can_be_excluded(service: Service) -> None:
    """excludedAttributes=name.familyName keeps the rest of the name."""
    name = read(service, full_user(service), excludedAttributes="name.familyName").get("name", {})
    expect("familyName" not in name, "name.familyName is shown")
    expect("givenName" in name, "name.givenName is not shown")


@check("Clients MAY omit core schema attribute URN prefixes but SHOULD fully qualify", NOTATION)
def an_extended_attribute_can_be_asked_for(service: Service) -> None:
    """attributes with an attribute of an extension shows only that attribute."""
    user = new_employee(service, department="Tour Operations", costCenter="4130")
    shown = read(service, user, attributes=f"{ENTERPRISE_USER_SCHEMA}:department")
    expect_only(service, shown, ENTERPRISE_USER_SCHEMA)
    expect(
        shown[ENTERPRISE_USER_SCHEMA] == {"department": "Tour Operations"}, f"the answer is {shown}"
    )


@check("never The attribute is never returned.", "RFC 7643 §7")
def a_password_cannot_be_asked_for(service: Service) -> None:
    """attributes=password shows no password."""
    user = service.new_user(password="t1meMa$heen-T0ur")
    for wanted in ("password", "userName,password", f"{USER_SCHEMA}:password"):
        answer = service.client.get(f"/Users/{user['id']}", query={"attributes": wanted})
        expect(answer.status in (200, 400), f"GET was answered {answer.status}")
        expect("t1meMa$heen" not in answer.text, "the password is in the answer")
        if answer.status == 200:
            expect("password" not in answer.json, "there is a password")


@check.each(
    "parameter, words, wanted, unwanted",
    ("attributes", "only those", {"id", "displayName"}, {"userName", "emails", "meta", "title"}),
    ("excludedAttributes", "the rest", {"id", "userName", "title"}, {"displayName"}),
    section="RFC 7644 §3.4.2.5",
    quote="OPTIONAL parameters, which MUST be supported by SCIM service providers:",
    needs=("filter",),
)
def a_query_is_projected(
    service: Service, parameter: str, wanted: set[str], unwanted: set[str]
) -> None:
    """A query with {parameter} shows {words}."""
    user = full_user(service)
    query = {"filter": f'userName eq "{user["userName"]}"', parameter: "displayName"}
    (shown,) = get(service, "/Users", **query)["Resources"]
    expect(wanted <= set(shown), f"not shown: {', '.join(wanted - set(shown))}")
    expect(not unwanted & set(shown), f"shown: {', '.join(unwanted & set(shown))}")


def post(service: Service, **query: str) -> Exchange:
    return service.client.post("/Users", service.user(title="Tour Guide"), query=query)


def put(service: Service, **query: str) -> Exchange:
    path = f"/Users/{service.new_user()['id']}"
    return service.client.put(path, service.user(title="Tour Guide"), query=query)


def patch(service: Service, **query: str) -> Exchange:
    path = f"/Users/{service.new_user()['id']}"
    change = {"op": "add", "path": "title", "value": "Tour Guide"}
    return service.client.patch(path, {"schemas": [PATCH_OP], "Operations": [change]}, query=query)


@check.each(
    "method, send, status, parameter, needs",
    ("POST", post, 201, "attributes", ()),
    ("POST", post, 201, "excludedAttributes", ()),
    ("PUT", put, 200, "attributes", ()),
    ("PUT", put, 200, "excludedAttributes", ()),
    ("PATCH", patch, 200, "attributes", ("patch",)),
    ("PATCH", patch, 200, "excludedAttributes", ("patch",)),
    quote="Clients MAY request a partial resource representation on any operation that returns a"
    " resource within the response",
)
def an_answer_is_projected(
    service: Service, send: Callable[..., Exchange], status: int, parameter: str
) -> None:
    """The answer to a {method} heeds {parameter}."""
    answer = send(service, **{parameter: "title"})
    if parameter == "attributes":
        expect_status(answer, status)
        expect_only(service, answer.json, "title")
    elif answer.text:
        expect("title" not in answer.json, "title is shown")
        expect("userName" in answer.json, "userName is not shown")


@check(
    'The server MUST return a 200 OK if the "attributes" parameter is specified in the request.',
    "RFC 7644 §3.5.2",
    needs=("patch",),
)
def patch_with_attributes_is_200(service: Service) -> None:
    """A PATCH with attributes is 200, not 204."""
    expect_status(patch(service, attributes="userName"), 200)
