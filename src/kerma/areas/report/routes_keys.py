"""One's own signing key over HTTP: which there is, importing one, taking it out of use."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from kerma.areas.report import actions_keys, queries
from kerma.areas.report.signature_key import LARGEST_FILE_BYTES
from kerma.errors import WrongUsage
from kerma.kernel import requests
from kerma.kernel.action import Actor, Kernel

router = APIRouter(prefix="/api/v1/report-key", tags=["report"])
KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class KeyState(BaseModel):
    """The key one signs with; without an own one it is the organisation's seal."""

    has_own_key: bool
    name: str = ""
    issuer: str = ""
    certificate_sha256: str = ""
    valid_from: str = ""
    valid_until: str = ""
    imported_at: str = ""


class KeyFile(BaseModel):
    """A PKCS#12 or PEM file with key and certificates; both passphrases are used and forgotten."""

    file_base64: str = Field(max_length=2 * LARGEST_FILE_BYTES, repr=False)
    file_passphrase: str = Field("", max_length=1024, repr=False)
    passphrase: str = Field(max_length=1024, repr=False)
    """What will be asked for at each signature."""


@router.get("")
def key_state(kernel: KernelNow, actor: ActorNow) -> KeyState:
    """Show which key one signs with."""
    from cryptography import x509

    from kerma.areas.report.signature_key import SigningKey

    with kernel.database.read() as connection:
        held = queries.key_in_use(connection, actor.key)
    if held is None:
        return KeyState(has_own_key=False)
    key = SigningKey(None, tuple(x509.load_pem_x509_certificates(held["certificates"].encode("ascii"))))
    own = key.certificates[0]
    return KeyState(
        has_own_key=True, name=key.name, issuer=key.issuer, certificate_sha256=held["certificate_sha256"],
        valid_from=f"{own.not_valid_before_utc:%Y-%m-%d}", valid_until=f"{own.not_valid_after_utc:%Y-%m-%d}",
        imported_at=held["imported_at"],
    )  # fmt: skip


@router.put("", status_code=201)
def import_key(kernel: KernelNow, actor: ActorNow, body: KeyFile) -> KeyState:
    """Import the key one signs with, sealed by a passphrase; an earlier one is retired."""
    try:
        file = base64.b64decode(body.file_base64, validate=True)
    except ValueError as error:  # no base64, or not even ASCII
        raise WrongUsage("the file must come as base64") from error
    actions_keys.import_key(kernel, actor, file=file, file_passphrase=body.file_passphrase, passphrase=body.passphrase)
    return key_state(kernel, actor)


@router.delete("", status_code=204)
def retire_key(kernel: KernelNow, actor: ActorNow) -> None:
    """Take one's own signing key out of use; what it signed stays good."""
    actions_keys.retire_key(kernel, actor)
