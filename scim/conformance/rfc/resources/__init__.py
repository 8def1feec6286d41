"""Checks of resources and of the requests for one resource."""
