"""Black-box checks of any SCIM server over HTTP.

They import nothing of the server, because both sides would share its mistakes. They use the
standard library only; the page of a report is a Jinja template.
"""
