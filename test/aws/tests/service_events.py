"""The events of many AWS services, in the shapes that functions receive, with values of our own.

Sources: AWS Lambda Developer Guide, the pages on each event source; Amazon S3 User Guide, "Event message structure" and
"EventBridge event message structure"; Amazon SNS Developer Guide, "Amazon SNS message and JSON formats"; AWS Secrets
Manager User Guide, "Lambda rotation functions"; and the services' own guides for the rest.
"""

import base64
import gzip
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from emulator import ACCOUNT, REGION
from event_sources import scheduled_event, url_event
from pipeline import queue_arn

Event = Any
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:product-uploads"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:some-function"


@dataclass(frozen=True)
class StoredObject:
    """An object, as S3 describes it; version is empty without versioning."""

    bucket: str
    key: str
    version: str
    etag: str
    size: int
    sequencer: str


# Announcements of an object.


def s3_notification(stored: StoredObject, name: str = "ObjectCreated:Put") -> Event:
    version = {"versionId": stored.version} if stored.version else {}
    return {"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventTime": "2026-01-04T09:00:00.000Z",
        "eventName": name, "userIdentity": {"principalId": "AWS:AIDAVENDOR"},
        "requestParameters": {"sourceIPAddress": "203.0.113.9"},
        "responseElements": {"x-amz-request-id": "R1", "x-amz-id-2": "I2"},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "uploads",
               "bucket": {"name": stored.bucket, "ownerIdentity": {"principalId": "A3"},
                          "arn": f"arn:aws:s3:::{stored.bucket}"},
               "object": {"key": quote_plus(stored.key, safe="/"), "size": stored.size, "eTag": stored.etag, **version,
                          "sequencer": stored.sequencer}}}]}


def s3_test_event(bucket: str) -> Event:
    return {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-04T09:00:00.000Z", "Bucket": bucket,
            "RequestId": "R1", "HostId": "H1"}


def bus_event(source: str, kind: str, detail: Any, *resources: str) -> Event:
    """An event of EventBridge."""
    return {"version": "0", "id": "9f1c3d22-7f0e-4f6e-9f43-0d2f6f1f9a10", "detail-type": kind, "source": source,
            "account": ACCOUNT, "time": "2026-01-04T09:00:00Z", "region": REGION, "resources": list(resources),
            "detail": detail}


def s3_bus_event(stored: StoredObject, kind: str = "Object Created") -> Event:
    version = {"version-id": stored.version} if stored.version else {}
    return bus_event("aws.s3", kind, {
        "version": "0", "bucket": {"name": stored.bucket},
        "object": {"key": stored.key, "size": stored.size, "etag": stored.etag, **version, "sequencer": stored.sequencer},
        "request-id": "R1", "requester": ACCOUNT, "source-ip-address": "203.0.113.9", "reason": "PutObject"},
        f"arn:aws:s3:::{stored.bucket}")


# Envelopes.


def topic_message(message: str) -> Event:
    """A message of SNS as another queue or HTTP endpoint gets it."""
    return {"Type": "Notification", "MessageId": "6c1b7f0a-61a6-5a0b-8d4c-2b1a0e5d7a01", "TopicArn": TOPIC,
            "Subject": "Amazon S3 Notification", "Message": message, "Timestamp": "2026-01-04T09:00:00.000Z",
            "SignatureVersion": "1", "Signature": "c2lnbmF0dXJl", "SigningCertURL": "https://sns.example/cert.pem",
            "UnsubscribeURL": "https://sns.example/unsubscribe"}


def topic_event(message: str) -> Event:
    """A message of SNS as a function gets it."""
    sns = {**topic_message(message), "MessageAttributes": {}}
    return {"Records": [{"EventVersion": "1.0", "EventSubscriptionArn": f"{TOPIC}:5c9f", "EventSource": "aws:sns",
                         "Sns": sns}]}


def queue_event(queue: str, *bodies: str, arn: str = "") -> Event:
    """A batch of a queue: messages m0, m1 and so on."""
    return {"Records": [{
        "messageId": f"m{index}", "receiptHandle": "AQEB", "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767517200000", "SenderId": "AIDA",
                       "ApproximateFirstReceiveTimestamp": "1767517200001"},
        "messageAttributes": {}, "md5OfBody": "0" * 32, "eventSource": "aws:sqs", "eventSourceARN": arn or queue_arn(queue),
        "awsRegion": REGION} for index, body in enumerate(bodies)]}


# Other services.


def table_event(table: str, new_image: dict[str, Any]) -> Event:
    keys = {name: new_image[name] for name in ("upload_id", "record_id")}
    return {"Records": [{
        "eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": REGION,
        "dynamodb": {"ApproximateCreationDateTime": time.time(), "Keys": keys, "NewImage": new_image,
                     "SequenceNumber": "4421584500000000017450439091", "SizeBytes": 26, "StreamViewType": "NEW_IMAGE"},
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/2026-01-04T09:00:00.000"}]}


def rotation_event(secret: str) -> Event:
    return {"Step": "createSecret", "SecretId": secret, "ClientRequestToken": "1d7e5c0e-6a44-4b2f-9a1b-52d1f1f5a9be",
            "RotationToken": "9c5a"}


def rest_request() -> Event:
    """A request of API Gateway's REST API: payload format 1.0."""
    return {"resource": "/{proxy+}", "path": "/r/t", "httpMethod": "GET", "headers": {"Host": "api.example"},
            "multiValueHeaders": {"Host": ["api.example"]}, "queryStringParameters": None, "pathParameters": {"proxy": "r/t"},
            "stageVariables": None, "body": None, "isBase64Encoded": False,
            "requestContext": {"accountId": ACCOUNT, "apiId": "a1", "httpMethod": "GET", "path": "/r/t", "stage": "prod",
                               "requestId": "R1", "identity": {"sourceIp": "203.0.113.9"}}}


def http_api_request() -> Event:
    event = url_event("GET", "/r/t")
    event["requestContext"]["domainName"] = f"a1.execute-api.{REGION}.amazonaws.com"
    return {**event, "routeKey": "GET /r/{token}", "pathParameters": {"token": "t"}}


def balancer_request() -> Event:
    return {"requestContext": {"elb": {"targetGroupArn": f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/t/1"}},
            "httpMethod": "GET", "path": "/r/t", "queryStringParameters": {}, "headers": {"host": "lb.example"}, "body": "",
            "isBase64Encoded": False}


def log_event() -> Event:
    data = {"messageType": "DATA_MESSAGE", "owner": ACCOUNT, "logGroup": "/aws/lambda/f", "logStream": "s",
            "subscriptionFilters": ["all"], "logEvents": [{"id": "1", "timestamp": 1767517200000, "message": "m"}]}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}


# Events that belong to no handler; those of the first group could be an operator's.

PLAIN_OBJECTS: dict[str, Event] = {
    "IoT rule": {"temperature": 21.5, "device": "d-17", "at": 1767517200},
    "Step Functions": {"orderId": "o-1", "items": [{"id": 1}]},
    "operator": {"reason": "after the deployment"},
}

OTHERS: dict[str, Event] = {
    "Kinesis": {"Records": [{
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": "4959", "data": "aGVsbG8=",
                    "approximateArrivalTimestamp": 1767517200.1},
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": "shardId-000000000006:4959",
        "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::123456789012:role/r", "awsRegion": REGION,
        "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/UploadRecords"}]},
    "Firehose": {"invocationId": "i", "deliveryStreamArn": f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/d",
                 "region": REGION, "records": [{"recordId": "1", "approximateArrivalTimestamp": 1, "data": "aGVsbG8="}]},
    "SNS": topic_event("hello"),
    "SES": {"Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": {"mail": {}, "receipt": {}}}]},
    "EventBridge": bus_event("aws.ec2", "EC2 Instance State-change Notification", {"instance-id": "i-1", "state": "running"}),
    "EventBridge, own": bus_event("shop.orders", "Object Created", {"bucket": {"name": "b"}, "object": {"key": "k"}}),
    "alarm": {"source": "aws.cloudwatch", "alarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a",
              "accountId": ACCOUNT, "time": "2026-01-04T09:00:00.000+0000", "region": REGION,
              "alarmData": {"alarmName": "a", "state": {"value": "ALARM"}}},
    "REST API": rest_request(),
    "WebSocket API": {"requestContext": {"routeKey": "$connect", "eventType": "CONNECT", "connectionId": "c"},
                      "isBase64Encoded": False},
    "authorizer": {**http_api_request(), "type": "REQUEST", "routeArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1/prod",
                   "identitySource": ["token"]},
    "authorizer, 1.0": {"type": "TOKEN", "authorizationToken": "t",
                        "methodArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1/prod/GET/r"},
    "load balancer": balancer_request(),
    "CloudWatch Logs": log_event(),
    "Cognito": {"version": "1", "region": REGION, "userPoolId": "p", "userName": "u", "triggerSource": "PreSignUp_SignUp",
                "callerContext": {"awsSdkVersion": "v", "clientId": "c"}, "request": {"userAttributes": {}}, "response": {}},
    "Kafka": {"eventSource": "aws:kafka", "eventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1",
              "bootstrapServers": "b-1:9094",
              "records": {"topic-0": [{"topic": "topic", "partition": 0, "offset": 15, "timestamp": 1, "value": "aGVsbG8="}]}},
    "MQ": {"eventSource": "aws:mq", "eventSourceArn": f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:1",
           "messages": [{"messageID": "ID:b-1", "data": "aGVsbG8="}]},
    "CodePipeline": {"CodePipeline.job": {"id": "1", "accountId": ACCOUNT, "data": {"actionConfiguration": {}}}},
    "CloudFormation": {"RequestType": "Create", "ResponseURL": "https://s3.example", "StackId": "s", "RequestId": "r",
                       "ResourceType": "Custom::R", "LogicalResourceId": "l", "ResourceProperties": {}},
    "Config": {"invokingEvent": "{}", "ruleParameters": "{}", "resultToken": "t", "eventLeftScope": False,
               "configRuleName": "c", "accountId": ACCOUNT, "version": "1.0"},
    "S3 Batch Operations": {"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j"},
                            "tasks": [{"taskId": "t", "s3Key": "k", "s3VersionId": "1", "s3BucketArn": "arn:aws:s3:::b"}]},
    "S3 Object Lambda": {"xAmzRequestId": "R1", "getObjectContext": {"inputS3Url": "https://s3.example"},
                         "configuration": {}, "userRequest": {}, "protocolVersion": "1.00"},
    "Lex": {"sessionState": {"intent": {"name": "i"}}, "bot": {"name": "b"}, "inputTranscript": "x", "messageVersion": "1.0"},
    "null": None,
    "an empty array": [],
    "an array of records": [{"eventSource": "aws:sqs", "body": "x"}],
    "an empty string": "",
    "a string": "Records",
    "a number": 17,
    "true": True,
    "no records": {"Records": None},
    "records that are none": {"Records": [17, None]},
    "no JSON": b"Records",
    "truncated JSON": b'{"Records": [',
}

# What a schedule sends: a rule of EventBridge, EventBridge Scheduler, and both with an input of {}.
SCHEDULES: dict[str, Event] = {
    "scheduled rule": scheduled_event("sweeper"),
    "Scheduler": {**bus_event("aws.scheduler", "Scheduled Event", "{}",
                              f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/sweeper")},
    "an empty object": {},
}
