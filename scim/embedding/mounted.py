"""A request of another application, as our own application takes it."""

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from flask import Flask, request

from scim.protocol.headers import PREFIX
from scim.service import Service

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Endpoints that a server by itself has beside the base path, and an embedded one below its prefix.
BESIDE = (".well-known/", "oauth/")
PRESERVE = "werkzeug.debug.preserve_context"  # a test client keeps the contexts of its application


@dataclass(frozen=True, slots=True)
class Mounted:
    """The server within one application: its own application, its prefix, and the end of that.

    The prefix may have variables, the end has none.
    """

    application: Flask
    prefix: str
    base_path: str

    @property
    def service(self) -> Service:
        found: Service = self.application.extensions["scim"]
        return found

    def environ(self) -> "WSGIEnvironment":
        """Return the request that the application has got, as our own application takes it."""
        environ = {**request.environ}
        environ.pop(PRESERVE, None)
        behind = self.prefix.count("/") + 1
        parts = environ["PATH_INFO"].split("/", behind)
        prefix, rest = "/".join(parts[:behind]), parts[behind:]
        if rest and rest[0].startswith(BESIDE):
            base, environ[PREFIX] = "", prefix
        else:
            base, prefix = self.base_path, prefix.removesuffix(self.base_path)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "").rstrip("/") + prefix
        environ["PATH_INFO"] = "/".join([base, *rest])
        if "stream" in vars(request):  # somebody has read the body already
            environ["wsgi.input"] = BytesIO(request.get_data())
        return environ
