"""JWTs signed with a shared secret (HS256), by a few lines of the standard library. An application of your own uses a library for it."""

import base64
import hashlib
import hmac
import json
import time

ISSUER = AUDIENCE = "flask-shop"


def issue(secret, claims, seconds=3600):
    head = {"alg": "HS256", "typ": "JWT"}
    body = {**claims, "iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + seconds}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, body))
    return f"{signed}.{signature(secret, signed)}"


def verify(secret, token):
    """The claims, or None where the token is not one of ours or is over."""
    signed, _, signed_with = token.rpartition(".")
    if signed.count(".") != 1 or not hmac.compare_digest(signature(secret, signed).encode(), signed_with.encode()):
        return None
    claims = json.loads(decoded(signed.split(".")[1]))
    return claims if claims["iss"] == ISSUER and claims["aud"] == AUDIENCE and claims["exp"] > time.time() else None


def signature(secret, text):
    return encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
