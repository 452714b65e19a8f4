"""The suite's DICOM network client: associations on demand, written down, and a place where the archive may send to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerma.areas.exchange import checkpoint
from kerma.areas.exchange.conformance.model import Broken, Exchange, NotRun, Silent
from kerma.areas.exchange.conformance.objects import DX, EXPLICIT, IMPLICIT, Instance

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pynetdicom.association import Association

    from kerma.areas.exchange.conformance.inbox import Inbox

VERIFICATION = "1.2.840.10008.1.1"
PATIENT_FIND, STUDY_FIND = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_MOVE, STUDY_GET = "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"
PLAIN = (EXPLICIT, IMPLICIT)
PENDING = (0xFF00, 0xFF01)
Context = tuple[str, Sequence[str]]


@dataclass
class Network:
    """The DICOM network door of the archive under test."""

    aet: str
    host: str
    port: int
    calling: str
    listen: int = 0
    timeout_s: float = 30.0
    trace: list[Exchange] = field(default_factory=list)
    _inbox: Inbox | None = None

    def __str__(self) -> str:
        return f"{self.aet}@{self.host}:{self.port}"

    def knock(self) -> None:
        """See whether anybody listens.

        Raises
        ------
        Broken
            Nobody does.
        """
        try:
            socket.create_connection((self.host, self.port), self.timeout_s).close()
        except OSError as error:
            raise Silent("a TCP connection", f"{type(error).__name__}: {error}") from None

    def note(self, request: str, answer: str, excerpt: str = "") -> None:
        """Write down what was asked and answered."""
        self.trace.append(Exchange(request, answer, {}, excerpt))

    def propose(
        self, contexts: Sequence[Context], *, called: str = "", max_pdu_bytes: int = 16382,
        handlers: Sequence[tuple[Any, Callable[..., Any]]] = (), roles: Sequence[str] = (),
    ) -> Association:  # fmt: skip
        """Ask for an association, and return it whether it was accepted or not."""
        from pynetdicom import AE, build_role

        entity = AE(self.calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self.timeout_s
        entity.connection_timeout = self.timeout_s
        for sop_class_uid, syntaxes in contexts:
            entity.add_requested_context(sop_class_uid, list(syntaxes))
        negotiation = [build_role(uid, scu_role=True, scp_role=True) for uid in roles]
        line = entity.associate(
            self.host, self.port, ae_title=called or self.aet, max_pdu=max_pdu_bytes, evt_handlers=list(handlers),
            ext_neg=negotiation,
        )  # fmt: skip
        if line.is_established:
            checkpoint.guard(line)
        told = ", ".join(dict.fromkeys(_name(uid) for uid, _ in contexts))
        self.note(f"A-ASSOCIATE-RQ {self.calling} → {called or self.aet}: {told}", outcome(line))
        return line

    @contextmanager
    def association(self, contexts: Sequence[Context], **more: Any) -> Iterator[Association]:
        """Have an association for a block.

        Raises
        ------
        Broken
            It was not established.
        """
        line = self.propose(contexts, **more)
        if not line.is_established:
            raise Silent("an association", outcome(line))
        try:
            yield line
        finally:
            if line.is_established:
                line.release()

    def store(self, instances: Sequence[Instance]) -> list[int]:
        """Send objects over one association and return the status of each."""
        wanted = {(one.sop_class_uid, str(one.dataset.file_meta.TransferSyntaxUID)) for one in instances}
        with self.association([(uid, [syntax]) for uid, syntax in sorted(wanted)]) as line:
            return [self.store_on(line, one) for one in instances]

    def store_on(self, line: Association, one: Instance) -> int:
        """Send an object over an association and return the status."""
        try:
            status = line.send_c_store(one.dataset)
        except ValueError as error:
            self.note(f"C-STORE {_name(one.sop_class_uid)}", str(error))
            raise Broken("an accepted presentation context", str(error)) from None
        return self.status_of(status, f"C-STORE {_name(one.sop_class_uid)}")

    def store_bytes(self, line: Association, uid: str, data: bytes, *, may_abort: bool = False) -> int | None:
        """Send bytes as the data set of a digital radiograph, whatever they are, and return the status.

        Returns None when the archive aborted the association and that may be.
        """
        import io

        from pydicom.dataset import Dataset
        from pynetdicom.dimse_primitives import C_STORE

        message = C_STORE()
        message.MessageID, message.Priority = 1, 2
        message.AffectedSOPClassUID, message.AffectedSOPInstanceUID = DX, uid
        message.DataSet = io.BytesIO(data)
        with checkpoint.paused(line):
            line.dimse.send_msg(message, line.accepted_contexts[0].context_id)
            _, answer = line.dimse.get_msg(block=True)
        if answer is None and may_abort and not line.is_established:
            self.note(f"C-STORE of {len(data)} bytes", "aborted")
            return None
        if answer is None and line.is_established:
            line.abort()
        status = Dataset()
        if answer is not None and answer.Status is not None:
            status.Status = answer.Status
        return self.status_of(status, f"C-STORE of {len(data)} bytes")

    def status_of(self, status: Dataset, request: str) -> int:
        """Return the status of an answer.

        Raises
        ------
        Broken
            No answer came.
        """
        code = status.get("Status")
        self.note(request, "no answer" if code is None else f"{code:04X}H", str(status.get("ErrorComment", "")))
        if code is None:
            raise Silent("an answer", f"no answer to {request}")
        return int(code)

    def find(self, model: str, identifier: Dataset) -> tuple[int, list[Dataset]]:
        """Send a query and return the last status and the datasets that came before it."""
        with self.association([(model, PLAIN)]) as line:
            results, last = [], None
            for status, dataset in line.send_c_find(identifier, model):
                code = status.get("Status")
                if code in PENDING and dataset is not None:
                    results.append(dataset)
                else:
                    last = code
        level = identifier.get("QueryRetrieveLevel", "")
        told = "no answer" if last is None else f"{last:04X}H"
        self.note(f"C-FIND {_name(model)} {level}: {_keys(identifier)}", f"{told}, {len(results)} results")
        if last is None:
            raise Broken("a final status", "no answer to C-FIND")
        return int(last), results

    def inbox(self) -> Inbox:
        """Return where the archive sends to when it is told to; started when first needed.

        Raises
        ------
        NotRun
            No port was given, so the archive cannot know where that is.
        """
        if not self.listen:
            raise NotRun(f"the archive must know {self.calling} at a port of this machine: give it with --listen PORT")
        return self.ear()

    def ear(self) -> Inbox:
        """Return what hears of events: the place where the archive sends to, if it can, and our own associations."""
        from kerma.areas.exchange.conformance.inbox import Inbox

        if self._inbox is None:
            self._inbox = Inbox(self.calling, self.listen)
        return self._inbox

    def close(self) -> None:
        """Stop listening."""
        if self._inbox is not None:
            self._inbox.close()
            self._inbox = None


def outcome(line: Association) -> str:
    """Return in words what became of the request for an association."""
    if line.is_established:
        return f"accepted, {len(line.accepted_contexts)} contexts"
    if line.is_rejected:
        told = line.acceptor.primitive
        return f"rejected: result {told.result}, source {told.result_source}, reason {told.diagnostic}"
    return "aborted" if line.is_aborted else "no answer"


def query(level: str, keys: Mapping[str, Any]) -> Dataset:
    """Return an identifier for C-FIND, C-MOVE or C-GET."""
    from pydicom.dataset import Dataset

    identifier = Dataset()
    if level:
        identifier.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    return identifier


def _name(uid: str) -> str:
    from pydicom.uid import UID

    return str(UID(uid).name)


def _keys(identifier: Dataset) -> str:
    """Return the keys that match, which are the suite's own."""
    found = [f"{one.keyword}={one.value}" for one in identifier if not one.is_empty and one.VR != "SQ"]
    return ", ".join(found)[:300]
