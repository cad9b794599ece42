"""Test the handler sweeper: stalled uploads resume, or end with correct counts.

Run by test/tap/063_sweeper_rotate.pl, which starts the server.
"""

import itertools
import json
import os
import random
import threading
import unittest
from dataclasses import replace
from typing import Any

from handler_case import HandlerCase
from patience import HANG_SECONDS
from pipeline import Database, queue_arn
from postgres import Session, query
from runtime_api import Function, FunctionSettings, Result

PASSWORD = "planted-sweeper-41be"
HEADER = "vendor_product_id,sku,product_name,category,price,stock_quantity\n"
IDLE = 600
HOURS = "2 hours"
numbers = itertools.count(100000)


def setUpModule() -> None:
    query(f"SET password_encryption = 'scram-sha-256'; ALTER ROLE loader PASSWORD '{PASSWORD}'")


def row(number: int, price: str = "9.99") -> str:
    return f"P-{number},planted-sku-{number},Lamp,Kitchen,{price},3\n"


class Sweeping(HandlerCase):
    """Functions that verify the server, and uploads whose judged rows a test chooses."""

    password = PASSWORD

    @classmethod
    def database(cls, username: str = "", port: int = 0) -> Database:
        with open(os.environ["ONBOARD_TEST_CA"], encoding="ascii") as file:
            return replace(super().database(username, port), host=os.environ["ONBOARD_TEST_HOST"], ca=file.read())

    def setUp(self) -> None:
        query("TRUNCATE onboard.upload_history, onboard.products, onboard.validation_errors, onboard.judged_rows, "
            "onboard.outbox CASCADE")
        self.functions: list[Function] = []
        self.messages()
        self.count = 0
        self.objects: dict[str, dict[str, str]] = {}
        self.events: dict[str, dict[str, Any]] = {}

    def tearDown(self) -> None:
        """Check that every line is one document, without any part of a secret or a row."""
        for function in self.functions:
            lines = function.log.lines()
            self.assertEqual(len(function.log.records()), len(lines))
            for word in (PASSWORD, "planted-sku", "BEGIN CERTIFICATE"):
                self.assertNotIn(word, "\n".join(lines))

    # Helpers.

    def function(self, handler: str, timeout: float = 300.0, **environment: str) -> Function:
        settings = FunctionSettings(handler, os.environ["ONBOARD_BOOTSTRAP"], handler, timeout=timeout)
        function = Function(settings, {**self.resources.environment(self.proxy.url, handler),
                                       "SWEEP_IDLE_SECONDS": str(IDLE), "SWEEP_ATTEMPTS": "2",
                                       "TMPDIR": os.environ["ONBOARD_TEST_FOLDER"],
                                       "DATABASE_PAUSE_SECONDS": "0", **environment})
        self.addCleanup(function.stop)
        self.functions.append(function)
        return function

    def sweep(self, function: Function) -> dict[str, Any]:
        answer = function.invoke({"source": "aws.events", "detail-type": "Scheduled Event"})
        self.assertTrue(answer.ok, answer.error)
        payload: dict[str, Any] = answer.payload
        return payload

    def counts(self, function: Function) -> tuple[int, ...]:
        payload = self.sweep(function)
        self.assertFalse(payload["busy"])
        return tuple(payload[name] for name in ("claimed", "failed", "abandoned", "renewed", "events"))

    def messages(self) -> list[dict[str, Any]]:
        """Remove all messages from the event queue; return their bodies."""
        queue = self.resources.queue_urls["product-validation-errors"]
        bodies = []
        while found := self.clients["sqs"].receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                bodies.append(json.loads(message["Body"]))
                self.clients["sqs"].delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def lines(self, function: Function, message: str) -> list[dict[str, Any]]:
        return [record for record in function.log.records() if record.get("message") == message]

    def metrics(self, function: Function) -> dict[str, Any]:
        return [record for record in function.log.records() if "_aws" in record][-1]

    def let_lie(self, upload_id: str, how_long: str = HOURS) -> None:
        query(f"UPDATE onboard.upload_history SET updated_at = clock_timestamp() - '{how_long}'::interval "
            f"WHERE upload_id = '{upload_id}'")

    def state(self, upload_id: str) -> str:
        return query("SELECT status, failure_code, total_records, valid_records, error_records, parse_attempts, revivals "
                     f"FROM onboard.upload_history WHERE upload_id = '{upload_id}'")

    def begin_by_hand(self, total: int | None = None) -> str:
        """Start an upload without a parser, as another program would."""
        self.count += 1
        return query(f"SELECT onboard_begin_upload('VEND001', 'f.csv', null, 'hand {self.id()} {self.count}', "
            f"{total or 'null'})")

    def ingest(self, upload_id: str, *prices: str, first: int = 1) -> None:
        rows = [{"row_number": number, "product": {
            "vendor_product_id": f"{upload_id}-{number}", "sku": f"planted-sku-{upload_id}-{number}", "product_name": "Lamp",
            "category": "Kitchen", "price": price, "stock_quantity": "3"}} for number, price in enumerate(prices, first)]
        query(f"SELECT count(*) FROM onboard_ingest('{upload_id}', '{json.dumps(rows)}')")

    def parse(self, parser: Function, count: int, bad: tuple[int, ...] = ()) -> str:
        """Let the parser read an upload of this many rows, with no validator after it; return its id.

        The rows `bad` have an invalid price.
        """
        serial = next(numbers)
        return self.parse_file(parser, HEADER + "".join(row(serial * 10000 + number, "no" if number in bad else "9.99")
                                                        for number in range(1, count + 1)), count)

    def parse_file(self, parser: Function, content: str, count: int, folder: str = "", encoding: str = "utf-8",
                   metadata: dict[str, str] | None = None) -> str:
        """The same for a file of this content, which has this many rows, with metadata of the user."""
        key = f"uploads/VEND001/{folder}VEND001_20260104_{next(numbers)}.csv"
        version = self.clients["s3"].put_object(
            Bucket=self.resources.bucket, Key=key, Body=content.encode(encoding),
            Metadata=metadata or {})["VersionId"]
        url = self.resources.queue_urls["upload-events"]
        # The very first message is the test event.
        while True:
            message = self.clients["sqs"].receive_message(QueueUrl=url)["Messages"][0]
            self.clients["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            if key in message["Body"]:
                break
        event = {"Records": [{
            "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
            "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs", "eventSourceARN": queue_arn("upload-events"),
            "awsRegion": "us-east-1"}]}
        answer = parser.invoke(event)
        self.assertTrue(answer.ok, answer.error)
        upload_id = query("SELECT upload_id FROM onboard.upload_history ORDER BY created_at DESC LIMIT 1")
        self.assertEqual(self.state(upload_id), f"processing||{count}|0|0|1|0")
        self.objects[upload_id] = {"Key": key, "VersionId": version}
        self.events[upload_id] = event
        return upload_id

    def attempts(self, upload_id: str) -> list[str]:
        """Return the reading that last wrote each item, in row order."""
        items = self.clients["dynamodb"].query(
            TableName=self.resources.settings["Table"]["TableName"], KeyConditionExpression="upload_id = :id",
            ExpressionAttributeValues={":id": {"S": upload_id}})["Items"]
        return [next(iter(item["parse_attempt"].values())) for item in items]


class SweeperTest(Sweeping):
    # Reading again.

    def test_reread_and_finally_abandoned(self) -> None:
        """It is read twice, after doubling times, as no row is judged in between; then it ends, with correct counts."""
        parser, sweeper = self.function("parser"), self.function("sweeper")
        upload = self.parse(parser, 5)
        self.ingest(upload, "1.00", "no", "2.00")
        first = self.attempts(upload)
        self.assertEqual(len(first), 5)
        self.messages()
        for minutes, claimed in ((9, 0), (11, 1), (11, 0), (21, 1), (21, 0)):
            self.let_lie(upload, f"{minutes} minutes")
            before = self.attempts(upload)
            self.assertEqual(self.counts(sweeper)[:3], (claimed, 0, 0), minutes)
            after = self.attempts(upload)
            self.assertEqual(len(after), 5)
            self.assertEqual([number for number in (3, 4) if before[number] != after[number]], [3, 4] if claimed else [])
        self.assertEqual(self.state(upload), "processing||5|2|1|3|2")
        self.assertEqual([line["attempt"] for line in self.lines(sweeper, "reading upload again")], [1, 2])
        self.messages()
        self.let_lie(upload, "41 minutes")
        self.assertEqual(self.counts(sweeper)[:3], (0, 0, 1))
        self.assertEqual(self.state(upload), "failed|PROCESSING_ABANDONED|5|2|1|3|2")
        self.assertEqual([(message["kind"], message["upload_id"]) for message in self.messages()],
            [("upload_ended", upload)])
        self.assertEqual(query(f"SELECT count(*) FROM onboard.products WHERE upload_id = '{upload}'"), "2")

    def test_reread_in_the_same_encoding(self) -> None:
        """Whether the first reading got so far that it found out the encoding, or not."""
        parser, sweeper = self.function("parser"), self.function("sweeper")
        for is_inspected in (True, False):
            with self.subTest(is_inspected=is_inspected):
                upload = self.parse_file(parser, HEADER + "P-1,planted-sku-1,Größe für 5 €,Kitchen,9.99,3\n", 1,
                                         encoding="cp1252", metadata={"onboard-encoding": "auto"})
                if not is_inspected:
                    query("UPDATE onboard.upload_history SET total_records = NULL, "
                          f"metadata = metadata - 'header' || '{{\"encoding\": \"auto\"}}' WHERE upload_id = '{upload}'")
                before = self.attempts(upload)
                self.let_lie(upload)
                self.assertEqual(self.counts(sweeper)[:3], (1, 0, 0))
                self.assertNotEqual(self.attempts(upload), before)
                self.assertEqual(query(f"SELECT metadata ->> 'encoding', total_records FROM onboard.upload_history "
                                       f"WHERE upload_id = '{upload}'"), "windows-1252|1")
                item, = self.clients["dynamodb"].query(
                    TableName=self.resources.settings["Table"]["TableName"], KeyConditionExpression="upload_id = :id",
                    ExpressionAttributeValues={":id": {"S": upload}})["Items"]
                self.assertEqual(item["product_data"]["M"]["product_name"], {"S": "Größe für 5 €"})

    def test_reread_with_the_same_map(self) -> None:
        """Whatever has become of the map, and whether the first reading got so far that it found the header, or not."""
        self.addCleanup(query, "DELETE FROM onboard.upload_history; DELETE FROM onboard.column_maps")
        parser, sweeper = self.function("parser"), self.function("sweeper")
        set_map = "SELECT onboard_set_map('VEND001', 'shop', 'product_name = \"Title\" | prefix(\"%s \")')"
        for is_inspected in (True, False):
            with self.subTest(is_inspected=is_inspected):
                query(set_map % "old")
                upload = self.parse_file(parser, HEADER.replace("product_name", "Title") + row(1), 1,
                                         metadata={"onboard-map": "shop"})
                if not is_inspected:
                    query("UPDATE onboard.upload_history SET total_records = NULL, metadata = metadata - 'header' "
                          f"WHERE upload_id = '{upload}'")
                query(set_map % "new")
                before = self.attempts(upload)
                self.let_lie(upload)
                self.assertEqual(self.counts(sweeper)[:3], (1, 0, 0))
                self.assertNotEqual(self.attempts(upload), before)
                item, = self.clients["dynamodb"].query(
                    TableName=self.resources.settings["Table"]["TableName"], KeyConditionExpression="upload_id = :id",
                    ExpressionAttributeValues={":id": {"S": upload}})["Items"]
                self.assertEqual(item["product_data"]["M"]["product_name"], {"S": "old Lamp"})

    def test_judged_row_counts_as_progress(self) -> None:
        parser, sweeper = self.function("parser"), self.function("sweeper", SWEEP_ATTEMPTS="1")
        upload = self.parse(parser, 4)
        for number in range(1, 5):
            self.let_lie(upload, "11 minutes")
            self.assertEqual(self.counts(sweeper)[:3], (1, 0, 0))
            self.ingest(upload, "1.00", first=number)
        self.assertEqual(self.state(upload), "completed||4|4|0|5|0")
        self.let_lie(upload)
        self.assertEqual(self.counts(sweeper)[:3], (0, 0, 0))

    def test_removed_object_ends_its_upload(self) -> None:
        parser, sweeper = self.function("parser"), self.function("sweeper")
        gone, there = self.parse(parser, 3), self.parse(parser, 3)
        self.clients["s3"].delete_object(Bucket=self.resources.bucket, **self.objects[gone])
        for upload in (gone, there):
            self.let_lie(upload)
        self.assertEqual(self.counts(sweeper)[:3], (2, 0, 0))
        self.assertEqual(query(f"SELECT status, failure_code FROM onboard.upload_history WHERE upload_id = '{gone}'"),
                         "failed|OBJECT_REPLACED")
        self.assertEqual(self.state(there), "processing||3|0|0|2|1")
        self.assertEqual([(message["kind"], message["upload_id"]) for message in self.messages()], [("upload_ended", gone)])

    def test_unreadable_upload_does_not_stop_others(self) -> None:
        parser, sweeper = self.function("parser"), self.function("sweeper")
        first = self.begin_by_hand(3)
        query(f"SELECT onboard_begin_parse('{first}')")
        second = self.parse(parser, 3)
        self.let_lie(first, "3 hours")
        self.let_lie(second, "2 hours")
        self.assertEqual(self.counts(sweeper)[:3], (2, 1, 0))
        self.assertEqual([line["upload_id"] for line in self.lines(sweeper, "cannot read upload again")], [first])
        self.assertEqual(self.state(second), "processing||3|0|0|2|1")

    def test_uploads_beyond_the_limit_are_left_to_the_next_run(self) -> None:
        """Even one stalled for so long that it would end: it must be read again first."""
        parser, sweeper = self.function("parser"), self.function("sweeper", SWEEP_UPLOADS="1")
        uploads = [self.parse(parser, 2) for _ in range(3)]
        for number, upload in enumerate(uploads):
            self.let_lie(upload, f"{60 - number} hours")
        for number in range(1, 4):
            self.assertEqual(self.counts(sweeper)[:3], (1, 0, 0))
            self.assertEqual([self.state(upload)[-1] for upload in uploads], ["1"] * number + ["0"] * (3 - number))
        self.assertEqual(self.counts(sweeper)[:3], (0, 0, 0))

    def test_near_deadline_ends_the_reading(self) -> None:
        parser, sweeper = self.function("parser"), self.function("sweeper", timeout=3.0, DEADLINE_MARGIN_MS="2990")
        upload = self.parse(parser, 2)
        self.let_lie(upload)
        answer = sweeper.invoke({})
        self.assertFalse(answer.ok)
        self.assertEqual(self.state(upload), "processing||2|0|0|1|0")

    def test_kills_at_any_point(self) -> None:
        """The next run completes whatever a kill interrupted: each upload ends once, its end is reported, and the
        counts are correct."""
        seed = int(os.environ.get("ONBOARD_SEED", random.randrange(1 << 30)))
        print(f"# seed {seed}")
        moments = random.Random(seed)
        parser, sweeper = self.function("parser"), self.function("sweeper", OUTBOX_LEASE_SECONDS="1")
        uploads = [self.parse(parser, 5) for _ in range(3)]
        for upload in uploads:
            self.ingest(upload, "1.00", "no")
        sweeper.kill_after = lambda: moments.random() * 0.04
        told: dict[int, tuple[str, str]] = {}
        for turn in range(16):
            if turn == 12:
                sweeper.kill_after = lambda: None
            query("UPDATE onboard.upload_history SET updated_at = now() - '3 hours'::interval WHERE status = 'processing'; "
                  "UPDATE onboard.outbox SET lease_until = now()")
            answer = sweeper.invoke({})
            self.assertTrue(answer.ok or turn < 12, answer.error)
            told |= {message["event_id"]: (message["kind"], message["upload_id"]) for message in self.messages()}
        self.assertGreater(sweeper.kills, 2)
        for upload in uploads:
            self.assertRegex(self.state(upload), r"^failed\|PROCESSING_ABANDONED\|5\|1\|1\|[123]\|2$")
        self.assertEqual(sorted(entry for entry in told.values() if entry[0] == "upload_ended"),
                         sorted(("upload_ended", upload) for upload in uploads))
        self.assertEqual(query("SELECT count(*) FROM onboard.outbox"), "0")

    def test_two_concurrent_sweepers(self) -> None:
        """Each upload is read again once, by one of them."""
        parser = self.function("parser")
        sweepers = [self.function("sweeper") for _ in range(2)]
        uploads = [self.parse(parser, 20) for _ in range(6)]
        for sweeper in sweepers:
            self.sweep(sweeper)
        for upload in uploads:
            self.let_lie(upload)
        answers: list[Result] = []
        threads = [threading.Thread(target=lambda sweeper=sweeper: answers.append(sweeper.invoke({})))
            for sweeper in sweepers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.error for answer in answers if not answer.ok], [])
        claimed = [answer.payload["claimed"] for answer in answers]
        # A sweeper that finds the lock taken leaves the rest to the other, or to the next run.
        self.assertEqual(sum(claimed) + self.sweep(sweepers[0])["claimed"], 6, claimed)
        self.assertEqual([self.state(upload) for upload in uploads], ["processing||20|0|0|2|1"] * 6)

    # Events.

    def test_outbox_of_dead_invocations_is_drained(self) -> None:
        sweeper = self.function("sweeper")
        ended, going = self.begin_by_hand(2), self.begin_by_hand(3)
        self.ingest(ended, "1.00", "no")
        self.ingest(going, "no")
        # The invocations that claimed them died and left leases; one has expired, the other has not.
        query("SELECT count(*) FROM onboard_claim_events(2, '1 hour')")
        query("UPDATE onboard.outbox SET lease_until = now() "
              "WHERE event_id = (SELECT min(event_id) FROM onboard.outbox WHERE lease_until > now())")
        waiting = query("SELECT upload_id, kind FROM onboard.outbox WHERE lease_until > now()")
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 0, 2))
        self.assertEqual(query("SELECT upload_id, kind FROM onboard.outbox"), waiting)
        query("UPDATE onboard.outbox SET lease_until = now()")
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 0, 1))
        self.assertEqual(query("SELECT count(*) FROM onboard.outbox"), "0")
        messages = sorted(self.messages(), key=lambda message: (message["kind"], message["upload_id"]))
        self.assertEqual(sorted((message["upload_id"], message["kind"]) for message in messages),
                         sorted([(ended, "errors_recorded"), (going, "errors_recorded"), (ended, "upload_ended")]))

    def test_lost_end_event_is_sent_again(self) -> None:
        sweeper = self.function("sweeper", SWEEP_UNREPORTED_SECONDS="3600")
        upload = self.begin_by_hand(1)
        self.ingest(upload, "1.00")
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 0, 1))
        self.messages()
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 0, 0))
        self.let_lie(upload)
        query("UPDATE onboard.upload_history SET processing_completed_at = updated_at")
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 1, 1))
        self.assertEqual([(message["kind"], message["upload_id"]) for message in self.messages()],
            [("upload_ended", upload)])
        line = self.lines(sweeper, "upload is not reported")[-1]
        self.assertEqual((line["upload_id"], line["valid"], line["level"]), (upload, 1, "warning"))
        self.assertEqual(self.metrics(sweeper)["UploadsUnreported"], 1)
        self.assertGreaterEqual(self.metrics(sweeper)["UnreportedOldestSeconds"], 7200)
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 0, 0))
        query(f"SELECT onboard_record_report('{upload}', null, null)")
        self.let_lie(upload)
        self.assertEqual(self.counts(sweeper), (0, 0, 0, 0, 0))
        self.assertEqual(self.metrics(sweeper)["UploadsUnreported"], 0)

    def test_unavailable_queue_does_not_stop_the_rest(self) -> None:
        sweeper = self.function("sweeper", ERROR_QUEUE_URL=self.emulator.url + "/123456789012/no-such-queue",
            OUTBOX_LEASE_SECONDS="1")
        upload = self.begin_by_hand(1)
        self.ingest(upload, "1.00")
        other = self.begin_by_hand()
        self.let_lie(other, "2 days")
        self.assertEqual(self.counts(sweeper), (0, 0, 1, 0, 0))
        self.assertEqual(query("SELECT count(*) FROM onboard.outbox"), "2")

    # The end.

    def test_uploads_of_other_programs_end_after_a_day(self) -> None:
        sweeper = self.function("sweeper")
        young, old, unknown = self.begin_by_hand(9), self.begin_by_hand(9), self.begin_by_hand()
        for upload in (young, old, unknown):
            self.ingest(upload, "1.00", "no", "2.00")
        self.let_lie(young, "23 hours")
        self.let_lie(old, "25 hours")
        self.let_lie(unknown, "25 hours")
        payload = self.sweep(sweeper)
        self.assertEqual((payload["claimed"], payload["abandoned"]), (0, 2))
        self.assertEqual(self.state(young), "processing||9|2|1|0|0")
        self.assertEqual(self.state(old), "failed|PROCESSING_ABANDONED|9|2|1|0|0")
        self.assertEqual(self.state(unknown), "failed|PROCESSING_ABANDONED||2|1|0|0")
        ended = [message["upload_id"] for message in self.messages() if message["kind"] == "upload_ended"]
        self.assertEqual(sorted(ended), sorted([old, unknown]))
        lines = {line["upload_id"]: line for line in self.lines(sweeper, "upload abandoned")}
        self.assertEqual(set(lines), {old, unknown})
        self.assertEqual([lines[old][name] for name in ("rows", "valid", "invalid", "vendor_id")], [9, 2, 1, "VEND001"])
        self.assertNotIn("rows", lines[unknown])
        stuck = self.lines(sweeper, "upload is stuck")
        self.assertEqual([line["upload_id"] for line in stuck], [young])
        self.assertGreaterEqual(stuck[0]["seconds"], 23 * 3600)

    def test_backlog_is_reported(self) -> None:
        sweeper = self.function("sweeper")
        self.let_lie(self.begin_by_hand(3), "100 seconds")
        self.let_lie(self.begin_by_hand(), "1 second")
        payload = self.sweep(sweeper)
        self.assertEqual((payload["backlog"]["uploads_processing"], payload["backlog"]["uploads_without_total"]), (2, 1))
        metrics = self.metrics(sweeper)
        self.assertEqual(metrics["UploadsProcessing"], 2)
        self.assertTrue(100 <= metrics["UploadsOldestSeconds"] < 100 + HANG_SECONDS, metrics)
        self.assertEqual([metrics[name] for name in ("EventsWaiting", "EventsOldestSeconds", "UploadsRevived",
            "UploadsAbandoned")],
                         [0, 0, 0, 0])
        named = {metric["Name"] for metric in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
        self.assertLessEqual({"UploadsProcessing", "UploadsOldestSeconds", "EventsWaiting", "EventsOldestSeconds",
                              "UploadsUnreported", "UnreportedOldestSeconds", "HeldRowsWaiting", "HeldRowsOldestSeconds"}, named)
        self.assertEqual(metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"], "onboard")

    def test_one_sweeper_at_a_time(self) -> None:
        sweeper = self.function("sweeper")
        upload, ended = self.begin_by_hand(2), self.begin_by_hand(1)
        self.let_lie(upload, "2 days")
        self.ingest(ended, "1.00")
        with Session("loader", PASSWORD) as other:
            other.query("BEGIN")
            self.assertEqual(other.query("SELECT onboard_lock_sweeper()"), "t")
            payload = self.sweep(sweeper)
            self.assertEqual((payload["busy"], payload["claimed"], payload["abandoned"]), (True, 0, 0))
            # Work that needs no lock is still done.
            self.assertEqual(payload["events"], 1)
            self.assertEqual(self.state(upload), "processing||2|0|0|0|0")
            other.query("COMMIT")
        self.assertEqual(self.counts(sweeper), (0, 0, 1, 0, 1))

    def test_unreachable_database_is_an_error(self) -> None:
        self.clients["secretsmanager"].create_secret(Name="nowhere", SecretString=json.dumps({
            "host": "/nowhere", "dbname": "x", "username": "x", "password": PASSWORD}))
        sweeper = self.function("sweeper", DATABASE_SECRET_ID="nowhere")
        answer = sweeper.invoke({})
        self.assertFalse(answer.ok)
        self.assertEqual(answer.error_type, "Function.InfrastructureError")


if __name__ == "__main__":
    unittest.main()
