"""Names, tags and outputs of the stacks, and what holds data: buckets and the table."""

import json
import re
from typing import Iterator

from assertion import (HANDLERS, artifacts, bucket_name, database, differences, pipeline, policy_of, queue_arn,
                       refuses_plain_text, table, uploads)
from stack import ACCOUNT, REGION, Stack, as_list

OUTPUTS = {"BucketName", "TableName", "TopicArn", "AlarmTopicArn", "LinkUrl", "DashboardName",
           *(f"{queue}QueueUrl" for queue in ("Upload", "UploadDead", "Error", "ErrorDead", "Discarded", "Quarantine")),
           *(f"{handler.capitalize()}FunctionName" for handler in HANDLERS)}

# Types whose resources hold data; they have tags, and say what happens to the data.
DATA = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup",
        "AWS::ECR::Repository")
TAGGED = (*DATA, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Lambda::Function", "AWS::IAM::Role")

# What names a resource of each type that could collide with another stack's.
NAMES = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName", "AWS::SQS::Queue": "QueueName",
         "AWS::SNS::Topic": "TopicName", "AWS::Lambda::Function": "FunctionName", "AWS::Logs::LogGroup": "LogGroupName",
         "AWS::SecretsManager::Secret": "Name", "AWS::CloudWatch::Alarm": "AlarmName", "AWS::Events::Rule": "Name",
         "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::ECR::Repository": "RepositoryName"}


# ----- names, tags, data, outputs -----

@pipeline
@artifacts
def names_derive_from_the_stack(stack: Stack) -> Iterator[str]:
    for kind, member in NAMES.items():
        for logical_id, properties in stack.of(kind).items():
            if stack.name not in properties.get(member, ""):
                yield f"{logical_id}: {member} is {properties.get(member)} in every stack"


@pipeline
@artifacts
@database
def everything_is_tagged(stack: Stack) -> Iterator[str]:
    for kind in TAGGED:
        for logical_id, properties in stack.of(kind).items():
            if {"Key": "Application", "Value": "onboard"} not in properties.get("Tags", []):
                yield f"{logical_id} has no tag Application"


@pipeline
@artifacts
@database
def data_is_kept_or_deleted_on_purpose(stack: Stack) -> Iterator[str]:
    for logical_id, resource in stack.resources.items():
        if resource["Type"] in DATA and not {"DeletionPolicy", "UpdateReplacePolicy"} <= set(resource):
            yield f"{logical_id} does not say what becomes of its data"


@pipeline
def vendors_files_outlive_the_stack(stack: Stack) -> Iterator[str]:
    for logical_id, resource in stack.resources.items():
        if resource["Type"] in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
            yield from differences(f"{logical_id}: DeletionPolicy", resource.get("DeletionPolicy"), "RetainExceptOnCreate")
            yield from differences(f"{logical_id}: UpdateReplacePolicy", resource.get("UpdateReplacePolicy"), "Retain")


@pipeline
def outputs_are_what_the_commands_read(stack: Stack) -> Iterator[str]:
    for name in OUTPUTS ^ set(stack.outputs):
        yield f"output {name} is missing or unknown"


# ----- buckets -----

@pipeline
@artifacts
@database
def buckets_are_private_and_encrypted(stack: Stack) -> Iterator[str]:
    for logical_id, bucket in stack.of("AWS::S3::Bucket").items():
        yield from differences(f"{logical_id}: BucketEncryption", bucket.get("BucketEncryption"), {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
        yield from differences(f"{logical_id}: PublicAccessBlockConfiguration", bucket.get("PublicAccessBlockConfiguration"), {
            name: True for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")})
        yield from differences(f"{logical_id}: OwnershipControls", bucket.get("OwnershipControls"),
                               {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})


@pipeline
@artifacts
@database
def buckets_accept_only_tls(stack: Stack) -> Iterator[str]:
    for logical_id in stack.of("AWS::S3::Bucket"):
        known = stack.identity(logical_id)
        found = policy_of(stack, "AWS::S3::BucketPolicy", "Bucket", known["Ref"])
        if not refuses_plain_text(found, ["s3:*"], [known["Arn"], known["Arn"] + "/*"]):
            yield f"{logical_id} accepts requests without TLS"


@pipeline
def buckets_are_named_by_stack_account_and_region(stack: Stack) -> Iterator[str]:
    for logical_id, bucket in stack.of("AWS::S3::Bucket").items():
        if not re.fullmatch(rf"{stack.name}(-logs)?-{ACCOUNT}-{REGION}", bucket.get("BucketName", "")):
            yield f"{logical_id} is named {bucket.get('BucketName')}"


@pipeline
def uploads_are_versioned(stack: Stack) -> Iterator[str]:
    yield from differences("VersioningConfiguration", uploads(stack).get("VersioningConfiguration"), {"Status": "Enabled"})


@pipeline
def access_to_uploads_is_logged(stack: Stack) -> Iterator[str]:
    logging = uploads(stack).get("LoggingConfiguration", {})
    bucket, prefix = logging.get("DestinationBucketName"), logging.get("LogFilePrefix")
    if bucket in (None, bucket_name(stack)):
        yield "the bucket's log has no bucket of its own"
    wanted = {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket_name(stack)}"},
              "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    found = [statement.get("Condition") for statement in policy_of(stack, "AWS::S3::BucketPolicy", "Bucket", bucket or "")
             if statement["Effect"] == "Allow" and statement["Action"] == ["s3:PutObject"]
             and statement.get("Principal") == {"Service": "logging.s3.amazonaws.com"}
             and statement["Resource"] == [f"arn:aws:s3:::{bucket}/{prefix}*"]]
    yield from differences("who may deliver logs", found, [wanted])


@pipeline
def uploads_are_announced_by_prefix_alone(stack: Stack) -> Iterator[str]:
    yield from differences("NotificationConfiguration", uploads(stack).get("NotificationConfiguration"), {
        "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": queue_arn(stack, "UploadQueueUrl"),
                                 "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "uploads/"}]}}}]})


@pipeline
def the_queue_permits_the_bucket_before_it_is_created(stack: Stack) -> Iterator[str]:
    wanted = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": ["sqs:SendMessage"],
              "Resource": [queue_arn(stack, "UploadQueueUrl")],
              "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket_name(stack)}"},
                            "StringEquals": {"aws:SourceAccount": ACCOUNT}}}
    found = [{name: value for name, value in statement.items() if name != "Sid"}
             for statement in policy_of(stack, "AWS::SQS::QueuePolicy", "Queues", stack.outputs["UploadQueueUrl"])
             if statement["Effect"] == "Allow"]
    yield from differences("what the queue permits", found, [wanted])
    for logical_id, resource in stack.resources.items():
        if resource.get("Properties", {}).get("BucketName") == bucket_name(stack):
            policies = [name for name, policy in stack.of("AWS::SQS::QueuePolicy").items()
                        if stack.outputs["UploadQueueUrl"] in policy.get("Queues", [])]
            yield from differences(f"{logical_id}: DependsOn", as_list(resource.get("DependsOn")), policies)


@pipeline
def old_objects_expire(stack: Stack) -> Iterator[str]:
    rules = {rule.get("Prefix"): rule for rule in uploads(stack).get("LifecycleConfiguration", {}).get("Rules", [])}
    lowest = {"uploads/": ("ExpirationInDays", 30), "errors/": ("ExpirationInDays", 31)}
    for prefix, (member, days) in lowest.items():
        rule = rules.get(prefix, {})
        if rule.get("Status") != "Enabled" or rule.get(member, 0) < days or \
                "NoncurrentDays" not in rule.get("NoncurrentVersionExpiration", {}):
            yield f"objects below {prefix} do not expire as they should: {json.dumps(rule)}"
    rest = rules.get(None, {})
    if rest.get("Status") != "Enabled" or not rest.get("ExpiredObjectDeleteMarker"):
        yield "remains of deleted objects stay"


@pipeline
def every_bucket_forgets(stack: Stack) -> Iterator[str]:
    for logical_id, bucket in stack.of("AWS::S3::Bucket").items():
        rules = [rule for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if rule.get("Status") == "Enabled"]
        if not any("ExpirationInDays" in rule for rule in rules):
            yield f"objects of {logical_id} do not expire"
        if not any("DaysAfterInitiation" in rule.get("AbortIncompleteMultipartUpload", {}) for rule in rules):
            yield f"remains of multipart uploads stay in {logical_id}"


# ----- the table -----

@pipeline
def items_are_keyed_by_upload_and_record(stack: Stack) -> Iterator[str]:
    yield from differences("KeySchema", table(stack).get("KeySchema"), [
        {"AttributeName": "upload_id", "KeyType": "HASH"}, {"AttributeName": "record_id", "KeyType": "RANGE"}])
    used = {key["AttributeName"] for keyed in (table(stack), *table(stack).get("GlobalSecondaryIndexes", []))
            for key in keyed.get("KeySchema", [])}
    yield from differences("AttributeDefinitions", sorted(map(json.dumps, table(stack).get("AttributeDefinitions", []))),
                           sorted(json.dumps({"AttributeName": name, "AttributeType": "S"}) for name in used))


@pipeline
def vendors_find_their_items(stack: Stack) -> Iterator[str]:
    indexes = {index["IndexName"]: index for index in table(stack).get("GlobalSecondaryIndexes", [])}
    vendor = indexes.get("VendorIndex", {})
    yield from differences("VendorIndex", (vendor.get("KeySchema"), vendor.get("Projection")), (
        [{"AttributeName": "vendor_id", "KeyType": "HASH"}, {"AttributeName": "upload_id", "KeyType": "RANGE"}],
        {"ProjectionType": "KEYS_ONLY"}))


@pipeline
def the_status_index_is_an_option(stack: Stack) -> Iterator[str]:
    """Off by default, because it doubles what a row costs; if on, as bounded as the table, and sorted by status."""
    found = [index["IndexName"] for index in table(stack)["GlobalSecondaryIndexes"]]
    yield from differences("indexes by default", found, ["VendorIndex"])
    chosen = Stack(stack.template, {**stack.parameters, "StatusIndex": "true"}, stack.name)
    indexes = {index["IndexName"]: index for index in table(chosen)["GlobalSecondaryIndexes"]}
    status = indexes.get("StatusIndex", {})
    yield from differences("StatusIndex", (status.get("KeySchema"), status.get("Projection")), (
        [{"AttributeName": "upload_id", "KeyType": "HASH"}, {"AttributeName": "status", "KeyType": "RANGE"}],
        {"ProjectionType": "KEYS_ONLY"}))
    for also in (items_are_keyed_by_upload_and_record, vendors_find_their_items, the_table_is_paid_by_request_within_bounds):
        yield from also(chosen)


@pipeline
def the_stream_has_new_images(stack: Stack) -> Iterator[str]:
    yield from differences("StreamSpecification", table(stack).get("StreamSpecification"), {"StreamViewType": "NEW_IMAGE"})


@pipeline
def the_table_is_paid_by_request_within_bounds(stack: Stack) -> Iterator[str]:
    yield from differences("BillingMode", table(stack).get("BillingMode"), "PAY_PER_REQUEST")
    for bounded in (table(stack), *table(stack).get("GlobalSecondaryIndexes", [])):
        bounds = bounded.get("OnDemandThroughput", {})
        if not {"MaxWriteRequestUnits", "MaxReadRequestUnits"} <= set(bounds):
            yield f"{bounded.get('IndexName', 'the table')} has no bound on its requests"


@pipeline
def the_table_can_be_restored(stack: Stack) -> Iterator[str]:
    yield from differences("PointInTimeRecoverySpecification", table(stack).get("PointInTimeRecoverySpecification"),
                           {"PointInTimeRecoveryEnabled": True})


@pipeline
def items_expire(stack: Stack) -> Iterator[str]:
    yield from differences("TimeToLiveSpecification", table(stack).get("TimeToLiveSpecification"),
                           {"AttributeName": "expires_at", "Enabled": True})
