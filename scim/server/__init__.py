"""The server program: processes, signals, connections, and the threads that share the work.

Granian does HTTP. The ``master`` keeps the workers alive, a ``worker`` is one process, ``exchange``
takes requests in and hands answers out, and in the ``crew`` one thread works at a time.
"""

from .exchange import Exchanges
from .master import Companion, Master, reserve
from .taken import why_not
from .tls import Certificate, CertificateError
from .worker import Worker
from .wsgi import address_of

__all__ = [
    "Certificate",
    "CertificateError",
    "Companion",
    "Exchanges",
    "Master",
    "Worker",
    "address_of",
    "reserve",
    "why_not",
]
