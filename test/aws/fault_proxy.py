"""A proxy in front of the emulated services that injects faults according to a plan (see fault_plan.py).

    fault_proxy.py --upstream http://127.0.0.1:5000 [--port PORT] [--plan FILE]

It speaks HTTP/1.1 on 127.0.0.1, recognises the call of each request, and streams replies, so that a large object is
never held in memory.  It also enforces service limits that the emulated services lack. A second port is for control:

    GET /counts     the faults so far, as JSON
    GET /table      the same as a readable table
    PUT /plan       start a new plan, with its own counts; the body is the plan
    POST /reset     restart the same plan

On exit it prints the table, and its exit code is 1 if a fault of the plan never occurred.
"""

import argparse
import asyncio
import json
import signal
import socket
import struct
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, AsyncIterator, Callable
from urllib.parse import urlsplit

from aws_call import (REASONS, Call, Headers, Request, Response, broken, denied, error_response, json_body,
                      json_response, recognise, throttled)
from call_record import RECORD, CallRecord
from fault_plan import RETRYABLE_STATEMENT_ERRORS, FaultPlan, PlanError, Rule
from patience import PAUSE_SECONDS
from service_limits import check_limits

HOST = "127.0.0.1"
PIECE = 64 * 1024
HEAD_LIMIT = 256 * 1024
HOP_HEADERS = ("Connection", "Keep-Alive", "Transfer-Encoding", "Expect", "Content-Length")

# The emulated services identify the service of a request by its credential scope and check no signature.
DESCRIBE_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=EMULATED/20260101/us-east-1/dynamodb/aws4_request"

# Faults in the order in which a request meets them; at most one of each row strikes a request.
IN_REQUEST = ("reset_in_request",)
INSTEAD = ("throttle", "error", "deny", "reset_before", "kill_before", "unprocessed_items", "statement_errors",
           "failed_entries", "drop_reply", "kill_after", "reset_after", "reset_in_reply", "truncate", "close_after")


class Closed(Exception):
    """The other side closed the connection where that is allowed, or we closed it on purpose."""


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection so that the peer gets ECONNRESET."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_head(reader: asyncio.StreamReader) -> tuple[str, Headers]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise Closed from error
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return first, Headers([(name.strip(), value.strip()) for name, _, value in pairs])


async def body_pieces(reader: asyncio.StreamReader, headers: Headers, until_closed: bool) -> AsyncIterator[bytes]:
    """Read the body of a message, in any of the three ways to delimit it."""
    if "chunked" in headers.get("Transfer-Encoding").lower():
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
    elif headers.get("Content-Length"):
        remaining = int(headers.get("Content-Length"))
        while remaining > 0:
            piece = await reader.read(min(remaining, PIECE))
            if not piece:
                raise Closed
            remaining -= len(piece)
            yield piece
    elif until_closed:
        while piece := await reader.read(PIECE):
            yield piece


@dataclass
class Upstream:
    """A reply of the service whose body is still unread."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]
    writer: asyncio.StreamWriter

    async def whole(self) -> Response:
        try:
            return Response(self.status, self.headers, b"".join([piece async for piece in self.pieces]))
        finally:
            self.writer.close()


class Connection:
    """One client's connection: sequential requests."""

    def __init__(self, proxy: "FaultProxy", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.reader = reader
        self.writer = writer
        self.served = 0

    async def serve(self) -> None:
        with suppress(Closed, ConnectionError, asyncio.IncompleteReadError):
            while await self.serve_request():
                self.served += 1
        self.writer.close()

    async def serve_request(self) -> bool:
        """Handle a request; return whether to keep the connection."""
        head = await read_head(self.reader)
        self.proxy.in_progress += 1
        try:
            return await self.handle(*head)
        finally:
            self.proxy.in_progress -= 1

    async def handle(self, first: str, headers: Headers) -> bool:
        """Handle a request with this first line and these headers, as above."""
        method, target, _ = first.split(" ", 2)
        request = Request(method, target, headers)
        await self.read_body(request)
        call = recognise(request)
        plan = self.proxy.plan
        plan.count_call(call.name)
        for rule in plan.draw(call.name, ("latency",), self.served > 0, exclusive=False):
            plan.count_fault(rule, call.name)
            await asyncio.sleep(rule.options["seconds"] * (rule.random.random() if rule.options.get("random") else 1))
        for rule in plan.draw(call.name, ("hold",), self.served > 0, exclusive=False):
            plan.count_fault(rule, call.name)
            while not plan.released.is_set():
                await asyncio.sleep(PAUSE_SECONDS)
        refusal = await self.refusal(call, request)
        if refusal:
            plan.count_refusal(call.name)
            await self.send(request, refusal)
        else:
            rules = plan.draw(call.name, INSTEAD, self.served > 0)
            if rules:
                await self.serve_with(rules[0], plan, call, request)
            else:
                await self.relay(request, await self.forward(request))
        return headers.get("Connection").lower() != "close"

    async def read_body(self, request: Request) -> None:
        if request.headers.get("Expect").lower() == "100-continue":
            self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        plan, call = self.proxy.plan, recognise(request)
        rules = plan.draw(call.name, IN_REQUEST, self.served > 0)
        length = int(request.headers.get("Content-Length") or 0)
        pieces = []
        received = 0
        async for piece in body_pieces(self.reader, request.headers, until_closed=False):
            received += len(piece)
            if rules and received >= min(length // 2, PIECE):
                plan.count_fault(rules[0], call.name)
                reset(self.writer)
                raise Closed
            pieces.append(piece)
        for rule in rules:
            plan.take_back(rule)
        request.body = b"".join(pieces)

    async def refusal(self, call: Call, request: Request) -> Response | None:
        try:
            if call.name == "dynamodb.BatchWriteItem":
                for table in json_body(request).get("RequestItems", {}):
                    await self.learn_keys(table)
            return check_limits(call, request, lambda table: self.proxy.table_keys.get(table, []))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"the request cannot be read: {type(error).__name__}"
            return error_response(call, 400, "SerializationException", message)

    async def learn_keys(self, table: str) -> None:
        """Ask the service once for the key attributes of a table."""
        if table in self.proxy.table_keys:
            return
        headers = Headers([("Host", self.proxy.upstream), ("X-Amz-Target", "DynamoDB_20120810.DescribeTable"),
                           ("Content-Type", "application/x-amz-json-1.0"), ("Authorization", DESCRIBE_AUTHORIZATION)])
        describe = Request("POST", "/", headers, json.dumps({"TableName": table}).encode())
        response = await (await self.forward(describe)).whole()
        if response.status == 200:
            schema = json_body(response)["Table"]["KeySchema"]
            self.proxy.table_keys[table] = [part["AttributeName"] for part in schema]

    async def forward(self, request: Request) -> Upstream:
        reader, writer = await asyncio.open_connection(*self.proxy.upstream_address, limit=HEAD_LIMIT)
        headers = request.headers.copy()
        for name in HOP_HEADERS:
            headers.remove(name)
        headers.set("Content-Length", str(len(request.body)))
        headers.set("Connection", "close")
        writer.write(head_bytes(f"{request.method} {request.target} HTTP/1.1", headers))
        writer.write(request.body)
        await writer.drain()
        first, answer = await read_head(reader)
        status = int(first.split(" ")[1])
        self.proxy.record.note_call(request, status)
        bodiless = request.method == "HEAD" or status in (204, 304)
        pieces = no_pieces() if bodiless else body_pieces(reader, answer, until_closed=True)
        return Upstream(status, answer, pieces, writer)

    async def send(self, request: Request, response: Response) -> None:
        self.writer.write(reply_head(response.status, response.headers, len(response.body)))
        if request.method != "HEAD":
            self.writer.write(response.body)
        await self.writer.drain()

    async def relay(self, request: Request, upstream: Upstream, cut: int | None = None) -> int:
        """Stream a reply, up to `cut` bytes of its body; return how many were sent."""
        given = upstream.headers.get("Content-Length")
        chunked = not given and request.method != "HEAD" and upstream.status not in (204, 304)
        self.writer.write(reply_head(upstream.status, upstream.headers, None if chunked else int(given or 0)))
        passed = 0
        try:
            async for piece in upstream.pieces:
                if cut is not None:
                    piece = piece[:cut - passed]
                passed += len(piece)
                self.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked and piece else piece)
                await self.writer.drain()
                if passed == cut:
                    return passed
            if chunked:
                self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()
            return passed
        finally:
            upstream.writer.close()

    async def serve_with(self, rule: Rule, plan: FaultPlan, call: Call, request: Request) -> None:
        """Answer a request with a fault, and count it unless it could not happen."""
        if rule.fault in ("truncate", "reset_in_reply"):
            await self.cut_reply(rule, plan, call, request)
            return
        if rule.fault in PARTIAL and call.protocol != "json":
            plan.take_back(rule)
            await self.relay(request, await self.forward(request))
            return
        if rule.fault in ("kill_before", "kill_after"):
            await self.kill_caller(rule, plan, call, request)
            return
        plan.count_fault(rule, call.name)
        if rule.fault == "throttle":
            await self.send(request, throttled(call))
        elif rule.fault == "deny":
            await self.send(request, denied(call, rule.options.get("code")))
        elif rule.fault == "error":
            await self.send(request, broken(call, rule.options["status"]))
        elif rule.fault == "reset_before":
            reset(self.writer)
            raise Closed
        elif rule.fault in PARTIAL:
            await self.send(request, await PARTIAL[rule.fault](self, rule, call, request))
        elif rule.fault == "close_after":
            await self.relay(request, await self.forward(request))
            raise Closed
        else:
            await (await self.forward(request)).whole()
            if rule.fault == "reset_after":
                reset(self.writer)
            else:
                await asyncio.sleep(rule.options.get("seconds", 0))
            raise Closed

    async def kill_caller(self, rule: Rule, plan: FaultPlan, call: Call, request: Request) -> None:
        """Kill the process at the other end, which then awaits no reply."""
        upstream = await self.forward(request) if rule.fault == "kill_after" else None
        if upstream is not None:
            response = await upstream.whole()
        port = self.writer.get_extra_info("peername")[1]
        if await asyncio.get_running_loop().run_in_executor(None, self.proxy.kill, port):
            plan.count_fault(rule, call.name)
            raise Closed
        # It was already gone, or is not one of ours.
        plan.take_back(rule)
        if upstream is None:
            await self.relay(request, await self.forward(request))
        else:
            await self.send(request, response)

    async def cut_reply(self, rule: Rule, plan: FaultPlan, call: Call, request: Request) -> None:
        """Send less of a reply's body than its head announced."""
        upstream = await self.forward(request)
        length = int(upstream.headers.get("Content-Length") or 0)
        if upstream.status >= 300 or length < 2 or request.method == "HEAD":
            plan.take_back(rule)
            await self.relay(request, upstream)
            return
        plan.count_fault(rule, call.name)
        cut = rule.options.get("bytes") or rule.random.randrange(1, length)
        await self.relay(request, upstream, min(cut, length - 1))
        if rule.fault == "reset_in_reply":
            # Flush what was written before the reset discards it.
            await asyncio.sleep(0.01)
            reset(self.writer)
        raise Closed

    async def forward_rest(self, request: Request, body: dict[str, Any]) -> Response:
        rest = Request(request.method, request.target, request.headers.copy(), json.dumps(body).encode())
        return await (await self.forward(rest)).whole()


async def no_pieces() -> AsyncIterator[bytes]:
    return
    yield b""


def head_bytes(first: str, headers: Headers) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in headers.pairs), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def reply_head(status: int, headers: Headers, length: int | None) -> bytes:
    """Return the head of a reply; with unknown length, the reply is chunked."""
    own = headers.copy()
    for name in HOP_HEADERS:
        own.remove(name)
    # DynamoDB's checksum would no longer match the body.
    own.remove("x-amz-crc32")
    if length is None:
        own.set("Transfer-Encoding", "chunked")
    else:
        own.set("Content-Length", str(length))
    return head_bytes(f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", own)


async def leave_unprocessed(connection: Connection, rule: Rule, call: Call, request: Request) -> Response:
    """BatchWriteItem: return some items as UnprocessedItems."""
    body = json_body(request)
    writes = [(table, write) for table, entries in body["RequestItems"].items() for write in entries]
    struck = set(rule.random.sample(range(len(writes)), rule.number(len(writes))))
    kept: dict[str, list[Any]] = {}
    unprocessed: dict[str, list[Any]] = {}
    for index, (table, write) in enumerate(writes):
        (unprocessed if index in struck else kept).setdefault(table, []).append(write)
    if kept:
        response = await connection.forward_rest(request, {**body, "RequestItems": kept})
        if response.status != 200:
            return response
        for table, entries in json_body(response).get("UnprocessedItems", {}).items():
            unprocessed.setdefault(table, []).extend(entries)
    return json_response(call, {"UnprocessedItems": unprocessed})


async def fail_statements(connection: Connection, rule: Rule, call: Call, request: Request) -> Response:
    """BatchExecuteStatement: give some statements errors instead of results."""
    body = json_body(request)
    statements = body["Statements"]
    struck = set(rule.random.sample(range(len(statements)), rule.number(len(statements))))
    rest = [statement for index, statement in enumerate(statements) if index not in struck]
    results: list[dict[str, Any]] = []
    if rest:
        response = await connection.forward_rest(request, {**body, "Statements": rest})
        if response.status != 200:
            return response
        results = json_body(response)["Responses"]
    merged = []
    for index in range(len(statements)):
        if index in struck:
            code = rule.options.get("code") or rule.random.choice(RETRYABLE_STATEMENT_ERRORS)
            merged.append({"Error": {"Code": code, "Message": "The statement was not carried out."}})
        else:
            merged.append(results.pop(0))
    return json_response(call, {"Responses": merged})


async def fail_entries(connection: Connection, rule: Rule, call: Call, request: Request) -> Response:
    """SendMessageBatch: list some entries as Failed in a reply with status 200."""
    body = json_body(request)
    entries = body["Entries"]
    struck = set(rule.random.sample(range(len(entries)), rule.number(len(entries))))
    rest = [entry for index, entry in enumerate(entries) if index not in struck]
    answer: dict[str, Any] = {}
    if rest:
        response = await connection.forward_rest(request, {**body, "Entries": rest})
        if response.status != 200:
            return response
        answer = json_body(response)
    failed = answer.get("Failed", [])
    for index in sorted(struck):
        sender = rule.options.get("sender_fault")
        sender = rule.random.random() < 0.5 if sender is None else sender
        failed.append({"Id": entries[index]["Id"], "SenderFault": sender,
                       "Code": "InvalidParameterValue" if sender else "InternalError",
                       "Message": "The message was not sent."})
    return json_response(call, {"Successful": answer.get("Successful", []), "Failed": failed})


PARTIAL = {"unprocessed_items": leave_unprocessed, "statement_errors": fail_statements, "failed_entries": fail_entries}


class FaultProxy:
    """The proxy, in its own thread, for the duration of a with statement.

    `url` is for clients, `control_url` for control; `plan` may be replaced at any time.  `in_progress` is the number of
    requests that were received and not yet handled: a delayed one reaches the service even if its client gave up.
    `kill` is called to kill the process whose connection has this port at its end, and returns whether it did.
    `record` gets the calls that reach the services.
    """

    def __init__(self, upstream: str, plan: FaultPlan | None = None, port: int = 0,
                 kill: Callable[[int], bool] = lambda port: False, record: CallRecord = RECORD) -> None:
        address = urlsplit(upstream)
        self.upstream = address.netloc
        self.upstream_address = (address.hostname or HOST, address.port or 80)
        self.plan = plan or FaultPlan()
        self.kill = kill
        self.record = record
        self.table_keys: dict[str, list[str]] = {}
        self.in_progress = 0
        self.url = ""
        self.control_url = ""
        self._port = port
        self._ready = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="fault-proxy", daemon=True)

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def _run(self) -> None:
        # Created here, because they belong to this thread.
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()
        try:
            server = await asyncio.start_server(
                lambda reader, writer: track(tasks, Connection(self, reader, writer).serve()), HOST, self._port,
                limit=HEAD_LIMIT)
            control = await asyncio.start_server(
                lambda reader, writer: track(tasks, self._take_order(reader, writer)), HOST, 0)
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self.url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        self.control_url = f"http://{HOST}:{control.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._end.wait()
        server.close()
        control.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_order(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(Closed, ConnectionError, asyncio.IncompleteReadError):
            first, headers = await read_head(reader)
            body = b"".join([piece async for piece in body_pieces(reader, headers, until_closed=False)])
            method, path, _ = first.split(" ")
            status, text = self._obey(method, path, body)
            writer.write(reply_head(status, Headers([("Content-Type", "text/plain")]), len(text)) + text)
            await writer.drain()
        writer.close()

    def _obey(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if (method, path) == ("GET", "/counts"):
            return 200, json.dumps(self.plan.counts()).encode()
        if (method, path) == ("GET", "/table"):
            return 200, self.plan.table().encode()
        if (method, path) == ("POST", "/reset"):
            self.plan = self.plan.again()
            return 200, b""
        if (method, path) == ("PUT", "/plan"):
            try:
                self.plan = FaultPlan.read(body)
            except (PlanError, ValueError) as error:
                return 400, str(error).encode()
            return 200, b""
        return 404, b""


def track(tasks: set["asyncio.Task[None]"], coroutine: Any) -> None:
    """Run a connection as a task that shutdown can find."""
    task = asyncio.get_running_loop().create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def main() -> int:
    parser = argparse.ArgumentParser(description="A proxy that injects faults of AWS services.")
    parser.add_argument("--upstream", required=True, metavar="URL")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan", metavar="FILE")
    options = parser.parse_args()
    plan = FaultPlan()
    if options.plan:
        with open(options.plan, "rb") as file:
            plan = FaultPlan.read(file.read())
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with FaultProxy(options.upstream, plan, options.port) as proxy:
        print(f"{proxy.url} {proxy.control_url}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
        print(proxy.plan.table())
        return 1 if proxy.plan.unfired() else 0


if __name__ == "__main__":
    sys.exit(main())
