"""vendor add, list, set and suspend: a vendor is a row, a permission to upload, and a subscription to its mails.

Existing ones are found, so `vendor add` may be repeated: after a failure, or to renew the permission.
"""

from typing import Any, Iterator

from .command import Command
from .errors import usage
from .functions import Operator
from .subscriptions import read_subscriptions, state_of, subscribe, unsubscribe
from .upload_form import make_role, sign_form, write_form


def vendors(operator: Operator) -> Iterator[dict[str, Any]]:
    """Yield all vendors, page by page."""
    after: str | None = None
    while True:
        page = operator.ask("vendor_list", **({"after": after} if after else {}))
        yield from page["vendors"]
        after = page.get("next")
        if not after:
            return


def find_vendor(operator: Operator, vendor_id: str) -> dict[str, Any]:
    """Return a vendor, which must exist."""
    return dict(operator.ask("vendor_list", vendor_id=vendor_id)["vendors"][0])


def add(command: Command) -> int:
    options, aws, output, vendor_id = command.options, command.aws, command.output, command.vendor_id
    if options.external_id and not options.role_for:
        raise usage("--external-id is only for --role-for")
    if options.form and options.role_for:
        raise usage("--form and --role-for exclude each other")
    operator = Operator(aws, command.outputs)
    form = None if options.role_for else sign_form(aws, command.outputs, vendor_id, options.days)
    answer = operator.change(f"add vendor {vendor_id}", "vendor_add", vendor_id=vendor_id, vendor_name=options.name,
                             email=options.email)
    if answer:
        output.line(f"Vendor {vendor_id} is added." if answer["added"] else f"Vendor {vendor_id} exists already.")
        output.document["vendor"] = answer["vendor"]
    state = subscribe(aws, command.outputs, vendor_id, options.email)
    output.document["subscription"] = state or None
    if state == "unconfirmed":
        output.line(f"  mails       {options.email} must confirm the mail from AWS within 48 hours")
    elif state:
        output.line(f"  mails       are sent to {options.email}")
    if form is None:
        arn = make_role(aws, command.outputs, vendor_id, options.role_for, options.external_id)
        output.document["role"] = arn or None
        if arn:
            output.line(f"  upload      role {arn}")
    elif aws.may_write(f"write the upload form of {vendor_id}"):
        path = options.form or f"upload-{vendor_id}.{'json' if options.form.endswith('.json') else 'html'}"
        write_form(path, form)
        output.document["form"] = {"file": path, **{name: form[name] for name in ("prefix", "max_bytes", "expires")}}
        output.line(f"  upload      {path}, valid until {form['expires']}; give it only to the vendor")
        if aws.credentials_expire():
            output.note("your credentials are temporary, and the form expires with them; use --role-for, or sign with an "
                        "access key of a user")
    return 0


def show(command: Command) -> int:
    found = list(vendors(Operator(command.aws, command.outputs)))
    subscriptions = read_subscriptions(command.aws, command.outputs)
    rows = [{**vendor, "subscription": state_of(subscriptions, vendor["vendor_id"], vendor["email"] or "")}
            for vendor in found]
    command.output.document["vendors"] = rows
    if rows:
        command.output.table(["VENDOR", "STATUS", "MAILS", "LAST UPLOAD", "E-MAIL", "NAME"], [
            [row["vendor_id"], row["status"], row["subscription"], row.get("last_upload_at") or "never", row["email"],
             row["vendor_name"]] for row in rows])
    else:
        command.output.line("There are no vendors.")
    waiting = [row["vendor_id"] for row in rows if row["subscription"] == "unconfirmed"]
    if waiting:
        command.output.line()
        command.output.line(f"Unconfirmed: {', '.join(waiting)}. SNS deletes such a subscription after 48 hours; "
                            "vendor add sends the mail again.")
    return 0


# As `onboard vendor set` calls them.
SETTINGS = {"modes": "modes", "default_mode": "default mode", "default_map": "default map", "price_guard": "price guard",
            "sold_out_guard": "sold-out guard", "discontinue_guard": "discontinue guard", "language": "language"}


def change(command: Command) -> int:
    """Set what the vendor's files may do to its products; the values are those of `onboard vendor set`."""
    vendor_id, output = command.vendor_id, command.output
    given = {name: value for name in SETTINGS if (value := getattr(command.options, name)) is not None}
    if not given:
        raise usage("vendor set requires a setting to change, such as --modes LIST")
    operator = Operator(command.aws, command.outputs)
    answer = operator.change(f"change vendor {vendor_id}", "vendor_set", vendor_id=vendor_id, **given)
    if answer:
        vendor = answer["vendor"]
        output.document.update(vendor=vendor, changed=answer["changed"])
        output.line(f"Vendor {vendor_id} is changed." if answer["changed"] else f"Vendor {vendor_id} already has these values.")
        for name, label in SETTINGS.items():
            value = ",".join(vendor[name]) if name == "modes" else vendor[name]
            output.line(f"  {label:<18}{'(none)' if value is None else value}")
    return 0


def suspend(command: Command) -> int:
    """Suspend a vendor: its files are refused with VENDOR_NOT_ACTIVE, and its mails stop."""
    vendor_id, aws = command.vendor_id, command.aws
    operator = Operator(aws, command.outputs)
    answer = operator.change(f"suspend vendor {vendor_id}", "vendor_set_status", vendor_id=vendor_id, status="suspended")
    removed = unsubscribe(aws, command.outputs, vendor_id)
    if answer:
        command.output.document.update(vendor=answer["vendor"], changed=answer["changed"], subscriptions_removed=removed)
        command.output.line(f"Vendor {vendor_id} is suspended: its files are refused with VENDOR_NOT_ACTIVE"
                            + (", and its mails stop." if removed else "; it was not receiving mails."))
    return 0
