"""A deferred request that was carried out, as the log and the recorded exchanges tell of it."""

import json
import logging
from collections.abc import Mapping
from time import time
from typing import NamedTuple

from scim.logs import RequestLine
from scim.operate.heard import Heard
from scim.operate.recorder import Recorder
from scim.protocol.bulk import bulk_response
from scim.protocol.headers import MEDIA_TYPE, RESPOND_ASYNC, SET_TXN
from scim.protocol.values import PLACEHOLDER, Record
from scim.service import Service
from scim.storage.deferred import Deferred
from scim.storage.noting import Noted

logger = logging.getLogger("scim")


class Carried(NamedTuple):
    """A request with its body and its results; ``tolerated`` are names of tolerances."""

    request: Deferred
    body: str
    tenant: str
    tolerated: tuple[str, ...]
    results: Mapping[int, Record]
    milliseconds: float

    @property
    def status(self) -> int:
        """The status that the request would have been answered with."""
        return 200 if self.request.is_bulk else int(self.results[0]["status"])

    @property
    def error(self) -> Record:
        """The Error message of a request for one resource; empty if it was not refused."""
        found: Record = {} if self.request.is_bulk else self.results[0].get("response", {})
        return found

    @property
    def answer(self) -> str:
        """The results of a bulk request, or else the error, as the body of an answer."""
        if not self.request.is_bulk:
            return json.dumps(self.error) if self.error else ""
        text = bulk_response(self.results[place] for place in sorted(self.results))
        return text.replace(PLACEHOLDER, self.request.base_url)


def tell(service: Service, carried: Carried, recorder: Recorder | None, noted: Noted) -> None:
    """Log a request in a line like that of its acceptance, and record it likewise."""
    request, path = carried.request, service.settings.base_path + carried.request.path
    line = RequestLine(
        request.method,
        path,
        carried.status,
        carried.milliseconds,
        request.request_id,
        request.client,
        carried.tenant,
        request.token,
        f"{RESPOND_ASYNC} {request.id}",
        ",".join(carried.tolerated),
        carried.error.get("detail", ""),
    )
    logger.info(line)
    if recorder:
        heard = _heard(carried, path, noted)
        recorder.put(len(heard.request) + len(heard.answer), lambda: heard)


def _heard(carried: Carried, path: str, noted: Noted) -> Heard:
    request, sent, answer = carried.request, carried.body.encode(), carried.answer.encode()
    result = {} if request.is_bulk else carried.results[0]
    place = result.get("location", "").replace(PLACEHOLDER, request.base_url)
    return Heard(
        id=request.request_id,
        milliseconds=carried.milliseconds,
        method=request.method,
        path=path,
        ended=time(),
        query="",
        status=carried.status,
        request_headers=[("Content-Type", MEDIA_TYPE)] if sent else [],
        request=sent,
        declared=str(len(sent)),
        answer_headers=[(SET_TXN, request.id), ("Location", place)],
        answer=answer,
        answer_size=len(answer),
        client=request.client,
        tenant=carried.tenant,
        token=request.token,
        tolerated=carried.tolerated,
        applied=RESPOND_ASYNC,
        detail=carried.error.get("detail", ""),
        noted=noted,
    )
