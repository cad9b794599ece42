"""The functions as they are usually written in Python: boto3, psycopg2, csv, and a small client of the Runtime API.

    lambda_peer.py parser|validator|check

Accepts the same events and environment as `bootstrap`, and does the same job for good files: for each batch of records,
one query per kind of duplicate, inserts with execute_values, items with boto3's batch_writer, and one update_item for
the status of each record.  Products go into bench.fk, errors into bench.errors.  PEER_CONNECT=start connects to the
database before the first event, as many functions do.
"""

import codecs
import csv
import hashlib
import http.client
import json
import os
import sys
import tempfile
import time
from decimal import Decimal
from urllib.parse import unquote_plus

import boto3
import psycopg2
from boto3.dynamodb.types import TypeDeserializer
from psycopg2.extras import execute_values

from peer_rows import judge_values

COLUMNS = ("vendor_product_id", "product_name", "category", "subcategory", "description", "sku", "brand", "price",
           "compare_at_price", "stock_quantity", "unit", "weight_kg", "dimensions_cm", "image_url")
MESSAGES_OF_CALL = 10
SECONDS_OF_DAY = 86400

s3 = boto3.client("s3")
sqs = boto3.client("sqs")
table = boto3.resource("dynamodb").Table(os.environ["UPLOAD_RECORDS_TABLE"])
deserialize = TypeDeserializer().deserialize
connection = None


def connect():
    """Return the connection, which is kept between events."""
    global connection
    if connection is None:
        secret = json.loads(boto3.client("secretsmanager").get_secret_value(
            SecretId=os.environ["DATABASE_SECRET_ID"])["SecretString"])
        options = {}
        if secret.get("ca"):
            with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
                file.write(secret["ca"])
            options = {"sslmode": "verify-full", "sslrootcert": file.name}
        connection = psycopg2.connect(host=secret["host"], port=secret["port"], dbname=secret["dbname"],
                                      user=secret["username"], password=secret["password"], **options)
        if secret.get("ca"):
            os.unlink(file.name)
    return connection


# The parser.

def read_rows(bucket, key, version):
    body = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"]
    return csv.DictReader(codecs.iterdecode(body.iter_lines(keepends=True), "utf-8-sig"))


def begin_upload(vendor, upload):
    with connect() as database, database.cursor() as cursor:
        cursor.execute("SELECT status FROM onboard.vendors WHERE vendor_id = %s", (vendor,))
        found = cursor.fetchone()
        if found is None or found[0] != "active":
            raise ValueError("the vendor is not active")
        cursor.execute("INSERT INTO bench.uploads (upload_id, vendor_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (upload, vendor))


def parse_object(bucket, key, version):
    vendor = key.split("/")[1]
    digest = hashlib.sha256(f"{vendor}\n{bucket}/{key}/{version}".encode()).hexdigest()
    upload = f"{vendor}-{digest[:16]}"
    begin_upload(vendor, upload)
    now = int(time.time())
    count = 0
    with table.batch_writer() as writer:
        for count, row in enumerate(read_rows(bucket, key, version), 1):
            writer.put_item(Item={
                "upload_id": upload, "record_id": f"REC_{count:08}", "vendor_id": vendor, "row_number": count,
                "line_number": count + 1, "status": "pending_validation", "parse_attempt": 1, "created_at": now,
                "expires_at": now + 30 * SECONDS_OF_DAY, "product_data": row})
    with connect() as database, database.cursor() as cursor:
        cursor.execute("UPDATE bench.uploads SET total_records = %s WHERE upload_id = %s", (count, upload))


def parser(event):
    for record in event["Records"]:
        for notification in json.loads(record["body"])["Records"]:
            entity = notification["s3"]
            parse_object(entity["bucket"]["name"], unquote_plus(entity["object"]["key"]), entity["object"]["versionId"])
    return {"batchItemFailures": []}


# The validator.

def select_known(cursor, statement, *values):
    cursor.execute(statement, values)
    return {row[0] for row in cursor.fetchall()}


def judge_batch(cursor, vendor, rows):
    """Return the errors of each row; rows are in order."""
    ids, skus = [row["vendor_product_id"] for row in rows], [row["sku"] for row in rows]
    categories = select_known(cursor, "SELECT category_name FROM onboard.product_categories WHERE is_active")
    known_skus = select_known(cursor, "SELECT sku FROM bench.fk WHERE sku = ANY(%s)", skus)
    known_ids = select_known(cursor, "SELECT vendor_product_id FROM bench.fk WHERE vendor_id = %s "
        "AND vendor_product_id = ANY(%s)",
                             vendor, ids)
    verdicts = []
    for row in rows:
        errors = judge_values(row)
        if row["category"] and row["category"] not in categories:
            errors.append(("INVALID_CATEGORY", "category"))
        if row["sku"] in known_skus:
            errors.append(("DUPLICATE_SKU", "sku"))
        if row["vendor_product_id"] in known_ids:
            errors.append(("DUPLICATE_VENDOR_PRODUCT_ID", "vendor_product_id"))
        if not errors:
            known_skus.add(row["sku"])
            known_ids.add(row["vendor_product_id"])
        verdicts.append(errors)
    return verdicts


def stored_values(row):
    """Convert empty values to null, except in the one column that has a default."""
    return [row[name] or ("piece" if name == "unit" else None) for name in COLUMNS]


def store_batch(cursor, vendor, upload, items, rows, verdicts):
    good = [[vendor, upload, item["row_number"], item["line_number"], *stored_values(row)]
            for item, row, errors in zip(items, rows, verdicts) if not errors]
    bad = [[upload, vendor, item["row_number"], item["line_number"], row["vendor_product_id"], kind, field,
        field + " is wrong",
            "error", row[field], json.dumps(row)]
           for item, row, errors in zip(items, rows, verdicts) for kind, field in errors]
    if good:
        execute_values(cursor, f"INSERT INTO bench.fk (vendor_id, upload_id, row_number, line_number, {', '.join(COLUMNS)}) "
                       "VALUES %s", good, page_size=len(good))
    if bad:
        execute_values(cursor, "INSERT INTO bench.errors (upload_id, vendor_id, row_number, line_number, vendor_product_id, "
                       "error_type, error_field, error_message, severity, rejected_value, original_data) VALUES %s", bad,
                       page_size=len(bad))
    cursor.execute("UPDATE bench.uploads SET valid_records = valid_records + %s, error_records = error_records + %s "
                   "WHERE upload_id = %s", (len(good), len(rows) - len(good), upload))


def update_item(item, errors):
    values = {":status": "error" if errors else "validated", ":now": Decimal(int(time.time())),
        ":pending": "pending_validation"}
    expression = "SET #status = :status, processed_at = :now"
    if errors:
        expression += ", error_reason = :reason, error_details = :details"
        values.update({":reason": errors[0][0], ":details": json.dumps(errors)})
    try:
        table.update_item(Key={"upload_id": item["upload_id"], "record_id": item["record_id"]}, UpdateExpression=expression,
                          ConditionExpression="#status = :pending", ExpressionAttributeNames={"#status": "status"},
                          ExpressionAttributeValues=values)
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        pass


def send_errors(upload, vendor, items, verdicts):
    messages = [json.dumps({"upload_id": upload, "vendor_id": vendor, "row_number": int(item["row_number"]),
                            "errors": errors}) for item, errors in zip(items, verdicts) if errors]
    for first in range(0, len(messages), MESSAGES_OF_CALL):
        entries = [{"Id": str(index), "MessageBody": message}
                   for index, message in enumerate(messages[first:first + MESSAGES_OF_CALL])]
        sqs.send_message_batch(QueueUrl=os.environ["ERROR_QUEUE_URL"], Entries=entries)


def validate_upload(upload, items):
    vendor = items[0]["vendor_id"]
    rows = [{name: item["product_data"].get(name, "") for name in COLUMNS} for item in items]
    with connect() as database, database.cursor() as cursor:
        verdicts = judge_batch(cursor, vendor, rows)
        store_batch(cursor, vendor, upload, items, rows, verdicts)
    for item, errors in zip(items, verdicts):
        update_item(item, errors)
    send_errors(upload, vendor, items, verdicts)


def validator(event):
    uploads = {}
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage")
        if image and image["status"]["S"] == "pending_validation":
            item = {name: deserialize(value) for name, value in image.items()}
            uploads.setdefault(item["upload_id"], []).append(item)
    for upload, items in uploads.items():
        validate_upload(upload, sorted(items, key=lambda item: item["row_number"]))
    return {"batchItemFailures": []}


def check(event):
    with connect() as database, database.cursor() as cursor:
        cursor.execute("SELECT version()")
        return {"version": cursor.fetchone()[0]}


# The Runtime API.

def serve(handler):
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    path = "/2018-06-01/runtime/invocation/"
    while True:
        api.request("GET", path + "next")
        reply = api.getresponse()
        event = json.loads(reply.read())
        answer, kind = b"", "response"
        try:
            answer = json.dumps(handler(event)).encode()
        except Exception as error:
            kind = "error"
            answer = json.dumps({"errorMessage": str(error), "errorType": "Function." + type(error).__name__}).encode()
        api.request("POST", f"{path}{reply.headers['Lambda-Runtime-Aws-Request-Id']}/{kind}", answer)
        api.getresponse().read()


if __name__ == "__main__":
    if os.environ.get("PEER_CONNECT") == "start":
        connect()
    serve({"parser": parser, "validator": validator, "check": check}[sys.argv[1]])
