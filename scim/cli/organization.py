"""The Okta organization that ``check --suite okta-crud`` instructs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from secrets import token_urlsafe
from urllib.parse import unquote

import click

from scim.conformance.client import NoAnswerError
from scim.conformance.okta.organization import Organization
from scim.idp.okta.api.application import create_api
from scim.idp.okta.org import App, Org
from scim.idp.okta.service import Service
from scim.idp.serving import create_api_server, run_in_thread
from scim.printing import printable

FIRST_PAUSE = 0.1  # seconds before the stand-in retries; each further pause is twice as long


@contextmanager
def stand_in(url: str, token: str) -> Iterator[Organization]:
    """Run a stand-in for Okta that provisions to the server at ``url`` until the block ends.

    :raises ValueError: there can be no such URL, or no such token
    """
    org, api_token = Org(App("template")), token_urlsafe()
    okta = Service(org, url, token, lambda _: None, FIRST_PAUSE)

    def settle() -> str:
        okta.queue.join()
        exchanges, tasks = okta.provisioner.client.exchanges, okta.tasks
        sent = [f"{each.method} {unquote(each.path)}: {each.status}" for each in exchanges]
        failed = [f"; {task.title} failed: {task.error}" for task in tasks.values()]
        exchanges.clear()
        tasks.clear()
        return f"sent {', '.join(dict.fromkeys(sent)) or 'nothing'}{''.join(failed)}"

    with run_in_thread(create_api_server(create_api(okta, api_token), port=0)) as server:
        okta.start()
        settle()  # first, the stand-in tests the credentials
        address = f"http://127.0.0.1:{server.port}"
        organization = Organization(address, api_token, org.app.id, patience=0, settle=settle)
        try:
            yield organization
        finally:
            organization.client.close()
            okta.stop()


@contextmanager
def real_one(url: str, api_token: str, app_id: str) -> Iterator[Organization]:
    """Provide an organization that answers, accepts the API token and has the app."""
    try:
        organization = Organization(url, api_token, app_id)
        status = organization.ask("GET", organization.app).status
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    except NoAnswerError as error:
        raise click.ClickException(printable(str(error))) from None
    with closing(organization.client):
        if status in (401, 403):
            raise click.ClickException(f"Okta refuses the API token: it answers {status}")
        if status != 200:
            raise click.ClickException(f"Okta shows no app {app_id!r}: it answers {status}")
        yield organization
