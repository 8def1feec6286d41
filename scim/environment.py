"""The environment: variables with the prefix ``SCIM_`` become settings.

A name that is nearly that of a setting is refused; another program may have names like ours.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dotenv import load_dotenv
from dotenv.parser import parse_stream

from .places import PROJECT
from .settings import NAMES, SettingError, Settings, variable

PREFIX = "SCIM_"
NEAR = 0.75  # of 1, which difflib gives to equal names; PROT and PORT have as much
FEW = 2  # letters too few or too many
# Kubernetes describes a service called "scim" or "scim-db" to every pod by such variables.
ADDRESS = re.compile(r"(tcp|udp|sctp)://")
# Platforms such as Render and Heroku give these. Elsewhere they may be those of another program.
OF_PLATFORMS = {"SCIM_PORT": "PORT", "SCIM_DATABASE_URL": "DATABASE_URL"}
FOREIGN = re.compile(r"(TEST|CLI|SERVICE|PORT)_|\w+_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP|SCTP))")


def read_environment(folder: Path = PROJECT) -> Settings:
    """Return the settings of this process, as `app.py` and `manage.py` begin.

    The variables in the file `.env` of the folder are added to the environment, which wins. Each
    variable that looks like a setting and is none gets a line on standard error.

    :raises SettingError: the file cannot be read, or as in ``read_settings``
    """
    path = folder / ".env"
    try:
        misread = _misread_line(path) if path.is_file() else None
        load_dotenv(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingError(f"{path} cannot be read: {error}") from None
    if misread:
        raise SettingError(f"{path}, line {misread}, must be NAME=value")
    settings = read_settings()
    for name in unknown(os.environ, NAMES):
        said = f"{name} is no setting of this server and is ignored; docs/settings.md has all"
        print(said, file=sys.stderr)
    return settings


def read_settings(
    overrides: Mapping[str, Any] | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Return the settings of the environment; ``overrides`` has names without the prefix.

    In production, variables of platforms count, too, unless ours are set.

    :raises SettingError: a setting does not take its value, or a name is nearly that of a setting
    """
    overrides = overrides or {}
    _check_names([*unknown(environment, NAMES), *map(variable, overrides)])
    given = _of_platform(overrides, environment)
    try:
        return _typed(overrides, {**environment, **given})
    except SettingError as error:
        said = str(error)
        for name in given:
            said = said.replace(name, OF_PLATFORMS[name])
        raise SettingError(said) from None


def _of_platform(overrides: Mapping[str, Any], environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the settings that are not set and that a platform gives, by our names."""
    if overrides.get("ENV", environment.get("SCIM_ENV")) != "production":
        return {}
    return {
        ours: environment[theirs]
        for ours, theirs in OF_PLATFORMS.items()
        if environment.get(theirs) and not _is_set(environment.get(ours, ""))
    }


def _is_set(value: str) -> bool:
    return bool(value) and not is_address(value)


def _typed(overrides: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        name = setting.name.upper()
        value = overrides.get(name, environment.get(variable(name)) or None)
        if name.endswith("PORT") and isinstance(value, str) and is_address(value):
            value = None
        if isinstance(value, str):
            value = _read(name, value, setting.type)
        if value is not None:
            values[setting.name] = value
    return Settings(**values)


def _misread_line(path: Path) -> int | None:
    """Return the number of a line that python-dotenv passes over: it may be meant as the token."""
    with path.open(encoding="utf-8-sig") as file:
        lines = parse_stream(file)
        bad = (each for each in lines if each.error or (each.key and each.value is None))
        return next((each.original.line for each in bad), None)


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        if name not in NAMES and (near := meant(name, NAMES)):
            raise SettingError(f"unknown setting {name}; did you mean {near}?")


def _read(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise SettingError(f"{variable(name)} must be true or false, not {text!r}")
        return text.lower() in {"true", "1", "yes"}
    if kind is int:
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII):
            raise SettingError(f"SCIM_{name} must be a whole number, not {text!r}")
        return int(text)
    return text


def is_address(value: str) -> bool:
    """Tell whether Kubernetes made a value: ``tcp://10.0.0.1:80`` in SCIM_PORT."""
    return bool(ADDRESS.match(value))


def unknown(environment: Mapping[str, str], known: Collection[str]) -> Iterator[str]:
    """Yield the names that begin with ``SCIM_``, are not known and belong to no other program."""
    for name, value in environment.items():
        is_ours = name.upper().startswith(PREFIX) and name not in known
        if is_ours and not is_address(value) and not FOREIGN.match(name.upper(), len(PREFIX)):
            yield name


def meant(name: str, known: Collection[str]) -> str | None:
    """Return the known name that an unknown one is nearly, or None.

    A name that is much shorter or longer has whole words too few or too many, and no others.
    """
    rest = name.upper().removeprefix(PREFIX)
    rests = [each.removeprefix(PREFIX) for each in known]
    for near in get_close_matches(rest, rests, cutoff=NEAR):
        words, others = set(rest.split("_")), set(near.split("_"))
        if abs(len(near) - len(rest)) <= FEW or words <= others or others <= words:
            return next(each for each in known if each.removeprefix(PREFIX) == near)
    return None
