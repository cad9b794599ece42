#!/usr/bin/env python3
"""AWS services that answer immediately, to measure the cost of a function alone.

    lambda_stub.py      prints its address, and ends when its standard input does

Nothing is stored, but everything is checked before it is answered: the signature of each request, the limits of the
services, the attributes and types of each item and of each statement, entries of queues.  Invalid requests get the
service's error.  S3 objects are files.  Requests to /-/ are commands of the benchmark, as JSON.
"""

import asyncio
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from urllib.parse import parse_qs, unquote, urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))

import lambda_signature
from aws_call import Headers, Request, Response, error_response, json_body, json_response, recognise
from fault_proxy import Closed, body_pieces, read_head, reply_head
from service_limits import check_limits

HOST = "127.0.0.1"
TABLE = "UploadRecords"
KEYS = ["upload_id", "record_id"]
FIELDS = {"vendor_product_id", "product_name", "category", "subcategory", "description", "sku", "brand", "price",
          "compare_at_price", "stock_quantity", "unit", "weight_kg", "dimensions_cm", "image_url"}
# Attributes of an item and their types, as documented in glue/README.md.
ATTRIBUTES = {"upload_id": "S", "record_id": "S", "vendor_id": "S", "row_number": "N", "line_number": "N", "status": "S",
              "parse_attempt": "N", "created_at": "N", "expires_at": "N"}
DEFECT = {"error_type", "message", "raw"}
DATA_ATTRIBUTES = {*ATTRIBUTES, "product_data"}
DEFECT_ATTRIBUTES = {*ATTRIBUTES, "defect"}
RECORD_ID = re.compile(r"REC_(\d{8,})")
NUMBER = re.compile(r"-?\d{1,38}(\.\d+)?")
UPDATE = re.compile(r'UPDATE "UploadRecords" SET "status"=\? SET "processed_at"=\?( SET "error_reason"=\? '
    r'SET "error_details"=\?)? '
                    r'WHERE "upload_id"=\? AND "record_id"=\? AND "status"=\'pending_validation\'')
STATUSES = ("validated", "error")
# Limits of BatchWriteItem and BatchExecuteStatement (DynamoDB, "Quotas").
REQUEST_BYTES = 16 * 1024 * 1024


# Functions that return what is wrong with a call, or nothing if it is right.

def is_text(value, kind):
    """Return whether it is an attribute value of this type."""
    return len(value) == 1 and isinstance(value.get(kind), str) and (kind == "S"
        or NUMBER.fullmatch(value[kind]) is not None)


def map_fault(value, names, others):
    """Check a map of texts: some names are required, others are optional."""
    fields = value["M"]
    if len(value) != 1 or not names <= fields.keys() or not (others or fields.keys() <= names):
        return "fields are missing, or there are others"
    wrong = [name for name, field in fields.items() if not is_text(field, "S")]
    return f"{wrong[0]} is not text" if wrong else ""


def item_fault(item):
    content = "defect" if "defect" in item else "product_data"
    if item.keys() != (DEFECT_ATTRIBUTES if content == "defect" else DATA_ATTRIBUTES):
        return "attributes are missing, or there are others"
    wrong = [name for name, kind in ATTRIBUTES.items() if not is_text(item[name], kind)]
    if wrong:
        return f"{wrong[0]} has another type"
    match = RECORD_ID.fullmatch(item["record_id"]["S"])
    if not match or int(match[1]) != int(item["row_number"]["N"]) or item["status"]["S"] != "pending_validation":
        return "record_id, row_number or status are wrong"
    if content == "defect":
        return map_fault(item["defect"], DEFECT, others=False)
    return map_fault(item["product_data"], FIELDS, others=True)


def write_batch_fault(body):
    if list(body["RequestItems"]) != [TABLE]:
        return "another table"
    for write in body["RequestItems"][TABLE]:
        if list(write) != ["PutRequest"] or list(write["PutRequest"]) != ["Item"]:
            return "no put"
        fault = item_fault(write["PutRequest"]["Item"])
        if fault:
            return fault
    return ""


def statement_fault(statement):
    match = UPDATE.fullmatch(statement.get("Statement", ""))
    if not match:
        return "the statement is not well formed"
    kinds = ("S", "N", "S", "S", "S", "S") if match[1] else ("S", "N", "S", "S")
    parameters = statement.get("Parameters", [])
    if len(parameters) != len(kinds):
        return "too few parameters, or too many"
    if not all(map(is_text, parameters, kinds)):
        return "parameters have other types"
    if parameters[0]["S"] not in STATUSES or not RECORD_ID.fullmatch(parameters[-1]["S"]):
        return "parameters are wrong"
    return ""


def update_fault(body):
    """Check UpdateItem as sent by the peer."""
    key = body.get("Key", {})
    if body.get("TableName") != TABLE or set(key) != set(KEYS) or not all(is_text(value, "S") for value in key.values()):
        return "another table or key"
    names, values = body.get("ExpressionAttributeNames", {}), body.get("ExpressionAttributeValues", {})
    expression = body.get("UpdateExpression", "") + body.get("ConditionExpression", "")
    if set(re.findall(r"#\w+", expression)) != set(names) or set(re.findall(r":\w+", expression)) != set(values):
        return "names or values are missing, or not used"
    return "" if any(value.get("S") in STATUSES for value in values.values()) else "another status"


def messages_fault(entries):
    for entry in entries:
        try:
            json.loads(entry["MessageBody"])
        except (KeyError, ValueError):
            return "the message is not JSON"
    return ""


# Services.

class Services:
    """The replies of the stub, and the number of calls."""

    def __init__(self):
        self.objects = {}
        self.secrets = {}
        self.latency = 0.0
        self.calls = {}
        self.refused = {}
        self.items = {"written": 0, "updated": 0}

    def order(self, path, body):
        """Execute a command of the benchmark."""
        if path == "/-/object":
            self.objects[body["bucket"] + "/" + body["key"]] = body
        elif path == "/-/secret":
            self.secrets[body["name"]] = body["text"]
        elif path == "/-/latency":
            self.latency = body["seconds"]
        elif path == "/-/reset":
            self.calls, self.refused, self.items = {}, {}, {"written": 0, "updated": 0}
        elif path != "/-/calls":
            return None
        return {"calls": self.calls, "refused": self.refused, **self.items}

    def answer(self, request):
        """Return the reply to a signed call, or the part of a file to send: path, first byte, length, size, headers."""
        call = recognise(request)
        self.calls[call.name] = self.calls.get(call.name, 0) + 1
        try:
            reply = self.refusal(call, request) or self.handle(call, request)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reply = error_response(call, 400, "SerializationException", f"{type(error).__name__}: {error}")
        if isinstance(reply, Response) and reply.status >= 300:
            self.refused[call.name] = self.refused.get(call.name, 0) + 1
        return reply

    def handle(self, call, request):
        handle = getattr(self, f"{call.service}_{call.action}", None)
        return handle(call, request) if handle else error_response(call, 400, "UnknownOperationException", "no such call")

    def refusal(self, call, request):
        fault = lambda_signature.fault(request, call.service)
        if fault:
            return error_response(call, 403, "InvalidSignatureException" if call.protocol == "json"
                else "SignatureDoesNotMatch", fault)
        if len(request.body) > REQUEST_BYTES:
            return error_response(call, 413, "RequestEntityTooLarge", "the request is too long")
        return check_limits(call, request, lambda table: KEYS)

    @staticmethod
    def checked(call, fault, reply):
        return error_response(call, 400, "ValidationException", fault) if fault else json_response(call, reply)

    def checked_items(self, what, count, call, fault, reply):
        self.items[what] += 0 if fault else count
        return self.checked(call, fault, reply)

    def dynamodb_BatchWriteItem(self, call, request):
        body = json_body(request)
        return self.checked_items("written", len(body["RequestItems"].get(TABLE, [])), call, write_batch_fault(body),
                                  {"UnprocessedItems": {}})

    def dynamodb_BatchExecuteStatement(self, call, request):
        statements = json_body(request)["Statements"]
        faults = [fault for fault in map(statement_fault, statements) if fault]
        return self.checked_items("updated", len(statements), call, faults[0] if faults else "",
                                  {"Responses": [{"TableName": TABLE}] * len(statements)})

    def dynamodb_UpdateItem(self, call, request):
        return self.checked_items("updated", 1, call, update_fault(json_body(request)), {})

    def sqs_SendMessageBatch(self, call, request):
        entries = json_body(request)["Entries"]
        sent = [{"Id": entry["Id"], "MessageId": entry["Id"],
                 "MD5OfMessageBody": hashlib.md5(entry["MessageBody"].encode()).hexdigest()} for entry in entries]
        return self.checked(call, messages_fault(entries), {"Successful": sent, "Failed": []})

    def secretsmanager_GetSecretValue(self, call, request):
        name = json_body(request).get("SecretId")
        if name not in self.secrets:
            return error_response(call, 400, "ResourceNotFoundException", "no such secret")
        return json_response(call, {"ARN": name, "Name": name, "VersionId": "1", "SecretString": self.secrets[name],
                                    "VersionStages": ["AWSCURRENT"], "CreatedDate": 1767225600})

    def s3_GetObject(self, call, request):
        target = urlsplit(request.target)
        known = self.objects.get(unquote(target.path).lstrip("/"))
        version = parse_qs(target.query).get("versionId", [""])[0]
        if known is None or version not in ("", known["version"]):
            return error_response(call, 404, "NoSuchKey", "The specified key does not exist.")
        if request.headers.get("If-Match", known["etag"]) != known["etag"]:
            return error_response(call, 412, "PreconditionFailed", "the object has another ETag")
        size = os.path.getsize(known["path"])
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range"))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2]), size - 1) if asked and asked[2] else size - 1
        if first > last and size > 0:
            return error_response(call, 416, "InvalidRange", "The requested range is not satisfiable")
        headers = Headers([("ETag", known["etag"]), ("x-amz-version-id", known["version"]), ("Accept-Ranges", "bytes"),
                           ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"), ("Content-Type", "text/csv")])
        if asked:
            headers.set("Content-Range", f"bytes {first}-{last}/{size}")
        return known["path"], 206 if asked else 200, first, last - first + 1, headers

    def s3_HeadObject(self, call, request):
        """The headers alone; callers do not need the length of the object."""
        reply = self.s3_GetObject(call, request)
        return reply if isinstance(reply, Response) else Response(reply[1], reply[4], b"")


class Connection:
    def __init__(self, services, reader, writer):
        self.services = services
        self.reader = reader
        self.writer = writer

    async def serve(self):
        with suppress(Closed, ConnectionError, asyncio.IncompleteReadError):
            while True:
                first, headers = await read_head(self.reader)
                method, target, _ = first.split(" ", 2)
                if headers.get("Expect"):
                    self.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = b"".join([piece async for piece in body_pieces(self.reader, headers, until_closed=False)])
                await self.answer(Request(method, target, headers, body))
        self.writer.close()

    async def answer(self, request):
        if request.target.startswith("/-/"):
            counts = self.services.order(request.target, json.loads(request.body or b"{}"))
            await self.send(Response(404 if counts is None else 200, Headers(), json.dumps(counts).encode()))
            return
        reply = self.services.answer(request)
        if self.services.latency:
            await asyncio.sleep(self.services.latency)
        if isinstance(reply, Response):
            await self.send(reply)
        else:
            await self.send_file(*reply)

    async def send(self, reply):
        self.writer.write(reply_head(reply.status, reply.headers, len(reply.body)) + reply.body)
        await self.writer.drain()

    async def send_file(self, path, status, first, length, headers):
        self.writer.write(reply_head(status, headers, length))
        await self.writer.drain()
        with open(path, "rb") as file:
            if length > 0:
                await asyncio.get_running_loop().sendfile(self.writer.transport, file, first, length)


async def serve():
    services = Services()
    server = await asyncio.start_server(lambda reader, writer: Connection(services, reader, writer).serve(), HOST, 0,
                                        limit=1 << 20)
    print(f"http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    await server.serve_forever()


def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)


# The benchmark's side.

class Stub:
    """The process, as a context manager."""

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__)], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def order(self, name, /, **body):
        request = urllib.request.Request(f"{self.url}/-/{name}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve())


if __name__ == "__main__":
    main()
