#!/usr/bin/python3
"""A miniature pipeline, to test the event sources that drive it: a line of the file is an item, an item is a message,
a message is a mail.  It retries nothing: an error fails its batch, and the event source must send it again.
"""

import http.client
import json
import os
import sys
import urllib.parse
import urllib.request
from typing import Any, Callable

PREFIX = "/2018-06-01/runtime/invocation/"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
handler = sys.argv[1]


def call(service: str, path: str = "/", body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    scope = f"AWS4-HMAC-SHA256 Credential=EMULATED/20260101/us-east-1/{service}/aws4_request"
    request = urllib.request.Request(ENDPOINT + path, body, {"Authorization": scope, **(headers or {})})
    with urllib.request.urlopen(request) as reply:
        content: bytes = reply.read()
        return content


def call_json(service: str, target: str, body: Any) -> Any:
    return json.loads(call(service, "/", json.dumps(body).encode(), {
        "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}) or "{}")


def parse(event: Any) -> Any:
    for message in event["Records"]:
        for record in json.loads(message["body"]).get("Records", []):
            key = urllib.parse.unquote_plus(record["s3"]["object"]["key"])
            version = record["s3"]["object"]["versionId"]
            path = f"/{record['s3']['bucket']['name']}/{urllib.parse.quote(key)}?versionId={version}"
            lines = call("s3", path).decode().splitlines()
            writes = [{"PutRequest": {"Item": {
                "upload_id": {"S": key}, "record_id": {"S": f"REC_{number:08d}"}, "vendor_id": {"S": key.split("/")[1]},
                "status": {"S": "pending_validation"}, "line": {"S": line}}}} for number, line in enumerate(lines)]
            for first in range(0, len(writes), 25):
                unprocessed = {os.environ["UPLOAD_RECORDS_TABLE"]: writes[first:first + 25]}
                while unprocessed:
                    unprocessed = call_json("dynamodb", "DynamoDB_20120810.BatchWriteItem", {
                        "RequestItems": unprocessed})["UnprocessedItems"]


def validate(event: Any) -> Any:
    for first in range(0, len(event["Records"]), 10):
        images = [record["dynamodb"]["NewImage"] for record in event["Records"][first:first + 10]]
        reply = call_json("sqs", "AmazonSQS.SendMessageBatch", {"QueueUrl": os.environ["ERROR_QUEUE_URL"], "Entries": [
            {"Id": str(number), "MessageBody": image["line"]["S"]} for number, image in enumerate(images)]})
        if reply.get("Failed"):
            failed = event["Records"][first + min(int(entry["Id"]) for entry in reply["Failed"])]
            return {"batchItemFailures": [{"itemIdentifier": failed["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def report(event: Any) -> Any:
    failed = []
    for message in event["Records"]:
        form = urllib.parse.urlencode({"Action": "Publish", "Version": "2010-03-31", "Message": message["body"],
                                       "TopicArn": os.environ["NOTIFICATION_TOPIC_ARN"]})
        try:
            call("sns", "/", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        except OSError:
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}


def link(event: Any) -> Any:
    return {"statusCode": 302, "headers": {"Location": event["rawPath"]}}


def sweep(event: Any) -> Any:
    return {"source": event["source"]}


handlers: dict[str, Callable[[Any], Any]] = {"parser": parse, "validator": validate, "reporter": report, "link": link,
    "sweeper": sweep}
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    connection.request("GET", PREFIX + "next")
    reply = connection.getresponse()
    event = json.loads(reply.read())
    try:
        path, answer = "response", handlers[handler](event)
    except (OSError, http.client.HTTPException) as error:
        path, answer = "error", {"errorMessage": type(error).__name__, "errorType": "Function.Failed"}
    connection.request("POST", f"{PREFIX}{reply.headers['Lambda-Runtime-Aws-Request-Id']}/{path}", json.dumps(answer))
    connection.getresponse().read()
    print(json.dumps({"handler": handler, "outcome": path}), flush=True)
