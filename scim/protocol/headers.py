"""Headers of answers, which the endpoints and the server program have in common."""

MEDIA_TYPE = "application/scim+json"
EVERY_ANSWER = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
RETRY_AFTER = "5"  # seconds, beside the status 503
