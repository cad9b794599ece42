"""Test the figures of glue/lambda/README.md with what the functions do: what they read for a file, under "How the rows
are applied", and the items that they write, under "Capacity of the item route".
"""

import os
import re
import unittest

from deployed_settings import PARAMETERS, Stack, table, transformed_template
from invariants import Sent
from pipeline import read_settings
from service_limits import item_size
from whole import ROOT, WholeTest
from write_units import as_parsed, read_units, units, write_units

README = os.path.join(ROOT, "glue", "lambda", "README.md")
PARTITION_UNITS = 1000
NEW_TABLE_UNITS = 4000
WRITE_UNIT_DOLLARS = 0.625e-6
READ_UNIT_DOLLARS = 0.125e-6
S3_READ_DOLLARS = 0.4e-6


def section() -> str:
    with open(README, encoding="utf-8") as file:
        return re.split("\n##+ ", file.read().partition("### Capacity of the item route\n")[2])[0]


def cells(text: str) -> list[list[str]]:
    """Return the rows of all tables, without heads and rules."""
    lines = text.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line, above in zip(lines[1:], lines)
            if line.startswith("|") and not line.startswith("|-") and above.startswith("|")]


def number(text: str) -> float:
    return float(text.lstrip("$").replace(",", ""))


class WriteUnitsTest(WholeTest):
    def setUp(self) -> None:
        super().setUp()
        self.page = section()
        self.rows = cells(self.page)
        self.table = read_settings()["Table"]

    def page_units(self) -> dict[str, list[int]]:
        """Return the page's units per row: by write, for items of up to 1 KB and of 1 to 2 KB."""
        return {row[0]: [int(cell) for cell in row[1:]] for row in self.rows if len(row) == 3}

    def send_samples(self) -> None:
        """Files as vendors send them, one after another because some repeat rows, and one with long descriptions."""
        folder = os.path.join(ROOT, "test", "data")
        for name in sorted(os.listdir(folder)):
            if re.fullmatch(r"VEND\d+_\d+_\d+\.csv", name):
                with open(os.path.join(folder, name), "rb") as file:
                    self.send(Sent(name[:7], f"uploads/{name[:7]}/{name}", file.read()))
                self.settle()
        wide = self.maker.file("VEND004", "uploads/VEND004/VEND004_20260104_090000.csv", 40)
        text = wide.content.decode().replace(f"{self.maker.word} brand", f"{self.maker.word} brand".ljust(800, "x"))
        self.send(Sent(wide.vendor_id, wide.key, text.encode()))

    def test_units_of_real_uploads(self) -> None:
        self.pipeline()
        self.send_samples()
        self.settle()
        parsed: list[int] = []
        judged: list[int] = []
        counted: dict[tuple[str, int], int] = {}
        for item in self.whole.items():
            before = as_parsed(item)
            if item["vendor_id"]["S"] != "VEND004":
                parsed.append(item_size(before))
                judged.append(item_size(item))
            for writer, old, new in (("parser", None, before), ("validator", before, item)):
                for name, count in write_units(self.table, old, new).items():
                    place = (f"`{name}`, by the {writer}", units(item_size(new)))
                    self.assertEqual(counted.setdefault(place, count), count, place)
        page = self.page_units()
        self.assertEqual(counted, {(name, column + 1): numbers[column] for name, numbers in page.items()
                                   if name != "total" for column in range(2)})
        self.assertEqual(page["total"], [sum(count for (_, size), count in counted.items() if size == kilobytes)
                                         for kilobytes in (1, 2)])
        given = re.search(r"(\d+) to (\d+) bytes when they are parsed, and of (\d+) on average with", self.page)
        assert given is not None
        self.assertEqual([int(number) for number in given.groups()],
                         [min(parsed), max(parsed), round(sum(judged) / len(judged))])

    def test_requests_of_files(self) -> None:
        """Each file takes as many, whichever route its rows take."""
        with open(README, encoding="utf-8") as file:
            given = re.search(r"A file thus costs (\d+) requests of S3, one HeadObject and (\d+) GetObject,"
                              r" because it is read twice: \$([\d.]+) for 1,000 files\.", " ".join(file.read().split()))
        assert given is not None
        requests, gets = int(given[1]), int(given[2])
        self.assertEqual(float(given[3]), round(requests * S3_READ_DOLLARS * 1000, 4))
        for environment in ({}, {"ROUTE": "direct"}):
            with self.subTest(environment):
                self.pipeline(environment=environment)
                sent = len(self.sent)
                self.send_samples()
                self.settle()
                files = len(self.sent) - sent
                calls = self.whole.proxy.plan.counts()["calls"]
                self.assertEqual((calls["s3.HeadObject"], calls["s3.GetObject"]), (files, gets * files))
                self.assertEqual(requests, 1 + gets)

    def test_the_optional_index_of_statuses(self) -> None:
        """It doubles the units, and so the cost, of a row of up to 1 KB."""
        with_index = table(Stack(transformed_template("pipeline"), {**PARAMETERS, "StatusIndex": "true"}))
        pending = {name: {"S": "VEND001-0123456789abcdef"} for name in ("upload_id", "record_id", "vendor_id")}
        pending["status"] = {"S": "pending_validation"}
        judged = {**pending, "status": {"S": "validated"}}
        more = [write_units(with_index, *change)["StatusIndex"] for change in ((None, pending), (pending, judged))]
        self.assertEqual(more, [1, 2])
        rows, added = 10_000, sum(more) * WRITE_UNIT_DOLLARS
        check, = (number(row[4]) for row in self.rows if row[0] == f"{rows:,}")
        words = " ".join(self.page.split())
        self.assertIn(f"rows cost ${rows * (self.page_units()['total'][0] * WRITE_UNIT_DOLLARS + added):.4f}.", words)
        self.assertIn(f"can be read {rows * added / check:.0f} times", words)

    def test_seconds_and_costs(self) -> None:
        """They follow from the units."""
        page = self.page_units()
        partition, index = (sum(units[0] for name, units in page.items() if name.startswith(f"`{name_of}`"))
                            for name_of in ("UploadRecords", "VendorIndex"))
        large = [row for row in self.rows if len(row) == 5]
        size = re.search(r"of (\d+) on average", self.page)
        assert size is not None
        self.assertGreaterEqual(len(large), 3)
        for rows, of_table, of_index, cost, check in (map(number, row) for row in large):
            self.assertEqual((of_table, of_index), (rows * partition / PARTITION_UNITS, rows * index / PARTITION_UNITS))
            self.assertAlmostEqual(cost, rows * page["total"][0] * WRITE_UNIT_DOLLARS, places=4)
            self.assertAlmostEqual(check, read_units([int(rows) * int(size[1])]) * READ_UNIT_DOLLARS, places=5)

    def test_settings_follow(self) -> None:
        """No upload keeps a partition busy for more than ten seconds, and a new table can serve all parsers."""
        page = self.page_units()
        per_row = sum(units[1] for name, units in page.items() if name.startswith("`UploadRecords`"))
        with open(README, encoding="utf-8") as file:
            default = re.search(r"\| `DIRECT_ROUTE_ROWS` \| [^|]+ \| `(\d+)` \|", file.read())
        assert default is not None
        self.assertLessEqual(int(default[1]) * per_row, 10 * PARTITION_UNITS)
        mappings = read_settings()["EventSourceMappings"]
        self.assertLessEqual(mappings["upload-events"]["ScalingConfig"]["MaximumConcurrency"] * PARTITION_UNITS,
                             NEW_TABLE_UNITS)
        self.assertLessEqual(mappings["upload-records"]["BatchSize"] * per_row / 2, PARTITION_UNITS)
        self.assertEqual([index["Projection"] for index in self.table["GlobalSecondaryIndexes"]],
                         [{"ProjectionType": "KEYS_ONLY"}])


if __name__ == "__main__":
    unittest.main()
