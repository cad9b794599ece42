"""held, approve and decline."""

import unittest

from commands import STACK, CommandTest
from operator_stub import upload

PRICES, STOCK = "VEND001-0000000000000001", "VEND002-0000000000000002"


class HeldTest(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        self.operator.uploads = [upload(PRICES, "uploads/VEND001/prices.csv", "v1"),
                                 upload(STOCK, "uploads/VEND002/stock.csv", "v1")]
        self.operator.vendors = {vendor: {"vendor_id": vendor} for vendor in ("VEND001", "VEND002")}
        self.operator.reasons = {}
        self.operator.held = {}
        for row in (3, 7, 8, 9, 0):
            self.hold(PRICES, "VEND001", row)
        self.hold(STOCK, "VEND002", 1)

    def hold(self, upload_id: str, vendor_id: str, row: int) -> None:
        self.operator.held[upload_id, row] = {
            "vendor_id": vendor_id, "line_number": row + 1 if row else None, "cause": "price", "current_value": "19.99",
            "new_value": "1999.00", "held_at": "2026-01-04T09:00:00Z", "outcome": "waiting"}

    def outcomes(self, upload_id: str = PRICES) -> dict[int, str]:
        return {row: held["outcome"] for (key, row), held in self.operator.held.items() if key == upload_id}

    def test_held_lists_what_waits(self) -> None:
        run = self.run_command("held", "--stack", STACK)
        self.assertRegex(run.out, r"ROW +LINE +VENDOR +CAUSE +CURRENT +NEW +HELD SINCE +UPLOAD\n"
                                  rf"3 +4 +VEND001 +price +19\.99 +1999\.00 +2026-01-04T09:00:00Z +{PRICES}\n")
        self.assertIn("and 4 more", run.out)
        run = self.run_command("held", "--stack", STACK, "--vendor", "VEND002", "--json")
        self.assertEqual((run.document["waiting"], [row["upload_id"] for row in run.document["held"]]), (1, [STOCK]))
        self.assertEqual(self.run_command("held", PRICES, "--stack", STACK, "--json").document["waiting"], 5)
        self.operator.held = {}
        self.assertEqual(self.run_command("held", "--stack", STACK).out, "Nothing waits for approval.\n")
        self.run_command("held", "--stack", STACK, "--vendor", "a b", code=3)

    def test_approve_applies_all_pages(self) -> None:
        run = self.run_command("approve", PRICES, "--stack", STACK)
        self.assertEqual(run.out, f"Applied 4 rows of upload {PRICES}.\n"
                                  f"Discontinued the products that no row of upload {PRICES} names.\n")
        self.assertEqual(set(self.outcomes().values()), {"applied"})
        self.assertEqual(self.outcomes(STOCK), {1: "waiting"})
        run = self.run_command("approve", PRICES, "--stack", STACK)
        self.assertEqual(run.out, f"Nothing of upload {PRICES} waits for approval.\n")

    def test_approve_tells_what_could_not_be_applied(self) -> None:
        self.operator.reasons = {8: "the price is not below the price before", 0: "the vendor is suspended"}
        run = self.run_command("approve", PRICES, "--stack", STACK, "--rows", "0,7-8", code=1)
        self.assertEqual(run.out, f"Applied 1 row of upload {PRICES}.\n  the last step is refused: the vendor is suspended\n"
                                  "  row 8 is refused: the price is not below the price before\n")
        self.assertEqual(self.outcomes(), {3: "waiting", 7: "applied", 8: "refused", 9: "waiting", 0: "refused"})
        # Again, because the answer may have been lost: the same.
        run = self.run_command("approve", PRICES, "--stack", STACK, "--rows", "0,7-8", "--json", code=1)
        self.assertEqual((run.document["applied"], run.document["not_applied"], len(run.document["rows"])), (1, 2, 3))

    def test_decline(self) -> None:
        run = self.run_command("decline", PRICES, "--stack", STACK, "--rows", "3,9")
        self.assertEqual(run.out, f"Declined 2 rows of upload {PRICES}.\n")
        self.assertEqual(self.outcomes(), {3: "declined", 7: "waiting", 8: "waiting", 9: "declined", 0: "waiting"})
        self.assertEqual(self.run_command("decline", PRICES, "--stack", STACK, "--json").document["declined"], 3)

    def test_the_last_step_is_told_in_words(self) -> None:
        for verb, told in (("approve", "Discontinued"), ("decline", "Kept")):
            self.hold(PRICES, "VEND001", 0)
            run = self.run_command(verb, PRICES, "--stack", STACK, "--rows", "0")
            self.assertEqual(run.out, f"{told} the products that no row of upload {PRICES} names.\n")

    def test_many_rows_are_sent_in_batches(self) -> None:
        for row in range(1, 2302):
            self.hold(PRICES, "VEND001", row)
        run = self.run_command("approve", PRICES, "--stack", STACK, "--rows", "1-2301", "--json")
        self.assertEqual(run.document["applied"], 2301)

    def test_dry_run_decides_nothing(self) -> None:
        for verb in ("approve", "decline"):
            run = self.run_command(verb, PRICES, "--stack", STACK, "--dry-run", "--json")
            self.assertEqual(len(run.document["would"]), 1)
        self.assertEqual(set(self.outcomes().values()), {"waiting"})

    def test_what_is_refused(self) -> None:
        for verb in ("approve", "decline"):
            for arguments, code, exit_code in (
                    (("VEND001-1",), "UNKNOWN_UPLOAD", 2), ((PRICES, "--rows", "4,5"), "NOT_WAITING", 2),
                    ((PRICES, "--rows", "4-3"), "USAGE", 3), ((PRICES, "--rows", "x"), "USAGE", 3)):
                run = self.run_command(verb, *arguments, "--stack", STACK, "--json", code=exit_code)
                self.assertEqual(run.document["error"]["code"], code)
        self.assertEqual(set(self.outcomes().values()), {"waiting"})


if __name__ == "__main__":
    unittest.main()
