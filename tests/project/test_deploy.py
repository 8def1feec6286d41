"""The files in ``deploy``: for production, right for the programs that read them, and true.

No container engine is needed: the image's files, commands and health check are tried without.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx2
import pytest
import yaml

from scim.environment import read_settings
from scim.settings import NAMES

from ..support.databases import ON_ONE_DATABASE
from ..support.ports import free_port
from ..support.server import ROOT
from ..support.waiting import wait_until

DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.suffix != ".dockerignore")
DOCKERFILE = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
SYSTEM = "/usr/sbin:/usr/local/sbin"
FOR_PRODUCTION = re.compile(r"\bSCIM_ENV\W+(?:value\W+)?production\b")
TOOLS = Path(sys.executable).parent


def documents(name):
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def instructions(name):
    """Return the arguments of each instruction of this name in the Dockerfile."""
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def assignments(words):
    return dict(word.split("=", 1) for word in shlex.split(words))


def of_the_image():
    return {k: v for k, v in assignments(instructions("ENV")[0]).items() if k in NAMES}


def of_the_unit():
    lines = re.findall(r"^Environment=(.+)$", (DEPLOY / "scim.service").read_text(), re.MULTILINE)
    return assignments(" ".join(lines))


def of_compose():
    [file] = documents("compose.yaml")
    return file["services"]["scim"]["environment"]


def of_kubernetes():
    return next(each for each in documents("kubernetes.yaml") if each["kind"] == "ConfigMap")[
        "data"
    ]


def of_render():
    [file] = documents("render.yaml")
    given = {each["key"]: each.get("value", "") for each in file["services"][0]["envVars"]}
    return given | {"DATABASE_URL": "postgres://scim@database/scim", "PORT": "10000"}


def of_fly():
    return tomllib.loads((DEPLOY / "fly.toml").read_text())["env"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_file_is_for_production_and_names_settings_that_exist(path):
    text = path.read_text()

    assert FOR_PRODUCTION.search(text)
    assert set(re.findall(r"\bSCIM_[A-Z_]+\b", text)) <= set(NAMES)


@pytest.mark.parametrize(
    "settings", [of_the_image, of_the_unit, of_compose, of_kubernetes, of_render, of_fly]
)
def test_settings_of_a_file_are_taken(settings):
    given = {name: re.sub(r"\$\{\w+:-}", "", value) for name, value in settings().items()}
    given = {name: re.sub(r"\$\{[^}]*}", "secret", value) for name, value in given.items()}
    given.setdefault("SCIM_TOKEN", "a-token")

    read = read_settings(environment=given)

    assert read.env == "production"
    assert not read.has_console


def test_files_name_what_exists():
    [compose], [render] = documents("compose.yaml"), documents("render.yaml")
    fly = tomllib.loads((DEPLOY / "fly.toml").read_text())["build"]
    build = compose["services"]["scim"]["build"]
    named = [
        DEPLOY / build["context"] / build["dockerfile"],
        ROOT / render["services"][0]["dockerfilePath"],
        *(DEPLOY / name for name in fly.values()),
    ]
    unit = (DEPLOY / "scim.service").read_text()
    named += [ROOT / name for name in re.findall(r"/opt/scim/([\w/]+\.py)", unit)]

    assert [path for path in named if not path.is_file()] == []
    assert len(named) == 6


def test_migrations_are_applied_by_a_command_that_exists():
    files = ("compose.yaml", "kubernetes.yaml", "render.yaml", "fly.toml", "scim.service")
    for name in files:
        words = re.sub(r"[,\"\[\]]", "", (DEPLOY / name).read_text())
        assert re.search(r"(python |scim/)manage\.py db upgrade$", words, re.MULTILINE), name


def test_probes_lead_to_endpoints(client):
    named = {
        path for file in FILES for path in re.findall(r"/(?:healthz|readyz)\b", file.read_text())
    }

    assert named == {"/healthz", "/readyz"}
    assert {client.get(path).status_code for path in named} == {200}


def test_image_has_all_that_the_program_needs(tmp_path):
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    copied = [words.split() for words in instructions("COPY") if not words.startswith("--from")]
    for *sources, target in copied:
        for source in sources:
            assert f"!{source}" in ignored
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target)
            else:
                shutil.copy(ROOT / source, tmp_path)
    environment = os.environ | of_the_image() | {"SCIM_TOKEN": "a-token"}
    environment |= {"SCIM_DATABASE_URL": f"sqlite:///{tmp_path / 'scim.db'}"}
    command = [sys.executable, "manage.py", "db", "upgrade"]

    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert "The tables are in" in done.stdout


def checked(*command, **options):
    environment = os.environ | {"PATH": f"{TOOLS}:{os.environ['PATH']}:{SYSTEM}"}
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, **options
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "hadolint --no-color --failure-threshold style Dockerfile",
        "check-jsonschema --builtin-schema vendor.compose-spec compose.yaml",
        "kubernetes-validate --strict kubernetes.yaml",
    ],
    ids=lambda command: command.split()[0],
)
def test_linter_has_nothing_to_say(command):
    status, said = checked(*command.split(), cwd=DEPLOY)

    assert status == 0, said


def test_systemd_can_read_the_unit(tmp_path):
    unit = (DEPLOY / "scim.service").read_text()
    unit = unit.replace("/opt/scim/.venv/bin/python", sys.executable)
    (tmp_path / "scim.service").write_text(unit.replace("/opt/scim", str(ROOT)))

    status, said = checked("systemd-analyze", "verify", "--man=no", tmp_path / "scim.service")

    assert (status, said) == (0, "")


@pytest.fixture
def nginx(tmp_path):
    """Start nginx with our file, for a server at a port: ``nginx(port)`` returns its two ports."""
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    pair = ["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", *names, *pair],
        check=True,
        capture_output=True,
    )
    started = []

    def start(port):
        plain, encrypted = free_port(), free_port()
        text = (DEPLOY / "nginx.conf").read_text()
        for old, new in {
            r"listen (\[::\]:)?80;": f"listen 127.0.0.1:{plain};",
            r"listen (\[::\]:)?443 ssl;": f"listen 127.0.0.1:{encrypted} ssl;",
            r"127\.0\.0\.1:5000": f"127.0.0.1:{port}",
            r"/etc/letsencrypt/live/scim\.example\.com": str(tmp_path),
        }.items():
            text, count = re.subn(old, new, text)
            assert count
        text = re.sub(r"(listen [^;]+;)\s+listen [^;]+;", r"\1", text)
        (tmp_path / "scim.conf").write_text(text)
        places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{each}_temp_path {tmp_path}/{each};" for each in places)
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {tmp_path}/pid; error_log stderr;"
            f" events {{}} http {{ access_log off; {temporary} include scim.conf; }}"
        )
        command = ["nginx", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", "stderr"]
        status, said = checked(*command, "-t")
        assert status == 0, said
        path = f"{os.environ['PATH']}:{SYSTEM}"
        started.append(subprocess.Popen(command, env=os.environ | {"PATH": path}))
        return plain, encrypted

    yield start
    for process in started:
        process.terminate()
        process.wait()


@ON_ONE_DATABASE
def test_server_is_served_through_nginx_and_is_healthy(serve, nginx):
    server = serve(SCIM_ENV="production", SCIM_TOKEN="a-token")
    port = httpx2.URL(server.url).port
    plain, encrypted = nginx(port)
    headers = {
        "Host": "scim.example.com",
        "Authorization": "Bearer a-token",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
    }
    with httpx2.Client(verify=False, trust_env=False, headers=headers) as client:
        base = f"https://127.0.0.1:{encrypted}"
        wait_until(lambda: answers(client, base))

        answer = client.get(f"{base}/scim/v2/ServiceProviderConfig")
        location = answer.json()["meta"]["location"]
        assert location == "https://scim.example.com/scim/v2/ServiceProviderConfig"
        described = client.get(f"{base}/.well-known/oauth-authorization-server").json()
        assert "keys" in client.get(f"{base}/.well-known/jwks.json").json()
        assert described["token_endpoint"] == "https://scim.example.com/oauth/token"
        assert client.post(
            described["token_endpoint"].replace("https://scim.example.com", base)
        ).json()["error"]
        too_large = client.post(f"{base}/scim/v2/Users", content=b"x" * 10_485_761)
        assert too_large.json()["status"] == "413"
        assert too_large.headers["Content-Type"] == "application/scim+json"
        stranger = {"Authorization": "Bearer no-token"}
        sent = {"content": b"x" * 200_000, "headers": stranger}
        refused = {client.post(f"{base}/scim/v2/Users", **sent).status_code for _ in range(20)}
        assert refused == {401}
        hidden = [client.get(base + path).status_code for path in ("/", "/healthz", "/metrics")]
        assert hidden == [404, 404, 404]
        moved = client.post(f"http://127.0.0.1:{plain}/scim/v2/Users")
        assert (moved.status_code, moved.headers["Location"]) == (
            308,
            "https://scim.example.com/scim/v2/Users",
        )
        assert is_healthy(port)

        server.stop()

        away = client.get(f"{base}/scim/v2/Users")
        assert (away.json()["status"], away.headers["Retry-After"]) == ("503", "5")
        assert not is_healthy(port)


def is_healthy(port):
    """Run the health check of the image."""
    [check] = instructions("HEALTHCHECK")
    python, *arguments = yaml.safe_load(check.partition("CMD ")[2])
    assert python == "python"
    environment = os.environ | {"SCIM_PORT": str(port)}
    command = [sys.executable, *arguments]
    return (
        subprocess.run(command, check=False, env=environment, capture_output=True).returncode == 0
    )


def answers(client, base):
    try:
        return client.get(base)
    except httpx2.TransportError:
        return None
