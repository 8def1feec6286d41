"""HTTPS: the files of the certificate, which Granian reads whenever a worker starts."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

FIRST = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
# Object identifiers of the public keys that Granian can use; it ends its process at any other.
KEYS = {
    "RSA": bytes.fromhex("06092a864886f70d010101"),
    "P-256": bytes.fromhex("06082a8648ce3d030107"),
    "P-384": bytes.fromhex("06052b81040022"),
    "Ed25519": bytes.fromhex("06032b6570"),
}


class CertificateError(ValueError):
    """The server cannot use its certificate or its key; the message names the file."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two files in PEM: a certificate with its chain, and its private key without a password.

    :raises CertificateError: the files cannot be used
    """

    file: Path
    key: Path

    def __post_init__(self) -> None:
        text = self._read(self.file, "CERTIFICATE")
        self._read(self.key, "PRIVATE KEY")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.file, self.key, password=self._refuse_password)
        except ssl.SSLError as error:
            reason = (error.reason or str(error)).lower().replace("_", " ")
            raise CertificateError(
                f"{self.key} is not the key of {self.file}, or one of them is damaged ({reason})"
            ) from None
        self._check_kind(text)

    def _read(self, file: Path, content: str) -> bytes:
        try:
            text = file.read_bytes()
        except OSError as error:
            raise CertificateError(f"{file} cannot be read: {error.strerror}") from None
        if f"{content}-----".encode() not in text:
            raise CertificateError(f"{file} has no {content.lower()} in PEM")
        return text

    def _check_kind(self, text: bytes) -> None:
        [first] = FIRST.findall(text)[:1]
        content = ssl.PEM_cert_to_DER_cert(first.decode("ascii"))
        if not any(identifier in content for identifier in KEYS.values()):
            raise CertificateError(f"{self.key} must be a key of the kind {', '.join(KEYS)}")

    def _refuse_password(self) -> NoReturn:
        raise CertificateError(f"{self.key} has a password; take a key without one")
