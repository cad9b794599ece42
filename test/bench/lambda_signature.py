"""Verify signatures of requests to AWS ("Create a signed AWS API request", IAM User Guide)."""

import hashlib
import hmac
import re
import time
from datetime import datetime, timezone
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

ACCESS_KEY = "AKIAEMULATED"
SECRET_KEY = "emulated"
TOKEN = "emulated"
REGION = "us-east-1"
ALGORITHM = "AWS4-HMAC-SHA256"
# Older requests are refused.
SECONDS_OF_VALIDITY = 300
AUTHORIZATION = re.compile(ALGORITHM + r" Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
                           r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})")


@lru_cache(maxsize=32)
def signing_key(date, service):
    key = b"AWS4" + SECRET_KEY.encode()
    for part in (date, REGION, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def encode(text, safe=""):
    return quote(unquote(text), safe="-_.~" + safe)


def canonical_query(query):
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return "&".join(sorted(f"{encode(name)}={encode(value)}" for name, _, value in pairs))


def signature(request, date, service, names):
    """Return the expected signature of a request, over these of its headers."""
    target = urlsplit(request.target)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name).split())}\n" for name in names)
    stated = request.headers.get("x-amz-content-sha256")
    payload = stated or hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join((request.method, encode(target.path or "/", "/"), canonical_query(target.query), headers,
                           ";".join(names), payload))
    text = "\n".join((ALGORITHM, request.headers.get("x-amz-date"), f"{date}/{REGION}/{service}/aws4_request",
                      hashlib.sha256(canonical.encode()).hexdigest()))
    return hmac.digest(signing_key(date, service), text.encode(), "sha256").hex()


def fault(request, service):
    """Return why the signature of a request to a service is invalid; empty if it is valid."""
    match = AUTHORIZATION.fullmatch(request.headers.get("Authorization"))
    if not match:
        return "no signature of version 4"
    key, date, region, scope, signed, given = match.groups()
    if (key, region, scope) != (ACCESS_KEY, REGION, service):
        return "another key, region or service"
    if request.headers.get("x-amz-security-token") != TOKEN:
        return "another session"
    names = signed.split(";")
    required = {"host", "x-amz-date", "x-amz-security-token"}
    required |= {name for name, _ in ((name.lower(), value) for name, value in request.headers.pairs)
        if name.startswith("x-amz-")}
    if names != sorted(names) or not required <= set(names):
        return "headers are not signed"
    try:
        when = datetime.strptime(request.headers.get("x-amz-date"), "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return "no time"
    if abs(when.timestamp() - time.time()) > SECONDS_OF_VALIDITY or not request.headers.get("x-amz-date").startswith(date):
        return "too old, or of another day"
    stated = request.headers.get("x-amz-content-sha256")
    if stated and stated != hashlib.sha256(request.body).hexdigest():
        return "the body has another hash"
    if not hmac.compare_digest(signature(request, date, scope, names), given):
        return "the signature does not match"
    return ""
