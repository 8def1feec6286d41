"""Why a request was answered as it was, what causes a failure, and what to change against it."""
