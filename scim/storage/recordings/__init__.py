"""Recorded exchanges, and the links to consoles: their tables, and the file that SQLite has."""

from .recordings import Recordings

__all__ = ["Recordings"]
