"""Test the handler validator: rows of a stream get one verdict each, even if delivered twice, in pieces, late or not
at all.

Run by test/tap/061_validator.pl, which starts the server.
"""

import base64
import contextlib
import itertools
import json
import os
import random
import subprocess
import threading
import time
import unittest
import uuid
from typing import Any, Callable, Iterator

from event_sources import EmulatedShard
from fault_plan import FaultPlan
from fault_proxy import FaultProxy
from handler_case import HandlerCase
from patience import HANG_SECONDS, deadlines, wait_until
from postgres import query as sql
from runtime_api import Function, FunctionSettings, Result

PLANTED = "PLANTED-VALUE-7c21"
TABLE = "UploadRecords"
sequence = itertools.count(10**20)
skus = itertools.count(1)

Record = dict[str, Any]


def begin(total: int | None = None, vendor: str = "VEND001") -> str:
    return sql(f"SELECT onboard_begin_upload('{vendor}', '{vendor}_20260104_090000.csv', 'uploads/{vendor}/x.csv',"
               f" 'test/{uuid.uuid4()}', {'NULL' if total is None else total})")


def product(sku: str = "", **changes: str) -> dict[str, str]:
    sku = sku or f"SKU-{next(skus)}"
    return {"vendor_product_id": sku, "sku": sku, "product_name": f"{PLANTED} \u00e4\U0001f600\"\\",
            "category": "Books", "price": "2.50", "stock_quantity": "3", "colour": PLANTED, **changes}


def bad_product() -> dict[str, str]:
    return product(price=f"={PLANTED}", stock_quantity="-1")


def image(upload_id: str, row: int, fields: dict[str, str] | None = None) -> dict[str, Any]:
    data = {name: {"S": value} for name, value in (fields or product()).items()}
    return {"upload_id": {"S": upload_id}, "record_id": {"S": f"REC_{row:08}"}, "vendor_id": {"S": "VEND001"},
            "row_number": {"N": str(row)}, "line_number": {"N": str(row + 1)}, "product_data": {"M": data},
            "status": {"S": "pending_validation"}, "parse_attempt": {"N": "1"}, "expires_at": {"N": "1893456000"}}


def record(new_image: dict[str, Any] | None, name: str = "INSERT") -> Record:
    """A stream record as functions see it."""
    change: dict[str, Any] = {"ApproximateCreationDateTime": time.time(), "SequenceNumber": str(next(sequence)),
                              "SizeBytes": 100, "StreamViewType": "NEW_IMAGE"}
    if new_image is not None:
        change["NewImage"] = new_image
        change["Keys"] = {key: new_image[key] for key in ("upload_id", "record_id") if key in new_image}
    return {"eventID": str(uuid.uuid4()), "eventName": name, "eventVersion": "1.1", "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1", "dynamodb": change,
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/UploadRecords/stream/2026"}


def row(upload_id: str, number: int, fields: dict[str, str] | None = None, name: str = "INSERT") -> Record:
    return record(image(upload_id, number, fields), name)


def number_of(stream_record: Record) -> str:
    return str(stream_record["dynamodb"]["SequenceNumber"])


def state(*upload_ids: str) -> str:
    """Return a checksum of everything the database stores of uploads, except the outbox and the times of progress."""
    names = ", ".join(f"'{upload_id}'" for upload_id in upload_ids)
    return sql(f"""SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
        SELECT p::text FROM onboard.products p WHERE upload_id IN ({names})
        UNION ALL SELECT e::text FROM onboard.validation_errors e WHERE upload_id IN ({names})
        UNION ALL SELECT j::text FROM onboard.judged_rows j WHERE upload_id IN ({names})
        UNION ALL SELECT (to_jsonb(u) - 'updated_at')::text FROM onboard.upload_history u
            WHERE upload_id IN ({names})) AS t (line)""")


def counts(upload_id: str) -> tuple[int, int, str]:
    """Return products, rejected rows, and the upload's own counts and status."""
    line = sql(f"""SELECT (SELECT count(*) FROM onboard.products WHERE upload_id = '{upload_id}'),
        (SELECT count(DISTINCT row_number) FROM onboard.validation_errors WHERE upload_id = '{upload_id}'),
        format('%s/%s %s', valid_records, error_records, status)
        FROM onboard.upload_history WHERE upload_id = '{upload_id}'""").split("|")
    return int(line[0]), int(line[1]), line[2]


class Services(HandlerCase):
    """A function for each test, behind a proxy that injects faults."""

    def setUp(self) -> None:
        self.functions: list[Function] = []
        self.messages("product-validation-errors")
        self.messages("upload-records-quarantine")

    def tearDown(self) -> None:
        """Check that no value and no password reached a log."""
        for function in self.functions:
            text = "\n".join(function.log.lines())
            function.stop()
            self.assertNotIn(PLANTED, text)
            self.assertNotIn(self.password, text)
            for line in text.splitlines():
                json.loads(line)

    def function(self, *faults: dict[str, Any], timeout: float = 300.0, seed: int = 5, **environment: str) -> Function:
        self.plan = FaultPlan.read({"seed": seed, "faults": list(faults)})
        proxy = self.enterContext(FaultProxy(self.emulator.url, self.plan))
        function = Function(
            FunctionSettings("validator", os.environ["ONBOARD_BOOTSTRAP"], "validator", timeout),
            {**self.resources.environment(proxy.url, "validator"), "DATABASE_PAUSE_SECONDS": "0",
             "DEADLINE_MARGIN_MS": "500", **environment})
        self.functions.append(function)
        return function

    def deliver(self, function: Function, records: list[Record]) -> list[str]:
        """Invoke; return the sequence numbers named as failed."""
        result = function.invoke({"Records": records})
        self.assertTrue(result.ok, result.error)
        return self.named(result)

    def named(self, result: Result) -> list[str]:
        self.assertEqual(list(result.payload), ["batchItemFailures"])
        return [failure["itemIdentifier"] for failure in result.payload["batchItemFailures"]]

    def messages(self, queue: str) -> list[dict[str, Any]]:
        bodies: list[dict[str, Any]] = []
        url = self.resources.queue_urls[queue]
        while got := self.clients["sqs"].receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                bodies.append(json.loads(message["Body"]))
                self.clients["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def put(self, records: list[Record]) -> None:
        for item in records:
            self.clients["dynamodb"].put_item(TableName=TABLE, Item=item["dynamodb"]["NewImage"])

    def item(self, upload_id: str, number: int) -> dict[str, str]:
        """Return the attributes of an item that are strings or numbers; empty if the item does not exist."""
        key = {"upload_id": {"S": upload_id}, "record_id": {"S": f"REC_{number:08}"}}
        item = self.clients["dynamodb"].get_item(TableName=TABLE, Key=key).get("Item", {})
        return {name: value[kind] for name, value in item.items() for kind in ("S", "N") if kind in value}

    def metric(self, function: Function, name: str) -> int:
        return sum(line.get(name, 0) for line in function.log.records() if "_aws" in line)

    def judged(self, function: Function) -> list[int]:
        """Return how many rows were judged, valid and invalid, as the log says."""
        batches = [line for line in function.log.records() if line.get("message") == "batch judged"]
        return [sum(line[name] for line in batches) for name in ("rows", "valid", "invalid")]


class JudgingTest(Services):
    def test_batch_of_valid_and_invalid_rows(self) -> None:
        function = self.function()
        upload_id = begin(5)
        defect = image(upload_id, 3)
        del defect["product_data"]
        defect["defect"] = {"M": {"error_type": {"S": "MALFORMED_ROW"}, "message": {"S": "it has 3 fields"},
                                  "raw": {"S": f"a,{PLANTED}"}}}
        same = product()
        records = [row(upload_id, 5, same), row(upload_id, 1), row(upload_id, 2, bad_product()), record(defect),
                   row(upload_id, 4, same)]
        self.put(records)
        started = int(time.time())
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(counts(upload_id), (2, 3, "2/3 partial"))
        # Within a batch the row number decides, not the position: row 4 won.
        item = self.item(upload_id, 4)
        self.assertEqual((item["status"], item["action"]), ("validated", "inserted"))
        item = self.item(upload_id, 5)
        self.assertEqual((item["status"], item["error_reason"]), ("error", "DUPLICATE_SKU"))
        item = self.item(upload_id, 2)
        self.assertEqual((item["status"], item["error_reason"]), ("error", "INVALID_PRICE"))
        details = json.loads(item["error_details"])
        self.assertEqual([detail["error_type"] for detail in details], ["INVALID_PRICE", "INVALID_STOCK"])
        self.assertNotIn("rejected_value", details[0])
        self.assertTrue(started <= int(item["processed_at"]) <= time.time(), item)
        self.assertEqual(self.item(upload_id, 3)["error_reason"], "MALFORMED_ROW")
        self.assertNotIn("error_reason", self.item(upload_id, 1))
        self.assertNotIn("action", self.item(upload_id, 2))
        self.assertEqual(self.judged(function), [5, 2, 3])
        kinds = sorted(message["kind"] for message in self.messages("product-validation-errors"))
        self.assertEqual(kinds, ["errors_recorded", "upload_ended"])
        stored = json.loads(sql(f"SELECT to_jsonb(p) FROM onboard.products p WHERE upload_id = '{upload_id}'"
                                " AND row_number = 1"))
        self.assertEqual((stored["product_name"], stored["attributes"]),
                         (product()["product_name"], {"colour": PLANTED}))

    def test_actions_of_rows_that_change_products(self) -> None:
        function = self.function()
        old = [product() for _ in range(4)]
        inserted, upload_id = begin(4), begin(5)
        records = [row(inserted, number, fields) for number, fields in enumerate(old, 1)]
        self.put(records)
        self.assertEqual(self.deliver(function, records), [])
        sql(f"UPDATE onboard.upload_history SET mode = 'upsert' WHERE upload_id = '{upload_id}'")
        new = [{**old[0], "price": "2.60"}, old[1], {**old[2], "price": "25.00"}, {**old[3], "stock_quantity": "-1"}, product()]
        records = [row(upload_id, number, fields) for number, fields in enumerate(new, 1)]
        self.put(records)
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual([self.item(upload_id, number).get("action") for number in range(1, 6)],
                         ["updated", "unchanged", "held", None, "inserted"])
        self.assertEqual(self.judged(function), [9, 8, 1])

    def test_empty_batch(self) -> None:
        self.assertEqual(self.deliver(self.function(), []), [])

    def test_irrelevant_records_are_skipped(self) -> None:
        function = self.function()
        upload_id = begin()
        done = image(upload_id, 2)
        done["status"] = {"S": "validated"}
        records = [record(None, "REMOVE"), record(done, "MODIFY"), row(upload_id, 1)]
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(counts(upload_id), (1, 0, "1/0 processing"))
        self.assertEqual(self.messages("upload-records-quarantine"), [])

    def test_same_row_twice_in_a_batch(self) -> None:
        function = self.function()
        upload_id = begin(2)
        first = product()
        records = [row(upload_id, 1, first), row(upload_id, 2, bad_product()), row(upload_id, 1, first, "MODIFY"),
                   row(upload_id, 2, product(), "MODIFY")]
        self.put(records[:2])
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(counts(upload_id), (1, 1, "1/1 partial"))
        self.assertEqual(self.judged(function), [2, 1, 1])
        self.assertEqual([self.item(upload_id, number)["status"] for number in (1, 2)], ["validated", "error"])
        statements = self.plan.counts()["calls"]
        self.assertEqual(statements["dynamodb.BatchExecuteStatement"], 1)

    def test_rows_that_no_upload_accepts(self) -> None:
        function = self.function()
        ended, unknown = begin(1), "VEND001-0000000000000000"
        sql(f"SELECT status FROM onboard_cancel_upload('{ended}')")
        records = [row(ended, 1), row(unknown, 1)]
        self.put(records)
        self.assertEqual(self.deliver(function, records), [])
        reasons = [(self.item(upload_id, 1)["status"], self.item(upload_id, 1)["error_reason"])
                   for upload_id in (ended, unknown)]
        self.assertEqual(reasons, [("error", "refused"), ("error", "unknown_upload")])
        self.assertEqual(self.judged(function), [0, 0, 0])

    def test_rows_from_a_real_stream(self) -> None:
        function = self.function()
        upload_id = begin(30)
        shard = EmulatedShard(self.clients["dynamodbstreams"], self.resources.stream_arn)
        while shard.read():
            pass
        self.put([row(upload_id, number, bad_product() if number % 3 == 0 else None) for number in range(1, 31)])
        self.assertEqual(self.deliver(function, shard.read()), [])
        self.assertEqual(counts(upload_id), (20, 10, "20/10 partial"))
        # The stream records of the write-backs are skipped.
        changes = shard.read()
        self.assertEqual(len(changes), 30)
        before = state(upload_id)
        self.assertEqual(self.deliver(function, changes), [])
        self.assertEqual(state(upload_id), before)

    def test_removed_item_is_not_recreated(self) -> None:
        function = self.function()
        upload_id = begin(1)
        self.assertEqual(self.deliver(function, [row(upload_id, 1)]), [])
        self.assertEqual(self.item(upload_id, 1), {})
        self.assertEqual(self.metric(function, "StatusUpdatesFailed"), 0)


class ReplayTest(Services):
    def test_replays_in_any_order_and_shape_change_nothing(self) -> None:
        function = self.function()
        seed = random.randrange(10**6)
        chance = random.Random(seed)
        uploads = [begin(40), begin(40), begin(40, "VEND002")]
        shared = [product() for _ in range(10)]
        records = [row(upload_id, number, chance.choice([None, bad_product(), chance.choice(shared)]))
                   for upload_id in uploads for number in range(1, 41)]
        chance.shuffle(records)
        for start in range(0, len(records), 30):
            self.assertEqual(self.deliver(function, records[start:start + 30]), [])
        before = state(*uploads)
        for upload_id in uploads:
            good, bad, _ = counts(upload_id)
            self.assertEqual(good + bad, 40)
        self.assertEqual(sum(message["kind"] == "upload_ended"
                             for message in self.messages("product-validation-errors")), 3)
        for _ in range(10):
            again = [record for record in records if chance.random() < 0.7] + chance.sample(records, 20)
            chance.shuffle(again)
            while again:
                size = chance.randrange(1, len(again) + 1)
                self.assertEqual(self.deliver(function, again[:size]), [])
                again = again[size:]
            self.assertEqual(state(*uploads), before, f"seed {seed}")
        self.assertEqual(self.messages("product-validation-errors"), [])

    def test_same_batch_concurrently(self) -> None:
        functions = [self.function(), self.function()]
        uploads = [begin(100), begin(100)]
        records = [row(upload_id, number, bad_product() if number % 5 == 0 else None)
                   for number in range(1, 101) for upload_id in uploads]
        answers: list[list[str]] = []
        for function in functions:
            self.assertEqual(self.deliver(function, []), [])
        threads = [threading.Thread(target=lambda one=function: answers.append(self.deliver(one, records)))
                   for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [[], []])
        for upload_id in uploads:
            self.assertEqual(counts(upload_id), (80, 20, "80/20 partial"))
        self.assertEqual(sum(message["kind"] == "upload_ended"
                             for message in self.messages("product-validation-errors")), 2)

    def test_killed_at_any_moment(self) -> None:
        seed = random.randrange(10**6)
        chance = random.Random(seed)
        uploads = [begin(30), begin(30)]
        records = [row(upload_id, number, bad_product() if number % 4 == 0 else None)
                   for number in range(1, 31) for upload_id in uploads]
        function = self.function()
        for _ in range(3):
            function.kill_after = lambda: chance.random() * 0.06
            for _ in range(5):
                function.invoke({"Records": records})
        self.assertGreater(function.kills, 0)
        function.kill_after = lambda: None
        self.assertEqual(self.deliver(function, records), [])
        for upload_id in uploads:
            self.assertEqual(counts(upload_id), (23, 7, "23/7 partial"), f"seed {seed}")


class InfrastructureTest(Services):
    def while_locked(self, upload_id: str, function: Function, records: list[Record],
                     action: Callable[[], None] | None = None) -> list[str]:
        """Deliver while an upload is locked; call a function when its rows are about to be judged."""
        answers: list[list[str]] = []
        with subprocess.Popen(["psql", "-Xq"], stdin=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as holder:
            assert holder.stdin is not None
            holder.stdin.write(f"BEGIN; SELECT FROM onboard.upload_history WHERE upload_id = '{upload_id}' FOR UPDATE;\n")
            holder.stdin.flush()
            wait_until(lambda: sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'") != "0")
            thread = threading.Thread(target=lambda: answers.append(self.deliver(function, records)))
            thread.start()
            try:
                if action is not None:
                    wait_until(lambda: sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") != "0",
                               "a session waits for the lock")
                    action()
            finally:
                thread.join(HANG_SECONDS)
                holder.stdin.close()
        self.assertEqual(len(answers), 1)
        return answers[0]

    def test_server_crashes_before_one_of_the_uploads(self) -> None:
        for place in range(4):
            with self.subTest(place=place):
                self.one_death(place)

    def one_death(self, place: int) -> None:
        uploads = [begin(3) for _ in range(4)]
        order = [0, 0, 1, 2, 3, 1, 2, 3, 0, 3, 2, 1]
        numbers = {upload_id: itertools.count(1) for upload_id in uploads}
        records = [row(uploads[index], next(numbers[uploads[index]])) for index in order]
        function = self.function()

        def stop() -> None:
            subprocess.run(["pg_ctl", "stop", "-D", os.environ["PGDATA"], "-m", "immediate"], check=True,
                           capture_output=True)

        named = self.while_locked(uploads[place], function, records, stop)
        subprocess.run(["pg_ctl", "start", "-w", "-D", os.environ["PGDATA"], "-l",
                        os.path.join(os.environ["ONBOARD_TEST_FOLDER"], "server.log")], check=True, capture_output=True)
        first = min(index for index, owner in enumerate(order) if owner >= place)
        self.assertEqual(named, [number_of(records[first])])
        for index, upload_id in enumerate(uploads):
            self.assertEqual(counts(upload_id), (3, 0, "3/0 completed") if index < place else (0, 0, "0/0 processing"))
        self.assertEqual(self.deliver(function, records[first:]), [])
        for upload_id in uploads:
            self.assertEqual(counts(upload_id), (3, 0, "3/0 completed"))

    def test_terminated_backend_is_replaced(self) -> None:
        function = self.function()
        upload_id = begin(2)
        self.assertEqual(self.deliver(function, [row(upload_id, 1)]), [])
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'loader'")
        self.assertEqual(self.deliver(function, [row(upload_id, 2)]), [])
        self.assertEqual(counts(upload_id), (2, 0, "2/0 completed"))

    def test_lock_timeout_names_the_first_waiting_record(self) -> None:
        function = self.function(LOCK_TIMEOUT_MS="300")
        uploads = [begin(1), begin(1), begin(1)]
        records = [row(upload_id, 1) for upload_id in uploads]
        self.assertEqual(self.while_locked(uploads[1], function, records), [number_of(records[1])])
        self.assertEqual([counts(upload_id)[0] for upload_id in uploads], [1, 0, 0])
        self.assertEqual(self.deliver(function, records[1:]), [])
        self.assertEqual([counts(upload_id)[0] for upload_id in uploads], [1, 1, 1])

    def test_no_time_left(self) -> None:
        upload_id = begin(2)
        records = [record(None, "REMOVE"), row(upload_id, 1), row(upload_id, 2)]
        for margin in ("4999", "5000", "9000"):
            function = self.function(timeout=5, DEADLINE_MARGIN_MS=margin)
            self.assertEqual(self.deliver(function, records), [number_of(records[1])])
            codes = [line.get("error_code") for line in function.log.records()]
            # A millisecond may be enough to detect that it is not enough.
            self.assertTrue("DEADLINE" in codes or (margin == "4999" and codes[0] is not None), codes)
        self.assertEqual(counts(upload_id), (0, 0, "0/0 processing"))
        # Records that are not rows need no time.
        self.assertEqual(self.deliver(function, records[:1]), [])

    def test_database_errors_are_not_the_vendors_fault(self) -> None:
        function = self.function()
        upload_id = begin(1)
        records = [row(upload_id, 1)]
        self.put(records)
        sql("REVOKE EXECUTE ON FUNCTION onboard_ingest(text, jsonb) FROM loader")
        try:
            self.assertEqual(self.deliver(function, records), [number_of(records[0])])
        finally:
            sql("GRANT EXECUTE ON FUNCTION onboard_ingest(text, jsonb) TO loader")
        self.assertEqual(self.item(upload_id, 1)["status"], "pending_validation")
        self.assertEqual(self.messages("upload-records-quarantine"), [])
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(counts(upload_id), (1, 0, "1/0 completed"))


class QuarantineTest(Services):
    def broken(self, upload_id: str, number: int) -> Record:
        new_image = image(upload_id, number)
        new_image["product_data"] = {"M": {"sku": {"N": "17"}, PLANTED: {"S": PLANTED}}}
        return record(new_image)

    def test_records_that_cannot_be_decoded(self) -> None:
        function = self.function()
        upload_id = begin(98)
        records = [row(upload_id, number) for number in range(1, 101)]
        records[40] = self.broken(upload_id, 41)
        nul = image(upload_id, 100, product(description=f"{PLANTED}\0"))
        records[99] = record(nul)
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(counts(upload_id), (98, 0, "98/0 completed"))
        messages = self.messages("upload-records-quarantine")
        by_row = {message["row_number"]: message for message in messages}
        self.assertEqual(sorted(by_row), [41, 100])
        message = by_row[41]
        self.assertRegex(message.pop("request_id"), r"^[0-9a-f-]{36}$")
        self.assertEqual(message, {
            "v": 1, "reason": "BAD_PRODUCT_DATA", "event_id": records[40]["eventID"],
            "sequence_number": number_of(records[40]), "upload_id": upload_id, "record_id": "REC_00000041",
            "row_number": 41, "table": TABLE, "stream_arn": records[40]["eventSourceARN"],
            "record_bytes": len(json.dumps(records[40])), "record": records[40]})
        self.assertEqual((by_row[100]["reason"], by_row[100]["record"]), ("BAD_TEXT", records[99]))
        self.assertEqual(self.metric(function, "RecordsQuarantined"), 2)

    def test_malformed_records(self) -> None:
        function = self.function()
        upload_id = begin(1)
        keys_only = record(None)
        keys_only["dynamodb"]["Keys"] = {"upload_id": {"S": upload_id}, "record_id": {"S": "REC_00000002"}}
        hostile = image(f"{PLANTED}\"" * 50, 1)
        source = {"eventSource": "aws:dynamodb", "eventSourceARN": keys_only["eventSourceARN"]}
        odd: list[Any] = [source, {**source, "eventName": 17}, keys_only, record(hostile), row(upload_id, 1)]
        self.assertEqual(self.deliver(function, odd), [])
        messages = self.messages("upload-records-quarantine")
        self.assertEqual(sorted(message["reason"] for message in messages),
                         ["BAD_UPLOAD_ID", "NO_IMAGE", "NO_RECORD", "NO_RECORD"])
        for message in messages:
            self.assertIn(message.pop("record"), odd)
        self.assertNotIn(PLANTED, json.dumps(messages))
        self.assertEqual([message["record_id"] for message in messages if message["reason"] == "NO_IMAGE"],
                         ["REC_00000002"])
        self.assertEqual(counts(upload_id), (1, 0, "1/0 completed"))

    def quarantined(self, function: Function, new_image: dict[str, Any], raw: Callable[[str], bytes] = str.encode) -> tuple[
            bytes, str]:
        """Deliver one record that cannot be decoded; return it as delivered, and the message about it."""
        delivered = raw(json.dumps(record(new_image), ensure_ascii=False))
        result = function.invoke(b'{"Records": [ ' + delivered + b' ]}')
        self.assertTrue(result.ok, result.error)
        self.assertEqual(self.named(result), [])
        url = self.resources.queue_urls["upload-records-quarantine"]
        message, = self.clients["sqs"].receive_message(QueueUrl=url)["Messages"]
        self.clients["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return delivered, message["Body"]

    def test_record_is_quarantined_byte_for_byte(self) -> None:
        function = self.function()
        broken = image(begin(), 7, product(description="\u00e4 / \\ \U0001f600"))
        broken["price"], broken["line_number"] = {"N": "1.50e2"}, {"S": "x"}
        delivered, body = self.quarantined(
            function, broken, lambda text: text.replace(', "', ' ,\n"').replace(" / ", " \\/ ").encode())
        self.assertIn(f'"record":{delivered.decode()}}}', body)
        self.assertEqual(json.loads(body)["reason"], "BAD_LINE_NUMBER")

    def test_record_with_characters_that_the_queue_refuses(self) -> None:
        function = self.function()
        for raw in ("\ufffe".encode(), "\uffff".encode(), b"\xff"):
            broken = image(begin(), 7, product(description="PLACE"))
            broken["line_number"] = {"S": "x"}
            delivered, body = self.quarantined(function, broken, lambda text: text.encode().replace(b"PLACE", raw))
            message = json.loads(body)
            self.assertNotIn("record", message)
            self.assertEqual(base64.b64decode(message["record_base64"]), delivered)

    def test_record_that_is_too_long_for_the_queue(self) -> None:
        """A record of nearly 1 MiB arrives whole; of a longer one, its ids."""
        function = self.function()
        limit = 1024 * 1024
        for length, whole in ((limit - 4096, True), (limit, False)):
            broken = image(begin(), 7, product(description="x" * length))
            broken["line_number"] = {"S": "x"}
            delivered, body = self.quarantined(function, broken)
            message = json.loads(body)
            self.assertLessEqual(len(body), limit)
            self.assertEqual((message["record_id"], message["record_bytes"]), ("REC_00000007", len(delivered)))
            self.assertEqual(message.get("record"), json.loads(delivered) if whole else None)

    def test_record_that_the_queue_rejects(self) -> None:
        """If the queue accepts only short messages, it gets the ids, and the stream advances."""
        url = self.clients["sqs"].create_queue(QueueName="short-messages", Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
        rejected = {"fault": "failed_entries", "call": "sqs.SendMessageBatch", "count": 1, "sender_fault": True, "times": 1}
        for function in (self.function(QUARANTINE_QUEUE_URL=url), self.function(rejected)):
            upload_id = begin()
            long = self.broken(upload_id, 2)
            long["dynamodb"]["NewImage"]["product_data"]["M"]["more"] = {"S": "x" * 1024}
            self.assertEqual(self.deliver(function, [long, row(upload_id, 3)]), [])
            self.assertEqual(counts(upload_id)[0], 1)
        messages = [*self.messages("upload-records-quarantine"),
                    *(json.loads(message["Body"]) for message in self.clients["sqs"].receive_message(QueueUrl=url)["Messages"])]
        self.assertEqual([(message["row_number"], "record" in message) for message in messages], [(2, False)] * 2)

    def test_many_undecodable_records(self) -> None:
        function = self.function()
        upload_id = begin()
        records = [self.broken(upload_id, number) for number in range(1, 121)]
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(sorted(message["row_number"] for message in self.messages("upload-records-quarantine")),
                         list(range(1, 121)))

    def test_unavailable_quarantine_queue(self) -> None:
        function = self.function({"fault": "failed_entries", "call": "sqs.SendMessageBatch", "count": 10,
                                  "sender_fault": True, "times": 2})
        upload_id = begin()
        records = [row(upload_id, 1), self.broken(upload_id, 2), row(upload_id, 3)]
        self.assertEqual(self.deliver(function, records), [number_of(records[1])])
        self.assertEqual(counts(upload_id)[0], 2)
        self.assertEqual(self.deliver(function, records[1:]), [])
        self.assertEqual(len(self.messages("upload-records-quarantine")), 1)
        self.assertEqual(self.plan.unfired(), [])

    def test_redelivered_records_are_not_quarantined_twice(self) -> None:
        # An outage of hours must not fill the queue: records after the first failure wait with it.
        function = self.function(LOCK_TIMEOUT_MS="200")
        upload_id = begin()
        records = [self.broken(upload_id, 1), row(upload_id, 2), self.broken(upload_id, 3)]
        sql("REVOKE EXECUTE ON FUNCTION onboard_ingest(text, jsonb) FROM loader")
        try:
            for _ in range(3):
                self.assertEqual(self.deliver(function, records[1:]), [number_of(records[1])])
        finally:
            sql("GRANT EXECUTE ON FUNCTION onboard_ingest(text, jsonb) TO loader")
        self.assertEqual(self.messages("upload-records-quarantine"), [])
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual(len(self.messages("upload-records-quarantine")), 2)

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Reject rows permanently if the price ends in "refuse", and temporarily if it ends in "later"."""
        sql("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.rejected_value LIKE '%refuse' THEN RAISE SQLSTATE '22000' USING MESSAGE = NEW.rejected_value; END IF;
            IF NEW.rejected_value LIKE '%later' THEN RAISE SQLSTATE '55P03' USING MESSAGE = NEW.rejected_value; END IF;
            RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON onboard.validation_errors FOR EACH ROW EXECUTE FUNCTION refuse()""")
        try:
            yield
        finally:
            sql("DROP TRIGGER refuse ON onboard.validation_errors; DROP FUNCTION refuse()")

    def test_rows_that_the_database_rejects(self) -> None:
        function = self.function()
        upload_id, other = begin(4), begin(1)
        records = [row(upload_id, 1), row(upload_id, 2, product(price=f"{PLANTED} refuse")), row(other, 1),
                   row(upload_id, 3, bad_product()), row(upload_id, 4)]
        self.put(records)
        with self.refusing():
            self.assertEqual(self.deliver(function, records), [])
        self.assertEqual([counts(upload_id), counts(other)], [(2, 1, "2/1 processing"), (1, 0, "1/0 completed")])
        self.assertEqual([(message["reason"], message["row_number"])
                          for message in self.messages("upload-records-quarantine")], [("REFUSED_ROW", 2)])
        self.assertEqual([self.item(upload_id, number)["status"] for number in (1, 2, 3, 4)],
                         ["validated", "pending_validation", "error", "validated"])

    def test_deferred_constraints(self) -> None:
        """A deferred constraint added by users rejects a row like any other, and neither delays a shard nor costs a
        verdict."""
        function = self.function()
        sql("""CREATE TABLE brands (name text COLLATE "C" PRIMARY KEY);
            CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.brand = 'forbidden' THEN RAISE EXCEPTION 'a brand that is not for sale'; END IF; RETURN NEW; END $$""")
        try:
            for change in ("ADD CONSTRAINT brand FOREIGN KEY (brand) REFERENCES brands DEFERRABLE INITIALLY DEFERRED", ""):
                sql(f"ALTER TABLE onboard.products {change}" if change else """ALTER TABLE onboard.products DROP CONSTRAINT brand;
                    CREATE CONSTRAINT TRIGGER brand AFTER INSERT ON onboard.products DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION forbid()""")
                with self.subTest(change):
                    upload_id = begin(3)
                    records = [row(upload_id, 1), row(upload_id, 2, product(brand="forbidden")), row(upload_id, 3)]
                    self.assertEqual(self.deliver(function, records), [])
                    self.assertEqual(counts(upload_id), (2, 1, "2/1 partial"))
                    self.assertEqual(sql(f"SELECT row_number, error_type FROM onboard.validation_errors "
                        f"WHERE upload_id = '{upload_id}'"),
                                     "2|REJECTED_BY_CATALOGUE")
        finally:
            sql("""DROP TRIGGER IF EXISTS brand ON onboard.products; DROP FUNCTION forbid();
                ALTER TABLE onboard.products DROP CONSTRAINT IF EXISTS brand; DROP TABLE brands""")
        self.assertEqual(self.messages("upload-records-quarantine"), [])

    def test_outage_while_rows_are_judged_one_by_one(self) -> None:
        function = self.function()
        upload_id, other = begin(4), begin(1)
        records = [row(upload_id, 1, product(price=f"{PLANTED} refuse")), row(other, 1), row(upload_id, 2),
                   row(upload_id, 3, product(price=f"{PLANTED} later")), row(upload_id, 4)]
        with self.refusing():
            # The other upload waits too, and its row precedes the one that failed.
            self.assertEqual(self.deliver(function, records), [number_of(records[1])])
        self.assertEqual([counts(upload_id)[:2], counts(other)[:2]], [(1, 0), (0, 0)])
        self.assertEqual([message["row_number"] for message in self.messages("upload-records-quarantine")], [1])
        self.assertEqual(self.deliver(function, records[1:]), [])
        self.assertEqual([counts(upload_id), counts(other)], [(2, 1, "2/1 processing"), (1, 0, "1/0 completed")])

    def test_record_without_a_number_fails_the_batch_only_if_it_must_be_named(self) -> None:
        function = self.function()
        upload_id = begin(1)
        nameless = row(upload_id, 1)
        nameless["dynamodb"]["SequenceNumber"] = ""
        sql("REVOKE EXECUTE ON FUNCTION onboard_ingest(text, jsonb) FROM loader")
        try:
            result = function.invoke({"Records": [nameless]})
        finally:
            sql("GRANT EXECUTE ON FUNCTION onboard_ingest(text, jsonb) TO loader")
        self.assertFalse(result.ok)
        self.assertIn("NO_IDENTIFIER", str(result.error))
        self.assertEqual(self.deliver(function, [nameless]), [])
        self.assertEqual(counts(upload_id), (1, 0, "1/0 completed"))

    def test_invalid_events_fail(self) -> None:
        function = self.function()
        for event in (b"null", b"[]", b"{}", b'{"Records":17}', b'{"Records":[{]}', b"\xff"):
            result = function.invoke(event)
            self.assertFalse(result.ok)
            self.assertIn("EVENT_INVALID", str(result.error))
        self.assertEqual(function.cold_starts, 1)


class StatusTest(Services):
    def test_failed_status_update_changes_nothing(self) -> None:
        for fault in ({"fault": "error", "status": 500}, {"fault": "throttle"}, {"fault": "reset_before"}):
            with self.subTest(fault=fault):
                function = self.function({**fault, "call": "dynamodb.BatchExecuteStatement"})
                upload_id = begin(3)
                records = [row(upload_id, 1), row(upload_id, 2, bad_product()), row(upload_id, 3)]
                self.put(records)
                # The call is retried until the deadline, which must not come before the rows are judged.
                for function.settings.timeout in deadlines(3):
                    if not self.deliver(function, records):
                        break
                self.assertEqual(counts(upload_id), (2, 1, "2/1 partial"))
                self.assertEqual(self.item(upload_id, 1)["status"], "pending_validation")
                self.assertEqual(self.metric(function, "StatusUpdatesFailed"), 3)
                self.assertIn("upload_ended",
                              [message["kind"] for message in self.messages("product-validation-errors")])
                self.assertEqual(self.plan.unfired(), [])

    def test_statements_that_fail_temporarily(self) -> None:
        function = self.function({"fault": "statement_errors", "times": 3, "count": 7})
        upload_id = begin(60)
        records = [row(upload_id, number) for number in range(1, 61)]
        self.put(records)
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual({self.item(upload_id, number)["status"] for number in range(1, 61)}, {"validated"})
        self.assertEqual(self.metric(function, "StatusUpdatesFailed"), 0)
        self.assertEqual(self.plan.unfired(), [])

    def test_failed_condition_is_done_and_rejected_statement_is_counted(self) -> None:
        for code, failed in (("ConditionalCheckFailed", 0), ("ValidationError", 2)):
            with self.subTest(code=code):
                function = self.function({"fault": "statement_errors", "times": 1, "count": 2, "code": code})
                upload_id = begin(3)
                self.assertEqual(self.deliver(function, [row(upload_id, number) for number in (1, 2, 3)]), [])
                self.assertEqual(self.metric(function, "StatusUpdatesFailed"), failed)
                self.assertEqual(self.plan.unfired(), [])

    def test_lost_reply_after_the_update(self) -> None:
        function = self.function({"fault": "drop_reply", "call": "dynamodb.BatchExecuteStatement", "times": 1})
        upload_id = begin(2)
        records = [row(upload_id, 1), row(upload_id, 2, bad_product())]
        self.put(records)
        self.assertEqual(self.deliver(function, records), [])
        self.assertEqual([self.item(upload_id, number)["status"] for number in (1, 2)], ["validated", "error"])
        self.assertEqual(self.plan.unfired(), [])
