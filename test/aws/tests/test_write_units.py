"""Test the figures of "Capacity of the item route" in glue/lambda/README.md with items that the functions wrote."""

import os
import re
import unittest
from collections import Counter
from typing import Any

from invariants import Sent
from pipeline import read_settings
from whole import ROOT, WholeTest
from write_units import read_units, write_units
from service_limits import item_size

README = os.path.join(ROOT, "glue", "lambda", "README.md")
PARTITION_UNITS = 1000
NEW_TABLE_UNITS = 4000
WRITE_UNIT_DOLLARS = 0.625e-6
READ_UNIT_DOLLARS = 0.125e-6
Item = dict[str, Any]


def section() -> str:
    with open(README, encoding="utf-8") as file:
        return file.read().partition("### Capacity of the item route\n")[2].partition("\n## ")[0]


def cells(text: str) -> list[list[str]]:
    """Return the rows of all tables, without heads and rules."""
    lines = text.splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line, above in zip(lines[1:], lines)
            if line.startswith("|") and not line.startswith("|-") and above.startswith("|")]


def number(text: str) -> float:
    return float(text.lstrip("$").replace(",", ""))


def as_parsed(item: Item) -> Item:
    """Return an item as the parser wrote it, before the validator updated it."""
    added = ("processed_at", "error_reason", "error_details")
    return {**{name: value for name, value in item.items() if name not in added}, "status": {"S": "pending_validation"}}


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
        """Files as vendors send them, and one with long descriptions."""
        folder = os.path.join(ROOT, "test", "data")
        for name in sorted(os.listdir(folder)):
            if re.fullmatch(r"VEND\d+_\d+_\d+\.csv", name):
                with open(os.path.join(folder, name), "rb") as file:
                    self.send(Sent(name[:7], f"uploads/{name[:7]}/{name}", file.read()))
        wide = self.maker.file("VEND004", "uploads/VEND004/VEND004_20260104_090000.csv", 40)
        text = wide.content.decode().replace(f"{self.maker.word} brand", f"{self.maker.word} brand".ljust(700, "x"))
        self.send(Sent(wide.vendor_id, wide.key, text.encode()))

    def test_units_of_real_uploads(self) -> None:
        self.pipeline()
        self.send_samples()
        self.settle()
        sizes: list[int] = []
        counted: dict[int, Counter[str]] = {}
        for item in self.whole.items():
            pending = as_parsed(item)
            kilobytes = (max(item_size(item), item_size(pending)) + 1023) // 1024
            if item["vendor_id"]["S"] != "VEND004":
                sizes.append(item_size(pending))
            units = Counter(
                {f"`{name}`, by the parser": count for name, count in write_units(self.table, None, pending).items()} |
                {f"`{name}`, by the validator": count for name, count in write_units(self.table, pending, item).items()})
            self.assertEqual(counted.setdefault(kilobytes, units), units)
        self.assertEqual(sorted(counted), [1, 2])
        page = self.page_units()
        for column, kilobytes in enumerate((1, 2)):
            self.assertEqual({name: units[column] for name, units in page.items() if name != "together"},
                             dict(counted[kilobytes]))
            self.assertEqual(page["together"][column], counted[kilobytes].total())
        given = re.search(r"(\d+) to (\d+) bytes", self.page)
        assert given is not None
        self.assertEqual((int(given[1]), int(given[2])), (min(sizes), max(sizes)))

    def test_seconds_and_costs(self) -> None:
        """They follow from the units."""
        page = self.page_units()
        partition, index = (sum(units[0] for name, units in page.items() if name.startswith(f"`{name_of}`"))
                            for name_of in ("UploadRecords", "VendorIndex"))
        large = [row for row in self.rows if len(row) == 5]
        self.assertGreaterEqual(len(large), 3)
        for rows, of_table, of_index, cost, check in (map(number, row) for row in large):
            self.assertEqual((of_table, of_index), (rows * partition / PARTITION_UNITS, rows * index / PARTITION_UNITS))
            self.assertAlmostEqual(cost, rows * page["together"][0] * WRITE_UNIT_DOLLARS, places=4)
            self.assertAlmostEqual(check, read_units([int(rows) * 600]) * READ_UNIT_DOLLARS, places=5)

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
