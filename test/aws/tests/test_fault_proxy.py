"""Test the proxy, with botocore as its client: each fault, each limit, and the counts."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import fault_proxy
from botocore.exceptions import (  # type: ignore[import-untyped]
    ClientError, HTTPClientError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
from emulator import REGION, Emulator, client
from fault_plan import FaultPlan, PlanError
from fault_proxy import FaultProxy
from patience import HANG_SECONDS, wait_until
from service_limits import item_size, write_batch_fault

QUEUE = "proxied"
BUCKET = "proxied-bucket"
TABLE = "Proxied"


def item(number: int, size: int = 1) -> dict[str, Any]:
    return {"upload_id": {"S": "U"}, "record_id": {"S": f"REC_{number:08d}"}, "text": {"S": "x" * size}}


def puts(*items: dict[str, Any]) -> dict[str, Any]:
    return {TABLE: [{"PutRequest": {"Item": entry}} for entry in items]}


class FaultProxyTest(unittest.TestCase):
    emulator: Emulator
    proxy: FaultProxy
    direct: dict[str, Any]
    s3: Any
    dynamodb: Any
    sqs: Any
    sns: Any
    secrets: Any
    queue_url: str
    topic: str

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = cls.enterClassContext(Emulator())
        cls.proxy = cls.enterClassContext(FaultProxy(cls.emulator.url))
        direct = {name: client(name, cls.emulator.url) for name in ("s3", "dynamodb", "sqs", "sns", "secretsmanager")}
        cls.s3, cls.dynamodb, cls.sqs, cls.sns, cls.secrets = (client(name, cls.proxy.url) for name in direct)
        cls.direct = direct
        direct["s3"].create_bucket(Bucket=BUCKET)
        direct["s3"].put_object(Bucket=BUCKET, Key="big", Body=os.urandom(300_000))
        direct["dynamodb"].create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "upload_id", "KeyType": "HASH"},
                       {"AttributeName": "record_id", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("upload_id", "record_id")])
        cls.queue_url = cls.sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        cls.topic = direct["sns"].create_topic(Name="proxied")["TopicArn"]
        direct["secretsmanager"].create_secret(Name="proxied", SecretString="{}")

    def setUp(self) -> None:
        self.plan()

    def plan(self, *faults: dict[str, Any], seed: int = 1) -> None:
        self.proxy.plan = FaultPlan.read({"seed": seed, "faults": list(faults)})

    def fired(self, fault: str, call: str) -> int:
        return int(self.proxy.plan.fired[fault, call])

    def failure(self, function: Any, **arguments: Any) -> tuple[str, int]:
        with self.assertRaises(ClientError) as caught:
            function(**arguments)
        response = caught.exception.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    def stored(self) -> set[str]:
        pages = self.direct["dynamodb"].get_paginator("scan").paginate(TableName=TABLE)
        return {entry["record_id"]["S"] for page in pages for entry in page["Items"]}

    def test_a_caller_is_killed_before_or_after_the_service_acted(self) -> None:
        asked: list[int] = []
        self.addCleanup(setattr, self.proxy, "kill", self.proxy.kill)
        for moment, killed, acted in (("before", True, False), ("after", True, True), ("before", False, True),
                                      ("after", False, True)):
            with self.subTest(moment=moment, killed=killed):
                def kill(port: int, answer: bool = killed) -> bool:
                    asked.append(port)
                    return answer

                self.proxy.kill = kill
                self.plan({"fault": f"kill_{moment}", "call": "dynamodb.BatchWriteItem", "times": 1})
                name = 100 + len(asked)
                if killed:
                    with self.assertRaises(HTTPClientError):
                        self.dynamodb.batch_write_item(RequestItems=puts(item(name)))
                else:
                    self.dynamodb.batch_write_item(RequestItems=puts(item(name)))
                self.assertEqual(f"REC_{name:08d}" in self.stored(), acted)
                self.assertEqual(self.fired(f"kill_{moment}", "dynamodb.BatchWriteItem"), int(killed))
        self.assertEqual(len(asked), 4)
        self.assertTrue(all(1024 <= port <= 65535 for port in asked))

    def test_denials_have_the_codes_of_each_service(self) -> None:
        calls = {"s3": lambda: self.s3.get_object(Bucket=BUCKET, Key="big"),
                 "dynamodb": lambda: self.dynamodb.batch_write_item(RequestItems=puts(item(1))),
                 "sns": lambda: self.sns.publish(TopicArn=self.topic, Message="x")}
        expected = {("s3", "signature"): ("SignatureDoesNotMatch", 403), ("s3", "expired"): ("ExpiredToken", 400),
                    ("dynamodb", "signature"): ("InvalidSignatureException", 403),
                    ("dynamodb", "expired"): ("ExpiredTokenException", 400),
                    ("sns", "signature"): ("SignatureDoesNotMatch", 403), ("sns", "expired"): ("ExpiredToken", 403)}
        for (service, code), answer in expected.items():
            with self.subTest(service=service, code=code):
                self.plan({"fault": "deny", "call": f"{service}.*", "code": code})
                self.assertEqual(self.failure(calls[service]), answer)

    def test_without_a_plan_everything_passes(self) -> None:
        self.dynamodb.batch_write_item(RequestItems=puts(item(1)))
        self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=[{"Id": "a", "MessageBody": "ä\t"}])
        self.sns.publish(TopicArn=self.topic, Subject="Subject", Message="Message")
        self.secrets.get_secret_value(SecretId="proxied")
        self.s3.put_object(Bucket=BUCKET, Key="a b+ü/%", Body=b"content")
        self.assertEqual(self.s3.get_object(Bucket=BUCKET, Key="a b+ü/%")["Body"].read(), b"content")
        self.s3.head_object(Bucket=BUCKET, Key="a b+ü/%")
        self.s3.list_objects_v2(Bucket=BUCKET)
        self.assertEqual(self.proxy.plan.counts()["calls"], {
            "dynamodb.BatchWriteItem": 1, "sqs.SendMessageBatch": 1, "sns.Publish": 1,
            "secretsmanager.GetSecretValue": 1,
            "s3.PutObject": 1, "s3.GetObject": 1, "s3.HeadObject": 1, "s3.ListObjectsV2": 1})

    def test_throttles_and_errors_have_each_services_form(self) -> None:
        calls: dict[str, tuple[Any, dict[str, Any], str, int, str]] = {
            "s3": (self.s3.get_object, {"Bucket": BUCKET, "Key": "big"}, "SlowDown", 503, "InternalError"),
            "dynamodb": (self.dynamodb.get_item, {"TableName": TABLE, "Key": {
                "upload_id": {"S": "U"}, "record_id": {"S": "R"}}}, "ProvisionedThroughputExceededException", 400,
                "InternalServerError"),
            "sqs": (self.sqs.get_queue_attributes, {"QueueUrl": self.queue_url}, "RequestThrottled", 400,
                    "InternalFailure"),
            "sns": (self.sns.publish, {"TopicArn": self.topic, "Message": "m"}, "Throttling", 400, "InternalError"),
            "secretsmanager": (self.secrets.get_secret_value, {"SecretId": "proxied"}, "ThrottlingException", 400,
                               "InternalServiceError"),
        }
        for service, (function, arguments, throttle, status, internal) in calls.items():
            with self.subTest(service):
                self.plan({"fault": "throttle", "call": f"{service}.*", "times": 1},
                          {"fault": "error", "status": 500, "call": f"{service}.*", "times": 1},
                          {"fault": "error", "status": 503, "call": f"{service}.*", "times": 1})
                self.assertEqual(self.failure(function, **arguments), (throttle, status))
                self.assertEqual(self.failure(function, **arguments), (internal, 500))
                self.assertEqual(self.failure(function, **arguments), ("ServiceUnavailable", 503))
                function(**arguments)
                self.assertEqual(self.proxy.plan.unfired(), [])

    def test_unprocessed_items_are_not_written_and_the_rest_is(self) -> None:
        items = [item(100 + number) for number in range(25)]
        for count in (1, 24, 25):
            with self.subTest(count):
                self.plan({"fault": "unprocessed_items", "count": count})
                for entry in items:
                    self.direct["dynamodb"].delete_item(TableName=TABLE, Key={
                        name: entry[name] for name in ("upload_id", "record_id")})
                reply = self.dynamodb.batch_write_item(RequestItems=puts(*items))
                left = {write["PutRequest"]["Item"]["record_id"]["S"] for write in reply["UnprocessedItems"][TABLE]}
                self.assertEqual(len(left), count)
                self.assertEqual(left & self.stored(), set())
                self.assertEqual({entry["record_id"]["S"] for entry in items} - left, self.stored() & {
                    entry["record_id"]["S"] for entry in items})

    def test_statement_errors_are_in_position(self) -> None:
        self.plan()
        self.dynamodb.batch_write_item(RequestItems=puts(*[item(200 + number) for number in range(5)]))
        self.plan({"fault": "statement_errors", "count": 2, "code": "ThrottlingError"}, seed=3)
        statements = [{"Statement": f'UPDATE "{TABLE}" SET "text"=? WHERE "upload_id"=? AND "record_id"=?',
                       "Parameters": [{"S": "changed"}, {"S": "U"}, {"S": f"REC_{200 + number:08d}"}]}
                      for number in range(5)]
        responses = self.dynamodb.batch_execute_statement(Statements=statements)["Responses"]
        self.assertEqual(sum(response.get("Error", {}).get("Code") == "ThrottlingError" for response in responses), 2)
        for number, response in enumerate(responses):
            text = self.direct["dynamodb"].get_item(TableName=TABLE, Key={
                "upload_id": {"S": "U"}, "record_id": {"S": f"REC_{200 + number:08d}"}})["Item"]["text"]["S"]
            self.assertEqual(text, "x" if "Error" in response else "changed")

    def test_failed_entries_are_not_sent_and_name_whose_fault_it_was(self) -> None:
        for sender in (True, False):
            with self.subTest(sender):
                self.plan({"fault": "failed_entries", "count": 3, "sender_fault": sender})
                self.direct["sqs"].purge_queue(QueueUrl=self.queue_url)
                reply = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=[
                    {"Id": str(number), "MessageBody": str(number)} for number in range(10)])
                self.assertEqual([entry["SenderFault"] for entry in reply["Failed"]], [sender] * 3)
                reception = self.direct["sqs"].receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
                received = [message["Body"] for message in reception["Messages"]]
                self.assertEqual(set(received), {entry["Id"] for entry in reply["Successful"]})
                self.assertEqual(len(received), 7)

    def test_faults_after_the_service_acted_keep_its_work(self) -> None:
        for number, fault in enumerate(("drop_reply", "reset_after")):
            with self.subTest(fault):
                self.plan({"fault": fault, "call": "dynamodb.BatchWriteItem", "times": 1})
                with self.assertRaises(HTTPClientError):
                    self.dynamodb.batch_write_item(RequestItems=puts(item(300 + number)))
                self.assertIn(f"REC_{300 + number:08d}", self.stored())
                self.assertEqual(self.fired(fault, "dynamodb.BatchWriteItem"), 1)

    def test_faults_before_the_service_acts_leave_nothing(self) -> None:
        for number, fault in enumerate(("reset_before", "reset_in_request", "throttle")):
            with self.subTest(fault):
                self.plan({"fault": fault, "call": "dynamodb.BatchWriteItem", "times": 1})
                with self.assertRaises((HTTPClientError, ClientError)):
                    self.dynamodb.batch_write_item(RequestItems=puts(item(310 + number)))
                self.assertNotIn(f"REC_{310 + number:08d}", self.stored())
                self.assertEqual(self.fired(fault, "dynamodb.BatchWriteItem"), 1)

    def test_a_dropped_reply_may_keep_the_client_waiting(self) -> None:
        self.plan({"fault": "drop_reply", "call": "sqs.*", "seconds": HANG_SECONDS, "times": 1})
        impatient = client("sqs", self.proxy.url, read_timeout=0.3)
        with self.assertRaises(ReadTimeoutError):
            impatient.get_queue_attributes(QueueUrl=self.queue_url)

    def test_truncated_object(self) -> None:
        for fault, error in (("truncate", IncompleteReadError), ("reset_in_reply", ResponseStreamingError)):
            with self.subTest(fault):
                length = {"bytes": 1000} if fault == "truncate" else {}
                self.plan({"fault": fault, "call": "s3.GetObject", "times": 1, **length})
                body = self.s3.get_object(Bucket=BUCKET, Key="big")["Body"]
                with self.assertRaises((error, ResponseStreamingError)):
                    received = b""
                    while piece := body.read(100):
                        received += piece
                if fault == "truncate":
                    self.assertEqual(len(received), 1000)
                self.assertEqual(len(self.s3.get_object(Bucket=BUCKET, Key="big")["Body"].read()), 300_000)

    def test_a_reply_without_a_body_cannot_be_cut(self) -> None:
        self.plan({"fault": "reset_in_reply", "call": "s3.HeadObject"})
        self.s3.head_object(Bucket=BUCKET, Key="big")
        self.assertEqual(self.proxy.plan.unfired(), ["reset_in_reply of s3.HeadObject"])

    def test_connections_are_kept_and_closed_without_notice(self) -> None:
        self.plan({"fault": "close_after", "call": "s3.HeadObject", "times": 1},
                  {"fault": "reset_before", "call": "s3.ListObjectsV2", "reused": True})
        address = urlsplit(self.proxy.url)
        with contextlib.closing(socket.create_connection((address.hostname, address.port))) as connection:
            request = f"GET /{BUCKET}?list-type=2 HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
            connection.sendall(request)
            self.assertIn(b"HTTP/1.1", connection.recv(65536))
            connection.sendall(request)
            with self.assertRaises(ConnectionResetError):
                while connection.recv(65536):
                    pass
        with contextlib.closing(socket.create_connection((address.hostname, address.port))) as connection:
            connection.sendall(f"HEAD /{BUCKET}/big HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            reply = b""
            while piece := connection.recv(65536):
                reply += piece
            self.assertNotIn(b"connection: close", reply.lower())
        self.assertEqual(self.proxy.plan.unfired(), [])

    def test_latency_delays_in_addition_to_other_faults(self) -> None:
        self.plan({"fault": "latency", "call": "sns.*", "seconds": 0.01, "random": True},
                  {"fault": "throttle", "call": "sns.*", "times": 1})
        self.assertEqual(self.failure(self.sns.publish, TopicArn=self.topic, Message="m")[0], "Throttling")
        self.assertEqual(self.fired("latency", "sns.Publish"), 1)

    def test_a_request_is_held_until_it_is_released(self) -> None:
        self.plan({"fault": "hold", "call": "sns.*", "times": 1})
        plan, published = self.proxy.plan, threading.Event()

        def publish() -> None:
            self.sns.publish(TopicArn=self.topic, Message="m")
            published.set()

        thread = threading.Thread(target=publish)
        thread.start()
        wait_until(lambda: plan.fired["hold", "sns.Publish"])
        self.sns.publish(TopicArn=self.topic, Message="of another")
        self.assertFalse(published.is_set())
        plan.release()
        thread.join()
        self.assertTrue(published.is_set())

    def test_limits_of_dynamodb(self) -> None:
        write = self.dynamodb.batch_write_item
        table: dict[str, tuple[Any, dict[str, Any]]] = {
            "26 items": (write, {"RequestItems": puts(*[item(number) for number in range(26)])}),
            "the same key twice": (write, {"RequestItems": puts(item(1), item(1, 2))}),
            "an item over 400 KB": (write, {"RequestItems": puts(item(1, 400 * 1024))}),
            "26 statements": (self.dynamodb.batch_execute_statement, {"Statements": [{"Statement": "SELECT"}] * 26}),
        }
        for name, (function, arguments) in table.items():
            with self.subTest(name):
                self.assertEqual(self.failure(function, **arguments), ("ValidationException", 400))
        size = 400 * 1024 - item_size(item(2, 0))
        self.assertEqual(write_batch_fault({"RequestItems": puts(item(2, size))}, lambda table: []), "")
        self.assertIn("size", write_batch_fault({"RequestItems": puts(item(2, size + 1))}, lambda table: []))
        self.assertEqual(self.proxy.plan.refused["dynamodb.BatchWriteItem"], 3)

    def test_limits_of_queues_and_topics(self) -> None:
        def entries(*bodies: str) -> dict[str, Any]:
            return {"QueueUrl": self.queue_url, "Entries": [
                {"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]}

        send = self.sqs.send_message_batch
        prefix = "AWS.SimpleQueueService."
        self.assertEqual(self.failure(send, **entries(*["x"] * 11))[0], prefix + "TooManyEntriesInBatchRequest")
        self.assertEqual(self.failure(send, **entries("x" * 600_000, "x" * 600_000))[0], prefix + "BatchRequestTooLong")
        self.assertEqual(self.failure(send, **entries("\x01"))[0], "InvalidMessageContents")
        for subject in ("x" * 100, "a\nb", "ä"):
            self.assertEqual(self.failure(self.sns.publish, TopicArn=self.topic, Message="m", Subject=subject)[0],
                             "InvalidParameter")
        self.sns.publish(TopicArn=self.topic, Message="m", Subject="x" * 99)

    def test_same_seed_produces_the_same_faults(self) -> None:
        def pattern(seed: int) -> list[bool]:
            plan = FaultPlan.read({"seed": seed, "faults": [{"fault": "throttle", "probability": 0.5}]})
            return [bool(plan.draw("s3.GetObject", ("throttle",))) for _ in range(64)]

        self.assertEqual(pattern(5), pattern(5))
        self.assertNotEqual(pattern(5), pattern(6))

    def test_rules_skip_and_end(self) -> None:
        self.plan({"fault": "throttle", "call": "s3.HeadObject", "skip": 1, "times": 1})
        self.s3.head_object(Bucket=BUCKET, Key="big")
        self.failure(self.s3.head_object, Bucket=BUCKET, Key="big")
        self.s3.head_object(Bucket=BUCKET, Key="big")

    def test_invalid_plans_are_rejected(self) -> None:
        for fault in ({"fault": "fire"}, {"fault": "throttle", "staus": 500}, {"fault": "error", "status": 404}):
            with self.subTest(fault), self.assertRaises(PlanError):
                FaultPlan.read({"faults": [fault]})

    def test_control_port(self) -> None:
        def order(method: str, path: str, body: bytes | None = None) -> bytes:
            request = urllib.request.Request(self.proxy.control_url + path, body, method=method)
            with urllib.request.urlopen(request) as reply:
                return bytes(reply.read())

        order("PUT", "/plan", json.dumps({"faults": [{"fault": "throttle", "call": "s3.*", "times": 1},
                                                     {"fault": "throttle", "call": "sns.*"}]}).encode())
        self.failure(self.s3.head_object, Bucket=BUCKET, Key="big")
        counts = json.loads(order("GET", "/counts"))
        self.assertEqual(counts["fired"], [{"fault": "throttle", "call": "s3.HeadObject", "count": 1}])
        self.assertEqual(counts["unfired"], ["throttle of sns.*"])
        self.assertRegex(order("GET", "/table").decode(), r"throttle +sns\.\* +0")
        order("POST", "/reset")
        self.assertEqual(json.loads(order("GET", "/counts"))["fired"], [])
        with self.assertRaises(urllib.error.HTTPError):
            order("PUT", "/plan", b'{"faults": [{"fault": "fire"}]}')

    def test_program_fails_if_a_fault_never_occurred(self) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"faults": [{"fault": "throttle", "call": "s3.HeadObject", "times": 1}]}, file)
            file.flush()
            for calls, code in ((1, 1), (2, 0)):
                process = subprocess.Popen([sys.executable, fault_proxy.__file__, "--upstream", self.emulator.url,
                                            "--plan", file.name], stdout=subprocess.PIPE, text=True)
                assert process.stdout is not None
                url = process.stdout.readline().split()[0]
                s3 = client("s3", url)
                s3.list_objects_v2(Bucket=BUCKET)
                if calls == 2:
                    self.failure(s3.head_object, Bucket=BUCKET, Key="big")
                process.send_signal(signal.SIGTERM)
                output, _ = process.communicate(timeout=HANG_SECONDS)
                self.assertEqual(process.returncode, code, output)
                self.assertRegex(output, rf"throttle +s3\.HeadObject +{calls - 1}")


class EmulatorTest(unittest.TestCase):
    emulator: Emulator

    """Corrections to the emulated services."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = cls.enterClassContext(Emulator())

    def test_s3_events_have_the_services_form(self) -> None:
        s3, sqs = client("s3", self.emulator.url), client("sqs", self.emulator.url)
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [
            {"QueueArn": f"arn:aws:sqs:{REGION}:123456789012:{QUEUE}", "Events": ["s3:ObjectCreated:*"]}]})
        version = s3.put_object(Bucket=BUCKET, Key="uploads/V 1/a+ü.csv", Body=b"x")["VersionId"]
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        events = [json.loads(message["Body"]) for message in messages]
        self.assertIn("s3:TestEvent", [event.get("Event") for event in events])
        record, = [event["Records"][0] for event in events if "Records" in event]
        self.assertEqual(record["s3"]["object"]["key"], "uploads/V+1/a%2B%C3%BC.csv")
        self.assertEqual(record["s3"]["object"]["versionId"], version)
        self.assertTrue(re.fullmatch(r"[0-9A-F]{16}", record["s3"]["object"]["sequencer"]))
        self.assertTrue(record["eventTime"].endswith("Z"))

    def test_an_unchanged_put_emits_no_stream_record(self) -> None:
        dynamodb, streams = client("dynamodb", self.emulator.url), client("dynamodbstreams", self.emulator.url)
        table = dynamodb.create_table(
            TableName=TABLE, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "upload_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "upload_id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        arn = table["TableDescription"]["LatestStreamArn"]
        for text in ("1", "1", "2"):
            dynamodb.put_item(TableName=TABLE, Item={"upload_id": {"S": "U"}, "text": {"S": text}})
        shard, = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY"])
