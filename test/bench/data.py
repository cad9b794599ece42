"""Data sets: files written by generate.c, and functions to load them through each door."""

import hashlib
import json
import os
import subprocess

from server import LOADER, check

FIELDS = ("vendor_product_id, product_name, category, subcategory, description, sku, brand, price, "
          "compare_at_price, stock_quantity, unit, weight_kg, dimensions_cm, image_url")
INTAKE_COLUMNS = {
    "large": f"upload_id, row_number, line_number, {FIELDS}, attributes",
    "defect": f"upload_id, row_number, line_number, {FIELDS}, defect_type, defect_message, raw_record",
}
PLAIN_INTAKE_COLUMNS = f"upload_id, row_number, line_number, {FIELDS}"
CLEAN_COLUMNS = f"vendor_id, upload_id, row_number, line_number, {FIELDS}"


def build_generator(directory):
    program = os.path.join(directory, "generate")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "generate.c")
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-o", program, source], check=True)
    return program


class DataSet:
    """One file of a vendor in the requested formats (intake, clean, vendor_csv, json)."""

    def __init__(self, bench, rows, forms=("intake",), keys="sequential", mix="mixed", bad=0, vendor="VEND001",
                 start=1, name=None, shift=None, batch=10000):
        self.rows = rows
        self.mix = mix
        self.vendor = vendor
        self.batch = batch
        self.content = name or f"{keys}-{mix}-{bad}-{rows}-{start}"
        # The id that onboard_begin_upload() will return; the files contain it.
        digest = hashlib.sha256(f"{vendor}\n{self.content}".encode()).hexdigest()
        self.upload = f"{vendor}-{digest[:16]}"
        self.files = {form: os.path.join(bench.inputs, f"{self.upload}.{form}") for form in forms}
        arguments = [bench.generator, str(rows), f"keys={keys}", f"mix={mix}", f"bad={bad}", f"vendor={vendor}",
                     f"upload={self.upload}", f"start={start}", f"batch={batch}"]
        if shift is not None:
            arguments.append(f"shift={shift}")
        arguments += [f"{form}={path}" for form, path in self.files.items()]
        result = subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True)
        self.expected = json.loads(result.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        for path in self.files.values():
            os.unlink(path)

    def copy_intake(self):
        columns = INTAKE_COLUMNS.get(self.mix, PLAIN_INTAKE_COLUMNS)
        return f"\\copy onboard.intake ({columns}) FROM '{self.files['intake']}' (FORMAT csv)"

    def copy_clean(self, table):
        return f"\\copy {table} ({CLEAN_COLUMNS}) FROM '{self.files['clean']}' (FORMAT csv)"

    def begin(self, server, database="bench"):
        upload = server.sql(f"SELECT onboard_begin_upload('{self.vendor}', 'bench.csv', NULL, '{self.content}', "
                            f"{self.rows})", LOADER, database)
        check(upload == self.upload, f"upload is {upload}, not {self.upload}")

    def check_upload(self, server, database="bench"):
        """Check that the verdicts and the stored rows are those expected by the generator."""
        expected = self.expected
        where = f"WHERE upload_id = '{self.upload}'"
        counts = server.sql(f"SELECT total_records, valid_records, error_records, status "
            f"FROM onboard.upload_history {where};"
                            f"SELECT count(*) FROM onboard.products {where};"
                            f"SELECT count(DISTINCT row_number) FROM onboard.validation_errors {where}",
                            database=database).splitlines()
        status = "completed" if expected["errors"] == 0 else "failed" if expected["valid"] == 0 else "partial"
        check(counts[0] == f"{expected['rows']}|{expected['valid']}|{expected['errors']}|{status}",
              f"{self.content}: upload says {counts[0]}, expected {expected}")
        check(counts[1:] == [str(expected["valid"]), str(expected["errors"])],
              f"{self.content}: stored {counts[1:]}, expected {expected}")
        findings = server.sql(f"SELECT json_object_agg(error_type, n) FROM (SELECT error_type, count(*) AS n "
                              f"FROM onboard.validation_errors {where} GROUP BY 1) t", database=database)
        check((json.loads(findings) if findings else {}) == expected["findings"],
              f"{self.content}: findings {findings}, expected {expected['findings']}")

    def check_clean(self, server, table, database="bench"):
        count = server.sql(f"SELECT count(*) FROM {table} WHERE upload_id = '{self.upload}'", database=database)
        check(count == str(self.expected["valid"]), f"{self.content}: {table} has {count} rows")


def fingerprint(server, table, upload, database="bench"):
    """Return a fingerprint of the stored rows, without columns that differ between runs."""
    return server.sql(f"SELECT count(*), sum(hashtextextended((to_jsonb(p) - 'product_id' - 'created_at' "
                      f"- 'updated_at')::text, 0)) FROM {table} p WHERE upload_id = '{upload}'", database=database)
