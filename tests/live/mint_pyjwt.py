"""The library PyJWT behind the protocol of README.md."""

import base64
import datetime
import json
import sys
import warnings
from unittest import mock

import jwt


def mint(request):
    alg, header = request["alg"], request.get("header", {})
    key = read_key(request["key"], alg)
    if "payload" in request:
        payload = request["payload"].encode()
        return {"token": jwt.PyJWS().encode(payload, key, alg, {"typ": "JWT"} | header)}
    return {"token": jwt.encode(request["claims"], key, alg, header)}


def verify(request):
    expected = {
        "algorithms": request["algs"],
        "issuer": request.get("issuer"),
        "audience": request.get("audience"),
        "leeway": request.get("leeway", 0),
        "options": {
            "require": request.get("require", []),
            "verify_aud": "audience" in request,
        },
    }
    token = request["token"]
    try:
        key = key_for(token, request["key"], request["algs"][0])
        with frozen(request.get("now")):
            verdict = jwt.decode_complete(token, key, **expected)
    # Which exception a hostile token gets out of the library is part of what is learned.
    except Exception as error:
        return {"accepted": False, "error": described(error)}
    if request.get("verdict_only"):
        return {"accepted": True}
    return {"accepted": True, "header": verdict["header"], "claims": verdict["payload"]}


def key_for(token, key, alg):
    if "jwks" in key:
        return jwt.PyJWKSet.from_dict(key["jwks"])[jwt.get_unverified_header(token)["kid"]]
    return read_key(key, alg)


def read_key(key, alg):
    if "secret" in key:
        return key["secret"].encode()
    if "secret_b64u" in key:
        text = key["secret_b64u"]
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if "pem" in key:
        return key["pem"]
    return jwt.PyJWK(key["jwk"], None if "alg" in key["jwk"] else alg)


def frozen(now):
    """PyJWT reads the clock itself and has no option for another."""
    if now is None:
        return mock.patch("jwt.api_jwt.datetime", datetime.datetime)

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(now, tz)

    return mock.patch("jwt.api_jwt.datetime", Frozen)


def described(error):
    return f"{type(error).__name__}: {error}"


def main():
    # Short keys are wanted in some tests, and the warning would be one per line.
    warnings.simplefilter("ignore")
    ops = {"mint": mint, "verify": verify}
    for line in sys.stdin:
        try:
            request = json.loads(line)
            reply = ops[request["op"]](request)
        except Exception as error:
            reply = {"error": described(error)}
        print(json.dumps(reply), flush=True)


main()
