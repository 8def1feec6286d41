"""The end of each request: headers that every answer has, a line in the log, and a record."""

from collections.abc import Iterable, Iterator
from functools import partial
from io import BytesIO
from time import perf_counter, time
from typing import TYPE_CHECKING

from flask import Flask, Response

from scim.operate import metrics
from scim.operate.heard import MOST_BYTES, Heard
from scim.operate.recorder import Recorder
from scim.storage.noting import end

from . import answers
from .call import Call, this_call
from .proxies import behind_proxies

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTENT = ("CONTENT_TYPE", "CONTENT_LENGTH")


def register(app: Flask) -> None:
    """Use ``Call`` for requests, heed the headers of a proxy, and finish every answer."""
    app.request_class = partial(Call, app.extensions)  # type: ignore[assignment]
    trusted = app.extensions["scim"].settings.trusted_proxies
    app.wsgi_app = behind_proxies(app.wsgi_app, trusted)  # type: ignore[assignment, method-assign]
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    """Add the headers of every answer, and log it as soon as it is made.

    The answer of a parked request is dropped.
    """
    call = this_call()
    if call.is_parked:
        return response
    used = ",".join(call.tolerated.used)
    if call.applied:
        response.headers["Preference-Applied"] = call.applied  # RFC 7240 §3
    answers.finish(response, call.id, used)
    if response.is_streamed:
        if call.recorder:
            _overhear(response)
        response.call_on_close(partial(_conclude, call, response, used))
    else:
        _conclude(call, response, used)
    return response


def _conclude(call: Call, response: Response, used: str) -> None:
    """Log an answer that is made, and record it."""
    milliseconds = 1000 * (perf_counter() - call.began)
    call.log(response.status_code, milliseconds, used)
    if metrics.meter:
        rule, tenant = call.url_rule, call.access.tenant if call.access else None
        sent = (rule.rule if rule else "", call.method, tenant)
        metrics.meter.request(*sent, response.status_code, milliseconds / 1000)
    if call.recorder:
        record(call, call.recorder, response, milliseconds)


def record(call: Call, recorder: Recorder, response: Response, milliseconds: float) -> None:
    """Leave an exchange to the recorder, which reads the rest of it in its own thread."""
    end()
    sent, content = _body_of(call.environ, call.received), _content_of(response)
    if content.is_over:  # if it broke off, the server records the error that it answers instead
        heard = partial(_heard, call, response, sent, content, milliseconds, time())
        recorder.put(len(sent) + len(content.kept), heard)


def _heard(
    call: Call,
    answer: Response,
    sent: bytes,
    content: "Content",
    milliseconds: float,
    ended: float,
) -> Heard:
    environ, access = call.environ, call.access
    is_head = call.method == "HEAD"
    return Heard(
        id=call.id,
        milliseconds=milliseconds,
        method=call.method,
        path=_text_of(call.sent_path),
        ended=ended,
        query=_text_of(environ["QUERY_STRING"]),
        status=answer.status_code,
        request_headers=_headers_of(environ, call.host_header),
        request=sent,
        declared=environ.get("CONTENT_LENGTH", ""),
        answer_headers=list(answer.headers),
        answer=b"" if is_head else content.kept,
        answer_size=0 if is_head else content.size,
        client=call.remote_addr or "",
        tenant=access.tenant.name if access else "",
        token=access.token if access else "",
        tolerated=tuple(call.tolerated.used),
        applied=call.applied,
        detail=call.detail,
        noted=call.noted,
    )


class Content:
    """The content of an answer: all of it, or the beginning of one that is sent in parts.

    The server sends such an answer by iterating over this, which keeps a copy of the beginning.
    """

    def __init__(self, whole: bytes = b"", parts: Iterable[bytes] | None = None) -> None:
        self.kept = whole
        self.size = len(whole)
        self.parts = parts or ()
        self.is_over = parts is None

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            if self.size < MOST_BYTES:
                self.kept += part
            self.size += len(part)
            yield part
        self.is_over = True

    def close(self) -> None:
        """Close the generator of the parts, if it has one to close."""
        if hasattr(self.parts, "close"):
            self.parts.close()


def _overhear(response: Response) -> None:
    """Let an answer that is sent in parts be overheard."""
    response.response = Content(parts=response.iter_encoded())


def _content_of(response: Response) -> Content:
    """Return the content of an answer; of one that is sent in parts, what was overheard."""
    sent = response.response
    return sent if isinstance(sent, Content) else Content(response.get_data())


def _headers_of(environ: "WSGIEnvironment", host: str) -> list[tuple[str, str]]:
    """Return the headers of a request, by their names in WSGI."""
    found = [each for each in environ.items() if each[0].startswith("HTTP_") or each[0] in CONTENT]
    return [("Host", host), *found]


def _body_of(environ: "WSGIEnvironment", read: bytes) -> bytes:
    """Return the body of a request, as far as it is in memory; ``read`` is what a view has read."""
    sent = environ["wsgi.input"]
    return sent.getvalue() if isinstance(sent, BytesIO) else read


def _text_of(text: str) -> str:
    """Return the text of a path or a query, which WSGI hands over as if it were in Latin-1."""
    return text if text.isascii() else text.encode("latin-1").decode(errors="replace")
