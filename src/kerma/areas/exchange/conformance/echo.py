"""Checks of associations and of C-ECHO (PS3.8, 9.3; PS3.7, 9.1.5; PS3.4, A)."""

from __future__ import annotations

from kerma.areas.exchange.conformance.model import NotOffered, Service, check, expect, expect_equal
from kerma.areas.exchange.conformance.network import PLAIN, VERIFICATION, outcome
from kerma.areas.exchange.conformance.objects import EXPLICIT, IMPLICIT
from kerma.areas.exchange.conformance.target import Target


def _offered(target: Target) -> str:
    line = target.network.propose([(VERIFICATION, PLAIN)])
    if not line.is_established:
        return f"no association: {outcome(line)}"
    line.release()
    return ""


SERVICE = Service("echo", "DIMSE: association and C-ECHO", "network", _offered)


@check("echo.echo", "PS3.7, 9.1.5.2", needs="nothing")
def echo(target: Target) -> None:
    """C-ECHO is answered with success."""
    with target.network.association([(VERIFICATION, PLAIN)]) as line:
        expect_equal(target.network.status_of(line.send_c_echo(), "C-ECHO"), 0x0000, "status")


@check("echo.many", "PS3.7, 9.1.5", needs="nothing")
def many(target: Target) -> None:
    """Ten C-ECHO on one association are all answered."""
    with target.network.association([(VERIFICATION, PLAIN)]) as line:
        for number in range(1, 11):
            expect_equal(target.network.status_of(line.send_c_echo(number), f"C-ECHO {number}"), 0, "status")


@check("echo.implicit", "PS3.5, 10.1", needs="nothing")
def implicit(target: Target) -> None:
    """Implicit VR Little Endian alone is accepted: everybody must know it."""
    with target.network.association([(VERIFICATION, [IMPLICIT])]) as line:
        expect_equal(target.network.status_of(line.send_c_echo(), "C-ECHO"), 0x0000, "status")


@check("echo.release", "PS3.8, 7.2", needs="nothing")
def release(target: Target) -> None:
    """A-RELEASE-RQ is answered, not dropped."""
    line = target.network.propose([(VERIFICATION, PLAIN)])
    expect(line.is_established, "an association", outcome(line))
    line.release()
    expect(line.is_released, "A-RELEASE-RP", "aborted" if line.is_aborted else "no answer")


@check("echo.wrong-called-aet", "PS3.8, Table 9-21", "should", needs="nothing")
def wrong_called_aet(target: Target) -> None:
    """A called AE title that is not the archive's is rejected: permanent, by the user, reason 7."""
    line = target.network.propose([(VERIFICATION, PLAIN)], called="NOT-THIS-ONE")
    if line.is_established:
        line.release()
        raise NotOffered("every called AE title is accepted")
    expect(line.is_rejected, "A-ASSOCIATE-RJ", outcome(line))
    told = line.acceptor.primitive
    expect_equal((told.result, told.result_source, told.diagnostic), (1, 1, 7), "result, source and reason")


@check("echo.unknown-abstract-syntax", "PS3.8, Table 9-18", needs="nothing")
def unknown_abstract_syntax(target: Target) -> None:
    """A presentation context with an unknown abstract syntax is refused with 3, and the others stand."""
    line = target.network.propose([(VERIFICATION, PLAIN), ("2.25.123456789", PLAIN)])
    expect(line.is_established, "an association", outcome(line))
    try:
        if len(line.accepted_contexts) == 2:
            raise NotOffered("abstract syntaxes that nobody knows are accepted")
        results = {context.abstract_syntax: context.result for context in line.rejected_contexts}
        expect_equal(results.get("2.25.123456789"), 3, "result of the context")
    finally:
        line.release()


@check("echo.unknown-transfer-syntax", "PS3.8, Table 9-18", needs="nothing")
def unknown_transfer_syntax(target: Target) -> None:
    """A presentation context with only unknown transfer syntaxes is refused with 4."""
    line = target.network.propose([(VERIFICATION, PLAIN), ("1.2.840.10008.5.1.4.1.1.1.1", ["2.25.987654321"])])
    expect(line.is_established, "an association", outcome(line))
    try:
        results = {context.abstract_syntax: context.result for context in line.rejected_contexts}
        expect_equal(results.get("1.2.840.10008.5.1.4.1.1.1.1"), 4, "result of the context")
    finally:
        line.release()


@check("echo.nothing-acceptable", "PS3.8, 9.3.3", needs="nothing")
def nothing_acceptable(target: Target) -> None:
    """A request in which nothing is acceptable ends in an answer, not in silence."""
    line = target.network.propose([("2.25.123456789", PLAIN)])
    if line.is_established:
        line.release()
    # pynetdicom aborts by itself an association without any accepted context
    answered = line.is_rejected or line.is_aborted or line.is_released
    expect(answered, "an association without contexts, or a rejection", outcome(line))


@check("echo.one-transfer-syntax", "PS3.8, 9.3.3.2", needs="nothing")
def one_transfer_syntax(target: Target) -> None:
    """Of several transfer syntaxes proposed in one context exactly one is accepted, and it was proposed."""
    with target.network.association([(VERIFICATION, [EXPLICIT, IMPLICIT])]) as line:
        accepted = line.accepted_contexts[0].transfer_syntax
        expect(len(accepted) == 1 and accepted[0] in (EXPLICIT, IMPLICIT), "one of the two", accepted)


@check("echo.most-contexts", "PS3.8, 9.3.2.2", needs="nothing")
def most_contexts(target: Target) -> None:
    """128 presentation contexts, the most there can be, are negotiated."""
    contexts = [(VERIFICATION, PLAIN)] * 1 + [(f"2.25.{10**20 + number}", PLAIN) for number in range(127)]
    with target.network.association(contexts) as line:
        expect_equal(len(line.accepted_contexts) + len(line.rejected_contexts), 128, "number of answered contexts")


@check("echo.implementation", "PS3.7, D.3.3.2", needs="nothing")
def implementation(target: Target) -> None:
    """The acceptance tells an implementation class UID."""
    with target.network.association([(VERIFICATION, PLAIN)]) as line:
        told = line.acceptor.implementation_class_uid
        expect(told, "an Implementation Class UID", "none")


@check("echo.maximum-length", "PS3.8, D.1", needs="nothing")
def maximum_length(target: Target) -> None:
    """The acceptance tells the longest PDU that it takes."""
    with target.network.association([(VERIFICATION, PLAIN)]) as line:
        told = line.acceptor.maximum_length
        expect(told is not None and told >= 0, "a Maximum Length Received", told)


@check("echo.parallel", "PS3.8, 7", needs="nothing")
def parallel(target: Target) -> None:
    """Four associations at the same time are all served."""
    lines = [target.network.propose([(VERIFICATION, PLAIN)]) for _ in range(4)]
    try:
        for line in lines:
            expect(line.is_established, "an association", outcome(line))
            expect_equal(target.network.status_of(line.send_c_echo(), "C-ECHO"), 0x0000, "status")
    finally:
        for line in lines:
            if line.is_established:
                line.release()
