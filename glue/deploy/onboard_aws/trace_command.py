"""trace: follow one upload through every hop, from the object in the bucket to the vendor's mail.

Each hop is done, in progress, waiting, or has a problem; the first that is not done is where the upload is. PostgreSQL
decides what is done; queues and items only show what is on its way.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .calls import AwsError
from .command import UPLOAD_PREFIX, Command
from .errors import ALL_GOOD, NEEDS_ATTENTION, not_found
from .functions import Operator
from .queues import DEAD, Letter, counts, peek
from .stages import mappings_of, paused_stages
from .subscriptions import read_subscriptions, state_of

DONE, NOW, LATER, PROBLEM, NOTE = "done", "now", "later", "problem", "note"

# Longer than reading a file takes; the sweeper then reads it again.
STALLED_SECONDS = 900


@dataclass
class Hop:
    """One hop: its state, what is known about it, and what an operator should do ("" for nothing)."""

    name: str
    state: str
    text: str
    action: str = ""

    def document(self) -> dict[str, Any]:
        return {"hop": self.name, "state": self.state, "text": self.text, "action": self.action or None}


@dataclass
class Found:
    """What the command line names: the object's key and version, and what the database knows about the upload, if anything."""

    key: str
    version: str
    trace: dict[str, Any] | None

    @property
    def upload(self) -> dict[str, Any]:
        return (self.trace or {}).get("upload") or {}

    @property
    def ended(self) -> bool:
        return bool(self.trace) and self.upload["status"] != "processing"


def did_text(upload: dict[str, Any]) -> str:
    """Return what the rows of an upload that may change products did, or ""."""
    did = [f"{count} {action}" for action, count in (upload.get("actions") or {}).items() if count]
    missing = upload.get("discontinued_missing")
    did += [f"{missing} discontinued because no row names them"] if missing else []
    return f"; {upload['mode']}: {', '.join(did)}" if did and upload["mode"] != "insert" else ""


class Tracer:
    """Collects the hops of one upload."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.aws = command.aws
        self.outputs = command.outputs
        self.bucket = self.outputs["BucketName"]
        self.operator = Operator(self.aws, self.outputs)
        self.paused = paused_stages(self.aws, self.outputs)

    def find(self, text: str) -> Found:
        """Find what the command line names."""
        if "/" not in text:
            trace = self.operator.ask("upload_trace", upload_id=text)
            upload = trace["upload"]
            return Found(upload.get("s3_key") or "", upload.get("version_id") or "", trace)
        key = text.removeprefix(f"s3://{self.bucket}/")
        version = self.latest_version(key)
        uploads = self.operator.ask("upload_find", s3_key=key)["uploads"]
        # A newer version of the object is another upload, which may not have begun.
        same = [each for each in uploads if not version or (each.get("version_id") or "null") == version]
        if not same:
            if not version:
                raise not_found("UNKNOWN_UPLOAD", f'there is neither an object nor an upload "{key}"',
                                f"Keys begin with {UPLOAD_PREFIX} and the vendor's id.")
            return Found(key, version, None)
        return Found(key, version, self.operator.ask("upload_trace", upload_id=same[0]["upload_id"]))

    def latest_version(self, key: str) -> str:
        """Return the version of an object: "" if it does not exist, "null" in a bucket without versioning."""
        try:
            return str(self.aws.read("s3", "head_object", Bucket=self.bucket, Key=key).get("VersionId") or "null")
        except AwsError as error:
            if error.code in ("404", "NoSuchKey"):
                return ""
            raise

    def hops(self, found: Found) -> list[Hop]:
        hops = [self.object_hop(found), self.notification_hop(found)]
        if found.trace is None:
            return hops
        hops += [self.upload_hop(found), self.items_hop(found), self.stream_hop(found), *self.held_hops(found),
                 self.event_hop(found), self.report_hop(found), self.mail_hop(found)]
        return hops

    def object_hop(self, found: Found) -> Hop:
        if not found.key:
            return Hop("object", NOTE, "this upload did not come from the bucket")
        version = {"VersionId": found.version} if found.version not in ("", "null") else {}
        try:
            head = self.aws.read("s3", "head_object", Bucket=self.bucket, Key=found.key, **version)
        except AwsError as error:
            # 405 is a delete marker.
            if error.code not in ("404", "NoSuchKey", "405", "MethodNotAllowed"):
                raise
            return Hop("object", NOTE if found.ended else PROBLEM, f"{found.key} is no longer in the bucket",
                       "" if found.ended else "nothing: the upload ends as OBJECT_REPLACED; send the file again")
        when = head["LastModified"].astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Hop("object", DONE, f"{found.key}, {head['ContentLength']} bytes, of {when}, version {found.version or 'none'}")

    def dead_letter(self, name: str, key: str = "", upload_id: str = "") -> Letter | None:
        """Return the dead letter about an object or upload, if there is one."""
        kind = next(each for each in DEAD if each.name == name)
        url = self.outputs[kind.output]
        if counts(self.aws, url).all == 0:
            return None
        return next((letter for letter in peek(self.aws, name, url, self.command.options.limit)
                     if (key and key in letter.keys) or (upload_id and upload_id in letter.upload_ids)), None)

    def notification_hop(self, found: Found) -> Hop:
        """The notification on its way to the parser; done once the upload has begun."""
        if found.trace is not None:
            return Hop("queue", DONE, "the parser received the notification")
        letter = self.dead_letter("upload", key=found.key)
        if letter:
            return Hop("queue", PROBLEM, f"a dead letter since {letter.sent}, after {letter.receives} deliveries",
                       "read the parser's log for the cause, then: onboard-aws redrive --queue upload --yes")
        waiting = counts(self.aws, self.outputs["UploadQueueUrl"])
        text = f"not begun; {waiting.visible} notifications wait, {waiting.in_flight} are being read"
        if "parse" in self.paused:
            return Hop("queue", PROBLEM, f"{text}; parsing is paused since {self.paused['parse']}",
                       "onboard-aws resume --stage parse")
        if not found.key.startswith(UPLOAD_PREFIX):
            return Hop("queue", PROBLEM, f"keys outside {UPLOAD_PREFIX} are not read", "send it with onboard-aws send")
        if waiting.all:
            return Hop("queue", NOW, text, "wait; the sweeper's reconciliation finds what was missed")
        return Hop("queue", PROBLEM, text, "wait for the sweeper, which looks for such files every hour; or send it again")

    def upload_hop(self, found: Found) -> Hop:
        upload, rows = found.upload, (found.trace or {}).get("rows") or {}
        total = upload.get("total_records")
        if found.ended:
            failure = f" ({upload['failure_code']})" if upload.get("failure_code") else ""
            return Hop("upload", DONE, f"{upload['upload_id']} is {upload['status']}{failure}: "
                       f"{upload.get('valid_records') or 0} rows valid, {upload.get('error_records') or 0} rejected"
                       + did_text(upload))
        idle = int(rows.get("idle_seconds") or 0)
        text = (f"{upload['upload_id']} is processing: {rows.get('judged') or 0} of "
                f"{'an unknown number of' if total is None else total} rows judged, "
                f"{rows.get('parse_attempts') or 0} readings, last progress {idle} s ago")
        if "validate" in self.paused or ("sweep" in self.paused and idle > STALLED_SECONDS):
            stage = "validate" if "validate" in self.paused else "sweep"
            return Hop("upload", PROBLEM, f"{text}; {stage} is paused", f"onboard-aws resume --stage {stage}")
        if idle > STALLED_SECONDS:
            return Hop("upload", NOW, f"{text}; stalled", "wait: the sweeper reads the file again")
        return Hop("upload", NOW, text, "wait")

    def items_hop(self, found: Found) -> Hop:
        """The items of the table, by status; they are only a copy of PostgreSQL's verdicts."""
        statuses: Counter[str] = Counter()
        for item in self.aws.pages(
                "dynamodb", "query", "Items", TableName=self.outputs["TableName"],
                KeyConditionExpression="upload_id = :upload", ProjectionExpression="#status",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":upload": {"S": found.upload["upload_id"]}}):
            statuses[str((item.get("status") or {}).get("S", "none"))] += 1
        if not statuses:
            return Hop("items", NOTE, "none: the file took the direct route or was refused, or the items have expired")
        text = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
        pending = statuses["pending_validation"]
        if pending and found.ended:
            return Hop("items", NOTE, f"{text}; the verdicts are in PostgreSQL, and the sweeper repairs the items")
        return Hop("items", NOW if pending else DONE, text, "wait" if pending else "")

    def stream_hop(self, found: Found) -> Hop:
        """Whether the stream reaches the validator, and how old its oldest record is."""
        function = self.outputs["ValidatorFunctionName"]
        states = [str(mapping.get("State", "unknown")) for mapping in mappings_of(self.aws, function)]
        now = datetime.now(timezone.utc)
        points = self.aws.read(
            "cloudwatch", "get_metric_statistics", Namespace="AWS/Lambda", MetricName="IteratorAge",
            Dimensions=[{"Name": "FunctionName", "Value": function}], StartTime=now - timedelta(minutes=15), EndTime=now,
            Period=60, Statistics=["Maximum"]).get("Datapoints") or []
        latest = max(points, key=lambda point: point["Timestamp"], default=None)
        age = f"lag {latest['Maximum'] / 1000:.0f} s" if latest else "no lag measured in the last 15 minutes"
        text = f"event source {', '.join(states) or 'missing'}; {age}"
        if found.ended:
            return Hop("stream", DONE, text)
        if not any(state in ("Enabled", "Enabling") for state in states):
            return Hop("stream", PROBLEM, text, "onboard-aws resume --stage validate")
        return Hop("stream", NOW, text, "wait")

    def held_hops(self, found: Found) -> list[Hop]:
        """Rows that wait for approval, without which the upload ends, and what was decided on others."""
        rows = (found.trace or {}).get("rows") or {}
        waiting = int(rows.get("held_waiting") or 0)
        texts = [f"{count} {decision}" for decision, count in (rows.get("held_decisions") or {}).items() if count]
        if waiting:
            texts.append(f"{waiting} waiting for approval: onboard-aws held {found.upload['upload_id']}")
        return [Hop("held", NOTE, ", ".join(texts))] if texts else []

    def event_hop(self, found: Found) -> Hop:
        """The event of the upload's end, from the outbox through the queue to the reporter."""
        if not found.ended:
            return Hop("event", LATER, "sent when the upload has ended")
        if found.upload.get("reported"):
            return Hop("event", DONE, "the reporter received it")
        events = (found.trace or {}).get("events") or []
        if events:
            return Hop("event", NOW, f"{len(events)} in the outbox, not yet in the queue",
                       "wait: the sweeper sends it")
        letter = self.dead_letter("error", upload_id=found.upload["upload_id"])
        if letter:
            return Hop("event", PROBLEM, f"a dead letter since {letter.sent}, after {letter.receives} deliveries",
                       "read the reporter's log for the cause, then: onboard-aws redrive --queue error --yes")
        waiting = counts(self.aws, self.outputs["ErrorQueueUrl"])
        text = f"{waiting.visible} events wait, {waiting.in_flight} are being reported"
        if "report" in self.paused:
            return Hop("event", PROBLEM, f"{text}; reporting is paused", "onboard-aws resume --stage report")
        return Hop("event", NOW, text, "wait; the sweeper repeats an event that was lost")

    def report_hop(self, found: Found) -> Hop:
        report = (found.trace or {}).get("report") or {}
        if found.upload.get("reported"):
            names = ("error_file_s3_key", "fix_file_s3_key", "workbook_file_s3_key")
            files = [str(report[name]) for name in names if report.get(name)]
            return Hop("report", DONE, f"recorded {report.get('reported_at') or ''}".strip()
                       + (f": {', '.join(files)}" if files else ", without files"))
        lease = str(report.get("lease_until") or "")
        # Both are in UTC and in the same format.
        if lease > datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"):
            return Hop("report", NOW, f"a reporter is at work until {lease}", "wait")
        if lease:
            return Hop("report", NOW, f"a reporter began and did not end by {lease}", "wait: its message is delivered again")
        return Hop("report", LATER, "not written yet")

    def mail_hop(self, found: Found) -> Hop:
        vendor = (found.trace or {}).get("vendor") or {}
        state = state_of(read_subscriptions(self.aws, self.outputs), str(vendor.get("vendor_id")),
                         str(vendor.get("email") or ""))
        sent = DONE if found.upload.get("reported") else LATER
        published = "published" if sent == DONE else "not published yet"
        vendor_id, name = vendor.get("vendor_id"), vendor.get("vendor_name")
        if state == "confirmed":
            return Hop("mail", sent, f"{published}; the vendor's subscription is confirmed")
        again = f'onboard-aws vendor add {vendor_id} --name "{name}" --email {vendor.get("email")}'
        if state == "unconfirmed":
            return Hop("mail", PROBLEM, f"{published}; the vendor has not confirmed the subscription",
                       f"ask the vendor to confirm; AWS's mail again after 48 hours: {again}")
        return Hop("mail", PROBLEM, f"{published}; the vendor has no subscription", again)


def current(hops: list[Hop]) -> Hop:
    """Return where the upload is: the first hop with a problem, else the first in progress, else the last."""
    for state in (PROBLEM, NOW):
        for hop in hops:
            if hop.state == state:
                return hop
    return hops[-1]


def run(command: Command) -> int:
    tracer = Tracer(command)
    found = tracer.find(command.options.upload)
    hops = tracer.hops(found)
    where = current(hops)
    output = command.output
    output.document.update({"upload": found.upload or None, "key": found.key or None, "version_id": found.version or None,
                            "hops": [hop.document() for hop in hops], "where": where.name,
                            "next_action": where.action or None})
    for hop in hops:
        output.line(f"{hop.name:8} {hop.state:8} {hop.text}")
    for error in (found.trace or {}).get("errors") or []:
        output.line(f"{'':8} {'':8} {error['rows']} rows with {error['error_type']} in {error['error_field']}")
    output.line()
    if where.state in (PROBLEM, NOW):
        output.line(f"Now at: {where.name}")
    output.line(f"Next: {where.action or 'nothing, it is done'}")
    return NEEDS_ATTENTION if any(hop.state == PROBLEM for hop in hops) else ALL_GOOD
