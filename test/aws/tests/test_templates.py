"""Test the templates of glue/deploy/: every assertion holds, and fails if its subject is missing or wrong.

The assertions are in glue/deploy/checks/, in the modules that assertions.py names.  Each part of each resource is removed
once, and some assertion must notice, unless the part is free.
"""

import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Callable, Iterator

from assertions import ARTIFACTS, DATABASE, PIPELINE, RUNBOOK, Assertion, problems
from stack import DATABASE_PARAMETERS, PIPELINE_PARAMETERS, Stack, UnresolvedError
from transform import TEMPLATES, TransformError, read_template, transform_template, transformed_template

Path = tuple[Any, ...]

DEPLOY = os.path.dirname(TEMPLATES)

# Parts without which a stack works as well: what people read, names of rules, conditions of creation, which are resolved
# already, and what the transform adds by itself.
FREE = re.compile(r".*/((Group)?Description|Sid|PolicyName|Label|Version|Rules/\d+/Id)"
                  r"|\w+/Condition"
                  r"|.*/Tags/0(/\w+)?|\w+EventInvokeConfig/Properties/(DestinationConfig|Qualifier)|.*/Targets/0/Id")

# Wrong values, and the assertion that rejects them.  Assertions that fail when any part is removed need none.
PIPELINE_FAULTS: list[tuple[str, Any, str]] = [
    ("UploadQueue/Properties/VisibilityTimeout", 1799, "messages_stay_invisible_for_six_timeouts"),
    ("UploadQueue/Properties/RedrivePolicy/maxReceiveCount", 4, "dead_messages_go_to_the_queues_own_dead_letters"),
    ("UploadQueue/Properties/QueueName", "upload-events", "names_derive_from_the_stack"),
    ("UploadRecords/DeletionPolicy", "Delete", "vendors_files_outlive_the_stack"),
    ("UploadRecords/Properties/OnDemandThroughput/MaxWriteRequestUnits", 80000, "the_database_has_connections_for_all"),
    ("UploadRecords/Properties/StreamSpecification/StreamViewType", "KEYS_ONLY", "the_stream_has_new_images"),
    ("UploadBucket/Properties/NotificationConfiguration/QueueConfigurations/0/Filter/S3Key/Rules/0",
     {"Name": "suffix", "Value": ".csv"}, "uploads_are_announced_by_prefix_alone"),
    ("UploadBucket/Properties/LifecycleConfiguration/Rules/1/ExpirationInDays", 7, "old_objects_expire"),
    ("ParserFunctionUploads/Properties/ScalingConfig/MaximumConcurrency", 100, "the_database_has_connections_for_all"),
    ("ParserFunctionUploads/Properties/Enabled", False, "one_function_reads_uploads"),
    ("ParserFunctionUploads/Properties/FunctionResponseTypes", [], "queues_feed_their_functions"),
    ("ValidatorFunctionRows/Properties/MaximumRecordAgeInSeconds", -1, "the_stream_keeps_rows_through_an_outage"),
    ("ValidatorFunctionRows/Properties/MaximumRetryAttempts", 3, "the_stream_keeps_rows_through_an_outage"),
    ("ParserRole/Properties/ManagedPolicyArns", ["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"],
     "each_function_has_a_role_of_its_own"),
    ("ParserRole/Properties/Policies/0/PolicyDocument/Statement/0/Action", ["sqs:*"],
     "roles_allow_what_the_handlers_page_says"),
    ("ParserRole/Properties/Policies/0/PolicyDocument/Statement/2/Resource", "*", "roles_allow_what_the_handlers_page_says"),
    ("ParserFunction/Properties/Environment/Variables/LINK_DAYS", 30, "functions_know_their_stack"),
    ("ParserFunction/Properties/Environment/Variables/BUKCET", "x", "functions_know_their_stack"),
    ("LinkFunction/Properties/ReservedConcurrentExecutions", 500, "the_database_has_connections_for_all"),
    ("LinkFunctionUrl/Properties/AuthType", "AWS_IAM", "anyone_may_call_the_link_and_nothing_else"),
    ("OperatorPermission", {"Type": "AWS::Lambda::Permission", "Properties": {
        "Action": "lambda:InvokeFunction", "FunctionName": "onboard-operator", "Principal": "*"}},
     "anyone_may_call_the_link_and_nothing_else"),
    *(("SweeperFunctionSweep/Properties/ScheduleExpression", text, "schedules_invoke_their_functions")
      for text in ("rate(1 minutes)", "rate(5 minute)", "rate(0 days)", "every hour", "cron(0 12 * * ?)")),
    *(("DatabaseRotation/Properties/RotationRules/ScheduleExpression", text, "the_database_password_is_rotated")
      for text in ("rate(30 minutes)", "rate(3 hours)", "cron(30 12 * * ? *)")),
    ("DatabaseRotation/Properties/RotationRules/Duration", "120", "the_database_password_is_rotated"),
    ("DatabaseRotation/Properties/SecretId", PIPELINE_PARAMETERS["AdministratorSecretArn"],
     "the_database_password_is_rotated"),
    ("ParserFunction/Properties/ImageConfig/Command/0", "parse", "there_is_a_function_for_each_handler"),
    ("ParserFunction/Properties/Timeout", 60, "slowness_is_a_share_of_the_timeouts"),
    ("UploadsStalledAlarm/Properties/TreatMissingData", "notBreaching", "silence_is_alarming_where_data_are_regular"),
    ("UploadsStalledAlarm/Properties/ComparisonOperator", "LessThanThreshold", "alarms_have_thresholds"),
    ("MailsUndeliveredAlarm/Properties/Metrics/0/Expression", "published - delivered",
     "calculated_alarms_use_all_their_metrics"),
    ("UploadsStalledAlarm/Properties/MetricName", "UploadsOldest", "alarms_watch_metrics_that_functions_write"),
    ("UploadsStalledAlarm/Properties/AlarmDescription", "Something is wrong", "alarms_name_their_runbook_entry"),
    ("Budget/Properties/Budget/BudgetLimit/Amount", 0, "costs_are_watched"),
]

ARTIFACT_FAULTS: list[tuple[str, Any, str]] = [
    ("Repository/Properties/ImageTagMutability", "MUTABLE", "images_are_scanned_and_never_replaced"),
    ("Repository/Properties/RepositoryName", "onboard", "names_derive_from_the_stack"),
]

DATABASE_FAULTS: list[tuple[str, Any, str]] = [
    ("Gateway", {"Type": "AWS::EC2::NatGateway", "Properties": {}}, "nothing_leads_to_the_internet"),
    ("SubnetA/Properties/MapPublicIpOnLaunch", True, "nothing_leads_to_the_internet"),
    ("SubnetB/Properties/AvailabilityZone", "us-east-1a", "subnets_are_in_different_zones_of_the_network"),
    ("SqsEndpoint/Properties/PolicyDocument/Statement/0/Condition/StringEquals/aws:ResourceAccount", "*",
     "endpoints_serve_this_account_only"),
    ("FunctionSecurityGroup/Properties/SecurityGroupEgress", [], "groups_send_only_where_they_must"),
    ("FunctionSecurityGroup/Properties/SecurityGroupEgress/0/ToPort", 65535, "groups_send_only_where_they_must"),
    ("DatabaseFromFunction/Properties/FromPort", 0, "groups_receive_only_what_they_must"),
    ("DatabaseFromFunction/Properties/FromPort", 5433, "connections_are_permitted_at_both_ends"),
    ("AccessEndpoint/Properties/PreserveClientIp", True, "operators_enter_only_through_an_endpoint"),
    ("OperatorSecret/Properties/Name", "operator", "secrets_are_found_by_the_stacks_name"),
    ("DataVolume/DeletionPolicy", "Delete", "backups_can_be_read_after_the_stack_is_gone"),
    ("BackupBucket/Properties/BucketName", "backups", "backups_can_be_read_after_the_stack_is_gone"),
    ("BackupBucketPolicy/Properties/PolicyDocument/Statement/0/Condition/Bool/aws:SecureTransport", "true",
     "buckets_accept_only_tls"),
    ("InstanceRole/Properties/Policies/1/PolicyDocument/Statement/0/Action", "secretsmanager:*",
     "the_role_allows_what_the_scripts_do"),
    ("InstanceRole/Properties/ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
     "the_role_allows_what_the_scripts_do"),
    ("DataVolume/Properties/Encrypted", False, "data_are_on_a_volume_of_their_own"),
    ("InstanceTemplate/Properties/LaunchTemplateData/MetadataOptions/HttpTokens", "optional",
     "credentials_require_version_2_of_the_metadata_service"),
    ("Instance/Properties/NetworkInterfaces", [{"AssociatePublicIpAddress": True}], "nothing_leads_to_the_internet"),
    ("Instance/DependsOn", ["S3Endpoint"], "the_first_start_finds_what_it_needs"),
    ("Instance/Properties/UserData", "#!/bin/sh", "the_user_data_sets_what_the_scripts_read"),
]


def pipeline_stack(name: str = "onboard", **parameters: Any) -> Stack:
    return Stack(transformed_template("pipeline"), {**PIPELINE_PARAMETERS, **parameters}, name)


def artifact_stack() -> Stack:
    return Stack(transformed_template("artifacts"), {}, "onboard-artifacts")


def database_stack(**parameters: Any) -> Stack:
    return Stack(transformed_template("database"), {**DATABASE_PARAMETERS, **parameters}, "onboard-database")


def parts(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all members and items below a value, the outer ones first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from parts(item, (*path, key))


def without(value: Any, path: Path) -> Any:
    """Return a value without the part at this path; only what contains the part is copied."""
    changed = copy.copy(value)
    if len(path) == 1:
        del changed[path[0]]
    else:
        changed[path[0]] = without(value[path[0]], path[1:])
    return changed


def replaced(value: Any, path: list[str], part: Any) -> Any:
    """Return a copy of a value with another part at this path."""
    changed = copy.copy(value)
    key: Any = int(path[0]) if isinstance(value, list) else path[0]
    changed[key] = replaced(value[key], path[1:], part) if len(path) > 1 else part
    return changed


class AssertionsTest(unittest.TestCase):
    """Each assertion on each template is a test of its own, added below."""


def add_claims(name: str, assertions: list[Assertion], make: Callable[[], Stack]) -> None:
    def claim(assertion: Assertion) -> Callable[[unittest.TestCase], None]:
        return lambda test: test.assertEqual(problems(assertion, make()), [])

    for assertion in assertions:
        setattr(AssertionsTest, f"test_{name}_{assertion.__name__}", claim(assertion))


add_claims("pipeline", PIPELINE, pipeline_stack)
add_claims("artifacts", ARTIFACTS, artifact_stack)
add_claims("database", DATABASE, database_stack)

# How each template is resolved, what must hold for it, and its faults.
TEMPLATE_CASES = ((pipeline_stack, PIPELINE, PIPELINE_FAULTS), (artifact_stack, ARTIFACTS, ARTIFACT_FAULTS),
                  (database_stack, DATABASE, DATABASE_FAULTS))


class FaultsTest(unittest.TestCase):
    """The assertions notice every fault of these kinds."""

    def check_removals(self, stack: Stack, assertions: list[Assertion]) -> None:
        whole, order, unnoticed = stack.resources, list(assertions), []
        for path in parts(whole):
            if FREE.fullmatch("/".join(map(str, path))) or len(path) == 1 and self.is_referenced(stack, path[0]):
                continue
            stack.resources = without(whole, path)
            for assertion in order:
                if problems(assertion, stack):
                    # It is likely to notice the next removal, too.
                    order.remove(assertion)
                    order.insert(0, assertion)
                    break
            else:
                unnoticed.append("/".join(map(str, path)))
        self.assertEqual(unnoticed, [])

    @staticmethod
    def is_referenced(stack: Stack, logical_id: str) -> bool:
        """Return whether CloudFormation itself would refuse the template without this resource."""
        try:
            resources = without(stack.template["Resources"], (logical_id,))
            Stack({**stack.template, "Resources": resources}, stack.parameters, stack.name)
        except UnresolvedError:
            return True
        return False

    def test_no_part_of_the_pipeline_is_lost_unnoticed(self) -> None:
        self.check_removals(pipeline_stack(), PIPELINE)

    def test_no_part_of_the_artifacts_is_lost_unnoticed(self) -> None:
        self.check_removals(artifact_stack(), ARTIFACTS)

    def test_no_part_of_the_database_is_lost_unnoticed(self) -> None:
        self.check_removals(database_stack(), DATABASE)

    def test_wrong_values_are_rejected_by_name(self) -> None:
        for make, assertions, faults in TEMPLATE_CASES:
            by_name = {assertion.__name__: assertion for assertion in assertions}
            for path, value, name in faults:
                with self.subTest(path=path, value=value):
                    stack = make()
                    stack.resources = replaced(stack.resources, path.split("/"), value)
                    self.assertNotEqual(problems(by_name[name], stack), [])

    def test_every_assertion_can_fail(self) -> None:
        for make, assertions, faults in TEMPLATE_CASES:
            stack = make()
            whole, paths, proven = stack.resources, list(parts(stack.resources)), {name for _, _, name in faults}
            for assertion in assertions:
                # Outputs are not resources; a missing one is a missing line.
                if assertion.__name__.startswith("outputs_"):
                    name, value = stack.outputs.popitem()
                    self.assertNotEqual(problems(assertion, stack), [], assertion.__name__)
                    stack.outputs[name] = value
                elif assertion.__name__ not in proven:
                    self.assertTrue(any(problems(assertion, self.changed(stack, without(whole, path))) for path in paths),
                                    assertion.__name__)

    @staticmethod
    def changed(stack: Stack, resources: dict[str, Any]) -> Stack:
        stack.resources = resources
        return stack


class VariantsTest(unittest.TestCase):
    """What the parameters switch on and off."""

    def test_all_assertions_hold_with_the_direct_route(self) -> None:
        stack = pipeline_stack(UploadHandler="direct")
        self.assertEqual({assertion.__name__: found for assertion in PIPELINE if (found := problems(assertion, stack))}, {})

    def test_two_stacks_share_no_name(self) -> None:
        def all_names(stack: Stack) -> set[str]:
            return {stack.identity(logical_id)["Ref"] for logical_id in stack.resources}

        self.assertEqual(all_names(pipeline_stack("first")) & all_names(pipeline_stack("second")), set())

    def test_without_an_administrator_nothing_rotates(self) -> None:
        stack = pipeline_stack(AdministratorSecretArn="")
        self.assertNotIn("rotate", stack.functions())
        self.assertEqual(stack.of("AWS::SecretsManager::RotationSchedule"), {})
        self.assertNotIn("RotateFunctionName", stack.outputs)

    def test_without_an_operators_secret_the_functions_login_is_used(self) -> None:
        variables = pipeline_stack(OperatorSecretArn="").functions()["operator"]["Environment"]["Variables"]
        self.assertEqual(variables["OPERATOR_SECRET_ID"], PIPELINE_PARAMETERS["DatabaseSecretArn"])

    def test_without_an_address_there_is_no_budget(self) -> None:
        for parameters in ({"AlarmEmail": ""}, {"MonthlyBudget": 0}):
            self.assertEqual(pipeline_stack(**parameters).of("AWS::Budgets::Budget"), {})

    def test_concurrency_is_reserved_only_on_demand(self) -> None:
        for value in ("auto", "false"):
            self.assertNotIn("ReservedConcurrentExecutions", pipeline_stack(ReserveConcurrency=value).functions()["link"])

    def test_a_second_zone_is_optional(self) -> None:
        stack = database_stack(Zones="1")
        self.assertEqual(list(stack.of("AWS::EC2::Subnet")), ["SubnetA"])
        self.assertEqual({len(endpoint.get("SubnetIds", "-")) for endpoint in stack.of("AWS::EC2::VPCEndpoint").values()}, {1})
        self.assertEqual(stack.outputs["SubnetIds"], "onboard-database-SubnetA")

    def test_the_instance_can_be_removed_without_its_data(self) -> None:
        whole, rest = database_stack(), database_stack(InstancePresent="false")
        self.assertEqual(whole.resources.keys() - rest.resources.keys(), {"Instance", "DataVolumeAttachment", "DatabaseName"})
        self.assertEqual(whole.outputs.keys() - rest.outputs.keys(), {"DatabaseInstanceId"})

    def test_operators_enter_only_with_a_key(self) -> None:
        whole, closed = database_stack(), database_stack(OperatorKeyName="")
        self.assertEqual(whole.resources.keys() - closed.resources.keys(), {
            "AccessEndpoint", "AccessSecurityGroup", "AccessToDatabase", "DatabaseFromAccess"})
        self.assertNotIn("KeyName", closed.resources["Instance"]["Properties"])

    def test_the_runbook_has_an_entry_for_each_alarm(self) -> None:
        path = os.path.join(DEPLOY, os.path.basename(RUNBOOK))
        if not os.path.exists(path):
            self.skipTest("there is no runbook")
        with open(path, encoding="utf-8") as file:
            headings = re.findall(r"^#+ (.*)$", file.read(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
        entries = {alarm["AlarmDescription"].rpartition("#")[2]
                   for alarm in pipeline_stack().of("AWS::CloudWatch::Alarm").values()}
        self.assertEqual(entries - anchors, set())


class ResolutionTest(unittest.TestCase):
    """The substitute for CloudFormation refuses what it cannot resolve."""

    def stack(self, **properties: Any) -> Stack:
        return Stack({"Parameters": {"Required": {"Type": "String"}}, "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
                      "Resources": {"One": {"Type": "AWS::SQS::Queue", "Properties": properties},
                                    "Two": {"Type": "AWS::SQS::Queue", "Condition": "Never"}}}, {}, "test")

    def test_functions_are_resolved(self) -> None:
        for value, resolved in (
                ({"Fn::Sub": "${AWS::StackName}/${One.QueueName}/${!kept}/${x}"}, None),
                ({"Fn::Sub": ["${x}-${One.QueueName}-${!kept}", {"x": {"Ref": "AWS::Region"}}]},
                 "us-east-1-test-One-${kept}"),
                ({"Fn::If": ["Never", 1, {"Fn::Join": ["-", ["a", {"Ref": "AWS::StackName"}]]}]}, "a-test"),
                ({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}, "b"),
                ([1, {"Ref": "AWS::NoValue"}], [1])):
            with self.subTest(value=value):
                if resolved is None:
                    self.assertRaises(UnresolvedError, self.stack, Value=value)
                else:
                    self.assertEqual(self.stack(Value=value).resources["One"]["Properties"]["Value"], resolved)

    def test_conditions_leave_resources_out(self) -> None:
        self.assertEqual(list(self.stack().resources), ["One"])

    def test_what_is_unknown_is_refused(self) -> None:
        for value in ({"Ref": "Three"}, {"Ref": "Required"}, {"Fn::GetAtt": ["One", "Arm"]}, {"Fn::ImportValue": "x"}):
            with self.subTest(value=value), self.assertRaises(UnresolvedError):
                self.stack(Value=value)

    def test_refusals_of_the_transform_are_reported(self) -> None:
        source = read_template("pipeline")
        source["Globals"]["Function"]["Tracking"] = "Active"
        with self.assertRaisesRegex(TransformError, "Tracking"):
            transform_template(source)


class LintTest(unittest.TestCase):
    """cfn-lint, on the templates and on the transformed ones: it finds some faults only there."""

    def lint(self, *paths: str) -> dict[str, set[str]]:
        """Return the rules that each file breaks."""
        # By this interpreter: the program's first line names the folder where the environment was made.
        program = os.path.join(os.path.dirname(sys.executable), "cfn-lint")
        result = subprocess.run([sys.executable, program, "--format", "json", "--", *paths],
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.stderr, "")
        found: dict[str, set[str]] = {}
        for match in json.loads(result.stdout or "[]"):
            found.setdefault(os.path.basename(match["Filename"]), set()).add(f"{match['Rule']['Id']} {match['Message']}")
        return found

    def written(self, name: str, template: dict[str, Any]) -> str:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, f"{name}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(template, file)
        return path

    def test_cfn_lint_finds_nothing(self) -> None:
        sources = glob.glob(os.path.join(TEMPLATES, "*.yaml"))
        names = [os.path.basename(source).removesuffix(".yaml") for source in sources]
        self.assertEqual(self.lint(*sources, *(self.written(name, transformed_template(name)) for name in names)), {})

    def test_cfn_lint_finds_faults_after_the_transform(self) -> None:
        faults = {"visibility": ("E3505", "UploadQueue/Properties/VisibilityTimeout", 10),
                  "attribute": ("E1010", "ValidatorFunctionRows/Properties/EventSourceArn",
                                {"Fn::GetAtt": ["UploadRecords", "StreamARN"]}),
                  "circle": ("E3004", "ErrorQueue/Properties/Tags/0/Value", {"Ref": "ReporterFunction"})}
        whole = transformed_template("pipeline")
        found = self.lint(*(self.written(name, {**whole, "Resources": replaced(whole["Resources"], path.split("/"), value)})
                            for name, (_, path, value) in faults.items()))
        for name, (rule, _, _) in faults.items():
            self.assertIn(rule, {text.split()[0] for text in found.get(f"{name}.json", set())}, found)
