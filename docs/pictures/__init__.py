"""The pictures of README.md, drawn from ``terminal.md``."""
