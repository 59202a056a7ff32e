"""An OpenID Connect issuer on the loopback interface, with keys that rotate and requests that are counted."""

import base64
import http.server
import json
import threading
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

AUDIENCE = "sts.amazonaws.com"
SUBJECT = "system:serviceaccount:team:app"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class RsaKey:
    algorithm = "RS256"

    def __init__(self, kid):
        self.kid = kid
        self._key = rsa.generate_private_key(65537, 2048)

    def published(self):
        numbers = self._key.public_key().public_numbers()
        return {"kty": "RSA", "kid": self.kid, "use": "sig", "n": number(numbers.n), "e": number(numbers.e)}

    def sign(self, message):
        return self._key.sign(message, padding.PKCS1v15(), hashes.SHA256())


class EcKey:
    algorithm = "ES256"

    def __init__(self, kid):
        self.kid = kid
        self._key = ec.generate_private_key(ec.SECP256R1())

    def published(self):
        numbers = self._key.public_key().public_numbers()
        x, y = (b64(value.to_bytes(32, "big")) for value in (numbers.x, numbers.y))
        return {"kty": "EC", "kid": self.kid, "crv": "P-256", "x": x, "y": y}

    def sign(self, message):
        r, s = utils.decode_dss_signature(self._key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign(key, claims, **header):
    """A token."""
    head = {"alg": key.algorithm, "kid": key.kid, "typ": "JWT"} | header
    message = ".".join(b64(json.dumps(part).encode()) for part in (head, claims))
    return f"{message}.{b64(key.sign(message.encode()))}"


class Issuer:
    """Serves its configuration and keys until it is stopped."""

    def __init__(self):
        self.keys = [RsaKey("first")]
        self.asked = []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                document = issuer._documents().get(self.path)
                body = json.dumps(document or {"error": "not found"}).encode()
                self.send_response(200 if document else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self._server.server_port}/realms/team"
        self.url = f"http://{self.host}"

    def _documents(self):
        return {
            "/realms/team/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/certs",
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            },
            "/realms/team/certs": {"keys": [key.published() for key in self.keys]},
        }

    def token(self, *, key=None, header=None, **changed):
        """A token with the usual claims, changed; None takes one away."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 600} | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        return sign(key or self.keys[-1], claims, **(header or {}))

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
