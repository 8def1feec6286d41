"""Connect: an identity provider, or without one the checks and a company's year."""
