"""Authentication (RFC 7644 §2 and §7)."""

from ...answers import ERROR, expect_status
from ...client import Exchange
from ...outcomes import expect, skip
from ...service import Service
from ..areas import SHOULD, area
from ..requests import find, read

check = area("authentication", "RFC 7644 §3.12")
POLICY = (
    "the SCIM service provider MUST be able to map the authenticated client to an access control"
    " policy in order to determine the client's authorization to retrieve and update SCIM"
    " resources."
)
UNAUTHORIZED = "The authorization header is invalid or missing."


def wrong_token(service: Service) -> str:
    """Return a token that the server does not know; skip the check without a token of its own."""
    if service.client.token is None:
        skip("the server is used without a token")
    return service.unique("wrong")


def ask_with_wrong_token(service: Service, method: str, path: str, body: object = None) -> Exchange:
    return service.client.request(method, path, body, token=wrong_token(service))


@check.each(
    "method, path, words, needs",
    ("GET", "/Users/{id}", "read a user", ()),
    ("GET", '/Users?filter=id eq "{id}"', "query users", ()),
    ("POST", "/Users", "create a user", ()),
    ("PUT", "/Users/{id}", "replace a user", ()),
    ("PATCH", "/Users/{id}", "modify a user", ("patch",)),
    ("DELETE", "/Users/{id}", "delete a user", ()),
    section="RFC 7644 §2",
    quote=POLICY,
)
def an_unknown_token_is_refused(service: Service, method: str, path: str) -> None:
    """An unknown token does not {words}."""
    wrong_token(service)
    user = service.new_user(title="Tour Guide")
    body = {
        "POST": service.user(),
        "PUT": service.user(title="Vandal"),
        "PATCH": {"Operations": [{"op": "replace", "path": "title", "value": "Vandal"}]},
    }.get(method)
    answer = ask_with_wrong_token(service, method, path.format(id=user["id"]), body)
    expect(answer.status in (401, 403), f"{method} was answered {answer.status}")
    expect(user["id"] not in answer.text, "the answer shows the user")
    expect(read(service, user)["title"] == "Tour Guide", "the user has changed")


@check(UNAUTHORIZED, level=SHOULD)
def an_unknown_token_is_401(service: Service) -> None:
    """A request with an unknown token is 401."""
    expect_status(ask_with_wrong_token(service, "GET", "/Users?count=1"), 401)


@check(UNAUTHORIZED, level=SHOULD)
def no_token_is_401(service: Service) -> None:
    """A request without a token is 401."""
    wrong_token(service)
    expect_status(service.client.get("/Users?count=1", token=None), 401)


@check(UNAUTHORIZED, level=SHOULD)
def another_scheme_is_401(service: Service) -> None:
    """A request with another authentication scheme is 401."""
    wrong_token(service)
    headers = {"Authorization": "Basic c2NpbTpjaGVjaw=="}
    expect_status(service.client.get("/Users?count=1", headers=headers), 401)


def unauthorized(service: Service) -> Exchange:
    answer = ask_with_wrong_token(service, "GET", "/Users?count=1")
    if answer.status != 401:
        skip(f"an unknown token is {answer.status}, not 401")
    return answer


@check(
    "a SCIM service provider SHALL indicate supported HTTP authentication schemes via the"
    ' "WWW-Authenticate" header.',
    "RFC 7644 §2",
)
def a_401_names_the_schemes(service: Service) -> None:
    """A 401 names the authentication schemes in WWW-Authenticate."""
    expect(unauthorized(service).headers.get("www-authenticate"), "there is no WWW-Authenticate")


@check(
    "In addition to returning an HTTP response code, implementers MUST return the errors in the"
    " body of the response in a JSON format"
)
def a_401_is_a_scim_error(service: Service) -> None:
    """A 401 has a SCIM error as its body."""
    body = unauthorized(service).json
    expect(ERROR in body["schemas"], f"schemas is {body['schemas']!r}")
    expect(body["status"] == "401", f"status is {body['status']!r}")


@check(
    "make the authenticationSchemes attribute publicly accessible without prior authentication.",
    "RFC 7643 §5",
    level=SHOULD,
)
def authentication_schemes_are_public(service: Service) -> None:
    """/ServiceProviderConfig shows the authentication schemes without a token."""
    answer = service.client.get("/ServiceProviderConfig", token=None)
    expect_status(answer, 200)
    expect(answer.json.get("authenticationSchemes"), "there are no authenticationSchemes")


@check(POLICY, "RFC 7644 §2")
def the_token_decides_not_the_connection(service: Service) -> None:
    """A refused request does not affect the next one on the same connection."""
    user = service.new_user()
    ask_with_wrong_token(service, "GET", f"/Users/{user['id']}")
    expect(find(service, f'id eq "{user["id"]}"') == {user["id"]}, "the user is not found")
    again = ask_with_wrong_token(service, "GET", f"/Users/{user['id']}")
    expect(again.status in (401, 403), f"then an unknown token was answered {again.status}")
