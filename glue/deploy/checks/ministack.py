"""MiniStack, an emulator that creates stacks from templates with SAM, and runs what they create.

    with Functions(program, folder) as functions, MiniStack(functions, names, folder) as emulator:
        emulator.client("cloudformation").create_stack(...)

The emulator delivers the bucket's notifications, polls queues and streams as the stack's event source mappings say, and
answers function URLs.  Instead of running functions itself, it forwards each event to Functions, which runs the real
program with handler, environment and times that the stack gave to the function.

It listens on all addresses, so it runs in a network namespace of its own; see emulated_stack.sh.
"""

import copy
import json
import os
import secrets
import string
import subprocess
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Iterable
from urllib.error import URLError
from urllib.request import urlopen

import emulator
from patience import wait_until
from runtime_api import Function, FunctionSettings, Result

URL = f"http://{emulator.HOST}:4566"

# Those of all callers; the emulator verifies the signature of the URLs that links redirect to.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAEMULATED", "AWS_SECRET_ACCESS_KEY": f"planted-secret-key-{secrets.token_hex(8)}",
               "AWS_SESSION_TOKEN": f"planted-session-token-{secrets.token_hex(8)}"}

Template = dict[str, Any]

# Why the emulator refuses to create resources of these types.
REFUSED = {
    "AWS::SecretsManager::RotationSchedule": "rotates no secrets",
    "AWS::Budgets::Budget": "has no budgets",
    "AWS::CloudWatch::Alarm": "has no alarms that calculate with several metrics",
}


def is_refused(resource: dict[str, Any]) -> bool:
    return resource["Type"] in REFUSED and (resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" in resource["Properties"])


def for_emulator(source: Template) -> tuple[Template, list[str]]:
    """Return a template as the emulator understands it, and what is different, with the reasons."""
    template = copy.deepcopy(source)
    resources, notes = template["Resources"], []
    for name in [name for name, resource in resources.items() if is_refused(resource)]:
        notes.append(f"{name} is left out: the emulator {REFUSED[resources.pop(name)['Type']]}")
    for name, resource in resources.items():
        generated = resource.get("Properties", {}).get("GenerateSecretString", {})
        if generated.pop("ExcludeUppercase", False) and generated.pop("ExcludePunctuation", False):
            generated["ExcludeCharacters"] += string.ascii_uppercase + string.punctuation
            notes.append(f"{name} excludes characters one by one: the emulator ignores ExcludeUppercase, ExcludePunctuation")
    return template, notes


class Functions:
    """Runs the functions of a stack for the emulator, each with the configuration that it has there."""

    CONCURRENCY = 10

    def __init__(self, program: str, folder: str) -> None:
        """`program` is the path of bootstrap; logs are written to `folder`."""
        self.events: defaultdict[str, list[Any]] = defaultdict(list)
        self._program = program
        self._folder = folder
        self._functions: dict[str, Function] = {}
        self._lock = threading.Lock()
        # Threads that last: confined programs end with the thread that started them.
        self._threads = ThreadPoolExecutor(max_workers=2 * self.CONCURRENCY)
        self._server = ThreadingHTTPServer((emulator.HOST, 0), partial(ForwardedEvent, self))
        self._server.daemon_threads = True

    def __enter__(self) -> "Functions":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        for function in self._functions.values():
            function.stop()
        self._threads.shutdown()

    def url(self, name: str) -> str:
        """Return where the emulator sends the events of a function."""
        return f"http://{emulator.HOST}:{self._server.server_port}/{name}"

    def invoke(self, name: str, body: bytes) -> Result:
        self.events[name].append(json.loads(body))
        with self._lock:
            if name not in self._functions:
                self._functions[name] = self._deployed(name)
        return self._threads.submit(self._functions[name].invoke, body).result()

    def log_text(self) -> str:
        return "\n".join(line for function in self._functions.values() for line in function.log.lines())

    def _deployed(self, name: str) -> Function:
        found = client("lambda").get_function_configuration(FunctionName=name)
        handler, = found["ImageConfigResponse"]["ImageConfig"]["Command"]
        settings = FunctionSettings(name, self._program, handler, found["Timeout"], found["MemorySize"], self.CONCURRENCY)
        # Lambda provides the credentials; the address is the only thing that is not so on AWS.
        environment = {**found["Environment"]["Variables"], **CREDENTIALS, "AWS_ENDPOINT_URL": URL}
        return Function(settings, environment, os.path.join(self._folder, f"{name}.log"))


class ForwardedEvent(BaseHTTPRequestHandler):
    """One event from the emulator; a failed invocation is any status but 200."""

    protocol_version = "HTTP/1.1"

    def __init__(self, functions: Functions, *arguments: Any) -> None:
        self.functions = functions
        super().__init__(*arguments)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_POST(self) -> None:
        result = self.functions.invoke(self.path.strip("/"), self.rfile.read(int(self.headers["Content-Length"])))
        body = result.body if result.ok else json.dumps(result.error).encode()
        self.send_response(200 if result.ok else 500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class MiniStack:
    """The emulator's process, for the duration of a with statement."""

    def __init__(self, functions: Functions, names: Iterable[str], folder: str) -> None:
        """`names` are those of the functions that a stack will create."""
        self._variables = {f"MINISTACK_LAMBDA_PROXY_{name}": functions.url(name) for name in names}
        self._folder = folder

    def __enter__(self) -> "MiniStack":
        environment = {"PATH": os.environ["PATH"], "HOME": self._folder, "TMPDIR": self._folder,
                       "MINISTACK_ACCOUNT_ID": emulator.ACCOUNT, "MINISTACK_REGION": emulator.REGION, **CREDENTIALS,
                       **self._variables}
        self._log = open(os.path.join(self._folder, "ministack.log"), "ab")
        self._process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdin=subprocess.DEVNULL,
                                         stdout=self._log, stderr=self._log)
        wait_until(self._answers, "the emulator answers")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the emulator ended; see {self._log.name}")
        try:
            with urlopen(f"{URL}/_ministack/health") as reply:
                return bool(reply.status == 200)
        except URLError:
            return False


def client(service: str) -> Any:
    return emulator.client(service, URL)
