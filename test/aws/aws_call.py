"""Recognise a request to an AWS service and write the service's replies.

The protocols are those of Smithy: "json" (DynamoDB, SQS, Secrets Manager), "query" (SNS, and formerly SQS) and "xml"
(S3's REST).  Each has its own form of error, by which clients distinguish errors.
"""

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 411: "Length Required",
           500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable"}

# Maps the first part of X-Amz-Target to the client's name of the service.
TARGETS = {"DynamoDB_20120810": "dynamodb", "DynamoDBStreams_20120810": "dynamodbstreams", "AmazonSQS": "sqs",
           "secretsmanager": "secretsmanager"}

# S3's operations that a query parameter distinguishes ("Actions" in its API reference), by method.
S3_SUBRESOURCES = {
    ("GET", "versions"): "ListObjectVersions",
    ("GET", "uploads"): "ListMultipartUploads",
    ("GET", "list-type"): "ListObjectsV2",
    ("POST", "uploads"): "CreateMultipartUpload",
    ("PUT", "partNumber"): "UploadPart",
    ("POST", "uploadId"): "CompleteMultipartUpload",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("PUT", "notification"): "PutBucketNotificationConfiguration",
    ("PUT", "versioning"): "PutBucketVersioning",
}
S3_OBJECT = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
S3_BUCKET = {"GET": "ListObjects", "PUT": "CreateBucket", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}


class Headers:
    """Names and values in order; lookups ignore case."""

    def __init__(self, pairs: list[tuple[str, str]] | None = None) -> None:
        self.pairs = list(pairs or [])

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key.lower() == name.lower()), default)

    def set(self, name: str, value: str) -> None:
        self.remove(name)
        self.pairs.append((name, value))

    def remove(self, name: str) -> None:
        self.pairs = [(key, value) for key, value in self.pairs if key.lower() != name.lower()]

    def copy(self) -> "Headers":
        return Headers(self.pairs)


@dataclass
class Request:
    method: str
    target: str
    headers: Headers
    body: bytes = b""


@dataclass
class Response:
    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""


@dataclass(frozen=True)
class Call:
    service: str
    action: str
    protocol: str

    @property
    def name(self) -> str:
        return f"{self.service}.{self.action}"


def recognise(request: Request) -> Call:
    """Return which call a request is.  The body is used only for the query protocol."""
    target = request.headers.get("X-Amz-Target")
    if target:
        version, _, action = target.partition(".")
        return Call(TARGETS.get(version, version), action, "json")
    if request.headers.get("Content-Type").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(request.body.decode("utf-8", "replace")).get("Action", ["Unknown"])[0]
        return Call(signed_service(request) or "unknown", action, "query")
    return Call("s3", s3_action(request), "xml")


def signed_service(request: Request) -> str:
    """Return the service in the credential scope: KEY/DATE/REGION/SERVICE/aws4_request."""
    match = re.search(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request", request.headers.get("Authorization"))
    return match[1] if match else ""


def s3_action(request: Request) -> str:
    parts = urlsplit(request.target)
    for name in parse_qs(parts.query, keep_blank_values=True):
        action = S3_SUBRESOURCES.get((request.method, name))
        if action:
            return action
    _, _, key = parts.path.lstrip("/").partition("/")
    return (S3_OBJECT if key else S3_BUCKET).get(request.method, request.method)


def json_body(request: Request | Response) -> dict[str, Any]:
    body = json.loads(request.body)
    if not isinstance(body, dict):
        raise ValueError("the body is not a JSON object")
    return body


def json_response(call: Call, body: dict[str, Any], status: int = 200) -> Response:
    version = "1.1" if call.service == "secretsmanager" else "1.0"
    return Response(status, Headers([("Content-Type", f"application/x-amz-json-{version}"),
                                     ("x-amzn-RequestId", str(uuid.uuid4()))]), json.dumps(body).encode())


def error_response(call: Call, status: int, code: str, message: str) -> Response:
    """An error in the service's format."""
    request_id = str(uuid.uuid4())
    if call.protocol == "json":
        namespace = {"dynamodb": "com.amazonaws.dynamodb.v20120810#", "sqs": "com.amazonaws.sqs#"}.get(call.service, "")
        response = json_response(call, {"__type": namespace + code.rpartition(".")[2], "message": message}, status)
        if call.service == "sqs":
            response.headers.set("x-amzn-query-error", f"{code};{'Sender' if status < 500 else 'Receiver'}")
        return response
    if call.protocol == "query":
        kind = "Sender" if status < 500 else "Receiver"
        text = (f'<ErrorResponse xmlns="http://{call.service}.amazonaws.com/doc/2010-03-31/"><Error><Type>{kind}</Type>'
                f"<Code>{code}</Code><Message>{escape(message)}</Message></Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>")
        headers = Headers([("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)])
    else:
        text = ('<?xml version="1.0" encoding="UTF-8"?>\n'
                f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
                f"<RequestId>{request_id}</RequestId></Error>")
        headers = Headers([("Content-Type", "application/xml"), ("x-amz-request-id", request_id)])
    return Response(status, headers, text.encode())


def throttled(call: Call) -> Response:
    """Too many requests, with the text of each service's error reference."""
    shapes = {
        "dynamodb": (400, "ProvisionedThroughputExceededException",
                     "The level of configured provisioned throughput for the table was exceeded."),
        "sqs": (400, "RequestThrottled", "Request is throttled."),
        "sns": (400, "Throttling", "Rate exceeded"),
        "secretsmanager": (400, "ThrottlingException", "Rate exceeded"),
        "s3": (503, "SlowDown", "Please reduce your request rate."),
    }
    return error_response(call, *shapes.get(call.service, (400, "ThrottlingException", "Rate exceeded")))


def broken(call: Call, status: int) -> Response:
    """A server error: 500, or 503 when it asks for a retry."""
    codes = {
        "dynamodb": {500: "InternalServerError", 503: "ServiceUnavailable"},
        "s3": {500: "InternalError", 503: "ServiceUnavailable"},
        "sns": {500: "InternalError", 503: "ServiceUnavailable"},
        "secretsmanager": {500: "InternalServiceError", 503: "ServiceUnavailable"},
    }
    code = codes.get(call.service, {}).get(status, "InternalFailure" if status == 500 else "ServiceUnavailable")
    return error_response(call, status, code, "We encountered an internal error. Please try again.")


def denied(call: Call, code: str | None) -> Response:
    """The request's signature is rejected, by default because it is wrong ("Common errors" of each service)."""
    if code == "expired":
        names = {"s3": "ExpiredToken", "sns": "ExpiredToken"}
        name, message = names.get(call.service, "ExpiredTokenException"), "The security token has expired"
    elif code in (None, "signature"):
        names = {"s3": "SignatureDoesNotMatch", "sns": "SignatureDoesNotMatch"}
        name = names.get(call.service, "InvalidSignatureException")
        message = "The request signature we calculated does not match the signature you provided."
    else:
        raise ValueError(f"no such reason to deny a call: {code}")
    return error_response(call, 400 if code == "expired" and call.service != "sns" else 403, name, message)
