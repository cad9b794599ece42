"""Test the handler parser: notifications become items, each row exactly once, whatever happens to the parser.

Run by test/tap/060_parser.pl, which starts the server.
"""

import csv
import io
import itertools
import json
import os
import signal
import threading
import time
import unittest
from typing import Any, Callable
from urllib.parse import quote_plus

from fault_plan import FaultPlan
from handler_case import HandlerCase
from patience import deadlines, wait_until
from pipeline import queue_arn
from postgres import query as sql
from runtime_api import Function, FunctionSettings, Result

PLANTED = "PLANTED-VALUE-77c2"
LIMIT = 32 * 1024 * 1024
REQUIRED = ["vendor_product_id", "product_name", "category", "sku", "price", "stock_quantity"]
numbers = itertools.count(100000)


def rows_file(count: int, first: int = 1, width: int = 0) -> bytes:
    """A file of valid rows; width lengthens each."""
    lines = [",".join([*REQUIRED, "description"])]
    lines += [f"V{row},{PLANTED} {row},Books,S{row},1.50,2,{'x' * width}" for row in range(first, first + count)]
    return ("\n".join(lines) + "\n").encode()


def record(put: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A record of a notification as S3 writes it."""
    version = {"versionId": put["version"]} if put["version"] else {}
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": "ObjectCreated:Put",
            "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": put["bucket"]},
                   "object": {"key": quote_plus(put["key"], safe="/"), "size": put["size"], "eTag": put["etag"].strip('"'),
                              "sequencer": put["sequencer"], **version}}, **changes}


def queue_event(*bodies: str) -> dict[str, Any]:
    """An event with messages m0, m1 and so on."""
    return {"Records": [{"messageId": f"m{index}", "receiptHandle": "r", "body": body,
                         "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "eventSource": "aws:sqs",
                         "eventSourceARN": queue_arn("upload-events"), "awsRegion": "us-east-1"}
                        for index, body in enumerate(bodies)]}


def plain(attribute: dict[str, Any]) -> Any:
    """The value of an attribute, with numbers as numbers."""
    (kind, value), = attribute.items()
    if kind == "M":
        return {name: plain(inner) for name, inner in value.items()}
    return int(value) if kind == "N" else value


def kill_of(function: Function) -> Callable[[int], bool]:
    """Return a function that kills a function's processes when the proxy requests it."""
    def kill(_port: int) -> bool:
        for sandbox in function.sandboxes():
            sandbox.signal(signal.SIGKILL)
        return True
    return kill


class ParserTest(HandlerCase):
    @classmethod
    def make_resources(cls) -> None:
        super().make_resources()
        cls.clients["s3"].create_bucket(Bucket="plain")

    def setUp(self) -> None:
        self.functions: list[Function] = []
        self.proxy.plan = FaultPlan()
        self.messages()
        sql("TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")
        self.parser = self.function()

    def tearDown(self) -> None:
        """Check that no log has a value or a secret, and that each line is an object."""
        for function in self.functions:
            for line in function.log.lines():
                self.assertIsInstance(json.loads(line), dict)
                for secret in (PLANTED, self.password):
                    self.assertNotIn(secret, line)

    # Helpers.

    def function(self, timeout: float = 300.0, handler: str = "parser", **environment: str) -> Function:
        settings = FunctionSettings(handler, os.environ["ONBOARD_BOOTSTRAP"], handler, timeout)
        function = Function(settings, {**self.resources.environment(self.proxy.url, handler), "DATABASE_PAUSE_SECONDS": "0",
                                       "DEADLINE_MARGIN_MS": "500", **environment})
        self.addCleanup(function.stop)
        self.functions.append(function)
        return function

    def plan(self, *faults: dict[str, Any]) -> FaultPlan:
        self.proxy.plan = FaultPlan.read({"seed": 5, "faults": list(faults)})
        return self.proxy.plan

    def messages(self) -> list[dict[str, Any]]:
        """Remove all messages from the event queue; return their bodies."""
        url = self.resources.queue_urls["product-validation-errors"]
        bodies: list[dict[str, Any]] = []
        while got := self.clients["sqs"].receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                bodies.append(json.loads(message["Body"]))
                self.clients["sqs"].delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def put(self, content: bytes, vendor: str = "VEND001", name: str = "", bucket: str = "", key: str = "",
            **metadata: str) -> dict[str, Any]:
        """Write an object; metadata is that of the user, onboard_mode for onboard-mode."""
        number = next(numbers)
        bucket = bucket or self.resources.bucket
        key = key or f"uploads/{vendor}/{name or f'{vendor}_20260104_{number}.csv'}"
        done = self.clients["s3"].put_object(Bucket=bucket, Key=key, Body=content, Metadata={
            name.replace("_", "-"): value for name, value in metadata.items()})
        return {"bucket": bucket, "key": key, "version": done.get("VersionId", ""), "etag": done["ETag"],
                "size": len(content), "sequencer": f"{number:016X}"}

    def event(self, *puts: dict[str, Any]) -> dict[str, Any]:
        """An event with a message for each object."""
        return queue_event(*(json.dumps({"Records": [record(put)]}) for put in puts))

    def failures(self, result: Result) -> list[str]:
        self.assertIsNone(result.error)
        self.assertEqual(list(result.payload), ["batchItemFailures"])
        return [item["itemIdentifier"] for item in result.payload["batchItemFailures"]]

    def parse(self, *puts: dict[str, Any], function: Function | None = None) -> None:
        self.assertEqual(self.failures((function or self.parser).invoke(self.event(*puts))), [])

    def upload(self, put: dict[str, Any]) -> str:
        return sql(f"""SELECT upload_id FROM onboard.upload_history WHERE s3_key = $key${put['key']}$key$
                       AND (content_id LIKE '%/{put['version']}' OR '{put['version']}' = '')""")

    def state(self, put: dict[str, Any], columns: str = "status, failure_code, total_records, parse_attempts") -> str:
        return sql(f"SELECT {columns} FROM onboard.upload_history WHERE upload_id = '{self.upload(put)}'")

    def items(self, put: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the items of an upload, in row order."""
        pages = self.clients["dynamodb"].get_paginator("query").paginate(
            TableName=self.resources.settings["Table"]["TableName"], KeyConditionExpression="upload_id = :id",
            ExpressionAttributeValues={":id": {"S": self.upload(put)}})
        return [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]

    def ingest(self, upload_id: str, first: int, last: int) -> None:
        """Judge rows, as the validator does."""
        rows = [{"row_number": row, "product": {"vendor_product_id": f"V{row}", "sku": f"S{row}", "product_name": "x",
                                                "category": "Books", "price": "1.50", "stock_quantity": "2"}}
                for row in range(first, last + 1)]
        sql(f"SELECT count(*) FROM onboard_ingest('{upload_id}', '{json.dumps(rows)}')")

    def records(self, function: Function | None = None) -> list[dict[str, Any]]:
        """Return the log, with the metrics of every invocation: an answer may arrive before the last lines are read."""
        function = function or self.parser
        wait_until(lambda: sum("_aws" in line for line in function.log.records()) >= function.invocations, "all metrics")
        return function.log.records()

    def codes(self, function: Function | None = None) -> list[Any]:
        lines = self.records(function)
        return [line.get("error_code", line.get("code")) for line in lines if line.get("level") in ("warning", "error")]

    def check_rows(self, put: dict[str, Any], count: int) -> None:
        items = self.items(put)
        self.assertEqual([item["row_number"] for item in items], list(range(1, count + 1)))
        self.assertEqual([item["record_id"] for item in items], [f"REC_{row:08}" for row in range(1, count + 1)])
        self.assertEqual(self.state(put, "status, total_records"), f"processing|{count}")

    # Tests.

    # How the rows are applied.

    def applied(self, put: dict[str, Any]) -> str:
        """What is stored about the upload of an object."""
        return sql(f"""SELECT concat_ws(' ', mode, coalesce(match, '-'), blank, failure_code) FROM onboard.upload_history
                       WHERE upload_id = '{self.upload(put)}'""")

    def test_settings(self) -> None:
        """Metadata comes before the key, the key before the vendor's default."""
        sql("UPDATE onboard.vendors SET default_mode = 'upsert' WHERE vendor_id = 'VEND001'")
        self.addCleanup(sql, "UPDATE onboard.vendors SET default_mode = 'insert' WHERE vendor_id = 'VEND001'")
        content = rows_file(1)
        folder = f"uploads/VEND001/update/sub/{next(numbers)}.csv"
        puts = {
            "upsert - clear": self.put(content),
            "update - clear": self.put(content, key=folder),
            "insert - clear": self.put(content, key=folder.replace("/sub/", "/"), onboard_mode="insert"),
            "update sku keep": self.put(b"sku,price,Colour\nS1,2.50,red\n", onboard_mode="update", onboard_match="sku",
                                        onboard_blank="keep"),
        }
        for expected, put in puts.items():
            self.parse(put)
            self.assertEqual(self.applied(put), expected)
        self.assertEqual(sql(f"SELECT columns FROM onboard.upload_history WHERE upload_id = '{self.upload(put)}'"),
                         "{sku,price,Colour}")

    def test_source_time(self) -> None:
        """The time of the contents is that of the metadata, else the time when the object was written."""
        stated = self.put(rows_file(1), onboard_as_of="2026-01-05T10:30:00.25+01:00")
        written = self.put(rows_file(1, first=2))
        self.parse(stated, written)
        self.assertEqual(sql(f"""SELECT source_time = '2026-01-05 09:30:00.25Z' FROM onboard.upload_history
                                 WHERE upload_id = '{self.upload(stated)}'"""), "t")
        modified = self.clients["s3"].head_object(Bucket=written["bucket"], Key=written["key"])["LastModified"]
        self.assertEqual(sql(f"""SELECT source_time = '{modified.isoformat()}' FROM onboard.upload_history
                                 WHERE upload_id = '{self.upload(written)}'"""), "t")

    def test_bad_settings(self) -> None:
        """An invalid setting fails the upload once, and its file is not read."""
        cases = {"insert - clear MODE_NOT_ALLOWED": {"onboard_mode": "merge"},
                 "replace - clear MODE_NOT_ALLOWED": {"onboard_mode": "replace"},
                 "update - clear INVALID_SETTING": {"onboard_mode": "update", "onboard_match": "name"},
                 "insert - clear INVALID_SETTING": {"onboard_blank": "x" * 500},
                 "insert - clear  INVALID_SETTING": {"onboard_encoding": "klingon"},
                 "insert - clear INVALID_SOURCE_TIME": {"onboard_as_of": "yesterday"},
                 "upsert - clear INVALID_SOURCE_TIME": {"onboard_mode": "upsert", "onboard_as_of": "2099-01-01T00:00:00Z"}}
        for expected, metadata in cases.items():
            with self.subTest(expected):
                put = self.put(rows_file(1), **metadata)
                self.parse(put)
                self.parse(put)
                self.assertEqual(self.applied(put).replace(" name ", " - "), expected.replace("  ", " "))
                self.assertEqual(sql(f"""SELECT count(*), sum(parse_attempts) <= 2 FROM onboard.upload_history
                                         WHERE s3_key = '{put["key"]}'"""), "1|t")
        self.assertEqual(sql("SELECT count(*) FROM onboard.judged_rows"), "0")
        self.assertEqual(len([body for body in self.messages() if "upload_ended" in json.dumps(body)]), len(cases))

    def test_encoding(self) -> None:
        """A file is read in the encoding that its metadata names, or in the one that it seems to have; each upload says so."""
        header = ",".join(REQUIRED) + "\n"
        western = header + "V1,Größe für Küchen 5 €,Books,S1,1.50,2\n"
        cases = {"windows-1252 auto": (western, "windows-1252", "auto", "windows-1252"),
                 "windows-1252 by name": (western, "windows-1252", "cp1252", "cp1252"),
                 "windows-1251 auto": (header + "V1,Привет мир товары,Books,S1,1.50,2\n", "windows-1251", "auto",
                                       "windows-1251"),
                 "UTF-8 auto": (western, "utf-8", "auto", "UTF-8"),
                 "UTF-16 auto": (western, "utf-16-le", "auto", "UTF-16LE")}
        for route in ("stream", "direct"):
            function = self.function(ROUTE=route)
            for name, (text, encoding, asked, found) in cases.items():
                with self.subTest(name, route=route):
                    sql("TRUNCATE onboard.products CASCADE")
                    put = self.put(text.encode(encoding), onboard_encoding=asked)
                    self.parse(put, function=function)
                    self.assertEqual(self.state(put, "coalesce(failure_code, 'none'), total_records, metadata ->> 'encoding'"),
                                     f"none|1|{found}")
                    expected = text.splitlines()[1].split(",")[1]
                    stored = (self.items(put)[0]["product_data"]["product_name"] if route == "stream" else
                              sql(f"SELECT product_name FROM onboard.products WHERE upload_id = '{self.upload(put)}'"))
                    self.assertEqual(stored, expected)

    def test_wrong_encoding(self) -> None:
        """A file that is not UTF-8, or is UTF-8 and not what its metadata says, is refused once, with a mail."""
        content = (",".join(REQUIRED) + "\nV1,Größe,Books,S1,1.50,2\n")
        puts = {'the file is not UTF-8; it looks like windows-1252; save it as "CSV UTF-8" and send it again':
                    self.put(content.encode("cp1252")),
                "the file is UTF-8, not windows-1252; send it without naming an encoding":
                    self.put(content.encode(), onboard_encoding="windows-1252")}
        for text, put in puts.items():
            with self.subTest(text):
                self.parse(put)
                self.parse(put)
                self.assertEqual(self.state(put, "status, failure_code"), "failed|WRONG_ENCODING")
                mail = sql(f"SELECT body FROM onboard_notification('{self.upload(put)}')")
                self.assertIn(f"Details: {text} (WRONG_ENCODING)", mail)
        self.assertEqual(len([body for body in self.messages() if "upload_ended" in json.dumps(body)]), len(puts))

    def test_map(self) -> None:
        """The metadata name a map, or the vendor has a default; a refused header says which one would fit."""
        self.addCleanup(sql, "DELETE FROM onboard.upload_history; DELETE FROM onboard.column_maps")
        sql("""SELECT onboard_set_map('VEND001', 'shop', 'price = "Cost" | decimal_comma
product_name = "Title"'), onboard_set_map('VEND001', 'pounds', 'price = "Cost" | exchange(GBP, USD)
product_name = "Title"')""")
        content = b'vendor_product_id;Title;category;sku;Cost;stock_quantity\nV1;Cup;Books;S1;"2,50";2\n'
        for route in ("stream", "direct"):
            function = self.function(ROUTE=route)
            with self.subTest(route=route):
                sql("TRUNCATE onboard.products CASCADE")
                put = self.put(content, onboard_map="shop")
                self.parse(put, function=function)
                self.assertEqual(self.state(put, "map_name, map_version, failure_code, total_records"), "shop|1||1")
                if route == "stream":
                    item, = self.items(put)
                    self.assertEqual((item["product_data"]["price"], item["source_cells"]), ("2.50", {"price": "2,50"}))
                else:
                    self.assertEqual(sql("SELECT price FROM onboard.products"), "2.50")
        cases = {'onboard-map of the file is "shpo"; the vendor has no such map': {"onboard_map": "shpo"},
                 "onboard map rate GBP USD": {"onboard_map": "pounds"}}
        for text, metadata in cases.items():
            with self.subTest(text):
                put = self.put(content, **metadata)
                self.parse(put)
                self.parse(put)
                self.assertEqual(self.state(put, "status, failure_code, map_name"), "failed|INVALID_SETTING|")
                self.assertIn(text, self.state(put, "failure_message"))
        put = self.put(content)
        self.parse(put)
        self.assertEqual(self.state(put, "status, failure_code"), "failed|MISSING_COLUMN")
        self.assertRegex(self.state(put, "failure_message"),
                         'map "shop" fits this file: .* the metadata onboard-map=shop')
        put = self.put(content, vendor="VEND002")
        self.parse(put)
        self.assertNotIn('"shop"', self.state(put, "failure_message"))

    def test_delivered_again(self) -> None:
        """An object that is announced again is the same upload, even if the vendor's default has changed."""
        self.addCleanup(sql, "UPDATE onboard.vendors SET default_mode = 'insert' WHERE vendor_id = 'VEND001'")
        put = self.put(rows_file(2))
        self.parse(put)
        sql("UPDATE onboard.vendors SET default_mode = 'update' WHERE vendor_id = 'VEND001'")
        self.parse(put)
        self.assertEqual(self.applied(put), "insert - clear")
        self.assertEqual(sql("SELECT count(*) FROM onboard.upload_history"), "1")

    def test_settings_unknown(self) -> None:
        """While S3 does not return the settings, no upload begins; the next delivery begins it."""
        put = self.put(rows_file(1), onboard_mode="upsert")
        self.plan({"fault": "error", "call": "s3.HeadObject", "status": 503})
        self.assertEqual(self.failures(self.function(timeout=4).invoke(self.event(put))), ["m0"])
        self.assertEqual(sql("SELECT count(*) FROM onboard.upload_history"), "0")
        self.proxy.plan = FaultPlan()
        self.parse(put)
        self.assertEqual(self.applied(put), "upsert - clear")

    def test_vendor_files_become_items(self) -> None:
        """Files of three vendors in one event: an item for each row that an independent reader sees."""
        puts = {}
        for vendor, name in (("VEND001", "VEND001_20260104_090000.csv"), ("VEND002", "VEND002_20260105_101500.csv"),
                             ("VEND003", "VEND003_20260106_143000.csv")):
            with open(os.path.join(os.environ["ONBOARD_TEST_DATA"], name), "rb") as file:
                content = file.read()
            puts[vendor] = (self.put(content, vendor, name), content)
        start = int(time.time())
        self.parse(*(put for put, _ in puts.values()))
        for vendor, (put, content) in puts.items():
            rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
            self.check_rows(put, len(rows))
            for item, row in zip(self.items(put), rows):
                self.assertEqual(item["product_data"], row)
                self.assertEqual((item["vendor_id"], item["status"], item["parse_attempt"]),
                    (vendor, "pending_validation", 1))
                self.assertLessEqual(start, item["created_at"])
                self.assertEqual(item["expires_at"] - item["created_at"], 30 * 86400)
                self.assertEqual(set(item), {"upload_id", "record_id", "vendor_id", "row_number", "line_number",
                    "product_data",
                                             "status", "parse_attempt", "created_at", "expires_at"})
            metadata = json.loads(self.state(put, "metadata"))
            self.assertEqual(metadata["header"], list(rows[0]))
            self.assertEqual(self.state(put, "file_name, s3_key"), f"{put['key'].rpartition('/')[2]}|{put['key']}")

    def test_rows_as_the_vendor_wrote_them(self) -> None:
        """Unknown columns by name, spaces and quotes kept, empty attributes omitted, defects with their line."""
        lines = ['SKU , Product_Name,category,vendor_product_id,price,stock_quantity,Colour,,onboard_errors',
                 '  A1,"two\nlines, ""quoted""",Books,P1, 1.50 ,2,\u00fcber,n,ignored',
                 'A2,b,Books,P2,1,2,,,',
                 'A3,too,few',
                 'A4,"stray"x,Books,P4,1,2,,,']
        put = self.put("\r\n".join(lines).encode())
        self.parse(put)
        items = self.items(put)
        self.assertEqual(items[0]["product_data"], {
            "sku": "  A1", "product_name": 'two\nlines, "quoted"', "category": "Books", "vendor_product_id": "P1",
            "price": " 1.50 ", "stock_quantity": "2", "Colour": "\u00fcber", "column_8": "n"})
        self.assertEqual(items[1]["product_data"], {"sku": "A2", "product_name": "b", "category": "Books",
                                                    "vendor_product_id": "P2", "price": "1", "stock_quantity": "2"})
        self.assertEqual([item["line_number"] for item in items], [2, 4, 5, 6])
        for item, raw in zip(items[2:], lines[3:]):
            self.assertNotIn("product_data", item)
            self.assertEqual(sorted(item["defect"]), ["error_type", "message", "raw"])
            self.assertEqual((item["defect"]["error_type"], item["defect"]["raw"]), ("MALFORMED_ROW", raw))

    def test_file_faults_end_the_upload(self) -> None:
        header = ",".join(REQUIRED).encode()
        self.parser = self.function(MAX_FILE_BYTES="5000", MAX_ROWS="20")
        cases = {"EMPTY_FILE": b"", "NO_ROWS": header + b"\n", "NO_HEADER": b"a,b\n1,2\n",
            "MISSING_COLUMN": b"sku,price\n1,2\n",
                 "DUPLICATE_COLUMN": header + b",SKU\n", "NOT_TEXT": b"%PDF-1.7" + bytes(200),
                 "UNREADABLE_FILE": b"\x1f\x8b\x08\x00" + bytes(200),
                 "FILE_TOO_LARGE": rows_file(2, width=4000), "TOO_MANY_ROWS": rows_file(21)}
        puts = {code: self.put(content) for code, content in cases.items()}
        self.parse(*puts.values())
        ended = {message["upload_id"]: message for message in self.messages()}
        self.assertEqual(len(ended), len(cases))
        for code, put in puts.items():
            with self.subTest(code):
                self.assertEqual(self.state(put, "status, failure_code"), f"failed|{code}")
                self.assertEqual(self.items(put), [])
                message = ended[self.upload(put)]
                self.assertEqual((message["v"], message["kind"], message["vendor_id"]), (1, "upload_ended", "VEND001"))
                self.assertEqual(set(message), {"v", "event_id", "kind", "upload_id", "vendor_id"})
        self.assertEqual(sql("SELECT count(*) FROM onboard.outbox"), "0")
        self.parse(*puts.values())
        self.assertEqual(self.messages(), [])
        self.assertEqual(sql("SELECT count(*) FROM onboard.upload_history"), str(len(cases)))

    def test_file_without_a_valid_row_is_reported_once(self) -> None:
        """By both routes: redelivering its event finds the failed upload, repairs the items and changes nothing else."""
        content = b",".join(name.encode() for name in REQUIRED) + b"\n" + b",,,,,\nV1,a,Books,,free,2\n"
        for environment in ({}, {"ROUTE": "direct"}):
            with self.subTest(environment):
                sql("TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")
                parser = self.function(**environment)
                put = self.put(content)
                self.parse(put, function=parser)
                if not environment:
                    rows = [{"row_number": item["row_number"], "product": item.get("product_data", {})}
                        for item in self.items(put)]
                    sql(f"SELECT count(*) FROM onboard_ingest('{self.upload(put)}', '{json.dumps(rows)}')")
                self.assertEqual(self.state(put, "status, failure_code, valid_records, error_records, parse_attempts"),
                    "failed||0|2|1")
                before = sql("SELECT u::text FROM onboard.upload_history u")
                self.parse(put, function=parser)
                items = self.items(put)
                self.assertEqual({item["status"] for item in items}, {"error"} if not environment else set())
                for _ in range(3):
                    self.parse(put, put, function=parser)
                self.assertEqual(sql("SELECT u::text FROM onboard.upload_history u"), before)
                self.assertEqual(self.items(put), items)
                self.assertEqual([message["kind"] for message in self.messages()].count("upload_ended"), 1)
                self.assertEqual(sql("SELECT count(*) FROM onboard.outbox"), "0")

    def test_unusual_keys(self) -> None:
        for name in ("two words.csv", "a+b=c&d.csv", "\u00fc\u4e2d\u6587.csv", "50%.csv", "%2B.csv",
            "VEND001_20260104_090000.CSV",
                     "folder/VEND001_20260104_090000.csv", "no ending"):
            with self.subTest(name):
                put = self.put(rows_file(2), name=name)
                self.parse(put)
                self.check_rows(put, 2)
                self.assertEqual(self.state(put, "file_name"), name.rpartition("/")[2])
        blank = self.put(rows_file(2), name=" \t")
        self.parse(blank)
        self.check_rows(blank, 2)
        self.assertEqual(self.state(blank, "file_name"), blank["key"])

    def test_objects_that_are_not_uploads(self) -> None:
        """Reports, folders, other prefixes are acknowledged, and nothing is stored."""
        keys = ["errors/VEND001/x_errors.csv", "other/VEND001/x.csv", "uploads/VEND001/", "uploads/x.csv", "uploads//x.csv",
                "uploads/../VEND001/x.csv", "uploads/VEND_001/x.csv", "uploads/" + "V" * 51 + "/x.csv"]
        for key in keys:
            with self.subTest(key):
                self.parse(self.put(rows_file(1), key=key))
        self.assertEqual(sql("SELECT count(*) FROM onboard.upload_history"), "0")
        self.assertEqual(sorted(self.codes()), ["NO_VENDOR"] * 5)

    def test_file_of_an_unknown_vendor_waits_for_the_vendor(self) -> None:
        """Its message fails, even together with a file of a known vendor, which is still read; later it is loaded."""
        known, unknown, other = (self.put(rows_file(2), vendor) for vendor in ("VEND001", "VEND999", "vend001"))
        event = queue_event(json.dumps({"Records": [record(unknown), record(known)]}),
            json.dumps({"Records": [record(other)]}))
        self.assertEqual(self.failures(self.parser.invoke(event)), ["m0", "m1"])
        self.check_rows(known, 2)
        self.assertEqual(sql("SELECT count(*) FROM onboard.upload_history"), "1")
        lines = [line for line in self.records() if line.get("error_code") == "UNKNOWN_VENDOR"]
        self.assertEqual([(line["vendor_id"], line["message_id"]) for line in lines], [("VEND999", "m0"), ("vend001", "m1")])
        self.assertEqual([line["UnknownVendors"] for line in self.parser.log.records() if "UnknownVendors" in line], [2])
        self.addCleanup(sql, "DELETE FROM onboard.vendors WHERE vendor_id = 'VEND999'")
        self.addCleanup(sql, "TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")
        sql("INSERT INTO onboard.vendors (vendor_id, vendor_name, email) VALUES ('VEND999', 'x', 'x@example.com')")
        self.assertEqual(self.failures(self.parser.invoke(event)), ["m1"])
        self.check_rows(unknown, 2)
        self.check_rows(known, 2)
        self.assertEqual(self.state(known, "parse_attempts"), "2")

    def test_other_missing_objects_are_not_an_unknown_vendor(self) -> None:
        """Another error with the SQLSTATE of an unknown vendor is reported with its own code."""
        sql("""CREATE FUNCTION public.missing() RETURNS trigger LANGUAGE plpgsql AS
               $$BEGIN RAISE EXCEPTION 'missing' USING ERRCODE = '42704'; END$$;
               CREATE TRIGGER missing BEFORE INSERT ON onboard.upload_history FOR EACH ROW EXECUTE FUNCTION public.missing()""")
        self.addCleanup(sql, "DROP FUNCTION public.missing() CASCADE")
        self.assertEqual(self.failures(self.parser.invoke(self.event(self.put(rows_file(1))))), ["m0"])
        self.assertEqual(self.codes(), ["42704"])

    def test_file_named_after_another_vendor_is_reported_to_its_folder(self) -> None:
        """The folder's vendor is notified, once, by both routes; the message names no other vendor; nothing is
        stored."""
        routes: list[tuple[dict[str, Any], str]] = [({}, "VEND001"), ({"ROUTE": "direct"}, "VEND002")]
        for environment, vendor in routes:
            with self.subTest(environment):
                sql("TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")
                parser = self.function(**environment)
                put = self.put(rows_file(3), vendor, "VEND003_20260104_090000.csv")
                self.parse(put, put, function=parser)
                self.assertEqual(self.state(put, "vendor_id, status, failure_code, failure_message"),
                                 f"{vendor}|failed|OTHER_VENDOR|the file name belongs to another vendor; "
                                 f"rename the file to {vendor}_20260104_090000.csv and send it again")
                self.assertEqual([(message["kind"], message["vendor_id"]) for message in self.messages()],
                                 [("upload_ended", vendor)])
                self.assertEqual(self.items(put), [])
                self.assertEqual(sql("SELECT count(*) FROM onboard.products"), "0")
                mail = json.loads(sql(f"SELECT to_json(n) FROM onboard_notification('{self.upload(put)}') n"))
                self.assertIn(f"rename the file to {vendor}_20260104_090000.csv", mail["body"])
        put = self.put(rows_file(1), "VEND004", "VEND001_20260104_090000.csv")
        self.parse(put)
        self.assertEqual(self.state(put, "status, failure_code"), "failed|VENDOR_NOT_ACTIVE")

    def test_inactive_vendor_is_notified_once(self) -> None:
        put = self.put(rows_file(2), "VEND004")
        self.parse(put)
        self.parse(put)
        self.assertEqual(self.state(put, "status, failure_code"), "failed|VENDOR_NOT_ACTIVE")
        self.assertEqual([message["kind"] for message in self.messages()], ["upload_ended"])

    def test_messages_of_every_shape(self) -> None:
        """The test event and an empty list of records are acknowledged, an unreadable message fails alone, and all
        records of a message count."""
        puts = [self.put(rows_file(3)) for _ in range(3)]
        bodies = [json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "x"}), json.dumps({"Records": []}),
                  "no JSON", "[]", json.dumps({"Records": [record(puts[0]), record(puts[1])]}),
                  json.dumps({"Records": [record(puts[2], eventName="ObjectRemoved:Delete")]}),
                  json.dumps({"Records": [record(puts[0], s3={"bucket": {"name": puts[0]["bucket"]}, "object": {"key": "%zz"}}),
                                          record(puts[2])]})]
        self.assertEqual(self.failures(self.parser.invoke(queue_event(*bodies))), ["m2", "m3", "m6"])
        for put in puts:
            self.check_rows(put, 3)
        event: Any
        for event in ({}, [], {"Records": [{"body": "x"}]}):
            self.assertEqual(self.parser.invoke(event).error_type, "Function.InvalidEvent")

    def test_second_run_revives_only_pending_rows(self) -> None:
        put = self.put(rows_file(10))
        self.parse(put)
        upload_id = self.upload(put)
        self.ingest(upload_id, 3, 6)
        self.ingest(upload_id, 9, 9)
        self.parse(put)
        self.assertEqual([item["parse_attempt"] for item in self.items(put)], [2, 2, 1, 1, 1, 1, 2, 2, 1, 2])
        self.ingest(upload_id, 1, 2)
        self.ingest(upload_id, 7, 10)
        self.assertEqual(self.state(put), "completed||10|2")
        self.parse(put)
        self.assertEqual(self.state(put), "completed||10|2")
        self.assertEqual(len(self.items(put)), 10)

    def test_result_of_the_first_reading_is_kept(self) -> None:
        """After a kill before the second reading, the next delivery starts with that reading, and uses the same
        delimiter and route."""
        head, *rows = rows_file(30).decode().replace(",", ";").splitlines()
        content = "\n".join([head + ";a,b,c", *(row + ";d" for row in rows)]).encode()
        routes: list[tuple[dict[str, Any], int]] = [({}, 30), ({"DIRECT_ROUTE_ROWS": "29"}, 0)]
        for environment, items in routes:
            with self.subTest(environment):
                parser = self.function(**environment)
                self.proxy.kill = kill_of(parser)
                plan = self.plan({"fault": "kill_before", "call": "s3.GetObject", "skip": 1, "times": 1})
                put = self.put(content)
                self.assertFalse(parser.invoke(self.event(put)).ok)
                self.assertEqual(self.state(put), "processing||30|1")
                self.parse(put, function=parser)
                self.assertEqual(plan.calls["s3.GetObject"], 3)
                self.assertEqual(self.state(put, "total_records, parse_attempts"), "30|2")
                self.assertEqual([item["product_data"]["a,b,c"] for item in self.items(put)], ["d"] * items)
                self.assertEqual(sql("SELECT count(*) FROM onboard.products WHERE attributes->>'a,b,c' = 'd'"),
                    str(30 - items))

    def test_overwritten_object(self) -> None:
        """With versioning both are read; without it, the first has been replaced and is not mistaken for the second."""
        first, second = (self.put(rows_file(count), name="same.csv") for count in (2, 3))
        self.parse(first, second)
        self.check_rows(first, 2)
        self.check_rows(second, 3)
        self.parser = self.function(BUCKET="")
        key = f"uploads/VEND001/VEND001_20260104_{next(numbers)}.csv"
        first, second = (self.put(rows_file(count), bucket="plain", key=key) for count in (4, 5))
        self.parse(first)
        self.assertEqual(sql(f"SELECT status, failure_code FROM onboard.upload_history WHERE s3_key = '{key}'"),
                         "failed|OBJECT_REPLACED")
        self.assertEqual(len(self.messages()), 1)
        self.parse(second)
        self.assertEqual(sql(f"SELECT total_records FROM onboard.upload_history WHERE s3_key = '{key}' "
            f"AND status = 'processing'"),
                         "5")

    def test_bucket_with_suspended_versioning(self) -> None:
        """All objects have the version "null": a file that replaces another is not mistaken for it."""
        self.parser = self.function(BUCKET="")
        for count in (2, 3):
            put = self.put(rows_file(count), bucket="plain", key="uploads/VEND001/suspended.csv")
            self.parse({**put, "version": "null"})
        self.assertEqual(sql("SELECT string_agg(total_records::text, ' ' ORDER BY created_at) FROM onboard.upload_history"),
            "2 3")

    def test_removed_object(self) -> None:
        put = self.put(rows_file(2))
        self.clients["s3"].delete_object(Bucket=put["bucket"], Key=put["key"], VersionId=put["version"])
        self.parse(put)
        self.assertEqual(self.state(put, "status, failure_code"), "failed|OBJECT_REPLACED")

    def test_object_removed_between_the_readings(self) -> None:
        """What was seen of it is not loaded in part."""
        put = self.put(rows_file(3))
        plan = self.plan({"fault": "hold", "call": "s3.GetObject", "skip": 1})
        results: list[Result] = []
        thread = threading.Thread(target=lambda: results.append(self.parser.invoke(self.event(put))))
        thread.start()
        wait_until(lambda: plan.fired["hold", "s3.GetObject"], "the second reading")
        self.clients["s3"].delete_object(Bucket=put["bucket"], Key=put["key"], VersionId=put["version"])
        plan.release()
        thread.join()
        self.assertEqual(self.failures(results[0]), [])
        self.assertEqual(plan.unfired(), [])
        self.assertEqual(self.state(put, "status, failure_code"), "failed|OBJECT_REPLACED")
        self.assertEqual([message["kind"] for message in self.messages()], ["upload_ended"])

    def test_kills_in_the_middle(self) -> None:
        """SIGKILL at many points, and redelivery: every row once."""
        put = self.put(rows_file(2000))
        self.parser.invoke(queue_event())
        moments = iter([0.001, 0.01, 0.03, 0.06, 0.1, 0.15, 0.25])
        self.parser.kill_after = lambda: next(moments, None)
        deliveries = 0
        while not (result := self.parser.invoke(self.event(put))).ok:
            self.assertEqual(result.error_type, "Runtime.ExitError")
            deliveries += 1
        self.assertGreaterEqual(deliveries, 4)
        self.assertEqual(self.failures(result), [])
        self.check_rows(put, 2000)
        attempts = {item["parse_attempt"] for item in self.items(put)}
        self.assertEqual(attempts, {int(self.state(put, "parse_attempts"))})

    def test_deadline_in_the_middle(self) -> None:
        """Messages without time left are named, and handled when redelivered."""
        puts = [self.put(rows_file(400)) for _ in range(3)]
        self.parser = self.function(timeout=4.0, DEADLINE_MARGIN_MS="1500", AWS_CALLS_IN_FLIGHT="1")
        self.plan({"fault": "latency", "call": "dynamodb.BatchWriteItem", "seconds": 0.1})
        failed = self.failures(self.parser.invoke(self.event(*puts)))
        self.assertIn(failed, [["m1", "m2"], ["m0", "m1", "m2"]])
        self.plan()
        self.parse(*puts, function=self.function())
        for put in puts:
            self.check_rows(put, 400)

    def test_transient_service_faults_are_retried(self) -> None:
        plan = self.plan({"fault": "unprocessed_items", "call": "dynamodb.BatchWriteItem", "times": 4},
                         {"fault": "throttle", "call": "dynamodb.BatchWriteItem", "times": 2, "skip": 3},
                         {"fault": "drop_reply", "call": "dynamodb.BatchWriteItem", "times": 1, "skip": 6},
                         {"fault": "truncate", "call": "s3.GetObject", "times": 2},
                         {"fault": "error", "call": "s3.GetObject", "times": 1})
        put = self.put(rows_file(600))
        self.parse(put)
        self.assertEqual(plan.unfired(), [], plan.table())
        print("# " + plan.table().replace("\n", "\n# "))
        self.check_rows(put, 600)

    def test_unavailable_service_decides_nothing(self) -> None:
        for call in ("s3.GetObject", "dynamodb.BatchWriteItem"):
            with self.subTest(call):
                put = self.put(rows_file(3))
                self.plan({"fault": "error", "call": call})
                for timeout in deadlines(3.0):
                    self.parser = self.function(timeout)
                    self.assertEqual(self.failures(self.parser.invoke(self.event(put))), ["m0"])
                    if self.upload(put):
                        break
                self.parser = self.function()
                self.assertEqual(self.state(put, "status, failure_code"), "processing|")
                self.plan()
                self.parse(put)
                self.check_rows(put, 3)

    def test_read_only_server_is_abandoned(self) -> None:
        """As after a failover: the session of a read-only server is dropped, and another connection is attempted at
        once."""
        sql("ALTER ROLE loader SET default_transaction_read_only = on")
        self.addCleanup(sql, "ALTER ROLE loader RESET default_transaction_read_only")
        put = self.put(rows_file(3))
        self.assertEqual(self.failures(self.parser.invoke(self.event(put))), ["m0"])
        self.assertEqual(self.codes(), ["25006"])
        sql("ALTER ROLE loader RESET default_transaction_read_only")
        self.parse(put)
        self.check_rows(put, 3)

    def test_unavailable_queue_fails_nothing(self) -> None:
        """Events that cannot be sent, or are refused, stay in the outbox until their lease ends."""
        put, other = self.put(b""), self.put(b"")
        self.plan({"fault": "error", "call": "sqs.SendMessageBatch"})
        for timeout in deadlines(3.0):
            self.parser = self.function(timeout, OUTBOX_LEASE_SECONDS="3600")
            if not self.failures(self.parser.invoke(self.event(put))):
                break
        self.parser = self.function(OUTBOX_LEASE_SECONDS="3600")
        self.assertEqual((self.state(put, "failure_code"), self.messages()), ("EMPTY_FILE", []))
        plan = self.plan({"fault": "failed_entries", "call": "sqs.SendMessageBatch", "count": 1, "sender_fault": True,
            "times": 1})
        self.parse(other)
        self.assertEqual(plan.unfired(), [])
        self.assertEqual(self.messages(), [])
        self.assertEqual(sql("SELECT count(*) FROM onboard.outbox"), "2")
        sql("UPDATE onboard.outbox SET lease_until = clock_timestamp() - interval '1 second'")
        self.plan()
        self.parse(put, other)
        self.assertEqual(sorted(message["upload_id"] for message in self.messages()),
            sorted([self.upload(put), self.upload(other)]))
        self.assertEqual(sql("SELECT count(*) FROM onboard.outbox"), "0")

    def test_permanently_refused_events(self) -> None:
        """Each is tried once per lease, by any invocation; the tenth time it is an error that is counted; it is never
        lost."""
        put = self.put(b"")
        plan = self.plan({"fault": "failed_entries", "call": "sqs.SendMessageBatch", "count": 1, "sender_fault": True})
        for _ in range(3):
            self.parse(put)
        self.assertEqual(plan.calls["sqs.SendMessageBatch"], 1)
        for attempt in range(2, 11):
            sql("UPDATE onboard.outbox SET lease_until = clock_timestamp() - interval '1 second'")
            self.parse(put)
            self.assertEqual(plan.calls["sqs.SendMessageBatch"], attempt)
        lines = [line for line in self.records() if line.get("message") == "the queue refused events"]
        self.assertEqual([(line["attempt"], line["level"], line["upload_id"]) for line in lines],
                         [(attempt, "error" if attempt == 10 else "warning", self.upload(put)) for attempt in range(1, 11)])
        self.assertEqual(sum(line.get("EventsRefused", 0) for line in self.parser.log.records()), 1)
        self.plan()
        sql("UPDATE onboard.outbox SET lease_until = clock_timestamp() - interval '1 second'")
        self.parse(put)
        self.assertEqual([message["upload_id"] for message in self.messages()], [self.upload(put)])

    def test_refused_events_do_not_delay_others(self) -> None:
        """A whole batch of refused events; and leases that end while others are sent cause no loop."""
        for lease in ("60", "1"):
            with self.subTest(lease=lease):
                sql("TRUNCATE onboard.products, onboard.upload_history, onboard.outbox CASCADE")
                sql("""SELECT onboard_reject_upload(onboard_begin_upload('VEND001', number || '.csv'), 'EMPTY_FILE', NULL)
                       FROM generate_series(1, 4) number""")
                plan = self.plan({"fault": "failed_entries", "call": "sqs.SendMessageBatch", "count": 2,
                    "sender_fault": True,
                                  **({"times": 1} if lease == "60" else {})},
                                 {"fault": "latency", "call": "sqs.SendMessageBatch", "seconds": 0.6})
                sweeper = self.function(handler="sweeper", OUTBOX_BATCH="2", OUTBOX_LEASE_SECONDS=lease)
                self.assertTrue(sweeper.invoke({}).ok)
                self.assertEqual(plan.calls["sqs.SendMessageBatch"], 2)
                sent = 2 if lease == "60" else 0
                self.assertEqual((len(self.messages()), sql("SELECT count(*) FROM onboard.outbox")), (sent, str(4 - sent)))

    def test_long_files_take_the_direct_route(self) -> None:
        """Above a number of rows, or by setting, directly; below, or by setting, through the table."""
        content = rows_file(30)
        routes: list[tuple[dict[str, Any], int, str]] = [
            ({"DIRECT_ROUTE_ROWS": "29"}, 0, "completed"), ({"ROUTE": "direct"}, 0, "completed"),
            ({"DIRECT_ROUTE_ROWS": "30"}, 30, "processing"),
            ({"DIRECT_ROUTE_ROWS": "0", "ROUTE": "stream"}, 30, "processing")]
        for environment, items, status in routes:
            with self.subTest(environment):
                sql("TRUNCATE onboard.products, onboard.upload_history CASCADE")
                put = self.put(content)
                self.parse(put, function=self.function(**environment))
                self.assertEqual(len(self.items(put)), items)
                self.assertEqual(self.state(put, "status, total_records"), f"{status}|30")

    def test_memory_does_not_grow_with_the_file(self) -> None:
        """Rows of all sizes, up to the longest, of bytes that need two in JSON."""
        for count, width, fields in ((1_000, 10_000, 1), (41, 62_000, 4), (123, 62_000, 4)):
            with self.subTest(count=count):
                names = ",".join([*REQUIRED, *(f"extra{number}" for number in range(fields))])
                extra = ",".join(["\\" * width] * fields)
                lines = [names, *(f"V{row},x,Books,S{row},1.50,2,{extra}" for row in range(count))]
                content = "\n".join(lines).encode()
                self.assertGreater(len(content), 10_000_000)
                put = self.put(content)
                parser = self.function(MAX_FILE_BYTES="0")
                self.parse(put, function=parser)
                sandbox, = parser.sandboxes()
                print(f"# {sandbox.peak_memory() // 1024} KiB for {len(content)} bytes in {count} rows")
                self.assertLess(sandbox.peak_memory(), LIMIT)
                self.check_rows(put, count)


if __name__ == "__main__":
    unittest.main()
