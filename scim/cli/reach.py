"""The first request to a SCIM server: what an administrator has to mend, in one line."""

import os
from collections.abc import Callable
from contextlib import closing
from http.client import BadStatusLine
from ssl import SSLCertVerificationError, SSLError
from typing import Any
from urllib.parse import urlsplit

import click

from scim.conformance.client import TIMEOUT, Client, Exchange, NoAnswerError
from scim.idp.serving import say
from scim.idp.waiting import Waiting
from scim.printing import printable

CA = click.Path(exists=True, dir_okay=False, readable=True)
USUAL_PATH = "/scim/v2"


def with_ca(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option ``--ca``, as the parameter ca."""
    about = "a file with the certificate to trust (PEM), for example a self-signed one"
    return click.option("--ca", type=CA, help=about)(command)


def trust(ca: str | None) -> None:
    """Let all clients of this command trust the certificates in a file only."""
    if not ca:
        return
    before = os.environ.get("SSL_CERT_FILE")
    os.environ["SSL_CERT_FILE"] = ca

    def restore() -> None:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before

    click.get_current_context().call_on_close(restore)


def reach(url: str, token: str, ca: str | None = None, timeout: float = TIMEOUT) -> Client:
    """Return a client of a SCIM server that answers at this base URL and accepts the token.

    :raises click.ClickException: it does not; the message says what to mend
    """
    try:
        client = Client(url, token, timeout, ca)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    except OSError as error:
        raise click.BadParameter(f"--ca {ca} is no file of certificates: {error}") from None
    client.on_wait = Waiting(say)
    try:
        if problem := _problem(client):
            raise click.ClickException(printable(problem))
    except BaseException:
        client.close()
        raise
    client.exchanges.clear()
    return client


def check_target(url: str, token: str, ca: str | None) -> None:
    """Check that a stand-in can provision into a server, whose certificate may be in a file.

    :raises click.ClickException: it cannot; the message says what to mend
    """
    trust(ca)
    with closing(reach(url, token, ca)):
        pass


def _problem(client: Client) -> str | None:
    try:
        answer = client.get("/Users", query={"count": 1})
        if answer.status in (401, 403):
            told = f" ({detail})" if (detail := _detail(answer)) else ""
            said = f"the server refuses the token: it answers {answer.status}{told}"
            return f"{said}; give the token that it expects with --token"
        if _is_scim(answer, "Resources", "totalResults"):
            return None
        if _is_scim(client.get("/ServiceProviderConfig"), "patch", "filter"):
            return None
        if answer.status == 429 or answer.status >= 500:
            return _failing(answer)
        return _misplaced(client, answer)
    except NoAnswerError as error:
        return f"{error}; {_remedy(error.__cause__)}"


def _is_scim(answer: Exchange, *names: str) -> bool:
    """Tell whether an answer is an object with one of these attributes."""
    try:
        document = answer.json
    except ValueError:
        return False
    return answer.status == 200 and isinstance(document, dict) and any(n in document for n in names)


def _failing(answer: Exchange) -> str:
    detail = _detail(answer) or "see the log of the server"
    return f"the server fails: it answers {answer.status} to GET /Users; {detail}"


def _detail(answer: Exchange) -> str:
    """Return the server's own words about an error; empty if it has none (RFC 7644 §3.12)."""
    try:
        return str(answer.json["detail"])
    except (LookupError, TypeError, ValueError):
        return ""


def _misplaced(client: Client, answer: Exchange) -> str:
    """Say that the URL is not a base URL, and which one may be meant."""
    base = client.base_url
    said = f"{base} is not the base URL of a SCIM server: GET /Users is answered {answer.status}"
    if 300 <= answer.status < 400 and "location" in answer.headers:
        return f"{said}, with the location {answer.headers['location']}"
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(base))
    above = base.rpartition("/")[0]
    for other in (above, origin + USUAL_PATH):
        if other.startswith(origin) and other != base and _is_base(client, other):
            return f"{said}; did you mean {other}?"
    return f"{said}; the base URL is what comes before /Users, as in {origin}{USUAL_PATH}"


def _is_base(client: Client, url: str) -> bool:
    try:
        return _is_scim(client.get(f"{url}/Users?count=1"), "Resources", "totalResults")
    except NoAnswerError:
        return False


def _remedy(error: BaseException | None) -> str:
    match error:
        case SSLCertVerificationError():
            return "trust the certificate with --ca FILE"
        case SSLError():
            return "if the server speaks plain HTTP, the URL begins with http://"
        case TimeoutError():
            return "the server may hang, or --timeout may be too short"
        case ConnectionRefusedError():
            return "start the server, or correct the host and the port"
        case ConnectionError() | BadStatusLine():
            return "if the server speaks TLS, the URL begins with https://"
    return "correct the URL"
