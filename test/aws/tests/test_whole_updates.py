"""Test the whole pipeline with files that change products: "Send tomorrow's prices" on AWS."""

import json
import unittest
from collections import Counter
from typing import Any

from event_sources import DeliveryFaults
from invariants import Sent
from patience import wait_until
from pipeline import Kills
from whole import HEADER, WholeTest

VENDOR = "VEND001"
FOLDER = f"uploads/{VENDOR}"
PRICES = ["vendor_product_id", "price", "stock_quantity"]
OPTIONAL = ["price", "stock_quantity", "brand", "description", "weight_kg", "Colour"]


def as_of(minute: int, **more: str) -> dict[str, str]:
    """The metadata of a file whose contents are of this minute of a day of the past."""
    return {"onboard-as-of": f"2026-01-05T{minute // 60:02}:{minute % 60:02}:00Z", **more}


class UpdatesTest(WholeTest):
    def catalogue(self, rows: int) -> list[dict[str, str]]:
        """Send a vendor's catalogue, and wait until it is loaded; return its rows."""
        table = [self.maker.row(VENDOR) for _ in range(rows)]
        for row in table:
            row["stock_quantity"] = str(self.maker.random.randrange(10, 1000))
            row["price"] = f"{self.maker.random.randrange(1000, 99_999) / 100:.2f}"
        self.send(Sent(VENDOR, f"{FOLDER}/{VENDOR}_20260105_000000.csv", self.maker.text(table), broken={},
                       metadata=as_of(0), actions={number: "inserted" for number in range(1, rows + 1)}))
        self.settle()
        return table

    def file(self, name: str, table: list[dict[str, str]], metadata: dict[str, str],
             header: list[str] | None = None, **more: Any) -> Sent:
        return Sent(VENDOR, f"{FOLDER}/{name}", self.maker.text(table, header or PRICES), metadata=metadata, **more)

    def refused(self, name: str, metadata: dict[str, str]) -> Sent:
        return self.file(name, [self.maker.row(VENDOR)], metadata, HEADER, refused="MODE_NOT_ALLOWED")

    def ask(self, command: str, **members: Any) -> dict[str, Any]:
        """Ask the function of operators."""
        result = self.whole.functions["operator"].invoke({"command": command, **members})
        self.assertTrue(result.ok, result.error)
        answer: dict[str, Any] = result.payload
        self.assertNotIn("error", answer)
        return answer

    def check_metrics(self) -> None:
        """Every row of every upload is counted once, by all functions together."""
        counted: Counter[str] = Counter()
        for function in self.whole.functions.values():
            wait_until(lambda each=function: sum("_aws" in line for line in each.log.records()) >= each.invocations,
                       "all metrics")
            for line in function.log.records():
                counted.update({metric["Name"]: line[metric["Name"]]
                                for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
                                for metric in directive["Metrics"]})
        stored, = self.database.query("""SELECT sum(valid_records + error_records) AS "ProductsValidated",
            sum(valid_records) AS "ProductsValid", sum(error_records) AS "ProductsInvalid", sum(updated) AS "RowsUpdated",
            sum(unchanged) AS "RowsUnchanged", sum(stale) AS "RowsStale", sum(held) AS "RowsHeld",
            sum(discontinued) AS "RowsDiscontinued" FROM onboard.upload_history""")
        self.assertEqual({name: counted[name] for name in stored}, {name: int(str(sum_)) for name, sum_ in stored.items()})

    def prices(self) -> list[str]:
        return [str(row["price"]) for row in self.database.query("SELECT price FROM onboard.products ORDER BY row_number")]

    def statuses(self) -> str:
        """Return the first letter of each product's status, in row order."""
        return self.database.value("SELECT string_agg(left(status, 1), '' ORDER BY row_number) FROM onboard.products")

    def tomorrow(self, **environment: str) -> None:
        """Send a price file with rows of every kind, choosing the mode in either way; its items show what rows did."""
        self.pipeline(environment=environment, delivery=DeliveryFaults(self.seed, duplicate=0.5))
        by_items = "ROUTE" not in environment
        table = self.catalogue(8)
        self.sent[0].items = by_items
        tomorrow = [{**row, "price": f"{float(row['price']) + 1:.2f}"} for row in table[:6]]
        tomorrow[2]["price"] = "cheap"
        # A decimal point that slipped, a product that was never sent, a product named twice, and one without a change.
        tomorrow[3]["price"] = f"{float(table[3]['price']) * 100:.2f}"
        tomorrow[4] = table[4]
        tomorrow += [self.maker.row(VENDOR), tomorrow[0]]
        did = {1: "updated", 2: "updated", 4: "held", 5: "unchanged", 6: "updated"}
        broken = {3: {"INVALID_PRICE"}, 7: {"UNKNOWN_PRODUCT"}, 8: {"DUPLICATE_VENDOR_PRODUCT_ID"}}
        # The mode comes from metadata, and from the folder; neither affects the other file.
        self.send(self.file("prices.csv", tomorrow, as_of(1, **{"onboard-mode": "update"}), broken=broken, actions=did,
                            items=by_items))
        self.settle()
        self.send(self.file("update/stock.csv", [{**table[7], "stock_quantity": "3"}], as_of(2),
                            ["vendor_product_id", "stock_quantity"], broken={}, actions={1: "updated"}, items=by_items),
                  self.refused("merge.csv", as_of(3, **{"onboard-mode": "merge"})),
                  self.refused("replace/all.csv", as_of(3)))
        self.settle()
        world = self.check()
        self.assertEqual(self.prices(), [tomorrow[number]["price"] if number in (0, 1, 5) else table[number]["price"]
                                         for number in range(8)])
        mail = next(mail["Message"] for mail in world.mails if "prices.csv" in mail["Subject"])
        for line in ("Changed products: 3", "Unchanged products: 1", "Held for approval: 1", "Status: partial",
                     "Waiting for approval by the marketplace:"):
            self.assertIn(line, mail)
        refusals = [mail["Message"] for mail in world.mails if "MODE_NOT_ALLOWED" in mail["Message"]]
        self.assertEqual(len(refusals), 2)
        ended, = [json.loads(str(event["payload"])) for event in world.events
                  if event["kind"] == "upload_ended" and "held" in str(event["payload"])]
        self.assertEqual(ended, {"status": "partial", "held": 1})
        self.check_metrics()
        self.decide(tomorrow[3]["price"])

    def decide(self, price: str) -> None:
        """The operator finds the held row and approves it; the upload and its mail stay as they are."""
        swept = self.whole.sweep().payload["backlog"]
        self.assertEqual(swept["held_waiting"], 1)
        waiting = self.ask("held_list", vendor_id=VENDOR)
        row, = waiting["held"]
        self.assertEqual((waiting["waiting"], row["row_number"], row["cause"], row["new_value"]), (1, 4, "price", price))
        for _ in range(2):
            approved = self.ask("held_approve", upload_id=row["upload_id"], rows=[4])
            self.assertEqual(approved, {"rows": [{"row_number": 4, "outcome": "applied", "reason": None}]})
        self.assertEqual(self.prices()[3], price)
        self.assertEqual(self.ask("held_list"), {"waiting": 0, "held": []})
        self.settle()
        self.check(mails=list(self.mails))

    def check(self, extra_mails: int = 0, **options: Any) -> Any:
        world = super().check(extra_mails, **options)
        self.mails = world.mails
        return world

    def test_tomorrows_prices(self) -> None:
        self.tomorrow()

    def test_tomorrows_prices_by_the_direct_route(self) -> None:
        self.tomorrow(ROUTE="direct", DIRECT_TRANSACTION_ROWS="3")

    def price_file(self, table: list[dict[str, str]], minute: int, items: bool) -> Sent:
        """A file of some products and some columns; no value makes a row invalid, or so different that it is held."""
        random = self.maker.random
        chosen = random.sample(range(len(table)), random.randrange(1, len(table) + 1))
        header = ["vendor_product_id", *random.sample(OPTIONAL, random.randrange(1, len(OPTIONAL) + 1))]
        rows = []
        for number in chosen:
            row = {**self.maker.row(VENDOR), "vendor_product_id": table[number]["vendor_product_id"]}
            row["price"] = f"{float(table[number]['price']) * random.uniform(0.8, 1.2):.2f}"
            row["stock_quantity"] = str(random.randrange(1, 1000))
            rows.append(row)
        keep = random.choice([{}, {"onboard-blank": "keep"}])
        return self.file(f"update/{minute}.csv", rows, as_of(minute, **keep), header, broken={}, items=items)

    def newest(self, table: list[dict[str, str]], files: list[Sent]) -> None:
        """Check that each product has the newest value of each column, as computed from the files alone."""
        wanted = {row["vendor_product_id"]: {name: row.get(name, "") for name in OPTIONAL} for row in table}
        for file in sorted(files, key=lambda each: each.metadata["onboard-as-of"]):
            for row in file.rows:
                says = file.says(row)
                wanted[says.pop("vendor_product_id")].update(says)
        found = {}
        for row in self.database.query("SELECT *, attributes ->> 'Colour' AS \"Colour\" FROM onboard.products"):
            weight = f"{float(str(row['weight_kg'])):.1f}" if row["weight_kg"] else ""
            found[str(row["vendor_product_id"])] = {**{name: row[name] or "" for name in OPTIONAL}, "weight_kg": weight}
        self.assertEqual(found, wanted)

    def late_and_repeated(self, delivery: DeliveryFaults, **environment: str) -> None:
        """Deliver price files in any order, more than once, to functions that die: the newest values remain."""
        self.pipeline(delivery=delivery, kills=Kills(self.seed, probability=0.25, within=0.02), environment=environment)
        table = self.catalogue(12)
        self.sent[0].items = by_items = "ROUTE" not in environment
        minutes = self.maker.random.sample(range(1, 1440), 46)
        files: list[Sent] = []
        # New files, some of them late; then all again, in another order.
        while not files or self.whole.unfired() and minutes:
            new = [self.price_file(table, minutes.pop(), by_items) for _ in range(2 if files else 6)]
            self.send(*new)
            self.settle()
            files += new
            self.newest(table, files)
            self.announce_again(*self.maker.random.sample(files, len(files)))
            self.settle()
            self.newest(table, files)
        # A reporter that is killed after publishing a mail publishes it again.
        self.check(extra_mails=sum(function.kills for function in self.whole.functions.values()))

    def announce_again(self, *files: Sent) -> None:
        """Send S3's notifications again, in this order."""
        self.whole.pause("upload-events")
        for file in files:
            self.whole.announce(self.whole.notification(file.key))
        self.whole.resume("upload-events")

    def test_late_and_repeated_deliveries(self) -> None:
        self.late_and_repeated(DeliveryFaults(self.seed, duplicate=0.5, reorder=0.5, split=0.7))

    def test_late_and_repeated_deliveries_by_the_direct_route(self) -> None:
        self.late_and_repeated(DeliveryFaults(self.seed, duplicate=0.5), ROUTE="direct", DIRECT_TRANSACTION_ROWS="4")

    def test_prices_that_were_never_announced(self) -> None:
        """The sweeper finds the file, and reads how its rows are applied from the same version of the object."""
        self.pipeline(environment={"SWEEP_UNREAD_SECONDS": "1", "SWEEP_LIST_SECONDS": "1"})
        table = self.catalogue(3)
        self.whole.pause("upload-events")
        prices = [{"vendor_product_id": row["vendor_product_id"], "price": "", "stock_quantity": "7"} for row in table]
        self.send(self.file("prices.csv", prices, as_of(1, **{"onboard-mode": "update", "onboard-blank": "keep"}), broken={},
                            actions={1: "updated", 2: "updated", 3: "updated"}))
        self.whole.messages("upload-events")
        self.whole.resume("upload-events")
        wait_until(lambda: self.whole.sweep().ok and self.database.number("SELECT count(*) FROM onboard.upload_history") == 2,
                   "the sweeper reads the file")
        self.settle()
        self.check()

    def test_replacing_a_catalogue(self) -> None:
        """Products that no row names are discontinued if they are few; if they are many, that waits for an operator."""
        self.pipeline()
        self.database.query(f"UPDATE onboard.vendors SET modes = modes || '{{replace}}' WHERE vendor_id = '{VENDOR}'")
        table = self.catalogue(10)
        invalid = [*table[:8], {**table[8], "price": "cheap"}]
        unchanged = {number: "unchanged" for number in range(1, 9)}
        self.send(self.file("replace/01.csv", invalid, as_of(10), HEADER, actions=unchanged, broken={9: {"INVALID_PRICE"}}))
        self.settle()
        # A rejected row names its product, too.
        self.assertEqual(self.statuses(), "aaaaaaaaad")
        late = self.file("replace/00.csv", table[:1], as_of(5), HEADER)
        few = self.file("replace/02.csv", table[:3], as_of(20), HEADER, actions={number: "unchanged" for number in (1, 2, 3)})
        deleted = self.file("03.csv", [{**table[1], "onboard_action": "delete"}, {**table[0], "onboard_action": "sell"}],
                            as_of(30, **{"onboard-mode": "upsert"}), [*HEADER, "onboard_action"], actions={1: "discontinued"},
                            broken={2: {"INVALID_ACTION"}})
        for file in (late, few, deleted):
            self.send(file)
            self.settle()
        self.assertEqual(self.statuses(), "adaaaaaaad")
        step, = self.ask("held_list", vendor_id=VENDOR)["held"]
        self.assertEqual((step["row_number"], step["cause"], step["current_value"], step["new_value"]),
                         (0, "discontinue_share", "9", "6"))
        self.assertEqual(self.ask("held_approve", upload_id=step["upload_id"], rows=[0])["rows"][0]["outcome"], "applied")
        self.assertEqual(self.statuses(), "adaddddddd")
        self.check()


if __name__ == "__main__":
    unittest.main()
