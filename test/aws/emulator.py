"""The emulated services: moto on a free port of 127.0.0.1, in its own process.

prints its address, and exits when its standard input closes

Seven differences between moto and the services are corrected here, because this is the only place where they can be:

* An S3 event lacks versionId, sequencer and the request's data, has no time zone, and encodes the slashes of a key
  (see "Event message structure" of the S3 user guide).
* A list of versions is not URL-encoded when that is requested.
* A put that changes nothing emits a stream record; DynamoDB emits none ("Change data capture for DynamoDB Streams").
* Two concurrent puts can get the same sequence number.
* Two concurrent first puts below a partition key can lose one of the items, and an update is not atomic.
* Concurrent receivers can get the same message, and concurrent changes of a queue can bring a deleted message back or lose
  a new one.
* BatchExecuteStatement scans every item of every table for each statement, supports only one SET, and does not report a
  failed condition (see "PartiQL update statements for DynamoDB").
"""

import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time
from base64 import b64encode
from datetime import datetime, timezone
from types import TracebackType
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import unescape

from patience import HANG_SECONDS

HOST = "127.0.0.1"
ACCOUNT = "123456789012"
REGION = "us-east-1"
PAUSE_SECONDS = 0.05


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


def encode_listed_keys() -> None:
    from moto.s3.responses import S3Response

    list_object_versions = S3Response.list_object_versions

    def encoded(response: Any) -> Any:
        status, headers, body = list_object_versions(response)
        if response.querystring.get("encoding-type") == ["url"]:
            text = body.decode() if isinstance(body, bytes) else body
            body = re.sub(r"<((?:Next)?Key(?:Marker)?)>(.*?)</",
                          lambda match: f"<{match[1]}>{quote_plus(unescape(match[2]), safe='/')}</", text)
            body = body.replace("<IsTruncated>", "<EncodingType>url</EncodingType><IsTruncated>")
        return status, headers, body

    setattr(S3Response, "list_object_versions", encoded)


# Held while an item is written: by a put, and by an update from the check of its condition on.
ITEM_LOCK = threading.RLock()


def omit_unchanged_puts() -> None:
    from moto.dynamodb.models.table import StreamShard

    add = StreamShard.add

    def add_changed(shard: Any, old: Any, new: Any) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        with ITEM_LOCK:
            add(shard, old, new)

    setattr(StreamShard, "add", add_changed)


def write_records_at_once() -> None:
    """Write the reply of GetRecords as JSON at once, and not value by value according to the service's model, which took
    most of the emulator's time and made calls of the functions time out."""
    from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

    def plain(value: Any) -> Any:
        return value.replace(tzinfo=timezone.utc).timestamp() if isinstance(value, datetime) else b64encode(value).decode()

    def get_records(handler: Any) -> str:
        reply = handler.backend.get_records(handler._get_param("ShardIterator"), handler._get_param("Limit") or 1000)
        return json.dumps(reply, default=plain)

    setattr(DynamoDBStreamsHandler, "get_records", get_records)


def put_one_at_a_time() -> None:
    from moto.dynamodb.models.table import Table

    put_item = Table.put_item

    def put(*arguments: Any, **options: Any) -> Any:
        with ITEM_LOCK:
            return put_item(*arguments, **options)

    setattr(Table, "put_item", put)


# Held while a queue's messages change, and while a receiver takes some.
QUEUE_LOCK = threading.RLock()


def change_queues_one_at_a_time() -> None:
    from moto.sqs.models import Queue, SQSBackend

    add_message, delete_message, receive_message = Queue.add_message, Queue.delete_message, SQSBackend.receive_message

    def add(*arguments: Any, **options: Any) -> None:
        with QUEUE_LOCK:
            add_message(*arguments, **options)

    def delete(*arguments: Any, **options: Any) -> None:
        with QUEUE_LOCK:
            delete_message(*arguments, **options)

    def receive(backend: Any, queue_name: str, count: int, wait_seconds: int, *arguments: Any, **options: Any) -> Any:
        end = time.monotonic() + wait_seconds
        while True:
            # A receiver must not hold the lock while it waits.
            with QUEUE_LOCK:
                messages = receive_message(backend, queue_name, count, 0, *arguments, **options)
            if messages or time.monotonic() >= end:
                return messages
            time.sleep(PAUSE_SECONDS)

    setattr(Queue, "add_message", add)
    setattr(Queue, "delete_message", delete)
    setattr(SQSBackend, "receive_message", receive)


def parse_update(statement: str, parameters: list[Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Parse an UPDATE: return its table, the attributes it sets, and those its condition compares, with their values.

    The documented form is UPDATE table SET path=data SET path=data WHERE path=data AND path=data, where data is a
    parameter or a text, with optional spaces around the equals signs.  Raises ValueError for any other.
    """
    values = iter(parameters)
    match = re.fullmatch(r'UPDATE "([^"]+)"((?: SET "[^"]+" ?= ?(?:\?|\'[^\']*\'))+) WHERE ("[^"]+" ?= ?.*)', statement)
    if not match:
        raise ValueError("Statement wasn't well formed, can't be processed")
    changes, conditions = [
        {name: {"S": text} if mark != "?" else next(values)
         for name, mark, text in re.findall(r'"([^"]+)" ?= ?(\?|\'([^\']*)\')', part)} for part in match.group(2, 3)]
    if any(True for _ in values):
        raise ValueError("Number of parameters in request and statement don't match.")
    return match[1], changes, conditions


def execute_updates() -> None:
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.dynamo_type import DynamoType

    def update(backend: Any, statement: str, parameters: list[Any]) -> dict[str, Any]:
        try:
            name, changes, conditions = parse_update(statement, parameters)
        except (ValueError, StopIteration) as error:
            return {"Error": {"Code": "ValidationError", "Message": str(error)}}
        table = backend.tables.get(name)
        if table is None:
            return {"Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}}
        keys = [DynamoType(conditions.pop(key)) for key in table.table_key_attrs if key in conditions]
        if len(keys) != len(table.table_key_attrs):
            message = "Where clause does not contain a mandatory equality on all key attributes"
            return {"Error": {"Code": "ValidationError", "Message": message}}
        item = table.get_item(*keys)
        before = item.to_json()["Attributes"] if item else {}
        if not item or any(before.get(attribute) != value for attribute, value in conditions.items()):
            return {"TableName": name, "Error": {"Code": "ConditionalCheckFailed",
                                                 "Message": "The conditional request failed"}}
        table.put_item({**before, **changes})
        return {"TableName": name}

    def batch_execute_statement(backend: Any, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
        with ITEM_LOCK:
            return [update(backend, given["Statement"], given.get("Parameters", [])) for given in statements]

    setattr(DynamoDBBackend, "batch_execute_statement", batch_execute_statement)


def output_of_change_sets() -> None:
    from moto.cloudformation.models import ChangeSet

    apply = ChangeSet.apply

    def apply_with_outputs(change_set: Any) -> None:
        apply(change_set)
        stack = change_set.stack
        stack.template = change_set.template
        stack._parse_template()
        stack.output_map = stack._create_output_map()

    setattr(ChangeSet, "apply", apply_with_outputs)


def serve(port: int) -> None:
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    complete_s3_events()
    encode_listed_keys()
    omit_unchanged_puts()
    write_records_at_once()
    put_one_at_a_time()
    change_queues_one_at_a_time()
    execute_updates()
    output_of_change_sets()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(HOST, port, DomainDispatcherApplication(create_backend_app), threaded=True,
                         request_handler=WSGIRequestHandler)
    print(f"http://{HOST}:{server.server_port}", flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    server.serve_forever()


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


class Emulator:
    """The process, for the duration of a with statement; `url` is where it listens, on a free port if port is 0."""

    def __init__(self, log_path: str = os.devnull, port: int = 0) -> None:
        self.url = ""
        self._log_path = log_path
        self._port = port

    def __enter__(self) -> "Emulator":
        environment = {**os.environ, "MOTO_ACCOUNT_ID": ACCOUNT, "PYTHONDONTWRITEBYTECODE": "1"}
        with open(self._log_path, "ab") as log:
            self._process = subprocess.Popen([sys.executable, os.path.abspath(__file__), str(self._port)], text=True,
                stderr=log,
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


def client(service: str, url: str, access_key: str = "AKIAEMULATED", secret_key: str = "emulated", **config: Any) -> Any:
    """Return a boto3 client for the emulated services, or for a proxy in front of them."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    settings: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"},
                                "connect_timeout": HANG_SECONDS, "read_timeout": HANG_SECONDS}
    return boto3.client(service, endpoint_url=url, region_name=REGION, aws_access_key_id=access_key,
                        aws_secret_access_key=secret_key, config=Config(**{**settings, **config}))


if __name__ == "__main__":
    serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
