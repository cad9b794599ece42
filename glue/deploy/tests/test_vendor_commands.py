"""vendor add, list, set and suspend; send."""

import base64
import json
import os
import stat
import unittest
import urllib.request
from typing import Any

from commands import STACK, CommandTest
from front import FunctionError
from onboard_aws.calls import Aws
from onboard_aws.errors import CommandError
from onboard_aws.output import Output
from onboard_aws.upload_form import role_name, upload_policy

ADD = ("vendor", "add", "VEND001", "--stack", STACK, "--name", "Vendor One", "--email", "one@vendor.example")
NAME = "VEND001_20260104_090000.csv"
ROWS = b"vendor_product_id,product_name\n1,Lamp\n"


def post_form(form: dict[str, Any], file_name: str, content: bytes) -> int:
    """Send a file with a form, as a browser does; return the status."""
    boundary = "form-boundary"
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in form["fields"].items()]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n\r\n'.encode())
    body = b"".join(parts) + content + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(form["url"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    with urllib.request.urlopen(request) as reply:
        return int(reply.status)


class VendorTest(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        self.operator.vendors.clear()
        self.front.unconfirmed.clear()
        sns = self.client("sns")
        for entry in sns.list_subscriptions_by_topic(TopicArn=self.outputs["TopicArn"])["Subscriptions"]:
            sns.unsubscribe(SubscriptionArn=entry["SubscriptionArn"])

    def filters(self) -> dict[str, list[str]]:
        """Return the vendors of each subscription's filter, by address."""
        sns = self.client("sns")
        found = {}
        for entry in sns.list_subscriptions_by_topic(TopicArn=self.outputs["TopicArn"])["Subscriptions"]:
            attributes = sns.get_subscription_attributes(SubscriptionArn=entry["SubscriptionArn"])["Attributes"]
            found[entry["Endpoint"]] = json.loads(attributes["FilterPolicy"])["vendor_id"]
        return found

    def test_add_makes_row_subscription_and_form(self) -> None:
        run = self.run_command(*ADD)
        self.assertEqual(self.operator.vendors["VEND001"]["vendor_name"], "Vendor One")
        self.assertEqual(self.filters(), {"one@vendor.example": ["VEND001"]})
        self.assertIn("must confirm", run.out)
        path = os.path.join(self.folder, "upload-VEND001.html")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with open(path, encoding="utf-8") as file:
            page = file.read()
        self.assertIn('name="key" value="uploads/VEND001/${filename}"', page)
        self.assertNotIn(page.partition('name="policy" value="')[2].partition('"')[0], run.out + run.error)

    def test_form_uploads_and_its_policy_confines_it(self) -> None:
        self.run_command(*ADD, "--form", "form.json", "--days", "2")
        with open(os.path.join(self.folder, "form.json"), encoding="utf-8") as file:
            form = json.load(file)
        self.assertEqual(post_form(form, NAME, ROWS), 201)
        stored = self.client("s3").get_object(Bucket=self.outputs["BucketName"], Key=f"uploads/VEND001/{NAME}")
        self.assertEqual(stored["Body"].read(), ROWS)
        policy = json.loads(base64.b64decode(form["fields"]["policy"]))
        self.assertIn(["starts-with", "$key", "uploads/VEND001/"], policy["conditions"])
        self.assertIn(["content-length-range", 1, 10485760], policy["conditions"])

    def test_form_chooses_how_rows_are_applied(self) -> None:
        self.run_command(*ADD, "--form", "form.json")
        with open(os.path.join(self.folder, "form.json"), encoding="utf-8") as file:
            form = json.load(file)
        conditions = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
        for name in ("mode", "match", "blank", "as-of", "encoding"):
            self.assertEqual(form["fields"][f"x-amz-meta-onboard-{name}"], "")
            self.assertIn(["starts-with", f"$x-amz-meta-onboard-{name}", ""], conditions)
        form["fields"]["x-amz-meta-onboard-mode"] = "update"
        self.assertEqual(post_form(form, NAME, ROWS), 201)
        stored = self.client("s3").head_object(Bucket=self.outputs["BucketName"], Key=f"uploads/VEND001/{NAME}")
        self.assertEqual(stored["Metadata"].get("onboard-mode"), "update")
        self.run_command(*ADD)
        with open(os.path.join(self.folder, "upload-VEND001.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertEqual(page.count('name="x-amz-meta-onboard-mode"'), 1)
        self.assertIn("<option>replace</option>", page)

    def test_add_may_be_repeated(self) -> None:
        self.run_command(*ADD)
        run = self.run_command(*ADD, "--json")
        self.assertEqual(run.document["subscription"], "unconfirmed")
        self.front.confirm("one@vendor.example")
        run = self.run_command(*ADD)
        self.assertIn("exists already", run.out)
        self.assertIn("are sent to one@vendor.example", run.out)
        self.assertEqual(self.filters(), {"one@vendor.example": ["VEND001"]})

    def test_add_refuses_other_values(self) -> None:
        self.run_command(*ADD)
        run = self.run_command(*ADD[:-1], "other@vendor.example", "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "VENDOR_EXISTS")

    def test_arns_are_of_the_regions_partition(self) -> None:
        for region, partition in (("eu-central-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")):
            (statement,) = upload_policy(Aws(Output(), region).partition, "bucket", "VEND001")["Statement"]
            self.assertEqual(statement["Resource"], f"arn:{partition}:s3:::bucket/uploads/VEND001/*")
        with self.assertRaises(CommandError):
            Aws(Output(), "nowhere").partition

    def test_add_makes_role(self) -> None:
        principal = "arn:aws:iam::210987654321:root"
        run = self.run_command(*ADD, "--role-for", principal, "--external-id", "shop-1", "--json")
        iam = self.client("iam")
        role = iam.get_role(RoleName=f"{STACK}-upload-VEND001")["Role"]
        self.assertEqual(run.document["role"], role["Arn"])
        trust = role["AssumeRolePolicyDocument"]["Statement"][0]
        self.assertEqual(trust["Principal"], {"AWS": principal})
        self.assertEqual(trust["Condition"], {"StringEquals": {"sts:ExternalId": "shop-1"}})
        policy = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="upload")["PolicyDocument"]
        self.assertEqual([each["Resource"] for each in policy["Statement"]],
                         [f"arn:aws:s3:::{self.outputs['BucketName']}/uploads/VEND001/*"])
        # Again, for another principal.
        self.run_command(*ADD, "--role-for", "arn:aws:iam::210987654321:role/other")
        role = iam.get_role(RoleName=role["RoleName"])["Role"]
        self.assertEqual(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"],
                         {"AWS": "arn:aws:iam::210987654321:role/other"})

    def test_roles_of_vendors_with_similar_ids(self) -> None:
        """A vendor never gets the role of another."""
        names = {role_name("onboard-production", "V" * 49 + last) for last in "123"}
        self.assertEqual((len(names), {len(name) for name in names}), (3, {64}))
        name = f"{STACK}-upload-VEND009"
        iam = self.client("iam")
        iam.create_role(RoleName=name, Path=f"/onboard/{STACK}/", AssumeRolePolicyDocument="{}",
                        Tags=[{"Key": "onboard:vendor", "Value": "vend009"}])
        run = self.run_command("vendor", "add", "VEND009", *ADD[3:], "--role-for", "arn:aws:iam::210987654321:root", code=4)
        self.assertIn("belongs to something else", run.error)
        self.assertEqual(iam.list_role_policies(RoleName=name)["PolicyNames"], [])
        iam.delete_role(RoleName=name)

    def test_add_wrong_usage(self) -> None:
        self.run_command("vendor", "add", "VEND001", "--name", "x", code=3)
        self.run_command("vendor", "add", "no vendor", *ADD[3:], code=3)
        self.run_command(*ADD, "--days", "8", code=3)
        self.run_command(*ADD, "--external-id", "x", code=3)
        self.run_command(*ADD, "--role-for", "arn:x", "--form", "x", code=3)
        self.assertEqual(self.writing_calls(), [])

    def test_add_changes_nothing_in_a_dry_run(self) -> None:
        self.check_dry_run(*ADD)
        run = self.check_dry_run(*ADD, "--role-for", "arn:aws:iam::210987654321:root")
        self.assertIn("add vendor VEND001", run.document["would"])
        self.assertEqual(self.operator.vendors, {})

    def test_add_reports_failures_of_aws(self) -> None:
        for call in ("cloudformation.DescribeStacks", "lambda.Invoke", "sns.Subscribe"):
            with self.subTest(call):
                self.check_failure(call, *ADD)

    def test_list_shows_who_confirmed(self) -> None:
        for number in range(1, 6):
            self.run_command("vendor", "add", f"VEND00{number}", "--stack", STACK, "--name", f"Vendor {number}",
                             "--email", f"{number}@vendor.example")
        self.front.confirm("2@vendor.example")
        self.client("sns").unsubscribe(SubscriptionArn=[
            entry["SubscriptionArn"] for entry in
            self.client("sns").list_subscriptions_by_topic(TopicArn=self.outputs["TopicArn"])["Subscriptions"]
            if entry["Endpoint"] == "3@vendor.example"][0])
        run = self.run_command("vendor", "list", "--stack", STACK, "--json")
        states = {each["vendor_id"]: each["subscription"] for each in run.document["vendors"]}
        self.assertEqual(states, {"VEND001": "unconfirmed", "VEND002": "confirmed", "VEND003": "none",
                                  "VEND004": "unconfirmed", "VEND005": "unconfirmed"})
        run = self.run_command("vendor", "list", "--stack", STACK)
        self.assertIn("Unconfirmed: VEND001, VEND004, VEND005.", run.out)
        self.check_failure("sns.ListSubscriptionsByTopic", "vendor", "list", "--stack", STACK)
        self.check_dry_run("vendor", "list", "--stack", STACK)

    def test_list_without_vendors_or_system(self) -> None:
        self.assertEqual(self.run_command("vendor", "list", "-s", STACK).out, "There are no vendors.\n")
        run = self.run_command("vendor", "list", "-s", "other", "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "UNKNOWN_STACK")
        self.run_command("vendor", "list", "-s", "no name", code=3)

    def test_set_changes_modes_and_guards(self) -> None:
        self.run_command(*ADD)
        change = ("vendor", "set", "VEND001", "-s", STACK, "--modes", "insert,replace", "--price-guard", "2.5",
                  "--sold-out-guard", "", "--language", "de", "--default-map", "shopify")
        run = self.check_dry_run(*change)
        self.assertEqual(run.document["would"], ["change vendor VEND001"])
        self.assertEqual(self.operator.vendors["VEND001"]["price_guard"], 5)
        run = self.run_command(*change)
        self.assertEqual(run.out, "Vendor VEND001 is changed.\n  modes             insert,replace\n  default mode      insert\n"
                                  "  default map       shopify\n  price guard       2.5\n  sold-out guard    (none)\n"
                                  "  discontinue guard 0.2\n"
                                  "  language          de\n")
        run = self.run_command(*change, "--json")
        self.assertEqual((run.document["changed"], run.document["vendor"]), (False, self.operator.vendors["VEND001"]))
        self.assertIn("already has these values", self.run_command(*change).out)
        self.check_failure("lambda.Invoke", *change)

    def test_set_refuses_wrong_values(self) -> None:
        self.run_command(*ADD)
        for options in ((), ("--price-guard", "1,5"), ("--price-guard", "NaN"), ("--sold-out-guard", "-1"),
                        ("--default-mode", "merge")):
            self.run_command("vendor", "set", "VEND001", "-s", STACK, *options, code=3)
        run = self.run_command("vendor", "set", "VEND001", "-s", STACK, "--default-mode", "replace", "--json", code=2)
        self.assertEqual([run.document["error"]["class"], run.document["error"]["code"]], ["refused", "INVALID_VALUE"])
        run = self.run_command("vendor", "set", "VEND404", "-s", STACK, "--modes", "insert", "--json", code=2)
        self.assertEqual([run.document["error"]["class"], run.document["error"]["code"]], ["not_found", "UNKNOWN_VENDOR"])

    def test_suspend_stops_files_and_mails(self) -> None:
        self.run_command(*ADD)
        self.front.confirm("one@vendor.example")
        self.check_dry_run("vendor", "suspend", "VEND001", "-s", STACK)
        self.assertEqual(self.operator.vendors["VEND001"]["status"], "active")
        run = self.run_command("vendor", "suspend", "VEND001", "-s", STACK)
        self.assertIn("its mails stop", run.out)
        self.assertEqual(self.operator.vendors["VEND001"]["status"], "suspended")
        self.assertEqual(self.filters(), {})
        run = self.run_command("vendor", "suspend", "VEND001", "-s", STACK, "--json")
        self.assertEqual([run.document["changed"], run.document["subscriptions_removed"]], [False, 0])
        run = self.run_command("vendor", "suspend", "VEND404", "-s", STACK, "--json", code=2)
        self.assertEqual([run.document["error"]["class"], run.document["error"]["code"]], ["not_found", "UNKNOWN_VENDOR"])

    def test_suspend_keeps_the_other_vendors_of_an_address(self) -> None:
        self.run_command(*ADD)
        self.front.confirm("one@vendor.example")
        sns = self.client("sns")
        arn = sns.list_subscriptions_by_topic(TopicArn=self.outputs["TopicArn"])["Subscriptions"][0]["SubscriptionArn"]
        sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="FilterPolicy",
                                        AttributeValue='{"vendor_id":["VEND001","VEND002"]}')
        self.run_command("vendor", "suspend", "VEND001", "-s", STACK)
        self.assertEqual(self.filters(), {"one@vendor.example": ["VEND002"]})
        # Added again, it joins the filter.
        self.run_command(*ADD)
        self.assertEqual(self.filters(), {"one@vendor.example": ["VEND002", "VEND001"]})

    def test_add_explains_the_limit_of_filters(self) -> None:
        self.front.fail("sns.Subscribe", "FilterPolicyLimitExceeded")
        run = self.run_command(*ADD, "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "TOO_MANY_SUBSCRIPTIONS")

    def test_a_failing_function_is_explained(self) -> None:
        def fail(event: dict[str, Any]) -> dict[str, Any]:
            raise FunctionError("CONNECTION_FAILED", "could not connect to the database")

        self.front.functions[f"{STACK}-operator"] = fail
        self.addCleanup(self.front.functions.update, self.operator.handlers(STACK))
        run = self.run_command(*ADD, "--json", code=4)
        self.assertEqual(run.document["error"]["code"], "CONNECTION_FAILED")
        self.assertIn(f"/aws/lambda/{STACK}-operator", run.document["error"]["hint"])

    def test_send_puts_the_file_where_the_vendor_would(self) -> None:
        self.run_command(*ADD)
        path = self.path(NAME, ROWS)
        self.check_dry_run("send", path, "--vendor", "VEND001", "-s", STACK)
        run = self.run_command("send", path, "--vendor", "VEND001", "-s", STACK, "--json")
        key = f"uploads/VEND001/{NAME}"
        stored = self.client("s3").get_object(Bucket=self.outputs["BucketName"], Key=key)
        self.assertEqual(stored["Body"].read(), ROWS)
        self.assertEqual([run.document["key"], run.document["version_id"]], [key, stored["VersionId"]])
        run = self.run_command("send", path, "--vendor", "VEND001", "-s", STACK, "--file-name", "other.csv")
        self.assertIn(f"onboard-aws trace 'uploads/VEND001/other.csv' --stack {STACK}", run.out)
        self.check_failure("s3.PutObject", "send", path, "--vendor", "VEND001", "-s", STACK)

    def test_send_says_how_rows_are_applied(self) -> None:
        self.run_command(*ADD)
        path = self.path(NAME, ROWS)
        self.run_command("send", path, "-v", "VEND001", "-s", STACK, "--mode", "update", "--match", "sku", "--blank", "keep",
                         "--as-of", "2026-01-05T10:30:00+01:00", "--encoding", "auto", "--map", "shopify")
        stored = self.client("s3").head_object(Bucket=self.outputs["BucketName"], Key=f"uploads/VEND001/{NAME}")
        self.assertEqual(stored["Metadata"], {"onboard-mode": "update", "onboard-match": "sku", "onboard-blank": "keep",
                                              "onboard-as-of": "2026-01-05T09:30:00+00:00", "onboard-encoding": "auto",
                                              "onboard-map": "shopify"})
        for option, value in (("--mode", "merge"), ("--match", "name"), ("--blank", "maybe"), ("--as-of", "yesterday")):
            self.run_command("send", path, "-v", "VEND001", "-s", STACK, option, value, code=3)

    def test_send_leaves_the_size_to_a_map(self) -> None:
        self.run_command(*ADD)
        path = self.path("large.csv", b"x" * 10485761)
        run = self.run_command("send", path, "-v", "VEND001", "-s", STACK, "--map", "shopify")
        self.assertIn('the pipeline accepts 10485760, unless map "shopify" sets a larger max_bytes', run.error)
        self.operator.vendors["VEND001"]["default_map"] = "shop"
        run = self.run_command("send", path, "-v", "VEND001", "-s", STACK)
        self.assertIn('unless map "shop" sets a larger max_bytes', run.error)
        self.assertEqual([name for name in self.front.names() if name == "s3.PutObject"], ["s3.PutObject"] * 2)
        run = self.run_command("send", self.path("small.csv", ROWS), "-v", "VEND001", "-s", STACK)
        self.assertNotIn("max_bytes", run.error)

    def test_send_refuses_what_the_pipeline_would(self) -> None:
        self.run_command(*ADD)
        refused = {
            "OTHER_VENDOR": (self.path("VEND002_20260104_090000.csv", ROWS), "VEND001"),
            "EMPTY_FILE": (self.path("empty.csv"), "VEND001"),
            "FILE_TOO_LARGE": (self.path("large.csv", b"x" * 10485761), "VEND001"),
            "NOT_TEXT": (self.path("book.csv", b"\xd0\xcf\x11\xe0rest"), "VEND001"),
            "UNREADABLE_FILE": (os.path.join(self.folder, "absent.csv"), "VEND001"),
            "UNKNOWN_VENDOR": (self.path("good.csv", ROWS), "VEND404"),
        }
        for code, (path, vendor) in refused.items():
            with self.subTest(code):
                run = self.run_command("send", path, "--vendor", vendor, "-s", STACK, "--json", code=2)
                self.assertEqual(run.document["error"]["code"], code)
        self.operator.vendors["VEND001"]["default_map"] = "shop"
        run = self.run_command("send", refused["FILE_TOO_LARGE"][0], "-v", "VEND001", "-s", STACK, "--map", "none", "--json",
                               code=2)
        self.assertEqual(run.document["error"]["code"], "FILE_TOO_LARGE")
        path = self.path("good.csv", ROWS)
        run = self.run_command("send", path, "-v", "VEND001", "-s", STACK, "--file-name", "a/b", "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "FILE_NAME_INVALID")
        self.operator.vendors["VEND001"]["status"] = "suspended"
        run = self.run_command("send", path, "-v", "VEND001", "-s", STACK, "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "VENDOR_NOT_ACTIVE")
        self.assertEqual([name for name in self.front.names() if name == "s3.PutObject"], [])
        self.run_command("send", path, "-s", STACK, code=3)


if __name__ == "__main__":
    unittest.main()
