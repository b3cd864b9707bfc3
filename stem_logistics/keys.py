"""The server's one secret, and what is derived from it: keyed digests of codes, sealing of the lottery's nonce."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from stem_logistics.errors import Invalid
from stem_logistics.settings import Settings


class Keys:
    """Derives a key for each purpose from the server's secret, so that none serves two ends."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose."""
        return hmac.new(self._secret, b"stem-logistics/" + purpose.encode(), hashlib.sha256).digest()

    def digest(self, purpose: str, text: str) -> bytes:
        """A keyed digest (32 bytes) of a short or guessable text: a typed code, an address."""
        return hmac.new(self.derive(purpose), text.encode(), hashlib.sha256).digest()

    def seal(self, purpose: str, content: bytes) -> bytes:
        """Encrypt, so that the database alone does not tell."""
        return self._fernet(purpose).encrypt(content)

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made. Raises Invalid when the key is another one."""
        try:
            return self._fernet(purpose).decrypt(sealed)
        except InvalidToken as error:
            raise Invalid("sealed-with-another-key", purpose=purpose) from error

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive(purpose)))


def load_keys(settings: Settings) -> Keys:
    """The secret from STEM_SECRET_KEY, else from an owner-only file made at first use."""
    if settings.secret_key is not None:
        return Keys(settings.secret_key.get_secret_value().encode())
    path = settings.data_dir / "secret.key"
    return Keys(_read_or_create(path))


def _read_or_create(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL: of two processes starting at once one makes the file, the other reads it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        content = path.read_bytes()
        if len(content) < 32:
            raise Invalid("secret-key-unreadable", path=str(path)) from None
        return content
    with os.fdopen(descriptor, "wb") as file:
        content = secrets.token_bytes(48)
        file.write(content)
    return content
