"""Limits that the services enforce and the emulated ones do not.

Sources: "Service, account, and table quotas" and BatchWriteItem, BatchExecuteStatement of DynamoDB; SendMessageBatch
of SQS; Publish of SNS; PutObject of S3.
"""

import base64
from typing import Any, Callable
from urllib.parse import parse_qs

from aws_call import Call, Request, Response, error_response, json_body

BATCH_WRITE_ITEMS = 25
BATCH_STATEMENTS = 25
ITEM_BYTES = 400 * 1024
MESSAGE_BATCH_ENTRIES = 10
MESSAGE_BYTES = 1024 * 1024
TOPIC_MESSAGE_BYTES = 256 * 1024
SUBJECT_CHARACTERS = 99

# Returns the names of a table's key attributes, or none if the table does not exist.
TableKeys = Callable[[str], list[str]]


def value_size(value: dict[str, Any]) -> int:
    """Return the bytes of an attribute value ("DynamoDB item sizes and formats")."""
    (kind, content), = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content.strip("-").replace(".", "")) + 1) // 2 + 1
    if kind == "B":
        return len(base64.b64decode(content))
    if kind in ("SS", "NS", "BS"):
        return sum(value_size({kind[0]: element}) for element in content)
    if kind == "L":
        return 3 + sum(1 + value_size(element) for element in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_size(element) for name, element in content.items())
    return 1


def item_size(item: dict[str, Any]) -> int:
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def write_batch_fault(body: dict[str, Any], table_keys: TableKeys, may_be_large: bool = True) -> str:
    writes = [(table, write) for table, entries in body.get("RequestItems", {}).items() for write in entries]
    if not 1 <= len(writes) <= BATCH_WRITE_ITEMS:
        return ("1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must "
                "satisfy constraint: [Member must have length less than or equal to 25, Member must have length "
                "greater than or equal to 1]")
    seen = set()
    for table, write in writes:
        item = write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
        key = (table, *(repr(item.get(name)) for name in table_keys(table)))
        if key in seen:
            return "Provided list of item keys contains duplicates"
        seen.add(key)
        if may_be_large and item_size(item) > ITEM_BYTES:
            return "Item size has exceeded the maximum allowed size"
    return ""


def check_write_batch(call: Call, request: Request, table_keys: TableKeys) -> Response | None:
    # An item is never larger than its JSON.
    fault = write_batch_fault(json_body(request), table_keys, len(request.body) > ITEM_BYTES)
    return error_response(call, 400, "ValidationException", fault) if fault else None


def check_statement_batch(call: Call, request: Request, _: TableKeys) -> Response | None:
    if 1 <= len(json_body(request).get("Statements", [])) <= BATCH_STATEMENTS:
        return None
    return error_response(call, 400, "ValidationException",
                          "1 validation error detected: Value at 'statements' failed to satisfy constraint: "
                          "Member must have length less than or equal to 25")


def message_is_text(body: str) -> bool:
    """Return whether a message has only characters that SQS accepts: those of XML 1.0."""
    return all(character in "\t\n\r" or " " <= character <= "\ud7ff" or "\ue000" <= character <= "\ufffd"
               or character >= "\U00010000" for character in body)


def check_message_batch(call: Call, request: Request, _: TableKeys) -> Response | None:
    if call.protocol != "json":
        return None
    entries = json_body(request).get("Entries", [])
    prefix = "AWS.SimpleQueueService."
    if not entries:
        return error_response(call, 400, prefix + "EmptyBatchRequest",
                              "The batch request does not contain any entries.")
    if len(entries) > MESSAGE_BATCH_ENTRIES:
        return error_response(call, 400, prefix + "TooManyEntriesInBatchRequest",
                              f"Maximum number of entries per request are 10. You have sent {len(entries)}.")
    if len({entry["Id"] for entry in entries}) < len(entries):
        return error_response(call, 400, prefix + "BatchEntryIdsNotDistinct",
                              "Two or more batch entries have the same Id.")
    size = sum(len(entry["MessageBody"].encode("utf-8", "surrogatepass")) for entry in entries)
    if size > MESSAGE_BYTES:
        return error_response(call, 400, prefix + "BatchRequestTooLong",
                              f"Batch requests cannot be longer than {MESSAGE_BYTES} bytes. "
                              f"You have sent {size} bytes.")
    if not all(message_is_text(entry["MessageBody"]) for entry in entries):
        return error_response(call, 400, "InvalidMessageContents",
                              "The message contains characters outside the allowed set.")
    return None


def check_publish(call: Call, request: Request, _: TableKeys) -> Response | None:
    form = parse_qs(request.body.decode(), keep_blank_values=True)
    message = form.get("Message", [""])[0]
    subject = form.get("Subject", ["-"])[0]
    if not message or len(message.encode()) > TOPIC_MESSAGE_BYTES:
        return error_response(call, 400, "InvalidParameter", "Invalid parameter: Message empty or too long")
    if len(subject) > SUBJECT_CHARACTERS or not subject or subject[0] == " " or \
            not all(" " <= character <= "~" for character in subject):
        return error_response(call, 400, "InvalidParameter", "Invalid parameter: Subject")
    return None


def check_put_object(call: Call, request: Request, _: TableKeys) -> Response | None:
    if "chunked" not in request.headers.get("Transfer-Encoding").lower() or \
            request.headers.get("x-amz-decoded-content-length"):
        return None
    return error_response(call, 501, "NotImplemented",
                          "A header you provided implies functionality that is not implemented")


CHECKS: dict[str, Callable[[Call, Request, TableKeys], Response | None]] = {
    "dynamodb.BatchWriteItem": check_write_batch,
    "dynamodb.BatchExecuteStatement": check_statement_batch,
    "sqs.SendMessageBatch": check_message_batch,
    "sns.Publish": check_publish,
    "s3.PutObject": check_put_object,
}


def check_limits(call: Call, request: Request, table_keys: TableKeys) -> Response | None:
    """Return the error that the service would reply with, or None."""
    check = CHECKS.get(call.name)
    return check(call, request, table_keys) if check else None
