"""Shared code of the sections about Lambda functions: the emulated services, the stub, the functions of both programs,
and their cost."""

import contextlib
import json
import os
import sys
import time


from data import DataSet
from server import Seconds, check, processor_seconds

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))

try:
    import boto3
    import moto
    import psycopg2
    MISSING = ""
except ImportError as error:
    MISSING = error.name

if not MISSING:
    from botocore.config import Config
    from botocore.exceptions import ClientError
    from emulator import Emulator, client
    from event_sources import EmulatedQueue, EmulatedShard, queue_record
    from lambda_stub import Stub
    from pipeline import SERVICES, Database, Resources, queue_arn, read_settings, test_scale
    from runtime_api import Function, FunctionSettings
    import lambda_signature

PIPELINE = "bench_pipeline"
VENDOR = "VEND001"
PROGRAMS = ("onboard", "python")
ROLE = f"""
DO $$ BEGIN
    IF to_regrole('{PIPELINE}') IS NULL THEN
        CREATE ROLE {PIPELINE} LOGIN;
    END IF;
END $$;
SELECT onboard_grant_loader('{PIPELINE}'), onboard_grant_reporter('{PIPELINE}');
CREATE TABLE IF NOT EXISTS bench.errors (LIKE onboard.validation_errors INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bench.uploads (upload_id text PRIMARY KEY, vendor_id text NOT NULL, total_records int,
    valid_records int NOT NULL DEFAULT 0, error_records int NOT NULL DEFAULT 0);
GRANT USAGE ON SCHEMA bench TO {PIPELINE};
GRANT INSERT, SELECT ON bench.fk TO {PIPELINE};
GRANT INSERT ON bench.errors TO {PIPELINE};
GRANT INSERT, SELECT, UPDATE ON bench.uploads TO {PIPELINE};
"""


class Services:
    """The emulated services, the stub, and their contents; a context manager."""

    def __init__(self, bench):
        self.bench = bench
        self.bootstrap = os.path.join(bench.options.install, "usr/local/lib/onboard/bootstrap")
        self.folder = os.path.join(bench.options.directory, "lambda")
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *_):
        self.stack.close()

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        self.bench.server.sql(ROLE)
        self.stub = self.stack.enter_context(Stub())
        self.emulator = self.stack.enter_context(Emulator(os.path.join(self.folder, "emulator.log")))
        self.clients = {service: client(service, self.emulator.url) for service in SERVICES}
        self.resources = Resources(test_scale(read_settings()))
        self.resources.make(self.clients, self.database())
        self.shard = EmulatedShard(self.clients["dynamodbstreams"], self.resources.stream_arn)
        self.stub.order("secret", name=self.resources.settings["Secrets"]["database"], text=self.database().secret())
        test_stub(self.stub)

    def database(self, **changes):
        server = self.bench.server
        return Database(**{"host": server.sockets, "port": 5432, "dbname": "bench", "username": PIPELINE,
                           "password": "not-asked-for", **changes})

    def program(self, name):
        """Return the path of an executable that can be called like bootstrap."""
        if name == "onboard":
            return self.bootstrap
        path = os.path.join(self.folder, "peer")
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.write(f'#!/bin/sh\nexec "{sys.executable}" "{os.path.join(HERE, "lambda_peer.py")}" "$@"\n')
            os.chmod(path, 0o755)
        return path

    def environment(self, url, handler, **changes):
        return {**self.resources.environment(url, handler), "ROUTE": "stream", "PYTHONDONTWRITEBYTECODE": "1", **changes}

    def function(self, program, handler, url, timeout=900.0, **environment):
        """Start a function of a program; stop it at the end."""
        settings = FunctionSettings(handler, self.program(program), handler, timeout)
        return self.stack.enter_context(Function(settings, self.environment(url, handler, **environment),
                                                 os.path.join(self.folder, f"{program}-{handler}.log")))

    def put(self, path, key):
        """Upload a file as a vendor would, to the emulated services and the stub; return its event."""
        bucket = self.resources.bucket
        with open(path, "rb") as file:
            put = self.clients["s3"].put_object(Bucket=bucket, Key=key, Body=file)
        self.stub.order("object", bucket=bucket, key=key, path=path, version=put["VersionId"], etag=put["ETag"])
        queue = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls["upload-events"])
        messages = queue.receive(10)
        queue.delete(messages)
        # The very first message is the bucket's test event.
        messages = [message for message in messages if '"Records"' in message["Body"]]
        check(len(messages) == 1, f"{len(messages)} notifications of an object")
        return {"Records": [queue_record(message, queue_arn("upload-events")) for message in messages]}

    def put_in_stub(self, path, key):
        """Do the same for a file that is too large for the emulated services."""
        bucket, size = self.resources.bucket, os.path.getsize(path)
        version, etag = f"version-of-{size}", f'"{size:032x}"'
        self.stub.order("object", bucket=bucket, key=key, path=path, version=version, etag=etag)
        entity = {"bucket": {"name": bucket}, "object": {"key": key, "size": size, "eTag": etag.strip('"'),
                                                         "versionId": version, "sequencer": "0000000000000001"}}
        body = {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
                             "eventName": "ObjectCreated:Put", "s3": {"s3SchemaVersion": "1.0", **entity}}]}
        return {"Records": [{"messageId": "m0", "receiptHandle": "r", "body": json.dumps(body), "attributes": {},
                             "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                             "eventSourceARN": queue_arn("upload-events")}]}

    def stream_records(self):
        """Return the records added to the emulated table's stream since the last call."""
        records = []
        while more := self.shard.read():
            records += more
        return records

    def check_stub(self, written, updated):
        """Check that a function sent each item and each status once, and nothing that the stub refused."""
        counts = self.stub.order("calls")
        check(not counts["refused"] and (counts["written"], counts["updated"]) == (written, updated),
              f"the stub had {counts}, expected {written} items and {updated} updates")

    def reset_database(self):
        self.bench.server.sql("TRUNCATE bench.errors, bench.uploads")
        self.bench.server.reset()


def object_key(number):
    return f"uploads/{VENDOR}/{VENDOR}_20260104_{number:06}.csv"


def vendor_file(bench, rows, **options):
    """A vendor's file with 5 % of bad rows."""
    return DataSet(bench, rows, ("vendor_csv",), "random", bad=5, vendor=VENDOR, **options)


def invoke(function, events):
    """Invoke a function with one event after another; return wall-clock and CPU seconds."""
    bodies = [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]
    sandboxes = function.sandboxes()
    check(len(sandboxes) == 1, f"{function.settings.name} has {len(sandboxes)} processes, not one")
    pid = sandboxes[0].process.pid
    cpu, started = processor_seconds(pid), time.perf_counter()
    results = [function.invoke(body) for body in bodies]
    seconds = Seconds(time.perf_counter() - started, processor_seconds(pid) - cpu)
    for result in results:
        check_result(function, result)
    return seconds


def check_result(function, result):
    check(result.ok and result.payload.get("batchItemFailures", []) == [],
          f"{function.settings.name}: {result.error or result.payload} {function.log.lines()[-3:]}")


# Check that the stub refuses wrong requests.

GOOD_ITEM = {"upload_id": {"S": "U"}, "record_id": {"S": "REC_00000001"}, "vendor_id": {"S": VENDOR},
             "row_number": {"N": "1"}, "line_number": {"N": "2"}, "status": {"S": "pending_validation"},
             "parse_attempt": {"N": "1"}, "created_at": {"N": "1"}, "expires_at": {"N": "2"}}
FIELDS = ("vendor_product_id", "product_name", "category", "subcategory", "description", "sku", "brand", "price",
          "compare_at_price", "stock_quantity", "unit", "weight_kg", "dimensions_cm", "image_url")


def stub_client(stub, service, secret=None):
    return boto3.client(service, endpoint_url=stub.url, region_name="us-east-1",
                        aws_access_key_id=lambda_signature.ACCESS_KEY, aws_session_token=lambda_signature.TOKEN,
                        aws_secret_access_key=secret or lambda_signature.SECRET_KEY,
                        config=Config(retries={"total_max_attempts": 1}))


def put_items(dynamodb, items):
    dynamodb.batch_write_item(RequestItems={"UploadRecords": [{"PutRequest": {"Item": item}} for item in items]})


def is_refused(status, call, *arguments, **options):
    """Return whether a call fails with this status."""
    try:
        call(*arguments, **options)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == status
    return False


def test_stub(stub):
    """A stub that accepted anything would make the measurements worthless."""
    dynamodb = stub_client(stub, "dynamodb")
    good = {**GOOD_ITEM, "product_data": {"M": {name: {"S": "x"} for name in FIELDS}}}
    many = [{**good, "record_id": {"S": f"REC_{row:08}"}, "row_number": {"N": str(row)}} for row in range(1, 27)]
    large = {**good, "product_data": {"M": {**good["product_data"]["M"], "extra": {"S": "x" * 400 * 1024}}}}
    put_items(dynamodb, many[:25])
    bad = {
        "a status of another type": {**good, "status": {"N": "1"}},
        "no vendor": {name: value for name, value in good.items() if name != "vendor_id"},
        "another row": {**good, "row_number": {"N": "2"}},
        "no data": {**good, "product_data": {"M": {}}},
        "a field that is a number": {**good, "product_data": {"M": {**good["product_data"]["M"], "price": {"N": "1"}}}},
        "both data and defect": {**good, "defect": {"M": {}}},
        "an item over 400 KB": large,
    }
    for what, item in bad.items():
        check(is_refused(400, put_items, dynamodb, [item]), f"the stub takes {what}")
    check(is_refused(400, put_items, dynamodb, many), "the stub takes 26 items")
    check(is_refused(400, put_items, dynamodb, [good, good]), "the stub takes an item twice")
    check(is_refused(403, put_items, stub_client(stub, "dynamodb", "another key"), [good]),
        "the stub takes another key's signature")
    altered = stub_client(stub, "dynamodb")
    altered.meta.events.register("before-send.dynamodb.*", alter_body)
    check(is_refused(403, put_items, altered, [good]), "the stub takes a body that was not signed")
    statement = {"Statement": 'UPDATE "UploadRecords" SET "status"=? WHERE "upload_id"=?',
        "Parameters": [{"S": "x"}, {"S": "y"}]}
    check(is_refused(400, dynamodb.batch_execute_statement, Statements=[statement]), "the stub takes any statement")
    stub.order("reset")


def alter_body(request, **_):
    request.body = request.body.replace(b"pending_validation", b"pending_valuation!")


def needs_environment(section):
    """Skip a section, with a note, if Python has no boto3, moto or psycopg2."""
    def run(bench):
        if MISSING:
            bench.note(f"Lambda functions were not measured: this Python has no {MISSING}; see make deps-test.")
            return
        section(bench)
    return run


