"""Test the comparison of roles with calls: what is recorded, what IAM would decide, and that every difference is found."""

import copy
import json
import tempfile
import unittest
import urllib.request
from typing import Any

from aws_call import Headers, Request, recognise
from call_record import CallRecord, new_access_key
from emulator import Emulator, client
from fault_proxy import FaultProxy
from iam_permission import permissions
from patience import HANG_SECONDS
from privileges import UNCALLED, PolicyError, Statement, compare, is_allowed, read_record, role_statements
from stack import PIPELINE_PARAMETERS, Stack
from transform import transformed_template

BUCKET = "arn:aws:s3:::b"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/T"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"


def needed(target: str, body: Any = None, method: str = "POST", path: str = "/", status: int = 200) -> set[tuple[str, str]]:
    headers = Headers([("X-Amz-Target", target)] if target else [])
    request = Request(method, path, headers, json.dumps(body or {}).encode())
    return permissions(recognise(request), request, status)


class PermissionTest(unittest.TestCase):
    def test_objects(self) -> None:
        for method, path, status, expected in (
                ("GET", "/b/a%20b/c", 200, {("s3:GetObject", f"{BUCKET}/a b/c")}),
                ("GET", "/b/k?versionId=v", 206, {("s3:GetObjectVersion", f"{BUCKET}/k")}),
                ("HEAD", "/b/k", 404, {("s3:GetObject", f"{BUCKET}/k"), ("s3:ListBucket", BUCKET)}),
                ("PUT", "/b/k", 200, {("s3:PutObject", f"{BUCKET}/k")}),
                ("GET", "/b?versions&prefix=uploads/", 200, {("s3:ListBucketVersions", BUCKET)}),
                ("GET", "/b?list-type=2", 200, {("s3:ListBucket", BUCKET)})):
            with self.subTest(method=method, path=path):
                self.assertEqual(needed("", method=method, path=path, status=status), expected)

    def test_other_services(self) -> None:
        queue = {"QueueUrl": "http://127.0.0.1:1/123456789012/q"}
        update = {"Statement": 'UPDATE "T" SET "status" = ? WHERE "upload_id" = ?'}
        for target, body, expected in (
                ("AmazonSQS.SendMessageBatch", queue, {("sqs:SendMessage", QUEUE)}),
                ("AmazonSQS.DeleteMessageBatch", queue, {("sqs:DeleteMessage", QUEUE)}),
                ("AmazonSQS.GetQueueAttributes", queue, {("sqs:GetQueueAttributes", QUEUE)}),
                ("DynamoDB_20120810.BatchExecuteStatement", {"Statements": [update, update]},
                 {("dynamodb:PartiQLUpdate", TABLE)}),
                ("DynamoDB_20120810.BatchExecuteStatement", {"Statements": [{"Statement": 'SELECT * FROM "T"."I"'}]},
                 {("dynamodb:PartiQLSelect", f"{TABLE}/index/I")}),
                ("DynamoDB_20120810.BatchWriteItem", {"RequestItems": {"T": []}}, {("dynamodb:BatchWriteItem", TABLE)}),
                ("DynamoDB_20120810.Query", {"TableName": "T", "IndexName": "I"}, {("dynamodb:Query", f"{TABLE}/index/I")}),
                ("secretsmanager.GetSecretValue", {"SecretId": "s"}, {("secretsmanager:GetSecretValue", SECRET)}),
                ("secretsmanager.GetRandomPassword", {}, {("secretsmanager:GetRandomPassword", "*")}),
                ("DynamoDB_20120810.DeleteTable", {}, {("dynamodb:DeleteTable", "*")})):
            with self.subTest(target):
                self.assertEqual(needed(target, body), expected)

    def test_calls_are_recorded_with_their_access_keys(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        record = CallRecord(folder)
        emulator = self.enterContext(Emulator())
        proxy = self.enterContext(FaultProxy(emulator.url, record=record))
        key = new_access_key("link")
        self.assertNotEqual(key, new_access_key("link"))
        record.note_function("link", {"AWS_ACCESS_KEY_ID": key, "BUCKET": "bucket", "DATABASE_SECRET_ID": "mine"})
        client("s3", emulator.url).create_bucket(Bucket="bucket")
        s3 = client("s3", proxy.url, access_key=key, signature_version="s3v4")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "errors/V/x.csv"})
        for _ in range(2):
            s3.put_object(Bucket="bucket", Key="errors/V/x.csv", Body=b"x")
        # A presigned URL is its signer's call.
        urllib.request.urlopen(url, timeout=HANG_SECONDS).close()
        client("s3", proxy.url).list_objects_v2(Bucket="bucket")
        stack = deployed()
        self.assertEqual(read_record(folder, stack), {"link": {
            (f"s3:{action}", "arn:aws:s3:::onboard-123456789012-us-east-1/errors/V/x.csv")
            for action in ("GetObject", "PutObject")}})


class PolicyTest(unittest.TestCase):
    def decide(self, action: str, resource: str, *policy: Statement, **context: str) -> bool:
        return is_allowed(policy, (action, resource), {name.replace("_", ":"): value for name, value in context.items()})

    def allow(self, action: str, resource: str, **more: Any) -> Statement:
        return {"Effect": "Allow", "Action": [action], "Resource": [resource], **more}

    def test_patterns(self) -> None:
        self.assertTrue(self.decide("s3:GetObject", "arn:b/uploads/a/b", self.allow("s3:get*", "arn:b/uploads/*")))
        self.assertTrue(self.decide("s3:GetObject", "arn:b/x", self.allow("s3:GetObject", "arn:b/?")))
        self.assertFalse(self.decide("s3:GetObjectVersion", "arn:b/x", self.allow("s3:GetObject", "*")))
        self.assertFalse(self.decide("s3:GetObject", "arn:b/Uploads/x", self.allow("s3:GetObject", "arn:b/uploads/*")))
        self.assertFalse(self.decide("s3:GetObject", "arn:b.c", self.allow("s3:GetObject", "arn:b?c?")))
        self.assertFalse(self.decide("s3:GetObject", "arn:b/x"))

    def test_a_denial_wins_where_its_condition_holds(self) -> None:
        deny = {"Effect": "Deny", "Action": ["ec2:*"], "Resource": ["*"], "Condition": {"Null": {"lambda:Source": "false"}}}
        allow = self.allow("ec2:DescribeSubnets", "*")
        self.assertTrue(self.decide("ec2:DescribeSubnets", "*", allow, deny))
        self.assertFalse(self.decide("ec2:DescribeSubnets", "*", allow, deny, lambda_source="arn:function"))

    def test_conditions(self) -> None:
        for operator, wanted, expected in (("StringEquals", "a*", False), ("StringEquals", ["x", "abc"], True),
                                           ("StringLike", "a*", True), ("ArnLike", "b*", False), ("Null", "true", False)):
            with self.subTest(operator=operator, wanted=wanted):
                conditional = self.allow("s3:*", "*", Condition={operator: {"aws:K": wanted}})
                self.assertEqual(self.decide("s3:GetObject", "*", conditional, aws_k="abc"), expected)
        with self.assertRaises(PolicyError):
            self.decide("s3:GetObject", "*", self.allow("s3:*", "*", Condition={"DateLessThan": {"aws:K": "1"}}))
        with self.assertRaises(PolicyError):
            self.decide("s3:GetObject", "*", self.allow("s3:*", "*", NotResource=["x"]))


def deployed() -> Stack:
    return Stack(transformed_template("pipeline"), PIPELINE_PARAMETERS)


def problems(stack: Stack, called: dict[str, set[tuple[str, str]]]) -> list[str]:
    return [f"{claim}: {problem}" for claim, found in compare(stack, called) for problem in found]


class ComparisonTest(unittest.TestCase):
    """With functions that call exactly what their roles allow, every change of a role is found."""

    def setUp(self) -> None:
        stack = deployed()
        self.called = {handler: {(action, resource.replace("*", "x") if len(resource) > 1 else resource)
                                 for statement in role_statements(stack, handler)
                                 if statement["Effect"] == "Allow" and statement["Sid"] not in UNCALLED
                                 for action in statement["Action"] for resource in statement["Resource"]}
                       for handler in stack.functions()}

    def changed(self, handler: str, sid: str, **members: Any) -> list[str]:
        """Return what is found after a change of a statement."""
        stack = copy.deepcopy(deployed())
        role = stack.of("AWS::IAM::Role")[f"{handler.capitalize()}Role"]
        statement = next(one for one in role["Policies"][0]["PolicyDocument"]["Statement"] if one["Sid"] == sid)
        statement.update(members)
        return problems(stack, self.called)

    def test_nothing_is_wrong_with_exact_roles(self) -> None:
        self.assertEqual(problems(deployed(), self.called), [])

    def test_an_action_that_is_removed_is_missing(self) -> None:
        found = self.changed("parser", "ReadUploads", Action="s3:GetObject")
        self.assertEqual(len(found), 1)
        self.assertRegex(found[0], "parser: .*s3:GetObjectVersion on .*/uploads/x was called and is not allowed")

    def test_an_action_that_is_added_is_unused(self) -> None:
        found = self.changed("link", "ReadReports", Action=["s3:GetObject", "s3:DeleteObject"])
        self.assertEqual(len(found), 1)
        self.assertRegex(found[0], "link: .*s3:DeleteObject on .*/errors/[*] is allowed and was never called")

    def test_a_resource_that_is_added_is_unused(self) -> None:
        arn = "arn:aws:dynamodb:us-east-1:123456789012:table/other"
        found = self.changed("validator", "UpdateStatus", Resource=[self.resource("validator", "UpdateStatus"), arn])
        self.assertEqual(found, [f"validator: the role allows nothing else: dynamodb:PartiQLUpdate on {arn} is allowed and "
                                 "was never called"])

    def resource(self, handler: str, sid: str) -> str:
        return next(str(one["Resource"][0]) for one in role_statements(deployed(), handler) if one["Sid"] == sid)

    def test_a_function_that_calls_nothing_is_found(self) -> None:
        del self.called["check"]
        self.assertEqual(len(problems(deployed(), self.called)), 1)

    def test_a_call_of_a_network_interface_is_denied(self) -> None:
        self.called["check"].add(("ec2:DeleteNetworkInterface", "*"))
        self.assertEqual(len(problems(deployed(), self.called)), 1)


if __name__ == "__main__":
    unittest.main()
