"""The functions: roles, event sources, schedules, secrets, environment."""

import json
import os
import re
from typing import Any, Iterator

from assertion import DAY, HANDLERS, bucket_name, differences, only, pipeline, queue_arn, table, uploads
from page import default, variables
from permissions import allowed, required
from stack import ACCOUNT, Stack, arn, as_list, statements
from transform import DEPLOY

SCHEDULED = {"sweeper", "check"}
QUEUE_OF = {"parser": "UploadQueueUrl", "direct": "UploadQueueUrl", "reporter": "ErrorQueueUrl"}

# An on-demand table has a partition, so a shard of the stream and a validator, for each 1,000 write units.
UNITS_OF_PARTITION = 1000

# Connections for people, backups and the server itself, out of what the database allows.
SPARE_CONNECTIONS = 20
with open(os.path.join(DEPLOY, "database", "postgresql.conf"), encoding="utf-8") as conf:
    MAX_CONNECTIONS = int(re.findall(r"^max_connections = (\d+)", conf.read(), re.MULTILINE)[0])

# Schedules: Amazon EventBridge User Guide, "Setting a schedule pattern"; AWS Secrets Manager User Guide, "Schedule
# expressions in Secrets Manager rotation": at least four hours apart, or at an hour and not a minute.
RATE = re.compile(r"rate\((1 (?:minute|hour|day)|(?!0|1 )\d+ (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\([^ ()]+( [^ ()]+){5}\)")
ROTATION_HOURS = 4
DURATION = re.compile(r"[1-9]\d?h")


def is_schedule(expression: str) -> bool:
    return bool(RATE.fullmatch(expression) or CRON.fullmatch(expression))


def is_rotation(expression: str) -> bool:
    rate = re.fullmatch(r"rate\((\d+) (hours?|days?)\)", expression)
    if rate and is_schedule(expression):
        return int(rate[1]) * (24 if rate[2].startswith("day") else 1) >= ROTATION_HOURS
    return bool(CRON.fullmatch(expression)) and expression.startswith("cron(0 ")


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


def setting(stack: Stack, handler: str, name: str) -> int:
    """Return a number that a handler is configured with, or its default."""
    given = stack.functions()[handler].get("Environment", {}).get("Variables", {})
    return int(given.get(name, default(name)))


@pipeline
def a_report_is_leased_for_longer_than_it_takes(stack: Stack) -> Iterator[str]:
    lease, timeout = setting(stack, "reporter", "REPORT_LEASE_SECONDS"), stack.functions()["reporter"].get("Timeout", 3)
    queue = next(queue for logical_id, queue in stack.of("AWS::SQS::Queue").items()
                 if stack.identity(logical_id)["Ref"] == stack.outputs["ErrorQueueUrl"])
    # Otherwise two reporters mail the same report, or a message is redelivered only to find the report leased.
    if not timeout < lease < queue.get("VisibilityTimeout", 30):
        yield f"a report is leased for {lease} s, which is not between {timeout} s and the queue's visibility"


@pipeline
def the_sweeper_looks_for_files_that_still_exist(stack: Stack) -> Iterator[str]:
    rules = uploads(stack).get("LifecycleConfiguration", {}).get("Rules", [])
    rule = next(rule for rule in rules if rule.get("Prefix") == "uploads/")
    days = setting(stack, "sweeper", "SWEEP_LIST_DAYS")
    if days >= min(rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"]):
        yield f"the sweeper looks for files of {days} days, some of which have expired"


@pipeline
def the_sweeper_ends_before_it_runs_again(stack: Stack) -> Iterator[str]:
    expressions = [rule.get("ScheduleExpression", "") for rule in stack.of("AWS::Events::Rule").values()
                   for target in rule.get("Targets", []) if stack.handler_of(target["Arn"]) == "sweeper"]
    minutes = [int(number) for text in expressions for number in re.findall(r"rate\((\d+) minutes?\)", text)]
    if not minutes or stack.functions()["sweeper"].get("Timeout", 3) > 60 * min(minutes):
        yield "the sweeper may still run when its schedule invokes it again"


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
