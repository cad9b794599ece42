"""A front end for the emulated services: records every call, fails some, and answers those that the emulator lacks.

    with Front(emulator.url) as front:
        front.fail("sns.Subscribe", "AuthorizationError")

Everything happens at the level of HTTP, as a client sees it.  The emulator lacks these, which are answered here:

* Lambda's GetAccountSettings, and Invoke, which calls one of `functions`;
* SQS's StartMessageMoveTask and ListMessageMoveTasks, by moving the messages;
* subscriptions by e-mail that are unconfirmed, until confirm();
* a registry that accepts what skopeo pushes, and reports it to the emulated ECR.
"""

import hashlib
import http.client
import json
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

import botocore.session  # type: ignore[import-untyped]
from aws_call import Call, Headers, Request, Response, error_response, recognise, signed_service
from emulator import HOST, client
from fault_proxy import HOP_HEADERS

# Services whose calls are recognized by method and path.
REST_SERVICES = ("lambda", "scheduler")

ACCOUNT_LIMITS = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}}

Document = dict[str, Any]
# Returns the answer to the event of an invocation.
Handler = Callable[[Document], Document]


# Returns the body of an answer, or None.
Override = Callable[[Request], str | None]


class FunctionError(Exception):
    """A function fails; its type and message are the arguments."""


@lru_cache
def rest_routes(service: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Return method, path and name of each operation of a service, longest path first."""
    model = botocore.session.get_session().get_service_model(service)
    routes = []
    for name in model.operation_names:
        spec = model.operation_model(name).http
        path = re.sub(r"\{[^}]+\}", "[^/]+", spec["requestUri"].split("?")[0].rstrip("/"))
        routes.append((spec["method"], re.compile(path + "/?"), name))
    return sorted(routes, key=lambda route: -len(route[1].pattern))


def call_of(request: Request) -> Call:
    """Return which call a request is, for all services that the commands use."""
    service, path = signed_service(request), urlsplit(request.target).path
    if service in REST_SERVICES:
        name = next((name for method, pattern, name in rest_routes(service)
                     if method == request.method and pattern.fullmatch(path)), "Unknown")
        return Call(service, name, "json")
    # The binary protocol names the operation in the path.
    operation = re.search(r"/operation/(\w+)$", path)
    if operation:
        return Call(service, operation[1], "json")
    found = recognise(request)
    if found.service == "s3" and request.headers.get("Content-Type").startswith("multipart/form-data"):
        return Call("s3", "PostObject", "xml")
    if found.service == "s3" and request.method == "POST" and "delete" in parse_qs(urlsplit(request.target).query, True):
        return Call("s3", "DeleteObjects", "xml")
    return Call(service or found.service, found.action, found.protocol)


@dataclass
class Failure:
    """A call to fail: how often, and with what."""

    code: str
    status: int
    times: int


class Front:
    """The front end, on a free port, for the duration of a with statement."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.calls: list[tuple[Call, Request]] = []
        self.functions: dict[str, Handler] = {}
        self.account_limits = ACCOUNT_LIMITS
        self.unconfirmed: set[str] = set()
        self.registry = Registry(client("ecr", upstream))
        self._overrides: dict[str, Override] = {}
        self._failures: dict[str, Failure] = {}
        self._moved: dict[str, int] = {}
        self._sqs = client("sqs", upstream)
        front = self

        class RequestHandler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One write for head and body: the client's delayed acknowledgement would hold up a second one.
            wbufsize = -1

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length) if length else read_chunks(self)
                request = Request(self.command, self.path, Headers(list(self.headers.items())), body)
                response = front.answer(request)
                self.send_response_only(response.status)
                for name, value in response.headers.pairs:
                    if name.lower() not in {hop.lower() for hop in HOP_HEADERS}:
                        self.send_header(name, value)
                head = self.command == "HEAD"
                self.send_header("Content-Length", response.headers.get("Content-Length", "0") if head
                                 else str(len(response.body)))
                self.end_headers()
                if not head:
                    self.wfile.write(response.body)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = handle_one

        self._server = ThreadingHTTPServer((HOST, 0), RequestHandler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def host(self) -> str:
        return f"{HOST}:{self._server.server_port}"

    def __enter__(self) -> "Front":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    # Interface for tests.

    def reset(self) -> None:
        """Forget calls, failures and prepared answers."""
        self.calls.clear()
        self._failures.clear()
        self._overrides.clear()
        self.account_limits = ACCOUNT_LIMITS

    def fail(self, name: str, code: str, status: int = 403, times: int = 1000) -> None:
        self._failures[name] = Failure(code, status, times)

    def override(self, name: str, answer: "Override") -> None:
        """Answer a call by a function, whose result is the body; the service answers if that is None."""
        self._overrides[name] = answer

    def names(self) -> list[str]:
        """Return the names of the calls so far."""
        return [call.name for call, _ in self.calls]

    def events(self, command: str) -> list[Document]:
        """Return the events with this command that functions were invoked with."""
        bodies = [json.loads(request.body or b"{}") for call, request in self.calls if call.name == "lambda.Invoke"]
        return [body for body in bodies if body.get("command") == command]

    def confirm(self, address: str) -> None:
        self.unconfirmed.discard(address)

    # Answering.

    def answer(self, request: Request) -> Response:
        if request.target.startswith("/v2/"):
            return self.registry.answer(request)
        call = call_of(request)
        self.calls.append((call, request))
        failure = self._failures.get(call.name)
        if failure and failure.times > 0:
            failure.times -= 1
            return failed(call, failure)
        override = self._overrides.get(call.name)
        body = override(request) if override else None
        if body is not None:
            return Response(200, Headers([("Content-Type", "text/xml")]), body.encode())
        method = getattr(self, f"_answer_{call.service}_{call.action}", None)
        return method(request) if method else self._adapt(call, self._forward(request))

    def _forward(self, request: Request) -> Response:
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.pairs:
                if name.lower() not in {hop.lower() for hop in HOP_HEADERS}:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(request.body)))
            connection.endheaders(request.body)
            reply = connection.getresponse()
            return Response(reply.status, Headers(reply.getheaders()), reply.read())
        finally:
            connection.close()

    def _adapt(self, call: Call, response: Response) -> Response:
        if call.name == "sns.Subscribe":
            address = parse_qs(self.calls[-1][1].body.decode()).get("Endpoint", [""])[0]
            self.unconfirmed.add(address)
        if call.name in ("sns.ListSubscriptionsByTopic", "sns.GetSubscriptionAttributes"):
            response.body = self._mark_unconfirmed(response.body.decode()).encode()
        return response

    def _mark_unconfirmed(self, text: str) -> str:
        def mark(match: re.Match[str]) -> str:
            member = match[0]
            if not any(f">{address}<" in member for address in self.unconfirmed):
                return member
            return re.sub("<SubscriptionArn>[^<]*<", "<SubscriptionArn>PendingConfirmation<", member)

        if "<GetSubscriptionAttributes" in text:
            pending = any(f">{address}<" in text for address in self.unconfirmed)
            return re.sub(r"(<key>PendingConfirmation</key>\s*<value>)false", rf"\g<1>{str(pending).lower()}", text)
        return re.sub(r"<member>.*?</member>", mark, text, flags=re.DOTALL)

    def _answer_lambda_GetAccountSettings(self, request: Request) -> Response:
        return json_reply(self.account_limits)

    def _answer_lambda_Invoke(self, request: Request) -> Response:
        name = unquote(urlsplit(request.target).path.split("/")[3])
        handler = self.functions.get(name)
        if handler is None:
            return failed(Call("lambda", "Invoke", "json"), Failure("ResourceNotFoundException", 404, 1))
        try:
            return json_reply(handler(json.loads(request.body or b"{}")))
        except FunctionError as error:
            kind, message = error.args
            response = json_reply({"errorType": kind, "errorMessage": message})
            response.headers.set("X-Amz-Function-Error", "Unhandled")
            return response

    def _answer_sqs_StartMessageMoveTask(self, request: Request) -> Response:
        body = json.loads(request.body)
        source, target = [self._sqs.get_queue_url(QueueName=body[name].rpartition(":")[2])["QueueUrl"]
                          for name in ("SourceArn", "DestinationArn")]
        moved = 0
        while messages := self._sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10,
                                                    MessageAttributeNames=["All"]).get("Messages"):
            for message in messages:
                self._sqs.send_message(QueueUrl=target, MessageBody=message["Body"],
                                       MessageAttributes=message.get("MessageAttributes") or {})
                self._sqs.delete_message(QueueUrl=source, ReceiptHandle=message["ReceiptHandle"])
                moved += 1
        self._moved[body["SourceArn"]] = moved
        return json_reply({"TaskHandle": "emulated"})

    def _answer_sqs_ListMessageMoveTasks(self, request: Request) -> Response:
        source = json.loads(request.body)["SourceArn"]
        return json_reply({"Results": [{"Status": "COMPLETED", "SourceArn": source,
                                        "ApproximateNumberOfMessagesMoved": self._moved.get(source, 0)}]})


class Registry:
    """As much of a registry as a push needs (OCI distribution specification), in memory."""

    def __init__(self, ecr: Any) -> None:
        self.blobs: dict[str, bytes] = {}
        self.authorizations: set[str] = set()
        self.refuses = False
        self._ecr = ecr

    def answer(self, request: Request) -> Response:
        path = urlsplit(request.target).path
        if self.refuses:
            return Response(403)
        self.authorizations.add(request.headers.get("Authorization"))
        if not request.headers.get("Authorization"):
            return Response(401, Headers([("WWW-Authenticate", 'Basic realm="emulated"')]))
        if path == "/v2/":
            return Response(200)
        match = re.fullmatch(r"/v2/(.+)/(blobs/uploads|blobs|manifests)/?(.*)", path)
        if match is None:
            return Response(404)
        repository, kind, name = match.groups()
        if kind == "blobs/uploads":
            return self._upload(request, repository)
        if kind == "manifests" and request.method == "PUT":
            digest = self._store(request.body)
            self._ecr.put_image(repositoryName=repository, imageManifest=request.body.decode(), imageTag=name,
                                imageDigest=digest, imageManifestMediaType=request.headers.get("Content-Type"))
            return Response(201, Headers([("Docker-Content-Digest", digest)]))
        body = self.blobs.get(name)
        return Response(404) if body is None else Response(200, Headers([("Content-Length", str(len(body))),
                                                                         ("Docker-Content-Digest", name)]), body)

    def _upload(self, request: Request, repository: str) -> Response:
        location = Headers([("Location", f"/v2/{repository}/blobs/uploads/one")])
        if request.method == "POST":
            return Response(202, location)
        if request.method == "PATCH":
            self._store(request.body)
            location.set("Range", f"0-{len(request.body) - 1}")
            return Response(202, location)
        if request.body:
            self._store(request.body)
        return Response(201, location)

    def _store(self, body: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        self.blobs[digest] = body
        return digest


def read_chunks(handler: BaseHTTPRequestHandler) -> bytes:
    """Read a chunked body, if the request has one."""
    if "chunked" not in (handler.headers.get("Transfer-Encoding") or "").lower():
        return b""
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


def json_reply(document: Document) -> Response:
    return Response(200, Headers([("Content-Type", "application/json")]), json.dumps(document).encode())


def failed(call: Call, failure: Failure) -> Response:
    """Return an error in the service's format."""
    if call.service in REST_SERVICES:
        response = json_reply({"message": "emulated failure"})
        response.status = failure.status
        response.headers.set("x-amzn-ErrorType", failure.code)
        return response
    return error_response(call, failure.status, failure.code, "emulated failure")
