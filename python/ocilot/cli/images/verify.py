"""`ocilot verify`: digests and signatures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ocilot.cli.output import shown
from ocilot.errors import NotFound

from .connection import Connection
from .printing import Printing
from .progress import Progress
from .shared import ReferenceArgument, image_command
from .values import document


@image_command
def verify(
    at: Connection,
    out: Printing,
    progress: Progress,
    reference: ReferenceArgument,
    keys: Annotated[
        list[Path] | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="PEM file of a public key that must have signed the image, as cosign signs (repeatable).",
        ),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(
            "--identity",
            metavar="NAME",
            help="Identity that must have signed the image, such as a mail address or the URL of a "
            "workflow; needs ocilot\\[sigstore].",
        ),
    ] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="URL", help="Issuer of the identity.")
    ] = None,
    trusted_root: Annotated[
        Path | None,
        typer.Option(
            "--trusted-root",
            metavar="FILE",
            help="Roots of trust of a private sigstore, such as trusted_root.json; those of the public one "
            "by default.",
        ),
    ] = None,
    blobs: Annotated[
        bool, typer.Option("--blobs/--no-blobs", help="Read every blob and verify its digest.")
    ] = True,
) -> None:
    """Verify the digests of an image, and its signatures. Exit code 7 if anything is wrong.

    Prints the digest that was verified.
    """
    del progress  # The registry reports to it.
    if (identity is None) != (issuer is None):
        missing, other = ("--identity", "--issuer") if identity is None else ("--issuer", "--identity")
        raise typer.BadParameter(f"is required with {other}", param_hint=missing)
    if trusted_root is not None and identity is None:
        raise typer.BadParameter("needs --identity and --issuer", param_hint="--trusted-root")
    wanted: list[dict[str, Any]] = [{"key": key} for key in keys or []]
    if identity is not None and issuer is not None:
        wanted.append({"identity": identity, "issuer": issuer, "trusted_root": trusted_root or ""})
    data = _verified(at, reference, wanted, blobs)
    if not wanted:
        print("no signature was looked for: pass --key, or --identity and --issuer", file=sys.stderr)
    for one in data["signatures"]:
        print(f"{one['digest']} is signed by {one['signer']}", file=sys.stderr)
    out.answer(data, data["digest"])


def _verified(at: Connection, reference: str, wanted: list[dict[str, Any]], blobs: bool) -> dict[str, Any]:
    """What was verified; raises what is wrong."""
    repo, name = at.opened(reference)
    manifest = repo.manifest(name)
    images = repo.index(name).images() if manifest.is_index else (repo.get(name),)
    if not images:
        raise NotFound(f"{shown(reference)} is an index without images")
    verified = [image.verify() for image in images] if blobs else []
    # Each image must be signed itself, or by the signature of the index.
    found = [one for image in images for options in wanted for one in image.verify_signature(**options)]
    signatures = {
        (one.digest, one.signer): {
            "digest": str(one.digest),
            "kind": one.kind,
            "signer": one.signer,
            "issuer": one.issuer or None,
        }
        for one in found
    }
    return document(
        "verify",
        reference=at.name_of(reference),
        digest=str(manifest.digest),
        blobs=sum(one.blobs for one in verified),
        bytes=sum(one.bytes for one in verified),
        signatures=list(signatures.values()),
    )
