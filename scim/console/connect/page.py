"""Connect: what to paste into an identity provider, and a checklist that ticks itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from scim.addresses import is_loopback
from scim.explain.exchange import Exchange
from scim.explain.reasons.checklist import Item, checklist
from scim.operate.tunnels import FIELDS, Use
from scim.protocol.permissions import UNLIMITED, Permission
from scim.settings import DEFAULT_TOKEN
from scim.storage.tokens import DEFAULT_TENANT, Tenant, issue_token

from ..asked import this_tenant
from ..keys import is_read_only
from ..links import page_url
from ..state import state
from . import once
from .providers import BY_SLUG, KNOWN, NAMES, PROVIDERS, Provider

READ = 300  # exchanges at the beginning and at the end of what came since the page was opened

bp = Blueprint("connect", __name__)


@dataclass(frozen=True, slots=True)
class Address:
    """The SCIM base URL to paste; ``kind`` names the tunnel, and is empty if there is none.

    ``stale`` are the providers that still have another one.
    """

    url: str
    kind: str
    is_local: bool
    stale: Sequence[Use]


@bp.get("/connect")
def page() -> ResponseReturnValue:
    """Show the identity providers, the address, and what can be tried without any of them."""
    return render_template(
        "connect/page.html",
        providers=PROVIDERS,
        address=address(),
        seen=_seen(),
        job=state().jobs.current,
        tenant=this_tenant(),
        **_shared(),
    )


@bp.get("/connect/<slug>")
def provider(slug: str) -> ResponseReturnValue:
    """Show three steps, with the values to paste; the checklist counts from the first visit."""
    found, tenant = _provider(slug), this_tenant()
    since = _since(slug)
    name, token = once.take()
    is_default = tenant.id == DEFAULT_TENANT and state().service.settings.has_demo_token
    default = DEFAULT_TOKEN if is_default and not is_read_only() else ""
    return render_template(
        "connect/provider.html",
        provider=found,
        providers=PROVIDERS,
        tenant=tenant,
        address=address(),
        items=items(found, tenant, since),
        since=since,
        last=state().recordings.last(),
        issued=name,
        token=token or default,
        **_shared(),
    )


@bp.get("/connect/address")
def public() -> ResponseReturnValue:
    """Answer with the address as JSON, or 204 if it is that of ``seen``."""
    here = address()
    return ("", 204) if request.args.get("seen") == here.url else _told(here, here.url)


@bp.get("/connect/<slug>/progress")
def progress(slug: str) -> ResponseReturnValue:
    """Answer with the address and the checklist as JSON, or 204 if they are those of ``seen``."""
    found, here = _provider(slug), address()
    seen = f"{state().recordings.last()} {here.url}"
    if request.args.get("seen") == seen:
        return "", 204
    listed, shared = items(found, this_tenant(), _since(slug)), _shared()
    return _told(here, seen) | {
        "checklist": render_template(
            "connect/checklist.html", items=listed, provider=found, **shared
        ),
        "done": [NAMES[each.key][each.state] for each in listed if each.state == "done"],
    }


@bp.post("/connect/<slug>/token")
def issue(slug: str) -> ResponseReturnValue:
    """Issue a token of the tenant, and show it once."""
    _provider(slug)
    once.keep(*new_token(this_tenant(), slug))
    return redirect(page_url("connect.provider", slug=slug), 303)


def _told(here: Address, seen: str) -> dict[str, Any]:
    notice = render_template("connect/notice.html", address=here, **_shared())
    return {"seen": seen, "address": here.url, "notice": notice}


def new_token(
    tenant: Tenant,
    wanted: str,
    permission: Permission = UNLIMITED,
    expires: str | None = None,
) -> tuple[str, str]:
    """Issue a token; return its name, with a number behind it if another has the name."""
    names = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
    for name in names:
        issued = partial(
            issue_token, tenant=tenant, name=name, permission=permission, expires=expires
        )
        if token := state().service.database.write(issued):
            return name, token
    raise AssertionError("numbers do not end")


def address() -> Address:
    """Return the base URL that an identity provider can use, as far as it is known."""
    settings, tunnels = state().service.settings, state().tunnels
    if tunnels.current:
        url = f"{tunnels.current.origin}{settings.base_path}"
        return Address(url, tunnels.current.kind, is_local=False, stale=tunnels.stale)
    return Address(settings.base_url, "", is_loopback(settings.host), ())


def items(provider: Provider, tenant: Tenant, since: int) -> Sequence[Item]:
    """Return the checklist of the exchanges after ``since`` that can be this provider's."""
    recordings = state().recordings
    found = {each.number: each for each in recordings.after(since, READ)}
    if len(found) >= READ:
        newest = recordings.before(None, READ)
        found |= {each.number: each for each in newest if each.number > since}
    mine = [each for each in found.values() if _may_be(each, provider, tenant)]
    return checklist(mine, provider.steps)


def _may_be(exchange: Exchange, provider: Provider, tenant: Tenant) -> bool:
    is_of_tenant = exchange.tenant in ("", tenant.name)
    is_of_other = exchange.provider in KNOWN - {provider.known_as}
    return is_of_tenant and not is_of_other and not state().is_ours(exchange)


def _provider(slug: str) -> Provider:
    return BY_SLUG.get(slug) or abort(404, f"There is no page for {slug!r}.")


def _since(slug: str) -> int:
    """Return the number after which exchanges count: in the URL, or that of the first visit."""
    given = request.args.get("since", type=int)
    if given is not None:
        return max(0, given)
    visits: dict[str, int] = session.setdefault("visits", {})
    if slug not in visits:
        visits[slug] = state().recordings.last()
        session.modified = True
    return visits[slug]


def _seen() -> dict[str, Exchange]:
    """Return the newest exchange of each provider."""
    found: dict[str, Exchange] = {}
    for each in state().recordings.before(None, READ):
        if each.provider and not state().is_ours(each):
            found.setdefault(each.provider, each)
    return found


def _shared() -> dict[str, Any]:
    settings = state().service.settings
    tunnel = f"ngrok http {settings.port if settings.scheme == 'http' else settings.origin}"
    return {"names": NAMES, "fields": FIELDS, "tunnel": tunnel, "base_path": settings.base_path}
