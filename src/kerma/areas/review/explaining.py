"""The heat that a learned model's finding was picked from: made anew from the image and the weights as kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kerma.areas.archive.queries_pixels import read_image
from kerma.areas.flagging.looking import explain_apart
from kerma.areas.flagging.queries_models import versions_of
from kerma.areas.flagging.queries_run import learned_model
from kerma.areas.review.queries import current, images_to_analyse
from kerma.areas.review.rules_findings import finding_of, sources
from kerma.errors import NotFound, WrongUsage
from kerma.kernel.sight import sight_of
from kerma.science.imaging.energy_pairs import together
from kerma.science.imaging.values import penetrating_plane
from kerma.science.results import By

if TYPE_CHECKING:
    from kerma.kernel.action import Actor, Kernel


def explanation_of(kernel: Kernel, actor: Actor, *, exam_pk: int, finding_id: str) -> bytes:
    """Return the picture of a finding's heat as a PNG.

    Raises
    ------
    NotFound
        The exam has no such finding, or none that the actor may see: the words are the same.
    WrongUsage
        It is no finding of a learned model, or of one that gives no heat.
    """
    with kernel.database.read() as connection:
        known = current(connection, exam_pk, sight_of(connection, actor, exam_pk))
        images = known.document["images"] if known else []
        place = next(((image, one) for image in images for one in image["findings"] if one["id"] == finding_id), None)
        if place is None:
            raise NotFound(f"there is no finding {finding_id!r} on exam {exam_pk}")
        shown, plain = place
        plain = next((one for one in sources(plain) if one["by"].get("model_sha256")), plain)
        by = By(**plain["by"])
        if not by.model_sha256:
            raise WrongUsage(f"finding {finding_id} is no learned model's: only those have heat to show")
        versions = versions_of(connection, by.name)
        row = next((one for one in versions if (one.version, one.sha256) == (by.version, by.model_sha256)), None)
        if row is None:
            raise NotFound(f"the model that made finding {finding_id} is not in the registry any more")
        rows = {one["sha256"]: one for one in images_to_analyse(connection, exam_pk)}
    images = [read_image(kernel, rows[sha256], duty="show") for sha256 in shown.get("paired") or [shown["sha256"]]]
    finding = finding_of(plain)
    if len(images) == 1:
        return explain_apart(images[0], learned_model(kernel, row, None, None), finding)
    image = together(images)
    looked = replace(finding, plane=penetrating_plane(image))
    return explain_apart(image, learned_model(kernel, row, None, None), looked)
