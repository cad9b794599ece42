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

# A notification may be in an envelope of SNS.
DEEPEST_ENVELOPE = 3


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


def parse(text: Any) -> Any:
    """Return a JSON document, None for anything else, also what is nested too deeply to be read."""
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return None


def member(value: Any, *names: str) -> Any:
    """Return what is below these names in a document of any form, or None."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def text_of(value: Any) -> str:
    """Return a member as text that can be printed."""
    return str(value).encode(errors="replace").decode() if isinstance(value, (str, int)) else ""


def find_notifications(body: Any, depth: int = 1) -> Iterator[dict[str, str]]:
    """Yield the objects that a message is about: a notification itself, or inside SNS's or EventBridge's envelope."""
    records = member(body, "Records")
    for record in records if isinstance(records, list) else []:
        if isinstance(member(record, "s3"), dict):
            yield {"key": unquote_plus(text_of(member(record, "s3", "object", "key"))),
                   "version": text_of(member(record, "s3", "object", "versionId"))}
    if depth < DEEPEST_ENVELOPE:
        yield from find_notifications(parse(member(body, "Message")), depth + 1)
    if isinstance(member(body, "detail", "object"), dict):
        yield {"key": text_of(member(body, "detail", "object", "key")),
               "version": text_of(member(body, "detail", "object", "version-id"))}


def read_letter(message: dict[str, Any]) -> Letter:
    """Return what a message is about.  Dead letters are where messages of any form end, so nothing is taken for granted."""
    attributes = message.get("Attributes") or {}
    redrives = text_of(member(message, "MessageAttributes", REDRIVES, "StringValue"))
    body = parse(message.get("Body"))
    found = list(find_notifications(body))
    upload_id = text_of(member(body, "upload_id"))
    batch = member(body, "DDBStreamBatchInfo")
    if found:
        about = ", ".join(f"{each['key']} version {each['version'] or 'none'}" for each in found)
    elif upload_id:
        about = f"upload {upload_id}"
    elif isinstance(batch, dict):
        reason = text_of(member(body, "requestContext", "condition")) or "no reason"
        about = f"batch of {text_of(batch.get('batchSize')) or '?'} records ({reason})"
    else:
        about = "not a message of the pipeline"
    return Letter(str(message["MessageId"]), time_text(attributes.get("SentTimestamp", "0")),
                  int(attributes.get("ApproximateReceiveCount", 0)), int(redrives) if redrives.isdecimal() else 0, about,
                  [each["key"] for each in found], [upload_id] if upload_id else [])


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
