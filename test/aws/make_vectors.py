#!/usr/bin/env python3
"""Print AWS requests and their signatures as botocore makes them.

    make_vectors.py [--seed SEED] [--headers COUNT] [--presigned COUNT] > FILE

One JSON object per line, without empty members.  The same seed produces the
same file.  test/data/sigv4_vectors.jsonl was made with the defaults, and
test/unit/sigv4_test.c compares with it; test/tap/051_signatures.pl makes new
ones in every run.
"""

import argparse
import datetime
import json
import random
import types
import urllib.parse
from typing import Any

import botocore  # type: ignore[import-untyped]
import botocore.auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

SERVICES = ["s3", "s3", "s3", "dynamodb", "sqs", "sns", "secretsmanager"]
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "us-gov-west-1"]
METHODS = ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"]

# Characters that break signatures: encoded in one place and not in another.
PIECES = [
    "a", "B", "0", "products", "VEND001_20260104_090000.csv", "-", "_", ".",
    "~", "+", "=", ":", "(", ")", "*", "%", "%20", "%2F", " ", "  ", "&", "?",
    "#", "@", "!", "$", "'", '"', ",", ";", "<", ">", "[", "]", "^", "`", "{",
    "|", "}", "\\", "\t", "\n", "\x7f", "ä", "é", "ß", "日本", "\U0001f4e6",
    "\u00a0", "e\u0301",
]
PATH_PIECES = PIECES + ["/", "//", "/./", "/../", "/.", "/..", "/...", "/ /"]
PARAMETERS = [
    "versionId", "list-type", "prefix", "delimiter", "uploads", "partNumber",
    "response-content-disposition", "response-content-type", "x-amz-lower",
    "X-Amz-Zone", "Action", "A", "a", "aa", "a-", "a.",
]
HEADERS = [
    "Content-Type", "X-Amz-Target", "x-amz-meta-name", "X-AMZ-META-OTHER",
    "If-Match", "Range", "Content-MD5", "x-amz-checksum-sha256", "X-Custom",
    "x-amz-server-side-encryption", "A", "Zz", "content-disposition",
]
VALUE_PIECES = [
    "a", "B7", "text/csv", "; charset=utf-8", '"', "bytes=0-99", ",", "=", " ",
    "   ", "\t", " \t ", "DynamoDB_20120810.BatchWriteItem", "ä", "日本", ":",
    "'", "+",
]
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

# 1970, a leap day, the last second of a year, and a random time.
TIMES = [0, 951782399, 951782400, 1798761599, 4102444800]


Rng = random.Random
Pairs = list[tuple[str, str]]
Request = dict[str, Any]


def some(rng: Rng, pieces: list[str], most: int) -> str:
    return "".join(rng.choice(pieces) for _ in range(rng.randint(0, most)))


def make_path(rng: Rng, service: str) -> str:
    if service != "s3" and rng.random() < 0.6:
        return "/"
    return "/" + urllib.parse.quote(some(rng, PATH_PIECES, 8), safe="/~")


def make_query(rng: Rng, unique: bool) -> Pairs:
    pairs: Pairs = []
    for _ in range(rng.choice([0, 0, 1, 2, 3, 5, 9])):
        name = rng.choice(PARAMETERS) if rng.random() < 0.6 else some(rng, PIECES, 4)
        pairs.append((name, "" if rng.random() < 0.2 else some(rng, PIECES, 5)))
    if pairs and not unique and rng.random() < 0.4:
        name = rng.choice(pairs)[0]
        pairs += [(name, some(rng, PIECES, 2)), (name, "")]
    if unique:
        # botocore keeps only one parameter per name in a presigned URL.
        pairs = list({name: (name, value) for name, value in pairs if name}.values())
    rng.shuffle(pairs)
    return pairs


def make_headers(rng: Rng, most: int) -> Pairs:
    headers: Pairs = []
    for _ in range(rng.randint(0, most)):
        name = rng.choice(HEADERS)
        headers.append((name, some(rng, VALUE_PIECES, 5)))
        if rng.random() < 0.15:
            headers.append((name.swapcase(), some(rng, VALUE_PIECES, 2)))
    rng.shuffle(headers)
    return headers


def make_host(rng: Rng, service: str, region: str) -> str:
    return rng.choice([
        f"{service}.{region}.amazonaws.com",
        f"bucket-1.{service}.{region}.amazonaws.com",
        "127.0.0.1:5000", "localhost:4566",
    ])


def make_request(rng: Rng, kind: str) -> Request:
    service = rng.choice(SERVICES)
    region = rng.choice(REGIONS)
    request: Request = {
        "kind": kind,
        "service": service,
        "region": region,
        "method": rng.choice(METHODS) if kind == "headers" or service != "s3" else "GET",
        "scheme": rng.choice(["https", "http"]),
        "host": make_host(rng, service, region),
        "path": make_path(rng, service),
        "query": make_query(rng, unique=kind == "presigned"),
        "headers": make_headers(rng, 6 if kind == "headers" else rng.choice([0, 0, 2])),
        "time": rng.choice(TIMES) if rng.random() < 0.2 else rng.randrange(1 << 32),
        "access_key_id": "AKID" + "".join(rng.choices(BASE64[:26], k=12)),
        "secret": "".join(rng.choices(BASE64, k=40)),
        "token": "".join(rng.choices(BASE64, k=rng.choice([0, 24, 60]))),
    }
    if kind == "presigned":
        request["expiry"] = rng.choice([1, 300, 3600, 604800])
        request["unsigned"] = service == "s3"
    else:
        request["body"] = some(rng, PIECES, 6)
        request["unsigned"] = service == "s3" and rng.random() < 0.3
    return request


def signer(request: Request) -> Any:
    credentials = Credentials(request["access_key_id"], request["secret"],
                              request["token"] or None)
    s3 = request["service"] == "s3"
    if request["kind"] == "headers":
        auth = botocore.auth.S3SigV4Auth if s3 else botocore.auth.SigV4Auth
        return auth(credentials, request["service"], request["region"])
    auth = botocore.auth.S3SigV4QueryAuth if s3 else botocore.auth.SigV4QueryAuth
    return auth(credentials, request["service"], request["region"],
                expires=request["expiry"])


def botocore_request(request: Request, in_url: bool) -> Any:
    url = f"{request['scheme']}://{request['host']}{request['path']}"
    params = request["query"]
    if in_url and params:
        url += "?" + "&".join(urllib.parse.quote(name, safe="") + "=" +
                              urllib.parse.quote(value, safe="")
                              for name, value in params)
        params = []
    made = AWSRequest(
        method=request["method"], url=url,
        data=request.get("body", "").encode(),
        params=dict(params) if request["kind"] == "presigned" else params)
    for name, value in request["headers"]:
        made.headers[name] = value
    made.context["client_config"] = types.SimpleNamespace(
        s3={"payload_signing_enabled": not request["unsigned"]})
    return made


def sign(request: Request, in_url: bool) -> Request:
    """Add botocore's signature to a request."""
    made = botocore_request(request, in_url)
    moment = (datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) +
              datetime.timedelta(seconds=request["time"]))
    botocore.auth.get_current_datetime = lambda *_, **__: moment
    signer(request).add_auth(made)
    if request["kind"] == "headers":
        fields = dict(part.split("=", 1) for part in
                      made.headers["Authorization"].split(" ", 1)[1].split(", "))
        request["signed_headers"] = fields["SignedHeaders"]
        request["signature"] = fields["Signature"]
    else:
        query = urllib.parse.parse_qs(made.url.split("?", 1)[1])
        request["signed_headers"] = query["X-Amz-SignedHeaders"][0]
        request["signature"] = query["X-Amz-Signature"][0]
    return request


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--headers", type=int, default=240)
    parser.add_argument("--presigned", type=int, default=240)
    options = parser.parse_args()

    rng = random.Random(options.seed)
    kinds = ["headers"] * options.headers + ["presigned"] * options.presigned
    print(json.dumps({"made_by": f"botocore {botocore.__version__}",
                      "seed": options.seed}))
    for kind in kinds:
        request = sign(make_request(rng, kind), in_url=rng.random() < 0.3)
        print(json.dumps({name: value for name, value in request.items()
                          if value not in ("", [], False)},
                         ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
