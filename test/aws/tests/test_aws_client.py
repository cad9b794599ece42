"""Test the AWS client through its driver: every call, every fault of the proxy, and no secret in its output."""

import contextlib
import email.utils
import hashlib
import http.server
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from datetime import datetime, timezone
from typing import Any

from emulator import REGION, Emulator, client
from fault_plan import FaultPlan
from fault_proxy import FaultProxy
from patience import HANG_SECONDS, deadlines, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("BUILD", f"/tmp/onboard-unit-{os.getuid()}")
DRIVER = f"{BUILD}/gcc/client_driver"
SECRETS = ("planted-secret-key", "planted-session-token")
# All characters of keys that are encoded in one place and not in another.
KEY = 'vendors/VEND001/a b+c=(1):*~%41ü "q"?&#.csv'


def build_driver() -> None:
    os.makedirs(BUILD, exist_ok=True)
    # Another test may build there concurrently.
    subprocess.run(["flock", f"{BUILD}/lock", "make", "-s", "-C", f"{ROOT}/test/unit", "client_driver", "CC=gcc",
                    f"BUILD={BUILD}"], check=True)


class Result:
    """Output of a run of the driver."""

    def __init__(self, run: "subprocess.CompletedProcess[bytes]") -> None:
        self.output = run.stdout
        self.text = run.stderr.decode()
        self.success = run.returncode == 0
        found = re.search(r"^error (\S+) (.*)$", self.text, re.MULTILINE)
        self.code, self.message = found.groups() if found else ("", "")
        counters = re.search(r"^counters (.*)$", self.text, re.MULTILINE)
        words = counters.group(1).split() if counters else []
        self.counters = {name: int(number) for name, number in zip(words[::2], words[1::2])}


def drive(url: str, *arguments: Any, deadline: int = 60_000, idle: int = 30, **more: str) -> Result:
    """Run the driver, with more environment variables."""
    environment = {"AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, "IDLE_SECONDS": str(idle), **more,
                   # A proxy in the environment must not be used.
                   "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}
    run = subprocess.run([DRIVER, str(deadline), *map(str, arguments)], capture_output=True, env=environment,
        timeout=HANG_SECONDS)
    for secret in SECRETS:
        assert secret not in run.stderr.decode(), f"{secret} in {run.stderr!r}"
    return Result(run)


def drive_in_time(url: str, *arguments: Any) -> Result:
    """Run the driver with a deadline that does not come before the first reply."""
    for deadline in deadlines(1):
        result = drive(url, *arguments, deadline=int(1000 * deadline))
        if result.code != "HTTP_TIMEOUT":
            break
    return result


class AwsClientTest(unittest.TestCase):
    emulator: Emulator
    proxy: FaultProxy
    directory: str
    file: str
    big: bytes
    s3: Any
    dynamodb: Any
    sqs: Any
    sns: Any
    secrets: Any
    queue: str
    topic: str
    inbox: str
    tables = 0

    @classmethod
    def setUpClass(cls) -> None:
        build_driver()
        cls.emulator = cls.enterClassContext(Emulator())
        cls.proxy = cls.enterClassContext(FaultProxy(cls.emulator.url))
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.s3, cls.dynamodb, cls.sqs, cls.sns, cls.secrets = (
            client(name, cls.emulator.url) for name in ("s3", "dynamodb", "sqs", "sns", "secretsmanager"))
        cls.s3.create_bucket(Bucket="bucket")
        cls.s3.create_bucket(Bucket="versions")
        cls.s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
        cls.queue = cls.sqs.create_queue(QueueName="events")["QueueUrl"]
        cls.topic = cls.sns.create_topic(Name="topic")["TopicArn"]
        cls.inbox = cls.sqs.create_queue(QueueName="inbox")["QueueUrl"]
        cls.sns.subscribe(TopicArn=cls.topic, Protocol="sqs", Endpoint=cls.sqs.get_queue_attributes(
            QueueUrl=cls.inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        cls.big = b"".join(b"row %d,some text that makes it long\n" % number for number in range(200_000))
        cls.file = os.path.join(cls.directory, "big.csv")
        with open(cls.file, "wb") as file:
            file.write(cls.big)

    def setUp(self) -> None:
        self.plan()

    def plan(self, *faults: dict[str, Any]) -> None:
        self.proxy.plan = FaultPlan.read(json.dumps({"seed": 1, "faults": list(faults)}).encode())

    def drive(self, *arguments: Any, **options: Any) -> Result:
        """Run the driver, expecting success and every fault of the plan."""
        result = drive(self.proxy.url, *arguments, **options)
        self.assertTrue(result.success, result.text)
        self.assertEqual(self.proxy.plan.counts()["unfired"], [])
        return result

    def refuse_in_time(self, code: str, *arguments: Any) -> Result:
        """Run the driver, expecting refusals until its deadline, which must not come before the first reply."""
        result = drive_in_time(self.proxy.url, *arguments)
        self.assertEqual((result.success, result.code), (False, code), result.text)
        return result

    def refuse(self, code: str, *arguments: Any, **options: Any) -> Result:
        """Run the driver, expecting a failure with this code."""
        result = drive(self.proxy.url, *arguments, **options)
        self.assertFalse(result.success)
        self.assertEqual(result.code, code, result.text)
        self.assertEqual(self.proxy.plan.counts()["unfired"], [])
        return result

    def table(self) -> str:
        # The emulated service copies all items of all tables for each statement: use few and small ones.
        AwsClientTest.tables += 1
        name = f"Records{AwsClientTest.tables}"
        self.dynamodb.create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "upload_id", "KeyType": "HASH"},
            {"AttributeName": "record_id", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("upload_id", "record_id")])
        self.addCleanup(self.dynamodb.delete_table, TableName=name)
        return name

    def items(self, table: str) -> dict[str, dict[str, Any]]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table)
        return {item["record_id"]["S"]: item for page in pages for item in page["Items"]}

    def bodies(self, queue: str) -> list[str]:
        """Remove all messages from a queue; return their bodies."""
        bodies: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            bodies += [message["Body"] for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    # S3

    def test_put_ways(self) -> None:
        for way in ("bytes", "file", "unsigned"):
            with self.subTest(way=way):
                self.s3.delete_object(Bucket="bucket", Key=KEY)
                self.drive("put", "bucket", KEY, self.file, way)
                stored = self.s3.get_object(Bucket="bucket", Key=KEY)
                self.assertEqual(stored["Body"].read(), self.big)
                self.assertEqual(stored["ContentType"], "text/csv; charset=utf-8")

    def test_put_with_faults(self) -> None:
        self.plan({"fault": "reset_in_request", "call": "s3.PutObject", "times": 2},
                  {"fault": "drop_reply", "call": "s3.PutObject", "times": 1},
                  {"fault": "throttle", "call": "s3.PutObject", "times": 1},
                  {"fault": "error", "status": 503, "call": "s3.PutObject", "times": 1})
        self.drive("put", "bucket", "faulty", self.file, "file")
        self.assertEqual(self.s3.get_object(Bucket="bucket", Key="faulty")["Body"].read(), self.big)

    def test_get(self) -> None:
        self.s3.put_object(Bucket="bucket", Key=KEY, Body=self.big)
        result = self.drive("get", "bucket", KEY, "", "", 0, 0)
        self.assertEqual(result.output, self.big)
        self.assertIn(f'object {len(self.big)} "{hashlib.md5(self.big).hexdigest()}" -', result.text)
        self.assertEqual(self.drive("get", "bucket", KEY, "", "", 100, 250).output, self.big[100:250])
        self.assertEqual(self.drive("get", "bucket", KEY, "", "", 5, 0).output, self.big[5:])
        self.assertEqual(self.drive("get", "bucket", KEY, "", "", len(self.big), 0).output, b"")
        self.assertEqual(self.drive("head", "bucket", KEY, "", "", 0, 0).output, b"")
        self.s3.put_object(Bucket="bucket", Key="empty", Body=b"")
        self.assertEqual(self.drive("get", "bucket", "empty", "", "", 0, 0).output, b"")

    def test_get_of_a_missing_object(self) -> None:
        self.s3.put_object(Bucket="bucket", Key="here", Body=b"here")
        self.refuse("S3_OBJECT_CHANGED", "get", "bucket", "here", "", '"other"', 0, 0)
        self.refuse("S3_OBJECT_GONE", "get", "bucket", "gone", "", "", 0, 0)
        self.refuse("S3_OBJECT_GONE", "head", "bucket", "gone", "", "", 0, 0)
        self.refuse("S3_OBJECT_GONE", "get", "versions", "gone", "no-such-version", "", 0, 0)
        self.refuse("AWS_NOT_FOUND", "get", "no-such-bucket", "gone", "", "", 0, 0)
        self.refuse("HTTP_STOPPED", "stop", "bucket", "here", "", "", 0, 0)
        self.refuse("BAD_KEY", "get", "bucket", "", "", "", 0, 0)
        self.refuse("BAD_KEY", "get", "bucket", "k" * 1025, "", "", 0, 0)

    def test_get_of_a_version(self) -> None:
        old = self.s3.put_object(Bucket="versions", Key="twice", Body=b"old")["VersionId"]
        new = self.s3.put_object(Bucket="versions", Key="twice", Body=b"new")["VersionId"]
        self.assertEqual(self.drive("get", "versions", "twice", old, "", 0, 0).output, b"old")
        result = self.drive("get", "versions", "twice", "", "", 0, 0)
        self.assertEqual(result.output, b"new")
        self.assertIn(f" {new}\n", result.text)

    def test_interrupted_get(self) -> None:
        self.s3.put_object(Bucket="bucket", Key=KEY, Body=self.big)
        # More often than a call may fail without progress.
        faults = ({"fault": "truncate", "call": "s3.GetObject", "times": 8},
                  {"fault": "reset_in_reply", "call": "s3.GetObject", "times": 8},
                  {"fault": "error", "call": "s3.GetObject", "times": 2, "skip": 3})
        for start, end in ((0, 0), (1000, 6_000_000)):
            self.plan(*faults)
            result = drive(self.proxy.url, "get", "bucket", KEY, "", "", start, end)
            self.assertTrue(result.success, result.text)
            self.assertEqual(result.output, self.big[start:end or None])
            self.assertGreater(result.counters["retries"], 5)

    def test_interrupted_get_of_a_changed_object(self) -> None:
        self.s3.put_object(Bucket="bucket", Key="changing", Body=self.big)
        self.plan({"fault": "truncate", "call": "s3.GetObject", "bytes": 1_000_000, "times": 1},
                  {"fault": "hold", "call": "s3.GetObject", "skip": 1, "times": 1})
        plan = self.proxy.plan

        def change() -> None:
            wait_until(lambda: plan.fired["hold", "s3.GetObject"])
            self.s3.put_object(Bucket="bucket", Key="changing", Body=self.big[::-1])
            plan.release()

        changing = threading.Thread(target=change)
        changing.start()
        result = self.refuse("S3_OBJECT_CHANGED", "get", "bucket", "changing", "", "", 0, 0)
        changing.join()
        self.assertEqual(result.output, self.big[:len(result.output)])

    def test_presigned_url(self) -> None:
        self.s3.put_object(Bucket="bucket", Key=KEY, Body=b"presigned")
        url = drive(self.emulator.url, "presign", "bucket", KEY, "", 'attachment; filename="a b.csv"', 300).output.decode()
        with urllib.request.urlopen(url.strip()) as reply:
            self.assertEqual(reply.read(), b"presigned")
        self.assertIn("X-Amz-Expires=300", url)

    # DynamoDB

    def test_items(self) -> None:
        table = self.table()
        self.assertEqual(self.drive("items", table, 1003).output, b"1003\n")
        items = self.items(table)
        self.assertEqual(len(items), 1003)
        self.assertEqual(items["REC_00000002"], {
            "upload_id": {"S": "upload"}, "record_id": {"S": "REC_00000002"}, "row_number": {"N": "2"},
            "status": {"S": "pending_validation"}, "draft": {"BOOL": True},
            "product_data": {"M": {"product_name": {"S": 'a "quoted"\ttext \\ ä'}, "empty": {"S": ""}}}})
        self.assertEqual(self.drive("items", table, 0).output, b"0\n")

    def test_items_with_faults(self) -> None:
        table = self.table()
        call = "dynamodb.BatchWriteItem"
        self.plan({"fault": "unprocessed_items", "probability": 0.4},
            {"fault": "throttle", "call": call, "probability": 0.1},
                  {"fault": "reset_after", "call": call, "probability": 0.1}, {"fault": "error", "call": call, "times": 2},
                  {"fault": "drop_reply", "call": call, "times": 2}, {"fault": "close_after", "call": call, "times": 3},
                  {"fault": "reset_before", "call": call, "times": 2})
        result = self.drive("items", table, 1000)
        self.assertEqual(result.output, b"1000\n")
        self.assertEqual(len(self.items(table)), 1000)
        self.assertGreater(result.counters["partial"], 0)
        self.assertGreater(result.counters["throttles"], 0)

    def test_items_until_the_deadline(self) -> None:
        table = self.table()
        self.plan({"fault": "unprocessed_items", "count": 25})
        result = self.refuse_in_time("AWS_THROTTLED", "items", table, 25)
        self.assertEqual(result.output, b"0\n")
        self.plan()
        result = drive(self.proxy.url, "items", "NoSuchTable", 25)
        self.assertEqual((result.success, result.counters["requests"]), (False, 1))

    def test_items_from_the_middle_of_a_stream(self) -> None:
        table = self.table()
        lines = 2000
        self.s3.put_object(Bucket="bucket", Key="lines", Body=b"".join(self.big.splitlines(keepends=True)[:lines]))
        self.plan({"fault": "truncate", "call": "s3.GetObject", "bytes": 30_000, "times": 1},
                  {"fault": "unprocessed_items", "times": 5})
        self.assertEqual(self.drive("copy", "bucket", "lines", table).output, b"%d\n" % lines)
        self.assertEqual(len(self.items(table)), lines)

    def test_statements(self) -> None:
        table = self.table()
        self.drive("items", table, 60)
        self.assertEqual(self.drive("statements", table, 1, 50).output, b"undone 0 done 50 condition 0 refused 0\n")
        states = [item["status"]["S"] for item in self.items(table).values()]
        self.assertEqual((states.count("validated"), states.count("pending_validation")), (50, 10))

    def test_statements_with_faults(self) -> None:
        table = self.table()
        self.drive("items", table, 60)
        self.plan({"fault": "statement_errors", "probability": 0.5},
                  {"fault": "throttle", "call": "dynamodb.BatchExecuteStatement", "times": 2})
        self.assertEqual(self.drive("statements", table, 1, 60).output, b"undone 0 done 60 condition 0 refused 0\n")
        self.assertEqual({item["status"]["S"] for item in self.items(table).values()}, {"validated"})

    def test_statements_that_end_in_errors(self) -> None:
        table = self.table()
        for code, output in (("ConditionalCheckFailed", b"undone 0 done 57 condition 3 refused 0\n"),
                             ("ValidationError", b"undone 0 done 57 condition 0 refused 3\n")):
            with self.subTest(code=code):
                self.plan()
                self.drive("items", table, 60)
                self.plan({"fault": "statement_errors", "count": 3, "code": code, "times": 1})
                result = self.drive("statements", table, 1, 60)
                self.assertEqual(result.output, output)
                self.assertEqual(result.counters["requests"], 3)
        self.plan()
        self.drive("items", table, 60)
        self.plan({"fault": "statement_errors", "count": 3, "code": "AccessDenied", "times": 1})
        result = self.refuse("AWS_ACCESS_DENIED", "statements", table, 1, 60)
        self.assertEqual(result.output, b"undone 3 done 57 condition 0 refused 0\n")
        self.assertEqual(result.counters["requests"], 3)

    def test_query(self) -> None:
        """Only the items that match, page by page, despite failures in between."""
        table = self.table()
        self.drive("items", table, 60)
        self.drive("statements", table, 11, 40)
        self.plan({"fault": "throttle", "call": "dynamodb.Query", "skip": 1, "times": 2},
                  {"fault": "drop_reply", "call": "dynamodb.Query", "times": 1})
        pages = [json.loads(line) for line in self.drive("query", table, 20).output.splitlines()]
        self.assertEqual([len(page) for page in pages if page], [10, 20])
        self.assertEqual([item for page in pages for item in page],
                         [{"record_id": {"S": f"REC_{number:08}"}} for number in (*range(1, 11), *range(41, 61))])
        self.plan({"fault": "deny", "call": "dynamodb.Query"})
        self.refuse("AWS_CREDENTIALS", "query", table, 20)

    # SQS, SNS

    def test_messages(self) -> None:
        self.bodies(self.queue)
        self.assertEqual(self.drive("send", self.queue, 105).output, b"unsent 0 sent 105 refused 0\n")
        self.assertEqual(sorted(self.bodies(self.queue)), sorted('{"v":1,"event_id":%d}' % number for number in range(105)))

    def test_messages_with_faults(self) -> None:
        self.bodies(self.queue)
        self.plan({"fault": "failed_entries", "probability": 0.5, "sender_fault": False},
                  {"fault": "drop_reply", "call": "sqs.*", "times": 2}, {"fault": "throttle", "call": "sqs.*", "times": 2})
        self.assertEqual(self.drive("send", self.queue, 100).output, b"unsent 0 sent 100 refused 0\n")
        self.assertEqual(len(set(self.bodies(self.queue))), 100)
        self.plan({"fault": "failed_entries", "count": 3, "sender_fault": True, "times": 1})
        result = self.drive("send", self.queue, 20)
        self.assertEqual(result.output, b"unsent 0 sent 17 refused 3\n")
        self.assertEqual(result.counters["requests"], 2)
        self.assertEqual(len(set(self.bodies(self.queue))), 17)

    def test_messages_that_stay_unsent(self) -> None:
        self.plan({"fault": "failed_entries", "count": 10, "sender_fault": False})
        result = self.refuse_in_time("AWS_THROTTLED", "send", self.queue, 10)
        self.assertEqual(result.output, b"unsent 10 sent 0 refused 0\n")
        self.plan()
        self.refuse("AWS_NOT_FOUND", "send", self.queue + "x", 5)

    def test_publish(self) -> None:
        self.bodies(self.inbox)
        self.plan({"fault": "reset_before", "call": "sns.Publish", "times": 2})
        self.drive("publish", self.topic, "Zürich\nis \x1b done " + "x" * 200, "text & more = ü", "VEND001", 1)
        notes = [json.loads(body) for body in self.bodies(self.inbox)]
        self.assertEqual(len(notes), 1)
        self.assertEqual(notes[0]["Message"], "text & more = ü")
        self.assertEqual(notes[0]["Subject"], ("Z?rich is   done " + "x" * 200)[:99])
        self.assertEqual({name: value["Value"] for name, value in notes[0]["MessageAttributes"].items()},
                         {"vendor_id": "VEND001", "status": "completed"})
        self.plan()
        self.refuse("AWS_NOT_FOUND", "publish", self.topic + "x", "s", "t", "V", 1)

    def test_no_mail_is_published_twice_unnoticed(self) -> None:
        """If a kept connection breaks after the service acted, libcurl would repeat the request by itself."""
        publish = ("publish", self.topic, "s", "t", "V", 20)
        self.bodies(self.inbox)
        self.plan({"fault": "reset_after", "call": "sns.Publish", "reused": True, "times": 3})
        result = drive(self.proxy.url, *publish)
        self.assertTrue(result.success, result.text)
        self.assertEqual((result.counters["requests"], self.proxy.plan.calls["sns.Publish"]), (20, 20))
        self.assertEqual(len(self.bodies(self.inbox)), 20)
        # On a new connection it is noticed: a retry, which is counted.
        self.plan({"fault": "reset_after", "call": "sns.Publish", "skip": 5, "times": 1})
        self.assertEqual(self.drive(*publish).counters["retries"], 1)
        self.assertEqual(self.proxy.plan.calls["sns.Publish"], 21)

    def test_stalled_connection_and_deadline(self) -> None:
        self.plan({"fault": "hold", "call": "sns.Publish", "times": 1})
        self.assertGreaterEqual(self.drive("publish", self.topic, "s", "t", "V", 1, idle=1).counters["requests"], 2)
        self.plan({"fault": "hold", "call": "sns.Publish", "times": 1})
        for deadline in deadlines(1):
            result = drive(self.proxy.url, "publish", self.topic, "s", "t", "V", 1, deadline=int(1000 * deadline))
            self.assertEqual((result.success, result.code), (False, "HTTP_TIMEOUT"), result.text)
            if not self.proxy.plan.unfired():
                break
        self.plan({"fault": "throttle", "call": "sns.Publish"})
        self.refuse_in_time("AWS_THROTTLED", "publish", self.topic, "s", "t", "V", 1)

    # Secrets Manager

    def test_secret(self) -> None:
        text = '{"password":"plänted\\n\\"x\\""}'
        self.secrets.create_secret(Name="kept", SecretString=text)
        result = self.drive("secret", "kept", 60_000, 3, 10, 0)
        self.assertEqual([line.split(" ", 1)[1] for line in result.output.decode().splitlines()], [text] * 3)
        self.assertEqual(result.counters["requests"], 1)
        self.assertEqual(self.drive("secret", "kept", 60_000, 3, 10, 1).counters["requests"], 3)
        self.assertEqual(self.drive("secret", "kept", 50, 3, 100, 0).counters["requests"], 3)
        self.refuse("AWS_NOT_FOUND", "secret", "no-such-secret", 60_000, 1, 0, 0)
        # A stale secret is better than none.
        for forced in (0, 1):
            for deadline in deadlines(3):
                self.plan({"fault": "error", "call": "secretsmanager.*", "skip": 1})
                result = drive(self.proxy.url, "secret", "kept", 50, 2, 100, forced, deadline=int(1000 * deadline))
                if result.code != "HTTP_TIMEOUT":
                    break
            self.assertEqual((result.success, result.code), (not forced, "AWS_UNAVAILABLE" if forced else ""), result.text)

    def test_rotation(self) -> None:
        old = self.secrets.create_secret(Name="rotated", SecretString="old")["VersionId"]
        token = "11111111-2222-3333-4444-555555555555"
        password, described = self.drive("rotate", "rotated", token).output.decode().splitlines()
        self.assertRegex(password, r"^[A-Za-z0-9]{40} new$")
        self.assertEqual(described, f"current {token} previous {old} known")
        self.assertEqual(self.secrets.get_secret_value(SecretId="rotated", VersionStage="AWSCURRENT")["SecretString"],
            password.split()[0])


class RefusingServer(http.server.ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Refusals)
        self.refusals: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.skew = 0
        self.reply = b"<MessageId>1</MessageId>"


class Refusals(http.server.BaseHTTPRequestHandler):
    server: RefusingServer

    """Refuses with its server's replies until there are no more, then accepts."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append(dict(self.headers))
        code = self.server.refusals.pop(0) if self.server.refusals else None
        body = b"<Error><Code>%s</Code><Message>%s</Message></Error>" % (
            code.encode(), self.headers["X-Amz-Security-Token"].encode()) if code else self.server.reply
        self.send_response_only(403 if code else 200)
        self.send_header("Date", email.utils.formatdate(time.time() + self.server.skew, usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


class RefusalTest(unittest.TestCase):
    """Refusals that no emulated service returns: a wrong clock, expired credentials."""

    @classmethod
    def setUpClass(cls) -> None:
        build_driver()

    def setUp(self) -> None:
        self.server = RefusingServer()
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def publish(self, *refusals: str, skew: int = 0) -> Result:
        self.server.refusals, self.server.skew = list(refusals), skew
        self.server.requests.clear()
        return drive(f"http://127.0.0.1:{self.server.server_port}", "publish", "topic", "s", "t", "V", 1, deadline=60_000)

    def test_clock(self) -> None:
        for code in ("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"):
            with self.subTest(code=code):
                result = self.publish(code, skew=-7200)
                self.assertTrue(result.success, result.text)
                first, second = (datetime.strptime(request["X-Amz-Date"],
                    "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
                                 for request in self.server.requests)
                self.assertAlmostEqual(first - second, 7200, delta=HANG_SECONDS)

    def test_clock_is_corrected_once(self) -> None:
        self.assertEqual(self.publish(*["RequestTimeTooSkewed"] * 5, skew=-7200).code, "AWS_CREDENTIALS")
        self.assertEqual(len(self.server.requests), 2)
        # A wrong signature with the right time has another cause.
        self.assertEqual(self.publish("SignatureDoesNotMatch", skew=60).code, "AWS_CREDENTIALS")
        self.assertEqual(len(self.server.requests), 1)

    def test_credentials(self) -> None:
        result = self.publish("ExpiredToken")
        self.assertTrue(result.success, result.text)
        self.assertEqual(result.counters["refreshes"], 1)
        result = self.publish(*["ExpiredTokenException"] * 5)
        self.assertEqual((result.code, result.counters["refreshes"]), ("AWS_CREDENTIALS", 1))
        self.assertEqual(len(self.server.requests), 2)
        self.assertEqual(self.publish("InvalidClientTokenId").counters["requests"], 1)

    def test_truncated_reply_says_nothing_about_items(self) -> None:
        """Neither a truncated reply nor one of another form says anything about items; items returned under another
        name of their table are sent again."""
        url = f"http://127.0.0.1:{self.server.server_port}"
        for reply in ("", "{", '{"UnprocessedItems":{', '{"UnprocessedItems":{"table":', "null", "[]",
                '{"UnprocessedItems":{"table":{}}}'):
            with self.subTest(reply):
                self.server.reply = reply.encode()
                self.assertEqual(drive(url, "items", "table", 3).code, "AWS_BAD_REPLY")
        self.server.reply = b'{"UnprocessedItems":{"arn:aws:dynamodb:us-east-1:1:table/table":[{},{},{}]}}'
        result = drive_in_time(url, "items", "table", 3)
        self.assertEqual((result.code, result.output), ("AWS_THROTTLED", b"0\n"))
        self.assertGreater(result.counters["requests"], 1)
        self.server.reply = b'{"UnprocessedItems":{}}\n'
        self.assertEqual(drive(url, "items", "table", 3).output, b"3\n")

    def test_endpoints(self) -> None:
        for url in ("127.0.0.1:1", "ftp://127.0.0.1", "http://", "http://127.0.0.1/path", "http://user@127.0.0.1"):
            with self.subTest(url=url):
                self.assertEqual(drive(url, "publish", "topic", "s", "t", "V", 1).code, "BAD_ENDPOINT")
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
            port = listener.getsockname()[1]
        self.assertEqual(drive_in_time(f"http://127.0.0.1:{port}", "publish", "topic", "s", "t", "V", 1).code, "HTTP_CONNECT")
