"""The server as an application: by itself, as app.py serves it, or within another application."""

from .extension import Scim

__all__ = ["Scim"]
