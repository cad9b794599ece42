#!/usr/bin/python3
"""The row-by-row peer: a typical validator in Python with psycopg2.

    peer_rows.py CONNINFO FILE.csv VENDOR UPLOAD

For each row: rules in Python, two lookups for duplicates, one for the category,
one insert, one commit.  Prints the seconds.
"""

import csv
import json
import re
import sys
import time

import psycopg2

REQUIRED = ("vendor_product_id", "product_name", "category", "sku", "price", "stock_quantity")
LENGTHS = {"product_name": 200, "description": 2000, "sku": 100, "brand": 100, "category": 100, "subcategory": 100,
           "vendor_product_id": 100, "unit": 20, "dimensions_cm": 50, "image_url": 2048}
MONEY = re.compile(r"([0-9]+(\.[0-9]{0,2})?|\.[0-9]{1,2})\Z")
WHOLE = re.compile(r"[0-9]+\Z")
URL = re.compile(r"https?://[^/@\s\\]+(/[^\s\\]*)?\Z", re.IGNORECASE)


def number(text, low, high, pattern=MONEY):
    return bool(pattern.match(text)) and low <= float(text) <= high


def judge_values(row):
    """Return what is wrong with a row by itself, except its category, which the database checks."""
    errors = [("MISSING_REQUIRED_FIELDS", name) for name in REQUIRED if not row[name]]
    if row["price"] and not number(row["price"], 0.01, 999999.99):
        errors.append(("INVALID_PRICE", "price"))
    if row["stock_quantity"] and not number(row["stock_quantity"], 0, 1000000, WHOLE):
        errors.append(("INVALID_STOCK", "stock_quantity"))
    errors += [("FIELD_LENGTH_EXCEEDED", name) for name, limit in LENGTHS.items() if len(row[name]) > limit]
    if row["compare_at_price"] and not (number(row["compare_at_price"], 0, 99999999.99) and (
            ("INVALID_PRICE",
            "price") in errors or not row["price"] or float(row["compare_at_price"]) >= float(row["price"]))):
        errors.append(("INVALID_COMPARE_AT_PRICE", "compare_at_price"))
    if row["weight_kg"] and not number(row["weight_kg"], 0.01, 999999.99):
        errors.append(("INVALID_WEIGHT", "weight_kg"))
    if row["image_url"] and not URL.match(row["image_url"]):
        errors.append(("INVALID_IMAGE_URL", "image_url"))
    return errors


def judge(cursor, vendor, row):
    errors = judge_values(row)
    cursor.execute("SELECT 1 FROM onboard.product_categories WHERE category_name = %s AND is_active", (row["category"],))
    if row["category"] and cursor.fetchone() is None:
        errors.append(("INVALID_CATEGORY", "category"))
    cursor.execute("SELECT 1 FROM bench.fk WHERE sku = %s", (row["sku"],))
    if cursor.fetchone():
        errors.append(("DUPLICATE_SKU", "sku"))
    cursor.execute("SELECT 1 FROM bench.fk WHERE vendor_id = %s AND vendor_product_id = %s",
        (vendor, row["vendor_product_id"]))
    if cursor.fetchone():
        errors.append(("DUPLICATE_VENDOR_PRODUCT_ID", "vendor_product_id"))
    return errors


def store(cursor, vendor, upload, row_number, row):
    names = [name for name in row if row[name]]
    cursor.execute("INSERT INTO bench.fk (vendor_id, upload_id, row_number, line_number, %s) VALUES (%s)" %
                   (", ".join(names), ", ".join(["%s"] * (len(names) + 4))),
                   [vendor, upload, row_number, row_number + 1] + [row[name] for name in names])


def record(cursor, vendor, upload, row_number, row, errors):
    for error_type, field in errors:
        cursor.execute("INSERT INTO bench.errors (upload_id, vendor_id, row_number, line_number, vendor_product_id, "
            "error_type, "
                       "error_field, error_message, severity, rejected_value, original_data) "
                       "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'error', %s, %s)",
                       (upload, vendor, row_number, row_number + 1, row["vendor_product_id"], error_type, field,
                        field + " is wrong", row[field], json.dumps(row)))


def main():
    conninfo, path, vendor, upload = sys.argv[1:]
    connection = psycopg2.connect(conninfo)
    cursor = connection.cursor()
    started = time.perf_counter()
    with open(path, newline="") as file:
        for row_number, row in enumerate(csv.DictReader(file), 1):
            errors = judge(cursor, vendor, row)
            if errors:
                record(cursor, vendor, upload, row_number, row, errors)
            else:
                store(cursor, vendor, upload, row_number, row)
            connection.commit()
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main()
