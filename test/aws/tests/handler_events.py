"""Test which events each handler accepts: those of its own sources, in every envelope, and no others.

Run by test/tap/066_events.pl, which starts the server.
"""

import json
import os
import subprocess
import unittest
import uuid
from dataclasses import replace
from typing import Any, Callable

from event_sources import EmulatedQueue, queue_record, url_event
from handler_case import HandlerCase
from pipeline import queue_arn
from postgres import query as sql
from runtime_api import Function, FunctionSettings, Result
from service_events import (OTHERS, PLAIN_OBJECTS, SCHEDULES, Event, StoredObject, http_api_request, queue_event,
                            rotation_event, s3_bus_event, s3_notification, s3_test_event, table_event, topic_event,
                            topic_message)

PLANTED = "PLANTED-VALUE-6a17"
UPLOADS, ERRORS = "upload-events", "product-validation-errors"
OTHER_ACCOUNT = "arn:aws:sqs:us-east-1:210987654321:"
OTHER_REGION = "arn:aws:sqs:eu-west-3:123456789012:"
KEY = "uploads/VEND001/a b+\u00e4 %41.csv"
CONTENT = f"vendor_product_id,product_name,category,sku,price,stock_quantity\nV1,{PLANTED},Books,S1,1.50,2\n".encode()

# Every way in which the announcement of an object reaches a function; {} is the announcement.
DELIVERIES: dict[str, Callable[[str], Event]] = {
    "itself": json.loads,
    "SQS": lambda text: queue_event(UPLOADS, text),
    "SNS": topic_event,
    "SNS, SQS": lambda text: queue_event(UPLOADS, json.dumps(topic_message(text))),
}
ANNOUNCEMENTS: dict[str, Callable[[StoredObject], Event]] = {"S3": s3_notification, "EventBridge": s3_bus_event}

ANNOUNCED = {f"{announcement} by {delivery}" for announcement in ANNOUNCEMENTS for delivery in DELIVERIES}
# Any message of the parser's queue is accepted as an event; one that announces no object fails by itself.
QUEUED = {"test event by SQS", "queue of uploads", "no messages"}

# The events that each handler accepts, by their names below; it refuses all others.
ACCEPTED: dict[str, set[str]] = {
    "check": {*PLAIN_OBJECTS, *SCHEDULES, "command"},
    "parser": {*ANNOUNCED, *QUEUED, "test event", "test event by SNS", "removal", "removal of EventBridge",
               "SNS to HTTP"},
    "validator": {"table", "no messages"},
    "reporter": {"queue of errors", "no messages"},
    "link": {"function URL", "HTTP API"},
    "sweeper": {*SCHEDULES},
    "rotate": {"rotation"},
    "operator": {"command"},
}
ACCEPTED["direct"] = ACCEPTED["parser"]


def code_of(result: Result) -> str:
    return "" if result.error is None else str(result.error["errorMessage"]).partition(":")[0]


def failures(result: Result) -> list[str]:
    return [failure["itemIdentifier"] for failure in result.payload["batchItemFailures"]]


def stored_state() -> str:
    """Return a checksum of everything in the database that a handler could change."""
    return sql("""SELECT md5(coalesce(string_agg(line, chr(10) ORDER BY line), '')) FROM (
        SELECT u::text FROM onboard.upload_history u UNION ALL SELECT p::text FROM onboard.products p
        UNION ALL SELECT e::text FROM onboard.validation_errors e UNION ALL SELECT o::text FROM onboard.outbox o
        UNION ALL SELECT j::text FROM onboard.judged_rows j) AS t (line)""")


class EventsTest(HandlerCase):
    @classmethod
    def make_resources(cls) -> None:
        cls.resources.make(cls.clients, cls.database(), operator=cls.database())
        cls.clients["s3"].create_bucket(Bucket="plain")

    def setUp(self) -> None:
        self.functions: list[Function] = []
        sql("TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")

    def tearDown(self) -> None:
        for function in self.functions:
            for line in function.log.lines():
                self.assertIsInstance(json.loads(line), dict)
                self.assertNotIn(PLANTED, line)

    def function(self, handler: str, **environment: str) -> Function:
        function = Function(FunctionSettings(handler, os.environ["ONBOARD_BOOTSTRAP"], handler, 300.0),
                            {**self.resources.environment(self.proxy.url, handler), "DATABASE_PAUSE_SECONDS": "0",
                             **environment})
        self.addCleanup(function.stop)
        self.functions.append(function)
        return function

    def put(self, vendor: str = "VEND001", key: str = "", bucket: str = "", content: bytes = CONTENT) -> StoredObject:
        key = key or f"uploads/{vendor}/{uuid.uuid4()}.csv"
        bucket = bucket or self.resources.bucket
        done = self.clients["s3"].put_object(Bucket=bucket, Key=key, Body=content)
        return StoredObject(bucket, key, done.get("VersionId", ""), done["ETag"].strip('"'), len(content),
                            "0066A1B2C3D4E5F607")

    def deliveries(self, stored: StoredObject) -> dict[str, Event]:
        """Return every event that announces an object."""
        return {f"{announcement} by {delivery}": deliver(json.dumps(announce(stored)))
                for announcement, announce in ANNOUNCEMENTS.items() for delivery, deliver in DELIVERIES.items()}

    def image(self) -> dict[str, Any]:
        upload_id = sql(f"SELECT onboard_begin_upload('VEND001', 'a.csv', 'uploads/VEND001/a.csv', '{uuid.uuid4()}', 1)")
        return {"upload_id": {"S": upload_id}, "record_id": {"S": "REC_00000001"}, "row_number": {"N": "1"},
                "line_number": {"N": "2"}, "status": {"S": "pending_validation"},
                "product_data": {"M": {"sku": {"S": PLANTED}}}}

    def events(self) -> dict[str, Event]:
        """Return an event of every service, and several events of the services that the handlers share."""
        stored = self.put()
        elsewhere = replace(stored, bucket="another-bucket")
        message = json.dumps({"v": 1, "event_id": 1, "kind": "errors_recorded", "upload_id": "VEND001-1"})
        image = self.image()
        return {
            **OTHERS, **PLAIN_OBJECTS, **SCHEDULES, **self.deliveries(stored),
            "test event": s3_test_event(stored.bucket),
            "test event by SNS": topic_event(json.dumps(s3_test_event(stored.bucket))),
            "test event by SQS": queue_event(UPLOADS, json.dumps(s3_test_event(stored.bucket))),
            "removal": s3_notification(stored, "ObjectRemoved:Delete"),
            "removal of EventBridge": s3_bus_event(stored, "Object Deleted"),
            "another bucket": s3_notification(elsewhere),
            "another bucket of EventBridge": s3_bus_event(elsewhere),
            "SNS to HTTP": topic_message(json.dumps(s3_notification(stored))),
            "SNS, subscription": {**topic_message("x"), "Type": "SubscriptionConfirmation"},
            "queue of uploads": queue_event(UPLOADS, "no announcement"),
            "queue of errors": queue_event(ERRORS, message),
            "another queue": queue_event("another-queue", message),
            "queue of uploads, another account": queue_event("", message, arn=OTHER_ACCOUNT + UPLOADS),
            "queue of errors, another account": queue_event("", message, arn=OTHER_ACCOUNT + ERRORS),
            "queue of uploads, dead letters": queue_event(UPLOADS + "-dead", message),
            "no messages": {"Records": []},
            "table": table_event("UploadRecords", image),
            "another table": table_event("UploadRecordsOld", image),
            "function URL": url_event("GET", "/r/token"),
            "HTTP API": http_api_request(),
            "command": {"command": "backlog"},
            "rotation": rotation_event(self.resources.settings["Secrets"]["database"]),
        }

    def test_every_handler_is_tested(self) -> None:
        shown = subprocess.run([os.environ["ONBOARD_BOOTSTRAP"], "--help"], capture_output=True, text=True, check=True).stdout
        names = shown.partition("Handlers: ")[2].partition(".")[0]
        self.assertEqual(sorted(names.replace("\n", " ").split(", ")), sorted(ACCEPTED))

    def test_every_event_and_every_handler(self) -> None:
        """The accepted pairs are those of the table; every other event fails, with nothing called or changed."""
        events = self.events()
        for handler, accepted in ACCEPTED.items():
            self.assertLessEqual(accepted, set(events))
            function = self.function(handler)
            calls, state = self.proxy.plan.calls.total(), stored_state()
            for name in events.keys() - accepted:
                with self.subTest(handler=handler, event=name):
                    result = function.invoke(events[name])
                    self.assertEqual((code_of(result), result.error_type), ("EVENT_INVALID", "Function.InvalidEvent"))
                    self.assertEqual(self.proxy.plan.calls.total(), calls)
            self.assertEqual(stored_state(), state)
            for name in accepted:
                with self.subTest(handler=handler, event=name):
                    result = function.invoke(events[name])
                    self.assertNotEqual(code_of(result), "EVENT_INVALID", result.error)
            self.assertEqual(function.cold_starts, 1)

    def test_batch_with_one_foreign_record_is_not_begun(self) -> None:
        """No single message is reported as failed: the whole invocation fails, so that nothing is acknowledged."""
        stored = self.put()
        queued = queue_event(UPLOADS, json.dumps(s3_notification(stored)))["Records"]
        image = self.image()
        row = table_event("UploadRecords", image)["Records"]
        error = queue_event(ERRORS, json.dumps({"v": 1, "kind": "upload_ended", "upload_id": "VEND001-1"}))["Records"]
        foreign = [queue_event("another-queue", "x")["Records"][0], OTHERS["Kinesis"]["Records"][0],
                   table_event("Another", image)["Records"][0], topic_event("x")["Records"][0],
                   queue_event("", "x", arn=OTHER_REGION + "elsewhere")["Records"][0]]
        for handler, own in (("parser", queued), ("direct", queued), ("parser", s3_notification(stored)["Records"]),
                             ("validator", row), ("reporter", error)):
            function = self.function(handler)
            state = stored_state()
            for record in foreign:
                for records in ([*own, record], [record, *own], [*own, record, *own]):
                    self.assertEqual(code_of(function.invoke({"Records": records})), "EVENT_INVALID")
            self.assertEqual(stored_state(), state)

    def test_same_object_in_every_envelope_is_one_upload(self) -> None:
        """With a version, and in a bucket without versions, in which the sequencer tells writes apart."""
        for bucket, identity in (("", "{version}"), ("plain", '"{etag}"/66A1B2C3D4E5F607')):
            stored = self.put(key=KEY, bucket=bucket)
            function = self.function("parser", BUCKET=bucket or self.resources.bucket)
            events = self.deliveries(stored)
            events["EventBridge as documented"] = s3_bus_event(replace(stored, sequencer="66a1b2c3d4e5f607"))
            for name, event in events.items():
                result = function.invoke(event)
                self.assertTrue(result.ok, (name, result.error))
                self.assertEqual(failures(result), [], name)
            self.assertEqual(
                sql(f"SELECT content_id, file_name, parse_attempts FROM onboard.upload_history WHERE s3_key = $k${KEY}$k$ "
                    f"AND metadata->>'bucket' = '{stored.bucket}'"),
                f"{stored.bucket}/{KEY}/{identity.format(version=stored.version, etag=stored.etag)}|a b+\u00e4 %41.csv|"
                f"{len(events)}")

    def test_direct_invocation_fails_if_an_object_does(self) -> None:
        """There is no message to redeliver; the other objects of the event are still read."""
        known, unknown = self.put(), self.put("VEND777")
        both = {"Records": [*s3_notification(unknown)["Records"], *s3_notification(known)["Records"]]}
        for event in (both, topic_event(json.dumps(both)), s3_bus_event(unknown)):
            for handler in ("parser", "direct"):
                result = self.function(handler).invoke(event)
                self.assertEqual((code_of(result), result.error_type), ("UNKNOWN_VENDOR", "Function.FileFault"))
        self.assertEqual(sql(f"SELECT count(*) FROM onboard.upload_history WHERE s3_key = '{known.key}'"), "1")

    def test_message_about_another_bucket_fails_alone(self) -> None:
        stored = self.put()
        elsewhere = replace(self.put(bucket="plain"), bucket="plain")
        bodies = [json.dumps(body) for body in (
            s3_notification(elsewhere), s3_notification(stored), s3_bus_event(elsewhere),
            topic_message(json.dumps(s3_notification(elsewhere))), s3_test_event("plain"))]
        function = self.function("parser")
        self.assertEqual(failures(function.invoke(queue_event(UPLOADS, *bodies))), ["m0", "m2", "m3"])
        self.assertEqual(sql("SELECT s3_key FROM onboard.upload_history"), stored.key)
        codes = [line["error_code"] for line in function.log.records() if "error_code" in line]
        self.assertEqual(codes, ["EVENT_INVALID"] * 3)

    def test_function_without_a_queue_accepts_no_message(self) -> None:
        stored = self.put()
        function = self.function("parser", UPLOAD_QUEUE_URL="")
        self.assertEqual(code_of(function.invoke(queue_event(UPLOADS, json.dumps(s3_notification(stored))))), "EVENT_INVALID")
        self.assertEqual(failures(function.invoke(s3_notification(stored))), [])

    def test_nested_envelopes_have_a_limit(self) -> None:
        stored = self.put()
        text = json.dumps(s3_notification(stored))
        function = self.function("parser")
        for depth in range(1, 7):
            self.assertEqual(failures(function.invoke(queue_event(UPLOADS, text))), [] if depth <= 4 else ["m0"])
            text = json.dumps(topic_message(text))

    def test_topic_before_the_queue(self) -> None:
        """Through the emulated topic and queue, with and without raw delivery."""
        sns, sqs = self.clients["sns"], self.clients["sqs"]
        topic = sns.create_topic(Name="product-uploads")["TopicArn"]
        function = self.function("parser")
        queue = EmulatedQueue(sqs, self.resources.queue_urls[UPLOADS])
        for raw in ("false", "true"):
            stored = self.put()
            queue.delete(queue.receive(10))
            subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn(UPLOADS),
                                         Attributes={"RawMessageDelivery": raw})["SubscriptionArn"]
            sns.publish(TopicArn=topic, Subject="Amazon S3 Notification", Message=json.dumps(s3_notification(stored)))
            messages = queue.receive(10)
            self.assertEqual(['"Type"' in message["Body"] for message in messages], [raw == "false"])
            event = {"Records": [queue_record(message, queue_arn(UPLOADS)) for message in messages]}
            self.assertEqual(failures(function.invoke(event)), [])
            queue.delete(messages)
            sns.unsubscribe(SubscriptionArn=subscription)
            self.assertEqual(sql(f"SELECT total_records FROM onboard.upload_history WHERE s3_key = '{stored.key}'"), "1")


if __name__ == "__main__":
    unittest.main()
