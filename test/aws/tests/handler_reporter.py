"""Test the handlers reporter and link: one mail for every upload, its files, and the links to them.

Run by test/tap/062_reporter.pl, which starts the server.
"""

import hashlib
import hmac
import html.parser
import io
import itertools
import json
import os
import re
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid
import zipfile
from typing import Any, Callable

from event_sources import EmulatedQueue, QueueConsumer, UrlReply, url_event, url_reply
from fault_plan import FaultPlan
from handler_case import HandlerCase
from patience import HANG_SECONDS, deadlines, wait_until
from pipeline import queue_arn
from postgres import query as sql, server_log
from runtime_api import Function, FunctionSettings, Result

BOM = "\ufeff"
PLANTED = "PLANTED-VALUE-5d1f"
BUCKET = "ecommerce-product-uploads"
counter = itertools.count(1)


def begin(vendor: str = "VEND001", name: str = "") -> str:
    number = next(counter)
    name = (name or f"{vendor}_20260104_{number:06}.csv").replace("'", "''")
    header = ["vendor_product_id", "sku", "product_name", "category", "price", "stock_quantity"]
    metadata = json.dumps({"header": header, "delimiter": ";"})
    return sql(f"SELECT onboard_begin_upload('{vendor}', '{name}', 'uploads/{vendor}/x.csv', 'test/{uuid.uuid4()}',"
               f" NULL, '{metadata}')")


def ingest(upload_id: str, good: int, bad: int) -> None:
    """Ingest valid rows, then invalid ones, each of which breaks two rules."""
    sql(f"""SELECT count(*) FROM onboard_ingest('{upload_id}', (
        SELECT jsonb_agg(jsonb_build_object('row_number', r, 'line_number', r + 1, 'product', jsonb_build_object(
            'vendor_product_id', '{upload_id}' || r, 'sku', '{upload_id}' || r, 'product_name', '{PLANTED}',
            'category', 'Books', 'price', CASE WHEN r > {good} THEN '={PLANTED};"1"' ELSE '2' END,
            'stock_quantity', CASE WHEN r > {good} THEN '-1' ELSE '3' END)))
        FROM generate_series(1, {good + bad}) r))""")


def ended(good: int, bad: int, vendor: str = "VEND001", name: str = "") -> str:
    """An ended upload with this many rows."""
    upload_id = begin(vendor, name)
    if good + bad:
        ingest(upload_id, good, bad)
    sql(f"SELECT status FROM onboard_finish_upload('{upload_id}', {good + bad})")
    return upload_id


def refused() -> str:
    upload_id = begin()
    sql(f"SELECT status FROM onboard_reject_upload('{upload_id}', 'NO_HEADER', 'the file has no header')")
    return upload_id


def expected_file(function: str, upload_id: str) -> bytes:
    """What SQL returns, written as a file; no test row contains a line end."""
    lines = sql(f"SELECT * FROM {function}('{upload_id}')").split("\n")
    return (BOM + "".join(line + "\r\n" for line in lines)).encode()


def message(upload_id: str, kind: str = "upload_ended", **changes: Any) -> str:
    return json.dumps({"v": 1, "event_id": next(counter), "kind": kind, "upload_id": upload_id, "vendor_id": "VEND001",
                       "first_row": None, "last_row": None, "errors": None, **changes})


def queue_event(*bodies: str | None) -> dict[str, Any]:
    """An event with messages m0, m1 and so on."""
    return {"Records": [{"messageId": f"m{index}", "receiptHandle": "r", "attributes": {"ApproximateReceiveCount": "2"},
                         "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                         "eventSourceARN": queue_arn("product-validation-errors"),
                         **({} if body is None else {"body": body})} for index, body in enumerate(bodies)]}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def download(url: str) -> tuple[int, dict[str, str], bytes]:
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=HANG_SECONDS) as reply:
            return reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, {}, error.read()


class PageReader(html.parser.HTMLParser):
    """Extracts the tags and the text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


class HandlerTest(HandlerCase):
    """Functions and a plan of faults for each test."""

    username = "reporter"

    def setUp(self) -> None:
        self.functions: list[Function] = []
        self.proxy.plan = FaultPlan()
        self.reporter = self.function("reporter", concurrency=3)
        self.link = self.function("link")
        self.mails()

    def tearDown(self) -> None:
        """Check that no log has a value, a secret or a token, and that each line is an object."""
        lines = [line for function in self.functions for line in function.log.lines()]
        text = "\n".join(lines)
        for secret in (PLANTED, self.password, self.resources.link_key, "X-Amz-Signature"):
            self.assertNotIn(secret, text)
        self.assertNotRegex(text, r"\.\d{9,11}\.[0-9a-f]{8}")
        for line in lines:
            self.assertIsInstance(json.loads(line), dict)

    def function(self, handler: str, concurrency: int = 1, timeout: float = 120.0, **environment: str) -> Function:
        settings = FunctionSettings(handler, os.environ["ONBOARD_BOOTSTRAP"], handler, timeout, concurrency=concurrency)
        function = Function(settings, {**self.resources.environment(self.proxy.url, handler), "DATABASE_PAUSE_SECONDS": "0",
                                       "TMPDIR": os.environ["ONBOARD_TEST_FOLDER"], **environment})
        self.addCleanup(function.stop)
        self.functions.append(function)
        return function

    def plan(self, *faults: dict[str, Any]) -> FaultPlan:
        self.proxy.plan = FaultPlan.read({"seed": 5, "faults": list(faults)})
        return self.proxy.plan

    def mails(self) -> list[dict[str, Any]]:
        """Return what was published since the last call."""
        queue = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls["mails"])
        mails = []
        while messages := queue.receive(10):
            mails += [json.loads(message["Body"]) for message in messages]
            queue.delete(messages)
        return mails

    def consumer(self, queue: EmulatedQueue) -> QueueConsumer:
        """Deliver the messages of the error queue to the reporter, as its mapping says."""
        mapping = next(mapping for mapping in self.resources.settings["EventSourceMappings"].values()
                       if mapping["FunctionName"] == "reporter")
        return QueueConsumer(mapping, queue, self.reporter.invoke, queue_arn("product-validation-errors"))

    def dead_letters(self) -> list[str]:
        letters = self.resources.settings["Queues"]["product-validation-errors"]["RedrivePolicy"]["deadLetterQueue"]
        queue = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls[letters])
        messages = queue.receive(10)
        queue.delete(messages)
        return [letter["Body"] for letter in messages]

    def keys(self, upload_id: str) -> tuple[str, str]:
        return f"errors/VEND001/{upload_id}_errors.csv", f"errors/VEND001/{upload_id}_fix.csv"

    def workbook_key(self, upload_id: str) -> str:
        return f"errors/VEND001/{upload_id}_fix.xlsx"

    def object(self, key: str) -> dict[str, Any]:
        reply: dict[str, Any] = self.clients["s3"].get_object(Bucket=BUCKET, Key=key)
        return {**reply, "Body": reply["Body"].read()}

    def versions(self, upload_id: str) -> list[str]:
        """Return the ETag of every version of the report's files: the MD5 of its bytes."""
        reply = self.clients["s3"].list_object_versions(Bucket=BUCKET, Prefix=f"errors/VEND001/{upload_id}_")
        return [f"{version['Key'][-10:]} {version['ETag']}" for version in reply.get("Versions", [])]

    def recorded(self, upload_id: str) -> str:
        return sql(f"""SELECT u.metadata ? 'reported_at', coalesce(error_file_s3_key, '-'),
                           coalesce(fix_file_s3_key, '-')
                       FROM onboard.upload_history u WHERE upload_id = '{upload_id}'""")

    def transactions(self) -> list[str]:
        """Return the states of the reporter's sessions that are in a transaction; it must have one session."""
        sessions = sql("SELECT state, xact_start IS NULL FROM pg_stat_activity WHERE usename = 'reporter'").split("\n")
        self.assertEqual(len(sessions), 1)
        return [session for session in sessions if session != "idle|t"]

    def leased(self, upload_id: str) -> bool:
        return sql(f"SELECT leased FROM onboard_report_due('{upload_id}')") == "t"

    def end_lease(self, upload_id: str) -> None:
        """Let the lease of a report expire."""
        self.assertTrue(self.leased(upload_id))
        sql(f"UPDATE onboard.upload_history SET report_lease_until = clock_timestamp() WHERE upload_id = '{upload_id}'")

    def failures(self, result: Result) -> list[str]:
        self.assertIsNone(result.error)
        self.assertEqual(list(result.payload), ["batchItemFailures"])
        return [item["itemIdentifier"] for item in result.payload["batchItemFailures"]]

    def report(self, *upload_ids: str, failures: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """Deliver the events of their ends; return the mails."""
        result = self.reporter.invoke(queue_event(*(message(upload_id) for upload_id in upload_ids)))
        self.assertEqual(self.failures(result), list(failures))
        return self.mails()

    def metric(self, name: str) -> int:
        return sum(record.get(name, 0) for record in self.reporter.log.records())

    def row_metrics(self) -> dict[str, int]:
        """Return the metrics of rows and products that were written, except sums of 0."""
        names = {metric["Name"] for line in self.reporter.log.records() if "_aws" in line
                 for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
        return {name: count for name in names if name.startswith(("Rows", "Products")) and (count := self.metric(name))}

    def log_codes(self, function: Function) -> list[str]:
        return [record["error_code"] for record in function.log.records() if "error_code" in record]

    # Links.

    def call(self, path: str, method: str = "GET", query: str = "", function: Function | None = None) -> UrlReply:
        return url_reply((function or self.link).invoke(url_event(method, path, query)))

    def links(self, mail: dict[str, Any]) -> list[str]:
        """Return the paths of the links in a mail, unchanged: error report, fix file."""
        base = re.escape(self.resources.environment("", "reporter")["LINK_BASE_URL"].rstrip("/"))
        return [path for label in ("Error report", "Fix file")
                for path in re.findall(rf"^{label}: {base}(/\S+)$", mail["Message"], re.MULTILINE)]

    def token(self, path: str, upload_id: str, seconds: int = 3600, key: str | None = None) -> str:
        text = f"{upload_id}.{int(time.time()) + seconds}"
        digest = hmac.new(bytes.fromhex(key or self.resources.link_key), (path + text).encode(), hashlib.sha256)
        return f"{text}.{digest.hexdigest()}"


class ReporterTest(HandlerTest):
    def test_partial_upload_is_reported_with_its_files(self) -> None:
        upload_id = ended(2, 3, name="VEND001 \u00fc\"a/..\\b.CSV")
        mail, = self.report(upload_id)
        error_key, fix_key = self.keys(upload_id)
        self.assertEqual(self.recorded(upload_id), f"t|{error_key}|{fix_key}")
        errors, fix = self.object(error_key), self.object(fix_key)
        self.assertEqual(errors["Body"], expected_file("onboard_error_csv", upload_id))
        self.assertEqual(fix["Body"], expected_file("onboard_fix_csv", upload_id))
        self.assertEqual(errors["Body"].count(b"\r\n"), 7)
        self.assertIn(PLANTED.encode(), errors["Body"])
        workbook = self.object(self.workbook_key(upload_id))
        self.assertEqual(workbook["ContentType"], "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        self.assertEqual(workbook["ContentDisposition"], 'attachment; filename="VEND001_a_.._b_fix.xlsx"')
        with zipfile.ZipFile(io.BytesIO(workbook["Body"])) as book:
            self.assertEqual(book.read("xl/worksheets/sheet1.xml").count(b"<row "), 4)
        self.assertEqual(sql(f"SELECT workbook_file_s3_key FROM onboard.upload_history WHERE upload_id = '{upload_id}'"),
                         self.workbook_key(upload_id))
        self.assertEqual(self.call("/w/" + self.token("/w/", upload_id)).status, 302)
        for reply, ending in ((errors, "errors"), (fix, "fix")):
            self.assertEqual(reply["ContentType"], "text/csv; charset=utf-8")
            self.assertEqual(reply["ContentDisposition"], f'attachment; filename="VEND001_a_.._b_{ending}.csv"')
        self.assertRegex(mail["Subject"], r"^Product Upload Complete - .*\(40\.0% Success, 3 to Correct\)$")
        self.assertIn("Accepted rows: 2 (40.0%)", mail["Message"])
        self.assertRegex(mail["Message"], r"The links work until \d+ \w+ 20\d\d, \d\d:\d\d UTC\.")
        attributes = {name: value["Value"] for name, value in mail["MessageAttributes"].items()}
        self.assertEqual(attributes, {"vendor_id": "VEND001", "status": "partial"})
        self.assertEqual(self.metric("ErrorsProcessed"), 6)
        self.assertEqual(sql(f"SELECT count(*) FROM onboard.outbox WHERE upload_id = '{upload_id}'"), "0")

    def test_rows_are_counted_once(self) -> None:
        upload_id, changing = ended(2, 3), ended(9, 1)
        sql(f"""UPDATE onboard.upload_history SET mode = 'replace', inserted = 1, updated = 3, unchanged = 1, stale = 1, held = 2,
                discontinued = 1, discontinued_missing = 4 WHERE upload_id = '{changing}'""")
        self.report(upload_id)
        self.assertEqual(self.row_metrics(), {"ProductsValidated": 5, "ProductsValid": 2, "ProductsInvalid": 3})
        self.report(changing, upload_id)
        self.report(changing)
        self.assertEqual(self.row_metrics(), {
            "ProductsValidated": 15, "ProductsValid": 11, "ProductsInvalid": 4, "RowsUpdated": 3, "RowsUnchanged": 1,
            "RowsStale": 1, "RowsHeld": 2, "RowsDiscontinued": 1, "ProductsMissing": 4})

    def test_every_other_status_is_reported_too(self) -> None:
        cases = {"completed": ended(3, 0), "all bad": ended(0, 2), "no rows": ended(0, 0), "refused": refused(),
                 "other vendor": ended(1, 0, "VEND002")}
        mails = {re.findall(r"^Upload: (\S+)$", mail["Message"], re.MULTILINE)[0]: mail
                 for mail in self.report(*cases.values())}
        self.assertEqual(sorted(mails), sorted(cases.values()))
        statuses = {name: mails[upload_id]["MessageAttributes"]["status"]["Value"] for name, upload_id in cases.items()}
        self.assertEqual(statuses, {"completed": "completed", "all bad": "failed", "no rows": "failed",
                                    "refused": "failed", "other vendor": "completed"})
        self.assertEqual(mails[cases["other vendor"]]["MessageAttributes"]["vendor_id"]["Value"], "VEND002")
        self.assertIn("NO_HEADER", mails[cases["refused"]]["Message"])
        for name in ("completed", "no rows", "refused", "other vendor"):
            self.assertEqual(self.recorded(cases[name]), "t|-|-", name)
            self.assertNotIn("/r/", mails[cases[name]]["Message"])
            self.assertEqual(self.versions(cases[name]), [], name)
        self.assertEqual(len(self.versions(cases["all bad"])), 3)

    def test_errors_recorded_is_acknowledged_at_once(self) -> None:
        upload_id = ended(0, 1)
        plan = self.plan()
        recorded = message(upload_id, "errors_recorded", first_row=1, last_row=1, errors=2)
        result = self.reporter.invoke(queue_event(recorded, message("VEND001-nosuchupload", "errors_recorded")))
        self.assertEqual((self.failures(result), dict(plan.calls)), ([], {}))
        self.assertEqual((self.mails(), self.recorded(upload_id)), ([], "f|-|-"))

    def test_redelivered_message_changes_nothing(self) -> None:
        upload_id = ended(1, 2)
        self.assertEqual(len(self.report(upload_id)), 1)
        before = (self.versions(upload_id), self.recorded(upload_id))
        plan = self.plan()
        self.assertEqual(self.report(upload_id, upload_id), [])
        self.assertEqual((self.versions(upload_id), self.recorded(upload_id)), before)
        self.assertNotIn("s3.PutObject", plan.calls)

    def test_three_concurrent_copies_produce_one_mail(self) -> None:
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "hold", "call": "sns.Publish"}, {"fault": "hold", "call": "s3.PutObject"})
        results: list[Result] = []
        event = queue_event(message(upload_id))
        threads = [threading.Thread(target=lambda: results.append(self.reporter.invoke(event))) for _ in range(3)]
        for thread in threads:
            thread.start()
        # The others leave the report to the one that claimed it, and their messages in the queue.
        wait_until(lambda: plan.fired["hold", "s3.PutObject"] and len(results) == 2, "one copy in progress")
        self.assertEqual(self.recorded(upload_id), "f|-|-")
        plan.release()
        for thread in threads:
            thread.join()
        self.assertEqual([self.failures(result) for result in results], [["m0"], ["m0"], []])
        self.assertEqual(self.log_codes(self.reporter), [])
        self.assertEqual(len(self.mails()), 1)
        versions = self.versions(upload_id)
        self.assertEqual((len(versions), len(set(versions))), (3, 3))
        self.assertEqual(self.report(upload_id), [])

    def test_no_transaction_is_open_while_a_report_is_written_and_published(self) -> None:
        upload_id = ended(1, 2)
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(self.reporter.invoke(queue_event(message(upload_id)))))
        writing = self.plan({"fault": "hold", "call": "s3.PutObject"})
        thread.start()
        wait_until(lambda: writing.fired["hold", "s3.PutObject"], "a file is being written")
        self.assertEqual(self.transactions(), [])
        publishing = self.plan({"fault": "hold", "call": "sns.Publish"})
        writing.release()
        wait_until(lambda: publishing.fired["hold", "sns.Publish"], "the mail is being published")
        self.assertEqual(self.transactions(), [])
        publishing.release()
        thread.join()
        self.assertEqual(self.failures(results[0]), [])
        self.assertEqual((len(self.mails()), self.leased(upload_id)), (1, False))

    def test_message_of_a_leased_report_stays_in_the_queue(self) -> None:
        upload_id = ended(1, 0)
        queue = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls["product-validation-errors"])
        plan = self.plan({"fault": "hold", "call": "sns.Publish"})
        thread = threading.Thread(target=lambda: self.reporter.invoke(queue_event(message(upload_id))))
        thread.start()
        wait_until(lambda: plan.fired["hold", "sns.Publish"], "the first copy is publishing")
        self.clients["sqs"].send_message(QueueUrl=queue.url, MessageBody=message(upload_id))
        consumer = self.consumer(queue)
        wait_until(lambda: consumer.step() and consumer.counts["failed"], "the second copy fails")
        self.assertFalse(queue.empty())
        plan.release()
        thread.join()
        wait_until(lambda: not consumer.step() and queue.empty(), "the queue is empty")
        self.assertEqual((self.dead_letters(), len(self.mails())), ([], 1))

    def test_lease_that_is_too_short_leaves_less_time(self) -> None:
        """The work ends before the lease does, so no second mail is possible."""
        upload_id = ended(1, 0)
        plan = self.plan({"fault": "hold", "call": "sns.Publish"})
        for lease in deadlines(3):
            self.reporter = self.function("reporter", REPORT_LEASE_SECONDS=str(int(lease)))
            self.assertEqual(self.failures(self.reporter.invoke(queue_event(message(upload_id)))), ["m0"])
            if plan.fired["hold", "sns.Publish"] > 0:
                break
        self.assertEqual((self.log_codes(self.reporter), self.leased(upload_id)), (["HTTP_TIMEOUT"], False))
        self.assertTrue(self.reporter.log.wait_for(lambda line: "REPORT_LEASE_SECONDS is not longer" in line))

    def test_unreadable_message_fails_alone(self) -> None:
        upload_id = ended(1, 0)
        bodies = ["", "no JSON", message(upload_id, v=2), message(upload_id, "unknown"), message("../" + PLANTED), None,
                  message(upload_id), message("VEND001-0000000000000000"), message(upload_id, "errors_recorded")]
        result = self.reporter.invoke(queue_event(*bodies))
        self.assertEqual(self.failures(result), [f"m{index}" for index in range(6)])
        self.assertEqual(len(self.mails()), 1)
        self.assertEqual(self.log_codes(self.reporter), ["MESSAGE_INVALID"] * 6)
        records = [record for record in self.reporter.log.records() if "dropped" in record.get("message", "")]
        self.assertEqual([record["upload_id"] for record in records], ["VEND001-0000000000000000"])

    def test_event_from_another_source_fails_as_a_whole(self) -> None:
        event: Any
        for event in ({}, {"Records": [{"body": "x"}]}, [], {"Records": [{"messageId": "", "body": "x"}]}):
            self.assertEqual(self.reporter.invoke(event).error_type, "Function.InvalidEvent")

    def test_unreadable_message_ends_in_the_dead_letter_queue(self) -> None:
        queue = EmulatedQueue(self.clients["sqs"], self.resources.queue_urls["product-validation-errors"])
        upload_id = ended(0, 1)
        for body in ("no JSON", message(upload_id)):
            self.clients["sqs"].send_message(QueueUrl=queue.url, MessageBody=body)
        consumer = self.consumer(queue)
        wait_until(lambda: not consumer.step() and queue.empty(), "the queue is empty")
        self.assertEqual(self.dead_letters(), ["no JSON"])
        self.assertEqual(len(self.mails()), 1)

    def test_upload_in_progress_is_left_alone(self) -> None:
        upload_id = begin()
        ingest(upload_id, 1, 1)
        self.assertEqual(self.report(upload_id), [])
        self.assertEqual((self.recorded(upload_id), self.versions(upload_id)), ("f|-|-", []))

    def test_without_base_url_the_mail_names_files(self) -> None:
        upload_id = ended(0, 1)
        function = self.function("reporter", LINK_BASE_URL="", LINK_SECRET_ID="no/such/secret")
        self.assertEqual(self.failures(function.invoke(queue_event(message(upload_id)))), [])
        mail, = self.mails()
        error_key, fix_key = self.keys(upload_id)
        fix, errors = fix_key.rsplit("/")[-1], error_key.rsplit("/")[-1]
        self.assertIn(f"Fix file: {fix}\nError report: {errors}\n", mail["Message"])
        self.assertNotIn("until", mail["Message"])

    def test_invalid_base_url_fails_the_start(self) -> None:
        function = self.function("reporter", LINK_BASE_URL="ftp://x")
        self.assertEqual(function.invoke(queue_event()).error_type, "Runtime.InvalidSettings")

    def test_memory_does_not_grow_with_the_report(self) -> None:
        upload_id = begin()
        rows = 12000
        sql(f"""INSERT INTO onboard.intake (upload_id, row_number, line_number, vendor_product_id, sku, product_name,
                    category, price, stock_quantity, description)
                SELECT '{upload_id}', r, r + 1, '{upload_id}' || r, '{upload_id}' || r, 'n', 'Books', '=1', '1',
                    repeat('d', 1900) FROM generate_series(1, {rows}) r;
                UPDATE onboard.upload_history SET metadata = metadata ||
                    '{{"header": ["sku", "price", "description"]}}' WHERE upload_id = '{upload_id}';
                SELECT status FROM onboard_finish_upload('{upload_id}', {rows})""")
        self.report()
        idle = self.reporter.sandboxes()[0].peak_memory()
        self.assertEqual(len(self.report(upload_id)), 1)
        size = self.object(self.keys(upload_id)[1])["ContentLength"]
        peak = self.reporter.sandboxes()[0].peak_memory()
        self.assertGreater(size, 20_000_000)
        self.assertLess(peak, 32 * 1024 * 1024)
        self.assertLess(peak - idle, 8 * 1024 * 1024)
        self.assertEqual(os.listdir(os.environ["ONBOARD_TEST_FOLDER"]), [])


class FaultTest(HandlerTest):
    """Whatever fails, nothing is recorded that was not published, and the next run succeeds."""

    def check_whole(self, upload_id: str, versions: int) -> None:
        """Check that it is now reported, and that every version of the files has the same bytes."""
        error_key, fix_key = self.keys(upload_id)
        self.assertEqual(self.recorded(upload_id), f"t|{error_key}|{fix_key}")
        self.assertEqual(self.object(error_key)["Body"], expected_file("onboard_error_csv", upload_id))
        self.assertEqual(self.object(fix_key)["Body"], expected_file("onboard_fix_csv", upload_id))
        found = self.versions(upload_id)
        self.assertEqual((len(found), len(set(found))), (versions, 3))

    def kill_when(self, upload_id: str, there: Callable[[], object]) -> None:
        """Send SIGKILL to the process as soon as a state is reached."""
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(self.reporter.invoke(queue_event(message(upload_id)))))
        thread.start()
        wait_until(there)
        sandbox, = self.reporter.sandboxes()
        sandbox.process.kill()
        thread.join()
        self.assertEqual(results[0].error_type, "Runtime.ExitError")
        self.proxy.plan = FaultPlan()

    def report_after_kill(self, upload_id: str) -> list[dict[str, Any]]:
        """Deliver the message again: it fails while the lease lasts, then succeeds; return the mails."""
        self.assertEqual(self.recorded(upload_id), "f|-|-")
        self.assertEqual(self.report(upload_id, failures=("m0",)), [])
        self.end_lease(upload_id)
        return self.report(upload_id)

    def test_killed_after_the_first_file(self) -> None:
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "drop_reply", "call": "s3.PutObject", "seconds": HANG_SECONDS})
        self.kill_when(upload_id, lambda: len(self.versions(upload_id)) == 1)
        self.assertEqual(plan.unfired(), [])
        self.assertEqual(len(self.report_after_kill(upload_id)), 1)
        self.check_whole(upload_id, 4)

    def test_killed_after_the_second_file(self) -> None:
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "drop_reply", "call": "s3.PutObject", "seconds": HANG_SECONDS, "skip": 1})
        self.kill_when(upload_id, lambda: len(self.versions(upload_id)) == 3)
        self.assertEqual(plan.unfired(), [])
        self.assertEqual(len(self.report_after_kill(upload_id)), 1)
        self.check_whole(upload_id, 6)

    def test_killed_before_publishing(self) -> None:
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "error", "call": "sns.Publish"})
        self.kill_when(upload_id, lambda: plan.calls["sns.Publish"])
        self.assertEqual(len(self.report_after_kill(upload_id)), 1)
        self.check_whole(upload_id, 6)

    def test_killed_between_publishing_and_recording(self) -> None:
        """Costs exactly one extra mail."""
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "drop_reply", "call": "sns.Publish", "seconds": HANG_SECONDS})
        first: list[dict[str, Any]] = []

        def published() -> bool:
            first.extend(self.mails())
            return len(first) == 1

        self.kill_when(upload_id, published)
        self.assertEqual(plan.unfired(), [])
        second, = self.report_after_kill(upload_id)
        self.assertEqual(second["Subject"], first[0]["Subject"])
        self.check_whole(upload_id, 6)
        self.assertEqual(self.report(upload_id), [])

    def test_killed_after_recording(self) -> None:
        upload_id = ended(1, 2)
        # The events of the upload are sent after its report is recorded.
        plan = self.plan({"fault": "hold", "call": "sqs.SendMessageBatch"})
        self.kill_when(upload_id, lambda: plan.fired["hold", "sqs.SendMessageBatch"])
        plan.release()
        self.assertEqual(len(self.mails()), 1)
        self.check_whole(upload_id, 3)
        self.assertEqual(self.report(upload_id), [])

    def test_lease_that_ran_out_costs_a_second_mail(self) -> None:
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "hold", "call": "sns.Publish", "times": 1})
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(self.reporter.invoke(queue_event(message(upload_id)))))
        thread.start()
        wait_until(lambda: plan.fired["hold", "sns.Publish"], "the first invocation is publishing")
        self.end_lease(upload_id)
        self.assertEqual(len(self.report(upload_id)), 1)
        recorded = self.recorded(upload_id)
        plan.release()
        thread.join()
        self.assertEqual((self.failures(results[0]), len(self.mails())), ([], 1))
        self.assertTrue(self.reporter.log.wait_for(lambda line: "the report was already recorded" in line))
        self.assertEqual(self.recorded(upload_id), recorded)
        self.check_whole(upload_id, 6)

    def test_lost_connection_does_not_lose_the_record(self) -> None:
        upload_id = ended(1, 2)
        plan = self.plan({"fault": "hold", "call": "sns.Publish", "times": 1})
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(self.reporter.invoke(queue_event(message(upload_id)))))
        thread.start()
        wait_until(lambda: plan.fired["hold", "sns.Publish"], "the mail is being published")
        sql("ALTER ROLE reporter NOLOGIN")
        self.addCleanup(sql, "ALTER ROLE reporter LOGIN")
        self.assertEqual(sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reporter'"), "t")
        refused = server_log().count("not permitted to log in")
        plan.release()
        wait_until(lambda: server_log().count("not permitted to log in") > refused, "recording is refused")
        self.assertEqual(self.recorded(upload_id), "f|-|-")
        sql("ALTER ROLE reporter LOGIN")
        thread.join()
        self.assertEqual((self.failures(results[0]), len(self.mails())), ([], 1))
        self.check_whole(upload_id, 3)

    def test_transient_faults_are_retried(self) -> None:
        upload_ids = [ended(1, 1), ended(2, 0), ended(0, 3)]
        plan = self.plan({"fault": "error", "call": "s3.PutObject", "times": 2},
                         {"fault": "throttle", "call": "sns.Publish", "times": 2},
                         {"fault": "error", "status": 503, "call": "s3.PutObject", "skip": 3, "times": 1},
                         {"fault": "reset_in_request", "call": "s3.PutObject", "skip": 1, "times": 1},
                         {"fault": "reset_before", "call": "sns.Publish", "skip": 2, "times": 1},
                         {"fault": "error", "call": "secretsmanager.GetSecretValue", "times": 1})
        self.assertEqual(len(self.report(*upload_ids)), 3)
        self.assertEqual(plan.unfired(), [], plan.table())
        print("# " + plan.table().replace("\n", "\n# "))
        for upload_id in (upload_ids[0], upload_ids[2]):
            self.check_whole(upload_id, 3)
        self.assertGreaterEqual(self.metric("Retries"), 6)

    def test_unavailable_service_fails_the_message_and_nothing_is_recorded(self) -> None:
        for call, codes in (("s3.PutObject", {"AWS_UNAVAILABLE"}), ("sns.Publish", {"AWS_UNAVAILABLE"})):
            with self.subTest(call):
                upload_id = ended(1, 1)
                self.plan({"fault": "error", "call": call})
                for timeout in deadlines(5.0):
                    self.reporter = self.function("reporter", timeout=timeout)
                    self.assertEqual(self.report(upload_id, failures=("m0",)), [])
                    if "AWS_UNAVAILABLE" in self.log_codes(self.reporter):
                        break
                self.assertEqual(set(self.log_codes(self.reporter)), codes)
                self.assertEqual(self.recorded(upload_id), "f|-|-")
                self.proxy.plan = FaultPlan()
                self.assertEqual(len(self.report(upload_id)), 1)

    def test_unusable_link_secret(self) -> None:
        upload_id = ended(1, 1)
        self.clients["secretsmanager"].create_secret(Name="bad/key", SecretString='{"current": "0011"}')
        function = self.function("reporter", LINK_SECRET_ID="bad/key")
        self.assertEqual(self.failures(function.invoke(queue_event(message(upload_id)))), ["m0"])
        self.assertEqual(self.log_codes(function), ["LINK_SECRET_INVALID"])
        self.assertEqual((self.mails(), self.recorded(upload_id)), ([], "f|-|-"))

    def test_messages_without_time_left_are_named_and_redelivered(self) -> None:
        upload_ids = [ended(1, 0) for _ in range(4)]
        self.reporter = self.function("reporter", DEADLINE_MARGIN_MS="2500")
        held = self.proxy.in_progress
        self.plan({"fault": "latency", "call": "sns.Publish", "seconds": 2})
        for self.reporter.settings.timeout in deadlines(8.0):
            result = self.reporter.invoke(queue_event(*(message(upload_id) for upload_id in upload_ids)))
            if (failed := self.failures(result)) != ["m0", "m1", "m2", "m3"]:
                break
        self.assertIn(failed, [["m0", "m1", "m2", "m3"][done:] for done in (1, 2, 3)])
        self.assertTrue(self.reporter.log.wait_for(lambda line: "no time left for some messages" in line))
        # Delayed mails must not arrive in another test.
        wait_until(lambda: self.proxy.in_progress == held, "the delayed requests are done")
        self.proxy.plan = FaultPlan()
        self.report(*upload_ids)
        self.assertEqual([self.recorded(upload_id) for upload_id in upload_ids], ["t|-|-"] * 4)

    def test_unreachable_database_fails_all_messages(self) -> None:
        upload_ids = [ended(1, 0), ended(0, 1)]
        folder = os.environ["ONBOARD_TEST_FOLDER"]
        secret = json.dumps({"host": folder, "port": 1, "dbname": "x", "username": "x", "password": "planted-password"})
        self.clients["secretsmanager"].create_secret(Name="database/away", SecretString=secret)
        self.reporter = self.function("reporter", DATABASE_SECRET_ID="database/away")
        self.assertEqual(self.report(*upload_ids, failures=("m0", "m1")), [])
        self.assertEqual(set(self.log_codes(self.reporter)), {"08001"})

    def test_terminated_sessions_are_reconnected(self) -> None:
        self.assertEqual(len(self.report(ended(1, 1))), 1)
        end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'reporter'"
        self.assertEqual(sql(end), "1")
        self.assertEqual(len(self.report(ended(1, 1))), 1)

    def test_login_that_sees_too_little_does_not_drop_messages(self) -> None:
        upload_id = ended(1, 0)
        secret = json.dumps({"host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "password": "x",
                             "dbname": os.environ["PGDATABASE"], "username": "confined"})
        self.clients["secretsmanager"].create_secret(Name="database/confined", SecretString=secret)
        self.reporter = self.function("reporter", DATABASE_SECRET_ID="database/confined")
        self.assertEqual(self.report(upload_id, failures=("m0",)), [])
        self.assertEqual(self.log_codes(self.reporter), ["NOT_REPORTER"])


class LinkTest(HandlerTest):
    def check_page(self, reply: UrlReply, status: int) -> None:
        self.assertEqual(reply.status, status)
        self.assertEqual(reply.headers["content-type"], "text/html; charset=utf-8")
        self.assertEqual(reply.headers["cache-control"], "no-store")
        self.assertEqual(reply.headers["referrer-policy"], "no-referrer")
        self.assertIn("default-src 'none'", reply.headers["content-security-policy"])
        self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
        page = PageReader(reply.body)
        self.assertLessEqual(page.tags, {"html", "meta", "title", "h1", "p"})
        self.assertGreater(len(page.text), 20)

    def test_links_lead_to_the_files(self) -> None:
        upload_id = ended(2, 3, name="VEND001_20260104_090000.csv")
        mail, = self.report(upload_id)
        paths = self.links(mail)
        self.assertEqual([path[:3] for path in paths], ["/r/", "/f/"])
        for path, key, ending in zip(paths, self.keys(upload_id), ("errors", "fix")):
            reply = self.call(path)
            self.assertEqual((reply.status, reply.body), (302, b""))
            self.assertEqual(reply.headers["cache-control"], "no-store")
            self.assertEqual(reply.headers["referrer-policy"], "no-referrer")
            self.assertIn("X-Amz-Expires=300", reply.headers["location"])
            status, headers, content = download(reply.headers["location"])
            self.assertEqual((status, content), (200, self.object(key)["Body"]))
            self.assertEqual(headers["content-disposition"],
                             f'attachment; filename="VEND001_20260104_090000_{ending}.csv"')
            head = self.call(path, "HEAD")
            self.assertEqual((head.status, head.body), (302, b""))
        expiry = int(paths[0].split(".")[1])
        self.assertAlmostEqual(expiry, time.time() + 30 * 86400, delta=HANG_SECONDS)

    def test_token_opens_only_its_own_file(self) -> None:
        upload_id, other = ended(1, 1), ended(1, 1)
        first, second = self.report(upload_id, other)
        if upload_id not in first["Message"]:
            first = second
        errors, fix = self.links(first)
        forged = [errors.replace("/r/", "/f/"), fix.replace("/f/", "/r/"), errors.replace(upload_id, other),
                  errors[:-1], errors + "0", errors.replace(".", "%2E", 1), "/r/", "/f/", "/r/" + PLANTED,
                  "/r/" + "a" * 100_000,
                  "/r/" + self.token("/r/", upload_id, key="ab" * 32), "/r/" + self.token("/f/", upload_id)]
        for path in forged:
            with self.subTest(path[:80]):
                reply = self.call(path)
                self.check_page(reply, 403)
                self.assertNotIn(b"VEND001", reply.body)
        self.assertEqual(self.call("/r/" + self.token("/r/", upload_id)).status, 302)

    def test_forged_tokens_do_not_reach_the_database(self) -> None:
        link = self.function("link", DATABASE_SECRET_ID="no/such/secret")
        self.assertEqual(self.call("/r/x", function=link).status, 403)
        self.assertEqual(self.call("/r/" + self.token("/r/", "VEND001-1", -5), function=link).status, 410)
        self.assertEqual(self.log_codes(link), [])

    def test_expired_token(self) -> None:
        upload_id = ended(0, 1)
        self.report(upload_id)
        self.check_page(self.call("/r/" + self.token("/r/", upload_id, -1)), 410)
        self.check_page(self.call("/f/" + self.token("/f/", upload_id, -100_000)), 410)
        self.check_page(self.call("/r/" + self.token("/r/", upload_id, -1, "ab" * 32)), 403)

    def test_missing_files(self) -> None:
        good, waiting = ended(1, 0), ended(0, 1)
        self.report(good)
        self.check_page(self.call("/r/" + self.token("/r/", good)), 404)
        self.check_page(self.call("/r/" + self.token("/r/", "VEND001-0000000000000000")), 404)
        reply = self.call("/f/" + self.token("/f/", waiting))
        self.check_page(reply, 409)
        self.assertIn("retry-after", reply.headers)

    def test_other_methods_and_paths(self) -> None:
        token = self.token("/r/", ended(0, 1))
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"):
            reply = self.call("/r/" + token, method)
            self.check_page(reply, 405)
            self.assertEqual(reply.headers["allow"], "GET, HEAD")
        for path in ("/", "/r", "/R/" + token, "/favicon.ico", "/../r/" + token, "/uploads"):
            self.check_page(self.call(path), 404)
        head = self.call("/", "HEAD")
        self.assertEqual((head.status, head.body), (404, b""))

    def test_status_as_json(self) -> None:
        upload_id, other = ended(2, 2), ended(1, 0)
        mail = next(mail for mail in self.report(upload_id, other) if upload_id in mail["Message"])
        for path in self.links(mail):
            reply = self.call(f"/uploads/{upload_id}", query="token=" + path[3:])
            self.assertEqual((reply.status, reply.headers["content-type"]), (200, "application/json"))
            status = json.loads(reply.body)
            self.assertEqual(status, json.loads(sql(f"SELECT onboard_upload_status('{upload_id}')")))
            self.assertEqual((status["valid_records"], status["reported"]), (2, True))
            self.assertEqual(reply.headers["cache-control"], "no-store")
        token = self.links(mail)[0][3:]
        cases = {(f"/uploads/{other}", f"token={token}"): 403, (f"/uploads/{upload_id}", ""): 403,
                 (f"/uploads/{upload_id}", f"token={token}&token={token}"): 403, ("/uploads/", f"token={token}"): 403,
                 (f"/uploads/{upload_id}", "token=" + self.token("/r/", upload_id, -1)): 410,
                 ("/uploads/VEND001-0", "token=" + self.token("/f/", "VEND001-0")): 404}
        for (path, query), code in cases.items():
            reply = self.call(path, query=query)
            self.assertEqual((reply.status, list(json.loads(reply.body))), (code, ["error"]), (path, query))
        going_on = begin()
        reply = self.call(f"/uploads/{going_on}", query="token=" + self.token("/r/", going_on))
        self.assertEqual(json.loads(reply.body)["status"], "processing")

    def test_unreachable_database_does_not_look_like_a_dead_link(self) -> None:
        upload_id = ended(0, 1)
        link = self.function("link", DATABASE_SECRET_ID="no/such/secret")
        reply = self.call("/r/" + self.token("/r/", upload_id), function=link)
        self.check_page(reply, 503)
        self.assertIn("retry-after", reply.headers)
        reply = self.call(f"/uploads/{upload_id}", query="token=" + self.token("/r/", upload_id), function=link)
        self.assertEqual((reply.status, json.loads(reply.body)["error"]["code"]), (503, "UNAVAILABLE"))
        link = self.function("link", LINK_SECRET_ID="no/such/secret")
        self.check_page(self.call("/r/" + self.token("/r/", upload_id), function=link), 503)

    def test_changing_keys(self) -> None:
        """A token signed with a key newer than the cached ones is valid, and so is one signed with the previous key."""
        upload_id = ended(0, 1)
        self.report(upload_id)
        first, second = "11" * 32, "22" * 32
        manager = self.clients["secretsmanager"]
        manager.create_secret(Name="links/changing", SecretString=json.dumps({"current": first}))
        link = self.function("link", LINK_SECRET_ID="links/changing")
        self.assertEqual(self.call("/r/" + self.token("/r/", upload_id, key=first), function=link).status, 302)
        changed = json.dumps({"current": second, "previous": first})
        manager.put_secret_value(SecretId="links/changing", SecretString=changed)
        plan = self.plan()
        self.assertEqual(self.call("/r/" + self.token("/r/", upload_id, key=second), function=link).status, 302)
        self.assertEqual(self.call("/r/" + self.token("/r/", upload_id, key=first), function=link).status, 302)
        self.assertEqual(self.call("/r/" + self.token("/r/", upload_id, key="33" * 32), function=link).status, 403)
        self.assertEqual(plan.calls["secretsmanager.GetSecretValue"], 1)

    def test_events_from_other_sources(self) -> None:
        for event in ({}, queue_event("x"), {"version": "1.0", "path": "/", "httpMethod": "GET"}):
            self.assertEqual(self.link.invoke(event).error_type, "Function.InvalidEvent")
