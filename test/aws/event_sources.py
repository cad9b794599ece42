"""Event sources with the semantics of AWS's event source mappings: a table's stream, queues, URLs and schedules.

The consumers below make the decisions and calls; they use neither boto3 nor threads, and their clock is a parameter,
so that every rule can be tested in isolation.  Sources: "Using AWS Lambda with Amazon DynamoDB", "Using Lambda with
Amazon SQS", "Capturing discarded batches for DynamoDB Streams", "Invoking Lambda function URLs".

Note on streams: a failed batch blocks its shard.  It is sent again from the lowest failed sequence number on, or in
halves if the function failed altogether, until it succeeds, its records are too old, or its retries are used up; then
a message without the records' content goes to the destination, and the shard advances.  Neither a reply that names
failures nor bisecting resets the retry count; bisecting does not increase it.
"""

import base64
import json
import random
import threading
import time
import traceback
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, Mapping, Protocol
from urllib.parse import unquote_plus
from urllib.request import Request as UrlRequest, urlopen

from batch_reply import queue_outcome, stream_outcome
from event_filter import Filter
from patience import HANG_SECONDS
from runtime_api import ACCOUNT, REGION, Result

PAYLOAD_LIMIT = 6 * 1024 * 1024
STREAM_RETENTION_SECONDS = 24 * 3600
QUEUE_RECEIVE_LIMIT = 10

Invoke = Callable[[Any], Result]
Record = dict[str, Any]


def iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class DeliveryFaults:
    """How deliveries deviate from exactly once and in order, as the services may.  Each value is a probability per
    batch.

    duplicate   after a batch succeeds, a random slice of recent deliveries is redelivered; it overlaps several
                batches, so they come back split and merged
    reorder     a batch is swapped with the next one
    split       a batch is cut short at a random length
    """

    seed: int = 0
    duplicate: float = 0.0
    reorder: float = 0.0
    split: float = 0.0
    fired: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(f"delivery/{self.seed}")

    def happens(self, fault: str) -> bool:
        return self.random.random() < self.probability(fault)

    def probability(self, fault: str) -> float:
        return {"duplicate": self.duplicate, "reorder": self.reorder, "split": self.split}[fault]

    def count(self, fault: str) -> None:
        self.fired[fault] += 1

    def unfired(self) -> list[str]:
        faults = ("duplicate", "reorder", "split")
        return [fault for fault in faults if self.probability(fault) > 0 and not self.fired[fault]]


@dataclass
class Batch:
    records: list[Record]
    retries: int = 0
    replay: bool = False


def sequence_number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def arrival(record: Record) -> float:
    return float(record["dynamodb"]["ApproximateCreationDateTime"])


class StreamConsumer:
    """One shard of a stream and the mapping that reads it.

    offer() accepts records as they come from the shard, step() does the next thing that is due.  `on_failure` receives
    the messages about discarded batches.
    """

    def __init__(self, mapping: Mapping[str, Any], invoke: Invoke, on_failure: Callable[[dict[str, Any]], None],
                 function_arn: str = "", stream_arn: str = "", shard_id: str = "shardId-0",
                 clock: Callable[[], float] = time.time, faults: DeliveryFaults | None = None) -> None:
        self.mapping = mapping
        self.filter = Filter(mapping.get("FilterCriteria"))
        self.batch_size = int(mapping.get("BatchSize", 100))
        self.window = float(mapping.get("MaximumBatchingWindowInSeconds", 0))
        self.bisect = bool(mapping.get("BisectBatchOnFunctionError", False))
        self.maximum_retries = int(mapping.get("MaximumRetryAttempts", -1))
        self.maximum_age = float(mapping.get("MaximumRecordAgeInSeconds", -1))
        self.partial = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
        if mapping.get("ParallelizationFactor", 1) != 1:
            raise ValueError("concurrent batches of a shard are not emulated")
        self.invoke = invoke
        self.on_failure = on_failure
        self.function_arn = function_arn
        self.stream_arn = stream_arn
        self.shard_id = shard_id
        self.clock = clock
        self.faults = faults or DeliveryFaults()
        self.buffer: deque[Record] = deque()
        self.buffered_at = 0.0
        self.ready: deque[Batch] = deque()
        self.delivered: deque[Record] = deque(maxlen=2 * self.batch_size)
        self.pause_until = 0.0
        self.failures_in_row = 0
        self.counts: Counter[str] = Counter()

    def offer(self, records: list[Record]) -> None:
        for record in records:
            self.counts["read"] += 1
            if not self.filter.passes(record):
                self.counts["filtered"] += 1
                continue
            if not self.buffer:
                self.buffered_at = self.clock()
            self.buffer.append(record)

    def quiet(self) -> bool:
        return not self.buffer and not self.ready

    def step(self) -> bool:
        """Do what is due; return whether anything was."""
        if not self.ready:
            self.form()
        if not self.ready or self.clock() < self.pause_until:
            return False
        self.process(self.ready.popleft())
        return True

    def form(self) -> None:
        """Form a batch from the buffer, once it is full or the window has passed; two if they are swapped."""
        full = len(self.buffer) >= self.batch_size
        if not self.buffer or not (full or self.clock() - self.buffered_at >= self.window):
            return
        self.ready.append(self.take())
        if self.buffer and self.faults.happens("reorder"):
            self.faults.count("reorder")
            self.ready.appendleft(self.take())

    def take(self) -> Batch:
        limit = self.batch_size
        if min(limit, len(self.buffer)) > 1 and self.faults.happens("split"):
            self.faults.count("split")
            limit = self.faults.random.randrange(1, min(limit, len(self.buffer)))
        records = [self.buffer.popleft()]
        size = len(json.dumps(records[0]))
        while self.buffer and len(records) < limit:
            size += len(json.dumps(self.buffer[0]))
            if size > PAYLOAD_LIMIT:
                break
            records.append(self.buffer.popleft())
        return Batch(records)

    def process(self, batch: Batch) -> None:
        batch = self.without_expired(batch)
        if not batch.records:
            return
        result = self.invoke({"Records": batch.records})
        self.counts["invocations"] += 1
        outcome = stream_outcome(result, [sequence_number(record) for record in batch.records], self.partial)
        done = batch.records if outcome.failed_from is None else batch.records[:outcome.failed_from]
        self.delivered.extend(done)
        if outcome.failed_from is None:
            self.failures_in_row = 0
            self.maybe_replay(batch)
            return
        self.counts["failed_invocations"] += 1
        self.pause()
        self.again(Batch(batch.records[outcome.failed_from:], batch.retries, batch.replay), outcome.whole, result)

    def again(self, rest: Batch, whole: bool, result: Result) -> None:
        """Put the failed records back at the head of the shard, or discard them."""
        if whole and self.bisect and len(rest.records) > 1:
            half = (len(rest.records) + 1) // 2
            self.counts["bisected"] += 1
            self.ready.extendleft([Batch(rest.records[half:], rest.retries, rest.replay),
                                   Batch(rest.records[:half], rest.retries, rest.replay)])
        elif self.maximum_retries >= 0 and rest.retries >= self.maximum_retries:
            self.discard(rest.records, "RetryAttemptsExhausted", rest.retries + 1, result)
        else:
            self.counts["retried"] += 1
            self.ready.appendleft(Batch(rest.records, rest.retries + 1, rest.replay))

    def pause(self) -> None:
        """Wait longer after each consecutive failure, as the service does, though on a smaller scale."""
        self.pause_until = self.clock() + min(0.05 * 2 ** self.failures_in_row, 1.0)
        self.failures_in_row += 1

    def without_expired(self, batch: Batch) -> Batch:
        """Discard records older than the mapping allows, and those that the stream no longer has."""
        now = self.clock()
        trimmed = [record for record in batch.records if now - arrival(record) > STREAM_RETENTION_SECONDS]
        kept = [record for record in batch.records if now - arrival(record) <= STREAM_RETENTION_SECONDS]
        self.counts["trimmed"] += len(trimmed)
        if self.maximum_age >= 0:
            old = [record for record in kept if now - arrival(record) > self.maximum_age]
            kept = [record for record in kept if now - arrival(record) <= self.maximum_age]
            if old:
                self.discard(old, "RecordAgeExceeded", batch.retries, None)
        return Batch(kept, batch.retries, batch.replay)

    def discard(self, records: list[Record], condition: str, invocations: int, result: Result | None) -> None:
        """Report which records are discarded; the message never contains them."""
        self.counts["discarded"] += len(records)
        response = {} if result is None else {"responseContext": {
            "statusCode": 200, "executedVersion": "$LATEST", "functionError": None if result.ok else "Unhandled"}}
        self.on_failure({
            "requestContext": {"requestId": result.request_id if result else str(uuid.uuid4()),
                               "functionArn": self.function_arn, "condition": condition,
                               "approximateInvokeCount": invocations},
            **response,
            "version": "1.0",
            "timestamp": iso_time(self.clock()),
            "DDBStreamBatchInfo": {
                "shardId": self.shard_id,
                "startSequenceNumber": sequence_number(records[0]),
                "endSequenceNumber": sequence_number(records[-1]),
                "approximateArrivalOfFirstRecord": iso_time(arrival(records[0])),
                "approximateArrivalOfLastRecord": iso_time(arrival(records[-1])),
                "batchSize": len(records),
                "streamArn": self.stream_arn,
            },
        })

    def maybe_replay(self, batch: Batch) -> None:
        if batch.replay or not self.faults.happens("duplicate"):
            return
        self.faults.count("duplicate")
        first = self.faults.random.randrange(len(self.delivered))
        last = self.faults.random.randrange(first, min(len(self.delivered), first + self.batch_size))
        self.ready.append(Batch(list(self.delivered)[first:last + 1], replay=True))


class Queue(Protocol):
    """What a consumer needs of a queue; messages are as ReceiveMessage returns them."""

    def receive(self, count: int) -> list[dict[str, Any]]: ...

    def delete(self, messages: list[dict[str, Any]]) -> None: ...

    def show_again(self, messages: list[dict[str, Any]], seconds: int) -> None: ...


def queue_record(message: Mapping[str, Any], queue_arn: str) -> Record:
    """A message as functions see it, with names that differ from ReceiveMessage's reply."""
    attributes = {}
    for name, value in message.get("MessageAttributes", {}).items():
        attributes[name] = {"dataType": value["DataType"], "stringListValues": [], "binaryListValues": []}
        if "StringValue" in value:
            attributes[name]["stringValue"] = value["StringValue"]
        if "BinaryValue" in value:
            attributes[name]["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    md5 = {"md5OfMessageAttributes": message["MD5OfMessageAttributes"]} if "MD5OfMessageAttributes" in message else {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": attributes,
        **md5,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": REGION,
    }


class QueueConsumer:
    """The mapping of a queue.  Failed messages are left to become visible again, and to the queue's redrive policy.

    `RetrySeconds` of the mapping is not an AWS setting: a failed message becomes visible after that time, regardless
    of its queue's visibility timeout.  So a test need not wait, and a slow invocation is not mistaken for a failed
    one.
    """

    def __init__(self, mapping: Mapping[str, Any], queue: Queue, invoke: Invoke, queue_arn: str = "",
                 faults: DeliveryFaults | None = None) -> None:
        if "FilterCriteria" in mapping:
            raise ValueError("filters of queues are not emulated")
        self.batch_size = int(mapping.get("BatchSize", 10))
        self.partial = "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", [])
        self.retry_seconds = mapping.get("RetrySeconds")
        self.queue = queue
        self.invoke = invoke
        self.queue_arn = queue_arn
        self.faults = faults or DeliveryFaults()
        self.held: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()

    def quiet(self) -> bool:
        return not self.held

    def step(self) -> bool:
        """Receive and process a batch; return whether there was one."""
        messages = self.held or self.receive()
        self.held = []
        if not messages:
            return False
        if len(messages) > 1 and self.faults.happens("reorder"):
            self.faults.count("reorder")
            self.faults.random.shuffle(messages)
        if len(messages) > 1 and self.faults.happens("split"):
            self.faults.count("split")
            cut = self.faults.random.randrange(1, len(messages))
            messages, self.held = messages[:cut], messages[cut:]
        self.process(messages)
        return True

    def receive(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < self.batch_size:
            more = self.queue.receive(min(QUEUE_RECEIVE_LIMIT, self.batch_size - len(messages)))
            if not more:
                break
            messages.extend(more)
        return messages

    def process(self, messages: list[dict[str, Any]]) -> None:
        event = {"Records": [queue_record(message, self.queue_arn) for message in messages]}
        if self.faults.happens("duplicate"):
            # Deliver twice; the result of the first delivery is dropped, as if its deletion had been lost.
            self.faults.count("duplicate")
            self.invoke(event)
        result = self.invoke(event)
        self.counts["invocations"] += 1
        outcome = queue_outcome(result, [message["MessageId"] for message in messages], self.partial)
        self.counts["failed"] += len(outcome.failed)
        done = [message for message in messages if message["MessageId"] not in outcome.failed]
        if done:
            self.queue.delete(done)
        failed = [message for message in messages if message["MessageId"] in outcome.failed]
        if failed and self.retry_seconds is not None:
            self.queue.show_again(failed, self.retry_seconds)


class EmulatedQueue:
    """A queue in the emulated services."""

    def __init__(self, client: Any, url: str) -> None:
        self.client = client
        self.url = url

    def receive(self, count: int) -> list[dict[str, Any]]:
        reply = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=count, WaitTimeSeconds=0,
                                            MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])
        return list(reply.get("Messages", []))

    def delete(self, messages: list[dict[str, Any]]) -> None:
        for first in range(0, len(messages), QUEUE_RECEIVE_LIMIT):
            entries = [{"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                       for index, message in enumerate(messages[first:first + QUEUE_RECEIVE_LIMIT])]
            failed = self.client.delete_message_batch(QueueUrl=self.url, Entries=entries).get("Failed")
            if failed:
                raise RuntimeError(f"cannot delete received messages:  {failed}")

    def show_again(self, messages: list[dict[str, Any]], seconds: int) -> None:
        """Set how long messages stay hidden from now on."""
        for message in messages:
            self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"],
                                                  VisibilityTimeout=seconds)

    def size(self) -> int:
        """Return the number of messages, whether delayed, in flight or visible.

        They are counted one after another, and time makes a message visible.  So visible ones are counted last: a
        message that changes meanwhile is counted twice rather than not at all.
        """
        names = [f"ApproximateNumberOfMessages{state}" for state in ("Delayed", "NotVisible", "")]
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def empty(self) -> bool:
        return self.size() == 0


class EmulatedShard:
    """The only shard of a table's stream, read from its oldest record on."""

    def __init__(self, client: Any, stream_arn: str) -> None:
        self.client = client
        self.stream_arn = stream_arn
        shards = client.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]
        if len(shards) != 1:
            raise ValueError("the emulated stream must have one shard")
        self.shard_id = shards[0]["ShardId"]
        self.iterator = client.get_shard_iterator(StreamArn=stream_arn, ShardId=self.shard_id,
                                                  ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

    def read(self) -> list[Record]:
        """Return the next records as functions see them, which is the JSON of the service's reply, with their source.

        boto3 would turn each value of up to a thousand records into an object, only for it to be written as JSON again.
        """
        body = json.dumps({"ShardIterator": self.iterator, "Limit": 1000}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDBStreams_20120810.GetRecords",
                   "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEMULATED/20260101/"
                                    f"{REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=none"}
        with urlopen(UrlRequest(self.client.meta.endpoint_url, body, headers), timeout=HANG_SECONDS) as response:
            reply = json.load(response)
        self.iterator = reply["NextShardIterator"]
        return [{**record, "eventVersion": "1.1", "eventSourceARN": self.stream_arn} for record in reply["Records"]]


class StreamPoller:
    """Reads a shard and steps its consumer."""

    BUFFER_LIMIT = 10000

    def __init__(self, shard: EmulatedShard, consumer: StreamConsumer) -> None:
        self.shard = shard
        self.consumer = consumer

    def read(self) -> bool:
        records = self.shard.read()
        self.consumer.offer(records)
        return bool(records)

    def step(self) -> bool:
        read = len(self.consumer.buffer) < self.BUFFER_LIMIT and self.read()
        return self.consumer.step() or read

    def quiet(self) -> bool:
        return self.consumer.quiet() and not self.read()


class QueuePoller:
    """Steps the consumer of a queue."""

    def __init__(self, queue: EmulatedQueue, consumer: QueueConsumer) -> None:
        self.queue = queue
        self.consumer = consumer

    def step(self) -> bool:
        return self.consumer.step()

    def quiet(self) -> bool:
        return self.consumer.quiet() and self.queue.empty()


class Poller(Protocol):
    def step(self) -> bool: ...

    def quiet(self) -> bool: ...


class PollerThread:
    """Steps a poller until it is stopped.  `steps` counts the steps that did something.

    Errors of the emulated services are collected in `errors`, and the step is retried.
    """

    SHORTEST_PAUSE = 0.01
    LONGEST_PAUSE = 0.2
    LOOK_SECONDS = 2.0

    def __init__(self, name: str, poller: Poller) -> None:
        self.poller = poller
        self.steps = 0
        self.errors: list[str] = []
        self._busy = threading.Lock()
        self._end = threading.Event()
        self._paused = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()

    def pause(self) -> None:
        """Take no more batches; return once none is in progress."""
        self._paused.set()
        with self._busy:
            pass

    @property
    def paused(self) -> bool:
        return self._paused.is_set()

    def resume(self) -> None:
        self._paused.clear()

    def quiet(self) -> bool:
        """Return whether nothing is in progress here and nothing is waiting in the source."""
        # Wait for a poll of an empty source, which is quick, but not for an invocation.
        if not self._busy.acquire(timeout=self.LOOK_SECONDS):
            return False
        try:
            return self.poller.quiet()
        finally:
            self._busy.release()

    def _run(self) -> None:
        pause = self.SHORTEST_PAUSE
        while not self._end.is_set():
            worked = False
            with self._busy:
                if not self._paused.is_set():
                    try:
                        worked = self.poller.step()
                    except Exception:
                        if not self._end.is_set():
                            self.errors.append(traceback.format_exc())
                self.steps += worked
            pause = self.SHORTEST_PAUSE if worked else min(2 * pause, self.LONGEST_PAUSE)
            if not worked:
                self._end.wait(pause)


def url_event(method: str, path: str, query: str = "", headers: Mapping[str, str] | None = None,
              body: str | None = None, now: float | None = None) -> dict[str, Any]:
    """The event of a function URL: payload format version 2.0."""
    seconds = time.time() if now is None else now
    when = datetime.fromtimestamp(seconds, timezone.utc)
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    domain = f"emulated.lambda-url.{REGION}.on.aws"
    parameters: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        name, value = unquote_plus(name), unquote_plus(value)
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": domain, "x-forwarded-proto": "https", "x-forwarded-port": "443", **lower},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "emulated",
            "domainName": domain,
            "domainPrefix": "emulated",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                     "userAgent": lower.get("user-agent", "")},
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": when.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(seconds * 1000),
        },
        "isBase64Encoded": False,
    }
    if parameters:
        event["queryStringParameters"] = parameters
    if body is not None:
        event["body"] = body
    return event


@dataclass(frozen=True)
class UrlReply:
    status: int
    headers: dict[str, str]
    body: bytes


def url_reply(result: Result) -> UrlReply:
    """The response of a function URL: 502 if the function failed or its answer is not a response."""
    failed = UrlReply(502, {"content-type": "application/json"}, b'{"Message":"Internal Server Error"}')
    if not result.ok:
        return failed
    try:
        answer = result.payload
    except ValueError:
        return failed
    if not isinstance(answer, dict) or "statusCode" not in answer:
        # Anything else is the body of a reply.
        return UrlReply(200, {"content-type": "application/json"}, json.dumps(answer).encode())
    headers = {name.lower(): str(value) for name, value in answer.get("headers", {}).items()}
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return UrlReply(int(answer["statusCode"]), {"content-type": "application/json", **headers}, content)


def scheduled_event(rule: str, now: float | None = None) -> dict[str, Any]:
    """The event of a scheduled EventBridge rule."""
    seconds = time.time() if now is None else now
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }
