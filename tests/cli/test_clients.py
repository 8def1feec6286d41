"""OAuth clients on the command line, on both databases."""

from dataclasses import replace

import pytest
from joserfc.jwk import ECKey

from ..support.scim import Scim, user

PAIR = ECKey.generate_key("P-256", private=True)


@pytest.fixture
def get_token(app):
    """Return the answer of the token endpoint to a client with a secret."""

    def get_token(client_id, secret):
        form = {"client_id": client_id, "client_secret": secret}
        form["grant_type"] = "client_credentials"
        return app.test_client().post("/oauth/token", data=form)

    return get_token


def shown(text):
    """Return what a command tells of a new client, by the words in front."""
    return dict(line.rsplit(maxsplit=1) for line in text.splitlines())


def test_client_gets_tokens_until_it_is_removed(run, fail, get_token, opened_by):
    run("tenant add acme")
    made = shown(run("client add entra --tenant acme --scope read --type User"))

    answer = get_token(made["Client id"], made["Client secret"])

    acme: Scim = opened_by(answer.json["access_token"])
    assert made["Token endpoint"] == "http://localhost:5000/oauth/token"
    assert acme.get("/Users").status_code == 200
    assert acme.post("/Users", user()).status_code == 403
    [line] = run("client list --tenant acme").splitlines()
    assert line.endswith(f"entra  {made['Client id']}  a secret  read, only User")
    assert made["Client secret"] not in line
    assert fail("client add entra --tenant acme").endswith("has a client 'entra' already")
    assert run("client remove entra --tenant acme") == "Removed entra.\n"
    assert run("client list --tenant acme") == "There is no client.\n"
    assert fail("client remove entra --tenant acme").endswith("has no client 'entra'")
    assert opened_by(answer.json["access_token"]).get("/Users").status_code == 401


def test_production_needs_its_public_name(attempt, app, monkeypatch):
    service = app.extensions["scim"]
    settings = replace(service.settings, env="production", token="a-token-of-our-own")
    monkeypatch.setitem(app.extensions, "scim", replace(service, settings=settings))
    assert "SCIM_PUBLIC_URL is not set" in attempt("client add one").stderr

    settings = replace(settings, public_url="https://scim.example.com")
    monkeypatch.setitem(app.extensions, "scim", replace(service, settings=settings))
    done = attempt("client add two")

    assert done.stderr == ""
    assert "Token endpoint  https://scim.example.com/oauth/token\n" in done.stdout


def test_new_secret_replaces_the_old_one(run, fail, get_token):
    made = shown(run("client add entra"))

    secret = run("client secret entra").strip()

    assert get_token(made["Client id"], secret).status_code == 200
    assert get_token(made["Client id"], made["Client secret"]).status_code == 401
    assert fail("client secret okta").endswith("has no client 'okta'")


def test_client_with_keys_has_no_secret(run, fail, tmp_path):
    public, private = tmp_path / "public.pem", tmp_path / "private.pem"
    public.write_bytes(PAIR.as_pem(private=False))
    private.write_bytes(PAIR.as_pem(private=True))

    assert "Client secret" not in shown(run(f"client add entra --keys {public}"))
    assert "signed assertions" in run("client list")
    assert "private" in fail(f"client add other --keys {private}")
    assert "console" in fail("client add console")
