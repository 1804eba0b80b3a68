"""Passwords as Asterisk's ari.conf keeps them."""

from __future__ import annotations

import ctypes
import secrets

# Asterisk hashes the password anew for every HTTP request. Many rounds are there to slow the guessing of
# passwords that people choose, and cost 3 ms a request; ours has 256 random bits, which nobody guesses
# however few the rounds. So: the method of crypt(5) with the fewest (4 rounds of HMAC-SHA-1, 4 microseconds),
# and where that is missing the fewest rounds of SHA-512 (0.6 ms).
_METHODS = ("$sha1$4$", "$6$rounds=1000$")


def ari_password(password: str) -> tuple[str, str]:
    """Return `password_format` and `password` for ari.conf; `password` must be random and long.

    Where the system has no crypt(3) it is kept as it is: ari.conf is readable by its owner alone.
    """
    try:
        library = ctypes.CDLL("libcrypt.so.1")  # from Python 3.13 on there is no module for it
        library.crypt.restype = ctypes.c_char_p
        library.crypt.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    except (OSError, AttributeError):
        return "plain", password
    for method in _METHODS:
        hashed: bytes | None = library.crypt(password.encode(), f"{method}{secrets.token_hex(8)}".encode())
        if hashed is not None and hashed.startswith(method.encode()):
            return "crypt", hashed.decode()
    return "plain", password
