"""The queues, and the topics of mails and alarms."""

import json
from typing import Iterator

from assertion import DAY, differences, pipeline, policy_of, queue_arn, refuses_plain_text
from stack import ACCOUNT, Stack

LONGEST_RETENTION = 14 * DAY


# ----- queues -----

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
