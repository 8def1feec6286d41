"""The alias /Me (RFC 7644 §3.11)."""

from ..common import PATCH_OP, SHOULD, Exchange, Service, expect, expect_status, rfc, row, skip

AREA = "me"
SECTION = "RFC 7644 §3.11"
UNSUPPORTED = (
    "A service provider that does NOT support this feature SHOULD respond with HTTP status code 501"
    " (Not Implemented)."
)
REDIRECTED = (
    "A service provider MAY choose to redirect the client using HTTP status code 308 (Permanent"
    " Redirect) to the resource associated with the authenticated subject."
)
PERMANENT = (
    'In any response, the HTTP "Location" header MUST be the permanent location of the aliased'
    " resource"
    " associated with the authenticated subject."
)


def me(service: Service) -> Exchange:
    return service.client.get("/Me")


def shown(service: Service) -> Exchange:
    answer = me(service)
    if answer.status != 200:
        skip(f"/Me is {answer.status}: the server shows nobody there to this client")
    return answer


@rfc(AREA, SECTION, UNSUPPORTED, SHOULD)
def me_is_shown_or_elsewhere_or_501(service: Service) -> None:
    """GET /Me is 200, 308 or 501."""
    expect_status(me(service), 200, 308, 501)


@rfc(AREA, SECTION, PERMANENT)
def me_has_the_location_of_the_resource(service: Service) -> None:
    """Where /Me is shown, Location is its meta.location."""
    answer = shown(service)
    location = answer.headers.get("location")
    expect(location == answer.json["meta"]["location"], f"Location is {location!r}")


@rfc(AREA, SECTION, "as a URI alias for the User or other resource associated with the currently")
def me_is_the_resource_itself(service: Service) -> None:
    """Where /Me is shown, its meta.location shows the same."""
    answer = shown(service)
    itself = service.client.follow(answer.json["meta"]["location"])
    expect_status(itself, 200)
    expect(itself.json == answer.json, "meta.location shows something else")


@rfc(AREA, SECTION, REDIRECTED)
def me_redirects_to_the_resource(service: Service) -> None:
    """Where /Me is elsewhere, Location leads there."""
    answer = me(service)
    if answer.status != 308:
        skip(f"/Me is {answer.status}, not 308")
    expect_status(service.client.follow(answer.headers["location"]), 200)


def is_unsupported(method: str) -> None:
    """Register that a method of /Me is 501 where GET is."""

    def run(service: Service) -> None:
        if me(service).status != 501:
            skip("the server supports /Me")
        body = {
            "PUT": service.user(),
            "PATCH": {"schemas": [PATCH_OP], "Operations": [{"op": "remove", "path": "title"}]},
        }.get(method)
        expect_status(service.client.request(method, "/Me", body), 501)

    row(f"{method} /Me is 501 where GET is", AREA, SECTION, UNSUPPORTED, run, SHOULD)


for _method in ("PUT", "PATCH", "DELETE"):
    is_unsupported(_method)
