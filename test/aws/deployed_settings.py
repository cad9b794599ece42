"""What the tests run with: functions, queues, table, mappings, schedules and secrets of the template.

Everything comes from glue/deploy/templates/pipeline.yaml, transformed and resolved, so that the tests use the filters,
batches, times and variables that a deployment has. Names lack the stack's name; the emulated services
have only one.
"""

import json
import os
import sys
from typing import Any, Mapping

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Last, because other programs have modules of the same names.
sys.path.append(os.path.join(ROOT, "glue", "deploy", "checks"))

from stack import PIPELINE_PARAMETERS, Stack  # noqa: E402
from transform import transformed_template  # noqa: E402

# The secrets of the database stack, by the parameters that name them.
SECRETS = {"database": "DatabaseSecretArn", "administrator": "AdministratorSecretArn", "operator": "OperatorSecretArn"}
PARAMETERS = {**PIPELINE_PARAMETERS, **{parameter: f"ecommerce/rds/{name}" for name, parameter in SECRETS.items()}}

# Members of CloudFormation's queues that are not attributes of SQS.
NOT_ATTRIBUTES = ("QueueName", "Tags", "RedrivePolicy", "RedriveAllowPolicy")


def deployed_stack(identities: Mapping[str, Mapping[str, str]] | None = None) -> Stack:
    return Stack(transformed_template("pipeline"), PARAMETERS, identities=identities or {})


def short(stack: Stack, name: str) -> str:
    """Return a name, or the name in an ARN, without the stack's."""
    return name.rpartition(":")[2].removeprefix(f"{stack.name}-")


def read_settings() -> dict[str, Any]:
    """Return the settings with CloudFormation's names, and names of resources instead of references."""
    stack = deployed_stack()
    return {
        "Functions": {handler: function for handler, function in stack.functions().items()},
        "Bucket": bucket(stack),
        "Table": table(stack),
        "Queues": {short(stack, queue["QueueName"]): queue_settings(stack, queue)
                   for queue in stack.of("AWS::SQS::Queue").values()},
        "Topic": short(stack, stack.outputs["TopicArn"]),
        "Secrets": {**{name: PARAMETERS[parameter] for name, parameter in SECRETS.items()},
                    "link": stack.of("AWS::SecretsManager::Secret")["LinkKey"]["Name"]},
        "Schedules": {short(stack, rule["Name"]): {"FunctionName": stack.handler_of(rule["Targets"][0]["Arn"]),
                                                   "ScheduleExpression": rule["ScheduleExpression"]}
                      for rule in stack.of("AWS::Events::Rule").values()},
        "EventSourceMappings": dict(mapping(stack, properties)
                                    for properties in stack.of("AWS::Lambda::EventSourceMapping").values()
                                    if properties.get("Enabled", True)),
    }


def bucket(stack: Stack) -> dict[str, Any]:
    properties = stack.of("AWS::S3::Bucket")["UploadBucket"]
    announced, = properties["NotificationConfiguration"]["QueueConfigurations"]
    rules = announced["Filter"]["S3Key"]["Rules"]
    return {"VersioningConfiguration": properties["VersioningConfiguration"],
            "Notification": {"Events": [announced["Event"]], "FilterRules": rules, "Queue": short(stack, announced["Queue"])}}


def table(stack: Stack) -> dict[str, Any]:
    """Return the table as CreateTable expects it, and its time to live."""
    properties = stack.of("AWS::DynamoDB::Table")["UploadRecords"]
    known = {name: value for name, value in properties.items() if name not in ("Tags", "PointInTimeRecoverySpecification")}
    return {**known, "TableName": short(stack, properties["TableName"]),
            "StreamSpecification": {"StreamEnabled": True, **properties["StreamSpecification"]}}


def queue_settings(stack: Stack, queue: dict[str, Any]) -> dict[str, Any]:
    settings = {name: value for name, value in queue.items() if name not in NOT_ATTRIBUTES}
    if "RedrivePolicy" in queue:
        policy = queue["RedrivePolicy"]
        settings["RedrivePolicy"] = {"deadLetterQueue": short(stack, policy["deadLetterTargetArn"]),
                                     "maxReceiveCount": policy["maxReceiveCount"]}
    return settings


def mapping(stack: Stack, properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name of a mapping, which is its source's, and the mapping."""
    arn = properties["EventSourceArn"]
    settings = {**properties, "FunctionName": stack.handler_of(properties["FunctionName"])}
    if "StartingPosition" not in properties:
        return short(stack, arn), {**settings, "EventSource": {"Queue": short(stack, arn)}}
    # The filter's pattern is a text on AWS.
    filters = [{"Pattern": json.loads(one["Pattern"])} for one in properties["FilterCriteria"]["Filters"]]
    destination = short(stack, properties["DestinationConfig"]["OnFailure"]["Destination"])
    return "upload-records", {**settings, "EventSource": {"Stream": short(stack, arn.split("/")[1])},
                              "FilterCriteria": {"Filters": filters},
                              "DestinationConfig": {"OnFailure": {"Queue": destination}}}


def variables(handler: str, identities: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the environment of a handler's function, with the emulated resources in place of AWS's."""
    found = deployed_stack(identities).functions()[handler]["Environment"]["Variables"]
    return {name: str(value) for name, value in found.items()}
