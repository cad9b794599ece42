"""Records which permissions the functions' calls need, for glue/deploy/checks/privileges.py.

The folder ONBOARD_TEST_CALLS gets a file from each process, with a line for each function, with its access key and the
resources that its variables name, and a line for each permission that a call with an access key needed.  Functions have
access keys of their own, so the lines tell who called.  Without the variable, nothing is recorded.
"""

import json
import os
import re
import secrets
import threading
from typing import Any, Mapping

from aws_call import Request, recognise
from iam_permission import permissions, resources

CREDENTIAL = re.compile(r"Credential=([^/%,]+)(?:/|%2F)", re.IGNORECASE)


def new_access_key(handler: str) -> str:
    """Return an access key for a function of this handler."""
    return f"AKIA{handler.upper()}{secrets.token_hex(4).upper()}"


class CallRecord:
    """The record of a process; `folder` is None if nothing is to be recorded."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._known: set[str] = set()

    def note_function(self, handler: str, environment: Mapping[str, str]) -> None:
        if self.folder and "AWS_ACCESS_KEY_ID" in environment:
            self._write({"key": environment["AWS_ACCESS_KEY_ID"], "handler": handler,
                         "resources": resources(dict(environment))})

    def note_call(self, request: Request, status: int) -> None:
        """Record a request that the service answered with this status."""
        if not self.folder:
            return
        # A presigned URL has its credential in the query.
        match = CREDENTIAL.search(request.headers.get("Authorization")) or CREDENTIAL.search(request.target)
        if match:
            for action, resource in permissions(recognise(request), request, status):
                self._write({"key": match[1], "action": action, "resource": resource})

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line) + "\n"
        with self._lock:
            if text in self._known:
                return
            self._known.add(text)
            assert self.folder is not None
            with open(os.path.join(self.folder, f"{os.getpid()}.jsonl"), "a", encoding="utf-8") as file:
                file.write(text)


RECORD = CallRecord(os.environ.get("ONBOARD_TEST_CALLS"))
