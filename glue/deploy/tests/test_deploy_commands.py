"""check, deploy and destroy."""

import gzip
import hashlib
import json
import os
import tempfile
import unittest
import urllib.request
from typing import Any
from urllib.parse import parse_qs

from commands import ROOT, STACK, TEMPLATES, CommandTest
from aws_call import Request
from front import FunctionError
from onboard_aws.prices import monthly_costs, read_prices
from onboard_aws.templates import parse_template, read_template

REAL_TEMPLATES = os.path.join(ROOT, "glue", "deploy", "templates")
SUBNETS = ("--subnets", "subnet-1", "--security-groups", "sg-1")
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:external"

EVENTS = """<DescribeStackEventsResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStackEventsResult><StackEvents>{events}</StackEvents></DescribeStackEventsResult></DescribeStackEventsResponse>"""
EVENT = """<member><EventId>{number}</EventId><StackId>x</StackId><StackName>{stack}</StackName>
<LogicalResourceId>{name}</LogicalResourceId><ResourceType>{kind}</ResourceType><Timestamp>2026-01-04T09:00:00Z</Timestamp>
<ResourceStatus>{status}</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"""
STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>
<member><StackId>arn:aws:cloudformation:us-east-1:123456789012:stack/{stack}/1</StackId><StackName>{stack}</StackName>
<CreationTime>2026-01-04T09:00:00Z</CreationTime><StackStatus>{status}</StackStatus></member></Stacks></DescribeStacksResult>
</DescribeStacksResponse>"""
IMAGES = """<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><imagesSet>
<item><imageId>ami-0</imageId><creationDate>2026-01-04T09:00:00.000Z</creationDate></item>
<item><imageId>{newest}</imageId><creationDate>2026-02-04T09:00:00.000Z</creationDate></item>
</imagesSet></DescribeImagesResponse>"""
DELETED = """<DeleteStackResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"></DeleteStackResponse>"""
ANSWER = """<{name}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><{name}Result><Id>x</Id>
<StackId>x</StackId></{name}Result></{name}Response>"""
DELETED_STACKS = """<ListStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><ListStacksResult>
<StackSummaries><member><StackId>x</StackId><StackName>{stack}</StackName><CreationTime>2026-01-04T09:00:00Z</CreationTime>
<StackStatus>DELETE_COMPLETE</StackStatus></member></StackSummaries></ListStacksResult></ListStacksResponse>"""
SKIPPED = """<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><ListStackResourcesResult>
<StackResourceSummaries>{resources}</StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"""
SKIPPED_ONE = """<member><LogicalResourceId>{name}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>
<ResourceType>{kind}</ResourceType><LastUpdatedTimestamp>2026-01-04T09:00:00Z</LastUpdatedTimestamp>
<ResourceStatus>DELETE_SKIPPED</ResourceStatus></member>"""
CHANGES = """<DescribeChangeSetResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeChangeSetResult>
<Status>CREATE_COMPLETE</Status><Changes><member><Type>Resource</Type><ResourceChange><Action>Modify</Action>
<LogicalResourceId>Uploads</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType><Replacement>True</Replacement>
</ResourceChange></member></Changes></DescribeChangeSetResult></DescribeChangeSetResponse>"""


def write_image(folder: str, content: bytes, architecture: str = "amd64") -> str:
    """Write an OCI layout with one image of one layer; return its digest."""
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)

    def store(body: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(body).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(body)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(body)}

    # Two blocks of zeros are an empty archive.
    layer = content.ljust(1024, b"\0") if content else bytes(1024)
    config = {"architecture": architecture, "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": store(json.dumps(config).encode(), "config.v1+json"),
                "layers": [store(gzip.compress(layer, mtime=0), "layer.v1.tar+gzip")]}
    entry = store(json.dumps(manifest).encode(), "manifest.v1+json")
    with open(os.path.join(folder, "oci-layout"), "w", encoding="utf-8") as file:
        file.write('{"imageLayoutVersion": "1.0.0"}')
    with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "manifests": [entry]}, file)
    return str(entry["digest"])


class DeployTest(CommandTest):
    deployed = False

    def setUp(self) -> None:
        super().setUp()
        self.image = os.path.join(self.folder, "image")
        self.digest = write_image(self.image, b"")
        content = b"packages"
        self.packages = os.path.join(self.folder, "packages")
        self.path(f"packages/{hashlib.sha256(content).hexdigest()}/packages.tar", content)
        # Lets skopeo use HTTP with the registry.
        self.path(".config/containers/registries.conf",
                  f'[[registry]]\nlocation = "{self.front.host}"\ninsecure = true\n'.encode())
        self.addCleanup(self.reset_services)
        # What the database's first start stores.
        self.client("secretsmanager").create_secret(Name="database", SecretString="{}")

    def reset_services(self) -> None:
        """Remove everything from the emulated services."""
        with urllib.request.urlopen(urllib.request.Request(f"{self.emulator.url}/moto-api/reset", b"")) as reply:
            reply.read()

    def arguments(self, command: str, *more: str) -> tuple[str, ...]:
        name = (STACK,) if command == "deploy" else ("-s", STACK)
        sets = ("--packages", self.packages) if command == "deploy" else ()
        return (command, *name, "--templates", TEMPLATES, "--image", self.image, "--parameter",
                f"Registry={self.front.host}", *sets, *more)

    def deploy(self, *more: str, code: int = 0) -> dict[str, Any]:
        return self.run_command(*self.arguments("deploy", *more), "--json", code=code).document

    def statuses(self) -> dict[str, str]:
        found = self.client("cloudformation").list_stacks()["StackSummaries"]
        return {stack["StackName"]: stack["StackStatus"] for stack in found if stack["StackStatus"] != "DELETE_COMPLETE"}

    def parameters(self, stack: str) -> dict[str, str]:
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}


class DeployCommandTest(DeployTest):
    def test_creates_the_stacks_in_order(self) -> None:
        document = self.deploy()
        self.assertEqual(document["stacks"], dict.fromkeys([f"{STACK}-artifacts", f"{STACK}-database", STACK], "created"))
        self.assertEqual(document["image"], f"{self.front.host}/onboard@{self.digest}")
        self.assertEqual(document["check"]["database"], "ok")
        self.assertEqual(self.parameters(STACK)["ImageUri"], document["image"])
        self.assertIn(self.digest, self.front.registry.blobs)
        database = self.parameters(f"{STACK}-database")
        stored = self.client("s3").get_object(Bucket=database["ArtifactBucket"],
                                              Key=database["PackagePrefix"] + "packages.tar")
        self.assertEqual(stored["Body"].read(), b"packages")

    def test_waits_for_the_first_start_of_the_database(self) -> None:
        self.client("secretsmanager").delete_secret(SecretId="database", ForceDeleteWithoutRecovery=True)
        self.client("secretsmanager").create_secret(Name="database")

        def start(request: Request) -> None:
            if self.front.names().count("secretsmanager.DescribeSecret") == 3:
                self.client("secretsmanager").put_secret_value(SecretId="database", SecretString="{}")

        self.front.override("secretsmanager.DescribeSecret", start)
        self.deploy()
        names = self.front.names()
        self.assertEqual(names.count("secretsmanager.DescribeSecret"), 3)
        self.assertLess(max(at for at, name in enumerate(names) if name == "secretsmanager.DescribeSecret"),
                        max(at for at, name in enumerate(names) if name == "cloudformation.CreateChangeSet"))

    def test_functions_fit_the_image_and_the_account(self) -> None:
        self.front.account_limits = {"AccountLimit": {"ConcurrentExecutions": 100, "UnreservedConcurrentExecutions": 100}}
        self.deploy()
        known = self.parameters(STACK)
        self.assertEqual([known["Architecture"], known["ReserveConcurrency"]], ["x86_64", "auto"])
        self.front.account_limits = {"AccountLimit": {"ConcurrentExecutions": 110, "UnreservedConcurrentExecutions": 110}}
        self.digest = write_image(self.image, b"", "arm64")
        self.deploy()
        known = self.parameters(STACK)
        self.assertEqual([known["Architecture"], known["ReserveConcurrency"]], ["arm64", "true"])
        # What is reserved is no longer unreserved, and stays.
        self.front.account_limits = {"AccountLimit": {"ConcurrentExecutions": 110, "UnreservedConcurrentExecutions": 100}}
        self.assertEqual(self.deploy()["stacks"][STACK], "unchanged")
        self.assertEqual(self.parameters(STACK)["ReserveConcurrency"], "true")
        # So does what someone decided.
        self.deploy("--parameter", "ReserveConcurrency=false")
        self.front.account_limits = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}}
        self.assertEqual(self.deploy()["stacks"][STACK], "unchanged")
        self.assertEqual(self.parameters(STACK)["ReserveConcurrency"], "false")
        write_image(self.image, b"", "riscv64")
        self.assertEqual(self.deploy(code=2)["error"]["code"], "IMAGE_INVALID")

    def test_takes_over_what_an_earlier_system_kept(self) -> None:
        dynamodb, cloudformation = self.client("dynamodb"), self.client("cloudformation")
        dynamodb.create_table(
            TableName=f"{STACK}-records", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "upload_id", "KeyType": "HASH"}, {"AttributeName": "record_id", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("upload_id", "record_id")])
        requests: list[dict[str, list[str]]] = []

        def create(request: Request) -> str | None:
            form = parse_qs(request.body.decode())
            if form["ChangeSetType"] != ["IMPORT"]:
                self.front.override("cloudformation.DescribeStacks", lambda request: None)
                self.front.override("cloudformation.DescribeChangeSet", lambda request: None)
                return None
            requests.append(form)
            self.front.override("cloudformation.DescribeChangeSet", lambda request: CHANGES)
            self.front.override("cloudformation.ExecuteChangeSet", execute)
            return ANSWER.format(name="CreateChangeSet")

        def execute(request: Request) -> str:
            # The emulator cannot import; the table is made again by the update.
            dynamodb.delete_table(TableName=f"{STACK}-records")
            cloudformation.create_stack(StackName=STACK, TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}')
            self.front.override("cloudformation.DescribeStacks",
                                lambda request: STACKS.format(stack=STACK, status="IMPORT_COMPLETE"))
            self.front.override("cloudformation.ExecuteChangeSet", lambda request: None)
            return ANSWER.format(name="ExecuteChangeSet")

        self.front.override("cloudformation.ListStacks", lambda request: DELETED_STACKS.format(stack=STACK))
        self.front.override("cloudformation.ListStackResources", lambda request: SKIPPED.format(
            resources="".join(SKIPPED_ONE.format(name=name, physical=physical, kind=kind) for name, physical, kind in (
                ("Records", f"{STACK}-records", "AWS::DynamoDB::Table"), ("Uploads", "absent", "AWS::S3::Bucket")))))
        self.front.override("cloudformation.CreateChangeSet", create)
        run = self.run_command(*self.arguments("deploy", "--dry-run"))
        self.assertIn(f"would take over into stack {STACK}: Records", run.out)
        document = self.deploy("--database", SECRET, *SUBNETS)
        (form,) = requests
        self.assertEqual(form["ResourcesToImport.member.1.LogicalResourceId"], ["Records"])
        self.assertEqual([form[name] for name in form if "ResourceIdentifier" in name and name.endswith("value")],
                         [[f"{STACK}-records"]])
        template = json.loads(form["TemplateBody"][0])["Resources"]
        self.assertEqual([template["Records"]["DeletionPolicy"], template["Records"]["Properties"]["TableName"]],
                         ["Retain", f"{STACK}-records"])
        self.assertEqual([document["stacks"][STACK], [each["name"] for each in document["taken_over"]]],
                         ["updated", [f"{STACK}-records"]])

    def test_again_it_changes_nothing(self) -> None:
        self.deploy("--parameter", "Zones=2", "--alarm-email", "a@shop.example")
        self.front.reset()
        document = self.deploy()
        self.assertEqual(set(document["stacks"].values()), {"unchanged"})
        self.assertNotIn("s3.PutObject", self.front.names())
        self.assertEqual(self.parameters(f"{STACK}-database")["Zones"], "2")
        self.assertEqual(self.parameters(STACK)["AlarmEmail"], "a@shop.example")

    def test_a_new_image_updates_the_functions_only(self) -> None:
        self.deploy()
        self.digest = write_image(self.image, b"changed")
        document = self.deploy()
        self.assertEqual(document["stacks"], {f"{STACK}-artifacts": "unchanged", f"{STACK}-database": "unchanged",
                                              STACK: "updated"})
        self.assertTrue(self.parameters(STACK)["ImageUri"].endswith(self.digest))

    def test_an_existing_database_needs_two_stacks(self) -> None:
        document = self.deploy("--database", SECRET, *SUBNETS)
        self.assertEqual(list(document["stacks"]), [f"{STACK}-artifacts", STACK])
        self.assertIn("subnet-1", self.parameters(STACK)["SubnetIds"])
        # Later runs know that the system has none of its own.
        document = self.deploy("--alarm-email", "a@shop.example")
        self.assertEqual(document["stacks"], {f"{STACK}-artifacts": "unchanged", STACK: "updated"})
        self.assertEqual(self.parameters(STACK)["DatabaseSecretArn"], SECRET)

    def test_a_long_template_goes_through_the_bucket(self) -> None:
        folder = tempfile.mkdtemp(dir=self.folder)
        for name in os.listdir(TEMPLATES):
            with open(os.path.join(TEMPLATES, name), encoding="utf-8") as source:
                with open(os.path.join(folder, name), "w", encoding="utf-8") as target:
                    target.write(source.read() + ("\n# " + "x" * 100) * (600 if name == "pipeline.yaml" else 0))
        self.deploy("--templates", folder)
        (upload,) = [request for call, request in self.front.calls
                     if call.name == "s3.PutObject" and "/templates/" in request.target]
        self.assertIn("/templates/pipeline-", upload.target)
        self.assertEqual(self.statuses()[STACK], "CREATE_COMPLETE")

    def test_looks_up_image_and_prefix_lists_once(self) -> None:
        folder = tempfile.mkdtemp(dir=self.folder)
        for name in os.listdir(TEMPLATES):
            with open(os.path.join(TEMPLATES, name), encoding="utf-8") as source:
                text = source.read()
            if name == "database.yaml":
                text = text.replace("Parameters:\n", "Parameters:\n" + "".join(
                    f"  {parameter}: {{Type: String}}\n" for parameter in
                    ("ImageId", "S3PrefixListId", "DynamoDbPrefixListId"))
                    + "  InstanceType: {Type: String, Default: t4g.micro}\n")
            with open(os.path.join(folder, name), "w", encoding="utf-8") as target:
                target.write(text)
        newest = iter(["ami-1", "ami-2"])
        self.front.override("ec2.DescribeImages", lambda request: IMAGES.format(newest=next(newest)))
        self.deploy("--templates", folder)
        (request,) = [request for call, request in self.front.calls if call.name == "ec2.DescribeImages"]
        self.assertIn(b"debian-12-arm64-", request.body)
        first = self.parameters(f"{STACK}-database")
        self.assertEqual(first["ImageId"], "ami-1")
        self.assertTrue(first["S3PrefixListId"].startswith("pl-"))
        self.assertNotEqual(first["S3PrefixListId"], first["DynamoDbPrefixListId"])
        # A newer image must not replace the instance.
        self.assertEqual(self.deploy("--templates", folder)["stacks"][f"{STACK}-database"], "unchanged")
        self.assertEqual(self.parameters(f"{STACK}-database"), first)

    def test_waits_until_the_functions_answer(self) -> None:
        answers = iter([FunctionError("CONNECTION_FAILED", "not yet"), FunctionError("CONNECTION_FAILED", "not yet")])

        def check(event: dict[str, Any]) -> dict[str, Any]:
            for error in answers:
                raise error
            return {"database": "ok"}

        self.front.functions[f"{STACK}-check"] = check
        self.addCleanup(self.front.functions.update, self.operator.handlers(STACK))
        self.assertEqual(self.deploy()["check"], {"database": "ok"})
        self.assertEqual(self.front.names().count("lambda.Invoke"), 3)

    def test_refuses_what_is_missing(self) -> None:
        cases: dict[str, tuple[str, ...]] = {
            "NO_IMAGE": ("--image", self.folder),
            "NO_PACKAGES": ("--packages", self.folder),
            "NO_TEMPLATE": ("--templates", self.folder),
        }
        for code, arguments in cases.items():
            with self.subTest(code):
                self.assertEqual(self.deploy(*arguments, code=2)["error"]["code"], code)
        with open(os.path.join(self.image, "index.json"), "w", encoding="utf-8") as file:
            json.dump({"manifests": [{}, {}]}, file)
        self.assertEqual(self.deploy(code=2)["error"]["code"], "IMAGE_INVALID")
        self.path(f"bad/{'0' * 64}/packages.tar", b"other")
        write_image(self.image, b"")
        self.assertEqual(self.deploy("--packages", os.path.join(self.folder, "bad"), code=2)["error"]["code"],
                         "PACKAGES_INVALID")
        self.assertEqual(self.statuses(), {})

    def test_wrong_usage(self) -> None:
        self.deploy("--database", SECRET, code=3)
        self.deploy("--subnets", "subnet-1", code=3)
        self.deploy("--parameter", "Zones", code=3)
        error = self.deploy("--parameter", "Zonse=2", code=3)["error"]
        self.assertIn('no template has the parameter "Zonse"', error["message"])
        for name in ("ImageUri", "Architecture", "ArtifactBucket", "PackagePrefix", "SubnetIds", "AdministratorSecretArn"):
            with self.subTest(name):
                error = self.deploy("--parameter", f"{name}=x", code=3)["error"]
                self.assertEqual(error["message"], f'parameter "{name}" cannot be given')
        self.deploy("--zones", "3", code=3)
        self.assertEqual(self.writing_calls(), [])

    def test_a_dry_run_writes_nothing(self) -> None:
        run = self.check_dry_run(*self.arguments("deploy"))
        self.assertEqual([text for text in run.document["would"] if "create stack" in text], [
            f"create stack {name} from {template}.yaml by a change set" for name, template in
            ((f"{STACK}-artifacts", "artifacts"), (f"{STACK}-database", "database"), (STACK, "pipeline"))])
        self.deploy()
        self.check_dry_run(*self.arguments("deploy"))

    def test_a_failed_stack_is_explained(self) -> None:
        event = EVENT.format(number=1, stack=STACK, name="Uploads", kind="AWS::S3::Bucket", status="CREATE_FAILED",
                             reason="shop-uploads already exists")
        cancelled = EVENT.format(number=2, stack=STACK, name="Topic", kind="AWS::SNS::Topic", status="CREATE_FAILED",
                                 reason="Resource creation cancelled")
        self.deploy("--database", SECRET, *SUBNETS)
        self.digest = write_image(self.image, b"changed")
        self.front.reset()
        self.front.override("cloudformation.DescribeStackEvents", lambda request: EVENTS.format(
            events=cancelled + event if "cloudformation.ExecuteChangeSet" in self.front.names() else ""))
        self.front.override("cloudformation.DescribeStacks", lambda request: STACKS.format(
            stack=STACK, status="UPDATE_ROLLBACK_COMPLETE") if "cloudformation.ExecuteChangeSet" in self.front.names()
            else None)
        error = self.deploy(code=4)["error"]
        self.assertEqual(error["code"], "STACK_FAILED")
        self.assertEqual(error["message"], f"stack {STACK} is UPDATE_ROLLBACK_COMPLETE: Uploads (AWS::S3::Bucket): "
                                           "shop-uploads already exists")
        self.assertIn("left from a system that was deleted", error["hint"])

    def test_a_stack_that_was_never_created_is_replaced(self) -> None:
        def rolled_back(request: Request) -> str | None:
            if b"shop-artifacts" in request.body and "cloudformation.DeleteStack" not in self.front.names():
                return STACKS.format(stack=f"{STACK}-artifacts", status="ROLLBACK_COMPLETE")
            return None

        self.front.override("cloudformation.DescribeStacks", rolled_back)
        self.client("cloudformation").create_stack(
            StackName=f"{STACK}-artifacts", TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}')
        document = self.deploy("--database", SECRET, *SUBNETS)
        self.assertIn("cloudformation.DeleteStack", self.front.names())
        self.assertEqual(document["stacks"][f"{STACK}-artifacts"], "created")

    def test_data_is_replaced_only_on_request(self) -> None:
        self.deploy("--database", SECRET, *SUBNETS)
        self.digest = write_image(self.image, b"changed")
        no_changes = CHANGES.replace("CREATE_COMPLETE", "FAILED").replace(
            "<Changes>", "<StatusReason>The submitted information didn't contain changes.</StatusReason><Changes>")
        self.front.override("cloudformation.DescribeChangeSet",
                            lambda request: no_changes if b"artifacts" in request.body else CHANGES)
        error = self.deploy(code=2)["error"]
        self.assertEqual(error["code"], "WOULD_LOSE_DATA")
        self.assertIn("Uploads (AWS::S3::Bucket)", error["message"])
        self.assertNotIn(self.digest, self.parameters(STACK)["ImageUri"])
        self.assertEqual(self.deploy("--replace")["stacks"][STACK], "updated")

    def test_failures_of_aws(self) -> None:
        for call in ("cloudformation.CreateChangeSet", "cloudformation.ExecuteChangeSet", "ecr.GetAuthorizationToken"):
            with self.subTest(call):
                self.check_failure(call, *self.arguments("deploy"))
        # What the failed runs started is completed.
        self.assertEqual(self.deploy()["stacks"][STACK], "created")

    def test_a_refused_push_is_explained(self) -> None:
        self.front.registry.refuses = True
        self.addCleanup(setattr, self.front.registry, "refuses", False)
        error = self.deploy(code=4)["error"]
        self.assertEqual(error["code"], "PUSH_FAILED")


class CheckCommandTest(DeployTest):
    def test_before_anything_exists(self) -> None:
        run = self.run_command(*self.arguments("check"), "--json")
        findings = {each["subject"]: each["severity"] for each in run.document["findings"]}
        self.assertEqual(set(findings.values()), {"ok"})
        self.assertEqual(len(run.document["changes"][f"{STACK}-artifacts"]), 2)
        self.assertEqual(self.writing_calls(), [])
        text = self.run_command(*self.arguments("check")).out
        self.assertIn("123456789012 in us-east-1", text)
        self.assertIn("An estimate of what it costs", text)
        self.assertIn(f"{read_prices()['date']}", text)

    def test_a_deployed_system(self) -> None:
        self.deploy()
        self.digest = write_image(self.image, b"changed")
        run = self.run_command(*self.arguments("check"), "--json")
        self.assertEqual(run.document["changes"][f"{STACK}-database"], [])
        self.assertNotEqual(run.document["changes"][STACK], [])
        self.assertEqual(self.statuses()[STACK], "CREATE_COMPLETE")
        left = self.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
        self.assertEqual({each["ExecutionStatus"] for each in left}, {"EXECUTE_COMPLETE"})
        self.check_dry_run(*self.arguments("check"))

    def test_what_needs_attention(self) -> None:
        self.front.account_limits = {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}}
        ec2 = self.client("ec2")
        made = [ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(4)]
        run = self.run_command(*self.arguments("check", "--image", self.folder), "--json", code=1)
        for vpc in made:
            ec2.delete_vpc(VpcId=vpc)
        findings = {each["subject"]: each["severity"] for each in run.document["findings"]}
        self.assertEqual([findings[name] for name in ("image", "Lambda", "VPCs")], ["error", "warning", "error"])

    def test_a_paused_stage_is_reported(self) -> None:
        self.deploy()
        self.run_command("pause", "-s", STACK, "--stage", "report")
        run = self.run_command(*self.arguments("check"), code=1)
        self.assertIn("onboard-aws resume --stage report", run.out)

    def test_usage_and_failures(self) -> None:
        self.run_command(*self.arguments("check", "--subnets", "x"), code=3)
        for call in ("sts.GetCallerIdentity", "lambda.GetAccountSettings", "ec2.DescribeVpcs"):
            with self.subTest(call):
                self.check_failure(call, *self.arguments("check"))

    def test_costs_before_the_first_deployment_are_those_of_the_page(self) -> None:
        run = self.run_command("check", "-s", STACK, "--templates", REAL_TEMPLATES, "--image", self.image, "--alarm-email",
                               "ops@shop.example", "--json")
        with open(os.path.join(ROOT, "glue", "deploy", "README.md"), encoding="utf-8") as file:
            self.assertIn(f"| Sum of what is fixed | all | | {run.document['costs']['usd_per_month']:.2f} |\n", file.read())

    def test_costs_follow_the_template(self) -> None:
        template = parse_template("costs", """
Parameters: {Zones: {Type: String, Default: "1"}, Type: {Type: String, Default: t4g.micro}}
Conditions: {TwoZones: !Equals [!Ref Zones, "2"], OneZone: !Not [!Condition TwoZones]}
Resources:
  Gateway: {Type: AWS::EC2::VPCEndpoint, Properties: {VpcEndpointType: Gateway}}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcEndpointType: Interface, SubnetIds: [!Ref A, !If [TwoZones, !Ref B, !Ref AWS::NoValue]]}
  Second: {Type: AWS::EC2::VPCEndpoint, Condition: TwoZones, Properties: {VpcEndpointType: Interface, SubnetIds: [x]}}
  Instance: {Type: AWS::EC2::Instance, Properties: {InstanceType: !Ref Type}}
  Volume: {Type: AWS::EC2::Volume, Properties: {Size: 20}}
  Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Metrics: [{MetricStat: {}}, {MetricStat: {}}, {Expression: x}]}}
  Queue: {Type: AWS::SQS::Queue}
""")

        self.assertEqual({cost.what: cost.verified for cost in monthly_costs(template.resources({}))}, {
            "AWS::EC2::VPCEndpoint": True, "AWS::EC2::Instance t4g.micro": False, "AWS::EC2::Volume": False,
            "AWS::CloudWatch::Alarm": True})

        def costs(**given: str) -> dict[str, tuple[float, float | None]]:
            return {cost.what: (cost.units, cost.month) for cost in monthly_costs(template.resources(given))}

        self.assertEqual(costs(), {
            "AWS::EC2::VPCEndpoint": (1, 7.3), "AWS::EC2::Instance t4g.micro": (1, 6.13),
            "AWS::EC2::Volume": (28, 2.24), "AWS::CloudWatch::Alarm": (2, 0.2)})
        self.assertEqual(costs(Zones="2")["AWS::EC2::VPCEndpoint"], (3, 21.9))
        self.assertEqual(costs(Type="x9.huge")["AWS::EC2::Instance x9.huge"], (1, None))


    def test_each_price_says_where_it_was_read(self) -> None:
        prices = read_prices()
        allowed = read_template("database", REAL_TEMPLATES).parameters["InstanceType"]["AllowedValues"]
        self.assertEqual(set(prices["instances"]), set(allowed))
        for price in (*prices["resources"].values(), *prices["instances"].values(), *prices["usage"]):
            self.assertEqual(price["verified"], not price["source"].startswith("from memory"), price)


class DestroyCommandTest(DeployTest):
    def test_keeps_and_lists_data(self) -> None:
        self.deploy()
        self.front.functions.update(self.operator.handlers(STACK))
        self.run_command("vendor", "add", "VEND001", "-s", STACK, "--name", "One", "--email", "one@vendor.example",
                         "--role-for", "arn:aws:iam::210987654321:root")
        run = self.check_dry_run("destroy", STACK)
        self.assertIn(f"delete stack {STACK}", run.document["would"])
        run = self.run_command("destroy", STACK, "--json", code=2)
        self.assertEqual(run.document["error"]["code"], "NOT_CONFIRMED")
        self.run_command("destroy", STACK, "--yes", "other", code=2)
        self.assertEqual(len(self.statuses()), 3)
        run = self.run_command("destroy", STACK, "--yes", STACK)
        self.assertIn("keep     AWS::DynamoDB::Table", run.out)
        self.assertIn("up to 30 minutes", run.out)
        self.assertEqual(list(self.statuses()), [f"{STACK}-artifacts"])
        self.assertEqual(self.client("iam").list_roles(PathPrefix="/onboard/")["Roles"], [])
        names = self.front.names()
        self.assertNotIn("s3.DeleteObjects", names)
        order = [request.body.decode() for call, request in self.front.calls if call.name == "cloudformation.DeleteStack"]
        self.assertEqual([f"StackName={STACK}-database" in body for body in order], [False, True])

    def test_with_data_removes_everything(self) -> None:
        self.deploy()
        outputs = {output["OutputKey"]: output["OutputValue"] for output in self.client("cloudformation").describe_stacks(
            StackName=STACK)["Stacks"][0]["Outputs"]}
        s3 = self.client("s3")
        s3.put_bucket_versioning(Bucket=outputs["BucketName"], VersioningConfiguration={"Status": "Enabled"})
        for number in range(3):
            s3.put_object(Bucket=outputs["BucketName"], Key="uploads/VEND001/a.csv", Body=str(number).encode())
        s3.delete_object(Bucket=outputs["BucketName"], Key="uploads/VEND001/a.csv")
        run = self.run_command("destroy", STACK, "--with-data", "--yes", STACK, "--json")
        self.assertEqual(run.document["deleted"], [STACK, f"{STACK}-database", f"{STACK}-artifacts"])
        self.assertEqual(run.document["kept"], [])
        self.assertEqual([s3.list_buckets()["Buckets"], self.client("dynamodb").list_tables()["TableNames"],
                          self.statuses()], [[], [], {}])
        self.run_command("destroy", STACK, "--yes", STACK, code=2)

    def test_repeats_while_interfaces_hold_the_network(self) -> None:
        self.deploy()
        event = EVENT.format(number=7, stack=f"{STACK}-database", name="FunctionGroup", kind="AWS::EC2::SecurityGroup",
                             status="DELETE_FAILED", reason="resource sg-1 has a dependent object")
        tried: list[Request] = []

        def hang(request: Request) -> str | None:
            if b"-database" not in request.body or tried:
                return None
            tried.append(request)
            return DELETED

        def held(request: Request) -> str | None:
            names = self.front.names()
            if names.count("cloudformation.DeleteStack") != 2 or b"database" not in request.body:
                return None
            return (STACKS.format(stack=f"{STACK}-database", status="DELETE_FAILED")
                    if names[-1] == "cloudformation.DescribeStacks" else EVENTS.format(events=event))

        self.front.override("cloudformation.DeleteStack", hang)
        self.front.override("cloudformation.DescribeStacks", held)
        self.front.override("cloudformation.DescribeStackEvents", held)
        run = self.run_command("destroy", STACK, "--yes", STACK)
        self.assertIn("waits until Lambda releases its network interfaces", run.error)
        self.assertEqual(list(self.statuses()), [f"{STACK}-artifacts"])

    def test_failures_of_aws(self) -> None:
        self.deploy("--database", SECRET, *SUBNETS)
        for call in ("cloudformation.GetTemplate", "cloudformation.DeleteStack", "iam.ListRoles"):
            with self.subTest(call):
                self.check_failure(call, "destroy", STACK, "--yes", STACK)
        self.run_command("destroy", code=3)
        self.run_command("destroy", "absent", "--yes", "absent", code=2)


if __name__ == "__main__":
    unittest.main()
