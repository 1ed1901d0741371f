"""`upvest-webhooks import`."""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from upvest_provider.claims import claim_of
from upvest_provider.errors import UpvestError

from .adoption import Adoption, NotAdoptable
from .code import PREAMBLE, declaration_of
from .held import export, read_export
from .names import identifier, name_for
from .options import AccountName, ExportFile, StackName  # noqa: TC001 - typer reads the annotations
from .stack import Stack
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from upvest_provider.api import Webhook

    from .adoption import Adopted

FILE = Path("upvest-import.json")


def import_webhooks(
    webhook_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="One webhook; default: all that the stack does not hold.")
    ] = None,
    *,
    stack: StackName,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The resource's, for one ID; default: by its title."),
    ] = None,
    account: AccountName = None,
    organization: Annotated[
        str, typer.Option(metavar="NAME", help="The stack's; self-managed backends know no other.")
    ] = "organization",
    state: ExportFile = None,
    file: Annotated[Path, typer.Option(metavar="FILE", help="For `pulumi import`.")] = FILE,
) -> None:
    """Take webhooks that exist already into a stack.

    Writes the file for `pulumi import`, and prints the code to paste into the program. At Upvest nothing changes.
    File and code hold the URLs as they are, and their paths may be secrets: the file is for its owner only.
    Without --state, `pulumi stack export` is asked what the stack holds.
    """
    if name is not None and webhook_id is None:
        raise typer.BadParameter("needs the ID of one webhook", param_hint="--name")
    here = Stack.here(stack)
    held = export(stack) if state is None else read_export(state)
    client, owner = here.connect(account)
    with client:
        webhooks = client.list_webhooks()
    claim = partial(claim_of, organization, here.project.name, stack, "")
    adoption = Adoption(here.config(), owner, account, claim)
    for webhook in webhooks:
        if webhook.id in held:
            adoption.note(held[webhook.id], webhook)
    if webhook_id is None:
        wanted = [webhook for webhook in webhooks if webhook.id not in held]
    else:
        _refuse_held(webhook_id, held, stack)
        wanted = [_one(webhook_id, webhooks, str(owner), stack)]
    adopted, left_out = _adopted(adoption, wanted, held.values(), name)
    if webhook_id is not None and left_out:
        raise left_out[0]
    for reason in left_out:
        _tell(f"left out: {reason}")
    if not adopted:
        _tell("nothing to import")
        return
    _write(file, adopted)
    print("\n".join([PREAMBLE, *map(_code, adopted)]), end="")  # noqa: T201 - the answer
    _tell(*_what_to_do(file, stack))


def _refuse_held(webhook_id: str, held: Mapping[str, str], stack: str) -> None:
    name = held.get(webhook_id.lower())
    if name is not None:
        raise UpvestError(
            f"the stack {stack!r} holds webhook {webhook_id} already, as {name!r}",
            fix=f"`upvest-webhooks list --stack {stack} --state FILE` shows which no resource holds.",
        )


def _one(webhook_id: str, webhooks: Iterable[Webhook], owner: str, stack: str) -> Webhook:
    for webhook in webhooks:
        if webhook.id == webhook_id.lower():
            return webhook
    raise UpvestError(
        f"{owner} has no webhook {webhook_id}", fix=f"`upvest-webhooks list --stack {stack}` shows which it has."
    )


def _adopted(
    adoption: Adoption, webhooks: Iterable[Webhook], held: Collection[str], name: str | None
) -> tuple[list[Adopted], list[NotAdoptable]]:
    """The webhooks as resources with names of their own; and why some cannot be."""
    if name in held:
        raise UpvestError(f"the stack has a webhook {name!r} already", fix="Name another with --name.")
    taken = {*held, *map(identifier, held)}
    adopted, left_out = [], []
    for webhook in webhooks:
        try:
            resource = adoption.adopt(name or name_for(webhook.title, taken), webhook)
        except NotAdoptable as reason:
            left_out.append(reason)
        else:
            taken.add(resource.name)
            adopted.append(resource)
    return adopted, left_out


def _code(resource: Adopted) -> str:
    unsaid = ", ".join(f"{printable(member)} {value!r}" for member, value in resource.unsaid.items())
    remark = f"Upvest also holds {unsaid}, which cannot be declared; it stays as it is." if unsaid else ""
    return declaration_of(identifier(resource.name), resource.name, resource.arguments, remark)


def _write(file: Path, adopted: Sequence[Adopted]) -> None:
    """Write the file for `pulumi import` in one step, for its owner only."""
    document = {"resources": [resource.entry() for resource in adopted]}
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".upvest-") as folder:
            unfinished = Path(folder) / file.name
            unfinished.touch(mode=0o600)
            unfinished.write_text(json.dumps(document, indent=2))
            unfinished.replace(file)
    except OSError as error:
        raise UpvestError(f"{file} cannot be written: {error.strerror}", fix="Name another with --file.") from None


def _what_to_do(file: Path, stack: str) -> Iterator[str]:
    command = ["pulumi", "import", "--file", str(file), "--stack", stack, "--generate-code=false"]
    yield f"wrote {file}, readable by you alone, for it holds the URLs as they are"
    yield "Paste the code into the program, run"
    yield f"  {shlex.join(command)}"
    yield f"  pulumi preview --stack {shlex.quote(stack)}"
    yield f"which shows no change, and delete {file}."
    yield "Pulumi protects what it imports until the first `pulumi up` of a program that does not; with"
    yield "--protect=false, it does not from the beginning."


def _tell(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - beside the answer
