"""Test files through the whole pipeline, from the bucket to the mail: all kinds of files and names, and whatever S3
may do."""

import json
import os
import subprocess
import unittest

from database import shared_server
from event_sources import DeliveryFaults
from invariants import Sent, World, verdicts
from pipeline import read_settings, test_scale
from whole import ROOT, SUSPENDED_VENDOR, WholeTest

DATA = os.path.join(ROOT, "test", "data")
PROGRAM = os.environ.get("ONBOARD_BIN") or os.path.join(ROOT, "glue", "onboard")
HEADER = b"vendor_product_id,product_name,category,sku,price,stock_quantity\n"


def read(*path: str) -> bytes:
    with open(os.path.join(DATA, *path), "rb") as file:
        return file.read()


class SamplesTest(WholeTest):
    """The pipeline and the command line produce the same result, row by row and word by word."""

    def load(self, path: str, vendor: str, name: str) -> None:
        result = subprocess.run(
            [PROGRAM, "load", path, "--vendor", vendor, "--file-name", name, "--no-reports", "--quiet", "--db",
             self.expected.owner_conninfo()], capture_output=True, text=True, check=False)
        self.assertIn(result.returncode, (0, 1, 2), result.stderr)

    def test_verdicts_match_the_command_line(self) -> None:
        self.expected = shared_server().make_database()
        faults = sorted(os.listdir(os.path.join(DATA, "faults")))
        formats = sorted(os.listdir(os.path.join(DATA, "formats")))
        samples = sorted(name for name in os.listdir(DATA) if name.startswith("VEND") and name.endswith(".csv"))
        self.pipeline()
        bucket = self.whole.resources.bucket
        # A vendor's last file has products of the previous one: that one comes first.
        first = [(os.path.join(DATA, name), name[:7], name) for name in samples[:-1]]
        first += [(os.path.join(DATA, "faults", name), f"VEND{4 + number % 8:03}", f"faults {name}")
                  for number, name in enumerate(faults)]
        first += [(os.path.join(DATA, "formats", name), f"VEND{4 + number:03}", name) for number, name in enumerate(formats)]
        last = [(os.path.join(DATA, samples[-1]), samples[-1][:7], samples[-1])]
        for batch in (first, last):
            for path, vendor, name in batch:
                self.load(path, vendor, name)
                self.whole.clients["s3"].upload_file(path, bucket, f"uploads/{vendor}/{name}")
            self.settle()
        outcome = """SELECT vendor_id, file_name, status, failure_code, failure_message, total_records, valid_records,
                            error_records, CASE WHEN total_records > 0 THEN concat_ws(' ', metadata -> 'header',
                                metadata ->> 'delimiter', metadata ->> 'encoding', metadata ->> 'format',
                                metadata ->> 'sheet', metadata ->> 'compression') END AS read_as
                     FROM onboard.upload_history ORDER BY vendor_id, file_name"""
        self.assertEqual(self.database.query(outcome), self.expected.query(outcome))
        self.assertEqual(len(self.database.query(outcome)), len(faults) + len(formats) + len(samples))
        differing = [(ours["file_name"], ours["row_number"], [name for name in ours if ours[name] != theirs[name]])
                     for ours, theirs in zip(verdicts(self.database), verdicts(self.expected)) if ours != theirs]
        self.assertEqual(differing, [])
        self.assertEqual(len(verdicts(self.database)), len(verdicts(self.expected)))
        self.assertGreater(len(verdicts(self.database)), 100)
        # Also parse the samples, which are simple, and all mails independently.
        for path, vendor, name in [*first[:len(samples) - 1], *last]:
            self.sent.append(Sent(vendor, f"uploads/{vendor}/{name}", read(path)))
            self.planted += [str(row["sku"]) for row in self.database.query(
                f"SELECT sku FROM onboard.products JOIN onboard.upload_history USING (upload_id) "
                f"WHERE file_name = '{name}'")]
        world = World(self.database, self.whole, self.sent)
        problems = [problem for problem in world.problems() if "faults" not in problem and
                    not any(name in problem for name in formats) and
                    "of an unknown file" not in problem and "of an unknown upload" not in problem]
        self.assertEqual(problems, [])
        self.assertEqual(len(world.mails), len(faults) + len(formats) + len(samples))
        self.assertEqual(self.whole.errors(), [])


class FilesTest(WholeTest):
    def test_every_kind_of_file_ends_and_its_vendor_is_notified(self) -> None:
        # A message that fails three times is a dead letter: here, only the file of an unknown vendor.
        self.pipeline(settings=test_scale(read_settings(), receives=3))
        maker = self.maker
        plain = [
            maker.file("VEND001", "uploads/VEND001/VEND001_20260104_090000.csv", 30, bad=0),
            maker.file("VEND002", "uploads/VEND002/VEND002_20260104_090000.csv", 30, bad=1),
            # Two vendors in the same second, and the same vendor one second later.
            maker.file("VEND003", "uploads/VEND003/VEND003_20260104_090000.csv", 20),
            maker.file("VEND003", "uploads/VEND003/VEND003_20260104_090001.csv", 1),
            # Names as people choose them.
            maker.file("VEND004", "uploads/VEND004/new products, 1+1=2 & 100%.csv", 5),
            maker.file("VEND004", "uploads/VEND004/pr\u00f6duits \u4e16\u754c \U0001f600.csv", 5),
            maker.file("VEND005", "uploads/VEND005/VEND005_20260104_090000.CSV", 5),
            maker.file("VEND005", "uploads/VEND005/a%2Fb+c~(d)'*.csv", 5),
            maker.file("VEND005", "uploads/VEND005/folder/in folder.csv", 5),
            maker.file("VEND006", "uploads/VEND006/no ending", 5),
        ]
        refused = [
            Sent("VEND007", "uploads/VEND007/none.csv", b"", refused="EMPTY_FILE"),
            Sent("VEND007", "uploads/VEND007/header.csv", HEADER, refused="NO_ROWS"),
            Sent("VEND007", "uploads/VEND007/blank lines.csv", HEADER + b"\r\n\n\n", refused="NO_ROWS"),
            Sent("VEND008", "uploads/VEND008/missing.csv", b"sku,price\na,1\n", refused="MISSING_COLUMN"),
            Sent("VEND008", "uploads/VEND008/duplicate.csv", b"SKU," + HEADER + b"1,2,3,4,5,6,7\n",
                 refused="DUPLICATE_COLUMN"),
            Sent("VEND008", "uploads/VEND008/noise.csv", read("faults", "noise.csv"), refused="NOT_TEXT"),
            Sent("VEND009", "uploads/VEND009/rows.csv", HEADER + b"1,2,3,4,5,6\n" * 10_001, refused="TOO_MANY_ROWS"),
            Sent("VEND009", "uploads/VEND009/bytes.csv", HEADER + b"x" * 10_485_761, refused="FILE_TOO_LARGE"),
            Sent(SUSPENDED_VENDOR, f"uploads/{SUSPENDED_VENDOR}/late.csv", HEADER + b"1,2,3,4,5,6\n",
                 refused="VENDOR_NOT_ACTIVE"),
            Sent("VEND001", "uploads/VEND001/VEND002_20260104_090000.csv", plain[0].content, refused="OTHER_VENDOR"),
        ]
        newcomer = maker.file("VEND999", "uploads/VEND999/VEND999_20260104_090000.csv", 5)
        # Not a vendor's: no folder, a report of ours, and an object in it named like an upload.
        strangers = ["uploads/VEND001_20260104_090000.csv", "errors/VEND001/x_errors.csv",
                     "errors/VEND001/VEND001_20260104_090000.csv", "uploads/../VEND001/x.csv", "uploads/VEND001/"]
        s3, bucket = self.whole.clients["s3"], self.whole.resources.bucket
        self.send(*plain, *refused, newcomer)
        for key in strangers:
            s3.put_object(Bucket=bucket, Key=key, Body=plain[0].content)
        self.settle()
        # The operator adds the vendor and redrives the dead letter.
        letter, = self.whole.messages("upload-events-dead")
        self.assertIn(newcomer.key, letter)
        self.database.query("INSERT INTO onboard.vendors (vendor_id, vendor_name, email) "
            "VALUES ('VEND999', 'New', 'new@example.com')")
        self.whole.clients["sqs"].send_message(QueueUrl=self.whole.resources.queue_urls["upload-events"], MessageBody=letter)
        self.settle()
        for key in strangers[1:3]:
            s3.delete_object(Bucket=bucket, Key=key)
            for version in s3.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", []):
                s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])
            s3.delete_object(Bucket=bucket, Key=key)
        self.check()
        statuses = {row["status"] for row in self.database.query("SELECT status FROM onboard.upload_history")}
        self.assertEqual(statuses, {"completed", "partial", "failed"})

    def tell_again(self, world: World) -> None:
        """Send all of S3's notifications again, in another order, and two in one message; and those of the outbox."""
        # Only messages that wait together can be reordered.
        queues = ("upload-events", "product-validation-errors")
        for queue in queues:
            self.whole.pause(queue)
        records = [self.whole.notification(file.key) for file in self.maker.random.sample(self.sent, len(self.sent))]
        for group in ([records[0], records[1]], [records[2]], [*records[3:], records[0]]):
            self.whole.announce(*group)
        for upload in world.uploads:
            body = {"v": 1, "event_id": 1, "kind": "upload_ended", "upload_id": upload["upload_id"],
                    "vendor_id": upload["vendor_id"], "first_row": None, "last_row": None, "errors": 0}
            self.whole.clients["sqs"].send_message(
                QueueUrl=self.whole.resources.queue_urls["product-validation-errors"], MessageBody=json.dumps(body))
        for queue in queues:
            self.whole.resume(queue)
        self.settle()

    def test_deliveries_twice_and_out_of_order(self) -> None:
        self.pipeline(delivery=DeliveryFaults(self.seed, duplicate=0.5, reorder=0.5, split=0.7))
        self.send(*self.files(4, 40, vendors=2))
        self.settle()
        first = World(self.database, self.whole, self.sent)
        before, stored = verdicts(self.database), self.database.query("SELECT * FROM onboard.products ORDER BY product_id")
        self.assertEqual(first.problems(), [])
        self.tell_again(first)
        while self.whole.delivery.unfired():
            self.tell_again(first)
        self.assertEqual(verdicts(self.database), before)
        self.assertEqual(self.database.query("SELECT * FROM onboard.products ORDER BY product_id"), stored)
        self.check(mails=first.mails)
        self.assertEqual(self.whole.functions["parser"].errors, 0)

    def test_key_overwritten_and_object_removed_before_reading(self) -> None:
        self.pipeline()
        s3, bucket = self.whole.clients["s3"], self.whole.resources.bucket
        self.whole.pause("upload-events")
        first, second = (self.maker.file("VEND001", "uploads/VEND001/again.csv", rows) for rows in (7, 9))
        gone = self.maker.file("VEND002", "uploads/VEND002/gone.csv", 5)
        gone.refused = "OBJECT_REPLACED"
        for file in (first, second, gone):
            version = s3.put_object(Bucket=bucket, Key=file.key, Body=file.content)["VersionId"]
        s3.delete_object(Bucket=bucket, Key=gone.key, VersionId=version)
        self.whole.resume("upload-events")
        self.settle()
        # Each version is an upload of its own: the first is unchanged, whatever has its key now.
        uploads = self.database.query("SELECT total_records FROM onboard.upload_history WHERE s3_key LIKE '%again.csv'")
        self.assertEqual(sorted(str(upload["total_records"]) for upload in uploads), ["7", "9"])
        self.assertEqual(self.database.number("SELECT count(*) FROM onboard.products")
                         + self.database.number("SELECT count(DISTINCT (upload_id, row_number)) "
                         "FROM onboard.validation_errors"),
                         16)
        self.sent = [gone]
        world = World(self.database, self.whole, self.sent)
        others = ("of an unknown file", "of an unknown upload")
        self.assertEqual([problem for problem in world.problems() if not problem.endswith(others)], [])
        self.assertEqual(len(world.mails), 3)


if __name__ == "__main__":
    unittest.main()
