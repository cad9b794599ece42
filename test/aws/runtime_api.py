"""An emulated Lambda Runtime API, and functions running under it: the real `bootstrap`, one process per sandbox.

    runtime_api.py invoke --bootstrap PATH --handler NAME --event FILE [--environment NAME=VALUE] ...

prints the function's answer on standard output and its log on standard error; exit code 0 if it answered, 1 if the
invocation failed.

Rules of the service that are enforced here ("Using the Lambda runtime API", its OpenAPI description, and "Lambda
execution environment"):

* /next blocks until there is an event, and is forbidden (403) while an invocation is unanswered.
* Answers are accepted with 202; one for another request id gets 400, one out of order 403.
* An answer over 6,291,556 bytes gets 413 and fails the invocation.
* A process that does not answer in time is killed with SIGKILL and reported as Sandbox.Timedout, one that exits as
  Runtime.ExitError.  Both are restarted for the next event.  A function sees its real deadline; how long after it the
  process is killed is a setting, because a busy machine is not the function's fault.
* A sandbox serves one invocation at a time, and may be frozen between two.
* A function starts with a clean environment, without HOME, and its standard output and error are its log.  Its
  temporary folder (TMPDIR, where Lambda has a /tmp for each sandbox) is removed with it.
"""

import argparse
import array
import fcntl
import json
import os
import re
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Callable, Mapping

from call_record import RECORD
from patience import HANG_SECONDS

HOST = "127.0.0.1"
ACCOUNT = "123456789012"
REGION = "us-east-1"
PREFIX = "/2018-06-01/runtime"
RESPONSE_LIMIT = 6_291_556
INIT_SECONDS = 10.0
ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")

# State of a sandbox, in the terms of the service's life cycle.
INIT, IDLE, BUSY, ANSWERED, DEAD = "init", "idle", "busy", "answered", "dead"


@dataclass
class Result:
    """Result of an invocation.  `body` is the answer's text; `error` is set instead if it failed."""

    request_id: str
    body: bytes = b""
    error: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def error_type(self) -> str:
        return str((self.error or {}).get("errorType", ""))

    @property
    def error_message(self) -> str:
        return str((self.error or {}).get("errorMessage", ""))

    @property
    def payload(self) -> Any:
        """Return the answer parsed as JSON, null if empty.  Raises ValueError if it is not JSON."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass
class FunctionSettings:
    """A function as it is deployed."""

    name: str
    bootstrap: str
    handler: str
    timeout: float = 300.0
    memory: int = 256
    concurrency: int = 1
    # An image has its handler in the command's arguments and a blank _HANDLER; a zip file has it in _HANDLER.
    image: bool = True
    freeze: bool = False
    # How long after its deadline an invocation is killed, and how long a start may take: 0 and INIT_SECONDS on AWS.
    grace: float = HANG_SECONDS
    init_timeout: float = HANG_SECONDS

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"


class Log:
    """The lines that a function's processes wrote, also written to a file if one is given."""

    def __init__(self, path: str | None = None) -> None:
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._file = open(path, "a", encoding="utf-8", errors="surrogateescape") if path else None

    def add(self, line: str) -> None:
        with self._changed:
            self._lines.append(line)
            if self._file:
                self._file.write(line + "\n")
                self._file.flush()
            self._changed.notify_all()

    def lines(self) -> list[str]:
        with self._changed:
            return list(self._lines)

    def records(self) -> list[dict[str, Any]]:
        """Return the lines that are JSON objects."""
        records = []
        for line in self.lines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records

    def wait_for(self, wanted: Callable[[str], bool], seconds: float = HANG_SECONDS) -> bool:
        """Wait until a matching line appears."""
        with self._changed:
            return self._changed.wait_for(lambda: any(wanted(line) for line in self._lines), seconds)

    def close(self) -> None:
        if self._file:
            self._file.close()


@dataclass
class Invocation:
    event: bytes
    deadline: float
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=lambda: f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};"
                                                  f"Parent={secrets.token_hex(8)};Sampled=0")
    result: Result | None = None


class Handler(BaseHTTPRequestHandler):
    """The HTTP side of the Runtime API; the sandbox makes the decisions."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    sandbox: "Sandbox"

    def log_message(self, *_: Any) -> None:
        pass

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status: int, kind: str, message: str) -> None:
        self.reply(status, json.dumps({"errorMessage": message, "errorType": kind}).encode())

    def body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            self.refuse(404, "NotFound", "no such path")
            return
        invocation = self.sandbox.next()
        if invocation is None:
            self.refuse(403, "InvalidStateTransition", "Transition to RuntimeReady is not allowed")
            return
        self.reply(200, invocation.event, {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self.sandbox.settings.arn,
            **({"Lambda-Runtime-Trace-Id": invocation.trace_id} if invocation.trace_id else {}),
        })

    def do_POST(self) -> None:
        body = self.body()
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        if self.path == f"{PREFIX}/init/error":
            self.conclude(self.sandbox.init_error(body, kind))
            return
        match = re.fullmatch(re.escape(PREFIX) + r"/invocation/([^/]+)/(response|error)", self.path)
        if not match:
            self.refuse(404, "NotFound", "no such path")
        elif match[2] == "response":
            self.conclude(self.sandbox.respond(match[1], body))
        else:
            self.conclude(self.sandbox.fail(match[1], body, kind))

    def conclude(self, status: int) -> None:
        if status == 202:
            self.reply(202, b'{"status":"OK"}\n')
        elif status == 400:
            self.refuse(400, "InvalidRequestID", "Invalid request ID")
        elif status == 413:
            message = f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
            self.refuse(413, "RequestEntityTooLarge", message)
        else:
            self.refuse(403, "InvalidStateTransition", "State transition is not allowed")


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A killed function leaves broken connections; they are not errors here."""


def error_document(body: bytes, kind: str) -> dict[str, Any]:
    """Return what the caller sees of an error that the runtime reported."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        document = {"errorMessage": body.decode("utf-8", "replace")}
    document.setdefault("errorType", kind if ERROR_TYPE.fullmatch(kind) else "Runtime.Unknown")
    return {**document, "headerErrorType": kind}


class Sandbox:
    """One process of a function and its own Runtime API."""

    def __init__(self, settings: FunctionSettings, environment: Mapping[str, str], log: Log) -> None:
        self.settings = settings
        self.state = INIT
        self.init_failure: dict[str, Any] | None = None
        self.changed = threading.Condition()
        self.current: Invocation | None = None
        self.delivered = False
        self.last_id = ""
        self.log = log
        self.reading = threading.Lock()
        self.server = QuietServer((HOST, 0), type("SandboxHandler", (Handler,), {"sandbox": self}))
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.temporary = tempfile.TemporaryDirectory(prefix="onboard-sandbox-")
        self.process = self.start(environment)
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.read_log, self.watch)]
        for thread in self.threads:
            thread.start()

    def start(self, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        settings = self.settings
        own = {
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": settings.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "LAMBDA_TASK_ROOT": "/var/task",
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TMPDIR": self.temporary.name,
            "TZ": ":UTC",
            "_HANDLER": "" if settings.image else settings.handler,
        }
        command = [settings.bootstrap, *([settings.handler] if settings.image else [])]
        return subprocess.Popen(command, env={**own, **environment}, cwd="/", stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    def read_log(self) -> None:
        assert self.process.stdout is not None
        pipe = self.process.stdout
        rest = b""
        content = b"."
        while content:
            select.select([pipe], [], [])
            with self.reading:
                content = os.read(pipe.fileno(), 65536)
                *lines, rest = (rest + content).split(b"\n")
                for line in lines:
                    self.log.add(line.decode("utf-8", "surrogateescape"))
        if rest:
            self.log.add(rest.decode("utf-8", "surrogateescape"))

    def wait_log(self) -> None:
        """Wait until all output of the process is in the log."""
        assert self.process.stdout is not None
        waiting = array.array("i", [1])
        while waiting[0]:
            time.sleep(0)
            with self.reading:
                fcntl.ioctl(self.process.stdout, termios.FIONREAD, waiting)

    def watch(self) -> None:
        """Wait for the process, so that its end is noticed at once."""
        self.process.wait()
        with self.changed:
            self.state = DEAD
            self.changed.notify_all()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and its children, unless it has ended."""
        with self.changed:
            if self.process.returncode is None:
                try:
                    os.killpg(self.process.pid, number)
                except ProcessLookupError:
                    pass

    def stop(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()
        for thread in self.threads:
            thread.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.temporary.cleanup()
        self.server.shutdown()
        self.server.server_close()

    def peak_memory(self) -> int:
        """Return the peak memory of the process in bytes, while it is running."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))

    # Requests of the runtime.

    def next(self) -> Invocation | None:
        """Wait for an event; return None if the runtime may not ask for one."""
        with self.changed:
            if self.state not in (INIT, ANSWERED):
                return None
            self.state = IDLE
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.state == DEAD or (self.current is not None and not self.delivered))
            if self.state == DEAD:
                return None
            self.delivered = True
            return self.current

    def init_error(self, body: bytes, kind: str) -> int:
        with self.changed:
            if self.state != INIT or self.init_failure is not None:
                return 403
            self.init_failure = error_document(body, kind)
            self.changed.notify_all()
            return 202

    def respond(self, request_id: str, body: bytes) -> int:
        if len(body) > RESPONSE_LIMIT:
            message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
            document = {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}
            status = self.answer(request_id, Result(request_id, error=document))
            return 413 if status == 202 else status
        return self.answer(request_id, Result(request_id, body))

    def fail(self, request_id: str, body: bytes, kind: str) -> int:
        return self.answer(request_id, Result(request_id, error=error_document(body, kind)))

    def answer(self, request_id: str, result: Result) -> int:
        with self.changed:
            if request_id != self.last_id:
                return 400
            if self.state != BUSY or self.current is None or not self.delivered:
                return 403
            self.current.result = result
            self.state = ANSWERED
            self.changed.notify_all()
            return 202

    # Actions of the service.

    def wait_ready(self) -> dict[str, Any] | None:
        """Wait until the process asks for its first event, or return why it never will."""
        with self.changed:
            self.changed.wait_for(lambda: self.state != INIT or self.init_failure is not None,
                                  self.settings.init_timeout)
            if self.state == IDLE:
                return None
            if self.init_failure is not None:
                return self.init_failure
            if self.state == DEAD:
                return self.exit_error("")
            return {"errorType": "Sandbox.Timedout", "errorMessage": "Error: Init timed out"}

    def invoke(self, event: bytes, kill_after: float | None) -> Result:
        """Run one invocation; afterwards the sandbox is idle, or dead."""
        invocation = Invocation(event, time.time() + self.settings.timeout)
        killer = threading.Timer(kill_after, self.signal, [signal.SIGKILL]) if kill_after is not None else None
        self.signal(signal.SIGCONT)
        with self.changed:
            self.last_id = invocation.request_id
            self.current = invocation
            self.delivered = False
            if self.state == IDLE:
                self.state = BUSY
            self.changed.notify_all()
            if killer:
                killer.start()
            over = self.changed.wait_for(lambda: self.state in (IDLE, DEAD), self.settings.timeout + self.settings.grace)
            dead = self.state == DEAD
            self.current = None
        if killer:
            killer.cancel()
            killer.join()
        if not over:
            self.signal(signal.SIGKILL)
            self.process.wait()
        elif not dead:
            self.wait_log()
            if self.settings.freeze:
                self.signal(signal.SIGSTOP)
        return invocation.result or self.failure(invocation.request_id, timed_out=not over)

    def failure(self, request_id: str, timed_out: bool) -> Result:
        if timed_out:
            return Result(request_id, error={"errorType": "Sandbox.Timedout", "errorMessage":
                          f"RequestId: {request_id} Error: Task timed out after {self.settings.timeout:.2f} seconds"})
        return Result(request_id, error=self.exit_error(request_id))

    def exit_error(self, request_id: str) -> dict[str, Any]:
        code = self.process.wait()
        if code < 0:
            reason = f"Runtime exited with error: signal: {signal.Signals(-code).name.removeprefix('SIG').lower()}"
        else:
            reason = (f"Runtime exited with error: exit status {code}" if code else
                      "Runtime exited without providing a reason")
        return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {reason}"}


class Function:
    """A deployed function: up to `concurrency` sandboxes, each started when needed and restarted if it died.

    `kill_after` is called at each invocation for the seconds after which to kill the process, None for never.  May be
    invoked from several threads.  `cold_starts`, `invocations` and `errors` are counters.
    """

    def __init__(self, settings: FunctionSettings, environment: Mapping[str, str], log_path: str | None = None,
                 kill_after: Callable[[], float | None] = lambda: None) -> None:
        self.settings = settings
        self.environment = dict(environment)
        self.log = Log(log_path)
        self.kill_after = kill_after
        # Other programs than ours do not call as ours do.
        if settings.bootstrap == os.environ.get("ONBOARD_BOOTSTRAP"):
            RECORD.note_function(settings.handler, environment)
        self.cold_starts = 0
        self.invocations = 0
        self.errors = 0
        self.kills = 0
        self._lock = threading.Lock()
        self._free = threading.Semaphore(settings.concurrency)
        self._idle: list[Sandbox] = []
        self._all: set[Sandbox] = set()
        self._stopped = False

    def __enter__(self) -> "Function":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    def invoke(self, event: Any) -> Result:
        """Invoke it with an event, converted to JSON, and wait for the result."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        with self._free:
            sandbox, failure = self._ready_sandbox()
            if failure is not None:
                self._discard(sandbox)
                result = Result("", error=failure)
            else:
                kill_after = self.kill_after()
                result = sandbox.invoke(body, kill_after)
                if sandbox.state == IDLE:
                    with self._lock:
                        self._idle.append(sandbox)
                else:
                    self._discard(sandbox)
                    self.kills += kill_after is not None
            with self._lock:
                self.invocations += 1
                self.errors += not result.ok
        return result

    def _ready_sandbox(self) -> tuple[Sandbox, dict[str, Any] | None]:
        """Return an idle sandbox, or a new one, or why a new one does not work."""
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"{self.settings.name} was stopped")
            while self._idle:
                sandbox = self._idle.pop()
                if sandbox.state == IDLE:
                    return sandbox, None
                self._all.discard(sandbox)
                sandbox.stop()
            sandbox = Sandbox(self.settings, self.environment, self.log)
            self._all.add(sandbox)
            self.cold_starts += 1
        return sandbox, sandbox.wait_ready()

    def _discard(self, sandbox: Sandbox) -> None:
        sandbox.stop()
        with self._lock:
            self._all.discard(sandbox)

    def sandboxes(self) -> list[Sandbox]:
        """Return the live sandboxes, to measure or kill them."""
        with self._lock:
            return list(self._all)

    def recycle(self) -> None:
        """Stop all idle sandboxes, as the service does after some time: the next invocation starts cold."""
        with self._lock:
            idle, self._idle = self._idle, []
        for sandbox in idle:
            self._discard(sandbox)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            sandboxes, self._all = self._all, set()
        for sandbox in sandboxes:
            sandbox.stop()
        self.log.close()


def read_environment(settings: list[str]) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings]
    wrong = [name for name, equals, _ in pairs if not equals]
    if wrong:
        raise SystemExit(f"no value for the environment variable {wrong[0]}")
    return {name: value for name, _, value in pairs}


def run_invoke(options: argparse.Namespace) -> int:
    with open(0 if options.event == "-" else options.event, "rb") as file:
        event = file.read()
    settings = FunctionSettings(options.handler or "function", os.path.abspath(options.bootstrap), options.handler,
                                options.timeout, image=not options.zip, grace=0.0, init_timeout=INIT_SECONDS)
    result = Result("")
    with Function(settings, read_environment(options.environment)) as function:
        for _ in range(options.repeat):
            result = function.invoke(event)
            sys.stdout.write((result.body.decode("utf-8", "replace") if result.ok else json.dumps(result.error)) + "\n")
    for line in function.log.lines():
        print(line, file=sys.stderr)
    return 0 if result.ok else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a function under an emulated Lambda Runtime API.")
    commands = parser.add_subparsers(dest="command", required=True)
    invoke = commands.add_parser("invoke", help="invoke a function once and print its answer")
    invoke.add_argument("--bootstrap", required=True, metavar="PATH")
    invoke.add_argument("--handler", default="", metavar="NAME")
    invoke.add_argument("--event", required=True, metavar="FILE", help="a JSON file, - for standard input")
    invoke.add_argument("--environment", action="append", default=[], metavar="NAME=VALUE")
    invoke.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    invoke.add_argument("--repeat", type=int, default=1, metavar="COUNT", help="invoke the same sandbox this many times")
    invoke.add_argument("--zip", action="store_true", help="pass the handler in _HANDLER, not as an argument")
    return run_invoke(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
