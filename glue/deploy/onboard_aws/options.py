"""The table of commands and the table of options; help, usage errors and the reference page follow from them."""

import argparse
import os
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from . import (check_command, deploy_command, destroy_command, held_command, pause_command, redrive_command,
               send_command, trace_command, vendor_command)
from .command import Run
from .errors import ALL_GOOD, INFRASTRUCTURE, NEEDS_ATTENTION, REFUSED, USAGE, usage
from .stages import STAGES
from .upload_form import MODES
from .version import VERSION

PROGRAM = "onboard-aws"


@dataclass(frozen=True)
class Option:
    """An option: its names, the name of its value, what it does; `settings` go to argparse."""

    names: tuple[str, ...]
    value: str
    text: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A command: its words, arguments (name, name in usage, text), function, options, and its exit codes' meanings."""

    words: str
    text: str
    run: Run
    arguments: tuple[tuple[str, str, str], ...] = ()
    options: tuple[Option, ...] = ()
    codes: dict[int, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return " ".join([self.words, *[shown for _, shown, _ in self.arguments]])


def fraction(text: str) -> str:
    """Check the value of a guard: a number without sign and exponent, or nothing."""
    if text and (len(text) > 15 or not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII)):
        raise argparse.ArgumentTypeError(f'takes a number such as 0.5, not "{text}"')
    return text


FLAG: dict[str, Any] = {"action": "store_true"}

REGION = Option(("--region",), "REGION", "AWS region (default: the environment's or the profile's)", {"default": ""})
PROFILE = Option(("--profile",), "NAME", "profile of the AWS CLI's configuration", {"default": ""})
DRY_RUN = Option(("--dry-run",), "", "change nothing; print what would be done", FLAG)
JSON = Option(("--json",), "", "print the result, or the failure, as one JSON document", FLAG)
COMMON = (REGION, PROFILE, DRY_RUN, JSON)

STACK = Option(("-s", "--stack"), "NAME", "the system: name of its pipeline's stack (default: ONBOARD_STACK, else onboard)",
               {"default": os.environ.get("ONBOARD_STACK") or "onboard"})
PLAN = (
    Option(("--database",), "ARN", "secret of an existing database; no network and no database are created",
           {"default": ""}),
    Option(("--administrator",), "ARN", "with --database: secret of the login that rotates passwords", {"default": ""}),
    Option(("--operator",), "ARN", "with --database: secret of the login for operators", {"default": ""}),
    Option(("--subnets",), "IDS", "with --database: subnets of the functions, separated by commas", {"default": ""}),
    Option(("--security-groups",), "IDS", "with --database: security groups of the functions, separated by commas",
           {"default": ""}),
    Option(("--alarm-email",), "ADDRESS", "address for alarms", {"default": ""}),
    Option(("--budget",), "USD", "monthly budget; mails warn when it is exceeded", {"default": ""}),
    Option(("--zones",), "COUNT", "availability zones of the network: 1 or 2", {"default": "", "choices": ("1", "2")}),
    Option(("--parameter",), "NAME=VALUE", "another parameter of a template; may be repeated",
           {"action": "append", "default": []}),
    Option(("--image",), "DIR", "OCI layout of the image (default: build/image/oci, as make image writes it)",
           {"default": ""}),
    Option(("--templates",), "DIR", "folder of the templates (default: those that come with the program)", {"default": ""}),
)
VENDOR = Option(("-v", "--vendor"), "ID", "vendor who sent the file", {"required": True})
LIMIT = Option(("-n", "--limit"), "COUNT", "how many messages of a queue to examine (default: 100)",
               {"type": int, "default": 100})
GUARD: dict[str, Any] = {"type": fraction, "default": None}
SETTINGS = (
    Option(("--modes",), "LIST", "modes that its uploads may have, such as insert,update", {"default": None}),
    Option(("--default-mode",), "MODE", "mode of uploads that do not specify one", {"default": None, "choices": MODES}),
    Option(("--default-map",), "NAME", "map of uploads that do not specify one; '' for none", {"default": None}),
    Option(("--price-guard",), "N",
           "hold a row that multiplies or divides a price by more than this; '' for no limit", GUARD),
    Option(("--sold-out-guard",), "N", "hold rows that sell out products once more than this share of those in stock is "
           "sold out; '' for no limit", GUARD),
    Option(("--discontinue-guard",), "N", "hold a replacement that would discontinue more than this share of the "
           "products; '' for no limit", GUARD),
    Option(("--language",), "CODE", "language of its mails, such as de; '' for that of the database", {"default": None}),
)
ROWS = Option(("--rows",), "LIST", "only these row numbers, such as 3,7-9; 0 is the last step of a replace", {"default": ""})
STAGE = Option(("--stage",), "STAGE", "only this stage, " + ", ".join(STAGES) + "; may be repeated",
               {"action": "append", "default": [], "choices": tuple(STAGES)})

NO_SYSTEM = {REFUSED: "the system does not exist"}
NO_ROWS = "the upload, the rows or the system do not exist"

COMMANDS = (
    Entry("check", "show what is missing in the account, what deploy would change, and what it costs a month",
          check_command.run, options=(STACK, *PLAN),
          codes={ALL_GOOD: "nothing needs attention", NEEDS_ATTENTION: "something needs attention"}),
    Entry("deploy", "create or update a system: image, network, database, pipeline", deploy_command.run,
          (("stack", "NAME", "the system: name of its pipeline's stack"),),
          (*PLAN,
           Option(("--packages",), "DIR", "package sets for the database's instance (default: build/deploy/packages)",
                  {"default": ""}),
           Option(("--replace",), "", "allow changes that remove or replace a bucket, table, volume, secret or key", FLAG)),
          {REFUSED: "something needed is missing, or data would be lost",
           INFRASTRUCTURE: "AWS failed, or a stack did; run the same command again"}),
    Entry("vendor add", "add a vendor, its permission to upload and its mails; repeat it to renew the permission",
          vendor_command.add, (("vendor", "ID", "up to 50 letters, digits and hyphens"),),
          (STACK,
           Option(("--name",), "NAME", "name of the vendor", {"required": True}),
           Option(("--email",), "ADDRESS", "address for the vendor's reports", {"required": True}),
           Option(("--form",), "FILE", "where to write the upload form (default: upload-ID.html); .json for programs",
                  {"default": ""}),
           Option(("--days",), "DAYS", "how long the form is valid, 1 to 7 (default: 7)", {"type": int, "default": 7}),
           Option(("--role-for",), "ARN", "create a role that this principal may assume to upload, instead of a form",
                  {"default": ""}),
           Option(("--external-id",), "TEXT", "with --role-for: external id that the principal must send",
                  {"default": ""})),
          {REFUSED: "the vendor exists with other values, or the system does not exist"}),
    Entry("vendor list", "list the vendors and whether their mails arrive", vendor_command.show, options=(STACK,),
          codes=NO_SYSTEM),
    Entry("vendor set", "set the modes that a vendor's files may have, their default map, the guards that hold their "
          "rows, and the language of its mails",
          vendor_command.change, (("vendor", "ID", "the vendor"),), (STACK, *SETTINGS),
          {REFUSED: "a value is not acceptable, or the vendor or the system does not exist"}),
    Entry("vendor suspend", "refuse a vendor's files and stop its mails", vendor_command.suspend,
          (("vendor", "ID", "the vendor"),), (STACK,), {REFUSED: "the vendor or the system does not exist"}),
    Entry("send", "upload a file in a vendor's place", send_command.run,
          (("file", "FILE", "the file"),),
          (STACK, VENDOR, Option(("--file-name",), "NAME", "name to send it under (default: its own)", {"default": ""}),
           Option(("-e", "--encoding"), "NAME", "character encoding, such as windows-1252, or auto to detect it"
                  " (default: by byte order mark, else UTF-8)", {"default": ""}),
           Option(("-m", "--map"), "NAME", "map that finds our columns in the file, or none (default: the vendor's default "
                  "map); it may set its own size limit, which is not checked here", {"default": ""}),
           Option(("--mode",), "MODE", "insert, upsert, update or replace (default: the vendor's default mode)",
                  {"default": "", "choices": MODES}),
           Option(("--match",), "COLUMN", "column that finds the product of a row: vendor_product_id or sku",
                  {"default": "", "choices": ("vendor_product_id", "sku")}),
           Option(("--blank",), "POLICY", "what a blank cell does to the value of a product: clear or keep",
                  {"default": "", "choices": ("clear", "keep")}),
           Option(("--as-of",), "TIME", "time that the contents are of (default: when the file is sent)", {"default": ""})),
          {REFUSED: "the pipeline would refuse the file, or the file, vendor or system does not exist"}),
    Entry("trace", "follow an upload through every hop: where it is, and what to do next", trace_command.run,
          (("upload", "UPLOAD|KEY", "an upload's id, or the key of its object in the bucket"),), (STACK, LIMIT),
          {ALL_GOOD: "it is on its way, or has ended and its vendor was notified",
           NEEDS_ATTENTION: "it needs an action", REFUSED: "the upload, object or system does not exist"}),
    Entry("held", "list the rows that wait for approval, of one upload or of all", held_command.show,
          (("upload", "[UPLOAD]", "an upload's id"),),
          (STACK, Option(("-v", "--vendor"), "ID", "only what this vendor sent", {"default": ""})), NO_SYSTEM),
    Entry("approve", "apply rows that wait for approval to the products as they are now", held_command.approve,
          (("upload", "UPLOAD", "an upload's id"),), (STACK, ROWS),
          {ALL_GOOD: "all are applied", NEEDS_ATTENTION: "some could not be applied", REFUSED: NO_ROWS}),
    Entry("decline", "drop rows that wait for approval", held_command.decline,
          (("upload", "UPLOAD", "an upload's id"),), (STACK, ROWS), {REFUSED: NO_ROWS}),
    Entry("redrive", "show the dead letters; with --yes, move them back to their queues", redrive_command.run,
          options=(STACK, LIMIT,
                   Option(("--queue",), "QUEUE", "only this queue: upload or error", {"default": "",
                                                                                   "choices": ("upload", "error")}),
                   Option(("--yes",), "", "move them back", FLAG)),
          codes={ALL_GOOD: "there are none, or they were moved", NEEDS_ATTENTION: "there are dead letters", **NO_SYSTEM}),
    Entry("pause", "stop stages of the pipeline; waiting work is kept", pause_command.pause, options=(STACK, STAGE),
          codes=NO_SYSTEM),
    Entry("resume", "start the stages that pause stopped", pause_command.resume, options=(STACK, STAGE), codes=NO_SYSTEM),
    Entry("destroy", "delete a system; data is kept unless --with-data", destroy_command.run,
          (("stack", "NAME", "the system"),),
          (Option(("--with-data",), "", "also delete the data: buckets, table, volume, backups, secrets", FLAG),
           Option(("--yes",), "NAME", "the name again, to confirm without a prompt", {"default": ""})),
          {REFUSED: "the name was not confirmed, or the system does not exist"}),
)

STANDARD_CODES = {ALL_GOOD: "done", USAGE: "usage error", INFRASTRUCTURE: "AWS or system error; try again"}


class Parser(argparse.ArgumentParser):
    """Reports usage errors in the same way as other errors."""

    def error(self, message: str) -> NoReturn:
        raise usage(message, f'Try "{self.prog} --help".')


def codes_of(entry: Entry) -> dict[int, str]:
    return dict(sorted({**STANDARD_CODES, **entry.codes}.items()))


def codes_text(codes: dict[int, str]) -> str:
    return "Exit codes:\n" + "\n".join(f"  {code}  {text}" for code, text in codes.items())


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    settings = dict(option.settings)
    if option.value:
        settings["metavar"] = option.value
    parser.add_argument(*option.names, help=option.text.replace("%", "%%"), **settings)


def make_parser() -> Parser:
    """Make the parser of the whole command line."""
    formatter = argparse.RawDescriptionHelpFormatter
    every = {code: text for entry in COMMANDS for code, text in codes_of(entry).items() if code in STANDARD_CODES}
    codes = {**every, **STANDARD_CODES, NEEDS_ATTENTION: "something needs attention",
             REFUSED: "refused, or something named does not exist"}
    top = Parser(prog=PROGRAM, description="onboard-aws deploys onboard to AWS, and operates it there.",
                 epilog=codes_text(dict(sorted(codes.items()))), formatter_class=formatter, allow_abbrev=False)
    top.add_argument("-V", "--version", action="version", version=f"{PROGRAM} {VERSION}")
    families: dict[str, Any] = {"": top.add_subparsers(metavar="COMMAND", dest="command", required=True,
                                                       parser_class=Parser)}
    for entry in COMMANDS:
        family, _, word = entry.words.rpartition(" ")
        if family not in families:
            parent = families[""].add_parser(family, help=f"commands about a {family}", allow_abbrev=False)
            families[family] = parent.add_subparsers(metavar="COMMAND", dest="word", required=True, parser_class=Parser)
        parser = families[family].add_parser(word, help=entry.text, description=entry.text[0].upper() + entry.text[1:] + ".",
                                             epilog=codes_text(codes_of(entry)), formatter_class=formatter,
                                             allow_abbrev=False)
        parser.set_defaults(entry=entry)
        for name, shown, text in entry.arguments:
            optional = shown.startswith("[")
            parser.add_argument(name, metavar=shown.strip("[]"), help=text, nargs="?" if optional else None,
                                default="" if optional else None)
        for option in (*entry.options, *COMMON):
            add_option(parser, option)
    return top
