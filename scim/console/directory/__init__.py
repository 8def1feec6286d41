"""The directory: lists with filters, a page for each resource with its history, and editing."""

from . import editing, lists, resource, restoring
from .blueprint import bp

__all__ = ["bp", "editing", "lists", "resource", "restoring"]
