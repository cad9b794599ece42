#!/usr/bin/python3
"""A function that does what its event says, to test the emulated Runtime API without a real one.

The event is an object; `do` is one of the names below.  It does everything that the real bootstrap must never do.
"""

import http.client
import json
import os
import signal
import sys
import time
from typing import Any

PREFIX = "/2018-06-01/runtime"
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
handler = sys.argv[1] if len(sys.argv) > 1 else os.environ["_HANDLER"]
count = 0
Reply = tuple[int, http.client.HTTPMessage, bytes]


def call(method: str, path: str, body: str | bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
    connection.request(method, PREFIX + path, body, headers or {})
    reply = connection.getresponse()
    return reply.status, reply.headers, reply.read()


def post(path: str, body: Any, kind: str | None = None) -> int:
    status, _, _ = call("POST", path, json.dumps(body), {"Lambda-Runtime-Function-Error-Type": kind} if kind else None)
    return status


if handler == "init-error":
    document = {"errorMessage": "no database", "errorType": "Function.NoDatabase"}
    print("status of init error:", post("/init/error", document, "Function.NoDatabase"), flush=True)
    sys.exit(1)
if handler == "init-exit":
    sys.exit(3)
while handler == "init-forever":
    time.sleep(1)

while True:
    status, headers, body = call("GET", "/invocation/next")
    if status != 200:
        sys.exit(4)
    if handler == "init-late-error" and count == 0:
        print("late init error:", post("/init/error", {}), flush=True)
    event = json.loads(body)
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    response, error = f"/invocation/{request_id}/response", f"/invocation/{request_id}/error"
    do = event.get("do", "echo")
    count += 1
    print(json.dumps({"do": do, "request_id": request_id}), flush=True)
    if do == "echo":
        post(response, {"event": event, "handler": handler, "count": count, "environment": dict(os.environ),
                        "deadline": headers["Lambda-Runtime-Deadline-Ms"], "trace": headers["Lambda-Runtime-Trace-Id"],
                        "arn": headers["Lambda-Runtime-Invoked-Function-Arn"]})
    elif do == "fail":
        post(error, {"errorMessage": "failed", "errorType": event["type"]}, event["type"])
    elif do == "wrong":
        statuses = [post("/invocation/no-such-id/response", {}), call("GET", "/invocation/next")[0], post(response, {}),
                    post(response, {}), post(error, {}), post("/init/error", {}), call("GET", "/no/such/path")[0]]
        print(json.dumps({"statuses": statuses}), flush=True)
    elif do == "large":
        statuses = [call("POST", response, b"x" * event["bytes"])[0]]
        statuses.append(post(error, {}))
        print(json.dumps({"statuses": statuses}), flush=True)
    elif do == "chunked":
        connection.request("POST", PREFIX + response, iter([b'{"a":', b"1}"]), encode_chunked=True)
        connection.getresponse().read()
    elif do == "text":
        call("POST", response, event["text"])
    elif do == "exit":
        sys.exit(event["code"])
    elif do == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif do == "wait":
        # Wait for a file; without one, forever.
        while "file" not in event or not os.path.exists(event["file"]):
            time.sleep(0.02)
        post(response, "waited")
    elif do == "exit-after-response":
        post(response, "answered")
        sys.exit(1)
