"""What an exam can be given out as beside its PDF: DICOM objects and lists of findings, written from what is known now.

Nothing here changes anything: bytes are written first, outside any transaction, and leave through
``actions_objects.hand_out``, which the ledger knows.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kerma.areas.archive import queries as archive
from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.people.queries import name_of_actor
from kerma.areas.report import queries, queries_site
from kerma.areas.report.prepare import Basis, basis
from kerma.areas.report.rules import slugs
from kerma.areas.report.rules_versions import BASIS
from kerma.areas.review import queries as review
from kerma.errors import KermaError, NotFound
from kerma.formats.findings_files import EXPORTS
from kerma.kernel import clock
from kerma.kernel.sight import WHOLE

if TYPE_CHECKING:
    from kerma.formats.dicom_write import Identity
    from kerma.formats.report_object import Reference, Signed
    from kerma.formats.report_objects import Material
    from kerma.kernel.action import Kernel
    from kerma.science.imaging.image import Image

SHORT = {
    "sr": "structured-report",
    "gsps": "presentation-state",
    "kos": "key-objects",
    "seg": "segmentation",
}
"""Short names in addresses and commands, beside the full ones."""
DICOM = "application/dicom"
NOT_KEPT = {"diconde": "it is a copy of the image, and in the archive it would count as a further image of the exam"}
"""What is given out but not kept with the exam, and why."""


@dataclass(frozen=True)
class Offer:
    """One thing an exam of this industry can be given out as."""

    name: str
    help: str
    is_dicom: bool
    suffix: str

    @property
    def can_be_kept(self) -> bool:
        """Whether it may go into the archive beside the images."""
        return self.is_dicom and self.name not in NOT_KEPT


@dataclass(frozen=True)
class Written:
    """An object as files, each with its name; made from what was known when it was asked for."""

    offer: Offer
    files: tuple[tuple[str, bytes], ...]
    analysis_id: int
    judgement_id: int | None

    def packed(self) -> tuple[str, bytes, str]:
        """Return file name, bytes and media type of all of it: the file itself, or several in a ZIP."""
        if len(self.files) == 1:
            name, data = self.files[0]
            media = DICOM if self.offer.is_dicom else EXPORTS[self.offer.name].media_type
            return name, data, media
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive_file:
            for name, data in self.files:
                archive_file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        return f"{self.offer.name}.zip", out.getvalue(), "application/zip"


def offers(industry: str) -> list[Offer]:
    """Return everything that exams of an industry can be given out as."""
    from kerma.formats.report_objects import OBJECTS

    short = {full: name for name, full in SHORT.items()}
    dicom = [
        Offer(short.get(name, name), kind.help, True, kind.suffix)
        for name, kind in OBJECTS.items()
        if not kind.industries or industry in kind.industries
    ]
    return [*dicom, *(Offer(name, kind.help, False, kind.suffix) for name, kind in EXPORTS.items())]


def offer_named(industry: str, name: str) -> Offer:
    """Return what has this name, short or full.

    Raises
    ------
    NotFound
        Exams of this industry have no such object; the message lists what there is.
    """
    listed = offers(industry)
    found = next((one for one in listed if name in (one.name, SHORT.get(one.name))), None)
    if found is None:
        there = ", ".join(one.name for one in listed)
        raise NotFound(f"an exam of {industry} is not given out as '{name[:40]}'; there are {there}")
    return found


def write(kernel: Kernel, exam_pk: int, name: str) -> Written:
    """Write one object of an exam from what is known of it now.

    Raises
    ------
    NotFound
        No such exam or object, or the exam has nothing of this kind to say.
    Conflict
        The exam has not been analysed yet.
    """
    on = basis(kernel, exam_pk)
    offer = offer_named(on.exam["industry"], name)
    stem = slugs([(on.exam["subject_id"], on.exam["uid"])])[0]
    if offer.is_dicom:
        contents = _objects(kernel, on, SHORT.get(offer.name, offer.name))
    else:
        contents = (EXPORTS[offer.name].write(_stated(on)),)
    if not contents:
        raise NotFound(f"this exam has nothing to give out as {offer.name}: {_why_nothing(offer.name)}")
    names = [
        f"{stem}{offer.suffix}" if number == 1 else f"{stem}-{number}{offer.suffix}"
        for number in range(1, len(contents) + 1)
    ]
    return Written(offer, tuple(zip(names, contents, strict=True)), on.analysis_id, on.judgement_id)


def _why_nothing(name: str) -> str:
    return {
        "seg": "no finding stands on it",
        "kos": "no image of it was chosen, and none has findings that stand",
        "pdf": "its report is not laid out yet",
        "tdr-operator": "no person has decided it",
        "tdr-machine": "the software has proposed nothing",
        "tdr-aggregate": "neither software nor person has concluded anything",
    }.get(name, "it has no image that can be shown so")


def _objects(kernel: Kernel, on: Basis, kind: str) -> tuple[bytes, ...]:
    from kerma.formats import report_objects

    return report_objects.write(kind, material(kernel, on, kind))


def material(kernel: Kernel, on: Basis, kind: str) -> Material:
    """Return what objects of an exam are made of; images are read only for the kinds that need their pixels."""
    from kerma.formats.report_objects import Material

    identity = _identity(kernel, on)
    images = _images(kernel, on) if kind in ("presentation-state", "diconde") else {}
    with kernel.database.read() as connection:
        version_id = queries.report_on(connection, {key: on.rests_on[key] for key in BASIS})
        version = queries.report_by_id(connection, version_id) if version_id else None
        newest = version or queries.newest_report(connection, on.exam["id"], WHOLE)
        analysed = review.analysis_by_id(connection, on.analysis_id) or {"created_at": ""}
        signed = _signed(kernel, version) if version else None
        decided = _decided(kernel, on)
    moments = [on.decision["at"] if on.decision else "", (on.document.get("judgement") or {}).get("at", "")]
    at = signed.at if signed else clock.moment(max([*moments, analysed["created_at"]]))
    pdf_sha256 = newest["pdf_sha256"] if newest and kind == "pdf" else ""
    return Material(
        document=_stated(on),
        references=_references(on, images),
        identity=identity,
        made_at=at,
        pdf=kernel.blobs.get(pdf_sha256) if pdf_sha256 else b"",
        signed=signed,
        decided=decided,
        originals=_originals(kernel, on, images, identity, at) if kind == "diconde" else (),
    )


def _stated(on: Basis) -> dict[str, Any]:
    """Return the exam's document with the decision in force."""
    document = dict(on.document)
    document |= {"subject": on.exam["subject_id"], "exam_uid": on.exam["uid"]}
    if on.decision:
        document |= {"decision": on.decision["decision"], "decision_reason": on.decision["reason"]}
    return document


def _identity(kernel: Kernel, on: Basis) -> Identity:
    """Return whose the objects are, with the names as the archive has corrected them."""
    from kerma import formats
    from kerma.formats.dicom_write import Identity

    row = on.image_rows[0]
    sidecar = kernel.blobs.get(row["sidecar_sha256"]) if row["sidecar_sha256"] else None
    header = formats.scan(kernel.blobs.get(row["sha256"]), row["file_name"], sidecar)
    return replace(
        Identity.of(header),
        exam_uid=on.exam["uid"],
        subject_id=on.exam["subject_id"],
        subject_name=on.exam["name"],
        accession=on.exam["accession"],
        exam_description=on.exam["description"],
    )


def _images(kernel: Kernel, on: Basis) -> dict[str, Image]:
    """Return the images that can be read, by SHA-256."""
    read: dict[str, Image] = {}
    for row in on.image_rows:
        try:
            read[row["sha256"]] = read_image(kernel, row, duty="report")
        except KermaError:
            continue  # its findings, if any, stand in every object all the same
    return read


def _references(on: Basis, images: Mapping[str, Image]) -> list[Reference]:
    from kerma.formats.dicom_write import MULTI_FRAME_WORD, SECONDARY_CAPTURE, valid_uid
    from kerma.formats.presentation_state import shown_of
    from kerma.formats.report_object import Reference

    exam_uid = on.exam["uid"]
    made = []
    for number, one in enumerate(on.document["images"], start=1):
        image = images.get(one["sha256"])
        planes = max(1, int(one.get("planes") or 1))
        captured = SECONDARY_CAPTURE if planes == 1 else MULTI_FRAME_WORD
        made.append(
            Reference(
                one.get("sop_class_uid") or captured,
                valid_uid(one.get("image_uid") or "", otherwise=f"{exam_uid} image {number}"),
                valid_uid(one.get("series_uid") or "", otherwise=f"{exam_uid} series"),
                planes,
                shown_of(image) if image is not None and not image.is_colour else None,
            )
        )
    return made


def _originals(
    kernel: Kernel, on: Basis, images: Mapping[str, Image], identity: Identity, at: datetime
) -> Sequence[bytes]:
    """Return every image as a DICOM file: as it came, or where it is no DICOM, as Secondary Capture."""
    from kerma.formats.dicom_write import secondary_capture

    def file_of(number: int, sha256: str) -> bytes:
        data = kernel.blobs.get(sha256)
        if data[128:132] == b"DICM":
            return data
        if sha256 not in images:
            raise NotFound(f"image {number} cannot be read, so there is no DICONDE copy of it")
        return secondary_capture(images[sha256], identity, number=number, made_at=at)

    return [file_of(number, one["sha256"]) for number, one in enumerate(on.document["images"], start=1)]


def _signed(kernel: Kernel, version: Mapping[str, Any]) -> Signed | None:
    """Return who signed the version that rests on exactly what is known now; None while it is a draft."""
    from kerma.formats.report_object import Signed

    if version["state"] != "signed":
        return None
    with kernel.database.read() as connection:
        name = name_of_actor(connection, version["signed_by"])
        site = queries_site.site_of(connection, kernel.blobs)
    return Signed(name, site.name or "Kerma", clock.moment(version["signed_at"]))


def _decided(kernel: Kernel, on: Basis) -> dict[str, str] | None:
    """Return the decision in force with who made it, when, and since when the exam was before them."""
    if on.decision is None:
        return None
    told = {key: str(on.decision[key]) for key in ("decision", "reason", "by", "at")}
    with kernel.database.read() as connection:
        opened_at = archive.opened_at(connection, told["by"], on.exam["id"]) or ""
    if opened_at and opened_at <= told["at"]:
        told["opened_at"] = opened_at
    return told | {"by_name": on.decided_by}


def every(kernel: Kernel, exam_pk: int) -> Iterator[tuple[Offer, Written | str]]:
    """Yield every object and list that the exam has, or in words why one could not be written.

    The PDF is left out: the report stands in a package of all of them as it was signed.
    """
    on = basis(kernel, exam_pk)
    for offer in offers(on.exam["industry"]):
        if offer.name == "pdf":
            continue
        try:
            yield offer, write(kernel, exam_pk, offer.name)
        except NotFound:
            continue  # nothing of this kind to say
        except KermaError as error:
            yield offer, str(error)
