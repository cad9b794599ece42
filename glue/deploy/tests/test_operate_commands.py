"""trace, redrive, pause and resume."""

import json
import os
import unittest
from datetime import datetime, timedelta, timezone
from typing import Any

from commands import ROOT, STACK, CommandTest
from onboard_aws.queues import REDRIVES
from operator_stub import VENDOR, upload

KEY = "uploads/VEND001/VEND001_20260104_090000.csv"
UPLOAD = "VEND001-0123456789abcdef"


def notification(key: str, version: str) -> str:
    return json.dumps({"Records": [{"eventSource": "aws:s3", "s3": {
        "bucket": {"name": "uploads"}, "object": {"key": key, "versionId": version}}}]})


class OperateTest(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        self.operator.__init__()  # type: ignore[misc]
        self.front.functions.update(self.operator.handlers(STACK))
        self.operator.vendors["VEND001"] = {**VENDOR, "vendor_id": "VEND001", "vendor_name": "Vendor One",
                                            "email": "one@vendor.example"}
        for name, url in self.outputs.items():
            if name.endswith("QueueUrl"):
                self.client("sqs").purge_queue(QueueUrl=url)

    def put(self, content: bytes = b"rows") -> str:
        """Put the file; return its version."""
        return str(self.client("s3").put_object(Bucket=self.outputs["BucketName"], Key=KEY, Body=content)["VersionId"])

    def send(self, queue: str, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=self.outputs[queue], MessageBody=body)

    def count(self, queue: str) -> int:
        """Return how many messages of a queue are visible."""
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def subscribe(self) -> None:
        """Give the vendor a confirmed subscription."""
        self.client("sns").subscribe(TopicArn=self.outputs["TopicArn"], Protocol="email", Endpoint="one@vendor.example",
                                     Attributes={"FilterPolicy": '{"vendor_id":["VEND001"]}'})
        self.front.unconfirmed.clear()

    def trace(self, what: str, code: int) -> dict[str, Any]:
        """Trace and return the document, after checking the text for people."""
        self.assertIn("Next: ", self.run_command("trace", what, "-s", STACK, code=code).out)
        return self.run_command("trace", what, "-s", STACK, "--json", code=code).document

    def states(self, document: dict[str, Any]) -> dict[str, str]:
        return {hop["hop"]: hop["state"] for hop in document["hops"]}


class TraceTest(OperateTest):
    def test_a_file_whose_notification_waits(self) -> None:
        version = self.put()
        self.send("UploadQueueUrl", notification(KEY, version))
        document = self.trace(KEY, 0)
        self.assertEqual([document["where"], document["version_id"]], ["queue", version])
        self.assertEqual(self.states(document), {"object": "done", "queue": "now"})
        self.assertEqual(self.count("UploadQueueUrl"), 1)

    def test_a_file_in_the_dead_letters(self) -> None:
        version = self.put()
        for _ in range(12):
            self.send("UploadDeadQueueUrl", notification("uploads/VEND002/other.csv", "1"))
        self.send("UploadDeadQueueUrl", notification(KEY, version))
        document = self.trace(f"s3://{self.outputs['BucketName']}/{KEY}", 1)
        self.assertEqual(document["where"], "queue")
        self.assertIn("redrive --queue upload", document["next_action"])
        self.assertEqual(self.count("UploadDeadQueueUrl"), 13)

    def test_a_file_that_was_not_announced(self) -> None:
        self.put()
        document = self.trace(KEY, 1)
        self.assertIn("wait for the sweeper", document["next_action"])

    def test_an_upload_in_progress(self) -> None:
        version = self.put()
        self.subscribe()
        self.operator.uploads = [upload(UPLOAD, KEY, version, total_records=3)]
        self.operator.rows["judged"] = 2
        dynamodb = self.client("dynamodb")
        for number, status in enumerate(("validated", "validated", "pending_validation")):
            dynamodb.put_item(TableName=self.outputs["TableName"],
                              Item={"upload_id": {"S": UPLOAD}, "record_id": {"S": str(number)}, "status": {"S": status}})
        dynamodb_event = self.client("lambda").create_event_source_mapping(
            FunctionName=self.outputs["ValidatorFunctionName"], StartingPosition="TRIM_HORIZON",
            EventSourceArn=dynamodb.describe_table(TableName=self.outputs["TableName"])["Table"]["LatestStreamArn"])
        self.addCleanup(self.client("lambda").delete_event_source_mapping, UUID=dynamodb_event["UUID"])
        self.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[{
            "MetricName": "IteratorAge", "Value": 7000, "Timestamp": datetime.now(timezone.utc) - timedelta(minutes=2),
            "Dimensions": [{"Name": "FunctionName", "Value": self.outputs["ValidatorFunctionName"]}]}])
        document = self.trace(UPLOAD, 0)
        texts = {hop["hop"]: hop["text"] for hop in document["hops"]}
        self.assertEqual(document["where"], "upload")
        self.assertIn("2 of 3 rows judged", texts["upload"])
        self.assertEqual(texts["items"], "1 pending_validation, 2 validated")
        self.assertIn("lag 7 s", texts["stream"])
        self.assertEqual(self.states(document)["mail"], "later")

    def test_an_upload_that_is_done(self) -> None:
        version = self.put()
        self.subscribe()
        self.operator.uploads = [upload(UPLOAD, KEY, version, status="partial", total_records=3, valid_records=2,
                                        error_records=1, reported=True)]
        self.operator.report |= {"reported_at": "2026-01-04T09:01:00Z", "error_file_s3_key": "errors/x/errors.csv"}
        self.operator.errors = [{"error_type": "INVALID_PRICE", "error_field": "price", "rows": 1}]
        document = self.trace(UPLOAD, 0)
        self.assertEqual(document["next_action"], None)
        self.assertEqual({state for state in self.states(document).values()} - {"note"}, {"done"})
        run = self.run_command("trace", UPLOAD, "-s", STACK)
        self.assertIn("1 rows with INVALID_PRICE in price", run.out)
        self.assertIn("Next: nothing, it is done", run.out)

    def test_an_upload_with_held_rows(self) -> None:
        version = self.put()
        self.subscribe()
        self.operator.uploads = [upload(UPLOAD, KEY, version, status="partial", total_records=9, valid_records=9, reported=True,
                                        mode="replace", actions={"inserted": 0, "updated": 7, "held": 2},
                                        discontinued_missing=4)]
        self.operator.rows = {**self.operator.rows, "held_waiting": 2,
                              "held_decisions": {"applied": 3, "declined": 0, "superseded": 0, "refused": 1}}
        texts = {hop["hop"]: hop["text"] for hop in self.trace(UPLOAD, 0)["hops"]}
        self.assertTrue(texts["upload"].endswith("; replace: 7 updated, 2 held, 4 discontinued because no row names them"))
        self.assertEqual(texts["held"], f"3 applied, 1 refused, 2 waiting for approval: onboard-aws held {UPLOAD}")

    def test_an_unconfirmed_subscription(self) -> None:
        version = self.put()
        for entry in self.client("sns").list_subscriptions_by_topic(TopicArn=self.outputs["TopicArn"])["Subscriptions"]:
            self.client("sns").unsubscribe(SubscriptionArn=entry["SubscriptionArn"])
        self.operator.uploads = [upload(UPLOAD, KEY, version, status="completed", reported=True)]
        document = self.trace(KEY, 1)
        self.assertEqual(document["where"], "mail")
        self.assertIn("vendor add VEND001", document["next_action"])
        self.subscribe()
        self.front.unconfirmed.add("one@vendor.example")
        self.assertIn("ask the vendor to confirm", self.trace(UPLOAD, 1)["next_action"])

    def test_an_event_in_the_outbox_or_the_dead_letters(self) -> None:
        version = self.put()
        self.subscribe()
        self.operator.uploads = [upload(UPLOAD, KEY, version, status="completed")]
        self.operator.events = [{"event_id": 1, "kind": "upload_ended", "attempt": 1, "lease_until": None}]
        document = self.trace(UPLOAD, 0)
        self.assertEqual([document["where"], self.states(document)["event"]], ["event", "now"])
        self.operator.events = []
        self.send("ErrorDeadQueueUrl", json.dumps({"kind": "upload_ended", "upload_id": UPLOAD}))
        document = self.trace(UPLOAD, 1)
        self.assertIn("redrive --queue error", document["next_action"])

    def test_a_newer_version_is_another_upload(self) -> None:
        self.operator.uploads = [upload(UPLOAD, KEY, self.put(b"old"), status="completed", reported=True)]
        self.send("UploadQueueUrl", notification(KEY, self.put(b"new")))
        document = self.trace(KEY, 0)
        self.assertEqual([document["upload"], document["where"]], [None, "queue"])

    def test_a_report_under_way_and_one_that_was_not_ended(self) -> None:
        version = self.put()
        self.subscribe()
        self.operator.uploads = [upload(UPLOAD, KEY, version, status="completed")]
        for lease, text in (("2999-01-01T00:00:00Z", "a reporter is at work until"),
                            ("2026-01-04T09:00:00Z", "a reporter began and did not end")):
            self.operator.report["lease_until"] = lease
            texts = {hop["hop"]: hop["text"] for hop in self.trace(UPLOAD, 0)["hops"]}
            self.assertIn(text, texts["report"])

    def test_what_does_not_exist(self) -> None:
        for what in ("VEND001-absent", "uploads/VEND001/absent.csv"):
            run = self.run_command("trace", what, "-s", STACK, "--json", code=2)
            self.assertEqual(run.document["error"]["code"], "UNKNOWN_UPLOAD")
        self.run_command("trace", "-s", STACK, code=3)

    def test_failures_of_aws_and_a_dry_run(self) -> None:
        version = self.put()
        self.operator.uploads = [upload(UPLOAD, KEY, version)]
        for call in ("lambda.Invoke", "s3.HeadObject", "dynamodb.Query", "monitoring.GetMetricStatistics"):
            with self.subTest(call):
                self.check_failure(call, "trace", UPLOAD, "-s", STACK)
        self.send("UploadDeadQueueUrl", notification(KEY, version))
        self.operator.uploads = []
        self.check_dry_run("trace", KEY, "-s", STACK, code=1)


class RedriveTest(OperateTest):
    def test_nothing_to_redrive(self) -> None:
        run = self.run_command("redrive", "-s", STACK)
        self.assertIn("upload     0 messages", run.out)
        self.run_command("redrive", "-s", STACK, "--yes")

    def test_shows_letters_and_keeps_them(self) -> None:
        for number in range(11):
            self.send("UploadDeadQueueUrl", notification(f"uploads/VEND001/{number}+a%C3%A9.csv", "v"))
        self.send("ErrorDeadQueueUrl", json.dumps({"kind": "upload_ended", "upload_id": UPLOAD}))
        self.send("DiscardedQueueUrl", json.dumps({"requestContext": {"condition": "RecordAgeExceeded"},
                                                   "DDBStreamBatchInfo": {"batchSize": 25}}))
        self.send("QuarantineQueueUrl", "not JSON \x1b[31m")
        run = self.run_command("redrive", "-s", STACK, code=1)
        self.assertIn("uploads/VEND001/3 aé.csv version v", run.out)
        self.assertIn(f"upload {UPLOAD}", run.out)
        self.assertIn("batch of 25 records (RecordAgeExceeded)", run.out)
        self.assertIn("not a message of the pipeline", run.out)
        self.assertNotIn("\x1b", run.out)
        for queue, count in (("UploadDead", 11), ("ErrorDead", 1), ("Discarded", 1), ("Quarantine", 1)):
            self.assertEqual(self.count(f"{queue}QueueUrl"), count)
        run = self.run_command("redrive", "-s", STACK, "--limit", "3", "--queue", "upload", "--json", code=1)
        (queue,) = run.document["queues"]
        self.assertEqual([queue["messages"], len(queue["letters"])], [11, 3])
        self.assertEqual(self.count("UploadDeadQueueUrl"), 11)

    def test_letters_of_any_form(self) -> None:
        """Whatever killed the parser must not stop the operator, too."""
        nested: Any = {"Records": []}
        for _ in range(9):
            nested = {"Message": json.dumps(nested)}
        bodies = ["[" * 100_000, json.dumps(nested), "[]", "7", "null", *map(json.dumps, (
            {"Records": 5}, {"Records": [7]}, {"Records": [{"s3": {"object": "x"}}]}, {"Message": "{", "detail": []},
            {"requestContext": "x", "DDBStreamBatchInfo": {"batchSize": []}}, {"upload_id": "\ud800"},
            {"detail": {"object": {"key": ["k"]}}}, {"Records": [{"s3": {"object": {"key": "%ff\ud800"}}}]}))]
        for body in bodies:
            self.send("UploadDeadQueueUrl", body)
        run = self.run_command("redrive", "-s", STACK, "--json", "--limit", "100", code=1)
        self.assertEqual(len(run.document["queues"][0]["letters"]), len(bodies))
        self.run_command("redrive", "-s", STACK, "--limit", "100", code=1).out.encode()

    def test_moves_them_back(self) -> None:
        for _ in range(2):
            self.send("UploadDeadQueueUrl", notification(KEY, "v"))
        self.send("ErrorDeadQueueUrl", json.dumps({"upload_id": UPLOAD}))
        run = self.run_command("redrive", "-s", STACK, "--queue", "upload", "--yes", "--json")
        self.assertEqual(run.document["moved"], {"upload": 2})
        self.assertEqual([self.count("UploadQueueUrl"), self.count("UploadDeadQueueUrl"), self.count("ErrorDeadQueueUrl")],
                         [2, 0, 1])
        self.run_command("redrive", "-s", STACK, "--yes")
        self.assertEqual([self.count("ErrorQueueUrl"), self.count("ErrorDeadQueueUrl")], [1, 0])

    def test_the_sweepers_count_is_shown_and_kept(self) -> None:
        sqs = self.client("sqs")
        sqs.send_message(QueueUrl=self.outputs["UploadDeadQueueUrl"], MessageBody=notification(KEY, "v"),
                         MessageAttributes={REDRIVES: {"DataType": "Number", "StringValue": "3"}})
        run = self.run_command("redrive", "-s", STACK, "--yes")
        self.assertIn("returned by the sweeper 3 times", run.out)
        (message,) = sqs.receive_message(QueueUrl=self.outputs["UploadQueueUrl"], MessageAttributeNames=[REDRIVES])["Messages"]
        self.assertEqual(message["MessageAttributes"][REDRIVES]["StringValue"], "3")
        with open(os.path.join(ROOT, "glue", "lambda", "redrive.c"), encoding="utf-8") as file:
            self.assertIn(f'#define REDRIVES "{REDRIVES}"', file.read())

    def test_what_cannot_be_moved_remains(self) -> None:
        self.send("QuarantineQueueUrl", "{}")
        run = self.run_command("redrive", "-s", STACK, "--yes", code=1)
        self.assertIn("find out what writes such items", run.out)
        self.assertEqual(self.count("QuarantineQueueUrl"), 1)

    def test_usage_failures_and_a_dry_run(self) -> None:
        self.send("UploadDeadQueueUrl", notification(KEY, "v"))
        self.run_command("redrive", "-s", STACK, "--queue", "other", code=3)
        self.run_command("redrive", "-s", STACK, "--limit", "0", code=3)
        self.run_command("redrive", "-s", "absent", code=2)
        self.check_failure("sqs.GetQueueAttributes", "redrive", "-s", STACK)
        self.check_failure("sqs.StartMessageMoveTask", "redrive", "-s", STACK, "--yes")
        self.check_dry_run("redrive", "-s", STACK, "--yes", code=1)
        self.assertEqual(self.count("UploadDeadQueueUrl"), 1)


class PauseTest(OperateTest):
    def enabled(self) -> dict[str, bool]:
        """Return which event sources and schedules are enabled, by function."""
        found = {}
        for mapping in self.client("lambda").list_event_source_mappings()["EventSourceMappings"]:
            found[mapping["FunctionArn"].rpartition(":")[2]] = mapping["State"] == "Enabled"
        (rule,) = self.client("events").list_rules()["Rules"]
        return {**found, "rule": rule["State"] == "ENABLED"}

    def test_resume_starts_what_pause_stopped(self) -> None:
        # The function that does not read the queue has a source, too, which stays disabled.
        aws_lambda = self.client("lambda")
        (source,) = aws_lambda.list_event_source_mappings(
            FunctionName=self.outputs["ParserFunctionName"])["EventSourceMappings"]
        unused = aws_lambda.create_event_source_mapping(FunctionName=self.outputs["DirectFunctionName"],
                                                        EventSourceArn=source["EventSourceArn"], Enabled=False)
        self.addCleanup(aws_lambda.delete_event_source_mapping, UUID=unused["UUID"])
        parser, reporter, direct = f"{STACK}-parser", f"{STACK}-reporter", f"{STACK}-direct"
        before = {parser: True, reporter: True, direct: False, "rule": True}
        self.assertEqual(self.enabled(), before)
        self.check_dry_run("pause", "-s", STACK)
        self.assertEqual(self.enabled(), before)
        run = self.run_command("pause", "-s", STACK, "--stage", "parse", "--json")
        self.assertEqual(run.document["paused"], {"parse": 1})
        self.assertEqual(self.enabled(), {**before, parser: False})
        self.assertIn("ended uploads wait in their queue", self.run_command("pause", "-s", STACK).out)
        self.assertEqual(self.enabled(), dict.fromkeys(before, False))
        self.put()
        document = self.trace(KEY, 1)
        self.assertIn("resume --stage parse", document["next_action"])
        run = self.run_command("resume", "-s", STACK, "--stage", "sweep", "--json")
        self.assertEqual(run.document["resumed"], {"sweep": 1})
        self.check_dry_run("resume", "-s", STACK)
        self.run_command("resume", "-s", STACK)
        self.assertEqual(self.enabled(), before)
        self.assertIn("was not paused", self.run_command("resume", "-s", STACK).out)

    def test_the_sweeper_stops_with_the_validator(self) -> None:
        """A sweeper that runs while no row is judged abandons uploads."""
        self.addCleanup(self.run_command, "resume", "-s", STACK)
        run = self.run_command("pause", "-s", STACK, "--stage", "validate")
        self.assertIn("the sweeper is stopped, too", run.out)
        self.assertFalse(self.enabled()["rule"])
        run = self.run_command("resume", "-s", STACK, "--stage", "sweep")
        self.assertIn("sweep     was not paused; stays stopped until validate is resumed", run.out)
        self.assertFalse(self.enabled()["rule"])
        self.run_command("resume", "-s", STACK, "--stage", "validate")
        self.assertTrue(self.enabled()["rule"])
        # Each of two stages that stopped the sweeper keeps it stopped, whichever was paused and is resumed first.
        for first, second in (("validate", "sweep"), ("sweep", "validate")):
            for paused in ((first, second), (second, first)):
                with self.subTest(paused=paused, resumed=first):
                    for stage in paused:
                        self.run_command("pause", "-s", STACK, "--stage", stage)
                    self.run_command("resume", "-s", STACK, "--stage", first)
                    self.assertFalse(self.enabled()["rule"])
                    self.run_command("resume", "-s", STACK, "--stage", second)
                    self.assertTrue(self.enabled()["rule"])

    def test_usage_and_failures(self) -> None:
        self.run_command("pause", "-s", STACK, "--stage", "other", code=3)
        self.run_command("resume", "-s", "absent", code=2)
        self.check_failure("lambda.TagResource", "pause", "-s", STACK)
        # The tag was not written, so nothing was stopped.
        self.assertTrue(all(self.enabled().values()))
        self.check_failure("lambda.UpdateEventSourceMapping", "pause", "-s", STACK)
        self.run_command("resume", "-s", STACK)
        self.assertTrue(all(self.enabled().values()))


if __name__ == "__main__":
    unittest.main()
