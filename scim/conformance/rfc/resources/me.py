"""The alias /Me (RFC 7644 §3.11)."""

from ...answers import PATCH_OP, expect_status
from ...client import Exchange
from ...outcomes import expect, skip
from ...service import Service
from ..areas import SHOULD, area

check = area("me", "RFC 7644 §3.11")
UNSUPPORTED = (
    "A service provider that does NOT support this feature SHOULD respond with HTTP status code"
    " 501 (Not Implemented)."
)


def me(service: Service) -> Exchange:
    return service.client.get("/Me")


def shown(service: Service) -> Exchange:
    answer = me(service)
    if answer.status != 200:
        skip(f"/Me is {answer.status}: the server shows nobody there to this client")
    return answer


@check(UNSUPPORTED, level=SHOULD)
def me_is_shown_or_elsewhere_or_501(service: Service) -> None:
    """GET /Me is 200, 308 or 501."""
    expect_status(me(service), 200, 308, 501)


@check(
    'In any response, the HTTP "Location" header MUST be the permanent location of the aliased'
    " resource associated with the authenticated subject."
)
def me_has_the_location_of_the_resource(service: Service) -> None:
    """Location of /Me, where it is shown, equals its meta.location."""
    answer = shown(service)
    location = answer.headers.get("location")
    expect(location == answer.json["meta"]["location"], f"Location is {location!r}")


@check("as a URI alias for the User or other resource associated with the currently")
def me_is_the_resource_itself(service: Service) -> None:
    """meta.location of /Me, where it is shown, shows the same resource."""
    answer = shown(service)
    itself = service.client.follow(answer.json["meta"]["location"])
    expect_status(itself, 200)
    expect(itself.json == answer.json, "meta.location shows something else")


@check(
    "A service provider MAY choose to redirect the client using HTTP status code 308 (Permanent"
    " Redirect) to the resource associated with the authenticated subject."
)
def me_redirects_to_the_resource(service: Service) -> None:
    """Location of a redirected /Me shows a resource."""
    answer = me(service)
    if answer.status != 308:
        skip(f"/Me is {answer.status}, not 308")
    expect_status(service.client.follow(answer.headers["location"]), 200)


@check.each("method", ("PUT",), ("PATCH",), ("DELETE",), quote=UNSUPPORTED, level=SHOULD)
def other_methods_are_unsupported_too(service: Service, method: str) -> None:
    """{method} /Me is 501 where GET is."""
    if me(service).status != 501:
        skip("the server supports /Me")
    body = {
        "PUT": service.user(),
        "PATCH": {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "title"}]},
    }.get(method)
    expect_status(service.client.request(method, "/Me", body), 501)
