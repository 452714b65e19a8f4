"""Time stamps by a third party (RFC 3161): asked for over HTTP, checked before a signature rests on one.

pyHanko checks status and nonce of an answer only. What is checked here besides: that the stamp is of our signature
(imprint), that its own signature holds, that it is the stamp of a time-stamping certificate, trusted where roots are
given, and that its time is ours within :data:`MOST_APART`.
"""

from __future__ import annotations

import base64
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

from kerma.errors import Unreachable

if TYPE_CHECKING:
    from pyhanko.sign.timestamps import TimeStamper

ANSWER_WITHIN_S = 10.0
LARGEST_ANSWER_BYTES = 1_000_000
MOST_APART = timedelta(minutes=5)
"""How far the authority's clock and ours may differ: more means that one of the two is wrong."""
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True)
class Authority:
    """A time-stamping authority: where it is asked, and who vouches for it."""

    url: str
    """May hold user and password; never shown."""
    roots: Sequence[bytes] = ()
    """Certificates (DER) of which one must stand above the authority's; empty: any authority is taken at its word."""
    is_required: bool = True
    """Whether nothing is signed when it does not answer."""

    @property
    def host(self) -> str:
        """The authority's address as it may be shown."""
        return urlsplit(self.url).hostname or ""


def time_stamper(authority: Authority, now: datetime) -> TimeStamper:
    """Return what pyHanko asks for a time stamp; every failure is :class:`Unreachable`, in one sentence."""
    from pyhanko.sign.timestamps import TimeStamper

    class Stamper(TimeStamper):
        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
            nonce, request = self.request_cms(message_digest, md_algorithm)
            token = _token_of(_ask(authority, request.dump()), authority.host)
            await _check(token, (md_algorithm, message_digest, nonce), authority, now)
            return _canonical(token)

    return Stamper()


def _ask(authority: Authority, body: bytes) -> bytes:
    """Post a query and return the answer, within :data:`ANSWER_WITHIN_S` however slowly it drips."""
    answers: queue.Queue[bytes | Exception] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(_post(authority.url, body))
        except Exception as error:  # told to the one who waits
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_WITHIN_S)
    except queue.Empty:
        raise _late(authority.host) from None
    if isinstance(answer, Unreachable):
        raise answer
    if isinstance(answer, Exception):
        if isinstance(getattr(answer, "reason", answer), TimeoutError):
            raise _late(authority.host) from answer
        raise _failed(authority.host, f"cannot be reached ({_short(answer)})") from answer
    return answer


def _post(url: str, body: bytes) -> bytes:
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class NoRedirects(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    parts = urlsplit(url)
    headers = {"Content-Type": QUERY, "Accept": REPLY, "Connection": "close"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    until = time.monotonic() + ANSWER_WITHIN_S
    # the setting's reader lets http and https pass, nothing else
    with build_opener(NoRedirects).open(Request(bare, body, headers), timeout=ANSWER_WITHIN_S) as answer:
        kind = answer.headers.get_content_type()
        if kind != REPLY:
            raise _failed(parts.hostname or "", f"sent '{kind}' instead of a time stamp")
        data = b""
        while part := answer.read1(65_536):
            data += part
            if len(data) > LARGEST_ANSWER_BYTES or time.monotonic() > until:
                raise _failed(parts.hostname or "", "sent an answer too long or too slow to be a time stamp")
    return data


def _token_of(answer: bytes, host: str) -> Any:
    """Return the time-stamp token of an answer."""
    from asn1crypto import parser, tsp

    try:
        # A refusal has a status only, which the library's own type of an answer does not know.
        info = tsp.PKIStatusInfo.load(parser.parse(answer, strict=True)[4])
        status, words = info["status"].native, "; ".join(info["status_string"].native or ())
        if status in ("granted", "granted_with_mods"):
            return tsp.TimeStampResp.load(answer, strict=True)["time_stamp_token"]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise _failed(host, "sent an answer that is no time stamp") from error
    raise _failed(host, f"refused the time stamp: {words[:200] or status}")


def _canonical(token: Any) -> Any:
    """Return the token in its one DER form, with no certificate that does not belong to its maker.

    So a later check finds every byte of it in its place. What the authority signed stays as it is.
    """
    from asn1crypto import cms
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation

    content = token["content"]
    stray = stray_certificates(content, extract_certs_for_validation(content).signer_cert)
    if stray:
        kept = [one for one in content["certificates"] if one.chosen.dump() not in stray]
        content["certificates"] = cms.CertificateSet(kept)
    return cms.ContentInfo.load(token.dump(force=True))


def stray_certificates(signed_data: Any, maker: Any) -> list[bytes]:
    """Return the certificates (DER) beside a time stamp that are not in the verified chain above its maker's."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    found = {
        one.chosen.dump(): x509.load_der_x509_certificate(one.chosen.dump()) for one in signed_data["certificates"]
    }
    chain = [maker.dump()]
    while True:
        issued = found[chain[-1]]
        for der, issuer in found.items():
            try:
                issued.verify_directly_issued_by(issuer)
            except (InvalidSignature, ValueError, TypeError):
                continue
            if der not in chain:
                chain.append(der)
                break
        else:
            break
    top = found[chain[-1]]
    if top.issuer == top.subject and not _is_self_signed(top):
        chain.pop()
    return [der for der in found if der not in chain]


def _is_self_signed(certificate: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(certificate)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


async def _check(token: Any, asked: tuple[str, bytes, int], authority: Authority, now: datetime) -> None:
    algorithm, digest, nonce = asked
    try:
        info = token["content"]["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        stamped = (imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native)
        answered_nonce, at = info["nonce"].native, info["gen_time"].native
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _failed(authority.host, "sent an answer that is no time stamp") from error
    if answered_nonce != nonce:
        raise _failed(authority.host, "answered another question than ours (wrong nonce)")
    if stamped != (algorithm, digest):
        raise _failed(authority.host, "stamped something else than our signature (wrong imprint)")
    if abs(at - now) > MOST_APART:
        raise _failed(authority.host, f"says it is {at:%Y-%m-%d %H:%M:%S} UTC, this machine says {now:%H:%M:%S}")
    status = await stamp_status(token["content"], digest, authority.roots, at)
    if not (status.valid and status.intact):
        raise _failed(authority.host, "sent a time stamp whose own signature does not hold")
    if not status.trusted:
        raise _failed(authority.host, "is not one that the trusted certificates (KERMA_TSA_TRUST) vouch for")


async def stamp_status(signed_data: Any, digest: bytes, roots: Sequence[bytes], at: datetime) -> Any:
    """Return pyHanko's status of a time-stamp token over a digest; without roots its certificate vouches for itself."""
    from asn1crypto import x509
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, validate_tst_signed_data
    from pyhanko.sign.validation.status import TimestampSignatureStatus
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.errors import PathError, ValidationError

    try:
        own = extract_certs_for_validation(signed_data).signer_cert
        anchors = [x509.Certificate.load(one) for one in roots] or [own]
        context = ValidationContext(anchors, allow_fetching=False, moment=at, revocation_mode="soft-fail")
        known = await validate_tst_signed_data(signed_data, context, lambda _: digest)
    except (SignatureValidationError, PathError, ValidationError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"the time stamp cannot be checked ({_short(error)})") from error
    return TimestampSignatureStatus(**known)


def _late(host: str) -> Unreachable:
    return _failed(host, f"did not answer within {ANSWER_WITHIN_S:g} s")


def _failed(host: str, what: str) -> Unreachable:
    return Unreachable(f"the time-stamping authority {host} {what}; nothing was signed")


def _short(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)[:200]
