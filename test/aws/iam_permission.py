"""The permissions that a call needs: actions of IAM and the ARNs they act on.

An operation is not an action.  Which action permits it, and on which resource, is in the pages "Actions, resources, and
condition keys" of the Service Authorization Reference, and for S3 in the page of each operation.  An operation that is not
known here needs an action of its own name on everything, which no role allows.
"""

import re
from typing import Any, Callable, Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from aws_call import Call, Request, json_body

ACCOUNT = "123456789012"
REGION = "us-east-1"

# An action and the ARN it acts on; "*" if the action has no resources.
Permission = tuple[str, str]

# A batch is permitted by the action on a single message.
SQS_ACTIONS = {"SendMessageBatch": "SendMessage", "DeleteMessageBatch": "DeleteMessage",
               "ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}
SQS_NAMED = {"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"}
# S3's operations on a bucket that have another name as actions.
S3_BUCKET_ACTIONS = {"ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket",
                     "ListObjectVersions": "ListBucketVersions"}
S3_OBJECT_ACTIONS = {"GetObject": "GetObject", "HeadObject": "GetObject", "PutObject": "PutObject",
                     "DeleteObject": "DeleteObject"}
SECRET_NAMED = {"GetSecretValue", "DescribeSecret", "PutSecretValue", "UpdateSecretVersionStage"}
TABLE_NAMED = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan"}
STATEMENT = re.compile(r'\s*(SELECT|INSERT|UPDATE|DELETE)\b[^"]*"([^"]+)"(?:\."([^"]+)")?', re.IGNORECASE)


def permissions(call: Call, request: Request, status: int) -> set[Permission]:
    """Return what a call needs that was answered with this status."""
    rules: dict[str, Callable[[Call, Request, int], Iterator[Permission]]] = {
        "s3": of_s3, "sqs": of_sqs, "dynamodb": of_dynamodb, "sns": of_sns, "secretsmanager": of_secrets}
    found = set(rules[call.service](call, request, status)) if call.service in rules else set()
    return found or {(f"{call.service}:{call.action}", "*")}


def of_s3(call: Call, request: Request, status: int) -> Iterator[Permission]:
    parts = urlsplit(request.target)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if call.action in S3_OBJECT_ACTIONS and key:
        version = "Version" if "versionId" in parse_qs(parts.query) and call.action != "PutObject" else ""
        yield f"s3:{S3_OBJECT_ACTIONS[call.action]}{version}", f"{bucket_arn(bucket)}/{key}"
        if status == 404:
            # Without it, the reply would have been 403.
            yield "s3:ListBucket", bucket_arn(bucket)
    elif call.action in S3_BUCKET_ACTIONS:
        yield f"s3:{S3_BUCKET_ACTIONS[call.action]}", bucket_arn(bucket)


def of_sqs(call: Call, request: Request, status: int) -> Iterator[Permission]:
    del status
    action = SQS_ACTIONS.get(call.action, call.action)
    if action in SQS_NAMED:
        yield f"sqs:{action}", queue_arn(json_body(request)["QueueUrl"])


def of_dynamodb(call: Call, request: Request, status: int) -> Iterator[Permission]:
    del status
    body = json_body(request)
    if call.action == "BatchExecuteStatement":
        for statement in body["Statements"]:
            match = STATEMENT.match(statement["Statement"])
            if match:
                yield f"dynamodb:PartiQL{match[1].capitalize()}", table_arn(match[2], match[3])
    elif call.action in ("BatchWriteItem", "BatchGetItem"):
        for table in body["RequestItems"]:
            yield f"dynamodb:{call.action}", table_arn(table)
    elif call.action in TABLE_NAMED:
        yield f"dynamodb:{call.action}", table_arn(body["TableName"], body.get("IndexName"))


def of_sns(call: Call, request: Request, status: int) -> Iterator[Permission]:
    del status
    topic = parse_qs(request.body.decode()).get("TopicArn")
    if call.action in ("Publish", "PublishBatch") and topic:
        yield "sns:Publish", topic[0]


def of_secrets(call: Call, request: Request, status: int) -> Iterator[Permission]:
    del status
    if call.action in SECRET_NAMED:
        yield f"secretsmanager:{call.action}", secret_arn(json_body(request)["SecretId"])
    elif call.action == "GetRandomPassword":
        yield "secretsmanager:GetRandomPassword", "*"


# The ARNs of resources by what names them in a call.

def bucket_arn(name: str) -> str:
    return f"arn:aws:s3:::{name}"


def queue_arn(url: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"


def table_arn(name: str, index: str | None = None) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}" + (f"/index/{index}" if index else "")


def secret_arn(name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}"


# How the value of an environment variable names a resource, by the end of the variable's name.
VALUES: dict[str, Callable[[str], str]] = {
    "BUCKET": bucket_arn, "_QUEUE_URL": queue_arn, "_TABLE": table_arn, "_TOPIC_ARN": str, "_SECRET_ID": secret_arn}


def resources(environment: dict[str, Any]) -> dict[str, str]:
    """Return the ARNs of the resources that a function's environment names, by the variables that name them.

    Without BUCKET, a function accepts every bucket that an event names.
    """
    named = {variable: make(environment[variable]) for variable in environment for end, make in VALUES.items()
             if variable.endswith(end) and environment[variable]}
    return {"BUCKET": bucket_arn("*"), **named}
