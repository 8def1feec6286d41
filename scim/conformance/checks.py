"""Checks, which are functions that a decorator registers, and the runner."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import getdoc, signature
from typing import Any

from .causes import describe, operation
from .client import Client, Exchange, NoAnswerError
from .hiding import hide, without
from .okta.organization import Organization
from .outcomes import Failure, Level, Skip, Status, expect, skip
from .service import Resource, Service, path_of, writable

__all__ = [
    "CHECKS",
    "SUITES",
    "Area",
    "Check",
    "CheckResult",
    "Client",
    "Exchange",
    "Failure",
    "Level",
    "Resource",
    "Service",
    "Skip",
    "Status",
    "expect",
    "load",
    "run",
    "run_checks",
    "skip",
]

SUITES = {  # and their modules
    "okta-spec": "okta.spec",
    "okta-crud": "okta.crud",
    "entra": "entra",
    "rfc": "rfc",
}
RULE = ("quote", "section", "level", "needs")

Function = Callable[[Service], None]


@dataclass(frozen=True)
class Check:
    """One rule: its section, its words, and the function that tries it."""

    suite: str
    area: str
    section: str
    quote: str
    level: Level
    needs: tuple[str, ...]
    function: Function

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def title(self) -> str:
        return (self.function.__doc__ or self.name).strip().partition("\n")[0].rstrip(".")


@dataclass(frozen=True)
class CheckResult:
    """The outcome of a check, the reason, and the requests and answers on the way."""

    check: Check
    status: Status
    detail: str
    exchanges: Sequence[Exchange]
    seconds: float


CHECKS: list[Check] = []


@dataclass(frozen=True)
class Area:
    """Registers the checks of one area: ``@check("what the RFC says")``, where check is an area.

    ``section`` and ``quote`` are the place and the words of a rule. A check is skipped on a server
    whose ServiceProviderConfig lacks one of the features in ``needs``. The section and the needs
    of the area are those of each check that names no others.
    """

    suite: str
    name: str
    section: str = ""
    needs: tuple[str, ...] = ()

    def __call__(
        self,
        quote: str,
        section: str = "",
        level: Level = Level.MUST,
        needs: Iterable[str] | None = None,
    ) -> Callable[[Function], Function]:
        """Register a function; the first line of its docstring is the title of the check."""
        place = section or self.section
        features = self.needs if needs is None else tuple(needs)

        def register(function: Function) -> Function:
            CHECKS.append(Check(self.suite, self.name, place, quote, level, features, function))
            return function

        return register

    def each(
        self, columns: str, *rows: Sequence[Any], **same: Any
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Register a check per row of a table, whose columns are named as in ``"path, quote"``.

        The columns quote, section, level and needs are those of the check. The docstring's first
        line is the title, in which ``{path}`` is the row's value, and a column is passed where
        the function has a parameter of that name. ``same`` are columns that are alike in all rows.
        """

        def register(function: Callable[..., None]) -> Callable[..., None]:
            for row in rows:
                values = same | dict(zip(columns.split(", "), row, strict=True))
                rule = {name: values[name] for name in RULE if name in values}
                self(**rule)(_filled(function, values))
            return function

        return register


def _filled(function: Callable[..., None], values: Mapping[str, Any]) -> Function:
    """Return the function with values for its parameters, under a title and name of its own."""
    arguments = {name: values[name] for name in signature(function).parameters if name in values}

    def run(service: Service) -> None:
        function(service, **arguments)

    title = (getdoc(function) or "").partition("\n")[0].format(**values)
    run.__doc__ = title
    run.__name__ = re.sub(r"\W+", "_", title.lower()).strip("_")
    return run


def load(suites: Iterable[str]) -> list[Check]:
    """Return the checks of some suites, in their order."""
    names = list(dict.fromkeys(suites))
    for name in names:
        import_module(f".{SUITES[name]}", __package__)
    return [check for name in names for check in CHECKS if check.suite == name]


def run(
    suites: Iterable[str],
    service: Service,
    progress: Callable[[CheckResult], None] = lambda result: None,
) -> list[CheckResult]:
    """Run the checks of some suites, one suite after the other."""
    results: list[CheckResult] = []
    left: list[str] = []
    for name in dict.fromkeys(suites):
        left += _run_all(load([name]), service, progress, results)
    return results + _left_behind(left)


def run_checks(
    checks: Iterable[Check],
    service: Service,
    progress: Callable[[CheckResult], None] = lambda result: None,
) -> list[CheckResult]:
    """Run checks one by one; delete after each what it has made.

    Only the user of an Okta organization exists until all checks have run.
    """
    results: list[CheckResult] = []
    left = _run_all(checks, service, progress, results)
    return results + _left_behind(left)


def _run_all(
    checks: Iterable[Check],
    service: Service,
    progress: Callable[[CheckResult], None],
    results: list[CheckResult],
) -> list[str]:
    """Run checks, append their results, and return the paths that the server keeps."""
    left: list[str] = []
    _ = service.config  # or it would be among the exchanges of the first check
    try:
        for each in checks:
            service.client.exchanges.clear()
            try:
                results.append(_run(each, service))
            finally:
                left += service.clean()
            progress(results[-1])
    finally:
        if service.organization and service.organization.is_hired:
            left += _dismiss(service.organization, service)
    return left


def _dismiss(organization: Organization, service: Service) -> list[str]:
    """Delete the user of Okta's CRUD test on both sides; return the paths that remain."""

    def found() -> list[Resource]:
        return service.named("/Users", "userName", organization.address)

    left = organization.dismiss(found)
    for identifier in (organization.scim_id, *(user.get("id") for user in found())):
        if identifier:
            service.remember(path_of("/Users", identifier))
    return service.clean() + left


def _run(check: Check, service: Service) -> CheckResult:
    begin = time.perf_counter()
    status, detail = _outcome(check, service)
    seconds = time.perf_counter() - begin
    secrets = service.secrets
    exchanges = tuple(without(secrets, exchange) for exchange in service.client.exchanges)
    return CheckResult(check, status, hide(secrets, writable(detail)), exchanges, seconds)


def _outcome(check: Check, service: Service) -> tuple[Status, str]:
    """Run a check. The second check that fails for the same cause is skipped."""
    if service.client.is_given_up:
        return Status.SKIPPED, "not checked: the server has stopped answering"
    missing = [name for name in check.needs if not service.supports(name)]
    if missing:
        return Status.SKIPPED, f"the server says that it does not support {', '.join(missing)}"
    status, detail, cause = _tried(check, service)
    return service.causes.once(cause, check.title, status, detail)


def _tried(check: Check, service: Service) -> tuple[Status, str, str]:
    """Return the outcome of a check, the reason, and the cause that other checks may share."""
    exchanges, causes = service.client.exchanges, service.causes
    try:
        check.function(service)
    except Skip as reason:
        return Status.SKIPPED, str(reason), ""
    except Failure as failure:
        causes.watch(exchanges)
        if failure.answer and service.may_lack(failure.answer):
            return Status.SKIPPED, "the server has no /Groups, and need not have them", ""
        is_binding = Level.SHOULD not in (failure.level, check.level)
        status = Status.FAILED if is_binding else Status.WARNED
        return status, str(failure), causes.of_failure(failure)
    except NoAnswerError as error:
        return Status.FAILED, str(error), ""
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # The answer has another structure than the check expects of any answer.
        last = exchanges[-1] if exchanges else None
        place = f" to {operation(last, causes.base_url)}" if last else ""
        detail = f"unexpected answer{place}: {describe(error)}"
        return Status.FAILED, detail, causes.of_error(error, last)
    finally:
        causes.watch(exchanges)
    return Status.PASSED, "", ""


def _left_behind(paths: Sequence[str]) -> list[CheckResult]:
    """Return a warning that names these paths, and nothing if there are none."""
    if not paths:
        return []

    def nothing_is_left_behind(_: Service) -> None:
        """The server deletes everything that the checks have made."""

    rule = Check(
        "clean-up", "Clean-up", "RFC 7644 §3.6", "", Level.SHOULD, (), nothing_is_left_behind
    )
    return [CheckResult(rule, Status.WARNED, f"still there: {', '.join(paths)}", (), 0)]
