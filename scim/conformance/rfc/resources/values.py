"""Types of values, and values that count as unassigned (RFC 7643 §2)."""

import re
from datetime import datetime
from typing import Any

from ...answers import expect_status
from ...outcomes import expect
from ...service import Service
from ..areas import SHOULD, area
from ..definitions import need
from ..requests import find, read

check = area("values", "RFC 7643 §2.5")
UNASSIGNED = (
    "Unassigned attributes, the null value, or an empty array (in the case of a multi-valued"
    ' attribute) SHALL be considered to be equivalent in "state".'
)
DATE_TIME = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
STRING = "A sequence of zero or more Unicode characters encoded using UTF-8"
PEM = "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAwTjELMAkGA1UEBhMCVVMx"


@check.each(
    "words, name, value, kind, section, quote",
    (
        "A word as a boolean",
        "active",
        "perhaps",
        bool,
        "RFC 7643 §2.3.2",
        'The literal "true" or "false".',
    ),
    (
        "A number as a boolean",
        "active",
        2,
        bool,
        "RFC 7643 §2.3.2",
        "The JSON format is defined in Section 3 of [RFC7159]. A boolean has no case sensitivity"
        " or uniqueness.",
    ),
    (
        "A list as a string",
        "displayName",
        ["Babs", "Jensen"],
        str,
        "RFC 7643 §2.3.1",
        "The JSON format is defined in Section 7 of [RFC7159].",
    ),
    ("An object as a string", "displayName", {"value": "Babs"}, str, "RFC 7643 §2.3.1", STRING),
    (
        "A string as a complex value",
        "name",
        "Babs Jensen",
        dict,
        "RFC 7643 §2.3.8",
        "whose value is a composition of one or more simple attributes. The JSON format is defined"
        " in Section 4 of [RFC7159].",
    ),
    (
        "A string as a list",
        "emails",
        "bjensen@example.com",
        list,
        "RFC 7643 §2.4",
        "Multi-valued attributes contain a list of elements using the JSON array format",
    ),
)
def a_value_of_a_wrong_type_is_not_kept(
    service: Service, name: str, value: Any, kind: type
) -> None:
    """{words} is refused or made one."""
    answer = service.client.post("/Users", service.user(**{name: value}))
    expect_status(answer, 201, 400)
    if answer.status == 201:
        shown = answer.json.get(name)
        expect(shown is None or isinstance(shown, kind), f"{name} is {shown!r}")


@check.each(
    "words, text",
    ("Accents", "Zoë Åström"),
    ("Other scripts", "山田 太郎 — Юрий — فاطمة"),
    ("Characters beyond the BMP", "Babs 🦜 𝔍ensen"),
    ("Quotation marks and backslashes", 'Barbara "Babs" \\ O\'Malley'),
    section="RFC 7643 §2.3.1",
    quote=STRING,
)
def a_text_is_kept(service: Service, text: str) -> None:
    """{words} are kept."""
    shown = read(service, service.new_user(displayName=text))["displayName"]
    expect(shown == text, f"displayName is {shown!r} instead of {text!r}")


@check('The literal "true" or "false".', "RFC 7643 §2.3.2")
def false_is_kept(service: Service) -> None:
    """active false is shown as the boolean false."""
    user = service.new_user(active=False)
    expect(read(service, user).get("active") is False, "active is not false")


@check.each(
    "name, quote",
    ("created", "This attribute MUST be a DateTime."),
    (
        "lastModified",
        "lastModified The most recent DateTime that the details of this resource were updated at"
        " the service provider.",
    ),
    section="RFC 7643 §3.1",
)
def a_time_is_a_date_time(service: Service, name: str) -> None:
    """meta.{name} is an xsd:dateTime."""
    shown = service.new_user()["meta"].get(name)
    is_right = isinstance(shown, str) and DATE_TIME.fullmatch(shown)
    expect(is_right, f"meta.{name} is {shown!r}")
    datetime.fromisoformat(re.sub(r"\.\d+", "", shown))


@check("The attribute value MUST be base64 encoded", "RFC 7643 §2.3.6")
def binary_values_are_kept(service: Service) -> None:
    """A certificate in base64 is shown as it was sent."""
    need(service, "x509Certificates")
    user = service.new_user(x509Certificates=[{"value": PEM}])
    shown = [each.get("value") for each in read(service, user).get("x509Certificates") or []]
    expect(shown == [PEM], f"x509Certificates is {shown!r}")


@check("The attribute value MUST be base64 encoded", "RFC 7643 §2.3.6")
def what_is_not_base64_is_no_binary_value(service: Service) -> None:
    """A certificate that is not base64 is refused or left out."""
    need(service, "x509Certificates")
    wrong = "not base64 at all!"
    answer = service.client.post("/Users", service.user(x509Certificates=[{"value": wrong}]))
    expect_status(answer, 201, 400)
    expect(answer.status == 400 or wrong not in answer.text, "the answer shows the value")


@check('The primary attribute value "true" MUST appear no more than once.', "RFC 7643 §2.4")
def only_one_value_is_primary(service: Service) -> None:
    """At most one of two primary values stays primary."""
    emails = [
        {"value": "work@example.com", "type": "work", "primary": True},
        {"value": "home@example.com", "type": "home", "primary": True},
    ]
    answer = service.client.post("/Users", service.user(emails=emails))
    expect_status(answer, 201, 400)
    if answer.status == 201:
        primary = [each for each in answer.json.get("emails") or [] if each.get("primary")]
        expect(len(primary) <= 1, f"{len(primary)} values are primary")


@check(
    "SHOULD NOT return the same (type, value) combination more than once per attribute",
    "RFC 7643 §2.4",
    level=SHOULD,
)
def the_same_value_is_not_shown_twice(service: Service) -> None:
    """A type and value that are sent twice are refused or shown once."""
    email = {"value": "work@example.com", "type": "work"}
    answer = service.client.post("/Users", service.user(emails=[email, dict(email)]))
    expect_status(answer, 201, 400)
    if answer.status == 201:
        pairs = [(each.get("type"), each.get("value")) for each in answer.json["emails"]]
        expect(len(pairs) == len(set(pairs)), f"emails is {pairs!r}")


@check(
    'Service providers MAY return element objects with the same "value" sub-attribute more than'
    ' once with a different "type" sub-attribute',
    "RFC 7643 §2.4",
    level=SHOULD,
)
def a_value_may_have_two_types(service: Service) -> None:
    """The same value with two types is accepted."""
    emails = [{"value": "me@example.com", "type": kind} for kind in ("work", "home")]
    expect_status(service.client.post("/Users", service.user(emails=emails)), 201)


@check(UNASSIGNED)
def null_is_unassigned(service: Service) -> None:
    """An attribute that is null counts as not sent."""
    user = service.new_user(nickName=None)
    expect(user.get("nickName") in (None, ""), f"nickName is {user.get('nickName')!r}")


@check(UNASSIGNED)
def an_empty_list_is_unassigned(service: Service) -> None:
    """An empty list counts as not sent."""
    user = service.new_user(phoneNumbers=[])
    expect(not user.get("phoneNumbers"), f"phoneNumbers is {user.get('phoneNumbers')!r}")


@check(UNASSIGNED, needs=("filter",))
def null_is_not_present(service: Service) -> None:
    """pr does not find an attribute that is null."""
    user = service.new_user(nickName=None)
    found = find(service, f'userName eq "{user["userName"]}" and nickName pr')
    expect(not found, "the filter finds the user")


@check(UNASSIGNED, needs=("filter",))
def an_empty_list_is_not_present(service: Service) -> None:
    """pr does not find an empty list."""
    user = service.new_user(phoneNumbers=[])
    found = find(service, f'userName eq "{user["userName"]}" and phoneNumbers pr')
    expect(not found, "the filter finds the user")


@check("Value order is not specified and MUST NOT impact behavior.", "RFC 7643 §3")
def the_order_of_schemas_does_not_matter(service: Service) -> None:
    """The order of schemas changes nothing."""
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    need(service, "department", schema=extension)
    body = service.user(**{extension: {"department": "Tour Operations"}})
    both = [extension, *body["schemas"]]
    answer = service.client.post("/Users", body | {"schemas": both})
    expect_status(answer, 201)
    user = answer.json
    expect(user.get(extension, {}).get("department") == "Tour Operations", f"the user is {user!r}")


@check(
    "Servers and clients MUST NOT require or expect attributes to be in any specific order",
    "RFC 7643 §2.3.8",
)
def the_order_of_attributes_does_not_matter(service: Service) -> None:
    """A body whose schemas come last is accepted."""
    body = service.user()
    schemas = body.pop("schemas")
    expect_status(service.client.post("/Users", body | {"schemas": schemas}), 201)
