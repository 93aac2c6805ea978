"""What a backend in Python makes of receipts.

Reads {"key", "issuer", "audience", "payment_service_id", "good": [token], "bad": [token]} from standard input, and answers with
{"library", "claims": [claims of each good token], "refused": [whether each bad token was refused]}.
With PyJWT where it is installed; otherwise by the standard library alone.
"""

import base64
import hashlib
import hmac
import json
import sys

try:
    import jwt
except ImportError:
    jwt = None


class Refused(Exception):
    pass


def with_pyjwt(token, wanted):
    try:
        if jwt.get_unverified_header(token).get("typ") != "paysg-receipt+jwt":
            raise Refused("typ")
        return jwt.decode(
            token,
            wanted["key"],
            algorithms=["HS256"],
            issuer=wanted["issuer"],
            audience=wanted["audience"],
            options={"require": ["iss", "aud", "iat"]},
        )
    except jwt.PyJWTError as error:
        raise Refused(str(error)) from error


def part(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def by_hand(token, wanted):
    try:
        header, claims, signature = token.split(".")
        good = hmac.new(wanted["key"].encode(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(good, part(signature)):
            raise Refused("signature")
        header, claims = json.loads(part(header)), json.loads(part(claims))
        if header.get("alg") != "HS256" or header.get("typ") != "paysg-receipt+jwt":
            raise Refused("header")
        if claims["iss"] != wanted["issuer"] or claims["aud"] != wanted["audience"]:
            raise Refused("iss or aud")
        return claims
    except (ValueError, KeyError) as error:
        raise Refused(str(error)) from error


def refused(verify, token, wanted):
    try:
        verify(token, wanted)
    except Refused:
        return True
    return False


def main():
    wanted = json.load(sys.stdin)
    verify = by_hand if jwt is None else with_pyjwt
    json.dump(
        {
            "library": "hmac by hand" if jwt is None else f"PyJWT {jwt.__version__}",
            "claims": [verify(token, wanted) for token in wanted["good"]],
            "refused": [refused(verify, token, wanted) for token in wanted["bad"]],
        },
        sys.stdout,
    )


main()
