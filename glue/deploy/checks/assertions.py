"""What must hold for the templates, by name.

cfn-lint knows which properties exist; these assertions know which ones this system needs, because both emulators drop
many silently.  Each is a function of the resolved stack that yields what is wrong; test_templates.py breaks each once.
"""

import json
import os
import re
from typing import Any, Callable, Iterator

from page import variables, written_metrics
from permissions import allowed, required
from stack import ACCOUNT, REGION, Stack, arn, as_list, statements
from transform import TEMPLATES

Assertion = Callable[[Stack], Iterator[str]]

DAY = 24 * 60 * 60
LONGEST_RETENTION = 14 * DAY
RUNBOOK = "glue/deploy/RUNBOOK.md"

# The handlers, each with the timeout of its function in seconds.
HANDLERS = {"parser": 300, "direct": 900, "validator": 60, "reporter": 120, "sweeper": 300, "link": 10, "rotate": 60,
            "check": 30, "operator": 30}
SCHEDULED = {"sweeper", "check"}
QUEUE_OF = {"parser": "UploadQueueUrl", "direct": "UploadQueueUrl", "reporter": "ErrorQueueUrl"}
OUTPUTS = {"BucketName", "TableName", "TopicArn", "AlarmTopicArn", "LinkUrl", "DashboardName",
           *(f"{queue}QueueUrl" for queue in ("Upload", "UploadDead", "Error", "ErrorDead", "Discarded", "Quarantine")),
           *(f"{handler.capitalize()}FunctionName" for handler in HANDLERS)}

# An on-demand table has a partition, so a shard of the stream and a validator, for each 1,000 write units.
UNITS_OF_PARTITION = 1000

# Connections for people, backups and the server itself, out of what the database allows.
SPARE_CONNECTIONS = 20
with open(os.path.join(os.path.dirname(TEMPLATES), "database", "postgresql.conf"), encoding="utf-8") as conf:
    MAX_CONNECTIONS = int(re.findall(r"^max_connections = (\d+)", conf.read(), re.MULTILINE)[0])

# Types whose resources hold data; they have tags, and say what happens to the data.
DATA = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup",
        "AWS::ECR::Repository")
TAGGED = (*DATA, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Lambda::Function", "AWS::IAM::Role")

# What names a resource of each type that could collide with another stack's.
NAMES = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName", "AWS::SQS::Queue": "QueueName",
         "AWS::SNS::Topic": "TopicName", "AWS::Lambda::Function": "FunctionName", "AWS::Logs::LogGroup": "LogGroupName",
         "AWS::SecretsManager::Secret": "Name", "AWS::CloudWatch::Alarm": "AlarmName", "AWS::Events::Rule": "Name",
         "AWS::CloudWatch::Dashboard": "DashboardName", "AWS::ECR::Repository": "RepositoryName"}

# Schedules: Amazon EventBridge User Guide, "Setting a schedule pattern"; AWS Secrets Manager User Guide, "Schedule
# expressions in Secrets Manager rotation": at least four hours apart, or at an hour and not a minute.
RATE = re.compile(r"rate\((1 (?:minute|hour|day)|(?!0|1 )\d+ (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\([^ ()]+( [^ ()]+){5}\)")
ROTATION_HOURS = 4
DURATION = re.compile(r"[1-9]\d?h")

PIPELINE: list[Assertion] = []
ARTIFACTS: list[Assertion] = []


def pipeline(assertion: Assertion) -> Assertion:
    PIPELINE.append(assertion)
    return assertion


def artifacts(assertion: Assertion) -> Assertion:
    ARTIFACTS.append(assertion)
    return assertion


def differences(name: str, found: Any, wanted: Any) -> Iterator[str]:
    if found != wanted:
        yield f"{name} is {json.dumps(found, default=str)}, not {json.dumps(wanted, default=str)}"


def is_schedule(expression: str) -> bool:
    return bool(RATE.fullmatch(expression) or CRON.fullmatch(expression))


def is_rotation(expression: str) -> bool:
    rate = re.fullmatch(r"rate\((\d+) (hours?|days?)\)", expression)
    if rate and is_schedule(expression):
        return int(rate[1]) * (24 if rate[2].startswith("day") else 1) >= ROTATION_HOURS
    return bool(CRON.fullmatch(expression)) and expression.startswith("cron(0 ")


def policy_of(stack: Stack, kind: str, member: str, reference: str) -> list[dict[str, Any]]:
    """Return the statements of the resource policies of a queue, topic or bucket."""
    return [statement for policy in stack.of(kind).values() if reference in as_list(policy.get(member))
            for statement in statements(policy.get("PolicyDocument", {"Statement": []}))]


def only(stack: Stack, kind: str) -> dict[str, Any]:
    """Return the properties of the only resource of a type; none if it is missing."""
    properties: dict[str, Any] = next(iter(stack.of(kind).values()), {})
    return properties


def refuses_plain_text(found: list[dict[str, Any]], actions: list[str], resources: list[str]) -> bool:
    return any(statement["Effect"] == "Deny" and statement.get("Principal") == "*" and statement["Action"] == actions
               and statement["Resource"] == resources
               and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} for statement in found)


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
def everything_is_tagged(stack: Stack) -> Iterator[str]:
    for kind in TAGGED:
        for logical_id, properties in stack.of(kind).items():
            if {"Key": "Application", "Value": "onboard"} not in properties.get("Tags", []):
                yield f"{logical_id} has no tag Application"


@pipeline
@artifacts
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


def uploads(stack: Stack) -> dict[str, Any]:
    return next((bucket for bucket in stack.of("AWS::S3::Bucket").values() if bucket.get("BucketName") == bucket_name(stack)), {})


def bucket_name(stack: Stack) -> str:
    return f"{stack.name}-{ACCOUNT}-{REGION}"


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

def table(stack: Stack) -> dict[str, Any]:
    return only(stack, "AWS::DynamoDB::Table")


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


# ----- queues -----

def queue_arn(stack: Stack, output: str) -> str:
    return stack.arn(stack.outputs[output])


@pipeline
def queues_are_encrypted_and_patient(stack: Stack) -> Iterator[str]:
    for logical_id, queue in stack.of("AWS::SQS::Queue").items():
        yield from differences(f"{logical_id}: SqsManagedSseEnabled", queue.get("SqsManagedSseEnabled"), True)
        yield from differences(f"{logical_id}: MessageRetentionPeriod", queue.get("MessageRetentionPeriod"), LONGEST_RETENTION)


@pipeline
def queues_accept_only_tls(stack: Stack) -> Iterator[str]:
    for logical_id in stack.of("AWS::SQS::Queue"):
        known = stack.identity(logical_id)
        if not refuses_plain_text(policy_of(stack, "AWS::SQS::QueuePolicy", "Queues", known["Ref"]), ["sqs:*"], [known["Arn"]]):
            yield f"{logical_id} accepts requests without TLS"


@pipeline
def dead_messages_go_to_the_queues_own_dead_letters(stack: Stack) -> Iterator[str]:
    for living, dead in (("UploadQueueUrl", "UploadDeadQueueUrl"), ("ErrorQueueUrl", "ErrorDeadQueueUrl")):
        queues = {stack.identity(logical_id)["Ref"]: queue for logical_id, queue in stack.of("AWS::SQS::Queue").items()}
        redrive = queues[stack.outputs[living]].get("RedrivePolicy", {})
        yield from differences(f"{living}: RedrivePolicy", redrive.get("deadLetterTargetArn"), queue_arn(stack, dead))
        if redrive.get("maxReceiveCount", 0) < 5:
            yield f"{living}: a throttled poll counts as a receive, so at least five must be allowed"
        yield from differences(f"{dead}: RedriveAllowPolicy", queues[stack.outputs[dead]].get("RedriveAllowPolicy"), {
            "redrivePermission": "byQueue", "sourceQueueArns": [queue_arn(stack, living)]})


@pipeline
def other_queues_are_nobodys_dead_letters(stack: Stack) -> Iterator[str]:
    for logical_id, queue in stack.of("AWS::SQS::Queue").items():
        if stack.identity(logical_id)["Ref"] in (stack.outputs["DiscardedQueueUrl"], stack.outputs["QuarantineQueueUrl"]):
            yield from differences(f"{logical_id}: RedriveAllowPolicy", queue.get("RedriveAllowPolicy"),
                                   {"redrivePermission": "denyAll"})


# ----- functions -----

@pipeline
def there_is_a_function_for_each_handler(stack: Stack) -> Iterator[str]:
    for handler in HANDLERS.keys() ^ stack.functions().keys():
        yield f"handler {handler} has no function, or is unknown"


@pipeline
def functions_run_the_image_in_the_network(stack: Stack) -> Iterator[str]:
    for handler, function in stack.functions().items():
        for member, wanted in {
                "PackageType": "Image", "Code": {"ImageUri": stack.parameters["ImageUri"]},
                "Architectures": [stack.parameters.get("Architecture", "x86_64")], "TracingConfig": {"Mode": "Active"},
                "VpcConfig": {"SubnetIds": stack.parameters["SubnetIds"],
                              "SecurityGroupIds": stack.parameters["SecurityGroupIds"]}}.items():
            yield from differences(f"{handler}: {member}", function.get(member), wanted)


@pipeline
def functions_have_memory_and_time(stack: Stack) -> Iterator[str]:
    for handler, function in stack.functions().items():
        yield from differences(f"{handler}: MemorySize", function.get("MemorySize"), 256)
        yield from differences(f"{handler}: Timeout", function.get("Timeout"), HANDLERS.get(handler))


@pipeline
def logs_are_kept_for_a_while(stack: Stack) -> Iterator[str]:
    groups = {group["LogGroupName"]: group for group in stack.of("AWS::Logs::LogGroup").values() if "LogGroupName" in group}
    for handler, function in stack.functions().items():
        name = f"/aws/lambda/{function['FunctionName']}"
        yield from differences(f"{handler}: LoggingConfig", function.get("LoggingConfig"), {"LogGroup": name})
        yield from differences(f"{name}: RetentionInDays", groups.get(name, {}).get("RetentionInDays"), 30)


@pipeline
def each_function_has_a_role_of_its_own(stack: Stack) -> Iterator[str]:
    roles = [function.get("Role") for function in stack.functions().values()]
    if len(set(roles)) != len(roles):
        yield "functions share a role"
    for logical_id, role in stack.of("AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{logical_id} has a managed policy"
        trust = list(statements(role.get("AssumeRolePolicyDocument", {"Statement": []})))
        yield from differences(f"{logical_id}: AssumeRolePolicyDocument", trust, [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": ["sts:AssumeRole"]}])


@pipeline
def roles_allow_what_the_handlers_page_says(stack: Stack) -> Iterator[str]:
    for handler in stack.functions():
        wanted, found = required(stack, handler), allowed(stack, handler)
        yield from (f"{handler} lacks {action} on {where}" for action, where in sorted(wanted - found))
        yield from (f"{handler} does not need {action} on {where}" for action, where in sorted(found - wanted))


@pipeline
def code_cannot_touch_the_network_interfaces(stack: Stack) -> Iterator[str]:
    for logical_id, role in stack.of("AWS::IAM::Role").items():
        denied = [(statement["Action"], statement["Resource"], statement.get("Condition"))
                  for policy in role.get("Policies", []) for statement in statements(policy["PolicyDocument"])
                  if statement["Effect"] == "Deny"]
        yield from differences(f"{logical_id} denies", denied,
                               [(["ec2:*"], ["*"], {"Null": {"lambda:SourceFunctionArn": "false"}})])


# ----- event sources -----

def mappings(stack: Stack) -> dict[str, Any]:
    """Return the event source mappings by their handlers."""
    return {stack.handler_of(mapping["FunctionName"]): mapping
            for mapping in stack.of("AWS::Lambda::EventSourceMapping").values()}


@pipeline
def queues_feed_their_functions(stack: Stack) -> Iterator[str]:
    batches = {"parser": 1, "direct": 1, "reporter": 10}
    yield from differences("handlers with an event source", sorted(mappings(stack)), sorted([*batches, "validator"]))
    for handler, size in batches.items():
        mapping = mappings(stack).get(handler, {})
        for member, wanted in {"EventSourceArn": queue_arn(stack, QUEUE_OF[handler]), "BatchSize": size,
                               "FunctionResponseTypes": ["ReportBatchItemFailures"]}.items():
            yield from differences(f"{handler}: {member}", mapping.get(member), wanted)
        # Two is the least that SQS mappings allow.
        if mapping.get("ScalingConfig", {}).get("MaximumConcurrency", 0) < 2:
            yield f"{handler}: concurrency has no bound"


@pipeline
def one_function_reads_uploads(stack: Stack) -> Iterator[str]:
    for handler in ("parser", "direct"):
        yield from differences(f"{handler}: Enabled", mappings(stack).get(handler, {}).get("Enabled"),
                               uses_direct(stack) == (handler == "direct"))


def uses_direct(stack: Stack) -> bool:
    return bool(stack.parameters.get("UploadHandler", "parser") == "direct")


@pipeline
def messages_stay_invisible_for_six_timeouts(stack: Stack) -> Iterator[str]:
    for logical_id, queue in stack.of("AWS::SQS::Queue").items():
        for handler, mapping in mappings(stack).items():
            if mapping.get("EventSourceArn") == stack.identity(logical_id)["Arn"] and mapping.get("Enabled", True):
                timeout = stack.functions()[handler].get("Timeout", 3)
                if queue.get("VisibilityTimeout", 30) < 6 * timeout:
                    yield f"{logical_id}: VisibilityTimeout is less than six times the timeout of {handler}"


@pipeline
def the_stream_keeps_rows_through_an_outage(stack: Stack) -> Iterator[str]:
    mapping = mappings(stack).get("validator", {})
    for member, wanted in {
            "EventSourceArn": stack.identity("UploadRecords")["StreamArn"], "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 500, "MaximumBatchingWindowInSeconds": 1, "ParallelizationFactor": 1,
            "BisectBatchOnFunctionError": True, "MaximumRetryAttempts": -1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "DestinationConfig": {"OnFailure": {"Destination": queue_arn(stack, "DiscardedQueueUrl")}}}.items():
        yield from differences(f"validator: {member}", mapping.get(member), wanted)
    if not DAY / 2 <= mapping.get("MaximumRecordAgeInSeconds", -1) < DAY:
        yield "validator: MaximumRecordAgeInSeconds is not just below the stream's 24 hours"


@pipeline
def only_rows_to_judge_invoke_the_validator(stack: Stack) -> Iterator[str]:
    filters = mappings(stack).get("validator", {}).get("FilterCriteria", {}).get("Filters", [])
    yield from differences("validator: FilterCriteria", [json.loads(one["Pattern"]) for one in filters], [
        {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"status": {"S": ["pending_validation"]}}}}])


@pipeline
def the_database_has_connections_for_all(stack: Stack) -> Iterator[str]:
    most = {handler: 1 for handler in stack.functions()}
    most |= {handler: mapping.get("ScalingConfig", {}).get("MaximumConcurrency", MAX_CONNECTIONS)
             for handler, mapping in mappings(stack).items() if "StartingPosition" not in mapping}
    units = table(stack).get("OnDemandThroughput", {}).get("MaxWriteRequestUnits", MAX_CONNECTIONS * UNITS_OF_PARTITION)
    most["validator"] = mappings(stack).get("validator", {}).get("ParallelizationFactor", 1) * -(-units // UNITS_OF_PARTITION)
    # With ReserveConcurrency; otherwise the account's quota is the only bound.
    most["link"] = stack.functions()["link"].get("ReservedConcurrentExecutions", MAX_CONNECTIONS)
    if sum(most.values()) > MAX_CONNECTIONS - SPARE_CONNECTIONS:
        yield f"the functions may open {sum(most.values())} connections: {json.dumps(most)}"


# ----- schedules, the URL, secrets -----

@pipeline
def schedules_invoke_their_functions(stack: Stack) -> Iterator[str]:
    rules = {stack.handler_of(target["Arn"]): (logical_id, rule) for logical_id, rule in stack.of("AWS::Events::Rule").items()
             for target in rule.get("Targets", [])}
    yield from differences("scheduled handlers", sorted(rules), sorted(SCHEDULED))
    for handler, (logical_id, rule) in rules.items():
        if not is_schedule(rule.get("ScheduleExpression", "")) or rule.get("State", "ENABLED") != "ENABLED":
            yield f"{logical_id} has no schedule"
        found = [(permission.get("Action"), permission.get("Principal"), permission.get("SourceArn"))
                 for permission in permissions(stack, handler)]
        yield from differences(f"{handler}: who may invoke it", found, [
            ("lambda:InvokeFunction", "events.amazonaws.com", stack.identity(logical_id)["Arn"])])


@pipeline
def scheduled_runs_are_not_repeated(stack: Stack) -> Iterator[str]:
    members = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    found = {stack.handler_of(config["FunctionName"]): tuple(config.get(member) for member in members)
             for config in stack.of("AWS::Lambda::EventInvokeConfig").values()}
    yield from differences("EventInvokeConfig", found, {handler: (0, 300) for handler in sorted(SCHEDULED, reverse=True)})


def permissions(stack: Stack, handler: str) -> list[dict[str, Any]]:
    return [permission for permission in stack.of("AWS::Lambda::Permission").values()
            if stack.handler_of(permission["FunctionName"]) == handler]


@pipeline
def anyone_may_call_the_link_and_nothing_else(stack: Stack) -> Iterator[str]:
    url = only(stack, "AWS::Lambda::Url")
    yield from differences("URL", (url.get("AuthType"), url.get("InvokeMode"), stack.handler_of(url["TargetFunctionArn"])),
                           ("NONE", "BUFFERED", "link"))
    found = sorted((permission.get("Action"), permission.get("FunctionUrlAuthType"), permission.get("InvokedViaFunctionUrl"))
                   for permission in permissions(stack, "link") if permission.get("Principal") == "*")
    yield from differences("permissions of the URL", found, [("lambda:InvokeFunction", None, True),
                                                             ("lambda:InvokeFunctionUrl", "NONE", None)])
    public = [logical_id for logical_id, permission in stack.of("AWS::Lambda::Permission").items()
              if permission.get("Principal") == "*" and stack.handler_of(permission["FunctionName"]) != "link"]
    yield from differences("other public functions", public, [])


@pipeline
def links_are_signed_with_a_generated_key(stack: Stack) -> Iterator[str]:
    secret = only(stack, "AWS::SecretsManager::Secret")
    yield from differences("GenerateSecretString", secret.get("GenerateSecretString"), {
        "SecretStringTemplate": "{}", "GenerateStringKey": "current", "PasswordLength": 64,
        "ExcludeCharacters": "ghijklmnopqrstuvwxyz", "ExcludeUppercase": True, "ExcludePunctuation": True})


@pipeline
def the_database_password_is_rotated(stack: Stack) -> Iterator[str]:
    rotation = only(stack, "AWS::SecretsManager::RotationSchedule")
    rules = rotation.get("RotationRules", {})
    yield from differences("SecretId", rotation.get("SecretId"), stack.parameters["DatabaseSecretArn"])
    yield from differences("RotationLambdaARN", rotation.get("RotationLambdaARN"),
                           arn("lambda", f"function:{stack.functions()['rotate']['FunctionName']}"))
    yield from differences("RotateImmediatelyOnUpdate", rotation.get("RotateImmediatelyOnUpdate"), False)
    if not is_rotation(rules.get("ScheduleExpression", "")) or not DURATION.fullmatch(rules.get("Duration", "")):
        yield "the rotation has no valid schedule"
    if rotation.get("SecretId") == stack.parameters["AdministratorSecretArn"]:
        yield "rotate cannot rotate the secret that it needs"


@pipeline
def only_secrets_manager_rotates(stack: Stack) -> Iterator[str]:
    found = [(permission.get("Action"), permission.get("Principal"), permission.get("SourceAccount"))
             for permission in permissions(stack, "rotate")]
    yield from differences("who may invoke rotate", found,
                           [("lambda:InvokeFunction", "secretsmanager.amazonaws.com", ACCOUNT)])
    needed = [logical_id for logical_id, permission in stack.of("AWS::Lambda::Permission").items()
              if stack.handler_of(permission["FunctionName"]) == "rotate"]
    for logical_id, resource in stack.resources.items():
        if resource["Type"] == "AWS::SecretsManager::RotationSchedule":
            yield from differences(f"{logical_id}: DependsOn", as_list(resource.get("DependsOn")), needed)


# ----- topics -----

@pipeline
def only_the_reporter_mails_vendors(stack: Stack) -> Iterator[str]:
    topic, role = stack.outputs["TopicArn"], stack.functions()["reporter"]["Role"]
    found = sorted(json.dumps({name: value for name, value in statement.items() if name != "Sid"}, sort_keys=True)
                   for statement in policy_of(stack, "AWS::SNS::TopicPolicy", "Topics", topic))
    publish = {"Action": ["sns:Publish"], "Resource": [topic]}
    wanted = sorted(json.dumps({**publish, **statement}, sort_keys=True) for statement in (
        {"Effect": "Allow", "Principal": {"AWS": role}},
        {"Effect": "Deny", "Principal": "*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": role}}},
        {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}))
    yield from differences("policy of the mails' topic", found, wanted)


@pipeline
def mails_are_encrypted(stack: Stack) -> Iterator[str]:
    keys = {stack.identity(logical_id)["Ref"]: topic.get("KmsMasterKeyId")
            for logical_id, topic in stack.of("AWS::SNS::Topic").items()}
    yield from differences("KmsMasterKeyId", keys.get(stack.outputs["TopicArn"]), "alias/aws/sns")
    # CloudWatch cannot use AWS's managed key.
    yield from differences("KmsMasterKeyId", keys.get(stack.outputs["AlarmTopicArn"]), None)


@pipeline
def alarms_reach_an_operator(stack: Stack) -> Iterator[str]:
    topic = stack.outputs["AlarmTopicArn"]
    found = [(statement["Effect"], statement.get("Principal"), statement["Action"], statement["Resource"],
              statement.get("Condition")) for statement in policy_of(stack, "AWS::SNS::TopicPolicy", "Topics", topic)]
    yield from differences("policy of the alarms' topic", found, [
        ("Allow", {"Service": "cloudwatch.amazonaws.com"}, ["sns:Publish"], [topic],
         {"StringEquals": {"aws:SourceAccount": ACCOUNT}})])
    subscriptions = [(one.get("TopicArn"), one.get("Protocol"), one.get("Endpoint"))
                     for one in stack.of("AWS::SNS::Subscription").values()]
    yield from differences("subscriptions", subscriptions, [(topic, "email", stack.parameters["AlarmEmail"])])


# ----- alarms, dashboard, budget -----

Metric = tuple[str, ...]


def queue_metric(stack: Stack, metric: str, output: str) -> Metric:
    return ("AWS/SQS", metric, "QueueName", stack.outputs[output].rpartition("/")[2])


def alarmed_metrics(alarm: dict[str, Any]) -> set[Metric]:
    """Return namespace, name and dimension of each metric of an alarm."""
    metrics = [alarm] if "MetricName" in alarm else [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", [])
                                                     if "MetricStat" in one]
    return {(one.get("Namespace", ""), one.get("MetricName", ""), dimension.get("Name", ""), dimension.get("Value", ""))
            for one in metrics for dimension in one.get("Dimensions", [])}


def watched_metrics(stack: Stack) -> set[Metric]:
    watched = {queue_metric(stack, "ApproximateAgeOfOldestMessage", output) for output in ("UploadQueueUrl", "ErrorQueueUrl")}
    watched |= {queue_metric(stack, "ApproximateNumberOfMessagesVisible", output) for output in (
        "UploadDeadQueueUrl", "ErrorDeadQueueUrl", "DiscardedQueueUrl", "QuarantineQueueUrl")}
    for metric, exceptions in (("Errors", ()), ("Throttles", ("rotate",)), ("Duration", ("direct", "rotate", "check"))):
        watched |= {("AWS/Lambda", metric, "FunctionName", function["FunctionName"])
                    for handler, function in stack.functions().items() if handler not in exceptions}
    for metric, handler in (("IteratorAge", "validator"), ("Url5xxCount", "link")):
        watched.add(("AWS/Lambda", metric, "FunctionName", stack.functions()[handler]["FunctionName"]))
    watched |= {(stack.name, metric, "Handler", "sweeper") for metric in ("UploadsOldestSeconds", "UnreportedOldestSeconds")}
    watched |= {(stack.name, metric, "Handler", "check")
                for metric in ("DatabaseDiskUsed", "DatabaseCertificateSeconds", "DatabaseBackupSeconds")}
    for metric in ("NumberOfMessagesPublished", "NumberOfNotificationsDelivered"):
        watched.add(("AWS/SNS", metric, "TopicName", stack.outputs["TopicArn"].rpartition(":")[2]))
    return watched


@pipeline
def alarms_watch_every_stage(stack: Stack) -> Iterator[str]:
    wanted = watched_metrics(stack)
    found = {metric for alarm in stack.of("AWS::CloudWatch::Alarm").values() for metric in alarmed_metrics(alarm)}
    yield from (f"no alarm watches {metric}" for metric in sorted(wanted - found))
    yield from (f"{metric} does not exist" for metric in sorted(found - wanted))


@pipeline
def alarms_watch_metrics_that_functions_write(stack: Stack) -> Iterator[str]:
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        for metric in alarmed_metrics(alarm):
            if metric[0] == stack.name and metric[1] not in written_metrics():
                yield f"{logical_id}: no function writes {metric[1]}"


@pipeline
def alarms_name_their_runbook_entry(stack: Stack) -> Iterator[str]:
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        entry = alarm.get("AlarmName", "").removeprefix(f"{stack.name}-")
        if not alarm.get("AlarmDescription", "").endswith(f": {RUNBOOK}#{entry}"):
            yield f"{logical_id} does not name {RUNBOOK}#{entry}"


@pipeline
def alarms_are_sent(stack: Stack) -> Iterator[str]:
    topic = [stack.outputs["AlarmTopicArn"]]
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        for member in ("AlarmActions", "OKActions"):
            yield from differences(f"{logical_id}: {member}", alarm.get(member), topic)
        # What is reported all the time alarms when it is not; other metrics exist only when something happens.
        silent = alarm.get("TreatMissingData") == "missing"
        if alarm.get("TreatMissingData") not in ("missing", "notBreaching") or \
                alarm.get("InsufficientDataActions", []) != (topic if silent else []):
            yield f"{logical_id}: missing data are not what they mean"


@pipeline
def silence_is_alarming_where_data_are_regular(stack: Stack) -> Iterator[str]:
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        check = stack.functions()["check"]["FunctionName"]
        regular = any(metric[3] == "sweeper" or metric[1:] == ("Errors", "FunctionName", check)
                      for metric in alarmed_metrics(alarm))
        yield from differences(f"{logical_id}: TreatMissingData", alarm.get("TreatMissingData"),
                               "missing" if regular else "notBreaching")


@pipeline
def alarms_have_thresholds(stack: Stack) -> Iterator[str]:
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        single = {"Namespace", "MetricName", "Dimensions", "Statistic", "Period"}
        if not single <= set(alarm) and "Metrics" not in alarm or \
                not {"EvaluationPeriods", "ComparisonOperator", "Threshold"} <= set(alarm):
            yield f"{logical_id} is incomplete"
        falling = alarm.get("MetricName") == "DatabaseCertificateSeconds"
        yield from differences(f"{logical_id}: ComparisonOperator", alarm.get("ComparisonOperator"),
                               "LessThanThreshold" if falling else "GreaterThanThreshold")


@pipeline
def calculated_alarms_use_all_their_metrics(stack: Stack) -> Iterator[str]:
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        metrics = alarm.get("Metrics", [])
        measured = [one for one in metrics if "MetricStat" in one]
        for one in measured:
            if one.get("ReturnData") is not False or not {"Period", "Stat"} <= set(one["MetricStat"]):
                yield f"{logical_id}: a metric is incomplete, or alarms itself: {json.dumps(one)}"
        expressions = [one.get("Expression", "") for one in metrics if one not in measured and "Id" in one]
        if metrics and len(expressions) != 1:
            yield f"{logical_id} does not have exactly one expression"
        for expression in expressions:
            ids = {one["Id"] for one in measured}
            if expression == "SUM(FILL(METRICS(), 0))":
                continue
            used = set(re.findall(r"[a-z]+", expression))
            yield from differences(f"{logical_id}: metrics", sorted(ids), sorted(used))
            # What was not published needs no delivery; any other gap would leave the result without data.
            if used - set(re.findall(r"FILL\((\w+), 0\)", expression)) - {"published"}:
                yield f"{logical_id}: a gap in one metric silences the alarm"


@pipeline
def slowness_is_a_share_of_the_timeouts(stack: Stack) -> Iterator[str]:
    for logical_id, alarm in stack.of("AWS::CloudWatch::Alarm").items():
        if any(metric[1] == "Duration" for metric in alarmed_metrics(alarm)):
            expression = next(one["Expression"] for one in alarm["Metrics"] if "Expression" in one)
            found = {name: int(milliseconds) for name, milliseconds in re.findall(r"FILL\((\w+), 0\) / (\d+)", expression)}
            wanted = {handler: 1000 * function.get("Timeout", 3) for handler, function in stack.functions().items()
                      if handler in found}
            yield from differences(f"{logical_id}: timeouts", found, wanted)


@pipeline
def the_dashboard_shows_what_exists(stack: Stack) -> Iterator[str]:
    boards = list(stack.of("AWS::CloudWatch::Dashboard").values())
    own = written_metrics()
    names = {stack.name, "parser", "validator", "sweeper",
             *(function["FunctionName"] for function in stack.functions().values()),
             *(queue.get("QueueName") for queue in stack.of("AWS::SQS::Queue").values()),
             *(topic.get("TopicName") for topic in stack.of("AWS::SNS::Topic").values())}
    if len(boards) != 1:
        yield "there is not exactly one dashboard"
    for board in boards:
        shown = [metric for widget in json.loads(board.get("DashboardBody", '{"widgets": []}'))["widgets"]
                 for metric in widget["properties"]["metrics"]]
        if not shown:
            yield "the dashboard is empty"
        yield from (f"the dashboard shows {metric}" for metric in shown if metric[3] not in names
                    or metric[0] not in (stack.name, "AWS/SQS", "AWS/SNS", "AWS/Lambda")
                    or metric[0] == stack.name and metric[1] not in own)


@pipeline
def costs_are_watched(stack: Stack) -> Iterator[str]:
    budget = only(stack, "AWS::Budgets::Budget")
    yield from differences("Budget", budget.get("Budget"), {
        "BudgetName": f"{stack.name}-monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": stack.parameters.get("MonthlyBudget", 50), "Unit": "USD"}})
    yield from differences("who is notified of costs", budget.get("NotificationsWithSubscribers"), [
        {"Notification": {"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": percent,
                          "ThresholdType": "PERCENTAGE"},
         "Subscribers": [{"SubscriptionType": "EMAIL", "Address": stack.parameters["AlarmEmail"]}]}
        for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))])


# ----- the functions' environment -----

def values(stack: Stack, handler: str) -> dict[str, Any]:
    """Return what the variables are that the stack sets for each handler that uses them."""
    secret = stack.identity("LinkKey")["Ref"]
    return {
        "DATABASE_SECRET_ID": stack.parameters["DatabaseSecretArn"],
        "OPERATOR_SECRET_ID": stack.parameters["OperatorSecretArn"],
        "ROTATE_ADMIN_SECRET_ID": stack.parameters["AdministratorSecretArn"],
        "LOG_LEVEL": "info", "METRICS_NAMESPACE": stack.name,
        "BUCKET": bucket_name(stack), "UPLOAD_RECORDS_TABLE": stack.outputs["TableName"],
        "UPLOAD_QUEUE_URL": stack.outputs["UploadQueueUrl"], "UPLOAD_DEAD_QUEUE_URL": stack.outputs["UploadDeadQueueUrl"],
        "ERROR_DEAD_QUEUE_URL": stack.outputs["ErrorDeadQueueUrl"],
        "ERROR_QUEUE_URL": stack.outputs["ErrorQueueUrl"], "QUARANTINE_QUEUE_URL": stack.outputs["QuarantineQueueUrl"],
        "NOTIFICATION_TOPIC_ARN": stack.outputs["TopicArn"],
        "LINK_BASE_URL": stack.outputs["LinkUrl"], "LINK_SECRET_ID": secret,
        "MAX_FILE_BYTES": 10485760, "MAX_ROWS": 10000,
        **({"ROUTE": "direct" if uses_direct(stack) else "auto"} if handler == "sweeper" else {}),
    }


@pipeline
def functions_know_their_stack(stack: Stack) -> Iterator[str]:
    for handler, function in stack.functions().items():
        used = variables(handler)
        wanted = {name: value for name, value in values(stack, handler).items() if name in used}
        found = function.get("Environment", {}).get("Variables", {})
        yield from (f"{handler} does not use {name}" for name in sorted(set(found) - used.keys()))
        yield from (f"{handler} requires {name}" for name, required_ in used.items() if required_ and name not in found)
        for name in sorted(wanted.keys() | found.keys() & used.keys()):
            yield from differences(f"{handler}: {name}", found.get(name), wanted.get(name))


# ----- the artefacts -----

@artifacts
def images_are_scanned_and_never_replaced(stack: Stack) -> Iterator[str]:
    for logical_id, repository in stack.of("AWS::ECR::Repository").items():
        for member, wanted in {"ImageScanningConfiguration": {"ScanOnPush": True}, "ImageTagMutability": "IMMUTABLE",
                               "EncryptionConfiguration": {"EncryptionType": "AES256"}, "EmptyOnDelete": True}.items():
            yield from differences(f"{logical_id}: {member}", repository.get(member), wanted)


@artifacts
def old_images_expire_by_count(stack: Stack) -> Iterator[str]:
    for logical_id, repository in stack.of("AWS::ECR::Repository").items():
        text = repository.get("LifecyclePolicy", {}).get("LifecyclePolicyText", '{"rules": []}')
        kinds = [(rule["selection"]["countType"], rule["action"]["type"]) for rule in json.loads(text)["rules"]]
        yield from differences(f"{logical_id}: LifecyclePolicy", kinds, [("imageCountMoreThan", "expire")])


@artifacts
def this_accounts_functions_pull_images(stack: Stack) -> Iterator[str]:
    for logical_id, repository in stack.of("AWS::ECR::Repository").items():
        found = [(statement["Effect"], statement.get("Principal"), statement["Action"], statement.get("Condition"))
                 for statement in statements(repository.get("RepositoryPolicyText", {"Statement": []}))]
        yield from differences(f"{logical_id}: RepositoryPolicyText", found, [
            ("Allow", {"Service": "lambda.amazonaws.com"}, ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
             {"ArnLike": {"aws:SourceArn": arn("lambda", "function:*")}})])


@artifacts
def replaced_packages_expire(stack: Stack) -> Iterator[str]:
    for logical_id, bucket in stack.of("AWS::S3::Bucket").items():
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        found = {name for rule in rules if rule.get("Status") == "Enabled" for name, value in rule.items() if value}
        wanted = {"NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", "ExpiredObjectDeleteMarker"}
        yield from (f"{logical_id}: no rule has {name}" for name in sorted(wanted - found))
        yield from differences(f"{logical_id}: VersioningConfiguration", bucket.get("VersioningConfiguration"),
                               {"Status": "Enabled"})


@artifacts
def outputs_are_what_the_other_stacks_need(stack: Stack) -> Iterator[str]:
    yield from differences("outputs", sorted(stack.outputs), ["ArtifactBucket", "RepositoryName", "RepositoryUri"])


def problems(assertion: Assertion, stack: Stack) -> list[str]:
    """Return what an assertion finds; a template that lacks what it looks for is a problem, too."""
    try:
        return list(assertion(stack))
    except (KeyError, IndexError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        return [f"{type(error).__name__}: {error}"]
