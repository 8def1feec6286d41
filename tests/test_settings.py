"""The settings: the values that they take, and the one line that a wrong value stops with."""

import os
import re
from dataclasses import asdict
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx2
import pytest

import app
from app import create_app, welcome
from scim.environment import read_environment, read_settings
from scim.places import PROJECT
from scim.settings import SettingError, Settings

from .support.databases import ON_ONE_DATABASE
from .support.ports import free_port
from .support.server import ROOT, run

POSTGRESQL = {"DATABASE_URL": "postgresql://host/db"}
WRONG = [
    ({"PORT": "http"}, "SCIM_PORT must be a whole number, not 'http'"),
    ({"PORT": "5e3"}, "SCIM_PORT must be a whole number"),
    ({"PORT": "0"}, "SCIM_PORT must be 1 or more"),
    ({"PORT": "65536"}, "SCIM_PORT must be 65535 or less"),
    ({"PORT": "9" * 30}, "SCIM_PORT must be a whole number"),
    ({"WORKERS": "-1"}, "SCIM_WORKERS must be 1 or more"),
    ({"HOST": "a..b"}, "SCIM_HOST cannot be used"),
    ({"TOKEN": "two words"}, "SCIM_TOKEN must be 1 to 255 printable characters"),
    ({"TOKEN": "é"}, "SCIM_TOKEN must be 1 to 255 printable characters"),
    ({"TOKEN": "x" * 256}, "SCIM_TOKEN must be 1 to 255 printable characters"),
    ({"TRUSTED_PROXIES": "10.0.0.1/8"}, "SCIM_TRUSTED_PROXIES cannot be used: 10.0.0.1/8 has host"),
    ({"TRUSTED_PROXIES": "proxy"}, "SCIM_TRUSTED_PROXIES cannot be used: 'proxy' does not"),
    ({"TRUSTED_PROXIES": "::1,"}, "SCIM_TRUSTED_PROXIES cannot be used"),
    ({"BASE_PATH": "scim"}, "SCIM_BASE_PATH must look like /scim/v2"),
    ({"BASE_PATH": "/scim/"}, "SCIM_BASE_PATH must look like /scim/v2"),
    ({"BASE_PATH": "/"}, "SCIM_BASE_PATH must look like /scim/v2"),
    ({"BASE_PATH": "/<x>"}, "SCIM_BASE_PATH must look like /scim/v2"),
    ({"DEFAULT_PAGE_SIZE": "1001"}, "SCIM_DEFAULT_PAGE_SIZE must not exceed SCIM_MAX_PAGE_SIZE"),
    ({"MAX_PAGE_SIZE": "0"}, "SCIM_MAX_PAGE_SIZE must be 1 or more"),
    ({"MAX_BODY_SIZE": "1.5"}, "SCIM_MAX_BODY_SIZE must be a whole number"),
    ({"MAX_FILTER_LENGTH": "0"}, "SCIM_MAX_FILTER_LENGTH must be 1 or more"),
    ({"MAX_FILTER_DEPTH": "11"}, "SCIM_MAX_FILTER_DEPTH must be 10 or less"),
    ({"UNIQUE_GROUP_NAMES": "maybe"}, "SCIM_UNIQUE_GROUP_NAMES must be true or false"),
    ({"SKIP_UNKNOWN_MEMBERS": "2"}, "SCIM_SKIP_UNKNOWN_MEMBERS must be true or false"),
    ({"SCHEMA_FOLDER": "no/such"}, "SCIM_SCHEMA_FOLDER: the folder 'no/such' does not"),
    ({"LOG_FORMAT": "xml"}, "SCIM_LOG_FORMAT must be text or json, not 'xml'"),
    ({"ENV": "prod"}, "SCIM_ENV must be development or production, not 'prod'"),
    ({"CONSOLE": "true"}, "SCIM_CONSOLE must be auto, on or off, not 'true'"),
    ({"CONSOLE_PORT": "65536"}, "SCIM_CONSOLE_PORT must be 65535 or less"),
    ({"RECORDINGS": "-1"}, "SCIM_RECORDINGS must be 0 or more"),
    ({"RECORDING_DAYS": "0"}, "SCIM_RECORDING_DAYS must be 1 or more"),
    ({"AUDIT_KEY": "short"}, "SCIM_AUDIT_KEY must have 32 characters or more"),
    ({"TLS_KEY": "key.pem"}, "SCIM_TLS_CERTIFICATE and SCIM_TLS_KEY go together"),
    ({"TLS_CERTIFICATE": "cert.pem"}, "SCIM_TLS_CERTIFICATE and SCIM_TLS_KEY go together"),
    ({"DATABASE_URL": "mysql://host/db"}, "SCIM_DATABASE_URL must be sqlite:///"),
    ({"DATABASE_URL": "sqlite://"}, "SCIM_DATABASE_URL must be sqlite:///"),
    ({"DATABASE_URL": "sqlite:///"}, "SCIM_DATABASE_URL must be sqlite:///"),
    ({"DATABASE_URL": "sqlite:///:memory:"}, "SCIM_DATABASE_URL must name a file"),
    ({"DATABASE_URL": "postgresql://host:port/db"}, "SCIM_DATABASE_URL cannot be used"),
    ({"REPLICA_URL": "postgresql://host/db"}, "SCIM_REPLICA_URL needs a SCIM_DATABASE_URL"),
    (POSTGRESQL | {"REPLICA_URL": "sqlite:///copy.db"}, "SCIM_REPLICA_URL must begin with"),
    (POSTGRESQL | {"REPLICA_URL": "postgresql://host:port/db"}, "SCIM_REPLICA_URL cannot be used"),
]
# The server finds these out when it starts; the values alone look right.
UNUSABLE = [
    (
        {"ENV": "production"},
        "SCIM_TOKEN: SCIM_ENV=production refuses the demo token; set",
    ),
    (
        {"HOST": "0.0.0.0", "TOKEN": "123456789"},
        "others can reach SCIM_HOST=0.0.0.0; set",
    ),
    ({"HOST": "192.0.2.1", "TOKEN": "x"}, "SCIM_HOST, SCIM_PORT: cannot listen on 192.0.2.1:"),
    ({"HOST": "no.such.host.invalid", "TOKEN": "x"}, "SCIM_HOST, SCIM_PORT: cannot listen on"),
    (
        {"TLS_CERTIFICATE": "/no/cert.pem", "TLS_KEY": "/no/key.pem"},
        "SCIM_TLS_CERTIFICATE, SCIM_TLS_KEY: /no/cert.pem cannot be read: No such file",
    ),
    ({"DATABASE_URL": "sqlite:////no/such/folder/scim.db"}, "SCIM_DATABASE_URL: the folder"),
    ({"DATABASE_URL": "postgresql://127.0.0.1:1/db"}, "SCIM_DATABASE_URL: the database"),
]


@pytest.mark.parametrize(("settings", "problem"), WRONG)
def test_wrong_value_is_refused_by_the_name_of_its_setting(settings, problem):
    environment = {f"SCIM_{name}": value for name, value in settings.items()}

    with pytest.raises(SettingError, match=problem.replace("/", r"\/")):
        read_settings(environment=environment)
    with pytest.raises(SettingError, match=problem.replace("/", r"\/")):
        read_settings(settings, {})


@pytest.fixture
def refusal(monkeypatch):
    """Start the server in this process with settings; return the line that it ends with."""

    def refuse(**settings):
        for name, value in ({"PORT": str(free_port())} | settings).items():
            monkeypatch.setenv(f"SCIM_{name}", value)
        monkeypatch.setattr(app, "Master", None)
        with pytest.raises(SystemExit) as ended:
            app.main()
        [line] = ended.value.code.splitlines()
        return line

    return refuse


@pytest.mark.parametrize(("settings", "problem"), [*WRONG, *UNUSABLE])
def test_wrong_value_stops_the_server_with_one_line(tmp_path, refusal, settings, problem):
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/scim.db"} | settings

    assert problem in refusal(**settings)


@pytest.mark.slow
def test_server_that_does_not_start_fails_and_prints_the_line_only():
    done = run("app.py", PORT="http")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "SCIM_PORT must be a whole number, not 'http'\n"


def test_wrong_value_stops_a_command_with_one_line():
    done = run("manage.py", "db", "upgrade", PORT="http")

    assert done.returncode == 1
    assert "SCIM_PORT must be a whole number, not 'http'" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_every_setting_has_a_default():
    assert read_settings(environment={}) == Settings()


def test_empty_variable_counts_as_not_set():
    assert read_settings(environment={"SCIM_PORT": "", "SCIM_TOKEN": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TOKN", "TOKEN"),
        ("TOKENS", "TOKEN"),
        ("PROT", "PORT"),
        ("HOTS", "HOST"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("DATABASE", "DATABASE_URL"),
        ("PAGE_SIZE", "MAX_PAGE_SIZE"),
        ("MAX_PAGESIZE", "MAX_PAGE_SIZE"),
        ("_TOKEN", "TOKEN"),
        ("token", "TOKEN"),
    ],
)
def test_name_that_is_nearly_a_setting_is_refused(name, meant):
    problem = f"^unknown setting SCIM_{name}; did you mean SCIM_{meant}\\?$"

    with pytest.raises(SettingError, match=problem):
        read_settings(environment={f"SCIM_{name}": "secret"})
    with pytest.raises(SettingError, match=problem):
        read_settings({name: "secret"}, {})


# Kubernetes gives these to every pod beside services called "scim" and "scim-db".
FOREIGN = {
    "SCIM_PORT": "tcp://10.0.0.7:5000",
    "SCIM_SERVICE_HOST": "10.0.0.7",
    "SCIM_SERVICE_PORT": "5000",
    "SCIM_SERVICE_PORT_HTTP": "5000",
    "SCIM_PORT_5000_TCP": "tcp://10.0.0.7:5000",
    "SCIM_PORT_5000_TCP_PROTO": "tcp",
    "SCIM_DB_PORT": "tcp://10.0.0.8:5432",
    "SCIM_CONSOLE_PORT": "tcp://10.0.0.9:5050",
    "SCIM_DB_SERVICE_HOST": "10.0.0.8",
    "SCIM_DB_PORT_5432_TCP_ADDR": "10.0.0.8",
    "SCIM_TEST_TRIES": "20",
    "SCIM_CLI_URL": "http://localhost:5000/scim/v2",
}


@pytest.fixture
def environment():
    """The environment of this process, which a test may change, without switches of dotenv."""
    with patch.dict(os.environ):
        del os.environ["PYTHON_DOTENV_DISABLED"], os.environ["SCIM_CONSOLE"]
        yield os.environ


def test_variables_of_other_programs_are_passed_over(environment, tmp_path, capsys):
    environment |= FOREIGN

    assert read_environment(tmp_path) == Settings()
    assert capsys.readouterr().err == ""


def test_other_unknown_names_are_one_line_each(environment, tmp_path, capsys):
    environment |= {"SCIM_FLAVOUR": "sweet", "SCIM_BASE_URL": "/", "SCIMMY_TOKEN": "x"}

    assert read_environment(tmp_path) == Settings()
    assert capsys.readouterr().err.splitlines() == [
        f"SCIM_{name} is no setting of this server and is ignored; docs/settings.md has all"
        for name in ("FLAVOUR", "BASE_URL")
    ]


def test_file_adds_to_the_environment_which_wins(environment, tmp_path):
    (tmp_path / ".env").write_text(
        "# of this machine\nSCIM_PORT=8080\nexport SCIM_TOKEN='a${b}c'\nSCIM_HOST=::1\n"
    )
    environment["SCIM_HOST"] = "0.0.0.0"

    read = read_environment(tmp_path)

    assert (read.port, read.token, read.host) == (8080, "a${b}c", "0.0.0.0")
    assert create_app().extensions["scim"].settings == read  # also in a process of its own


def test_misspelt_name_in_the_file_is_refused(environment, tmp_path):
    (tmp_path / ".env").write_text("SCIM_TOKN=secret\n")

    with pytest.raises(SettingError, match="unknown setting SCIM_TOKN; did you mean SCIM_TOKEN"):
        read_environment(tmp_path)


@pytest.mark.parametrize("content", [b"SCIM_TOKEN=\xff\xfe", b"SCIM_TOKEN=a\0b"])
def test_file_that_cannot_be_read_is_one_line(environment, tmp_path, content):
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(SettingError, match=r"\.env cannot be read: "):
        read_environment(tmp_path)


@pytest.mark.parametrize(
    "line",
    ["SCIM_TOKEN", "SCIM_TOKEN: secret", 'SCIM_TOKEN="secret', "set SCIM_TOKEN=secret", "secret"],
)
def test_line_that_would_be_passed_over_is_refused(environment, tmp_path, line):
    """Without its token the server would take the public one."""
    (tmp_path / ".env").write_text(f"# a comment\n\nSCIM_PORT=8080\n{line}\n")

    with pytest.raises(SettingError, match=r"\.env, line 4, must be NAME=value$"):
        read_environment(tmp_path)


def test_applications_read_no_file(environment, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("SCIM_PORT=8080\n")
    monkeypatch.chdir(tmp_path)

    assert create_app().extensions["scim"].settings.port == Settings().port


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "http://localhost:5000/scim/v2"),
        ({"HOST": "0.0.0.0", "PORT": 80}, "http://localhost:80/scim/v2"),
        ({"HOST": "fd00::1", "BASE_PATH": "/x"}, "http://[fd00::1]:5000/x"),
        (
            {"HOST": "scim.example.com", "TLS_CERTIFICATE": "a.pem", "TLS_KEY": "b.pem"},
            "https://scim.example.com:5000/scim/v2",
        ),
    ],
)
def test_base_url_follows_from_host_port_and_path(values, url):
    assert read_settings(values, {}).base_url == url


@pytest.mark.parametrize(
    ("values", "has_console"),
    [
        ({}, True),
        ({"HOST": "localhost"}, True),
        ({"HOST": "::1"}, True),
        ({"HOST": "127.8.0.1"}, True),
        ({"HOST": "0.0.0.0"}, False),
        ({"HOST": "::"}, False),
        ({"HOST": "localhost.example.com"}, False),
        ({"ENV": "production"}, False),
        ({"CONSOLE": "off"}, False),
        ({"CONSOLE": "on", "HOST": "0.0.0.0"}, True),
        ({"CONSOLE": "on", "ENV": "production"}, True),
    ],
)
def test_console_is_there_by_default_where_only_this_machine_can_reach_it(values, has_console):
    assert read_settings(values, {}).has_console == has_console
    assert read_settings(values, {}).records == has_console
    assert not read_settings(values | {"RECORDINGS": "0"}, {}).records


def test_variables_are_read_by_their_type():
    read = read_settings(
        environment={
            "SCIM_PORT": "8080",
            "SCIM_UNIQUE_GROUP_NAMES": "No",
            "SCIM_SKIP_UNKNOWN_MEMBERS": "1",
            "SCIM_TOKEN": "se=cr/et",
            "PORT": "1",
        }
    )

    changed = {"port": 8080, "unique_group_names": False, "skip_unknown_members": True}
    assert asdict(read) == asdict(Settings()) | changed | {"token": "se=cr/et"}


def test_argument_wins_over_variable():
    assert read_settings({"PORT": 1, "OTHER": 2}, {"SCIM_PORT": "3"}).port == 1


PLATFORM = {"PORT": "10000", "DATABASE_URL": "postgres://platform/db"}
PRODUCTION = PLATFORM | {"SCIM_ENV": "production"}


@pytest.mark.parametrize(
    ("environment", "port", "host"),
    [
        (PLATFORM, 5000, None),
        (PLATFORM | {"SCIM_ENV": "development"}, 5000, None),
        (PRODUCTION, 10000, "platform"),
        (PRODUCTION | {"SCIM_PORT": "", "SCIM_DATABASE_URL": ""}, 10000, "platform"),
        (PRODUCTION | {"SCIM_PORT": "tcp://10.0.0.7:80"}, 10000, "platform"),
        (PRODUCTION | {"SCIM_PORT": "1", "SCIM_DATABASE_URL": "postgresql://ours/db"}, 1, "ours"),
        ({"SCIM_ENV": "production", "PORT": "", "DATABASE_URL": ""}, 5000, None),
    ],
)
def test_variables_of_platforms_count_in_production_unless_ours_are_set(environment, port, host):
    read = read_settings(environment=environment)

    assert (read.port, urlsplit(read.database_url).hostname) == (port, host)
    assert read_settings({"PORT": 2, "ENV": "production"}, PLATFORM).port == 2
    assert read_settings({"ENV": "production"}, PLATFORM).port == 10000


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("PORT", "http", "PORT must be a whole number, not 'http'"),
        ("PORT", "70000", "PORT must be 65535 or less"),
        ("DATABASE_URL", "mysql://host/db", "DATABASE_URL must be sqlite:/// with a file"),
    ],
)
def test_wrong_variable_of_a_platform_is_named_as_the_platform_does(name, value, problem):
    with pytest.raises(SettingError, match=f"^{problem}"):
        read_settings(environment={"SCIM_ENV": "production", name: value})


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("postgresql://a:b@host:5432/db", "postgresql+psycopg2://a:b@host:5432/db"),
        ("postgres://a:b@host:5432/db", "postgresql+psycopg2://a:b@host:5432/db"),
        ("postgresql:///db?host=/run", "postgresql+psycopg2:///db?host=/run"),
        ("postgresql+psycopg2://host/db", "postgresql+psycopg2://host/db"),
        ("sqlite:////var/scim.db", "sqlite:////var/scim.db"),
        ("sqlite:///scim.db", f"sqlite:///{PROJECT}/scim.db"),  # beside app.py
        ("sqlite:///data/scim.db", f"sqlite:///{PROJECT}/data/scim.db"),
    ],
)
def test_database_url_is_completed(url, read):
    assert read_settings({"DATABASE_URL": url}).database_url == read


def test_replica_url_is_completed_too():
    read = read_settings(POSTGRESQL | {"REPLICA_URL": "postgresql://copy/db"})

    assert read.replica_url == "postgresql+psycopg2://copy/db"


@ON_ONE_DATABASE
def test_server_prints_where_it_is_and_with_which_token(serve):
    server = serve()

    assert f"SCIM base URL   {server.url.replace('127.0.0.1', 'localhost')}\n" in server.log
    assert "Token           123456789\n" in server.log
    assert re.search(r"Database        sqlite:////\S+\n", server.log)


@ON_ONE_DATABASE
def test_token_of_ones_own_is_not_printed(serve):
    server = serve(SCIM_TOKEN="t0p-secret")

    assert server.session.get("/Users").status_code == 200
    assert "t0p-secret" not in server.log


@pytest.mark.parametrize(
    ("is_exported", "shown", "sent"),
    [(True, "the one in SCIM_TOKEN", "$SCIM_TOKEN"), (False, "the one in .env", "YOUR-TOKEN")],
)
def test_command_to_try_it_has_a_token_that_the_shell_knows(is_exported, shown, sent):
    said = welcome(create_app({"TOKEN": "t0p-secret"}).extensions["scim"], is_exported, None)

    assert f"Token           {shown}\n" in said
    assert f'"Authorization: Bearer {sent}"' in said
    assert "t0p-secret" not in said


@ON_ONE_DATABASE
def test_base_path_is_where_everything_is(serve):
    server = serve(SCIM_BASE_PATH="/.api/scim/v2")

    sent = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bjensen"}
    created = server.session.post("/Users", json=sent)

    assert created.status_code == 201
    assert created.headers["Location"].startswith(f"{server.url}/Users/")
    assert server.session.get(created.headers["Location"]).json() == created.json()
    elsewhere = httpx2.URL(server.url).copy_with(path="/scim/v2/Users")
    assert server.session.get(elsewhere).status_code == 404


@pytest.mark.slow
def test_commands_of_a_new_project_succeed_and_name_the_database(new_database):
    url, versions = new_database(), ROOT / "migrations" / "versions"
    before = set(versions.glob("*.py"))
    shown = url.replace("+psycopg2", "")
    secret = "?sslpassword=t0p" if url.startswith("postgresql") else ""

    for command, said in (
        ("init", f"`python manage.py db upgrade` applies them to {shown}."),
        ("migrate", f"`python manage.py db upgrade` applies them to {shown}."),
        ("upgrade", "Migrated to 0001"),
        ("upgrade", f"The tables are in {shown}.\n"),
        ("migrate", f"models.py and the tables in {shown} agree"),
    ):
        done = run("manage.py", "db", command, DATABASE_URL=url + secret)
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        assert "t0p" not in done.stdout
        assert "Traceback" not in done.stderr
    assert set(versions.glob("*.py")) == before


def test_server_without_tables_says_how_to_make_them(new_database, refusal):
    assert "python manage.py db upgrade" in refusal(DATABASE_URL=new_database())


def test_settings_in_an_error_show_no_secret():
    url = "postgresql://scim:hidden@localhost/scim"
    secret = {"DATABASE_URL": url, "REPLICA_URL": url, "LIMITS_URL": "redis://:hidden@localhost"}
    secret |= {"TOKEN": "hidden", "AUDIT_KEY": "hidden" * 6}

    assert "hidden" not in repr(read_settings(secret, {}))
