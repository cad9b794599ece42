"""Alarms, the dashboard and the budget."""

import json
import re
from typing import Any, Iterator

from assertion import RUNBOOK, differences, only, pipeline
from page import written_metrics
from stack import Stack


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
    watched |= {(stack.name, metric, "Handler", "sweeper")
                for metric in ("UploadsOldestSeconds", "UnreportedOldestSeconds", "HeldRowsOldestSeconds")}
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
    names = {stack.name, "parser", "reporter", "sweeper",
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
