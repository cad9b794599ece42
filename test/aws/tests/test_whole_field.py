"""Test the files of test/data/field through the whole pipeline, by both routes: each ends as its line of the manifest
says, and as the command line ends it, word by word."""

import csv
import os
import subprocess

from database import shared_server
from invariants import verdicts
from whole import ROOT, WholeTest

FIELD = os.path.join(ROOT, "test", "data", "field")
PROGRAM = os.environ.get("ONBOARD_BIN") or os.path.join(ROOT, "glue", "onboard")
VENDOR = "VEND001"

OUTCOME = """SELECT file_name, status, failure_code, failure_message, total_records, valid_records, error_records,
                    CASE WHEN total_records > 0 THEN concat_ws(' ', metadata -> 'header', metadata ->> 'delimiter',
                        metadata ->> 'quote', metadata ->> 'encoding') END AS read_as
             FROM onboard.upload_history ORDER BY file_name"""


def manifest() -> list[dict[str, str]]:
    """The lines for files that are read without options, which exist only on the command line."""
    with open(os.path.join(FIELD, "manifest.tsv"), encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [line for line in lines if not line["options"]]


class FieldTest(WholeTest):
    """Each kind of file that vendors send."""

    def load(self, name: str) -> None:
        result = subprocess.run(
            [PROGRAM, "load", os.path.join(FIELD, name), "--vendor", VENDOR, "--no-reports", "--quiet", "--db",
             self.expected.owner_conninfo()], capture_output=True, text=True, check=False)
        self.assertIn(result.returncode, (0, 1, 2), result.stderr)

    def send(self, route: str) -> None:
        """Send the files by a route; compare with the manifest and the command line."""
        lines = manifest()
        self.expected = shared_server().make_database()
        self.pipeline(environment={"ROUTE": route})
        for line in lines:
            self.load(line["file"])
            self.whole.clients["s3"].upload_file(os.path.join(FIELD, line["file"]), self.whole.resources.bucket,
                                                 f"uploads/{VENDOR}/{line['file']}")
        self.settle()
        ended = {str(row["file_name"]): row for row in self.database.query(OUTCOME)}
        for line in lines:
            row = ended[line["file"]]
            counts = (str(row["valid_records"]), row["failure_code"] or str(row["error_records"]))
            self.assertEqual(counts, (line["accepted"], line["rejected"]), line["file"])
        self.assertEqual(list(ended.values()), self.expected.query(OUTCOME))
        self.assertEqual(verdicts(self.database), verdicts(self.expected))
        self.assertEqual(self.whole.errors(), [])

    def test_through_the_stream(self) -> None:
        self.send("stream")

    def test_by_the_direct_route(self) -> None:
        self.send("direct")
