"""What a response shows of a resource (RFC 7644 §3.9 and §3.4.2.5)."""

from collections.abc import Callable
from typing import Any

from ..common import (
    ENTERPRISE_USER_SCHEMA,
    PATCH_OP,
    USER_SCHEMA,
    Exchange,
    Service,
    definition,
    expect,
    expect_status,
    get,
    need,
    read,
    rfc,
    row,
)

AREA = "projection"
SECTION = "RFC 7644 §3.9"
NOTATION = "RFC 7644 §3.10"
OVERRIDES = (
    "the default list of attributes SHALL be overridden, and each resource returned MUST contain"
    " the"
    " minimum set of resource attributes and any attributes or sub-attributes explicitly requested"
    ' by the "attributes" parameter.'
)
EXCLUDES = (
    'the default set of attributes minus those attributes listed in "excludedAttributes" is'
    " returned."
)
ANY_OPERATION = (
    "Clients MAY request a partial resource representation on any operation that returns a resource"
    " within the response"
)
URN = "uniquely identified by prefixing the attribute name with its schema URN"
CASE = (
    "All facets (URN, attribute, and sub-attribute name) of the fully encoded attribute name are"
    " case"
    " insensitive."
)
NESTED = "Complex attributes' sub-attributes are referenced via nested dot ('.') notation"
ALWAYS = (
    'This parameter SHALL have no effect on attributes whose schema "returned" setting is "always"'
)


def full_user(service: Service) -> dict[str, Any]:
    attributes: dict[str, Any] = {"title": "Tour Guide", "nickName": "Babs"}
    return service.new_user(**attributes)


def others(service: Service, shown: dict[str, Any], *asked: str) -> set[str]:
    """Return what is shown beyond what was asked for and what always is."""
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
    expect(not unasked, f"shown, too: {', '.join(sorted(unasked))}")


# The parameter attributes, what of the user it shows, and the words for that.
WANTED: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "One attribute": ("userName", ("userName",), SECTION, OVERRIDES),
    "Several attributes": (
        "userName,displayName,emails",
        ("userName", "displayName", "emails"),
        SECTION,
        "The query parameter attributes value is a comma-separated list of resource attribute"
        " names",
    ),
    "A complex attribute": ("name", ("name",), SECTION, OVERRIDES),
    "meta": (
        "meta",
        ("meta",),
        "RFC 7643 §3.1",
        'all of these sub-attributes have a "returned" characteristic of "default".',
    ),
    "id": ("id", (), SECTION, OVERRIDES),
    "An attribute in another case": ("USERNAME", ("userName",), NOTATION, CASE),
    "An attribute with its URN": (f"{USER_SCHEMA}:userName", ("userName",), NOTATION, URN),
    "An attribute with its URN in another case": (
        f"{USER_SCHEMA}:userName".upper(),
        ("userName",),
        NOTATION,
        CASE,
    ),
}


def shows_only(wanted: str, asked: tuple[str, ...]) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        expect_only(service, read(service, full_user(service), attributes=wanted), *asked)

    return run


for _title, (_wanted, _asked, _section, _quote) in WANTED.items():
    row(
        f"{_title} in attributes: only that is shown",
        AREA,
        _section,
        _quote,
        shows_only(_wanted, _asked),
    )

# A sub-attribute that is asked for, its attribute, and the words for that.
BELOW: dict[str, tuple[str, str, str]] = {
    "name.familyName": ("name", "familyName", NESTED),
    "NAME.FAMILYNAME": ("name", "familyName", CASE),
    f"{USER_SCHEMA}:name.givenName": (
        "name",
        "givenName",
        "For example, the fully qualified path for a User's givenName is"
        ' "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName".',
    ),
    "emails.value": ("emails", "value", NESTED),
    "meta.location": ("meta", "location", NESTED),
}


def shows_only_below(path: str, name: str, sub_name: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        shown = read(service, full_user(service), attributes=path)
        expect_only(service, shown, name)
        elements = shown[name] if isinstance(shown[name], list) else [shown[name]]
        for element in elements:
            expect(set(element) == {sub_name}, f"{name} has {', '.join(sorted(element))}")

    return run


_forms = dict.fromkeys(BELOW, "") | {
    "NAME.FAMILYNAME": ", in capitals,",
    f"{USER_SCHEMA}:name.givenName": " and its URN",
}
for _path, (_name, _sub_name, _quote) in BELOW.items():
    row(
        f"Attributes with {_path.rpartition(':')[2]}{_forms[_path]} shows only that sub-attribute",
        AREA,
        NOTATION,
        _quote,
        shows_only_below(_path, _name, _sub_name),
    )


def leaves_out(unwanted: str, *names: str) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = full_user(service)
        shown = read(service, user, excludedAttributes=unwanted)
        expect(not set(names) & set(shown), f"shown: {', '.join(sorted(set(names) & set(shown)))}")
        missing = set(user) - set(names) - set(shown)
        expect(not missing, f"not shown: {', '.join(sorted(missing))}")

    return run


for _title, _unwanted, _names, _section, _quote in (
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
    ("id, which always is shown", "id", (), "RFC 7644 §3.4.2.5", ALWAYS),
):
    row(
        f"excludedAttributes with {_title}",
        AREA,
        _section,
        _quote,
        leaves_out(_unwanted, *_names),
    )


@rfc(AREA, NOTATION, NESTED)
def a_sub_attribute_can_be_excluded(service: Service) -> None:
    """excludedAttributes with name.familyName leaves the rest of the name."""
    name = read(service, full_user(service), excludedAttributes="name.familyName").get("name", {})
    expect("familyName" not in name, "name.familyName is shown")
    expect("givenName" in name, "name.givenName is not shown")


@rfc(AREA, NOTATION, "Clients MAY omit core schema attribute URN prefixes but SHOULD fully qualify")
def an_extended_attribute_can_be_asked_for(service: Service) -> None:
    """attributes with an attribute of an extension shows only that."""
    need(service, "department", "costCenter", schema=ENTERPRISE_USER_SCHEMA)
    job = {"department": "Tour Operations", "costCenter": "4130"}
    user = service.new_user(
        **{"schemas": [USER_SCHEMA, ENTERPRISE_USER_SCHEMA], ENTERPRISE_USER_SCHEMA: job}
    )
    shown = read(service, user, attributes=f"{ENTERPRISE_USER_SCHEMA}:department")
    expect_only(service, shown, ENTERPRISE_USER_SCHEMA)
    expect(shown[ENTERPRISE_USER_SCHEMA] == {"department": "Tour Operations"}, f"it shows {shown}")


@rfc(
    AREA,
    "RFC 7643 §7",
    "never  The attribute is never returned.",
)
def a_password_cannot_be_asked_for(service: Service) -> None:
    """attributes=password shows no password."""
    user = service.new_user(password="t1meMa$heen-T0ur")
    for wanted in ("password", "userName,password", f"{USER_SCHEMA}:password"):
        answer = service.client.get(f"/Users/{user['id']}", query={"attributes": wanted})
        expect(answer.status in (200, 400), f"GET was answered {answer.status}")
        expect("t1meMa$heen" not in answer.text, "the password is in the answer")
        if answer.status == 200:
            expect("password" not in answer.json, "there is a password")


def query_shows(
    parameter: str, shown_names: set[str], hidden: set[str]
) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        user = full_user(service)
        query = {"filter": f'userName eq "{user["userName"]}"', parameter: "displayName"}
        (shown,) = get(service, "/Users", **query)["Resources"]
        expect(shown_names <= set(shown), f"not shown: {', '.join(shown_names - set(shown))}")
        expect(not hidden & set(shown), f"shown: {', '.join(hidden & set(shown))}")

    return run


BOTH = "OPTIONAL parameters, which MUST be supported by SCIM service providers:"
row(
    "A query with attributes shows only those",
    AREA,
    "RFC 7644 §3.4.2.5",
    BOTH,
    query_shows("attributes", {"id", "displayName"}, {"userName", "emails", "meta", "title"}),
    needs=("filter",),
)
row(
    "A query with excludedAttributes shows the rest",
    AREA,
    "RFC 7644 §3.4.2.5",
    BOTH,
    query_shows("excludedAttributes", {"id", "userName", "title"}, {"displayName"}),
    needs=("filter",),
)


def post(service: Service, **query: str) -> Exchange:
    return service.client.post("/Users", service.user(title="Tour Guide"), query=query)


def put(service: Service, **query: str) -> Exchange:
    path = f"/Users/{service.new_user()['id']}"
    return service.client.put(path, service.user(title="Tour Guide"), query=query)


def patch(service: Service, **query: str) -> Exchange:
    path = f"/Users/{service.new_user()['id']}"
    change = {"op": "add", "path": "title", "value": "Tour Guide"}
    return service.client.patch(path, {"schemas": [PATCH_OP], "Operations": [change]}, query=query)


def answer_shows(
    send: Callable[..., Exchange], status: int, parameter: str
) -> Callable[[Service], None]:
    def run(service: Service) -> None:
        answer = send(service, **{parameter: "title"})
        if parameter == "attributes":
            expect_status(answer, status)
            expect_only(service, answer.json, "title")
        elif answer.text:
            expect("title" not in answer.json, "title is shown")
            expect("userName" in answer.json, "userName is not shown")

    return run


for _send, _status in ((post, 201), (put, 200), (patch, 200)):
    for _parameter in ("attributes", "excludedAttributes"):
        row(
            f"The answer to a {_send.__name__.upper()} heeds {_parameter}",
            AREA,
            SECTION,
            ANY_OPERATION,
            answer_shows(_send, _status, _parameter),
            needs=("patch",) if _send is patch else (),
        )


@rfc(
    AREA,
    "RFC 7644 §3.5.2",
    'The server MUST return a 200 OK if the "attributes" parameter is specified in the request.',
    needs=("patch",),
)
def patch_with_attributes_is_200(service: Service) -> None:
    """A PATCH with attributes is 200, not 204."""
    expect_status(patch(service, attributes="userName"), 200)
