"""Test the event sources: each rule in isolation, with a clock and a function that the test provides."""

import json
import unittest
from typing import Any, Callable

from emulator import Emulator, client
from event_filter import Filter
from event_sources import (DeliveryFaults, EmulatedQueue, QueueConsumer, QueuePoller, StreamConsumer, queue_record,
                           scheduled_event, url_event, url_reply)
from patience import wait_until
from pipeline import read_settings
from runtime_api import Result

HOUR = 3600.0


def record(number: int, when: float = 0.0, status: str = "pending_validation", event: str = "INSERT") -> dict[str, Any]:
    return {"eventID": f"id{number}", "eventName": event, "dynamodb": {
        "SequenceNumber": str(1000 + number), "ApproximateCreationDateTime": when,
        "Keys": {"record_id": {"S": str(number)}},
        "NewImage": {"record_id": {"S": str(number)}, "status": {"S": status}, "secret": {"S": "planted-value"}}}}


def numbers(event: dict[str, Any]) -> list[int]:
    return [int(entry["dynamodb"]["SequenceNumber"]) - 1000 for entry in event["Records"]]


def success() -> Result:
    return Result("request", b'{"batchItemFailures":[]}')


def failed_from(number: int) -> Result:
    return Result("request", json.dumps({"batchItemFailures": [{"itemIdentifier": str(1000 + number)}]}).encode())


def error() -> Result:
    return Result("request", error={"errorType": "Function.Broken"})


class Shard:
    """A consumer with its own clock, the batches that it delivered and those that it discarded."""

    def __init__(self, function: Callable[[list[int]], Result], faults: DeliveryFaults | None = None,
                 **mapping: Any) -> None:
        self.now = 0.0
        self.delivered: list[list[int]] = []
        self.discarded: list[dict[str, Any]] = []
        self.function = function
        given = {"BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"], **mapping}
        self.consumer = StreamConsumer(given, self.invoke, self.discarded.append, "function-arn", "stream-arn", "shard",
                                       lambda: self.now, faults)

    def invoke(self, event: dict[str, Any]) -> Result:
        self.delivered.append(numbers(event))
        return self.function(numbers(event))

    def run(self, count: int, limit: int = 100) -> list[list[int]]:
        """Deliver this many records until all are done or discarded, or the limit of steps is reached."""
        self.consumer.offer([record(number) for number in range(count)])
        self.steps(limit)
        return self.delivered

    def steps(self, limit: int) -> None:
        for _ in range(limit):
            if self.consumer.quiet():
                break
            if not self.consumer.step():
                self.now += 1


class StreamTest(unittest.TestCase):
    def test_batches_are_delivered_in_order(self) -> None:
        self.assertEqual(Shard(lambda _: success()).run(25),
                         [list(range(10)), list(range(10, 20)), list(range(20, 25))])

    def test_a_batch_waits_for_its_window(self) -> None:
        shard = Shard(lambda _: success(), MaximumBatchingWindowInSeconds=5)
        shard.consumer.offer([record(0)])
        shard.now = 4.9
        self.assertFalse(shard.consumer.step())
        shard.consumer.offer([record(1)])
        shard.now = 5
        self.assertTrue(shard.consumer.step())
        self.assertEqual(shard.delivered, [[0, 1]])

    def test_full_batch_does_not_wait(self) -> None:
        shard = Shard(lambda _: success(), MaximumBatchingWindowInSeconds=5)
        shard.consumer.offer([record(number) for number in range(10)])
        self.assertTrue(shard.consumer.step())

    def test_retry_starts_at_the_lowest_failed_record(self) -> None:
        replies = iter([failed_from(4), failed_from(6), success()])
        self.assertEqual(Shard(lambda _: next(replies)).run(10), [list(range(10)), [4, 5, 6, 7, 8, 9], [6, 7, 8, 9]])

    def test_a_failed_batch_blocks_the_shard(self) -> None:
        shard = Shard(lambda batch: failed_from(3) if 3 in batch and shard.now < 20 else success())
        shard.run(20, 200)
        self.assertEqual(shard.delivered[0], list(range(10)))
        self.assertEqual(shard.delivered[-1], list(range(10, 20)))
        self.assertTrue(all(batch == list(range(3, 10)) for batch in shard.delivered[1:-1]))
        self.assertGreater(len(shard.delivered), 5)

    def test_an_error_sends_the_whole_batch_again(self) -> None:
        replies = iter([error(), success()])
        self.assertEqual(Shard(lambda _: next(replies)).run(4), [[0, 1, 2, 3]] * 2)

    def test_error_halves_the_batch_and_isolates_a_poison_record(self) -> None:
        shard = Shard(lambda batch: error() if 5 in batch else success(), BisectBatchOnFunctionError=True,
                      MaximumRetryAttempts=2)
        self.assertEqual(shard.run(8), [list(range(8)), [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [5], [5], [6, 7]])
        message, = shard.discarded
        self.assertEqual(message["requestContext"]["condition"], "RetryAttemptsExhausted")
        self.assertEqual(message["requestContext"]["approximateInvokeCount"], 3)
        self.assertEqual(message["DDBStreamBatchInfo"]["startSequenceNumber"], "1005")
        self.assertEqual(message["DDBStreamBatchInfo"]["batchSize"], 1)

    def test_an_unusable_reply_halves_the_batch_and_a_named_failure_does_not(self) -> None:
        unusable = Result("", b'{"batchItemFailures":[{"itemIdentifier":""}]}')
        shard = Shard(lambda batch: unusable if len(batch) > 1 else success(), BisectBatchOnFunctionError=True)
        self.assertEqual(shard.run(3), [[0, 1, 2], [0, 1], [0], [1], [2]])
        replies = iter([failed_from(1), success()])
        self.assertEqual(Shard(lambda _: next(replies), BisectBatchOnFunctionError=True).run(3), [[0, 1, 2], [1, 2]])

    def test_one_in_a_hundred_is_discarded_and_the_rest_is_done_once(self) -> None:
        shard = Shard(lambda batch: failed_from(42) if batch[0] <= 42 <= batch[-1] else success(),
                      MaximumRetryAttempts=3)
        shard.run(100, 1000)
        done = [number for batch in shard.delivered for number in batch if not batch[0] <= 42 <= batch[-1]]
        self.assertEqual(shard.delivered.count(list(range(42, 50))), 3)
        self.assertEqual(done, list(range(40)) + list(range(50, 100)))
        self.assertEqual(shard.discarded[0]["DDBStreamBatchInfo"]["batchSize"], 8)

    def test_replies_that_name_failures_do_not_reset_retries(self) -> None:
        shard = Shard(lambda batch: failed_from(batch[0]), MaximumRetryAttempts=4)
        self.assertEqual(shard.run(3), [[0, 1, 2]] * 5)
        self.assertEqual(len(shard.discarded), 1)

    def test_records_that_are_too_old_are_discarded(self) -> None:
        shard = Shard(lambda _: error(), MaximumRecordAgeInSeconds=HOUR)
        shard.consumer.offer([record(0, 0), record(1, HOUR / 2)])
        shard.consumer.step()
        shard.now = HOUR + 1
        shard.consumer.step()
        shard.now = 2 * HOUR
        shard.consumer.step()
        self.assertEqual(shard.delivered, [[0, 1], [1]])
        conditions = [message["requestContext"]["condition"] for message in shard.discarded]
        self.assertEqual(conditions, ["RecordAgeExceeded"] * 2)
        self.assertTrue(shard.consumer.quiet())

    def test_without_an_age_limit_the_stream_silently_loses_them(self) -> None:
        shard = Shard(lambda _: error())
        shard.consumer.offer([record(0)])
        shard.consumer.step()
        shard.now = 24 * HOUR + 1
        shard.consumer.step()
        self.assertEqual((shard.delivered, shard.discarded, shard.consumer.counts["trimmed"]), ([[0]], [], 1))

    def test_the_message_about_a_discarded_batch_has_no_content(self) -> None:
        shard = Shard(lambda _: error(), MaximumRetryAttempts=0)
        shard.run(3)
        message, = shard.discarded
        self.assertNotIn("planted-value", json.dumps(message))
        self.assertEqual(message["DDBStreamBatchInfo"], {
            "shardId": "shard", "startSequenceNumber": "1000", "endSequenceNumber": "1002",
            "approximateArrivalOfFirstRecord": "1970-01-01T00:00:00.000Z",
            "approximateArrivalOfLastRecord": "1970-01-01T00:00:00.000Z", "batchSize": 3, "streamArn": "stream-arn"})

    def test_retries_back_off(self) -> None:
        shard = Shard(lambda _: error())
        shard.consumer.offer([record(0)])
        shard.consumer.step()
        self.assertFalse(shard.consumer.step())
        first = shard.consumer.pause_until - shard.now
        shard.now = shard.consumer.pause_until
        shard.consumer.step()
        self.assertGreater(shard.consumer.pause_until - shard.now, first)

    def test_only_records_that_pass_the_filter_are_delivered(self) -> None:
        criteria = read_settings()["EventSourceMappings"]["upload-records"]["FilterCriteria"]
        shard = Shard(lambda _: success(), FilterCriteria=criteria)
        removed = record(6, event="REMOVE")
        del removed["dynamodb"]["NewImage"]
        shard.consumer.offer([record(0), record(1, status="validated"), record(2, event="MODIFY"),
                              record(3, status="error"),
                              record(4, status="error", event="MODIFY"), record(5, event="REMOVE"), removed])
        shard.consumer.step()
        self.assertEqual(shard.delivered, [[0, 2]])

    def test_a_batch_stays_under_six_megabytes(self) -> None:
        shard = Shard(lambda _: success())
        records = [record(number) for number in range(10)]
        for entry in records:
            entry["dynamodb"]["NewImage"]["text"] = {"S": "x" * 2_000_000}
        shard.consumer.offer(records)
        shard.steps(20)
        self.assertEqual([len(batch) for batch in shard.delivered], [3, 3, 3, 1])

    def test_concurrent_batches_are_rejected(self) -> None:
        with self.assertRaises(ValueError):
            Shard(lambda _: success(), ParallelizationFactor=2)

    def test_faults_of_delivery_lose_nothing_and_happen(self) -> None:
        faults = DeliveryFaults(7, duplicate=0.3, reorder=0.3, split=0.5)
        shard = Shard(lambda _: success(), faults)
        shard.run(200, 1000)
        flat = [number for batch in shard.delivered for number in batch]
        self.assertEqual(set(flat), set(range(200)))
        self.assertGreater(len(flat), 200)
        self.assertNotEqual([batch[0] for batch in shard.delivered], sorted(batch[0] for batch in shard.delivered))
        self.assertEqual(faults.unfired(), [])
        again = Shard(lambda _: success(), DeliveryFaults(7, duplicate=0.3, reorder=0.3, split=0.5))
        self.assertEqual(again.run(200, 1000), shard.delivered)
        never = DeliveryFaults(7, duplicate=0.3)
        self.assertEqual(never.unfired(), ["duplicate"])


class FilterTest(unittest.TestCase):
    def test_patterns(self) -> None:
        event = {"a": {"b": "text", "n": 5, "none": None}}
        table: list[tuple[Any, bool]] = [
            ({"a": {"b": ["text"]}}, True), ({"a": {"b": ["other", "text"]}}, True), ({"a": {"b": ["other"]}}, False),
            ({"a": {"n": [5]}}, True), ({"a": {"n": ["5"]}}, False),
            ({"a": {"none": [None]}}, True), ({"a": {"c": [None]}}, False),
            ({"a": {"b": [{"prefix": "te"}]}}, True), ({"a": {"b": [{"suffix": "te"}]}}, False),
            ({"a": {"b": [{"anything-but": ["text"]}]}}, False), ({"a": {"c": [{"exists": False}]}}, True),
            ({"a": {"c": [{"exists": True}]}}, False), ({"a": {"b": ["text"], "n": [6]}}, False),
            ({"a": {"b": {"c": ["x"]}}}, False),
        ]
        for pattern, expected in table:
            with self.subTest(pattern):
                self.assertEqual(Filter({"Filters": [{"Pattern": pattern}]}).passes(event), expected)
                self.assertEqual(Filter({"Filters": [{"Pattern": json.dumps(pattern)}]}).passes(event), expected)
        self.assertTrue(Filter(None).passes(event))
        with self.assertRaises(ValueError):
            Filter({"Filters": [{"Pattern": {"a": {"n": [{"numeric": [">", 1]}]}}}]}).passes(event)


class QueueTest(unittest.TestCase):
    emulator: Emulator
    sqs: Any

    """Against the emulated queues, which implement visibility and redrive."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = cls.enterClassContext(Emulator())
        cls.sqs = client("sqs", cls.emulator.url)

    def setUp(self) -> None:
        name = self._testMethodName[-60:]
        self.dead = EmulatedQueue(self.sqs, self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"])
        policy = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{name}-dead", "maxReceiveCount": 3}
        self.queue = EmulatedQueue(self.sqs, self.sqs.create_queue(QueueName=name, Attributes={
            "VisibilityTimeout": "3600", "RedrivePolicy": json.dumps(policy)})["QueueUrl"])
        self.events: list[dict[str, Any]] = []

    def consumer(self, function: Callable[[list[dict[str, Any]]], Result],
                 faults: DeliveryFaults | None = None) -> QueueConsumer:
        def invoke(event: dict[str, Any]) -> Result:
            self.events.append(event)
            return function(event["Records"])

        mapping = {"BatchSize": 20, "FunctionResponseTypes": ["ReportBatchItemFailures"], "RetrySeconds": 1}
        return QueueConsumer(mapping, self.queue, invoke, "queue-arn", faults)

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.queue.url, MessageBody=body, MessageAttributes={
                "vendor_id": {"DataType": "String", "StringValue": "V"},
                "raw": {"DataType": "Binary", "BinaryValue": b"\xff"}})

    def bodies(self) -> list[list[str]]:
        return [[entry["body"] for entry in event["Records"]] for event in self.events]

    def step_until(self, consumer: QueueConsumer, reached: Callable[[], bool]) -> None:
        def step_and_look() -> bool:
            consumer.step()
            return reached()

        wait_until(step_and_look)

    def test_an_event_has_the_services_fields(self) -> None:
        self.send("body")
        self.consumer(lambda _: success()).step()
        entry, = self.events[0]["Records"]
        self.assertEqual((entry["body"], entry["eventSource"], entry["eventSourceARN"], entry["awsRegion"]),
                         ("body", "aws:sqs", "queue-arn", "us-east-1"))
        self.assertEqual(entry["messageAttributes"]["vendor_id"]["stringValue"], "V")
        self.assertEqual(entry["messageAttributes"]["raw"]["binaryValue"], "/w==")
        self.assertLessEqual({"SentTimestamp", "SenderId", "ApproximateReceiveCount",
                              "ApproximateFirstReceiveTimestamp"},
                             entry["attributes"].keys())
        self.assertEqual(entry["attributes"]["ApproximateReceiveCount"], "1")
        self.assertEqual(set(entry) - {"md5OfMessageAttributes"}, {
            "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
            "eventSourceARN", "awsRegion"})

    def test_successes_are_deleted_and_failures_redelivered(self) -> None:
        def function(records: list[dict[str, Any]]) -> Result:
            failed = [entry["messageId"] for entry in records
                      if entry["body"] == "b" and entry["attributes"]["ApproximateReceiveCount"] == "1"]
            return Result("", json.dumps({"batchItemFailures": [{"itemIdentifier": name} for name in failed]}).encode())

        self.send("a", "b", "c")
        consumer = self.consumer(function)
        self.step_until(consumer, self.queue.empty)
        self.assertEqual([sorted(batch) for batch in self.bodies()], [["a", "b", "c"], ["b"]])
        self.assertTrue(QueuePoller(self.queue, consumer).quiet())

    def test_message_that_always_fails_goes_to_the_dead_letter_queue(self) -> None:
        self.send("a")
        self.step_until(self.consumer(lambda _: error()), lambda: not self.dead.empty())
        self.assertEqual(self.bodies(), [["a"]] * 3)
        self.assertEqual([message["Body"] for message in self.dead.receive(10)], ["a"])
        self.assertTrue(self.queue.empty())

    def test_a_large_batch_takes_several_receives(self) -> None:
        self.send(*[str(number) for number in range(15)])
        self.consumer(lambda _: success()).step()
        self.assertEqual(len(self.events[0]["Records"]), 15)

    def test_faults_of_delivery_lose_nothing_and_happen(self) -> None:
        faults = DeliveryFaults(3, duplicate=0.5, reorder=0.9, split=0.7)
        self.send(*[str(number) for number in range(40)])
        self.step_until(self.consumer(lambda _: success(), faults), self.queue.empty)
        flat = [body for batch in self.bodies() for body in batch]
        self.assertEqual(set(flat), {str(number) for number in range(40)})
        self.assertGreater(len(flat), 40)
        self.assertEqual(faults.unfired(), [])


class EventTest(unittest.TestCase):
    def test_a_queue_record_needs_no_attributes(self) -> None:
        message = {"MessageId": "m", "ReceiptHandle": "r", "Body": "b", "Attributes": {}, "MD5OfBody": "5"}
        self.assertEqual(queue_record(message, "arn")["messageAttributes"], {})

    def test_a_function_url(self) -> None:
        event = url_event("GET", "/r/U.1.abc", "token=a%2Bb&x=1&x=2", {"User-Agent": "browser"}, now=0)
        self.assertEqual((event["version"], event["rawPath"]), ("2.0", "/r/U.1.abc"))
        self.assertEqual(event["requestContext"]["http"]["method"], "GET")
        self.assertEqual(event["queryStringParameters"], {"token": "a+b", "x": "1,2"})
        self.assertEqual(event["headers"]["user-agent"], "browser")
        self.assertEqual(event["requestContext"]["time"], "01/Jan/1970:00:00:00 +0000")
        self.assertNotIn("queryStringParameters", url_event("GET", "/"))

    def test_replies_of_a_function_url(self) -> None:
        def reply(answer: Any) -> Any:
            return url_reply(Result("", json.dumps(answer).encode()))

        moved = reply({"statusCode": 302, "headers": {"Location": "https://x"}})
        self.assertEqual((moved.status, moved.headers["location"], moved.body), (302, "https://x", b""))
        self.assertEqual(reply({"statusCode": 200, "body": "/w==", "isBase64Encoded": True}).body, b"\xff")
        self.assertEqual((reply({"a": 1}).status, reply({"a": 1}).body), (200, b'{"a": 1}'))
        self.assertEqual((url_reply(error()).status, url_reply(Result("", b"no json")).status), (502, 502))

    def test_a_schedule(self) -> None:
        event = scheduled_event("sweeper", now=0)
        self.assertEqual((event["detail-type"], event["time"], event["source"]),
                         ("Scheduled Event", "1970-01-01T00:00:00Z", "aws.events"))
