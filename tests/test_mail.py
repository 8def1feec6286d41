"""Addresses and servers of mail, as settings and users name them."""

import pytest

from scim.environment import read_settings
from scim.mail import mailable, read_mail_server
from scim.settings import SettingError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("amy@example.com", "amy@example.com"),
        ("o'hara+x@sub.example.com", "o'hara+x@sub.example.com"),
        ("amy@BÜCHER.example", "amy@xn--bcher-kva.example"),
        ("Ünal@example.com", "Ünal@example.com"),
        ("amy@xn--bcher-kva.example", "amy@xn--bcher-kva.example"),
        ("Amy <amy@example.com>", None),
        ("amy@example.com, eve@example.com", None),
        ("amy@example.com\r\nRCPT TO:<eve@example.com>", None),
        ('"a b"@example.com', None),
        ("amy@example.com>", None),
        ("amy@[127.0.0.1]", None),
        ("amy@localhost", None),
        ("amy@a@example.com", None),
        (".amy@example.com", None),
        ("@example.com", None),
        ("amy@", None),
        ("amy@exa mple.com", None),
        (f"{'a' * 65}@example.com", None),
        (f"amy@{'a' * 10_000}.com", None),
        (f"amy@{'a.' * 130}com", None),
        ("", None),
        (None, None),
    ],
)
def test_address_is_one_that_can_get_mail(text, address):
    assert mailable(text) == address


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, False, True, "", "")),
        ("smtps://u%40x:p%2F@mail:4650", ("mail", 4650, True, False, "u@x", "p/")),
        ("smtp://mailpit:1025?tls=off", ("mailpit", 1025, False, False, "", "")),
        ("smtp://u:p@127.0.0.1:25/?tls=off", ("127.0.0.1", 25, False, False, "u", "p")),
    ],
)
def test_url_names_a_server(url, server):
    found = read_mail_server(url)

    names = ("host", "port", "is_tls", "starts_tls", "user", "password")
    assert tuple(getattr(found, name) for name in names) == server
    assert "p%2F" not in repr(found)
    assert not found.password or repr(found.password) not in repr(found)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"SMTP_URL": "mail.example.com:secret"}, "SCIM_SMTP_URL must look like smtp://user"),
        ({"SMTP_URL": "smtp://u:secret@mail:port"}, "SCIM_SMTP_URL has no valid port"),
        ({"SMTP_URL": "smtp://u:secret@mail?ssl=1"}, "SCIM_SMTP_URL knows no option but ?tls=off"),
        ({"SMTP_URL": "smtp://u:secret@mail?tls=off"}, "SCIM_SMTP_URL must not have ?tls=off"),
        ({"SMTP_URL": "smtp://secret@mail"}, "SCIM_SMTP_URL must have a user and a password"),
        ({"SMTP_URL": "smtp://mail"}, "SCIM_MAIL_FROM must be an address"),
        ({"SMTP_URL": "smtp://mail", "MAIL_FROM": "a@b.org, c@d.org"}, "SCIM_MAIL_FROM must be"),
        ({"SMTP_URL": "smtp://mail", "MAIL_FROM": "A\n <a@b.org>"}, "SCIM_MAIL_FROM must be"),
        ({"DISABLE_EMAIL_INVITES": "maybe"}, "DISABLE_EMAIL_INVITES must be true or false"),
    ],
)
def test_wrong_settings_are_told_without_secrets(settings, problem):
    with pytest.raises(SettingError) as raised:
        read_settings(settings, {})

    assert str(raised.value).startswith(problem)
    assert "secret" not in str(raised.value)


def test_prefix_of_a_variable_that_has_none_is_told():
    with pytest.raises(SettingError, match="did you mean DISABLE_EMAIL_INVITES"):
        read_settings(environment={"SCIM_DISABLE_EMAIL_INVITES": "true"})
