"""All that changes licensed reference images: a site adds its own copies and withdraws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.review import queries_reference, rules
from kerma.areas.review.model_reference import IN_FORCE, reference_image
from kerma.areas.review.rules_reference import MAX_LETTERS
from kerma.errors import Conflict, NotFound, WrongUsage
from kerma.kernel.action import Act, Actor, Kernel, action, refuse
from kerma.kernel.permissions import is_granted
from kerma.science.judge.reference_image import Slot, check_slot

if TYPE_CHECKING:
    from kerma.areas.archive.model_keeping import ExamDeleted


@dataclass(frozen=True)
class NewReference:
    """A site's licensed copy of a reference image: which it is, whose licence, and where its SRb and CNR are read.

    Regions are ``row,column,height,width`` in pixels. SRb is read on a duplex gauge, or given where the image has none.
    """

    image_sha256: str
    image_set: str
    volume: str
    discontinuity: str
    grade: int
    licence_holder: str
    licence: str
    cnr_region: str
    cnr_background: str
    plate_thickness_mm: float | None = None
    duplex_region: str = ""
    srb_um: float | None = None


def add_reference(kernel: Kernel, actor: Actor, *, new: NewReference) -> int:
    """Measure a licensed copy in this archive and add it as a reference image; returns its number.

    Raises
    ------
    NotAllowed
        The permission is missing.
    NotFound
        The archive has no such image.
    WrongUsage
        The set holds no such image, no licence is named, or SRb or CNR cannot be measured; the message says why.
    Conflict
        This image is a reference image already.
    """
    if not is_granted(keep_reference.name, actor.permissions):
        refuse(kernel, actor, keep_reference.name)
    for what, text in (("holder of the licence", new.licence_holder), ("number of the licence", new.licence)):
        if not text.strip() or len(text) > MAX_LETTERS or not text.isprintable():
            raise WrongUsage(f"give the {what} in at most {MAX_LETTERS} letters: only a licensed copy is compared with")
    check_slot(Slot(new.image_set, new.volume, new.discontinuity, new.plate_thickness_mm), new.grade)
    with kernel.database.read() as connection:
        row = queries_reference.image_of(connection, new.image_sha256)
    if row is None:
        raise NotFound("this archive has no image with this SHA-256: ingest the licensed copy first")
    return keep_reference(kernel, actor, new=new, measured=_measured(kernel, row, new))


@action("review.add_reference")
def keep_reference(act: Act, *, new: NewReference, measured: dict[str, Any]) -> int:
    """Add a licensed copy of a reference image, beside which castings are graded."""
    values = {
        **{key: getattr(new, key) for key in ("image_set", "volume", "discontinuity", "plate_thickness_mm", "grade")},
        "image_sha256": new.image_sha256,
        "srb_um": measured["srb_um"],
        "cnr": measured["cnr"],
        "measured": measured["how"],
        "licence_holder": new.licence_holder.strip(),
        "licence": new.licence.strip(),
        "added_by": act.actor.key,
        "added_at": act.at_text,
    }
    try:
        insert = sa.insert(reference_image).values(values).returning(reference_image.c.id)
        number = int(act.connection.execute(insert).scalar_one())
    except sa.exc.IntegrityError as error:
        raise Conflict("this image is a reference image already: withdraw that one first") from error
    act.record(reference_id=number, image_sha256=new.image_sha256, image_set=new.image_set, grade=new.grade)
    act.record(discontinuity=new.discontinuity, licence_sha256=rules.text_digest(values["licence"]))
    act.record(srb_um=f"{measured['srb_um']:.6g}", cnr=f"{measured['cnr']:.6g}")
    return number


@action("review.withdraw_reference")
def withdraw_reference(act: Act, *, reference_id: int) -> None:
    """Withdraw a reference image: nothing new is graded beside it; what was graded stays.

    Raises
    ------
    NotFound
        There is no such reference image in force.
    """
    if not _withdraw(act, reference_image.c.id == reference_id):
        raise NotFound(f"there is no reference image {reference_id} in force")
    act.record(reference_id=reference_id)


def on_exam_deleted(act: Act, event: ExamDeleted) -> None:
    """Withdraw the reference images whose picture is no longer in the archive."""
    from kerma.areas.archive.model import image

    gone = ~reference_image.c.image_sha256.in_(sa.select(image.c.sha256).where(image.c.exam_pk != event.exam_pk))
    count = _withdraw(act, gone)
    if count:
        act.record(references_withdrawn=count)


def _withdraw(act: Act, which: sa.ColumnElement[bool]) -> int:
    values = {"withdrawn_by": act.actor.key, "withdrawn_at": act.at_text}
    return int(act.connection.execute(sa.update(reference_image).where(which, IN_FORCE).values(**values)).rowcount)


def _measured(kernel: Kernel, row: dict[str, Any], new: NewReference) -> dict[str, Any]:
    """Return SRb and CNR of the copy as the product measures them, and how."""
    from kerma.science.measure import run
    from kerma.science.results import NotMeasurable

    picture = read_image(kernel, row, duty="analyse")
    cnr = run("cnr", picture, region=new.cnr_region, background=new.cnr_background)
    if isinstance(cnr, NotMeasurable):
        raise WrongUsage(f"the CNR of the reference image cannot be measured: {cnr.reason}")
    how = {"cnr": f"measured, region {new.cnr_region}, background {new.cnr_background}"}
    if new.duplex_region:
        duplex = run("duplex", picture, region=new.duplex_region)
        if isinstance(duplex, NotMeasurable):
            raise WrongUsage(f"the SRb of the reference image cannot be measured: {duplex.reason}")
        srb_um, how["srb_um"] = float(str(duplex.values["isrb_um"])), f"measured, duplex in {new.duplex_region}"
    elif new.srb_um is not None and 0 < new.srb_um < float("inf"):
        srb_um, how["srb_um"] = new.srb_um, "as given with the set"
    else:
        raise WrongUsage("give duplex_region where a duplex gauge lies, or srb_um as it is given with the set")
    return {"srb_um": srb_um, "cnr": float(str(cnr.values["cnr"])), "how": how}
