"""Test the handler operator: every command, every refusal, and that its login can do no more.

Run by test/tap/064_operator.pl, which starts the server.
"""

import itertools
import json
import os
import re
import unittest
import uuid
from typing import Any

from event_sources import scheduled_event, url_event
from handler_case import HandlerCase
from pipeline import Database
from postgres import query
from runtime_api import Function, FunctionSettings, Result

PLANTED = "PLANTED-VALUE-9c07"
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../glue/lambda/README.md")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TOO_LONG = "a vendor's name, address and other texts must have up to 200 characters each"
counter = itertools.count(1)

VENDOR = {"vendor_id": "ACME", "vendor_name": "Acme \u00fc\"", "email": "desk@acme.example", "phone": "+1 555",
          "business_name": "Acme Inc.", "tax_id": "12-3", "address": "1 Road", "city": "Springfield", "state": "IL",
          "country": "US", "postal_code": "62704", "status": "pending_approval"}
# What a new vendor has, besides what it was added with.
DEFAULTS = {"modes": ["insert", "upsert", "update"], "default_mode": "insert", "price_guard": 5, "sold_out_guard": 0.5,
            "discontinue_guard": 0.2, "language": None, "default_map": None}


def begin(vendor: str = "VEND001", key: str = "", metadata: dict[str, str] | None = None) -> str:
    key = key or f"uploads/{vendor}/{next(counter)}.csv"
    return query(f"SELECT onboard_begin_upload('{vendor}', '{key.rpartition('/')[2]}', '{key}', 'test/{uuid.uuid4()}', NULL,"
                 f" '{json.dumps(metadata or {})}')")


def ingest(upload_id: str, good: int, bad: int) -> None:
    """Ingest valid rows, then invalid ones, each of which breaks two rules."""
    query(f"""SELECT count(*) FROM onboard_ingest('{upload_id}', (
        SELECT jsonb_agg(jsonb_build_object('row_number', r, 'product', jsonb_build_object(
            'vendor_product_id', '{upload_id}' || r, 'sku', '{upload_id}' || r, 'product_name', '{PLANTED}',
            'category', 'Books', 'price', CASE WHEN r > {good} THEN '{PLANTED}' ELSE '2' END,
            'stock_quantity', CASE WHEN r > {good} THEN '-1' ELSE '3' END)))
        FROM generate_series(1, {good + bad}) r))""")


def documented(name: str) -> set[str]:
    """The members of an object, as the page lists them."""
    with open(PAGE, encoding="utf-8") as page:
        row = next(line for line in page if line.startswith(f"| {name} |"))
    return set(re.findall(r"`(\w+)`", row.split("|")[2]))


class OperatorTest(HandlerCase):
    maxDiff = None

    @classmethod
    def make_resources(cls) -> None:
        # The secret of the other functions must not be needed.
        cls.resources.make(cls.clients, cls.database("nobody"), operator=cls.database("operator"))

    def setUp(self) -> None:
        query("""TRUNCATE onboard.upload_history, onboard.products, onboard.outbox CASCADE;
                 DELETE FROM onboard.vendors WHERE vendor_id NOT LIKE 'VEND%';
                 UPDATE onboard.vendors SET status = 'active'""")
        self.functions: list[Function] = []
        self.operator = self.function()

    def tearDown(self) -> None:
        """Check that the log has ids and codes, and no value, address or password."""
        for function in self.functions:
            text = "\n".join(function.log.lines())
            for secret in (PLANTED, self.password, "acme.example", "Springfield"):
                self.assertNotIn(secret, text)

    def function(self, **environment: str) -> Function:
        settings = FunctionSettings("operator", os.environ["ONBOARD_BOOTSTRAP"], "operator", 120)
        function = Function(settings, {**self.resources.environment(self.proxy.url, "operator"), "DATABASE_PAUSE_SECONDS": "0",
                                       "TMPDIR": os.environ["ONBOARD_TEST_FOLDER"], **environment})
        self.addCleanup(function.stop)
        self.functions.append(function)
        return function

    def with_secret(self, name: str, database: Database) -> Function:
        self.clients["secretsmanager"].create_secret(Name=name, SecretString=database.secret())
        return self.function(OPERATOR_SECRET_ID=name)

    def ask(self, command: str, **members: Any) -> dict[str, Any]:
        """Return the answer, which has no value of a product."""
        result = self.operator.invoke({"command": command, **members})
        self.assertTrue(result.ok, result.error)
        self.assertNotIn(PLANTED, json.dumps(result.payload))
        payload: dict[str, Any] = result.payload
        return payload

    def refusal(self, command: str, **members: Any) -> tuple[str, str]:
        answer = self.ask(command, **members)
        self.assertEqual((list(answer), sorted(answer["error"])), (["error"], ["code", "message"]))
        return answer["error"]["code"], answer["error"]["message"]

    def answers(self) -> list[dict[str, Any]]:
        return [record for record in self.operator.log.records() if record.get("message") == "answered"]

    # Vendors.

    def test_vendor_is_added_once(self) -> None:
        answer = self.ask("vendor_add", **VENDOR)
        self.assertEqual((sorted(answer), answer["added"]), (["added", "vendor"], True))
        self.assertEqual(answer["vendor"], {**VENDOR, **DEFAULTS, "created_at": answer["vendor"]["created_at"],
                                            "updated_at": answer["vendor"]["updated_at"], "last_upload_at": None})
        self.assertRegex(answer["vendor"]["created_at"], TIME)
        self.assertEqual(set(answer["vendor"]), documented("vendor"))
        self.assertEqual(self.ask("vendor_add", **VENDOR), {**answer, "added": False})
        # Members that are left out are not compared.
        again = self.ask("vendor_add", vendor_id="ACME", vendor_name=VENDOR["vendor_name"], email=VENDOR["email"], city=None)
        self.assertEqual(again, {**answer, "added": False})
        code, message = self.refusal("vendor_add", **{**VENDOR, "city": "Shelbyville"})
        self.assertEqual((code, message), ("VENDOR_EXISTS", "a vendor with this id already exists, with other values"))
        self.assertEqual(query("SELECT count(*), min(city) FROM onboard.vendors WHERE vendor_id = 'ACME'"), "1|Springfield")
        log = self.answers()
        self.assertEqual([(line["operation"], line["vendor_id"], line.get("code")) for line in log],
                         [("vendor_add", "ACME", code) for code in (None, None, None, "VENDOR_EXISTS")])

    def test_vendor_without_optional_members(self) -> None:
        vendor = self.ask("vendor_add", vendor_id="B-1", vendor_name="B", email="b@b.example", status=None)["vendor"]
        self.assertEqual((vendor["status"], vendor["city"]), ("active", None))

    def test_values_that_constraints_refuse(self) -> None:
        query("ALTER TABLE onboard.vendors ADD CONSTRAINT ours CHECK (country <> 'XX')")
        self.addCleanup(query, "ALTER TABLE onboard.vendors DROP CONSTRAINT ours")
        for change, code, message in (
                ({"vendor_id": "A B"}, "INVALID_VALUE", "a vendor id must have up to 50 letters, digits and hyphens"),
                ({"vendor_id": ""}, "INVALID_VALUE", "a vendor id must have up to 50 letters, digits and hyphens"),
                ({"vendor_name": " "}, "INVALID_VALUE", "a vendor's name must not be blank"),
                ({"vendor_name": "\u00fc" * 201}, "INVALID_VALUE", TOO_LONG),
                ({"address": "a" * 1_000_000}, "INVALID_VALUE", TOO_LONG),
                ({"email": "acme"}, "INVALID_VALUE", "the e-mail address does not look like name@example.com"),
                ({"email": "VEND001@example.com"}, "EMAIL_IN_USE", "another vendor already has this e-mail address"),
                ({"status": "asleep"}, "INVALID_VALUE",
                 "a vendor's status must be active, suspended, inactive or pending_approval"),
                ({"country": "XX"}, "INVALID_VALUE", "the values violate the constraint ours")):
            self.assertEqual(self.refusal("vendor_add", **{**VENDOR, **change}), (code, message))
        query("UPDATE onboard.vendors SET phone = '1'; ALTER TABLE onboard.vendors ALTER phone SET NOT NULL")
        self.addCleanup(query, "ALTER TABLE onboard.vendors ALTER phone DROP NOT NULL")
        self.assertEqual(self.refusal("vendor_add", **{**VENDOR, "phone": None}),
                         ("INVALID_VALUE", "a column that must not be null has no value"))
        self.assertEqual(query("SELECT count(*) FROM onboard.vendors WHERE vendor_id NOT LIKE 'VEND%'"), "0")
        self.assertEqual(self.answers()[-1]["code"], "INVALID_VALUE")

    def test_list_of_vendors(self) -> None:
        begin("VEND002")
        answer = self.ask("vendor_list")
        self.assertEqual([vendor["vendor_id"] for vendor in answer["vendors"]], ["VEND001", "VEND002"])
        self.assertEqual((set(answer), answer["next"]), ({"vendors", "next"}, None))
        self.assertEqual([bool(vendor["last_upload_at"]) for vendor in answer["vendors"]], [False, True])
        self.assertEqual(set(answer["vendors"][0]), documented("vendor"))
        one = self.ask("vendor_list", vendor_id="VEND002", after=None)
        self.assertEqual(one, {"vendors": answer["vendors"][1:], "next": None})
        self.assertEqual(self.ask("vendor_list", vendor_id="VEND003"), {"vendors": [], "next": None})

    def test_list_of_many_vendors(self) -> None:
        """Pages of 1,000, the last of them complete."""
        query("""INSERT INTO onboard.vendors (vendor_id, vendor_name, email)
                 SELECT 'M-' || n, 'M', n || '@m.example' FROM generate_series(1, 1998) n""")
        found: list[str] = []
        sizes = []
        after = None
        while True:
            answer = self.ask("vendor_list", after=after)
            found += [vendor["vendor_id"] for vendor in answer["vendors"]]
            sizes.append(len(answer["vendors"]))
            if (after := answer["next"]) is None:
                break
        self.assertEqual(sizes, [1000, 1000])
        self.assertEqual(found, query("SELECT vendor_id FROM onboard.vendors ORDER BY vendor_id").split("\n"))

    def test_modes_and_guards_of_a_vendor(self) -> None:
        answer = self.ask("vendor_set", vendor_id="VEND001", modes="insert, replace", default_mode="replace", price_guard="2.5",
                          sold_out_guard="", discontinue_guard=None, language="de")
        self.addCleanup(query, """UPDATE onboard.vendors SET modes = DEFAULT, default_mode = DEFAULT, price_guard = DEFAULT,
                                  sold_out_guard = DEFAULT, language = DEFAULT""")
        self.assertEqual((sorted(answer), answer["changed"], set(answer["vendor"])),
                         (["changed", "vendor"], True, documented("vendor")))
        self.assertEqual({name: answer["vendor"][name] for name in DEFAULTS},
                         {"modes": ["insert", "replace"], "default_mode": "replace", "price_guard": 2.5, "sold_out_guard": None,
                          "discontinue_guard": 0.2, "language": "de", "default_map": None})
        self.assertEqual(query("SELECT modes, price_guard FROM onboard.vendors ORDER BY vendor_id"),
                         "{insert,replace}|2.50\n{insert,upsert,update}|5.00")
        again = self.ask("vendor_set", vendor_id="VEND001", modes="insert,replace", price_guard="2.50")
        self.assertEqual((again["changed"], again["vendor"]),
                         (False, {**answer["vendor"], "updated_at": again["vendor"]["updated_at"]}))
        self.assertEqual(self.refusal("vendor_set", vendor_id="VEND003", price_guard="2"),
                         ("UNKNOWN_VENDOR", "there is no vendor with this id"))
        for change, message in (
                ({"modes": "replace,merge"}, "a vendor's modes must be one or more of insert, upsert, update and replace"),
                ({"modes": "insert"}, "a vendor's modes must include its default mode"),
                ({"default_mode": "update"}, "a vendor's modes must include its default mode"),
                ({"price_guard": "0.5"}, "a price guard must be 1 or more"),
                ({"language": "Deutsch"}, "a language must be a code such as en or de-AT"),
                ({"sold_out_guard": "1.5"}, "a sold-out guard must be from 0 to 1"),
                ({"discontinue_guard": "12"},
                 "a guard is too large; a sold-out or discontinue guard is a share, from 0 to 1")):
            self.assertEqual(self.refusal("vendor_set", vendor_id="VEND001", **change), ("INVALID_VALUE", message))
        self.assertEqual(self.ask("vendor_list", vendor_id="VEND001")["vendors"], [again["vendor"]])

    def test_default_map_of_a_vendor(self) -> None:
        query("""SELECT onboard_set_map('VEND001', 'shop', 'price = "Cost"')""")
        self.addCleanup(query, "UPDATE onboard.vendors SET default_map = NULL; DELETE FROM onboard.column_maps")
        for given, stored in (("shop", "shop"), ("", None)):
            answer = self.ask("vendor_set", vendor_id="VEND001", default_map=given)
            self.assertEqual((answer["changed"], answer["vendor"]["default_map"]), (True, stored))
        unknown = ("UNKNOWN_MAP", "the vendor has no such map, and no preset has this name")
        self.assertEqual(self.refusal("vendor_set", vendor_id="VEND001", default_map="shpo"), unknown)
        self.assertEqual(self.refusal("vendor_set", vendor_id="VEND002", default_map="shop"), unknown)

    def test_status_of_a_vendor(self) -> None:
        answer = self.ask("vendor_set_status", vendor_id="VEND001", status="suspended")
        self.assertEqual((sorted(answer), answer["changed"]), (["changed", "vendor"], True))
        self.assertEqual((set(answer["vendor"]), answer["vendor"]["status"]), (documented("vendor"), "suspended"))
        self.assertEqual(query("SELECT vendor_id, status FROM onboard.vendors ORDER BY 1"),
                         "VEND001|suspended\nVEND002|active")
        again = self.ask("vendor_set_status", vendor_id="VEND001", status="suspended")
        self.assertEqual(again, {**answer, "changed": False})
        self.assertTrue(self.ask("vendor_set_status", vendor_id="VEND001", status="active")["changed"])
        self.assertEqual(self.refusal("vendor_set_status", vendor_id="VEND003", status="active"),
                         ("UNKNOWN_VENDOR", "there is no vendor with this id"))
        self.assertEqual(self.refusal("vendor_set_status", vendor_id="VEND001", status="asleep")[0], "INVALID_VALUE")

    # Uploads.

    def test_trace_of_an_upload(self) -> None:
        metadata = {"bucket": "in", "version_id": "v7", "etag": "e9"}
        upload_id = begin(key="uploads/VEND001/f.csv", metadata=metadata)
        query(f"SELECT onboard_begin_parse('{upload_id}')")
        ingest(upload_id, 3, 2)
        query(f"SELECT onboard_save_checkpoint('{upload_id}', 700, 5, 6, '{{\"header\": \"{PLANTED}\"}}')")
        answer = self.ask("upload_trace", upload_id=upload_id)
        self.assertEqual(set(answer), {"upload", "vendor", "rows", "events", "report", "errors"})
        upload = answer["upload"]
        self.assertEqual(set(upload), documented("upload"))
        self.assertEqual({name: upload[name] for name in ("upload_id", "vendor_id", "file_name", "bucket", "s3_key",
                                                          "version_id", "etag", "status", "total_records",
                                                          "valid_records", "error_records", "reported", "undone")},
                         {"upload_id": upload_id, "vendor_id": "VEND001", "file_name": "f.csv", "bucket": "in",
                          "s3_key": "uploads/VEND001/f.csv", "version_id": "v7", "etag": "e9", "status": "processing",
                          "total_records": None, "valid_records": 3, "error_records": 2, "reported": False,
                          "undone": False})
        for name in ("created_at", "updated_at"):
            self.assertRegex(upload[name], TIME)
        self.assertEqual(answer["vendor"], self.ask("vendor_list", vendor_id="VEND001")["vendors"][0])
        rows = answer["rows"]
        self.assertEqual(set(rows) | set(rows["held_decisions"]) | {"byte_offset", "row_number", "line_number"},
                         documented("rows of `upload_trace`"))
        self.assertEqual((rows["judged"], rows["ranges"], rows["last_row"]), (5, 1, 5))
        self.assertEqual((rows["parse_attempts"], rows["revivals"]), (1, 0))
        self.assertEqual(rows["checkpoint"], {"byte_offset": 700, "row_number": 5, "line_number": 6})
        event, = answer["events"]
        self.assertEqual(set(event), documented("an event of `upload_trace`"))
        self.assertEqual((event["kind"], event["attempt"], event["lease_until"]), ("errors_recorded", 0, None))
        self.assertEqual(answer["errors"], [
            {"error_type": "INVALID_PRICE", "error_field": "price", "severity": "error", "rows": 2},
            {"error_type": "INVALID_STOCK", "error_field": "stock_quantity", "severity": "error", "rows": 2}])
        self.assertEqual(set(answer["errors"][0]), documented("an error of `upload_trace`"))
        self.assertEqual(answer["report"], {"due": False, "reported_at": None, "lease_until": None,
                                            "error_file_s3_key": None, "fix_file_s3_key": None,
                                            "workbook_file_s3_key": None})
        self.assertEqual(set(answer["report"]), documented("report of `upload_trace`"))
        self.assertEqual(self.answers()[0]["upload_id"], upload_id)

    def test_trace_until_the_report(self) -> None:
        upload_id = begin()
        empty = self.ask("upload_trace", upload_id=upload_id)
        self.assertEqual((empty["rows"]["judged"], empty["rows"]["last_row"], empty["rows"]["checkpoint"], empty["events"],
                          empty["errors"]), (0, None, None, [], []))
        query(f"SELECT status FROM onboard_reject_upload('{upload_id}', 'NO_HEADER', 'the file has no header')")
        query("SELECT count(*) FROM onboard_claim_events(10, '1 hour')")
        query(f"SELECT onboard_claim_report('{upload_id}', '1 hour')")
        trace = self.ask("upload_trace", upload_id=upload_id)
        self.assertEqual((trace["upload"]["failure_code"], trace["upload"]["failure_message"]),
                         ("NO_HEADER", "the file has no header"))
        self.assertRegex(trace["upload"]["completed_at"], TIME)
        self.assertRegex(trace["events"][0]["lease_until"], TIME)
        self.assertTrue(trace["report"]["due"])
        self.assertRegex(trace["report"]["lease_until"], TIME)
        query(f"SELECT onboard_record_report('{upload_id}', 'errors/e.csv', NULL)")
        trace = self.ask("upload_trace", upload_id=upload_id)
        self.assertRegex(trace["report"]["reported_at"], TIME)
        self.assertEqual((trace["upload"]["reported"], trace["report"]["due"], trace["report"]["lease_until"],
                          trace["report"]["error_file_s3_key"]), (True, False, None, "errors/e.csv"))
        self.assertEqual(self.refusal("upload_trace", upload_id="VEND001-0"),
                         ("UNKNOWN_UPLOAD", "there is no upload with this id"))

    def test_finding_uploads(self) -> None:
        first, second = begin(key="uploads/VEND001/a.csv"), begin(key="uploads/VEND001/a.csv")
        third, other = begin(key="uploads/VEND001/b.csv"), begin("VEND002", "uploads/VEND002/a.csv")

        def found(**members: Any) -> list[str]:
            answer = self.ask("upload_find", **members)
            self.assertEqual(list(answer), ["uploads"])
            return [upload["upload_id"] for upload in answer["uploads"]]

        self.assertEqual(found(vendor_id="VEND001"), [third, second, first])
        self.assertEqual(found(vendor_id="VEND001", limit=2), [third, second])
        self.assertEqual(found(s3_key="uploads/VEND001/a.csv"), [second, first])
        self.assertEqual(found(s3_key="uploads/VEND002/a.csv", vendor_id=None), [other])
        self.assertEqual(found(s3_key="uploads/VEND002/a.csv", vendor_id="VEND001"), [])
        self.assertEqual(found(vendor_id="VEND003"), [])
        self.assertEqual(set(self.ask("upload_find", vendor_id="VEND002")["uploads"][0]), documented("upload"))

    def test_cancelling_an_upload(self) -> None:
        upload_id, ended = begin(), begin()
        ingest(upload_id, 2, 0)
        query(f"SELECT status FROM onboard_finish_upload('{ended}', 0)")
        answer = self.ask("upload_cancel", upload_id=upload_id)
        self.assertEqual((sorted(answer), answer["cancelled"]), (["cancelled", "upload"], True))
        self.assertEqual((answer["upload"]["status"], answer["upload"]["failure_code"]), ("failed", "CANCELLED"))
        self.assertEqual(query("SELECT count(*) FROM onboard.products"), "0")
        self.assertEqual(self.ask("upload_cancel", upload_id=upload_id), {**answer, "cancelled": False})
        refused = self.ask("upload_cancel", upload_id=ended)
        self.assertEqual((refused["cancelled"], refused["upload"]["failure_code"]), (False, "NO_ROWS"))
        self.assertEqual(self.refusal("upload_cancel", upload_id="VEND001-0")[0], "UNKNOWN_UPLOAD")

    # Held rows.

    def hold(self, *prices: str) -> str:
        """Return an upload of a price file, whose prices are held if they are far from 2."""
        ingest(begin(), len(prices), 0)
        upload_id = query("SELECT onboard_begin_upload('VEND001', 'prices.csv', mode => 'update', total_records => "
                          f"{len(prices)}, columns => '{{vendor_product_id,price}}')")
        rows = json.dumps([{"row_number": number, "product": {"price": price}} for number, price in enumerate(prices, 1)])
        query(f"""SELECT count(*) FROM onboard_ingest('{upload_id}', (SELECT jsonb_agg(jsonb_set(r, '{{product}}',
            r -> 'product' || jsonb_build_object('vendor_product_id', (SELECT p.vendor_product_id FROM onboard.products p
            WHERE p.row_number = (r ->> 'row_number')::bigint)))) FROM jsonb_array_elements('{rows}') r))""")
        return upload_id

    def prices(self) -> list[str]:
        return query("SELECT price FROM onboard.products ORDER BY row_number").split("\n")

    def test_held_rows_are_listed(self) -> None:
        upload_id = self.hold("2.50", "200", "0.02", "400")
        query("UPDATE onboard.held_rows SET created_at = created_at - (10 - row_number) * interval '1 minute'")
        answer = self.ask("held_list")
        self.assertEqual((sorted(answer), answer["waiting"]), (["held", "waiting"], 3))
        self.assertEqual(set(answer["held"][0]), documented("a row of `held_list`"))
        self.assertRegex(answer["held"][0]["held_at"], TIME)
        found = [tuple(row[name] for name in ("upload_id", "vendor_id", "file_name", "row_number", "cause", "current_value",
                                              "new_value")) for row in answer["held"]]
        self.assertEqual(found, [(upload_id, "VEND001", "prices.csv", row, "price", "2.00", price)
                                 for row, price in ((2, "200.00"), (3, "0.02"), (4, "400.00"))])
        self.assertEqual(self.ask("held_list", vendor_id="VEND001", upload_id=upload_id, limit=2),
                         {"waiting": 3, "held": answer["held"][:2]})
        self.assertEqual(self.ask("held_list", vendor_id="VEND002"), {"waiting": 0, "held": []})

    def test_held_rows_are_decided_once(self) -> None:
        upload_id = self.hold("2.50", "200", "0.02", "400")
        # Rows that are not held are left out; a decision stays, however often it is requested.
        trace = self.ask("upload_trace", upload_id=upload_id)
        self.assertEqual((trace["rows"]["held_waiting"], trace["upload"]["mode"], trace["upload"]["actions"]),
                         (3, "update", {"inserted": 0, "updated": 1, "unchanged": 0, "stale": 0, "held": 3, "discontinued": 0}))
        for _ in range(2):
            self.assertEqual(self.ask("held_approve", upload_id=upload_id, rows=[2, 1, 99]),
                             {"rows": [{"row_number": 2, "outcome": "applied", "reason": None}]})
            self.assertEqual(self.ask("held_decline", upload_id=upload_id, rows=[2, 3, 99]),
                             {"declined": 1, "last_step": False})
        self.assertEqual(self.ask("held_approve", upload_id=upload_id, rows=[3])["rows"][0]["outcome"], "declined")
        self.assertEqual(self.prices(), ["2.50", "200.00", "2.00", "2.00"])
        query("UPDATE onboard.products SET compare_at_price = 300, price = 250 WHERE row_number = 4")
        refused, = self.ask("held_approve", upload_id=upload_id, rows=[4])["rows"]
        self.assertEqual(refused["outcome"], "refused")
        self.assertTrue(refused["reason"])
        self.assertEqual(self.ask("upload_trace", upload_id=upload_id)["rows"]["held_decisions"],
                         {"applied": 1, "declined": 1, "superseded": 0, "refused": 1})
        self.assertEqual(query(f"SELECT status || valid_records FROM onboard.upload_history WHERE upload_id = '{upload_id}'"),
                         "partial4")
        self.assertEqual(query("SELECT DISTINCT decided_by FROM onboard.held_rows"), "operator")

    def test_the_last_step_is_declined(self) -> None:
        upload_id = self.hold("2.50")
        query(f"""INSERT INTO onboard.held_rows (upload_id, vendor_id, cause, current_value, new_value)
                  VALUES ('{upload_id}', 'VEND001', 'discontinue_share', '4', '3')""")
        self.assertEqual(self.ask("held_decline", upload_id=upload_id, rows=[1, 2]), {"declined": 0, "last_step": False})
        for _ in range(2):
            self.assertEqual(self.ask("held_decline", upload_id=upload_id, rows=[0]), {"declined": 1, "last_step": True})

    def test_decisions_need_an_upload_that_has_ended(self) -> None:
        for command in ("held_approve", "held_decline"):
            for upload_id in ("VEND001-0", begin()):
                self.assertEqual(self.refusal(command, upload_id=upload_id, rows=[1]),
                                 ("UNKNOWN_UPLOAD", "there is no upload with this id that has ended"))

    def test_backlog(self) -> None:
        query(f"SELECT status FROM onboard_finish_upload('{begin()}', 0)")
        begin()
        backlog = self.ask("backlog")["backlog"]
        self.assertEqual(set(backlog), set(query("SELECT name FROM onboard_backlog()").split("\n")))
        self.assertEqual((backlog["uploads_processing"], backlog["uploads_unreported"], backlog["events_waiting"]), (1, 1, 1))

    # Failures.

    def failure(self, result: Result, error_type: str, code: str) -> None:
        self.assertEqual(result.error_type, error_type)
        assert result.error
        self.assertEqual(result.error["errorMessage"].partition(":")[0], code)

    def test_invalid_events(self) -> None:
        event: Any
        for event in ({}, [], None, "backlog", {"command": "vendor_remove", "vendor_id": "VEND001"},
                      {"command": "backlog", "vendor_id": "VEND001"}, {"command": "vendor_set_status", "status": "active"},
                      {"command": "vendor_set", "vendor_id": "VEND001"},
                      {"command": "vendor_set", "vendor_id": "VEND001", "price_guard": "NaN"},
                      {"command": "vendor_set", "vendor_id": "VEND001", "email": "other@vendor.example"},
                      {"command": "upload_find"}, {"command": "upload_find", "vendor_id": "VEND001", "limit": 1001},
                      {"command": "upload_trace", "upload_id": "\x00"}, {"command": "held_decline", "upload_id": "VEND001-0"},
                      *({"command": "held_approve", "upload_id": "VEND001-0", "rows": rows}
                        for rows in ("2", 2, [], [-1], [1.5], ["2"], [[2]], [10 ** 15], list(range(1001)))),
                      scheduled_event("operator"),
                      url_event("GET", "/", ""), {"Records": [{"messageId": "m", "body": '{"command": "backlog"}'}]}):
            self.failure(self.operator.invoke(event), "Function.InvalidEvent", "EVENT_INVALID")

    def test_login_that_does_not_see_all_vendors(self) -> None:
        upload_id = begin("VEND002")
        function = self.with_secret("database/confined", self.database("confined"))
        for event in ({"command": "upload_trace", "upload_id": upload_id}, {"command": "vendor_list"},
                      {"command": "held_list"}):
            self.failure(function.invoke(event), "Function.InfrastructureError", "NOT_OPERATOR")
        self.failure(function.invoke({"command": "vendor_add", **VENDOR}), "Function.InfrastructureError", "42501")

    def test_unreachable_database(self) -> None:
        function = self.with_secret("database/away", self.database("operator", 1))
        self.failure(function.invoke({"command": "backlog"}), "Function.InfrastructureError", "08001")

    def test_missing_secret(self) -> None:
        function = self.function(OPERATOR_SECRET_ID="no/such/secret")
        self.failure(function.invoke({"command": "backlog"}), "Function.InfrastructureError", "AWS_NOT_FOUND")


if __name__ == "__main__":
    unittest.main()
