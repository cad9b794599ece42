"""Test files in vendors' own layouts through the whole pipeline, by both routes: a map that the metadata name, a default
map, and none; each ends as the command line ends it, with the same products, findings and reports."""

import gzip
import io
import json
import os
import subprocess
import tempfile
import zipfile

from database import OwnDatabase, shared_server
from invariants import verdicts
from whole import ROOT, WholeTest

PROGRAM = os.environ.get("ONBOARD_BIN") or os.path.join(ROOT, "glue", "onboard")
VENDOR = "VEND001"
SHOP = """skip when "Code" is blank
vendor_product_id = "Code"
sku = "Code" | prefix("X-")
product_name = "Title" | fill_down("Group")
category = "Kind" | values(kinds)
price = "Price" | thousands(".") | decimal_comma
stock_quantity = constant "5"
attribute "colour" = "Colour" | lower
ignore "Note"
"""
# The default map of the vendor: prices, for products that it has.
PRICES = """mode update
match vendor_product_id
delimiter "|"
encoding windows-1252
vendor_product_id = "Code"
price = "Price" | decimal_comma
"""
SHOP_FILE = """Group;Code;Title;Kind;Price;Colour;Note
a;A-1;Näpfe;Buch;1.299,50;ROT;x
a;A-2;;buch;19,90;BLAU;x
a;;;;;;x
b;B-1;Lampe;Licht;zehn;;x
b;B-2;;;5,00;;
c;C-1;"Zwei
Zeilen";Buch;2,00;GELB;x
"""
PRICE_FILE = "Code|Price\nA-1|1400,50\nA-2|zwölf\nX-9|3,00\n"
OUR_FILE = "sku,vendor_product_id,product_name,category,price,stock_quantity\nO-1,O-1,Cup,Books,2.00,1\nO-2,O-2,Mug,Boks,2.00,1\n"


def zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inside.csv", content)
    return archive.getvalue()


# In the order in which they are sent; the name, the map, the contents.
FILES = (("shop.csv", "shop", SHOP_FILE.encode()), ("prices.csv", "", PRICE_FILE.encode("cp1252")),
         ("ours.csv", "none", OUR_FILE.encode()), ("unknown.csv", "none", SHOP_FILE.encode()),
         ("packed.csv.gz", "shop", gzip.compress(SHOP_FILE.replace("-", "-G").encode(), mtime=0)),
         ("packed.zip", "shop", zipped(SHOP_FILE.replace("-", "-Z").encode())))

OUTCOME = """SELECT file_name, status, failure_code, mode, map_name, map_version, map_hash, total_records, valid_records,
                    error_records, updated, metadata -> 'header' AS header, metadata -> 'keys' AS keys,
                    metadata -> 'sources' AS sources,
                    metadata -> 'converted' AS converted, metadata ->> 'skipped_rows' AS skipped
             FROM onboard.upload_history ORDER BY file_name"""
REPORTS = {"errors.csv": "error_file_s3_key", "fix.csv": "fix_file_s3_key", "fix.xlsx": "workbook_file_s3_key"}


def prepare(database: OwnDatabase) -> None:
    """Store the maps and the list that one of them uses."""
    database.query(f"""SELECT onboard_set_map('{VENDOR}', 'shop', $map${SHOP}$map$),
                              onboard_set_map('{VENDOR}', 'prices', $map${PRICES}$map$),
                              onboard_set_map_values('{VENDOR}', 'kinds', '{json.dumps({"Buch": "Books"})}'),
                              onboard_set_default_map('{VENDOR}', 'prices')""")


def contents(report: str, data: bytes) -> bytes:
    """A report without the times that a workbook has."""
    if not report.endswith(".xlsx"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml") + archive.read("xl/comments1.xml")


class MapTest(WholeTest):
    """Files with the headings of their vendor."""

    def load(self, name: str, map_name: str, content: bytes) -> None:
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        result = subprocess.run(
            [PROGRAM, "load", path, "--vendor", VENDOR, "--reports", self.folder, "--quiet", "--db",
             self.expected.owner_conninfo(), *(["--map", map_name] if map_name else [])],
            capture_output=True, text=True, check=False)
        self.assertIn(result.returncode, (0, 1, 2), result.stderr)

    def check_reports(self, name: str) -> None:
        """Compare the reports in the bucket with those of the command line."""
        asked = f"SELECT upload_id, {', '.join(REPORTS.values())} FROM onboard.upload_history WHERE file_name = '{name}'"
        here, there = self.expected.query(asked)[0], self.database.query(asked)[0]
        for report, column in REPORTS.items():
            path = os.path.join(self.folder, str(here["upload_id"]), report)
            self.assertEqual(os.path.exists(path), bool(there[column]), report)
            if there[column]:
                body = self.whole.clients["s3"].get_object(Bucket=self.whole.resources.bucket, Key=there[column])["Body"]
                with open(path, "rb") as file:
                    self.assertEqual(contents(report, body.read()), contents(report, file.read()), f"{report} of {name}")

    def send_all(self, route: str) -> None:
        """Send the files by a route, one after the other; compare with the command line."""
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="onboard-maps-"))
        self.expected = shared_server().make_database()
        self.pipeline(environment={"ROUTE": route})
        for database in (self.expected, self.database):
            prepare(database)
        for name, map_name, content in FILES:
            self.load(name, map_name, content)
            self.whole.clients["s3"].put_object(
                Bucket=self.whole.resources.bucket, Key=f"uploads/{VENDOR}/{name}", Body=content,
                Metadata={"onboard-map": map_name} if map_name else {})
            self.settle()
            self.check_reports(name)
        ended = self.database.query(OUTCOME)
        self.assertEqual([(row["file_name"], row["status"], row["map_name"], row["skipped"]) for row in ended],
                         [("ours.csv", "partial", None, None), ("packed.csv.gz", "partial", "shop", "1"),
                          ("packed.zip", "partial", "shop", "1"), ("prices.csv", "partial", "prices", None),
                          ("shop.csv", "partial", "shop", "1"), ("unknown.csv", "failed", None, None)])
        self.assertEqual(ended, self.expected.query(OUTCOME))
        self.assertEqual(verdicts(self.database), verdicts(self.expected))
        self.assertEqual(self.database.value("SELECT price FROM onboard.products WHERE sku = 'X-A-1'"), "1400.50")
        self.assertIn('map "shop" fits this file', str(self.database.value(
            "SELECT failure_message FROM onboard.upload_history WHERE file_name = 'unknown.csv'")))
        self.assertEqual(self.whole.errors(), [])

    def test_through_the_stream(self) -> None:
        self.send_all("stream")

    def test_by_the_direct_route(self) -> None:
        self.send_all("direct")
