"""All that changes the keys that people sign with: importing one, and taking it out of use."""

from __future__ import annotations

import sqlalchemy as sa

from kerma.areas.report import queries
from kerma.areas.report.model import signing_key
from kerma.errors import Conflict, NotFound
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted


@action("report.import_key")
def keep_key(act: Act, *, certificate_sha256: str, certificates: str, sealed: bytes) -> int:
    """Keep the key that a person signs with, sealed by their passphrase; an earlier one is retired."""
    in_use = queries.key_in_use(act.connection, act.actor.key)
    if in_use is not None and in_use["certificate_sha256"] == certificate_sha256:
        raise Conflict("this key is in use already; to give it a new passphrase retire it first, then import it again")
    _retire(act)
    values = {
        "owner": act.actor.key,
        "certificate_sha256": certificate_sha256,
        "certificates": certificates,
        "sealed": sealed,
        "imported_at": act.at_text,
    }
    act.record(certificate_sha256=certificate_sha256)
    return int(act.connection.execute(sa.insert(signing_key).values(values).returning(signing_key.c.id)).scalar_one())


@action("report.retire_key")
def retire_key(act: Act) -> None:
    """Take one's own signing key out of use; what it signed stays good."""
    in_use = queries.key_in_use(act.connection, act.actor.key)
    if in_use is None:
        raise NotFound("you have no signing key in use")
    act.record(certificate_sha256=in_use["certificate_sha256"])
    _retire(act)


def import_key(kernel: Kernel, actor: Actor, *, file: bytes, file_passphrase: str, passphrase: str) -> int:
    """Read a key with its certificates, check it, seal it with a passphrase and keep it for the one who asks.

    Parameters
    ----------
    file : PKCS#12 (.p12, .pfx) or PEM, with the chain of certificates
    file_passphrase : what opens the file
    passphrase : what will be asked for at each signature; never kept

    Raises
    ------
    NotAllowed
        The permission is missing, or the actor is no person.
    WrongUsage
        The file cannot be opened, the key must not sign now, or the passphrase is too easy.
    """
    if not is_granted(keep_key.name, actor.permissions):
        refuse(kernel, actor, keep_key.name)
    if actor.kind != "person":
        refuse(kernel, actor, keep_key.name, "only a person has a key to sign with, not a program with a token")
    from kerma.areas.report.signature_key import chain_pem, check_key, read_key
    from kerma.areas.report.signature_sealed import seal
    from kerma.kernel.passwords import check_acceptable

    key = read_key(file, file_passphrase)
    check_key(key, kernel.clock.now())
    check_acceptable(passphrase, [actor.name])
    digest = key.certificate_sha256
    return keep_key(
        kernel,
        actor,
        certificate_sha256=digest,
        certificates=chain_pem(key.certificates),
        sealed=seal(key.key, passphrase, bound_to=f"{actor.key} {digest}"),
    )


def _retire(act: Act) -> None:
    """Take whatever key the actor has in use out of use: its sealed private part is forgotten, certificates stay."""
    held = sa.and_(signing_key.c.owner == act.actor.key, signing_key.c.retired_at == "")
    act.connection.execute(sa.update(signing_key).where(held).values(retired_at=act.at_text, sealed=b""))
