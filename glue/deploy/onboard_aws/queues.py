"""The pipeline's queues: how many messages they hold, and looking at dead letters without losing them."""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Iterator
from urllib.parse import unquote_plus

from .calls import Aws
from .stacks import Outputs

# In which the sweeper counts how often it has returned a message to its queue (glue/lambda/redrive.c).
REDRIVES = "onboard_redrives"

# Longer than it takes to look at them.  If the program is killed meanwhile, they are visible again afterwards.
PEEK_SECONDS = 30
BATCH = 10


@dataclass(frozen=True)
class QueueKind:
    """A queue of dead letters: the outputs with its URL and that of its source; what its messages mean, and what to do."""

    name: str
    output: str
    source_output: str
    meaning: str
    action: str

    @property
    def can_be_redriven(self) -> bool:
        return bool(self.source_output)


# Where messages end up after the last attempt.  Only the dead letters of a queue can be moved back to it.
DEAD = (
    QueueKind("upload", "UploadDeadQueueUrl", "UploadQueueUrl", "files that were not read",
              "fix the cause (the parser's log names it; UNKNOWN_VENDOR: onboard-aws vendor add), then redrive"),
    QueueKind("error", "ErrorDeadQueueUrl", "ErrorQueueUrl", "uploads whose reports were not sent",
              "fix the cause (the reporter's log names it), then redrive"),
    QueueKind("discarded", "DiscardedQueueUrl", "", "batches of the stream that were discarded",
              "nothing: the sweeper reads these files again; purge the queue once their uploads have ended"),
    QueueKind("quarantine", "QuarantineQueueUrl", "", "items of the table that cannot be decoded",
              "find out what writes such items; the sweeper reads the files again"),
)


@dataclass
class Letter:
    """One message as displayed: ids, never values."""

    message_id: str
    sent: str
    receives: int
    redrives: int
    about: str
    keys: list[str]
    upload_ids: list[str]

    def document(self) -> dict[str, Any]:
        return {"message_id": self.message_id, "sent": self.sent, "receives": self.receives, "redrives": self.redrives,
                "about": self.about}


@dataclass
class Counts:
    """Messages of a queue: visible, in flight, delayed."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def all(self) -> int:
        return self.visible + self.in_flight + self.delayed


def counts(aws: Aws, url: str) -> Counts:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    found = aws.read("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names).get("Attributes") or {}
    return Counts(*[int(found.get(name, 0)) for name in names])


def queue_arn(aws: Aws, url: str) -> str:
    found = aws.read("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def time_text(milliseconds: str) -> str:
    moment = datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def find_notifications(body: Any) -> Iterator[dict[str, Any]]:
    """Yield the S3 records of a message: from a notification, or from inside SNS's or EventBridge's envelope."""
    if not isinstance(body, dict):
        return
    for record in body.get("Records") or []:
        if isinstance(record, dict) and isinstance(record.get("s3"), dict):
            yield {"key": unquote_plus(str(record["s3"].get("object", {}).get("key", ""))),
                   "version": str(record["s3"].get("object", {}).get("versionId", ""))}
    if isinstance(body.get("Message"), str):
        try:
            yield from find_notifications(json.loads(body["Message"]))
        except ValueError:
            return
    detail = body.get("detail")
    if isinstance(detail, dict) and isinstance(detail.get("object"), dict):
        yield {"key": str(detail["object"].get("key", "")), "version": str(detail["object"].get("version-id", ""))}


def read_letter(message: dict[str, Any]) -> Letter:
    """Return what a message is about."""
    attributes = message.get("Attributes") or {}
    redrives = str(((message.get("MessageAttributes") or {}).get(REDRIVES) or {}).get("StringValue", ""))
    try:
        body = json.loads(message.get("Body", ""))
    except ValueError:
        body = None
    found = list(find_notifications(body))
    uploads = []
    if isinstance(body, dict):
        uploads = [str(body[name]) for name in ("upload_id",) if body.get(name)]
        condition = (body.get("requestContext") or {}).get("condition")
        batch = body.get("DDBStreamBatchInfo")
    else:
        condition = batch = None
    if found:
        about = ", ".join(f"{each['key']} version {each['version'] or 'none'}" for each in found)
    elif uploads:
        about = f"upload {uploads[0]}"
    elif isinstance(batch, dict):
        about = f"batch of {batch.get('batchSize', '?')} records ({condition or 'no reason'})"
    else:
        about = "not a message of the pipeline"
    return Letter(str(message["MessageId"]), time_text(attributes.get("SentTimestamp", "0")),
                  int(attributes.get("ApproximateReceiveCount", 0)), int(redrives) if redrives.isdigit() else 0, about, [each["key"] for each in found], uploads)


def peek(aws: Aws, name: str, url: str, limit: int) -> list[Letter]:
    """Return up to `limit` messages of a queue, which stay in it; none in a dry run, because receiving hides them briefly."""
    letters: list[Letter] = []
    taken: list[str] = []
    if not aws.may_write(f"look at the messages of queue {name}, which hides them for a moment"):
        return letters
    try:
        while len(letters) < limit:
            answer = aws.write("receive", "sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=BATCH,
                               VisibilityTimeout=PEEK_SECONDS, MessageSystemAttributeNames=["All"],
                               MessageAttributeNames=[REDRIVES])
            messages = answer.get("Messages") or []
            if not messages:
                break
            taken += [message["ReceiptHandle"] for message in messages]
            letters += [read_letter(message) for message in messages]
    finally:
        release(aws, url, taken)
    return letters[:limit]


def release(aws: Aws, url: str, handles: list[str]) -> None:
    """Make messages visible again at once."""
    for start in range(0, len(handles), BATCH):
        entries = [{"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                   for number, handle in enumerate(handles[start:start + BATCH])]
        aws.write("release", "sqs", "change_message_visibility_batch", QueueUrl=url, Entries=entries)


def url_of(outputs: Outputs, kind: QueueKind) -> str:
    return outputs.get(kind.output)
