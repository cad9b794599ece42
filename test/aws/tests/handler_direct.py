"""Test the direct route: S3 files into COPY, with kills, deadlines, lost servers and replaced objects.

Run by test/tap/065_direct.pl, which starts the server.
"""

import csv
import hashlib
import io
import itertools
import json
import os
import random
import re
import signal
import subprocess
import threading
import time
import unittest
import uuid
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Iterator
from xml.sax.saxutils import escape

from fault_plan import FaultPlan
from fault_proxy import FaultProxy
from handler_case import HandlerCase
from patience import HANG_SECONDS, PAUSE_SECONDS, deadlines, wait_until
from pipeline import queue_arn
from postgres import query as sql
from runtime_api import Function, FunctionSettings, Result

Event = dict[str, Any]

KEY = "uploads/VEND001/VEND001_20260104_090000.csv"
PLANTED = "PLANTED-VALUE-5d90"
HEADER = ["sku", "vendor_product_id", "product_name", "category", "price", "stock_quantity", "description", "colour", ""]
# Rows of pictures are skipped, and variants take the name of their product.
MAP = """skip when "Code" is blank
vendor_product_id = "Code"
sku = "Code" | prefix("X-")
product_name = "Title" | fill_down("Group")
category = "Kind" | values(kinds)
price = "Price" | thousands(".") | decimal_comma
stock_quantity = constant "5"
ignore others
"""
KINDS = '{"Buch": "Books"}'
LIMIT = 32 * 1024 * 1024
FOREVER = 200
sequence = itertools.count(1)

# Everything that a vendor sees of a file: products and findings, without what differs between loads.
VERDICTS = """SELECT line FROM (
    SELECT 'product', row_number, 0::bigint, (to_jsonb(p) - '{product_id,upload_id,created_at,updated_at}'::text[])::text
    FROM onboard.products p WHERE upload_id = :'u'
    UNION ALL
    SELECT 'error', row_number, row_number() OVER (PARTITION BY row_number ORDER BY error_id),
        (to_jsonb(e) - '{error_id,upload_id,created_at}'::text[])::text
    FROM onboard.validation_errors e WHERE upload_id = :'u'
    UNION ALL
    SELECT 'upload', 0, 0, jsonb_build_object('status', status, 'total', total_records, 'valid', valid_records,
        'errors', error_records)::text FROM onboard.upload_history u WHERE upload_id = :'u'
    ) AS t (kind, row, place, line) ORDER BY row, kind, place"""


def upload_id(database: str = "") -> str:
    """Return the id of the only upload."""
    return sql("SELECT upload_id FROM onboard.upload_history", database)


def workbook(rows: list[list[str]]) -> bytes:
    """Make a workbook with one sheet, all cells of which are texts."""
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    cells = "".join("<row>" + "".join(f"<c t='inlineStr'><is><t xml:space='preserve'>{escape(cell)}</t></is></c>"
                                      for cell in row) + "</row>" for row in rows)
    parts = {
        "_rels/.rels": f"<Relationships><Relationship Id='d' Type='{types}/officeDocument' Target='xl/workbook.xml'/>"
                       "</Relationships>",
        "xl/workbook.xml": "<workbook><sheets><sheet name='Products' sheetId='1' r:id='r1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships><Relationship Id='r1' Type='{types}/worksheet' Target='s.xml'/>"
                                      "</Relationships>",
        "xl/s.xml": f"<worksheet><sheetData>{cells}</sheetData></worksheet>",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def judged_rows() -> int:
    """Return the number of committed rows of the only upload."""
    return int(sql("SELECT coalesce(sum(valid_records + error_records), 0) FROM onboard.upload_history"))


def rows_of(text: bytes) -> int:
    """An independent count: the rows that Python's reader sees."""
    return sum(1 for record in csv.reader(io.StringIO(text.decode(), newline="")) if record) - 1


def good_file(rows: int, seed: int, bad_share: float = 0.0) -> bytes:
    """Rows that Python's reader counts as we do; some break a rule."""
    source = random.Random(seed)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for number in range(rows):
        bad = source.random() < bad_share
        price = "free" if bad else f"{source.randint(1, 99999) / 100:.2f}"
        description = "two\nlines, \u00e4" if number % 50 == 0 else "x" * source.randint(0, 60)
        writer.writerow([f"S{seed}-{number}", f"V{seed}-{number}", f"{PLANTED} {number}", "Books", price, "3", description,
                         "red", ""])
    return text.getvalue().encode()


def mapped_file(groups: int, seed: int, bad_share: float = 0.1) -> bytes:
    """The file of a shop with headings of its own: four records a group, one of which is not a product."""
    source = random.Random(seed)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Group", "Code", "Title", "Kind", "Price", "Note"])
    for group in range(groups):
        for variant in range(4):
            price = "frei" if source.random() < bad_share else f"{source.randint(1, 9)}.{source.randint(100, 999)},50"
            title = f"{PLANTED} {group}" if variant == 0 and group % 5 < 4 else ""
            writer.writerow([f"g{group}", "" if variant == 1 else f"M{seed}-{group}-{variant}", title, "buch", price, "x"])
    return text.getvalue().encode()


def set_map(text: str, *databases: str, kinds: str = KINDS) -> None:
    """Store the map "shop" of the vendor and the list that it uses, in these databases or in both."""
    for database in databases or ("", "line"):
        sql("SELECT onboard_set_map('VEND001', 'shop', :'map'), onboard_set_map_values('VEND001', 'kinds', :'kinds')",
            database or None, map=text, kinds=kinds)


def hostile_file(seed: int) -> bytes:
    """A file that no program would write: stray quotes, invalid bytes, all kinds of line ends, giant fields."""
    source = random.Random(seed)
    lines = [",".join(HEADER).encode()]
    pieces = [b'"', b'""', b",", b"\xff", b"\xc3", b"\xc3\xa4", b"\x00", b"\r", b"\n", b"word", b"\xef\xbf\xbd", b" ", b"\t"]
    for number in range(400):
        if source.random() < 0.6:
            lines.append(f'H{number},H{number},"name, {number}",Books,1.50,2,d,blue,'.encode())
        elif source.random() < 0.02:
            lines.append(b'x,"' + b"y" * source.choice([70_000, 300_000]))
        else:
            lines.append(b"".join(source.choice(pieces) for _ in range(source.randint(1, 15))))
    return b"".join(line + source.choice([b"\n", b"\r\n", b"\r", b"\n\n"]) for line in lines)


class ServedObject:
    """A server that has one object and returns it, or its end from a byte on, as S3 does."""

    length = 0

    def __init__(self) -> None:
        self.etag = '"' + hashlib.md5(str(self.length).encode()).hexdigest() + '"'
        self.starts: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_HEAD(self) -> None:
                self.send_response(200)
                self.send_header("ETag", outer.etag)
                self.send_header("Content-Length", str(outer.length))
                self.end_headers()

            def do_GET(self) -> None:
                asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                start = int(asked[1]) if asked else 0
                outer.starts.append(start)
                self.send_response(206 if asked else 200)
                self.send_header("ETag", outer.etag)
                self.send_header("Content-Length", str(outer.length - start))
                if asked:
                    self.send_header("Content-Range", f"bytes {start}-{outer.length - 1}/{outer.length}")
                self.end_headers()
                try:
                    for piece in outer.pieces(start):
                        self.wfile.write(piece)
                except OSError:
                    self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def pieces(self, start: int) -> Iterator[bytes]:
        raise NotImplementedError

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class BreakingObject(ServedObject):
    """From the second reading on, the database connection is cut when part of the rest has been read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.length = len(content)
        super().__init__()

    def pieces(self, start: int) -> Iterator[bytes]:
        cut = start + 300_000
        yield self.content[start:cut]
        if len(self.starts) in (2, 3, 4) and cut < self.length:
            # After the checkpoint where this reading began, so that the next one must begin later.
            wait_until(lambda: int(sql("SELECT count(*) FROM onboard.upload_history "
                                       f"WHERE (checkpoint->>'byte_offset')::bigint > {start}")))
            # In a COPY that waits for rows: a connection that is lost between two transactions is replaced, and the
            # reading continues.  Rows are sent in pieces of 64 KiB, so the piece that ends a transaction may leave
            # none that waits.
            while cut < self.length and not self.terminate_copy():
                yield self.content[cut:cut + 70_000]
                cut += 70_000
        yield self.content[cut:]

    def terminate_copy(self) -> bool:
        for _ in range(20):
            if int(sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'loader' "
                       "AND query LIKE 'COPY%' AND state = 'active' AND wait_event = 'ClientRead'")):
                return True
            time.sleep(0.05)
        return False


class BigObject(ServedObject):
    """An object of any size, generated while it is read."""

    head = ",".join(HEADER).encode() + b"\n"
    length_of_row = 1500

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.length = len(self.head) + rows * self.length_of_row
        super().__init__()

    def row(self, number: int) -> bytes:
        begin = f"B{number},B{number},name,Books,1.50,2,"
        return (begin + "d" * (self.length_of_row - len(begin) - 6) + ",red,\n").encode()

    def pieces(self, start: int) -> Iterator[bytes]:
        if start < len(self.head):
            yield self.head[start:]
            start = len(self.head)
        number, inside = divmod(start - len(self.head), self.length_of_row)
        while number < self.rows:
            last = min(number + 64, self.rows)
            yield b"".join(map(self.row, range(number, last)))[inside:]
            number, inside = last, 0


class Services(HandlerCase):
    """A function for each test, behind a proxy that injects faults."""

    @classmethod
    def make_resources(cls) -> None:
        super().make_resources()
        cls.clients["s3"].create_bucket(Bucket="plain")

    def setUp(self) -> None:
        self.folder = os.environ["ONBOARD_TEST_FOLDER"]
        self.functions: list[Function] = []
        self.messages()
        sql("TRUNCATE onboard.products, onboard.upload_history CASCADE")

    def tearDown(self) -> None:
        """Check that no value and no password reached a log."""
        for function in self.functions:
            text = "\n".join(function.log.lines())
            function.stop()
            for planted in (PLANTED, self.password):
                self.assertNotIn(planted, text)
            for line in text.splitlines():
                json.loads(line)

    def function(self, *faults: dict[str, Any], timeout: float = HANG_SECONDS,
                 kill_after: Callable[[], float | None] = lambda: None, **environment: str) -> Function:
        self.plan = FaultPlan.read({"seed": 5, "faults": list(faults)})
        function: Function
        proxy = self.enterContext(FaultProxy(self.emulator.url, self.plan, kill=lambda port: self.kill(function)))
        function = Function(
            FunctionSettings("direct", os.environ["ONBOARD_BOOTSTRAP"], "direct", timeout),
            {**self.resources.environment(proxy.url, "direct"), "DATABASE_PAUSE_SECONDS": "0", "DEADLINE_MARGIN_MS": "100",
             "MAX_FILE_BYTES": "0", "MAX_ROWS": "0", **environment}, kill_after=kill_after)
        self.functions.append(function)
        return function

    def kill(self, function: Function) -> bool:
        """Kill its processes, as the proxy requests for a kill fault."""
        for sandbox in function.sandboxes():
            sandbox.signal(signal.SIGKILL)
        return True

    def put(self, content: bytes, bucket: str = "", metadata: dict[str, str] | None = None, **changes: Any) -> Event:
        """Put a file, with metadata of the user; return the event that announces it."""
        bucket = bucket or self.resources.bucket
        done = self.clients["s3"].put_object(Bucket=bucket, Key=KEY, Body=content, Metadata=metadata or {})
        version = {"versionId": done["VersionId"]} if "VersionId" in done else {}
        told = {"key": KEY, "size": len(content), "eTag": done["ETag"].strip('"'), "sequencer": f"{next(sequence):016X}",
                **version, **changes}
        body = {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                             "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket}, "object": told}}]}
        return {"Records": [{"messageId": str(uuid.uuid4()), "receiptHandle": "handle", "body": json.dumps(body),
                             "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
                             "eventSource": "aws:sqs", "eventSourceARN": queue_arn("upload-events"),
                             "awsRegion": "us-east-1"}]}

    def deliver(self, function: Function, event: Event) -> bool:
        """Deliver the event once; return whether it is done."""
        return Delivery(function, event).result()

    def messages(self) -> list[dict[str, Any]]:
        bodies: list[dict[str, Any]] = []
        url = self.resources.queue_urls["product-validation-errors"]
        while got := self.clients["sqs"].receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                bodies.append(json.loads(message["Body"]))
                self.clients["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def load(self, function: Function, event: Event) -> int:
        """Deliver the event until it is done, as the queue does; return how often."""
        for times in range(1, FOREVER):
            if self.deliver(function, event):
                return times
        self.fail("never completed:  " + function.log.lines()[-1])

    def codes(self, function: Function) -> list[str]:
        """Return why objects could not be read completely."""
        return [line["error_code"] for line in function.log.records()
            if line.get("message") == "cannot parse an object"]

    def assert_counts(self, content: bytes, rejected: int | None = None) -> None:
        """Check that every row that Python's reader sees is in the products or the errors, none twice."""
        rows = rows_of(content)
        lines = sql("""SELECT count(*), count(DISTINCT row_number), coalesce(min(row_number), 1), max(row_number) FROM (
                SELECT row_number FROM onboard.products
                UNION ALL SELECT DISTINCT row_number FROM onboard.validation_errors) AS t;
            SELECT total_records, valid_records + error_records, error_records, checkpoint IS NULL
                FROM onboard.upload_history WHERE status <> 'processing'""").splitlines()
        self.assertEqual(lines[0], f"{rows}|{rows}|1|{rows}")
        total, judged, errors, forgotten = lines[1].split("|")
        self.assertEqual((int(total), int(judged), forgotten), (rows, rows, "t"))
        if rejected is not None:
            self.assertEqual(int(errors), rejected)


class Delivery:
    """One delivery of an event, running in its own thread."""

    def __init__(self, function: Function, event: Event) -> None:
        self._function = function
        self._results: list[Result] = []
        self._thread = threading.Thread(target=lambda: self._results.append(function.invoke(event)))
        self._thread.start()

    def kill_after(self, rows: int) -> bool:
        """Kill the process when this many rows are committed; return whether it was still running."""
        wait_until(lambda: self._results or judged_rows() >= rows)
        for sandbox in self._function.sandboxes():
            sandbox.signal(signal.SIGKILL)
        self._thread.join()
        return not self._results[0].ok

    def result(self) -> bool:
        """Wait for the end; return whether the event is done."""
        self._thread.join()
        return self._results[0].ok and self._results[0].payload == {"batchItemFailures": []}


class EqualTest(Services):
    def command_line(self, content: bytes, *options: str) -> str:
        """Return what the command line produces from a file, in its own database."""
        path = os.path.join(self.folder, "VEND001_20260104_090000.csv")
        with open(path, "wb") as file:
            file.write(content)
        sql("TRUNCATE onboard.products, onboard.upload_history CASCADE", "line")
        done = subprocess.run([os.environ["ONBOARD_BIN"], "load", path, "--vendor", "VEND001", "--json", "--no-reports",
                               "--max-bytes", "0", "--max-rows", "0", "--db", "dbname=line", *options],
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return sql(VERDICTS, "line", u=upload_id("line"))

    def check(self, content: bytes, transaction_rows: int) -> None:
        sql("TRUNCATE onboard.products, onboard.upload_history CASCADE")
        self.load(self.function(DIRECT_TRANSACTION_ROWS=str(transaction_rows)), self.put(content))
        verdicts = sql(VERDICTS, u=upload_id())
        self.assertEqual(verdicts, self.command_line(content))
        self.assertGreater(verdicts.count("\n"), 0)

    def test_verdicts_match_the_command_line(self) -> None:
        data = os.environ["ONBOARD_TEST_DATA"]
        names = ["../VEND001_20260104_090000", "hostile", "cr_only", "crlf", "mixed_line_ends", "utf16le", "utf16be",
            "ragged",
                 "bom", "bad_bytes", "stray_quote", "unclosed_quote", "line_break_in_quotes", "semicolon", "tab"]
        for name in names:
            with self.subTest(name), open(f"{data}/faults/{name}.csv", "rb") as file:
                self.check(file.read(), 3)

    def test_hostile_files_with_various_transactions(self) -> None:
        for seed, rows in ((1, 1), (2, 7), (3, 100), (4, 10000)):
            with self.subTest(seed=seed):
                self.check(hostile_file(seed), rows)

    def test_hostile_files_in_utf_16(self) -> None:
        content = good_file(900, 21, 0.1).decode().encode("utf-16-le")
        self.check(b"\xff\xfe" + content[:-3], 11)

    def test_same_result_after_kills(self) -> None:
        source = random.Random(4)
        content = hostile_file(9) * 30
        function: Function
        function = self.function(kill_after=lambda: source.random() * 0.3 if function.kills < 10 else None,
                                 DIRECT_TRANSACTION_ROWS="50")
        event = self.put(content)
        self.load(function, event)
        self.assertGreater(function.kills, 0)
        self.assertEqual(sql(VERDICTS, u=upload_id()), self.command_line(content))

    def test_same_result_after_kills_among_empty_rows(self) -> None:
        """Empty rows are held back until it is known whether a row follows; a kill may come in between."""
        source = random.Random(7)
        empty = b"," * (len(HEADER) - 1) + b"\r\n"
        content = good_file(2_000, 41) + empty * 8_000 + good_file(2_000, 42).partition(b"\r\n")[2] + empty * 8_000
        function: Function
        function = self.function(kill_after=lambda: source.random() * 0.3 if function.kills < 10 else None,
                                 DIRECT_TRANSACTION_ROWS="50")
        self.load(function, self.put(content))
        self.assertGreater(function.kills, 0)
        self.assertEqual(judged_rows(), 12_000)
        self.assertEqual(sql(VERDICTS, u=upload_id()), self.command_line(content))

    def test_same_workbook_after_kills(self) -> None:
        """A workbook has no place to resume at: it is read from its beginning, and no row is judged twice."""
        source = random.Random(6)
        rows = list(csv.reader(io.StringIO(good_file(12_000, 31, 0.1).decode())))
        content = workbook(rows)
        function: Function
        function = self.function(kill_after=lambda: source.random() * 0.3 if function.kills < 10 else None,
                                 DIRECT_TRANSACTION_ROWS="50")
        event = self.put(content)
        self.load(function, event)
        self.assertGreater(function.kills, 0)
        self.assertEqual(judged_rows(), len(rows) - 1)
        self.assertEqual(sql(VERDICTS, u=upload_id()), self.command_line(content))
        self.assertEqual(sql("SELECT metadata ->> 'format', metadata ->> 'sheet' FROM onboard.upload_history"),
                         "xlsx|Products")

    def test_same_mapped_file_after_kills(self) -> None:
        """A reading that resumes at a checkpoint skips and fills down as one that began at the first byte."""
        source = random.Random(8)
        set_map(MAP)
        content = mapped_file(4_000, 41)
        function: Function
        function = self.function(kill_after=lambda: source.random() * 0.3 if function.kills < 10 else None,
                                 DIRECT_TRANSACTION_ROWS="50")
        self.load(function, self.put(content, metadata={"onboard-map": "shop"}))
        self.assertGreater(function.kills, 0)
        self.assertEqual(sql("SELECT total_records, valid_records + error_records, metadata ->> 'skipped_rows', map_name "
                             "FROM onboard.upload_history"), "12000|12000|4000|shop")
        self.assertEqual(sql(VERDICTS, u=upload_id()), self.command_line(content, "--map", "shop"))
        reports = "SELECT onboard_error_csv(:'u'); SELECT onboard_fix_csv(:'u')"
        self.assertEqual(sql(reports, u=upload_id()), sql(reports, "line", u=upload_id("line")))

    def test_same_mapped_workbook_after_kills(self) -> None:
        source = random.Random(9)
        set_map(MAP)
        rows = list(csv.reader(io.StringIO(mapped_file(3_000, 43).decode()), delimiter=";"))
        content = workbook(rows)
        function: Function
        function = self.function(kill_after=lambda: source.random() * 0.3 if function.kills < 10 else None,
                                 DIRECT_TRANSACTION_ROWS="50")
        self.load(function, self.put(content, metadata={"onboard-map": "shop"}))
        self.assertGreater(function.kills, 0)
        self.assertEqual(sql(VERDICTS, u=upload_id()), self.command_line(content, "--map", "shop"))

    def test_map_changes_between_deliveries(self) -> None:
        """An upload is read with the map that it began with, wherever it resumes; so is one that has ended."""
        set_map(MAP)
        content = mapped_file(4_000, 47)
        function = self.function(DIRECT_TRANSACTION_ROWS="500")
        event = self.put(content, metadata={"onboard-map": "shop"})
        self.assertTrue(Delivery(function, event).kill_after(1_000))
        set_map(MAP.replace('constant "5"', 'constant "6"').replace('prefix("X-")', 'prefix("Y-")'), "", kinds="{}")
        self.load(function, event)
        resumed = sql(VERDICTS, u=upload_id())
        self.assertEqual(resumed, self.command_line(content, "--map", "shop"))
        # Not even the absence of the map matters.
        sql("SELECT onboard_remove_map('VEND001', 'shop')")
        self.assertEqual(self.load(function, event), 1)
        self.assertEqual(sql(VERDICTS, u=upload_id()), resumed)
        self.assertEqual(sql("SELECT map_name, status FROM onboard.upload_history"), "shop|partial")

    def test_default_map(self) -> None:
        """It reads the files of its vendor, unless the metadata names another one or none; its settings count, too."""
        set_map(MAP + "mode upsert\nmatch sku\nmax_rows 10\n")
        sql("SELECT onboard_set_default_map('VEND001', 'shop')")
        self.addCleanup(sql, "SELECT onboard_set_default_map('VEND001', null)")
        function = self.function()
        self.load(function, self.put(mapped_file(3, 53, 0)))
        self.assertEqual(sql("SELECT status, mode, match, map_name, inserted FROM onboard.upload_history"),
                         "completed|upsert|sku|shop|9")
        sql("TRUNCATE onboard.products, onboard.upload_history CASCADE")
        self.load(function, self.put(mapped_file(4, 59)))
        self.assertEqual(sql("SELECT status, failure_code FROM onboard.upload_history"), "failed|TOO_MANY_ROWS")
        sql("TRUNCATE onboard.products, onboard.upload_history CASCADE")
        self.load(function, self.put(good_file(3, 61), metadata={"onboard-map": "none"}))
        self.assertEqual(sql("SELECT status, mode, map_name, map_hash FROM onboard.upload_history"), "completed|insert||")


class ResumeTest(Services):
    def test_killed_ten_times(self) -> None:
        """Killed at ten points, it makes progress each time, and no row is missing or duplicated at the end."""
        source = random.Random(11)
        function = self.function(DIRECT_TRANSACTION_ROWS="1000")
        kills, resumed = 0, 0
        while kills < 10:
            sql("TRUNCATE onboard.products, onboard.upload_history CASCADE")
            self.messages()
            content = good_file(120_000, kills, 0.01)
            event = self.put(content)
            done = False
            while not done:
                delivery = Delivery(function, event)
                # Some before the first checkpoint, most after it; killed as soon as this many rows are seen.
                target = judged_rows() + source.choice([0, 1, 5_000, 20_000])
                if kills < 10 and delivery.kill_after(target):
                    kills += 1
                done = delivery.result()
                resumed += not done and bool(int(sql("SELECT count(*) FROM onboard.upload_history "
                                                     "WHERE checkpoint IS NOT NULL")))
            self.assert_counts(content)
            ended = [message for message in self.messages() if message["kind"] == "upload_ended"]
            self.assertEqual({message["upload_id"] for message in ended}, {upload_id()})
        print(f"# {kills} kills, {resumed} of them after a checkpoint")
        self.assertGreater(resumed, 0)

    def test_kills_in_an_encoding_that_was_found_out(self) -> None:
        """Each reading resumes in the encoding that the first one found."""
        source = random.Random(5)
        rows = [f"S{row},V{row},Größe {row} für 5 €,Books,1.50,2" for row in range(20_000)]
        content = "\n".join([",".join(HEADER[:6]), *rows]).encode("cp1252")
        function: Function
        function = self.function(kill_after=lambda: source.random() * 0.3 if function.kills < 6 else None,
                                 DIRECT_TRANSACTION_ROWS="50")
        self.load(function, self.put(content, metadata={"onboard-encoding": "auto"}))
        self.assertGreater(function.kills, 0)
        self.assertEqual(sql("SELECT status, metadata ->> 'encoding' FROM onboard.upload_history"), "completed|windows-1252")
        self.assertEqual(sql("SELECT count(*) FROM onboard.products WHERE product_name = 'Größe '"
                             " || substr(vendor_product_id, 2) || ' für 5 €'"), "20000")

    def test_cut_by_deadlines(self) -> None:
        content = good_file(200_000, 12)
        event = self.put(content)
        function = self.function(timeout=0.4, DIRECT_TRANSACTION_ROWS="2000")
        times, before = 1, 0
        while not self.deliver(function, event):
            # A delivery that ran out of time before it did anything gets more time.
            if judged_rows() == before:
                function.settings.timeout *= 1.5
            times, before = times + 1, judged_rows()
            self.assertLess(function.settings.timeout, HANG_SECONDS)
        self.assert_counts(content, 0)
        self.assertGreater(times, 1)
        # Each reports a deadline: at a checkpoint, in a statement or between two, in a request.
        self.assertLessEqual(set(self.codes(function)), {"DEADLINE", "57014", "25P03", "HTTP_TIMEOUT"})
        self.assertIn("DEADLINE", self.codes(function))

    def test_committed_rows_are_not_reread(self) -> None:
        """After a checkpoint the object is read with a Range, so each reading begins after the last one."""
        content = good_file(20_000, 13)
        big = BreakingObject(content)
        self.addCleanup(big.stop)
        function = self.function(DIRECT_TRANSACTION_ROWS="2000", AWS_ENDPOINT_URL_S3=big.url)
        event = self.put(content, versionId="", eTag=big.etag.strip('"'))
        self.load(function, event)
        self.assert_counts(content, 0)
        # One reading to inspect the file, and those for its rows.
        self.assertEqual(big.starts[:2], [0, 0])
        self.assertGreater(len(big.starts), 2)
        self.assertEqual(big.starts[1:], sorted(set(big.starts[1:])))

    def test_each_delivery_is_one_attempt(self) -> None:
        """However often it reads; and the file is inspected once, even if nothing was loaded before."""
        function = self.function({"fault": "kill_before", "call": "s3.GetObject", "skip": 1, "times": 2},
                                 {"fault": "truncate", "call": "s3.GetObject", "skip": 1, "times": 1})
        event = self.put(good_file(3000, 19))
        self.assertEqual(self.load(function, event), 3)
        self.assertEqual(self.plan.unfired(), [])
        # One to inspect the file, one at each kill, and the last one with what was missing after the cut.
        self.assertEqual(self.plan.calls["s3.GetObject"], 5)
        self.assertEqual(sql("SELECT parse_attempts, valid_records FROM onboard.upload_history"), "3|3000")

    def test_encoding_with_only_bad_rows(self) -> None:
        content = ",".join(HEADER).encode() + b"\r\n\xc3\xa9" + b"\xff" * 20 + b"\r\n" * 3 + (b"\xfe\xff,\r\n" * 3000)
        function = self.function(DIRECT_TRANSACTION_ROWS="100")
        event = self.put(content)
        self.load(function, event)
        self.assertEqual(sql("SELECT status, total_records, error_records FROM onboard.upload_history"), "failed|3001|3001")

    def test_redelivery_after_the_end(self) -> None:
        """A redelivered event changes nothing."""
        content = good_file(50, 14, 0.5)
        function = self.function()
        event = self.put(content)
        self.load(function, event)
        before = sql(VERDICTS, u=upload_id())
        self.assertEqual(self.load(function, event), 1)
        self.assertEqual(sql(VERDICTS, u=upload_id()), before)

    def test_bad_file_is_reported_once(self) -> None:
        """Refused, or without a valid row: redelivering its event finds the failed upload and changes nothing."""
        header = ",".join(HEADER[:6]).encode() + b"\n"
        cases = {"": header + b"S1,V1,a,Books,free,2\n,,,,,\n", "EMPTY_FILE": b"", "NO_ROWS": header,
            "NO_HEADER": b"a,b\n1,2\n",
                 "MISSING_COLUMN": b"sku,price\n1,2\n", "DUPLICATE_COLUMN": header[:-1] + b",SKU\nS1,V1,a,Books,1.50,2,S2\n",
                 "NOT_TEXT": b"%PDF-1.7" + bytes(200), "UNREADABLE_FILE": b"\x1f\x8b\x08\x00" + bytes(200),
                 "UNSUPPORTED_ENCODING": b"\xff\xfe\0\0s\0\0\0", "WRONG_ENCODING": header + b"S1,V1,Gr\xf6\xdfe,Books,1.50,2\n"}
        function = self.function()
        for code, content in cases.items():
            with self.subTest(code):
                sql("TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")
                event = self.put(content)
                self.load(function, event)
                self.assertEqual(sql("SELECT status, coalesce(failure_code, '') FROM onboard.upload_history"),
                    f"failed|{code}")
                before = sql("SELECT u::text FROM onboard.upload_history u")
                for _ in range(2):
                    self.assertEqual(self.load(function, event), 1)
                self.assertEqual(sql("SELECT u::text FROM onboard.upload_history u"), before)
                self.assertEqual([message["kind"] for message in self.messages()].count("upload_ended"), 1)

    def test_two_concurrent_readers(self) -> None:
        content = good_file(30_000, 15, 0.05)
        event = self.put(content)
        functions = [self.function(DIRECT_TRANSACTION_ROWS=rows) for rows in ("700", "1100")]
        threads = [threading.Thread(target=self.load, args=(function, event)) for function in functions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assert_counts(content)

    def test_lost_server(self) -> None:
        content = good_file(120_000, 16, 0.01)
        function = self.function(DIRECT_TRANSACTION_ROWS="1000")
        event = self.put(content)
        loading = threading.Thread(target=self.load, args=(function, event))
        loading.start()
        restarts = 0
        for mode in ("fast", "immediate", "fast"):
            before = judged_rows()
            wait_until(lambda: not loading.is_alive() or judged_rows() > before)
            if not loading.is_alive():
                break
            subprocess.run(["pg_ctl", "-D", os.environ["PGDATA"], "-m", mode, "-w", "restart", "-l",
                            os.path.join(self.folder, "server.log")], check=True, capture_output=True)
            restarts += 1
        loading.join()
        self.assertGreater(restarts, 0)
        self.assert_counts(content)

    def test_upload_ended_while_it_is_read(self) -> None:
        content = good_file(60_000, 17)
        function = self.function(DIRECT_TRANSACTION_ROWS="500")
        event = self.put(content)
        loading = threading.Thread(target=self.load, args=(function, event))
        loading.start()
        wait_until(judged_rows)
        sql("SELECT onboard_cancel_upload(:'u')", u=upload_id())
        loading.join()
        self.assertEqual(sql("SELECT failure_code FROM onboard.upload_history"), "CANCELLED")
        self.assertEqual(sql("SELECT count(*) FROM onboard.products"), "0")


class ReplacedTest(Services):
    def interrupted(self, bucket: str) -> tuple[Event, bytes]:
        """Return a partially loaded upload."""
        content = good_file(200_000, 18)
        event = self.put(content, bucket)
        function = self.function(DIRECT_TRANSACTION_ROWS="500", BUCKET=bucket)
        for function.settings.timeout in deadlines(0.2):
            self.assertFalse(self.deliver(function, event))
            if int(sql("SELECT count(*) FROM onboard.upload_history WHERE checkpoint IS NOT NULL")):
                break
        return event, content

    def test_replaced_object_ends_the_upload(self) -> None:
        event, _ = self.interrupted("plain")
        self.clients["s3"].put_object(Bucket="plain", Key=KEY, Body=b"other")
        self.load(self.function(BUCKET="plain"), event)
        self.assertEqual(sql("SELECT status, failure_code FROM onboard.upload_history"), "failed|OBJECT_REPLACED")
        self.assertEqual(sql("SELECT count(*) FROM onboard.products"), "0")
        self.assertIn("upload_ended", [message["kind"] for message in self.messages()])

    def test_removed_object_ends_the_upload(self) -> None:
        event, _ = self.interrupted("plain")
        self.clients["s3"].delete_object(Bucket="plain", Key=KEY)
        self.load(self.function(BUCKET="plain"), event)
        self.assertEqual(sql("SELECT status, failure_code FROM onboard.upload_history"), "failed|OBJECT_REPLACED")

    def test_older_version_is_read_completely(self) -> None:
        event, content = self.interrupted("")
        self.clients["s3"].put_object(Bucket=self.resources.bucket, Key=KEY, Body=b"other")
        self.load(self.function(), event)
        self.assert_counts(content, 0)


class MemoryTest(Services):
    def test_memory_does_not_grow_with_the_object(self) -> None:
        big = BigObject(200_000)
        self.addCleanup(big.stop)
        function = self.function(AWS_ENDPOINT_URL_S3=big.url)
        event = self.put(b"sku", versionId="", eTag=big.etag.strip('"'))
        peaks: list[int] = []
        loading = threading.Thread(target=self.load, args=(function, event))
        loading.start()
        while loading.is_alive():
            time.sleep(PAUSE_SECONDS)
            peaks += [sandbox.peak_memory() for sandbox in function.sandboxes() if sandbox.process.poll() is None]
        self.assertEqual(sql("SELECT status, valid_records FROM onboard.upload_history"), "completed|200000")
        print(f"# {big.length / 1e6:.0f} MB, at most {max(peaks) / 1048576:.1f} MiB of memory")
        self.assertGreater(big.length, 300_000_000 - 1_000_000)
        self.assertLess(max(peaks), LIMIT)
