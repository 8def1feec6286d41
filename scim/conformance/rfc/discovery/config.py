"""Discovery: /ServiceProviderConfig (RFC 7644 §4, RFC 7643 §5)."""

from typing import Any

from ..common import SHOULD, Level, Service, expect, expect_status, get, rfc, row, skip

AREA = "discovery"
CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
SECTION = "RFC 7643 §5"
SUPPORTED = "supported  A Boolean value specifying whether or not the operation is supported."

# What it must say of each feature, and the words for that.
FEATURES = {
    "patch": "patch A complex type that specifies PATCH configuration options. REQUIRED.",
    "bulk": "bulk A complex type that specifies bulk configuration options.",
    "filter": "filter A complex type that specifies FILTER options.  REQUIRED.",
    "changePassword": "A complex type that specifies configuration options related to changing a"
    " password.  REQUIRED.",
    "sort": "sort A complex type that specifies Sort configuration options. REQUIRED.",
    "etag": "etag A complex type that specifies ETag configuration options. REQUIRED.",
}
LIMITS = {
    ("bulk", "maxOperations"): "maxOperations  An integer value specifying the maximum number of"
    " operations.  REQUIRED.",
    ("bulk", "maxPayloadSize"): "maxPayloadSize  An integer value specifying the maximum payload"
    " size in bytes.  REQUIRED.",
    ("filter", "maxResults"): "maxResults  An integer value specifying the maximum number of"
    " resources returned in a response.  REQUIRED.",
}
SCHEME = {
    "type": "type  The authentication scheme.",
    "name": "name  The common authentication scheme name, e.g., HTTP Basic. REQUIRED.",
    "description": "description  A description of the authentication scheme. REQUIRED.",
}
LINKS = {
    "specUri": "specUri  An HTTP-addressable URL pointing to the authentication scheme's"
    " specification.",
    "documentationUri": "documentationUri  An HTTP-addressable URL pointing to the authentication"
    " scheme's usage documentation.",
}
UNSUPPORTED = "Service provider does not support the request operation, e.g., PATCH."


def config(service: Service) -> dict[str, Any]:
    return dict(get(service, "/ServiceProviderConfig"))


@rfc(
    AREA,
    "RFC 7644 §4",
    "An HTTP GET to this endpoint will return a JSON structure that describes the SCIM"
    " specification features available on a service provider.",
)
def service_provider_config_is_there(service: Service) -> None:
    """GET /ServiceProviderConfig is answered 200 with a JSON object."""
    answer = service.client.get("/ServiceProviderConfig")
    expect_status(answer, 200)
    expect(isinstance(answer.json, dict), "the answer is not a JSON object")


@rfc(
    AREA,
    "RFC 7644 §4",
    'This endpoint SHALL return responses with a JSON object using a "schemas" attribute of'
    ' "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig".',
)
def service_provider_config_has_its_schema(service: Service) -> None:
    """/ServiceProviderConfig names its own schema."""
    schemas = config(service).get("schemas")
    expect(schemas == [CONFIG_SCHEMA], f"schemas is {schemas!r}")


def feature_is_announced(name: str) -> Any:
    def run(service: Service) -> None:
        feature = config(service).get(name)
        expect(isinstance(feature, dict), f"{name} is {feature!r}, not an object")

    return run


def feature_says_whether_it_is_supported(name: str) -> Any:
    def run(service: Service) -> None:
        supported = config(service)[name].get("supported")
        expect(isinstance(supported, bool), f"{name}.supported is {supported!r}, not a boolean")

    return run


def limit_is_an_integer(name: str, limit: str) -> Any:
    def run(service: Service) -> None:
        value = config(service)[name].get(limit)
        is_integer = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        expect(is_integer, f"{name}.{limit} is {value!r}, not a number of that kind")

    return run


for _name, _quote in FEATURES.items():
    row(f"/ServiceProviderConfig has {_name}", AREA, SECTION, _quote, feature_is_announced(_name))
    row(
        f"/ServiceProviderConfig says whether {_name} is supported",
        AREA,
        SECTION,
        SUPPORTED if _name != "sort" else SUPPORTED.replace("the operation", "sorting"),
        feature_says_whether_it_is_supported(_name),
    )
for (_name, _limit), _quote in LIMITS.items():
    row(
        f"/ServiceProviderConfig says the {_name} limit {_limit}",
        AREA,
        SECTION,
        _quote,
        limit_is_an_integer(_name, _limit),
    )


@rfc(
    AREA,
    SECTION,
    "authenticationSchemes A multi-valued complex type that specifies supported authentication"
    " scheme properties.",
)
def authentication_schemes_are_a_list(service: Service) -> None:
    """/ServiceProviderConfig lists the authentication schemes."""
    schemes = config(service).get("authenticationSchemes")
    is_list = isinstance(schemes, list) and all(isinstance(each, dict) for each in schemes)
    expect(is_list and schemes, f"authenticationSchemes is {schemes!r}")


@rfc(
    AREA,
    SECTION,
    'This specification defines the values "oauth", "oauth2", "oauthbearertoken", "httpbasic", and'
    ' "httpdigest".',
    SHOULD,
)
def authentication_schemes_are_known_ones(service: Service) -> None:
    """The types of authentication schemes are those that RFC 7643 defines."""
    defined = {"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}
    types = {scheme["type"] for scheme in config(service)["authenticationSchemes"]}
    expect(types <= defined, f"not defined: {', '.join(sorted(types - defined))}")


def schemes_have(name: str) -> Any:
    def run(service: Service) -> None:
        for scheme in config(service)["authenticationSchemes"]:
            value = scheme.get(name)
            expect(isinstance(value, str) and value, f"{name} of a scheme is {value!r}")

    return run


def links_are_urls(name: str) -> Any:
    def run(service: Service) -> None:
        schemes = config(service)["authenticationSchemes"]
        links = [scheme[name] for scheme in schemes if scheme.get(name) is not None]
        if not links:
            skip(f"no scheme has {name}, which is optional")
        wrong = [link for link in links if not str(link).startswith(("http://", "https://"))]
        expect(not wrong, f"not a URL: {wrong}")

    return run


for _name, _quote in SCHEME.items():
    row(f"Each authentication scheme has {_name}", AREA, SECTION, _quote, schemes_have(_name))
for _name, _quote in LINKS.items():
    row(f"{_name} of a scheme is a URL", AREA, SECTION, _quote, links_are_urls(_name))


@rfc(
    AREA,
    SECTION,
    "documentationUri An HTTP-addressable URL pointing to the service provider's human-consumable"
    " help documentation.",
)
def documentation_uri_is_a_url(service: Service) -> None:
    """documentationUri of /ServiceProviderConfig is a URL."""
    link = config(service).get("documentationUri")
    if link is None:
        skip("there is no documentationUri, which is optional")
    expect(str(link).startswith(("http://", "https://")), f"documentationUri is {link!r}")


@rfc(
    AREA,
    "RFC 7644 §3.7.4",
    "The service provider MUST define the maximum number of operations and maximum payload size a"
    " client may send in a single request.",
    needs=("bulk",),
)
def bulk_limits_leave_room(service: Service) -> None:
    """Where bulk is supported, its limits allow at least one operation."""
    bulk = config(service)["bulk"]
    expect(bulk["maxOperations"] > 0, f"maxOperations is {bulk['maxOperations']!r}")
    expect(bulk["maxPayloadSize"] > 0, f"maxPayloadSize is {bulk['maxPayloadSize']!r}")


def unsupported_is_501(name: str, method: str, path: str, level: Level) -> None:
    """Register that what is announced as not supported is refused as such."""

    def run(service: Service) -> None:
        if service.supports(name):
            skip(f"the server supports {name}")
        target = path.replace("{id}", str(service.new_user()["id"])) if "{id}" in path else path
        expect_status(service.client.request(method, target, {"schemas": []}), 501)

    row(f"{name} that is not supported is 501", AREA, "RFC 7644 §3.12", UNSUPPORTED, run, level)


unsupported_is_501("patch", "PATCH", "/Users/{id}", SHOULD)
unsupported_is_501("bulk", "POST", "/Bulk", SHOULD)
