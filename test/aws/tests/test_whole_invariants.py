"""Test the invariant checks: damage a good run in one way after another, and expect each to be reported."""

import json
import unittest

from invariants import Sent, World, log_problems, read_rows
from whole import WholeTest

RECORDED = "error_file_s3_key"


class InvariantsTest(WholeTest):
    def problems(self) -> str:
        return "\n".join(World(self.database, self.whole, self.sent, list(self.mails)).problems())

    def harmed(self, statement: str, undo: str) -> str:
        self.database.query(statement)
        try:
            return self.problems()
        finally:
            self.database.query(undo)

    def price_file(self) -> Sent:
        """A file that changes one product, and would change another too much."""
        rows = self.database.query("SELECT vendor_product_id, price FROM onboard.products WHERE price > 1 "
                                   "ORDER BY product_id LIMIT 2")
        table = [{"vendor_product_id": str(row["vendor_product_id"]), "price": f"{float(str(row['price'])) * factor:.2f}"}
                 for row, factor in zip(rows, (0.5, 0.1))]
        return Sent("VEND001", "uploads/VEND001/update/prices.csv", self.maker.text(table, ["vendor_product_id", "price"]),
                    broken={}, actions={1: "updated", 2: "held"})

    def test_each_kind_of_damage_is_found(self) -> None:
        self.pipeline()
        # Enough rows that two are valid and one is not, whatever the seed.
        self.send(self.maker.file("VEND001", "uploads/VEND001/VEND001_20260104_090000.csv", 40, bad=0.5),
                  Sent("VEND002", "uploads/VEND002/none.csv", b"", refused="EMPTY_FILE"))
        self.settle()
        self.send(self.price_file())
        self.settle()
        self.mails = self.check().mails
        self.assertEqual(self.problems(), "")
        upload, prices = (self.database.value(f"SELECT upload_id FROM onboard.upload_history WHERE vendor_id = 'VEND001' "
                                              f"AND mode = '{mode}'") for mode in ("insert", "update"))
        key = self.database.value(f"SELECT {RECORDED} FROM onboard.upload_history WHERE upload_id = '{upload}'")
        product = "(SELECT min(product_id) FROM onboard.products)"
        error = "(SELECT min(error_id) FROM onboard.validation_errors)"
        keep = "DROP TABLE IF EXISTS public.kept; CREATE TABLE public.kept AS SELECT * FROM onboard."
        back_product = "INSERT INTO onboard.products OVERRIDING SYSTEM VALUE SELECT * FROM public.kept"
        cases = [
            (f"{keep}products WHERE product_id = {product}; DELETE FROM onboard.products WHERE product_id = {product}",
             back_product, "rows are lost"),
            (f"UPDATE onboard.products SET stock_quantity = stock_quantity # 1 WHERE product_id = {product}",
             f"UPDATE onboard.products SET stock_quantity = stock_quantity # 1 WHERE product_id = {product}",
             "column stock_quantity differs"),
            (f"UPDATE onboard.products SET row_number = row_number + 1000 WHERE product_id = {product}",
             f"UPDATE onboard.products SET row_number = row_number - 1000 WHERE product_id = {product}",
             "rows not in the file"),
            (f"UPDATE onboard.products SET line_number = line_number + 1 WHERE product_id = {product}",
             f"UPDATE onboard.products SET line_number = line_number - 1 WHERE product_id = {product}", "line "),
            ("UPDATE onboard.upload_history SET valid_records = valid_records + 1, stale = stale + 1 WHERE total_records > 0",
             "UPDATE onboard.upload_history SET valid_records = valid_records - 1, stale = stale - 1 WHERE total_records > 0",
             "counts"),
            (f"UPDATE onboard.upload_history SET updated = updated - 1, stale = 1 WHERE upload_id = '{prices}'",
             f"UPDATE onboard.upload_history SET updated = updated + 1, stale = 0 WHERE upload_id = '{prices}'",
             "the upload's actions"),
            (f"UPDATE onboard.upload_history SET discontinued_missing = 1 WHERE upload_id = '{prices}'",
             f"UPDATE onboard.upload_history SET discontinued_missing = 0 WHERE upload_id = '{prices}'", "that no row named"),
            (f"{keep}row_actions; DELETE FROM onboard.row_actions WHERE row_number = 1",
             "INSERT INTO onboard.row_actions SELECT * FROM public.kept WHERE row_number = 1", "rows are lost: [1]"),
            (f"{keep}held_rows; DELETE FROM onboard.held_rows",
             "INSERT INTO onboard.held_rows OVERRIDING SYSTEM VALUE SELECT * FROM public.kept", "what waits"),
            (f"UPDATE onboard.validation_errors SET error_type = error_type || 'X' WHERE error_id = {error}",
             f"UPDATE onboard.validation_errors SET error_type = left(error_type, -1) WHERE error_id = {error}",
             "or the reasons"),
            ("UPDATE onboard.upload_history SET failure_code = 'NO_ROWS' WHERE failure_code = 'EMPTY_FILE'",
             "UPDATE onboard.upload_history SET failure_code = 'EMPTY_FILE' WHERE failure_code = 'NO_ROWS'",
             "not refused with EMPTY_FILE"),
            (f"INSERT INTO public.audited_events VALUES ('upload_ended', '{upload}')",
             "DELETE FROM public.audited_events WHERE payload IS NULL", "2 upload_ended events"),
            (f"INSERT INTO onboard.outbox (kind, upload_id, vendor_id, payload) "
            f"VALUES ('errors_recorded', '{upload}', 'V', '{{}}')",
             "DELETE FROM onboard.outbox", "wait in the outbox"),
            (f"UPDATE onboard.upload_history SET {RECORDED} = 'x' WHERE upload_id = '{upload}'",
             f"UPDATE onboard.upload_history SET {RECORDED} = '{key}' WHERE upload_id = '{upload}'", "another key"),
        ]
        for statement, undo, wanted in cases:
            with self.subTest(wanted):
                self.assertIn(wanted, self.harmed(statement, undo))
        self.assertEqual(self.problems(), "")
        self.harm_outside(str(key))

    def harm_outside(self, key: str) -> None:
        """Damage mails, reports and items; the last two are not repaired."""
        mail = self.mails.pop()
        self.assertIn("no mail about", self.problems())
        self.mails += [mail, mail]
        self.assertIn("1 mails too many, where 0 may be", self.problems())
        self.mails.pop()
        self.assertEqual(self.problems(), "")
        # The validator would see the item and repair it.
        self.whole.pause("upload-records")
        item = next(item for item in self.whole.items() if item.get("action") == {"S": "updated"})
        table = self.whole.settings["Table"]["TableName"]
        self.whole.clients["dynamodb"].put_item(TableName=table, Item={**item, "action": {"S": "stale"}})
        self.assertIn("is stale, not updated", self.problems())
        self.whole.clients["dynamodb"].put_item(TableName=table, Item={**item, "status": {"S": "pending_validation"}})
        self.assertIn("is pending_validation, not validated", self.problems())
        self.whole.clients["s3"].put_object(Bucket=self.whole.resources.bucket, Key=key, Body=self.whole.object(key)[:-9])
        self.assertIn("versions of the errors report differ", self.problems())
        self.whole.clients["sqs"].send_message(
            QueueUrl=self.whole.resources.queue_urls["upload-records-quarantine"], MessageBody="x")
        self.assertIn("1 messages in upload-records-quarantine", self.problems())


class ReadersTest(unittest.TestCase):
    def test_rows_and_the_lines_where_they_begin(self) -> None:
        rows = read_rows(b'\xef\xbb\xbfSKU , Price,Colour\r\n\r\na,"1\r\n2",x\r\n,,\r\nb,3,\r\n')
        self.assertEqual([(row.number, row.line) for row in rows], [(1, 3), (2, 5), (3, 6)])
        self.assertEqual(rows[0].fields, {"sku": "a", "price": "1\r\n2", "Colour": "x"})

    def test_logs(self) -> None:
        good = json.dumps({"upload_id": "VEND001-0123456789abcdef"})
        self.assertEqual(log_problems(good, ["planted"]), [])
        self.assertEqual(log_problems(good + "\nnot json", ["planted"]), ["line 2 is not a JSON object"])
        self.assertEqual(len(log_problems(json.dumps({"x": "a planted b"}), ["other", "planted"])), 1)
        self.assertEqual(len(log_problems(json.dumps({"x": 'a"b\n'}), ['a"b\n'])), 1)


if __name__ == "__main__":
    unittest.main()
