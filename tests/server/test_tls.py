"""HTTPS with a certificate that the test makes, and files that cannot be used."""

import ssl
import subprocess
from http.client import RemoteDisconnected
from socket import create_connection
from urllib.parse import urlsplit

import httpx2
import pytest

from scim.conformance.client import Client
from scim.server import Certificate, CertificateError

from ..support.databases import ON_ONE_DATABASE

FLEET = "/api/latest/fleet/scim"


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Make a certificate for localhost and its key: ``make("rsa:2048")``."""
    folder = tmp_path_factory.mktemp("tls")

    def make(*kind):
        name = "-".join(kind).replace(":", "-")
        file, key = folder / f"{name}.pem", folder / f"{name}.key"
        if not file.exists():
            names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
            command = ["openssl", "req", "-x509", "-nodes", "-newkey", *kind, *names]
            subprocess.run(
                [*command, "-keyout", key, "-out", file], check=True, capture_output=True
            )
        return file, key

    return make


@pytest.fixture(scope="module")
def pair(make):
    return make("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@ON_ONE_DATABASE
def test_server_with_a_certificate_speaks_https(serve, pair):
    file, key = map(str, pair)
    server = serve(SCIM_TLS_CERTIFICATE=file, SCIM_TLS_KEY=key, SCIM_BASE_PATH=FLEET)
    port = urlsplit(server.url).port
    base = f"https://localhost:{port}{FLEET}"
    headers = {"Authorization": f"Bearer {server.token}"}

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=file)
        context.minimum_version = context.maximum_version = version
        with httpx2.Client(verify=context, trust_env=False, headers=headers) as client:
            answer = client.get(f"{base}/ServiceProviderConfig")
            assert answer.json()["meta"]["location"] == f"{base}/ServiceProviderConfig"
    assert f"SCIM base URL   {base}\n" in server.log
    assert f"ngrok http https://localhost:{port}\n" in server.log
    with pytest.raises((httpx2.TransportError, RemoteDisconnected)):
        httpx2.get(base.replace("https", "http"), trust_env=False)


@ON_ONE_DATABASE
def test_answer_before_the_end_of_a_body_is_heard_by_check(serve, pair):
    file, key = map(str, pair)
    server = serve(SCIM_TLS_CERTIFICATE=file, SCIM_TLS_KEY=key, SCIM_MAX_BODY_SIZE="100000")
    client = Client(server.url.replace("127.0.0.1", "localhost"), server.token, ca=file)

    assert client.post("/Bulk", "x" * 20_000_000).status == 413
    assert client.get("/Users").status == 200
    client.close()


@ON_ONE_DATABASE
def test_connection_that_does_not_begin_tls_holds_up_nobody(serve, pair):
    server = serve(SCIM_TLS_CERTIFICATE=str(pair[0]), SCIM_TLS_KEY=str(pair[1]))
    place = urlsplit(server.url)

    silent = [create_connection((place.hostname, place.port)) for _ in range(200)]

    assert server.session.get("/Schemas", headers={"Connection": "close"}).status_code == 200
    assert server.session.get("/Schemas").status_code == 200
    for connection in silent:
        connection.close()


@pytest.mark.parametrize("kind", [["rsa:2048"], ["ed25519"]])
def test_usual_kinds_of_keys_are_taken(make, kind):
    assert Certificate(*make(*kind))


@pytest.fixture
def wrong(make, pair, tmp_path):
    """Files that cannot be used together, and what is said of them."""
    file, key = pair
    locked, damaged, odd = tmp_path / "locked.key", tmp_path / "bad.pem", tmp_path / "odd.pem"
    locking = ["openssl", "rsa", "-aes128", "-passout", "pass:x", "-out", locked]
    rsa, rsa_key = make("rsa:2048")
    subprocess.run([*locking, "-in", rsa_key], check=True, capture_output=True)
    damaged.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    odd.write_bytes(b"\xff\x00")
    rare = make("ec", "-pkeyopt", "ec_paramgen_curve:P-521")
    return {
        "no file": (tmp_path / "none.pem", key, "none.pem cannot be read: No such file"),
        "no key file": (file, tmp_path / "none.key", "none.key cannot be read: No such file"),
        "folder": (tmp_path, key, "cannot be read: Is a directory"),
        "no PEM": (odd, key, "odd.pem has no certificate in PEM"),
        "changed places": (key, file, "has no certificate in PEM"),
        "certificate as a key": (file, file, "has no private key in PEM"),
        "damaged": (damaged, key, "is not the key of .*bad.pem, or one of them is damaged"),
        "another's key": (file, rsa_key, "is not the key of"),
        "password": (rsa, locked, "locked.key has a password; take a key without one"),
        "rare kind": (*rare, "must be a key of the kind RSA, P-256, P-384, Ed25519"),
    }


@pytest.mark.parametrize(
    "case",
    [
        "no file",
        "no key file",
        "folder",
        "no PEM",
        "changed places",
        "certificate as a key",
        "damaged",
        "another's key",
        "password",
        "rare kind",
    ],
)
def test_files_that_cannot_be_used_are_named(wrong, case):
    file, key, problem = wrong[case]

    with pytest.raises(CertificateError, match=problem):
        Certificate(file, key)
