"""Registration of the checks of the RFCs: ``check = area("patch", "RFC 7644 §3.5.2")``."""

from functools import partial

from ..checks import Area
from ..outcomes import Level

MUST, SHOULD = Level.MUST, Level.SHOULD
area = partial(Area, "rfc")
