"""Authentication (RFC 7644 §2 and §7)."""

from collections.abc import Callable

from ..common import (
    ERROR,
    MUST,
    SHOULD,
    Exchange,
    Service,
    expect,
    expect_status,
    find,
    read,
    rfc,
    row,
    skip,
)

AREA = "authentication"
POLICY = (
    "the SCIM service provider MUST be able to map the authenticated client to an access control"
    " policy in order to determine the client's authorization to retrieve and update SCIM"
    " resources."
)
UNAUTHORIZED = "The authorization header is invalid or missing."
SCHEMES = (
    "a SCIM service provider SHALL indicate supported HTTP authentication schemes via the"
    ' "WWW-Authenticate" header.'
)


def wrong_token(service: Service) -> str:
    """Return a token that opens nothing, unless the server takes any."""
    if service.client.token is None:
        skip("the server is used without a token")
    return service.unique("wrong")


def stranger(service: Service, method: str, path: str, body: object = None) -> Exchange:
    return service.client.request(method, path, body, token=wrong_token(service))


def is_refused(method: str, path: str) -> Callable[[Service], None]:
    """Return a check that a stranger can neither see nor change anything."""

    def run(service: Service) -> None:
        wrong_token(service)
        user = service.new_user(title="Tour Guide")
        body = {
            "POST": service.user(),
            "PUT": service.user(title="Vandal"),
            "PATCH": {"Operations": [{"op": "replace", "path": "title", "value": "Vandal"}]},
        }.get(method)
        answer = stranger(service, method, path.format(id=user["id"]), body)
        expect(answer.status in (401, 403), f"{method} was answered {answer.status}")
        expect(user["id"] not in answer.text, "the answer shows the user")
        expect(read(service, user)["title"] == "Tour Guide", "the user has changed")

    return run


for _method, _path, _what in (
    ("GET", "/Users/{id}", "read a user"),
    ("GET", '/Users?filter=id eq "{id}"', "query users"),
    ("POST", "/Users", "create a user"),
    ("PUT", "/Users/{id}", "replace a user"),
    ("PATCH", "/Users/{id}", "modify a user"),
    ("DELETE", "/Users/{id}", "delete a user"),
):
    row(
        f"An unknown token does not {_what}",
        AREA,
        "RFC 7644 §2",
        POLICY,
        is_refused(_method, _path),
        MUST,
        {"PATCH": ("patch",)}.get(_method, ()),
    )


@rfc(AREA, "RFC 7644 §3.12", UNAUTHORIZED, SHOULD)
def an_unknown_token_is_401(service: Service) -> None:
    """A request with an unknown token is 401."""
    expect_status(stranger(service, "GET", "/Users?count=1"), 401)


@rfc(AREA, "RFC 7644 §3.12", UNAUTHORIZED, SHOULD)
def no_token_is_401(service: Service) -> None:
    """A request without a token is 401."""
    wrong_token(service)
    expect_status(service.client.get("/Users?count=1", token=None), 401)


@rfc(AREA, "RFC 7644 §3.12", UNAUTHORIZED, SHOULD)
def another_scheme_is_401(service: Service) -> None:
    """A token under another scheme is 401."""
    wrong_token(service)
    headers = {"Authorization": "Basic c2NpbTpjaGVjaw=="}
    expect_status(service.client.get("/Users?count=1", headers=headers), 401)


def unauthorized(service: Service) -> Exchange:
    answer = stranger(service, "GET", "/Users?count=1")
    if answer.status != 401:
        skip(f"an unknown token is {answer.status}, not 401")
    return answer


@rfc(AREA, "RFC 7644 §2", SCHEMES)
def a_401_names_the_schemes(service: Service) -> None:
    """A 401 says in WWW-Authenticate which schemes there are."""
    expect(unauthorized(service).headers.get("www-authenticate"), "there is no WWW-Authenticate")


@rfc(
    AREA,
    "RFC 7644 §3.12",
    "In addition to returning an HTTP response code, implementers MUST return the errors in the"
    " body of the response in a JSON format",
)
def a_401_is_a_scim_error(service: Service) -> None:
    """A 401 has the body of an error."""
    body = unauthorized(service).json
    expect(ERROR in body["schemas"], f"schemas is {body['schemas']!r}")
    expect(body["status"] == "401", f"status is {body['status']!r}")


@rfc(
    AREA,
    "RFC 7643 §5",
    "make the authenticationSchemes attribute publicly accessible without prior authentication.",
    SHOULD,
)
def authentication_schemes_are_public(service: Service) -> None:
    """/ServiceProviderConfig shows the authentication schemes without a token."""
    answer = service.client.get("/ServiceProviderConfig", token=None)
    expect_status(answer, 200)
    expect(answer.json.get("authenticationSchemes"), "there are no authenticationSchemes")


@rfc(AREA, "RFC 7644 §2", POLICY)
def the_token_decides_not_the_connection(service: Service) -> None:
    """A refused request changes nothing for the next one on the same connection."""
    user = service.new_user()
    stranger(service, "GET", f"/Users/{user['id']}")
    expect(find(service, f'id eq "{user["id"]}"') == {user["id"]}, "the user is not found")
    again = stranger(service, "GET", f"/Users/{user['id']}")
    expect(again.status in (401, 403), f"afterwards a stranger was answered {again.status}")
