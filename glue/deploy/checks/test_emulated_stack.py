"""The pipeline's stack in an emulator that creates it from the template: from onboard-aws deploy to destroy.

What the stack created works by itself here: the bucket's notification, the event source mappings with their filters, the
topic and the function's URL.  The functions run in the container image, confined, with the variables that the stack gave
them.  A database of this test, which they reach by a Unix socket, and its secrets stand for the database's stack.
"""

import io
import json
import os
import re
import sys
import tempfile
import unittest
from collections import Counter
from functools import cached_property
from typing import Any, Mapping
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(HERE, "..", "..", "..", "test", "aws")]

import boto3  # type: ignore[import-untyped]  # noqa: E402
from database import ROOT, OwnDatabase, shared_server  # noqa: E402
from emulator import REGION  # noqa: E402
from event_sources import EmulatedQueue, scheduled_event  # noqa: E402
from image_root import Layout  # noqa: E402
from invariants import Sent, World, log_problems  # noqa: E402
from ministack import CREDENTIALS, URL, Functions, MiniStack, Template, client, for_emulator  # noqa: E402
from onboard_aws.main import main  # noqa: E402
from patience import wait_until  # noqa: E402
from stack import PIPELINE_PARAMETERS, Stack, as_list  # noqa: E402
from transform import read_template, transformed_template  # noqa: E402

NAME = "onboard"
VENDORS = {"VEND001": "Norlake", "VEND002": "Halden", "VEND003": "Meadow & Stone"}

# The files of test/data, with how many of their rows are good and bad.
FILES = {"VEND001_20260104_090000.csv": (30, 0), "VEND002_20260105_101500.csv": (10, 16),
         "VEND003_20260106_143000.csv": (28, 5), "VEND003_20260107_080000.csv": (5, 0)}

# Files of tomorrow's prices for products of the earlier files, with the numbers of their good and bad rows.
PRICES = {"VEND001_prices.csv": (3, 0), "VEND002_prices.csv": (3, 0)}
ALL = {**FILES, **PRICES}

# What a deleted stack leaves: the data.
RETAINED = {"UploadBucket", "LogBucket", "UploadRecords"}

# What onboard-aws needs of its environment.
ENVIRONMENT = {**CREDENTIALS, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": URL}

# Queues by their names in the tests.
QUEUES = {"upload-events-dead": "UploadDeadQueueUrl", "product-validation-errors-dead": "ErrorDeadQueueUrl",
          "upload-records-discarded": "DiscardedQueueUrl", "upload-records-quarantine": "QuarantineQueueUrl"}


def mailbox(vendor_id: str) -> str:
    return f"mailbox-{vendor_id}"


class CreatedStack:
    """The pipeline's stack: everything is found by its outputs."""

    refused: Mapping[str, int] = {}

    def __init__(self) -> None:
        self.clients = {name: client(name) for name in ("s3", "dynamodb", "sqs", "sns", "lambda", "cloudformation", "events")}
        described, = self.clients["cloudformation"].describe_stacks(StackName=NAME)["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    @property
    def bucket(self) -> str:
        return str(self.outputs["BucketName"])

    def resources(self) -> dict[str, str]:
        """Return the names of the resources in their services, by their names in the template."""
        pages = self.clients["cloudformation"].get_paginator("list_stack_resources").paginate(StackName=NAME)
        return {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for page in pages
                for entry in page["StackResourceSummaries"]}

    def items(self) -> list[dict[str, Any]]:
        pages = self.clients["dynamodb"].get_paginator("scan").paginate(TableName=self.outputs["TableName"])
        return [item for page in pages for item in page["Items"]]

    def take(self, queue_url: str) -> list[str]:
        """Remove all messages from a queue; return their bodies."""
        queue = EmulatedQueue(self.clients["sqs"], queue_url)
        bodies = []
        while messages := queue.receive(10):
            bodies += [message["Body"] for message in messages]
            queue.delete(messages)
        return bodies

    def messages(self, queue: str) -> list[str]:
        return self.take(self.outputs[QUEUES[queue]])

    @cached_property
    def mails_of(self) -> dict[str, list[dict[str, Any]]]:
        """The mails that each vendor got; they are read once."""
        sqs = self.clients["sqs"]
        return {vendor: [json.loads(body) for body in self.take(sqs.get_queue_url(QueueName=mailbox(vendor))["QueueUrl"])]
                for vendor in VENDORS}

    def mails(self) -> list[dict[str, Any]]:
        return [mail for mails in self.mails_of.values() for mail in mails]

    def object_keys(self, prefix: str) -> list[str]:
        found = self.clients["s3"].list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in found.get("Contents", [])]

    def subscribe(self, vendor_id: str) -> None:
        """Let a queue get a vendor's mails, by the filter that `vendor add` sets for the address."""
        queue = self.clients["sqs"].create_queue(QueueName=mailbox(vendor_id))["QueueUrl"]
        arn = self.clients["sqs"].get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        subscribed = self.clients["sns"].get_paginator("list_subscriptions_by_topic").paginate(
            TopicArn=self.outputs["TopicArn"])
        address, = [entry["SubscriptionArn"] for page in subscribed for entry in page["Subscriptions"]
                    if entry["Endpoint"] == address_of(vendor_id)]
        policy = self.clients["sns"].get_subscription_attributes(SubscriptionArn=address)["Attributes"]["FilterPolicy"]
        self.clients["sns"].subscribe(TopicArn=self.outputs["TopicArn"], Protocol="sqs", Endpoint=arn,
                                      Attributes={"FilterPolicy": policy})


def address_of(vendor_id: str) -> str:
    return f"{vendor_id.lower()}@vendors.example"


class NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def follow(link: str) -> bytes:
    """Follow a link in a mail as a browser does: to the function's URL, and where that redirects."""
    url = urlsplit(link)
    request = Request(f"{URL}{url.path}?{url.query}", headers={"Host": url.netloc})
    try:
        build_opener(NoRedirect()).open(request).close()
    except HTTPError as reply:
        if reply.code != 302:
            raise AssertionError(f"the link is answered with {reply.code}, not a redirect") from reply
        with urlopen(reply.headers["Location"]) as file:
            return bytes(file.read())
    raise AssertionError("the link is not answered with a redirect")


def inventory() -> set[tuple[str, str]]:
    """Return what there is in the emulated account, by service and name."""
    sources: list[tuple[str, str, str, str]] = [
        ("s3", "list_buckets", "Buckets", "Name"), ("dynamodb", "list_tables", "TableNames", ""),
        ("sqs", "list_queues", "QueueUrls", ""), ("sns", "list_topics", "Topics", "TopicArn"),
        ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
        ("lambda", "list_functions", "Functions", "FunctionName"),
        ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
        ("iam", "list_roles", "Roles", "RoleName"), ("secretsmanager", "list_secrets", "SecretList", "Name"),
        ("logs", "describe_log_groups", "logGroups", "logGroupName"), ("events", "list_rules", "Rules", "Name"),
        ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
        ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName")]
    found = set()
    for service, operation, member, name in sources:
        using = client(service)
        pages = using.get_paginator(operation).paginate() if using.can_paginate(operation) else [getattr(using, operation)()]
        found |= {(service, entry[name] if name else entry) for page in pages for entry in page.get(member) or []}
    return found


def path_style(params: dict[str, Any], **_: Any) -> None:
    """Name a template's bucket in the path of its URL; the emulator does not understand it in the host's name."""
    if "TemplateURL" in params:
        url = urlsplit(params["TemplateURL"])
        bucket, _, host = url.netloc.partition(".")
        params["TemplateURL"] = f"https://{host}/{bucket}{url.path}"


class EmulatedStackTest(unittest.TestCase):
    """The tests follow each other in the order of their numbers."""

    maxDiff = None
    folder: str
    database: OwnDatabase
    functions: Functions
    session: Any
    template: Template
    secrets: dict[str, str]
    before: set[tuple[str, str]]
    image: Layout
    sent: list[Sent]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="onboard-stack-"))
        cls.image = Layout(os.environ["ONBOARD_IMAGE"])
        cls.functions = cls.enterClassContext(Functions(os.environ["ONBOARD_BOOTSTRAP"], cls.folder))
        names = [function["FunctionName"]
                 for function in Stack(transformed_template("pipeline"), PIPELINE_PARAMETERS, NAME).functions().values()]
        cls.enterClassContext(MiniStack(cls.functions, names, cls.folder))
        cls.database = shared_server().make_database()
        cls.database.query("DELETE FROM onboard.vendors")
        logins = {"functions": cls.database.login(), "operator": cls.database.operator_login(),
                  "administrator": cls.database.login()}
        cls.secrets = {name: client("secretsmanager").create_secret(Name=f"{NAME}-database/{name}",
                                                                    SecretString=login.secret())["ARN"]
                       for name, login in logins.items()}
        os.environ.update(ENVIRONMENT)
        cls.session = boto3.Session()
        cls.session.events.register("before-parameter-build.cloudformation.CreateChangeSet", path_style)
        cls.sent = []
        cls.write_templates()

    @classmethod
    def write_templates(cls) -> None:
        """Write the templates for the emulator; say how they differ from the real ones."""
        cls.template, notes = for_emulator(read_template("pipeline"))
        for note in notes:
            print(f"# {note}", flush=True)
        os.mkdir(os.path.join(cls.folder, "templates"))
        for name in ("artifacts", "database", "pipeline"):
            with open(os.path.join(cls.folder, "templates", f"{name}.yaml"), "w", encoding="utf-8") as file:
                json.dump(cls.template if name == "pipeline" else read_template(name), file)

    def run_command(self, *arguments: str) -> dict[str, Any]:
        """Run a command of onboard-aws, which must succeed, and return its document."""
        out, error = io.StringIO(), io.StringIO()
        code = main([*arguments, "--json"], out, error, poll_seconds=0.1, session=self.session)
        self.assertEqual(code, 0, f"{arguments}\n{out.getvalue()}{error.getvalue()}")
        document: dict[str, Any] = json.loads(out.getvalue())
        return document

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    # The tests.

    def test_1_a_failed_creation_leaves_nothing(self) -> None:
        """A creation that fails leaves nothing, not even what is retained later"""
        cloudformation, s3 = client("cloudformation"), client("s3")
        # It fails at what the emulator refuses, after everything that would be retained.
        alarm = {**read_template("pipeline")["Resources"]["MailsUndeliveredAlarm"], "DependsOn": sorted(RETAINED)}
        template = {**self.template, "Resources": {**self.template["Resources"], "MailsUndeliveredAlarm": alarm}}
        s3.create_bucket(Bucket="failing-template")
        s3.put_object(Bucket="failing-template", Key="pipeline.yaml", Body=json.dumps(template).encode())
        parameters = {**PIPELINE_PARAMETERS, "DatabaseSecretArn": self.secrets["functions"]}
        before = inventory()
        stack = cloudformation.create_stack(
            StackName=NAME, TemplateURL=f"https://s3.{REGION}.amazonaws.com/failing-template/pipeline.yaml",
            Parameters=[{"ParameterKey": name, "ParameterValue": ",".join(map(str, as_list(value)))}
                        for name, value in parameters.items()])["StackId"]

        def status() -> str:
            return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])

        wait_until(lambda: not status().endswith("IN_PROGRESS"), "the creation ends")
        self.assertEqual(status(), "ROLLBACK_COMPLETE", "the emulator creates what it is said to refuse")
        created = {event["LogicalResourceId"]
                   for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack)
                   for event in page["StackEvents"] if event["ResourceStatus"] == "CREATE_COMPLETE"}
        self.assertLessEqual(RETAINED, created, "it failed before there was anything to retain")
        self.assertEqual(inventory(), before)

    def test_2_deploy(self) -> None:
        """onboard-aws deploy creates the stack, and the functions reach the database"""
        cloudformation = client("cloudformation")
        cloudformation.create_stack(StackName=f"{NAME}-artifacts", TemplateBody=json.dumps(read_template("artifacts")))
        wait_until(lambda: cloudformation.describe_stacks(StackName=f"{NAME}-artifacts")["Stacks"][0]["StackStatus"]
                   == "CREATE_COMPLETE", "the stack of artefacts is created")
        outputs = {output["OutputKey"]: output["OutputValue"] for output in
                   cloudformation.describe_stacks(StackName=f"{NAME}-artifacts")["Stacks"][0]["Outputs"]}
        # The emulator has no registry to push to; image.sh pushes to one.
        descriptor, = self.image.index["manifests"]
        client("ecr").put_image(repositoryName=outputs["RepositoryName"], imageDigest=descriptor["digest"],
                                imageManifest=self.image.blob(descriptor).decode(), imageTag="latest",
                                imageManifestMediaType=descriptor["mediaType"])
        type(self).before = inventory()
        document = self.run_command(
            "deploy", NAME, "--database", self.secrets["functions"], "--operator", self.secrets["operator"],
            "--administrator", self.secrets["administrator"], "--subnets", "subnet-1", "--security-groups", "sg-1",
            "--alarm-email", "alarms@example.com", "--image", self.image.folder, "--templates", self.path("templates"))
        self.assertEqual(document["stacks"], {f"{NAME}-artifacts": "unchanged", NAME: "created"})
        self.assertEqual(document["check"]["database"], "ok")
        self.assertEqual(CreatedStack().resources().keys() - set(self.template["Resources"]), self.added_by_transform())
        image = f"{outputs['RepositoryUri']}@{descriptor['digest']}"
        images = {client("lambda").get_function(FunctionName=function["FunctionName"])["Code"]["ImageUri"]
                  for function in client("lambda").list_functions()["Functions"]}
        self.assertEqual(images, {image})

    def added_by_transform(self) -> set[str]:
        """Return the resources that only the transform names, as those of functions' events."""
        return set(transformed_template("pipeline")["Resources"]) - set(read_template("pipeline")["Resources"])

    def test_3_files_reach_mails_and_links(self) -> None:
        """Files of three vendors reach products, reports, mails and links"""
        stack = CreatedStack()
        for vendor, name in VENDORS.items():
            self.run_command("vendor", "add", vendor, "--name", name, "--email", address_of(vendor),
                             "--form", self.path(f"{vendor}.json"))
            stack.subscribe(vendor)
        self.write_judged_item(stack)
        for name in FILES:
            self.send(name)
        wait_until(lambda: self.settled(stack), "all uploads are reported", pause=0.5)
        for name in PRICES:
            self.send_prices(name)
        wait_until(lambda: self.settled(stack), "all prices are reported", pause=0.5)
        world = World(self.database, stack, self.sent)
        self.assertEqual(world.problems(), [])
        counts = {str(upload["file_name"]): (int(upload["valid_records"] or 0), int(upload["error_records"] or 0))
                  for upload in world.uploads}
        self.assertEqual(counts, ALL)
        for vendor, mails in stack.mails_of.items():
            about = [name for name in ALL if name.startswith(vendor) for mail in mails if name in mail["Message"]]
            self.assertEqual(about, [name for name in ALL if name.startswith(vendor)], "a vendor's mails")
            self.assertEqual(len(mails), len(about), "mails of other vendors")
        self.check_links(stack)

    def write_judged_item(self, stack: CreatedStack) -> None:
        """Write and remove an item that needs no validation: the mapping's filter keeps its stream records back."""
        key = {"upload_id": {"S": "none"}, "record_id": {"S": "none"}}
        table = stack.outputs["TableName"]
        stack.clients["dynamodb"].put_item(TableName=table, Item={**key, "status": {"S": "validated"}})
        stack.clients["dynamodb"].delete_item(TableName=table, Key=key)

    def send(self, name: str) -> None:
        """Send a file: with the command, or with the vendor's form."""
        vendor, path = name.partition("_")[0], os.path.join(ROOT, "test", "data", name)
        with open(path, "rb") as file:
            content = file.read()
        self.send_content(Sent(vendor, f"uploads/{vendor}/{name}", content), path)

    def send_content(self, sent: Sent, path: str) -> None:
        if sent.vendor_id == "VEND002":
            self.post(self.path(f"{sent.vendor_id}.json"), sent)
        else:
            mode = ["--mode", sent.metadata["onboard-mode"]] if sent.metadata else []
            self.assertEqual(self.run_command("send", path, "--vendor", sent.vendor_id, *mode)["key"], sent.key)
        self.sent.append(sent)

    def send_prices(self, name: str) -> None:
        """Send tomorrow's prices of a vendor's first products."""
        vendor = name.partition("_")[0]
        rows = self.database.query(f"""SELECT vendor_product_id, round(price * 1.1, 2) AS price FROM onboard.products
            WHERE vendor_id = '{vendor}' ORDER BY product_id LIMIT {PRICES[name][0]}""")
        content = "vendor_product_id,price\n" + "".join(f"{row['vendor_product_id']},{row['price']}\n" for row in rows)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)
        self.send_content(Sent(vendor, f"uploads/{vendor}/{name}", content.encode(), metadata={"onboard-mode": "update"},
                               actions={number: "updated" for number in range(1, len(rows) + 1)}), self.path(name))

    def post(self, form_path: str, sent: Sent) -> None:
        """Send a file as the vendor's browser does."""
        with open(form_path, encoding="utf-8") as file:
            form = json.load(file)
        form["fields"].update({f"x-amz-meta-{name}": value for name, value in sent.metadata.items()})
        boundary = "onboard-form"
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
                 for field, value in form["fields"].items()]
        head = (f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{sent.file_name}"\r\n'
                "Content-Type: text/csv\r\n\r\n")
        body = ("".join(parts) + head).encode() + sent.content
        request = Request(form["url"], body + f"\r\n--{boundary}--\r\n".encode(),
                          {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        with urlopen(request) as reply:
            self.assertEqual(reply.status, 201)

    def settled(self, stack: CreatedStack) -> bool:
        """Return whether every file is an upload that was reported, and no event or item of it is waiting."""
        ended = self.database.number("SELECT count(*) FROM onboard.upload_history WHERE metadata ? 'reported_at'")
        waiting = self.database.number("SELECT count(*) FROM onboard.outbox")
        return (ended == len(self.sent) and not waiting and
                not any(item["status"]["S"] == "pending_validation" for item in stack.items()))

    def check_links(self, stack: CreatedStack) -> None:
        """Each link in a mail leads to a report of that mail's vendor, and each report has a link."""
        linked = Counter[str]()
        for vendor, mails in stack.mails_of.items():
            reports = {key: stack.clients["s3"].get_object(Bucket=stack.bucket, Key=key)["Body"].read()
                       for key in stack.object_keys(f"errors/{vendor}/")}
            for mail in mails:
                links = re.findall(re.escape(stack.outputs["LinkUrl"]) + r"\S+", mail["Message"])
                for content in map(follow, links):
                    key, = [key for key, report in reports.items() if report == content]
                    linked[key] += 1
        self.assertEqual(linked, Counter(stack.object_keys("errors/")))

    def test_4_event_sources(self) -> None:
        """Functions get what the notification and the mappings let through, and nothing else"""
        events = self.functions.events
        records = [(record, json.loads(record["body"])) for event in events[f"{NAME}-parser"] for record in event["Records"]]
        self.assertEqual([len(event["Records"]) for event in events[f"{NAME}-parser"]], [1] * len(records))
        announced = Counter(entry["s3"]["object"]["key"] for _, body in records for entry in body.get("Records", []))
        self.assertEqual(announced, Counter(file.key for file in self.sent))
        tests = [body for _, body in records if body.get("Event") == "s3:TestEvent"]
        self.assertEqual(len(tests), len(records) - len(self.sent), "messages that are no notification")
        statuses = Counter(record["dynamodb"].get("NewImage", {}).get("status", {}).get("S", "removed")
                           for event in events[f"{NAME}-validator"] for record in event["Records"])
        self.assertEqual(statuses, {"pending_validation": sum(map(sum, ALL.values()))})
        self.assertEqual(events[f"{NAME}-direct"], [], "the disabled mapping")

    def test_5_schedules(self) -> None:
        """The schedules invoke the sweeper and the check, which succeed"""
        stack = CreatedStack()
        targets = {rule["Name"]: target["Arn"] for rule in stack.clients["events"].list_rules()["Rules"]
                   for target in stack.clients["events"].list_targets_by_rule(Rule=rule["Name"])["Targets"]}
        self.assertEqual({name: arn.rpartition(":")[2] for name, arn in targets.items()},
                         {f"{NAME}-sweep": f"{NAME}-sweeper", f"{NAME}-check": f"{NAME}-check"})
        for rule, arn in targets.items():
            answer = stack.clients["lambda"].invoke(FunctionName=arn, Payload=json.dumps(scheduled_event(rule)).encode())
            self.assertNotIn("FunctionError", answer, answer["Payload"].read())

    def test_6_trace(self) -> None:
        """onboard-aws trace finds every file delivered"""
        for file in self.sent:
            document = self.run_command("trace", file.key)
            self.assertEqual({hop["state"] for hop in document["hops"]}, {"done"}, document["hops"])
            self.assertEqual((document["where"], document["next_action"]), ("mail", None))
            self.assertEqual(document["upload"]["vendor_id"], file.vendor_id)

    def test_7_log(self) -> None:
        """The functions log JSON, no error and no secret"""
        planted = [self.database.server.password, CREDENTIALS["AWS_SECRET_ACCESS_KEY"], CREDENTIALS["AWS_SESSION_TOKEN"]]
        text = self.functions.log_text()
        self.assertEqual(log_problems(text, planted), [])
        self.assertEqual([line for line in text.splitlines() if json.loads(line).get("level") in ("ERROR", "error")], [])

    def test_8_destroy(self) -> None:
        """onboard-aws destroy leaves what is retained, with the files in it, and nothing else"""
        stack = CreatedStack()
        resources = stack.resources()
        document = self.run_command("destroy", NAME, "--yes", NAME)
        self.assertEqual(document["deleted"], [NAME])
        self.assertEqual({kept["resource"]: kept["name"] for kept in document["kept"]},
                         {name: resources[name] for name in RETAINED})
        kept = {("dynamodb" if name == "UploadRecords" else "s3", resources[name]) for name in RETAINED}
        mailboxes = {("sqs", client("sqs").get_queue_url(QueueName=mailbox(vendor))["QueueUrl"]) for vendor in VENDORS}
        self.assertEqual(inventory() - self.before, kept | mailboxes)
        self.assertEqual(sorted(stack.object_keys("uploads/")), sorted(file.key for file in self.sent))
        self.assertEqual(len(stack.items()), sum(map(sum, ALL.values())))


if __name__ == "__main__":
    unittest.main()
