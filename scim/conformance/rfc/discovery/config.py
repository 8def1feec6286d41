"""Discovery: /ServiceProviderConfig (RFC 7644 §4, RFC 7643 §5)."""

from typing import Any

from ...answers import expect_status, value_at
from ...outcomes import expect, skip
from ...service import Service
from ..areas import MUST, SHOULD, area
from ..requests import get

check = area("discovery", "RFC 7643 §5")
CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
SUPPORTED = "supported A Boolean value specifying whether or not the operation is supported."
KINDS = {dict: "an object", bool: "a boolean"}


def config(service: Service) -> dict[str, Any]:
    return dict(get(service, "/ServiceProviderConfig"))


@check(
    "An HTTP GET to this endpoint will return a JSON structure that describes the SCIM"
    " specification features available on a service provider.",
    "RFC 7644 §4",
)
def service_provider_config_is_there(service: Service) -> None:
    """GET /ServiceProviderConfig is answered 200 with a JSON object."""
    answer = service.client.get("/ServiceProviderConfig")
    expect_status(answer, 200)
    expect(isinstance(answer.json, dict), "the answer is not a JSON object")


@check(
    'This endpoint SHALL return responses with a JSON object using a "schemas" attribute of'
    ' "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig".',
    "RFC 7644 §4",
)
def service_provider_config_has_its_schema(service: Service) -> None:
    """/ServiceProviderConfig has the URI of its schema in schemas."""
    schemas = config(service).get("schemas")
    expect(schemas == [CONFIG_SCHEMA], f"schemas is {schemas!r}")


@check.each(
    "words, path, kind, quote",
    (
        "has patch",
        "patch",
        dict,
        "patch A complex type that specifies PATCH configuration options. REQUIRED.",
    ),
    ("says whether patch is supported", "patch.supported", bool, SUPPORTED),
    ("has bulk", "bulk", dict, "bulk A complex type that specifies bulk configuration options."),
    ("says whether bulk is supported", "bulk.supported", bool, SUPPORTED),
    (
        "has filter",
        "filter",
        dict,
        "filter A complex type that specifies FILTER options. REQUIRED.",
    ),
    ("says whether filter is supported", "filter.supported", bool, SUPPORTED),
    (
        "has changePassword",
        "changePassword",
        dict,
        "A complex type that specifies configuration options related to changing a password."
        " REQUIRED.",
    ),
    ("says whether changePassword is supported", "changePassword.supported", bool, SUPPORTED),
    (
        "has sort",
        "sort",
        dict,
        "sort A complex type that specifies Sort configuration options. REQUIRED.",
    ),
    (
        "says whether sort is supported",
        "sort.supported",
        bool,
        "supported A Boolean value specifying whether or not sorting is supported.",
    ),
    (
        "has etag",
        "etag",
        dict,
        "etag A complex type that specifies ETag configuration options. REQUIRED.",
    ),
    ("says whether etag is supported", "etag.supported", bool, SUPPORTED),
)
def features_are_announced(service: Service, path: str, kind: type) -> None:
    """/ServiceProviderConfig {words}."""
    found = config(service)
    feature = path.partition(".")[0]
    if feature != path and not isinstance(found.get(feature), dict):
        skip(f"/ServiceProviderConfig has no {feature}")
    value = value_at(found, path)
    expect(isinstance(value, kind), f"{path} is {value!r}, not {KINDS[kind]}")


@check.each(
    "feature, limit, quote",
    (
        "bulk",
        "maxOperations",
        "maxOperations An integer value specifying the maximum number of operations. REQUIRED.",
    ),
    (
        "bulk",
        "maxPayloadSize",
        "maxPayloadSize An integer value specifying the maximum payload size in bytes. REQUIRED.",
    ),
    (
        "filter",
        "maxResults",
        "maxResults An integer value specifying the maximum number of resources returned in a"
        " response. REQUIRED.",
    ),
)
def limits_are_announced(service: Service, feature: str, limit: str) -> None:
    """/ServiceProviderConfig says the {feature} limit {limit}."""
    found = config(service).get(feature)
    if not isinstance(found, dict):
        skip(f"/ServiceProviderConfig has no {feature}")
    value = found.get(limit)
    is_integer = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    level = MUST if service.supports(feature) else SHOULD  # nobody reads it of what is not there
    expect(is_integer, f"{feature}.{limit} is {value!r}, not an integer of 0 or more", level)


@check(
    "authenticationSchemes A multi-valued complex type that specifies supported authentication"
    " scheme properties."
)
def authentication_schemes_are_a_list(service: Service) -> None:
    """/ServiceProviderConfig lists the authentication schemes."""
    schemes = config(service).get("authenticationSchemes")
    is_list = isinstance(schemes, list) and all(isinstance(each, dict) for each in schemes)
    expect(is_list and schemes, f"authenticationSchemes is {schemes!r}")


def known_schemes(service: Service) -> list[dict[str, Any]]:
    schemes = config(service).get("authenticationSchemes")
    if not isinstance(schemes, list) or not schemes:
        skip("/ServiceProviderConfig has no authenticationSchemes")
    return schemes


@check(
    'This specification defines the values "oauth", "oauth2", "oauthbearertoken", "httpbasic", and'
    ' "httpdigest".',
    level=SHOULD,
)
def authentication_schemes_are_known_ones(service: Service) -> None:
    """The types of authentication schemes are those that RFC 7643 defines."""
    defined = {"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}
    types = {scheme.get("type") for scheme in known_schemes(service)}
    expect(
        types <= defined, f"RFC 7643 does not define {', '.join(sorted(map(str, types - defined)))}"
    )


@check.each(
    "name, quote",
    ("type", "type The authentication scheme."),
    ("name", "name The common authentication scheme name, e.g., HTTP Basic. REQUIRED."),
    ("description", "description A description of the authentication scheme. REQUIRED."),
)
def schemes_are_described(service: Service, name: str) -> None:
    """Each authentication scheme has {name}."""
    for scheme in known_schemes(service):
        value = scheme.get(name)
        expect(isinstance(value, str) and value, f"{name} of a scheme is {value!r}")


@check.each(
    "name, quote",
    (
        "specUri",
        "specUri An HTTP-addressable URL pointing to the authentication scheme's specification.",
    ),
    (
        "documentationUri",
        "documentationUri An HTTP-addressable URL pointing to the authentication scheme's usage"
        " documentation.",
    ),
)
def schemes_link_to_urls(service: Service, name: str) -> None:
    """{name} of a scheme is a URL."""
    schemes = known_schemes(service)
    links = [scheme[name] for scheme in schemes if scheme.get(name) is not None]
    if not links:
        skip(f"no scheme has {name}, which is optional")
    wrong = [link for link in links if not str(link).startswith(("http://", "https://"))]
    expect(not wrong, f"{name} is no URL: {wrong}")


@check(
    "documentationUri An HTTP-addressable URL pointing to the service provider's human-consumable"
    " help documentation."
)
def documentation_uri_is_a_url(service: Service) -> None:
    """documentationUri of /ServiceProviderConfig is a URL."""
    link = config(service).get("documentationUri")
    if link is None:
        skip("there is no documentationUri, which is optional")
    expect(str(link).startswith(("http://", "https://")), f"documentationUri is {link!r}")


@check(
    "The service provider MUST define the maximum number of operations and maximum payload size a"
    " client may send in a single request.",
    "RFC 7644 §3.7.4",
    needs=("bulk",),
)
def bulk_limits_leave_room(service: Service) -> None:
    """A server with bulk allows at least one operation in a request."""
    bulk = config(service)["bulk"]
    expect(bulk["maxOperations"] > 0, f"maxOperations is {bulk['maxOperations']!r}")
    expect(bulk["maxPayloadSize"] > 0, f"maxPayloadSize is {bulk['maxPayloadSize']!r}")


@check.each(
    "name, method, path",
    ("patch", "PATCH", "/Users/{id}"),
    ("bulk", "POST", "/Bulk"),
    quote="Service provider does not support the request operation, e.g., PATCH.",
    section="RFC 7644 §3.12",
    level=SHOULD,
)
def an_unsupported_feature_is_501(service: Service, name: str, method: str, path: str) -> None:
    """{name} that is not supported is 501."""
    if service.supports(name):
        skip(f"the server supports {name}")
    target = path.format(id=service.new_user()["id"]) if "{id}" in path else path
    expect_status(service.client.request(method, target, {"schemas": []}), 501)
