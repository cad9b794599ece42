"""Test the repair of items whose status missed their verdict: by the sweeper, and when a file is read again.

Run by test/tap/063_sweeper_rotate.pl, which starts the server.
"""

import itertools
import os
import random
import threading
import unittest
import uuid
from typing import Any

import handler_sweeper
from fault_plan import FaultPlan
from fault_proxy import FaultProxy
from handler_parser import kill_of
from patience import deadlines, wait_until
from postgres import query
from runtime_api import Function, Result

setUpModule = handler_sweeper.setUpModule
sequence = itertools.count(10**20)
Item = dict[str, Any]
UPDATE = "dynamodb.BatchExecuteStatement"


def without_time(items: list[Item]) -> list[Item]:
    return [{name: value for name, value in item.items() if name != "processed_at"} for item in items]


class RepairTest(handler_sweeper.Sweeping):
    def setUp(self) -> None:
        super().setUp()
        self.faulty = self.enterContext(FaultProxy(self.emulator.url))
        self.parser = self.function("parser")

    # Helpers.

    def proxied(self, handler: str, *faults: dict[str, Any], **environment: str) -> Function:
        """A function behind a proxy that injects these faults."""
        self.faulty.plan = FaultPlan.read({"seed": 5, "faults": list(faults)})
        function = self.function(handler, AWS_ENDPOINT_URL=self.faulty.url, DEADLINE_MARGIN_MS="500", **environment)
        self.faulty.kill = kill_of(function)
        return function

    def items(self, upload: str) -> list[Item]:
        pages = self.clients["dynamodb"].get_paginator("query").paginate(
            TableName=self.table, KeyConditionExpression="upload_id = :id",
            ExpressionAttributeValues={":id": {"S": upload}})
        return [item for page in pages for item in page["Items"]]

    @property
    def table(self) -> str:
        return str(self.resources.settings["Table"]["TableName"])

    def statuses(self, upload: str) -> str:
        """Return the first letter of each item's status, in row order."""
        return "".join(item["status"]["S"][0] for item in self.items(upload))

    def put(self, items: list[Item]) -> None:
        for item in items:
            self.clients["dynamodb"].put_item(TableName=self.table, Item=item)

    def stream(self, items: list[Item]) -> dict[str, Any]:
        """An event of the table's stream in which these items appear."""
        return {"Records": [{
            "eventID": str(uuid.uuid4()), "eventName": "INSERT", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1", "eventSourceARN": self.resources.stream_arn,
            "dynamodb": {"ApproximateCreationDateTime": 1767517200.0, "SequenceNumber": str(next(sequence)),
                         "Keys": {name: item[name] for name in ("upload_id", "record_id")}, "NewImage": item,
                         "SizeBytes": 100, "StreamViewType": "NEW_IMAGE"}} for item in items]}

    def judge_with_missed_updates(self, *uploads: str) -> None:
        """Let a validator judge all rows, whose updates of the items fail until the deadline."""
        validator = self.proxied("validator", {"fault": "error", "call": UPDATE})
        event = self.stream([item for upload in uploads for item in self.items(upload)])
        for validator.settings.timeout in deadlines(3):
            answer = validator.invoke(event)
            if answer.ok and not answer.payload["batchItemFailures"]:
                break
        self.assertEqual(self.faulty.plan.unfired(), [])
        self.assertGreater(self.metrics(validator)["StatusUpdatesFailed"], 0)
        for upload in uploads:
            self.assertEqual(set(self.statuses(upload)), {"p"})

    def missed(self, upload: str) -> str:
        """Return what the database knows to be missed; empty if it knows that all items are up to date."""
        return query(f"SELECT missed FROM onboard.item_checks WHERE upload_id = '{upload}'")

    def make_due(self) -> None:
        """Pretend that all uploads ended, and all checks were claimed, long ago."""
        query("UPDATE onboard.item_checks SET due_at = now() - '1 day'::interval; UPDATE onboard.upload_history "
              "SET processing_completed_at = now() - '1 day'::interval WHERE processing_completed_at IS NOT NULL")

    # Tests.

    def test_sweeper_repairs_missed_updates(self) -> None:
        """While DynamoDB fails, the metric shows the missed updates; then all items are repaired and it is 0 again."""
        upload, other = self.parse(self.parser, 12, bad=(3, 4)), self.parse(self.parser, 3)
        self.judge_with_missed_updates(upload, other)
        sweeper = self.proxied("sweeper", {"fault": "error", "call": UPDATE})
        for sweeper.settings.timeout in deadlines(3):
            self.make_due()
            sweeper.invoke({})
            if self.lines(sweeper, "items keep an old status") and self.faulty.plan.calls[UPDATE]:
                break
        self.faulty.plan = FaultPlan()
        sweeper.settings.timeout = 300.0
        query("UPDATE onboard.item_checks SET due_at = now() + '1 hour'::interval")
        self.assertEqual(self.sweep(sweeper)["checked"], 0)
        self.assertGreaterEqual(self.metrics(sweeper)["StatusUpdatesMissed"], 12)
        self.make_due()
        self.assertEqual(self.sweep(sweeper)["checked"], 2)
        self.assertEqual(self.metrics(sweeper)["StatusUpdatesMissed"], 0)
        self.assertEqual([self.statuses(upload), self.statuses(other)], ["vveevvvvvvvv", "vvv"])
        self.assertEqual([self.missed(upload), self.missed(other)], ["", ""])
        self.assertEqual(self.sweep(sweeper)["checked"], 0)

    def test_reading_again_repairs_missed_updates(self) -> None:
        """Of an upload that has ended, and of one in which rows without a verdict stay pending."""
        ended, going = self.parse(self.parser, 9, bad=(2,)), self.parse(self.parser, 4, bad=(1,))
        rows = self.items(going)
        self.judge_with_missed_updates(ended)
        validator = self.proxied("validator", {"fault": "statement_errors", "code": "ValidationError", "count": 2})
        self.assertTrue(validator.invoke(self.stream(rows[:2])).ok)
        self.assertEqual(self.missed(going), "2")
        for upload in (ended, going):
            self.assertTrue(self.parser.invoke(self.events[upload]).ok)
        self.assertEqual([self.statuses(ended), self.statuses(going)], ["vevvvvvvv", "evpp"])
        self.assertEqual(self.attempts(going), ["1", "1", "2", "2"])
        # Both are checked once more after their end, in case an update was still in progress.
        self.assertEqual([self.missed(ended), self.missed(going)], ["0", "0"])
        self.make_due()
        self.assertEqual(self.sweep(self.function("sweeper"))["checked"], 1)
        self.assertEqual([self.missed(ended), self.missed(going)], ["", "0"])

    def test_every_upload_is_checked_after_its_end(self) -> None:
        """This repairs items whose updates are not known to be missed, because records were discarded; also those of rows
        that their upload refused.  Repaired items equal those that a validator updates."""
        upload, cancelled = self.parse(self.parser, 12, bad=(3, 4)), self.parse(self.parser, 2)
        query(f"SELECT status FROM onboard_cancel_upload('{cancelled}')")
        pending = self.items(upload) + self.items(cancelled)
        for item in pending[4:6]:
            del item["product_data"]
            item["defect"] = {"M": {"error_type": {"S": "MALFORMED_ROW"}, "message": {"S": "it has 3 fields"},
                                    "raw": {"S": "a,planted-sku"}}}
        self.assertEqual(self.function("validator").invoke(self.stream(pending)).payload, {"batchItemFailures": []})
        self.put(pending[4:6])
        validated = self.items(upload) + self.items(cancelled)
        self.assertEqual(self.statuses(upload) + self.statuses(cancelled), "vveeppvvvvvvee")
        self.put(pending)
        sweeper = self.function("sweeper")
        self.assertEqual(self.sweep(sweeper)["checked"], 0)
        self.make_due()
        self.assertEqual(self.sweep(sweeper)["checked"], 2)
        self.assertEqual(self.statuses(upload) + self.statuses(cancelled), "vveeeevvvvvvee")
        repaired = self.items(upload) + self.items(cancelled)
        self.assertEqual({item["error_reason"]["S"] for item in repaired[4:6]}, {"MALFORMED_ROW"})
        del validated[4:6], repaired[4:6]
        self.assertEqual(without_time(repaired), without_time(validated))
        self.assertTrue(all(item["processed_at"]["N"].isdigit() for item in repaired))
        self.assertEqual(repaired[-1]["error_reason"]["S"], "refused")
        self.assertEqual(query("SELECT count(*) FROM onboard.item_checks"), "0")

    def sweep_later(self) -> Result:
        self.make_due()
        return self.function("sweeper").invoke({})

    def test_items_of_changed_products(self) -> None:
        """Items say what their rows did, whether a validator or a repair updates them; products change once."""
        self.ingest_items(self.parse(self.parser, 6))
        keys = query("SELECT vendor_product_id FROM onboard.products ORDER BY row_number").split("\n")
        rows = [(keys[0], "8.00", ""), (keys[1], "9.99", ""), (keys[2], "999.00", ""), (keys[3], "", "delete"),
                (keys[4], "no", ""), ("P-0", "1.00", ""), (keys[0], "7.00", "")]
        content = "vendor_product_id,price,onboard_action\n" + "".join(f"{','.join(each)}\n" for each in rows)
        upload = self.parse_file(self.parser, content, len(rows), "update/")
        pending = self.items(upload)
        wanted = [("validated", "updated"), ("validated", "unchanged"), ("validated", "held"), ("validated", "discontinued"),
                  ("error", "INVALID_PRICE"), ("error", "UNKNOWN_PRODUCT"), ("error", "DUPLICATE_VENDOR_PRODUCT_ID")]

        def outcomes() -> list[tuple[str, str]]:
            return [(item["status"]["S"], item["error_reason" if item["status"]["S"] == "error" else "action"]["S"])
                    for item in self.items(upload)]

        self.assertTrue(self.function("validator").invoke(self.stream(pending)).ok)
        self.assertEqual(outcomes(), wanted)
        # Delivered again, read again, and swept: nothing that happens to the products changes what the rows did.
        for again in (lambda: self.function("validator").invoke(self.stream(pending)),
                      lambda: self.parser.invoke(self.events[upload]), self.sweep_later):
            query("UPDATE onboard.products SET price = price + 1")
            self.put(pending)
            self.assertTrue(again().ok)
            self.assertEqual(outcomes(), wanted)
        self.assertEqual(query(f"SELECT count(*) FROM onboard.product_changes WHERE upload_id = '{upload}'"), "2")

    def test_removed_item_is_not_recreated(self) -> None:
        """Even if DynamoDB removes it between reading the items and updating them."""
        upload = self.parse(self.parser, 3)
        self.judge_with_missed_updates(upload)
        sweeper = self.proxied("sweeper", {"fault": "hold", "call": UPDATE})
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(sweeper.invoke({})))
        thread.start()
        wait_until(lambda: self.faulty.plan.fired["hold", UPDATE], "the update")
        key = {name: self.items(upload)[1][name] for name in ("upload_id", "record_id")}
        self.clients["dynamodb"].delete_item(TableName=self.table, Key=key)
        self.faulty.plan.release()
        thread.join()
        self.assertTrue(results[0].ok, results[0].error)
        self.assertEqual(self.statuses(upload), "vv")
        self.assertEqual(self.missed(upload), "0")

    def test_validator_killed_between_commit_and_update(self) -> None:
        """Its batch is delivered again, and updates the items."""
        for fault in ("kill_before", "kill_after"):
            with self.subTest(fault):
                upload = self.parse(self.parser, 40, bad=(7,))
                event = self.stream(self.items(upload))
                validator = self.proxied("validator", {"fault": fault, "call": UPDATE, "times": 1})
                self.assertFalse(validator.invoke(event).ok)
                self.assertEqual(self.state(upload)[:9], "partial||")
                if fault == "kill_before":
                    self.assertIn("p", self.statuses(upload))
                self.assertTrue(validator.invoke(event).ok)
                self.assertEqual(self.statuses(upload), "v" * 6 + "e" + "v" * 33)
                self.assertEqual(self.faulty.plan.unfired(), [])

    def test_sweeper_killed_at_any_point(self) -> None:
        seed = int(os.environ.get("ONBOARD_SEED", random.randrange(1 << 30)))
        print(f"# seed {seed}")
        moments = random.Random(seed)
        uploads = [self.parse(self.parser, 30, bad=(number,)) for number in (1, 2, 3)]
        for upload in uploads:
            self.ingest_items(upload)
        # At least once: when the first item has been updated.
        sweeper = self.proxied("sweeper", {"fault": "kill_after", "call": UPDATE, "times": 1})
        self.assertTrue(sweeper.invoke({}).ok)
        sweeper.kill_after = lambda: moments.random() * 0.2
        for turn in itertools.count():
            if turn == 12:
                sweeper.kill_after = lambda: None
            self.make_due()
            if sweeper.invoke({}).ok and turn >= 12:
                break
        self.assertEqual(self.faulty.plan.unfired(), [])
        for number, upload in enumerate(uploads):
            self.assertEqual(self.statuses(upload), "v" * number + "e" + "v" * (29 - number))
        self.assertEqual(query("SELECT count(*) FROM onboard.item_checks"), "0")

    def ingest_items(self, upload: str) -> None:
        """Let a validator judge the rows of items, without updating these."""
        pending = self.items(upload)
        self.assertTrue(self.function("validator").invoke(self.stream(pending)).ok)
        self.put(pending)

    def test_concurrent_repairs(self) -> None:
        """Two sweepers and a parser repair the same items at once; a final check finds nothing left to do."""
        uploads = [self.parse(self.parser, 40, bad=(number,)) for number in (5, 6, 7)]
        for upload in uploads:
            self.ingest_items(upload)
        self.make_due()
        sweepers = [self.function("sweeper") for _ in range(2)]
        jobs: list[tuple[Function, Any]] = [(sweeper, {}) for sweeper in sweepers]
        jobs += [(self.parser, self.events[upload]) for upload in uploads]
        answers: list[Result] = []
        threads = [threading.Thread(target=lambda job=job: answers.append(job[0].invoke(job[1]))) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([answer.error for answer in answers if not answer.ok], [])
        for number, upload in enumerate(uploads, 4):
            self.assertEqual(self.statuses(upload), "v" * number + "e" + "v" * (39 - number))
        self.make_due()
        self.sweep(sweepers[0])
        self.assertEqual(self.lines(sweepers[0], "items keep an old status"), [])
        self.assertEqual(query("SELECT count(*) FROM onboard.item_checks"), "0")

    def test_many_items(self) -> None:
        """More than a page; a foreign item, without a row number, is left alone."""
        upload = self.parse(self.parser, 1003)
        self.ingest(upload, *["1.00"] * 1003)
        self.put([{"upload_id": {"S": upload}, "record_id": {"S": "X"}, "status": {"S": "pending_validation"}}])
        self.make_due()
        sweeper = self.function("sweeper")
        self.assertEqual(self.sweep(sweeper)["checked"], 1)
        self.assertEqual(self.statuses(upload), "v" * 1003 + "p")
        self.assertEqual(self.lines(sweeper, "items repaired")[-1]["rows"], 1003)
        self.assertEqual(self.missed(upload), "")

    def test_a_check_that_fails_stays(self) -> None:
        """The items cannot be read, or time is too short to check them."""
        upload = self.parse(self.parser, 3)
        self.ingest_items(upload)
        self.make_due()
        sweeper = self.proxied("sweeper", {"fault": "deny", "call": "dynamodb.Query"})
        answer = sweeper.invoke({})
        self.assertFalse(answer.ok)
        self.assertIn("AWS_CREDENTIALS", str(answer.error))
        self.assertEqual(self.missed(upload), "0")
        self.make_due()
        self.assertFalse(self.function("sweeper", timeout=3.0, DEADLINE_MARGIN_MS="2990").invoke({}).ok)
        self.assertEqual((self.missed(upload), self.statuses(upload)), ("0", "ppp"))


if __name__ == "__main__":
    unittest.main()
