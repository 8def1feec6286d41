"""Okta's CRUD test against servers and organizations that may be broken."""

from contextlib import closing, contextmanager

from scim.conformance.checks import Client, Service, load, run_checks
from scim.conformance.okta.organization import Organization

from .broken import Answer, broken_server

STEPS = load(["okta-crud"])


def run(url, token, organization, checks=STEPS):
    with closing(Client(url, token)) as client:
        return run_checks(checks, Service(client, organization))


@contextmanager
def through(breach, organization, **options):
    """Provide the same organization with another API, or with other options."""
    place = organization.client.base_url.removesuffix("/api/v1")
    app_id = organization.app.rpartition("/")[2]
    options = {"patience": 0, "settle": organization.settle} | options
    with broken_server(place, breach) as url:
        broken = Organization(url, organization.secrets[0], app_id, **options)
        with closing(broken.client):
            yield broken


def answering(method, words, status, **values):
    """Answer with a status, if the path has these words and the body sets these values."""

    def sets(body):
        sent = [body, *(each.get("value") for each in (body or {}).get("Operations", []))]
        return any(values.items() <= (each or {}).items() for each in sent)

    def breach(asked, serve):
        if asked.method == method and words in asked.path and sets(asked.body):
            return Answer(status, text='{"detail": "no"}')
        return serve(asked)

    return breach


def serving(asked, serve):
    return serve(asked)
