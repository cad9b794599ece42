"""Usage of the command line, its page, how it ends, and the package."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import zipfile
from typing import Any

from commands import ENVIRONMENT, HERE, ROOT, STACK, CommandTest, restore
from onboard_aws.calls import Aws
from onboard_aws.errors import EXIT_CODES
from onboard_aws.options import COMMANDS, COMMON, Option, codes_of
from onboard_aws.output import Output
from onboard_aws.kept import NAMES, Resource, declaration
from onboard_aws.plan import FROM_DATABASE, PARAMETER_OPTIONS, PREFIX_LISTS
from onboard_aws.queues import DEAD
from onboard_aws.stages import STAGES
from onboard_aws.templates import Template, parse_template, read_template
from onboard_aws.version import VERSION

DEPLOY = os.path.dirname(HERE)
TEMPLATES = os.path.join(DEPLOY, "templates")
PAGE = os.path.join(DEPLOY, "onboard_aws", "README.md")

# Arguments with which each command parses.
ARGUMENTS = {"deploy": [STACK], "vendor add": ["V1", "--name", "n", "--email", "e"], "vendor set": ["V1", "--modes", "insert"],
             "vendor suspend": ["V1"], "send": ["file", "--vendor", "V1"], "trace": ["upload"], "approve": ["upload"],
             "decline": ["upload"], "destroy": [STACK]}


def tables(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading of the page, without its head."""
    with open(PAGE, encoding="utf-8") as file:
        section = file.read().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


# What deploy passes to each template.
PASSED = {"artifacts": set[str](), "database": {"ArtifactBucket", "PackagePrefix", "ImageId", *PREFIX_LISTS.values()},
          "pipeline": {"ImageUri", "Architecture", "ReserveConcurrency", *FROM_DATABASE}}


def contract_problems(templates: dict[str, Template]) -> list[str]:
    """Return where the templates do not fit each other, or what deploy passes from one to the other."""
    outputs = {name for template in templates.values() for name in template.content["Outputs"]}
    declared = {name for template in templates.values() for name in template.parameters}
    found = [f"no template has the output {name}" for name in FROM_DATABASE.values() if name not in outputs]
    found += [f"no template has the parameter {name}" for name in PARAMETER_OPTIONS.values() if name not in declared]
    for name, template in templates.items():
        found += [f"{name}.yaml has no parameter {each}" for each in sorted(PASSED[name] - set(template.parameters))]
        found += [f"nothing passes {each} to {name}.yaml" for each in template.missing(dict.fromkeys(PASSED[name], "x"))]
    return found


def names_of(option: Option) -> str:
    value = f" {option.value}" if option.value else ""
    return ", ".join([f"`{name}`" for name in option.names[:-1]] + [f"`{option.names[-1]}{value}`"])


class UsageTest(CommandTest):
    deployed = False

    def setUp(self) -> None:
        super().setUp()
        self.reached, self.released = threading.Event(), threading.Event()
        self.addCleanup(self.released.set)

    def python(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": DEPLOY, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.Popen([sys.executable, *arguments], env=environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def test_page_lists_the_commands(self) -> None:
        self.assertEqual(tables("Commands"), [[f"`onboard-aws {entry.title}`", entry.text] for entry in COMMANDS])

    def test_page_lists_the_options(self) -> None:
        expected: list[list[str]] = []
        for entry in COMMANDS:
            for option in entry.options:
                row = next((row for row in expected if row[:2] == [names_of(option), option.text]), None)
                if row:
                    row[2] += f", {entry.words}"
                else:
                    expected.append([names_of(option), option.text, entry.words])
        expected += [[names_of(option), option.text, "all"] for option in COMMON]
        self.assertEqual(tables("Options"), expected)

    def test_page_lists_the_exit_codes(self) -> None:
        expected = [[str(code), entry.words, text] for entry in COMMANDS for code, text in codes_of(entry).items()
                    if code in entry.codes]
        self.assertEqual([row for row in tables("Exit codes") if row[1] != "all"], expected)

    def test_exit_codes_are_those_of_the_command_line(self) -> None:
        with open(os.path.join(ROOT, "glue", "cli", "command.h"), encoding="utf-8") as file:
            codes = dict(re.findall(r"\b(EXIT_\w+) = (\d)", file.read()))
        self.assertEqual([EXIT_CODES["refused"], EXIT_CODES["usage"], EXIT_CODES["infrastructure"]],
                         [int(codes[f"EXIT_{name}"]) for name in ("REFUSED", "USAGE", "INFRASTRUCTURE")])

    def test_help_describes_every_command_and_option(self) -> None:
        done = self.python("-m", "onboard_aws", "--help").communicate()[0]
        for entry in COMMANDS:
            self.assertIn(entry.words.partition(" ")[0], done)
        for entry in COMMANDS:
            if entry.words not in ("check", "vendor add"):
                continue
            out = self.python("-m", "onboard_aws", *entry.words.split(), "--help").communicate()[0]
            shown = " ".join(out.split())
            for option in (*entry.options, *COMMON):
                self.assertIn(option.names[-1], shown)
                # Help may break a line after a hyphen.
                self.assertIn(option.text.replace(" ", "").replace("-", ""), shown.replace(" ", "").replace("-", ""))
            for code, text in codes_of(entry).items():
                self.assertIn(f"{code} {text}", shown)

    def test_wrong_usage_is_reported_as_text_and_as_json(self) -> None:
        for arguments in ([], ["laod"], ["vendor"], ["vendor", "remove"], ["trace"], ["check", "--wrong"]):
            with self.subTest(arguments):
                run = self.run_command(*arguments, code=3)
                self.assertRegex(run.error, r'^onboard-aws: .*\nTry "onboard-aws.* --help"\.\n$')
                run = self.run_command(*arguments, "--json", code=3)
                self.assertEqual(run.document["error"]["class"], "usage")

    def test_every_command_needs_credentials_region_and_connection(self) -> None:
        cases = {"NO_CREDENTIALS": ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 4),
                 "USAGE": ({"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}, 3),
                 "NO_CONNECTION": ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, 4)}
        for code, (changes, exit_code) in cases.items():
            with self.subTest(code):
                kept = {name: os.environ.pop(name) for name in changes}
                os.environ.update({name: value for name, value in changes.items() if value})
                session, type(self).session = self.session, None
                try:
                    run = self.run_command("vendor", "list", "--json", code=exit_code)
                finally:
                    type(self).session = session
                    os.environ.update(kept)
                self.assertEqual(run.document["error"]["code"], code)
        run = self.run_command("vendor", "list", "--profile", "absent", "--json", code=3)
        self.assertIn("absent", run.document["error"]["message"])

    def test_region_is_that_of_the_option_else_of_the_environment(self) -> None:
        names = ("AWS_REGION", "AWS_DEFAULT_REGION")
        self.addCleanup(restore, {name: os.environ.get(name) for name in names})
        for option, *environment, region in (("", "eu-west-1", "", "eu-west-1"), ("", "", "eu-west-2", "eu-west-2"),
                                             ("", "eu-west-1", "eu-west-2", "eu-west-1"),
                                             ("eu-west-3", "eu-west-1", "eu-west-2", "eu-west-3")):
            with self.subTest(option=option, environment=environment):
                restore(dict(zip(names, environment)))
                self.assertEqual(Aws(Output(), option).region, region)

    def test_every_command_reports_that_the_system_is_absent(self) -> None:
        for entry in COMMANDS:
            if entry.words in ("check", "deploy", "send"):
                continue
            arguments = ARGUMENTS.get(entry.words, [])
            run = self.run_command(*entry.words.split(), *arguments, "--json", code=2)
            self.assertEqual(run.document["error"]["code"], "UNKNOWN_STACK")

    def test_an_undeclared_writing_call_is_not_sent(self) -> None:
        aws = Aws(Output(), session=self.session)
        with self.assertRaises(AssertionError):
            aws.read("s3", "create_bucket", Bucket="bucket")
        aws.write("create a bucket", "s3", "create_bucket", Bucket="bucket")
        self.assertEqual(self.front.names(), ["s3.CreateBucket"])

    def test_interruption(self) -> None:
        # The front end accepts the connection and never answers.
        self.front.override("cloudformation.DescribeStacks", lambda request: self.hang())
        # A shell lets the jobs that it runs in the background ignore the signal, and they pass that on.
        process = self.python("-m", "onboard_aws", "vendor", "list", "--json",
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.assertTrue(self.reached.wait(60))
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
        self.released.set()
        self.assertEqual([process.returncode, json.loads(out)["error"]["code"]], [4, "INTERRUPTED"], error)

    def hang(self) -> None:
        self.reached.set()
        self.released.wait(60)

    def test_no_secret_is_printed_when_aws_echoes_it(self) -> None:
        self.front.fail("cloudformation.DescribeStacks", "InvalidClientTokenId")
        run = self.run_command("vendor", "list", code=4)
        self.assertIn("or log in again", run.error)
        self.assertNotIn(ENVIRONMENT["AWS_SECRET_ACCESS_KEY"], run.error)

    @unittest.skipUnless(os.path.isdir(TEMPLATES), "the tree has no templates")
    def test_templates_have_the_outputs_that_commands_read(self) -> None:
        declared = {name for template in ("artifacts", "database", "pipeline")
                    for name in read_template(template, TEMPLATES).content["Outputs"]}
        functions = {name for stage in STAGES.values() for name in stage.functions}
        queues = {name for kind in DEAD for name in (kind.output, kind.source_output) if name}
        package = os.path.join(DEPLOY, "onboard_aws")
        read: set[str] = set()
        for name in os.listdir(package):
            if name.endswith(".py"):
                with open(os.path.join(package, name), encoding="utf-8") as file:
                    read.update(re.findall(r'(?:outputs|artifacts)(?:\.name\))?\["(\w+)"\]', file.read()))
        self.assertIn("CheckFunctionName", read)
        self.assertEqual((read | functions | queues | set(FROM_DATABASE.values())) - declared, set())

    def test_the_templates_fit_each_other_and_what_deploy_passes(self) -> None:
        templates = {name: read_template(name, TEMPLATES) for name in PASSED}
        self.assertEqual(contract_problems(templates), [])
        faults = [("database", "  FunctionSecurityGroupId: {Value"), ("pipeline", "  OperatorSecretArn:\n    Type"),
                  ("pipeline", "  SubnetIds:\n    Type"), ("pipeline", "  MonthlyBudget:\n    Type"),
                  ("database", "  S3PrefixListId:\n    # CloudFormation")]
        for name, line in faults:
            with self.subTest(line=line):
                text = templates[name].text
                self.assertEqual(text.count(f"\n{line}"), 1)
                changed = parse_template(name, text.replace(f"\n{line}", f"\n  Other{line.lstrip()}"))
                self.assertNotEqual(contract_problems({**templates, name: changed}), [])

    def test_what_is_kept_can_be_declared_alone(self) -> None:
        created = read_template("pipeline", TEMPLATES).resources({})
        kept = {name: resource for name, resource in created.items() if resource.get("DeletionPolicy", "").startswith("Retain")}
        self.assertEqual(sorted(kept), ["LogBucket", "UploadBucket", "UploadRecords"])
        for name, resource in kept.items():
            self.assertIn(NAMES[resource["Type"]], resource["Properties"])
            declared = declaration(Resource(STACK, name, resource["Type"], "name", "Retain"), resource)
            self.assertNotRegex(json.dumps(declared), '"(Ref|Fn::|Condition)')

    def test_wheel_carries_templates_page_prices_and_version(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            # A build writes next to its sources, so it gets a copy.
            copy = os.path.join(folder, "tree")
            subprocess.run(["mkdir", "-p", os.path.join(copy, "glue")], check=True)
            subprocess.run(["cp", "-r", DEPLOY, os.path.join(copy, "glue")], check=True)
            subprocess.run(["cp", os.path.join(ROOT, "onboard.control"), copy], check=True)
            templates = os.path.join(copy, "glue", "deploy", "templates")
            os.makedirs(templates, exist_ok=True)
            process = self.python("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
                                  "--disable-pip-version-check", "--wheel-dir", folder,
                                  os.path.join(copy, "glue", "deploy"))
            error = process.communicate()[1]
            self.assertEqual(process.returncode, 0, error)
            (wheel,) = [name for name in os.listdir(folder) if name.endswith(".whl")]
            self.assertEqual(wheel.split("-")[1], VERSION)
            with zipfile.ZipFile(os.path.join(folder, wheel)) as archive:
                names = archive.namelist()
                archive.extractall(os.path.join(folder, "installed"))
            expected = [f"templates/{name}" for name in os.listdir(templates) if name.endswith(".yaml")]
            for name in ("prices.json", "README.md", *expected):
                self.assertIn(f"onboard_aws/{name}", names)
            process = self.python("-m", "onboard_aws", "--version", cwd=folder)
            self.assertEqual(process.communicate()[0], f"onboard-aws {VERSION}\n")
            # Without a checkout around it, the package uses what was built in the current folder, from where it is imported.
            process = self.python("-c", "from onboard_aws.plan import build_folder; print(build_folder('', 'image/oci'))",
                                  cwd=os.path.join(folder, "installed"))
            self.assertEqual(process.communicate()[0], os.path.join(folder, "installed", "build", "image", "oci") + "\n")


if __name__ == "__main__":
    unittest.main()
