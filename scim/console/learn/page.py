"""The lessons: short exercises against the running server (`/learn`)."""

import json

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from scim.explain.requests.pasted import METHODS
from scim.storage.tokens import Tenant

from .. import asked
from ..lab.payloads import Answer, UnreadableError, ask, stored
from ..links import page_url
from ..state import state
from . import progress as learning
from .lessons import BY_SLUG, LESSONS, Got, Lesson, Sent, Verdict
from .progress import NotPreparedError, Visitor

LONGEST = 100_000  # characters of a body

bp = Blueprint("learn", __name__, url_prefix="/learn")


@bp.get("")
def page() -> ResponseReturnValue:
    """Show all lessons, and which of them are done."""
    visitor = Visitor.current(asked.this_tenant())
    visitor.keep()
    cleaned = request.args.get("cleaned", type=int)
    return render_template("learn/index.html", lessons=LESSONS, visitor=visitor, cleaned=cleaned)


@bp.post("/clean")
def clean() -> ResponseReturnValue:
    """Delete what the lessons made, and go back to their list."""
    tenant = asked.this_tenant()
    visitor = Visitor.current(tenant)
    try:
        count = learning.clean(tenant, visitor, "everybody" in request.form)
    except UnreadableError as error:
        abort(503, str(error))
    visitor.keep()
    return redirect(page_url("learn.page", cleaned=count), 303)


@bp.get("/<slug>")
def lesson(slug: str) -> ResponseReturnValue:
    """Show a lesson, before its exercise is sent."""
    found, tenant, visitor = _entered(slug)
    visitor.keep()
    return _shown(found, tenant, visitor, found.start(visitor.names))


@bp.post("/<slug>/prepare")
def prepare(slug: str) -> ResponseReturnValue:
    """Make whom a lesson needs."""
    found, tenant, visitor = _entered(slug)
    try:
        learning.prepare(tenant, visitor, found)
    except (NotPreparedError, UnreadableError) as error:
        return _shown(found, tenant, visitor, found.start(visitor.names), problem=str(error))
    visitor.keep()
    return redirect(page_url("learn.lesson", slug=slug), 303)


@bp.post("/<slug>")
def send(slug: str) -> ResponseReturnValue:
    """Send an exercise to the endpoints, and show what is to be said of the answer."""
    found, tenant, visitor = _entered(slug)
    sent = _sent()
    if objection := visitor.objection(found, sent):
        return _shown(found, tenant, visitor, sent, verdict=Verdict(False, objection))
    headers = [("If-Match", sent.if_match)] if sent.if_match else []
    try:
        if "afresh" in request.form:
            learning.make_room(tenant, visitor, found)
        before = stored(state().store(tenant), sent.path)
        answer = ask(tenant, sent.method, sent.target, sent.body, headers)
    except UnreadableError as error:
        return _shown(found, tenant, visitor, sent, problem=str(error))
    got = Got(answer.status, answer.body, answer.tolerances, _is_idle(before, sent, answer))
    verdict = found.check(visitor.names, sent, got)
    _remember(visitor, found, sent, got, verdict)
    return _shown(found, tenant, visitor, sent, answer, verdict, is_idle=got.is_idle)


def _is_idle(before: str | None, sent: Sent, answer: Answer) -> bool:
    """Tell whether a change has left a resource as it was, with the time of its last change."""
    if before is None or sent.method not in ("PUT", "PATCH") or answer.status != 200:
        return False
    at = json.loads(before, strict=False)["meta"]["lastModified"]
    return bool(Got(200, answer.body).json.get("meta", {}).get("lastModified") == at)


def _remember(visitor: Visitor, lesson: Lesson, sent: Sent, got: Got, verdict: Verdict) -> None:
    """Keep what a visitor has made and done; who is gone must be made again."""
    if got.status == 201:
        made = str(got.json.get("id", ""))
        visitor.made.append(f"{sent.path}/{made}")
        if got.json.get("userName") == visitor.names.user_name():
            visitor.ids["ana"] = made
    gone = sent.method == "DELETE" and got.status == 204
    if gone or (got.status == 404 and sent.path.count("/") == 2):
        visitor.forget(sent.path.rpartition("/")[2])
    if verdict.passed and lesson.slug not in visitor.done:
        visitor.done.append(lesson.slug)
    visitor.keep()


def _sent() -> Sent:
    """Return the request that stands in the form."""
    form = request.form
    method = form.get("method", "").upper()
    target = form.get("target", "").strip().removeprefix(state().service.settings.base_url)
    target = target.partition("#")[0]
    target = target if target.startswith("/") else f"/{target}"
    body = form.get("body", "")[:LONGEST] if method != "GET" else ""
    return Sent(
        method if method in METHODS else "GET", target, body, form.get("if_match", "").strip()
    )


def _entered(slug: str) -> tuple[Lesson, Tenant, Visitor]:
    """Return the lesson of a URL, the tenant and who takes it."""
    tenant = asked.this_tenant()
    return _lesson(slug), tenant, Visitor.current(tenant)


def _lesson(slug: str) -> Lesson:
    return BY_SLUG.get(slug) or abort(404, "There is no lesson of that name.")


def _shown(
    lesson: Lesson,
    tenant: Tenant,
    visitor: Visitor,
    sent: Sent,
    answer: Answer | None = None,
    verdict: Verdict | None = None,
    problem: str = "",
    is_idle: bool = False,
) -> str:
    number = LESSONS.index(lesson)
    return render_template(
        "learn/lesson.html",
        lesson=lesson,
        lessons=LESSONS,
        number=number + 1,
        before=LESSONS[number - 1] if number else None,
        after=LESSONS[number + 1] if number + 1 < len(LESSONS) else None,
        tenant=tenant,
        visitor=visitor,
        missing=visitor.lacks(lesson),
        task=lesson.task(visitor.names),
        solution=lesson.solution(visitor.names),
        sent=sent,
        answer=answer,
        verdict=verdict,
        problem=problem,
        is_idle=is_idle,
        methods=METHODS,
    )
