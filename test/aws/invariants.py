"""Invariants of any run of the pipeline, checked against the files that were sent and not against counters.

Nothing here shares code with what it checks: files are read with Python's csv, and database, bucket, table and mails
are inspected directly.  Each check returns problems as strings, none if all is well.

    world = World(database, pipeline, sent)
    problems = world.problems(extra_mails=1)
"""

import csv
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Iterable, Mapping, Protocol

from database import OwnDatabase, Row

COLUMNS = ["vendor_product_id", "product_name", "category", "subcategory", "description", "sku", "brand", "price",
           "compare_at_price", "stock_quantity", "unit", "weight_kg", "dimensions_cm", "image_url"]
NUMBERS = {"price", "compare_at_price", "stock_quantity", "weight_kg"}
# What the vendor requests for a row, which is not a field of the product.
ACTION_COLUMN = "onboard_action"
# What a valid row does, as the columns of upload_history that count it.
ACTIONS = ("inserted", "updated", "unchanged", "stale", "held", "discontinued")
BLANKS = "\t \u00a0"
REPORT_COLUMNS = 16
# The function that makes a report; a workbook is no text.
REPORTS = {"errors": "onboard_error_csv", "fix": "onboard_fix_csv"}
# Of each report: its column in upload_history, and the end of its key.
FILES = {"errors": ("error_file_s3_key", "errors.csv"), "fix": ("fix_file_s3_key", "fix.csv"),
         "workbook": ("workbook_file_s3_key", "fix.xlsx")}


class Services(Protocol):
    """A pipeline's resources in the emulated services; `refused` counts calls over a limit of their service."""

    clients: dict[str, Any]

    @property
    def bucket(self) -> str: ...

    @property
    def refused(self) -> Mapping[str, int]: ...

    def items(self) -> list[dict[str, Any]]: ...

    def mails(self) -> list[dict[str, Any]]: ...

    def messages(self, queue: str) -> list[str]: ...


@dataclass(frozen=True)
class FileRow:
    number: int
    line: int
    fields: dict[str, str]


@dataclass
class Sent:
    """A file as a vendor sent it, with the metadata that sets how its rows are applied.

    `refused` is the code it is refused with.  `broken` are the rows that must be rejected, if the sender knows, each
    with the rules that it breaks; `contested` are those accepted unless another row with their SKU came first.
    `actions` are what the valid rows do, if the sender knows.
    """

    vendor_id: str
    key: str
    content: bytes
    refused: str = ""
    broken: dict[int, set[str]] | None = None
    contested: set[int] = field(default_factory=set)
    items: bool = True
    metadata: dict[str, str] = field(default_factory=dict)
    actions: dict[int, str] | None = None

    @property
    def file_name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def rows(self) -> list[FileRow]:
        return read_rows(self.content)

    def says(self, row: FileRow) -> dict[str, str]:
        """Return what a row says about its product: the columns that the file has, blank ones unless they are kept."""
        values = {name: value.strip(BLANKS) for name, value in row.fields.items() if name != ACTION_COLUMN}
        return {name: value for name, value in values.items() if value or self.metadata.get("onboard-blank") != "keep"}


def folded(name: str) -> str:
    """Normalize a column name: ours ignore case, others are unchanged."""
    name = name.strip(BLANKS)
    return name.lower() if name.lower() in COLUMNS else name


def read_rows(content: bytes) -> list[FileRow]:
    """Return the rows of a file: records that are not blank lines, each with the physical line where it begins."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header: list[str] = []
    rows: list[FileRow] = []
    line = 1
    for record in reader:
        if record and not header:
            header = [folded(name) for name in record]
        elif record:
            rows.append(FileRow(len(rows) + 1, line, dict(zip(header, record))))
        line = reader.line_num + 1
    return rows


def plain_text(text: str) -> str:
    """Return a report, or a record of it, without what depends on its source: byte order mark and line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").rstrip("\n") + "\n"


def product_problem(said: list[dict[str, str]], product: Row) -> str:
    """Describe how a product differs from the newest value of each column, never quoting a value."""
    wanted: dict[str, str] = {}
    for values in said:
        wanted.update(values)
    wanted = {name: value for name, value in wanted.items() if value}
    for name in COLUMNS:
        given, stored = wanted.get(name), product[name]
        if name == "unit" and given is None:
            given = "piece"
        same = (Decimal(given) == Decimal(stored)) if name in NUMBERS and given and stored else given == stored
        if not same:
            return f"column {name} differs"
    unknown = {name: value for name, value in wanted.items() if name not in COLUMNS}
    return "" if json.loads(product["attributes"] or "{}") == unknown else "attributes differ"


def error_problem(row: FileRow, errors: list[Row]) -> str:
    original = json.loads(errors[0]["original_data"] or "{}")
    if errors[0]["error_type"] in ("MALFORMED_ROW", "INVALID_ENCODING"):
        return "" if original.get("raw_record") else "raw_record is missing"
    stored = {folded(name): value for name, value in original.items() if value not in (None, "")}
    if stored != {name: value for name, value in row.fields.items() if value != ""}:
        return "original_data differs"
    return "" if errors[0]["line_number"] == str(row.line) else f"line {errors[0]['line_number']}, not {row.line}"


def plain_value(value: dict[str, Any]) -> Any:
    """Return a DynamoDB attribute as plain JSON."""
    (kind, content), = value.items()
    if kind == "M":
        return {name: plain_value(element) for name, element in content.items()}
    if kind == "NULL":
        return None
    return int(content) if kind == "N" else content


@dataclass
class World:
    """The state after a run, read once."""

    database: OwnDatabase
    pipeline: Services
    sent: list[Sent]
    mails: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.uploads = self.database.query("SELECT *, metadata ? 'reported_at' AS reported FROM onboard.upload_history")
        self.products = self.group(self.database.query("SELECT * FROM onboard.products ORDER BY product_id"))
        self.errors = self.group(self.database.query("SELECT * FROM onboard.validation_errors ORDER BY error_id"))
        # For existing products; row 0 stands for those that a replace discontinued because no row named them.
        self.changes = self.group(self.database.query("SELECT a.*, u.upload_id FROM onboard.row_actions a "
            "JOIN onboard.upload_history u USING (upload_number) ORDER BY product_id"))
        self.held = self.group(self.database.query("SELECT * FROM onboard.held_rows ORDER BY held_id"))
        self.said = self.what_files_say()
        self.events = self.database.query("SELECT * FROM public.audited_events")
        self.items: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in self.pipeline.items():
            plain = {name: plain_value(value) for name, value in item.items()}
            self.items[plain["upload_id"]].append(plain)
        self.versions = self.report_versions()
        self.reports = {kind: self.current_reports(function) for kind, function in REPORTS.items()}

    @staticmethod
    def group(rows: list[Row]) -> dict[str, dict[int, list[Row]]]:
        """Group by upload and row number."""
        grouped: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in rows:
            grouped[row["upload_id"] or ""][int(row["row_number"] or 0)].append(row)
        return grouped

    def actions_of(self, upload_id: str) -> dict[int, str]:
        """Return what each valid row did."""
        changed = {number: str(rows[0]["action"]) for number, rows in self.changes[upload_id].items() if number}
        return {**{number: "inserted" for number in self.products[upload_id]},
                **{number: action for number, action in changed.items() if action != "rejected"}}

    def is_applied(self, upload_id: str, number: int, action: str) -> bool:
        """Return whether a valid row was to set the columns of its product."""
        if action == "held":
            return any(row["outcome"] == "applied" for row in self.held[upload_id][number])
        return action in ("inserted", "updated", "unchanged")

    def what_files_say(self) -> dict[str, list[dict[str, str]]]:
        """Return what the files say about each product, in the order of their times; equal times are in order of arrival."""
        said: dict[str, list[tuple[str, str, dict[str, str]]]] = defaultdict(list)
        for sent in self.sent:
            upload = self.upload_of(sent)
            if upload is None or sent.refused:
                continue
            upload_id = str(upload["upload_id"])
            actions = self.actions_of(upload_id)
            for row in sent.rows:
                action = actions.get(row.number, "")
                if self.is_applied(upload_id, row.number, action):
                    stored = self.products if action == "inserted" else self.changes
                    product_id = str(stored[upload_id][row.number][0]["product_id"])
                    said[product_id].append((str(upload["source_time"]), str(upload["created_at"]), sent.says(row)))
        return {product_id: [says for _, _, says in sorted(rows, key=lambda each: each[:2])]
                for product_id, rows in said.items()}

    def current_reports(self, function: str) -> dict[str, list[str]]:
        """Return the reports that the database produces now, record by record."""
        records: dict[str, list[str]] = defaultdict(list)
        for row in self.database.query(f"""SELECT upload_id, record FROM onboard.upload_history,
                                           LATERAL {function}(upload_id) WITH ORDINALITY AS r (record, place)
                                           ORDER BY upload_id, place"""):
            records[str(row["upload_id"])].append(str(row["record"]))
        return records

    def report_versions(self) -> dict[str, list[bytes]]:
        """Return each report with the content of every version ever written."""
        s3, bucket = self.pipeline.clients["s3"], self.pipeline.bucket
        versions: dict[str, list[bytes]] = defaultdict(list)
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="errors/"):
            for version in page.get("Versions", []):
                body = s3.get_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])["Body"].read()
                versions[version["Key"]].append(body)
        return versions

    def upload_of(self, sent: Sent) -> Row | None:
        found = [upload for upload in self.uploads if upload["s3_key"] and upload["s3_key"].endswith(sent.key)]
        return found[0] if len(found) == 1 else None

    def problems(self, extra_mails: int = 0) -> list[str]:
        """Return all problems.  `extra_mails` is how often a published mail was not recorded."""
        problems = []
        for sent in self.sent:
            upload = self.upload_of(sent)
            if upload is None:
                problems.append(f"{sent.key}: it does not have exactly one upload")
                continue
            problems += [f"{sent.key}: {problem}" for problem in self.upload_problems(sent, upload)]
        ours = {str(upload["upload_id"]) for upload in map(self.upload_of, self.sent) if upload}
        strangers = {str(upload["upload_id"]) for upload in self.uploads} - ours
        problems += [f"{upload_id}: an upload of an unknown file" for upload_id in sorted(strangers)]
        return [*problems, *self.key_problems(), *self.mail_problems(extra_mails), *self.leftover_problems(ours)]

    def upload_problems(self, sent: Sent, upload: Row) -> Iterable[str]:
        upload_id = str(upload["upload_id"])
        if upload["vendor_id"] != sent.vendor_id or upload["file_name"] != sent.file_name:
            yield "another vendor or file name"
        if not re.fullmatch(re.escape(sent.vendor_id) + r"-[0-9a-f]{16}", upload_id):
            yield "the id has the wrong form"
        ended = sum(event["upload_id"] == upload_id and event["kind"] == "upload_ended" for event in self.events)
        if ended != 1:
            yield f"{ended} upload_ended events"
        if sent.refused:
            yield from self.refused_problems(sent, upload)
        else:
            yield from self.row_problems(sent, upload)
            if sent.items:
                yield from list(self.item_problems(sent, upload_id))[:3]
        yield from self.report_problems(sent, upload)

    def refused_problems(self, sent: Sent, upload: Row) -> Iterable[str]:
        if (upload["status"], upload["failure_code"]) != ("failed", sent.refused):
            yield f"{upload['status']} {upload['failure_code']}, not refused with {sent.refused}"
        if self.products[str(upload["upload_id"])] or self.errors[str(upload["upload_id"])]:
            yield "refused, but its rows are stored"

    def row_problems(self, sent: Sent, upload: Row) -> Iterable[str]:
        """Each row of the file has one action or errors, and the products have what the files say."""
        upload_id = str(upload["upload_id"])
        products, errors, actions = self.products[upload_id], self.errors[upload_id], self.actions_of(upload_id)
        rows = sent.rows
        numbers = {row.number for row in rows}
        if lost := numbers - actions.keys() - errors.keys():
            yield f"rows are lost: {sorted(lost)[:10]}"
        if strange := (actions.keys() | errors.keys()) - numbers:
            yield f"rows not in the file:  {sorted(strange)[:10]}"
        if both := actions.keys() & errors.keys():
            yield f"rows are products and errors: {sorted(both)[:10]}"
        changes = {number: stored for number, stored in self.changes[upload_id].items() if number}
        if twice := [number for stored in (products, changes) for number, found in stored.items() if len(found) != 1]:
            yield f"rows are products twice: {twice[:10]}"
        for number, found in errors.items():
            if len({(error["error_type"], error["error_field"]) for error in found}) != len(found):
                yield f"an error of row {number} is there twice"
        yield from [f"row {row.number}: {trouble}" for row in rows if (trouble := self.row_problem(upload_id, row))][:3]
        yield from self.count_problems(upload, len(rows))
        if sent.actions is not None and actions != sent.actions:
            yield f"rows did {actions}, not {sent.actions}"
        if sent.broken is not None:
            broken = {number: {str(error["error_type"]) for error in stored} for number, stored in errors.items()}
            lost = {number for number in sent.contested if broken.pop(number, {"DUPLICATE_SKU"}) != {"DUPLICATE_SKU"}}
            if broken != sent.broken or lost:
                yield "the rejected rows, or the reasons, do not match the broken rows"

    def row_problem(self, upload_id: str, row: FileRow) -> str:
        if row.number in self.errors[upload_id]:
            return error_problem(row, self.errors[upload_id][row.number])
        if row.number not in self.products[upload_id]:
            return ""
        product = self.products[upload_id][row.number][0]
        problem = product_problem(self.said[str(product["product_id"])], product)
        return problem or ("" if product["line_number"] == str(row.line) else f"line {product['line_number']}, not {row.line}")

    def count_problems(self, upload: Row, rows: int) -> Iterable[str]:
        """The counts and the status of an upload are those of its rows."""
        upload_id = str(upload["upload_id"])
        actions, errors = self.actions_of(upload_id), self.errors[upload_id]
        counts = (str(rows), str(len(actions)), str(len(errors)))
        if (upload["total_records"], upload["valid_records"], upload["error_records"]) != counts:
            yield "the upload's counts do not match the file"
        did = Counter(actions.values())
        if {action: int(upload[action] or 0) for action in ACTIONS} != {action: did[action] for action in ACTIONS}:
            yield "the upload's actions do not match those of its rows"
        # Approving the last step of a replace later changes no count.
        if not self.held[upload_id][0] and int(upload["discontinued_missing"] or 0) != len(self.changes[upload_id][0]):
            yield "the number of products that no row named is wrong"
        held = {number for number, rows in self.held[upload_id].items() if rows}
        if held - {0} != {number for number, action in actions.items() if action == "held"}:
            yield "what waits, or waited, are not the held rows"
        status = "failed" if not actions else "partial" if errors or held else "completed"
        if upload["status"] != status:
            yield f"it is {upload['status']}, not {status}"

    def item_problems(self, sent: Sent, upload_id: str) -> Iterable[str]:
        """The items are the file's rows, each with the status of its verdict in the database."""
        items = {str(item["record_id"]): item for item in self.items[upload_id]}
        actions = self.actions_of(upload_id)
        rows = sent.rows
        wanted = {f"REC_{row.number:08d}" for row in rows}
        if wanted != items.keys():
            yield (f"the items are not those of the file's {len(rows)} rows: {sorted(wanted - items.keys())[:10]} are "
                f"missing, "
                   f"{sorted(items.keys() - wanted)[:10]} are too many")
            return
        for row in rows:
            item = items[f"REC_{row.number:08d}"]
            verdict = "error" if row.number in self.errors[upload_id] else "validated"
            if item["status"] != verdict:
                yield f"item {row.number} is {item['status']}, not {verdict}"
            if verdict == "validated" and item["action"] != actions.get(row.number):
                yield f"item {row.number} is {item['action']}, not {actions.get(row.number)}"
            if (item["vendor_id"], item["row_number"], item["line_number"]) != (sent.vendor_id, row.number, row.line):
                yield f"item {row.number} has other keys"
            data = {folded(name): value for name, value in item.get("product_data", {}).items() if value}
            if "defect" not in item and data != {name: value for name, value in row.fields.items()
                                                 if value and name != ACTION_COLUMN}:
                yield f"item {row.number} has other data"
            if (verdict == "error") != bool(item.get("error_reason")):
                yield f"item {row.number} has the wrong error_reason"

    def report_problems(self, sent: Sent, upload: Row) -> Iterable[str]:
        """All reports are in place, all versions are identical, and they match what the database produces now."""
        upload_id = str(upload["upload_id"])
        if upload["reported"] != "t":
            yield "no report is recorded"
        for kind, (column, name) in FILES.items():
            key = f"errors/{sent.vendor_id}/{upload_id}_{name}"
            versions = self.versions.get(key, [])
            if upload[column] is None and not versions:
                # Nothing was rejected, or there were no rows.
                if self.errors[upload_id]:
                    yield f"there is no {kind} report"
                continue
            if upload[column] != key:
                yield f"the recorded {kind} report has another key"
            if not versions:
                yield f"there is no {kind} report"
            elif len(set(versions)) != 1:
                yield f"versions of the {kind} report differ"
            elif kind == "workbook":
                yield from self.workbook_problems(upload_id, versions[0])
            else:
                yield from self.content_problems(upload_id, kind, versions[0])

    def content_problems(self, upload_id: str, kind: str, content: bytes) -> Iterable[str]:
        if plain_text(content.decode()) != "".join(plain_text(record) for record in self.reports[kind][upload_id]):
            yield f"the {kind} report differs from the database"
        if kind == "errors":
            if not content.startswith(b"\xef\xbb\xbf"):
                yield "the error report has no byte order mark"
            text = content.decode("utf-8-sig")
            delimiter = text.removeprefix("Spreadsheet Row")[0]
            heading, *lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            row, code = heading.index("Row Number"), heading.index("Error Type")
            found = Counter((int(line[row]), line[code]) for line in lines)
            stored = Counter((number, str(error["error_type"])) for number, errors in self.errors[upload_id].items()
                             for error in errors)
            if found != stored or any(len(line) != REPORT_COLUMNS for line in (heading, *lines)):
                yield "the error report's errors differ from the database"

    def workbook_problems(self, upload_id: str, content: bytes) -> Iterable[str]:
        """The workbook has a row for its header and one for each rejected row."""
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            rows = len(re.findall(rb"<row ", book.read("xl/worksheets/sheet1.xml")))
        if rows != 1 + len(self.errors[upload_id]):
            yield f"the workbook has {rows} rows for {len(self.errors[upload_id])} rejected ones"

    def key_problems(self) -> Iterable[str]:
        """There is one product for each SKU, and for each vendor's product id."""
        products = [product for rows in self.products.values() for stored in rows.values() for product in stored]
        for columns in (("sku",), ("vendor_id", "vendor_product_id")):
            counts = Counter(tuple(product[column] for column in columns) for product in products)
            if any(count > 1 for count in counts.values()):
                yield f"{' and '.join(columns)} of products is there twice"
        stored = {product["sku"] for product in products}
        for rows in self.errors.values():
            for errors in rows.values():
                only = {error["error_type"] for error in errors}
                if only == {"DUPLICATE_SKU"} and errors[0]["rejected_value"] not in stored:
                    yield "a duplicate of a SKU that no product has"

    def mail_problems(self, extra_mails: int) -> Iterable[str]:
        """There is one mail to its vendor about each upload; a second one only where unavoidable."""
        self.mails += self.pipeline.mails()
        told: Counter[str] = Counter()
        for mail in self.mails:
            attributes = {name: value["Value"] for name, value in mail.get("MessageAttributes", {}).items()}
            about = [upload for upload in self.uploads if str(upload["upload_id"]) in mail["Message"]]
            if len(about) != 1:
                yield "a mail is not about exactly one upload"
                continue
            told[str(about[0]["upload_id"])] += 1
            if (attributes.get("vendor_id"), attributes.get("status")) != (about[0]["vendor_id"], about[0]["status"]):
                yield "a mail has the attributes of another upload"
            if not re.fullmatch(r"[ -~]{1,99}", mail.get("Subject", "")):
                yield "a mail's subject is too long or not printable"
        untold = [upload["upload_id"] for upload in self.uploads if not told[str(upload["upload_id"])]]
        if untold:
            yield f"no mail about {untold}"
        extra = sum(told.values()) - len(told)
        if extra > extra_mails:
            yield f"{extra} mails too many, where {extra_mails} may be"

    def leftover_problems(self, ours: set[str]) -> Iterable[str]:
        """Nothing is waiting, nothing was discarded, and every report belongs to an upload."""
        waiting = self.database.number("SELECT count(*) FROM onboard.outbox")
        if waiting:
            yield f"{waiting} events wait in the outbox"
        for queue in ("upload-events-dead", "product-validation-errors-dead", "upload-records-discarded",
                      "upload-records-quarantine"):
            if messages := self.pipeline.messages(queue):
                yield f"{len(messages)} messages in {queue}"
        for key in self.versions:
            if not any(upload_id in key for upload_id in ours):
                yield f"{key}: a report of an unknown upload"
        if self.pipeline.refused:
            yield f"calls over a limit of their service: {dict(self.pipeline.refused)}"


def verdicts(database: OwnDatabase) -> list[Row]:
    """Return the result of every row, without what differs between runs, to compare ways of loading."""
    products = ", ".join(f"p.{column}::text AS {column}" for column in COLUMNS)
    nothing = ", ".join("null" for _ in COLUMNS)
    return database.query(f"""
        SELECT vendor_id, file_name, p.row_number, p.line_number, {products}, p.attributes::text AS attributes,
               p.status AS verdict, null AS error_field, null AS error_message, null AS rejected_value,
               null AS suggestion, null AS original_data
        FROM onboard.products p JOIN onboard.upload_history USING (vendor_id, upload_id)
        UNION ALL
        SELECT vendor_id, file_name, e.row_number, e.line_number, {nothing}, null, error_type, error_field, error_message,
               rejected_value, suggestion, original_data::text
        FROM onboard.validation_errors e JOIN onboard.upload_history USING (vendor_id, upload_id)
        ORDER BY vendor_id, file_name, row_number, verdict, error_field""")


def log_problems(text: str, planted: Iterable[str]) -> list[str]:
    """Find lines that are not JSON objects, and planted values and secrets, which are not repeated here."""
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            problems.append(f"line {number} is not a JSON object")
    for number, value in enumerate(planted, 1):
        written = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        if any(form in text for form in written):
            problems.append(f"planted value {number} of {len(value)} characters is in the log")
    return problems
