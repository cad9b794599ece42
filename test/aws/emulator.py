"""The emulated services: moto on a free port of 127.0.0.1, as a process of its own.

    python emulator.py      prints its address, and ends when its standard input does

Three things that moto does otherwise than the services are set right here, because here is where they can be:

* An S3 event lacks versionId, sequencer and the request's data, has no time zone, and encodes the slashes of a key
  (see "Event message structure" of the S3 user guide).
* A put that changes nothing emits a stream record; DynamoDB emits none ("Change data capture for DynamoDB Streams").
* Two puts at once can get the same sequence number.
"""

import itertools
import os
import subprocess
import sys
import threading
from datetime import datetime, timezone
from types import TracebackType
from typing import Any
from urllib.parse import quote_plus

HOST = "127.0.0.1"
ACCOUNT = "123456789012"
REGION = "us-east-1"


def complete_s3_events() -> None:
    from moto.s3 import notifications

    sequence = itertools.count(1)

    def event(event_name: str, bucket: Any, key: Any, notification_id: str) -> dict[str, Any]:
        version = {} if key.version_id in (None, "null") else {"versionId": key.version_id}
        return {"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": bucket.region_name,
            "eventTime": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "eventName": event_name.removeprefix("s3:"),
            "userIdentity": {"principalId": "AWS:EMULATED"},
            "requestParameters": {"sourceIPAddress": HOST},
            "responseElements": {"x-amz-request-id": "EMULATED", "x-amz-id-2": "EMULATED"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": notification_id,
                "bucket": {"name": bucket.name, "ownerIdentity": {"principalId": "EMULATED"}, "arn": bucket.arn},
                "object": {
                    "key": quote_plus(key.name, safe="/"),
                    "size": key.size,
                    "eTag": key.etag.replace('"', ""),
                    **version,
                    "sequencer": f"{next(sequence):016X}",
                },
            },
        }]}

    notifications._get_s3_event = event


def omit_unchanged_puts() -> None:
    from moto.dynamodb.models.table import StreamShard

    add = StreamShard.add
    lock = threading.Lock()

    def add_changed(shard: Any, old: Any, new: Any) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        with lock:
            add(shard, old, new)

    StreamShard.add = add_changed


def serve() -> None:
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    complete_s3_events()
    omit_unchanged_puts()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(HOST, 0, DomainDispatcherApplication(create_backend_app), threaded=True,
                         request_handler=WSGIRequestHandler)
    print(f"http://{HOST}:{server.server_port}", flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


class Emulator:
    """The process, for the length of a with statement; `url` is where it listens."""

    def __init__(self, log_path: str = os.devnull) -> None:
        self.url = ""
        self._log_path = log_path

    def __enter__(self) -> "Emulator":
        environment = {**os.environ, "MOTO_ACCOUNT_ID": ACCOUNT, "PYTHONDONTWRITEBYTECODE": "1"}
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen([sys.executable, os.path.abspath(__file__)], text=True, stderr=log,
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.__exit__(None, None, None)
            raise RuntimeError(f"the emulated services did not start; see {self._log_path}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()


def client(service: str, url: str, **config: Any) -> Any:
    """A boto3 client for the emulated services, or for what stands in front of them."""
    import boto3
    from botocore.config import Config

    settings: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"},
                                "connect_timeout": 5, "read_timeout": 60}
    return boto3.client(service, endpoint_url=url, region_name=REGION, aws_access_key_id="AKIAEMULATED",
                        aws_secret_access_key="emulated", config=Config(**{**settings, **config}))


if __name__ == "__main__":
    serve()
