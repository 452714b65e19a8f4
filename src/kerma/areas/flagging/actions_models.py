"""All that changes the registry of models: adding one, trying it in shadow, making it active, retiring it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256 as digest_of
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kerma.areas.flagging import pilots
from kerma.areas.flagging import queries_models as queries
from kerma.areas.flagging import rules_models as rules
from kerma.areas.flagging.model import (
    ACTIVE,
    BROUGHT,
    CANDIDATE,
    RETIRED,
    SHADOW,
    SHIPPED,
    ModelRow,
    model,
    model_state,
)
from kerma.areas.flagging.registry import shipped_cards, tried
from kerma.errors import Altered, Conflict, TooLarge, WrongUsage
from kerma.kernel.action import Act, action, refuse
from kerma.kernel.blobs_removal import claim
from kerma.kernel.identity import service
from kerma.kernel.permissions import is_granted

if TYPE_CHECKING:
    from kerma.areas.flagging.rules_models import Evidence
    from kerma.kernel.action import Action, Actor, Kernel

FIGURES_OF_PILOT = (
    "exams", "planned_exams", "found", "missed", "false_marks", "sensitivity", "sensitivity_interval",
    "least_sensitivity", "false_per_exam", "false_per_exam_interval", "most_false_per_exam", "is_sure",
)  # fmt: skip
SOFTWARE = service("models", "flagging.register_shipped")


@dataclass(frozen=True)
class NewModel:
    """A model to add: its card, its weights, whose exams it may look at, and whether it was brought or made here."""

    card: Mapping[str, Any]
    content: bytes
    """The ONNX file, or what else the kind is loaded from."""
    industry: str = ""
    origin: str = BROUGHT


def add_model(kernel: Kernel, actor: Actor, *, new: NewModel) -> int:
    """Try a model apart and add it as a candidate; returns its number.

    Raises
    ------
    NotAllowed
        The permission is missing.
    WrongUsage, Unreadable, Altered
        Name, version or card make no sense, the weights are others, or the network does not do what its card says.
    TooLarge
        The weights are beyond what is taken.
    Conflict
        There is this version already, or the name is that of a detector without weights.
    """
    if not is_granted(keep_model.name, actor.permissions):
        refuse(kernel, actor, keep_model.name)
    card = rules.demand_card(new.card)
    if len(new.content) > rules.MOST_WEIGHTS_BYTES:
        most = rules.MOST_WEIGHTS_BYTES >> 20
        raise TooLarge(f"the weights have {len(new.content) >> 20} MB; at most {most} MB are taken")
    if new.industry and new.industry not in kernel.industries:
        raise WrongUsage(f"there is no industry '{new.industry[:32]}'; there are {', '.join(kernel.industries)}")
    rules.demand_free(card["name"])
    found = digest_of(new.content).hexdigest()
    if found != card["sha256"]:
        said = card["sha256"][:80]
        raise Altered(f"the weights have the SHA-256 {found}, their card says {said}: get the pair again")
    register_shipped(kernel)
    with kernel.database.read() as connection:
        _demand_new(connection, card["name"], card["version"])
    trial = tried(new.content, card)
    kernel.blobs.put(new.content)
    values = {
        "name": card["name"],
        "version": card["version"],
        "sha256": card["sha256"],
        "weights_sha256": card["sha256"],
        "size_bytes": len(new.content),
        "kind": str(card["kind"]),
        "labels": list(card["labels"]),
        "card": card,
        "trial": trial,
        "origin": new.origin,
        "industry": new.industry,
    }
    return keep_model(kernel, actor, values=values)


@action("flagging.add_model")
def keep_model(act: Act, *, values: Mapping[str, Any]) -> int:
    """Add a model as a candidate: it is tried apart first, and looks at no exam before it is put to use."""
    claim(act, values["weights_sha256"])
    _demand_new(act.connection, values["name"], values["version"])
    number = _insert(act, {**values, "state": CANDIDATE}, "added")
    act.record(model_id=number, model=values["name"], version=values["version"], sha256=values["sha256"])
    act.record(origin=values["origin"], kind=values["kind"], industry=values["industry"])
    act.record(card_sha256=_text_digest(json.dumps(values["card"], sort_keys=True)))
    return number


def register_shipped(kernel: Kernel) -> int:
    """See to it that the registry has every model that ships with this version; returns how many were lacking."""
    cards = shipped_cards()
    with kernel.database.read() as connection:
        known = {(row.name, row.version) for row in queries.models(connection)}
    lacking = [card for card in cards if (card["name"], card["version"]) not in known]
    if lacking:
        try:
            keep_shipped(kernel, SOFTWARE, cards=lacking)
        except sa.exc.IntegrityError:
            return 0  # another process of this installation was faster
    return len(lacking)


@action("flagging.register_shipped")
def keep_shipped(act: Act, *, cards: Sequence[Mapping[str, Any]]) -> None:
    """List the models that ship with this version of Kerma as candidates; nothing looks at exams by itself."""
    industries = {name: one.name for one in act.kernel.industries.values() for name in one.models}
    told = []
    for card in cards:
        values = {
            **{key: str(card[key]) for key in ("name", "version", "sha256", "kind")},
            "size_bytes": int(card["size_bytes"]),
            "labels": list(card["labels"]),
            "card": {key: value for key, value in card.items() if key != "size_bytes"},
            "trial": {},
            "origin": SHIPPED,
            "industry": industries.get(card["name"], ""),
            "state": CANDIDATE,
        }
        number = _insert(act, values, "came with Kerma")
        told.append([number, values["name"], values["version"], values["sha256"]])
    act.record(models=told)


def shadow_model(kernel: Kernel, actor: Actor, *, model_id: int, reason: str) -> None:
    """Have a model look at exams without anybody seeing its marks, so that a pilot can tell how it does.

    Raises
    ------
    NotAllowed
        The permission is missing.
    WrongUsage, NotFound, Conflict
        No reason, no such model, or it cannot go into shadow from what it is.
    """
    row = _asked(kernel, actor, keep_shadow, model_id)
    rules.demand_follows(row, SHADOW)
    keep_shadow(kernel, actor, model_id=model_id, reason=reason, weights=_weights_kept(kernel, row))


@action("flagging.shadow_model")
def keep_shadow(act: Act, *, model_id: int, reason: str, weights: str) -> None:
    """Put a model into shadow: it looks at exams, nobody is shown its marks, a pilot compares them."""
    row = _locked(act, model_id)
    _change(act, row, SHADOW, rules.demand_reason(reason, "a trial in shadow"), weights=weights)


def activate_model(
    kernel: Kernel, actor: Actor, *, model_id: int, reason: str, evaluation: bytes = b"", pilot_id: int | None = None
) -> None:
    """Approve a model, so that its marks are shown; the active version of the same name is retired.

    Parameters
    ----------
    evaluation : what ``kerma evaluate --json`` printed of exactly this version
    pilot_id : number of a pilot of it that was signed off, where there is no evaluation

    Raises
    ------
    NotAllowed
        The permission is missing, or somebody else must approve this model.
    WrongUsage
        No reason, or nothing that the approval may rest on.
    NotFound, Conflict
        No such model or pilot, or it cannot become active from what it is.
    """
    row = _asked(kernel, actor, keep_activation, model_id)
    why = rules.why_not_by(row, actor.kind, actor.key)
    if why:
        refuse(kernel, actor, keep_activation.name, why)
    rules.demand_follows(row, ACTIVE)
    said = rules.demand_reason(reason, "an approval")
    evidence = evidence_of(kernel, row, evaluation, pilot_id)
    weights = _weights_kept(kernel, row)
    if evaluation:
        kernel.blobs.put(evaluation)
    keep_activation(kernel, actor, model_id=model_id, reason=said, evidence=evidence, weights=weights)


@action("flagging.activate_model")
def keep_activation(act: Act, *, model_id: int, reason: str, evidence: Evidence, weights: str) -> None:
    """Approve a model on an evaluation or a signed-off pilot: its marks are shown from now on."""
    row = _locked(act, model_id)
    before = sa.select(model.c.id).where(model.c.name == row.name, model.c.state == ACTIVE).with_for_update()
    earlier = act.connection.scalar(before)
    if earlier is not None and earlier != row.id:
        old = queries.model_of(act.connection, earlier)
        _set_state(act, old, RETIRED, f"{row.version} took its place")
        act.record(retired_model_id=old.id, retired_version=old.version, retired_sha256=old.sha256)
    _change(act, row, ACTIVE, reason, weights=weights, evidence=evidence)


@action("flagging.retire_model")
def retire_model(act: Act, *, model_id: int, reason: str) -> None:
    """Retire a model: it looks at nothing new; what it has marked stays.

    Raises
    ------
    NotFound, Conflict, WrongUsage
        No such model, it is retired already, or no reason is given.
    """
    row = _locked(act, model_id)
    _change(act, row, RETIRED, rules.demand_reason(reason, "retiring a model"))


def evidence_of(kernel: Kernel, row: ModelRow, evaluation: bytes, pilot_id: int | None) -> Evidence:
    """Return what an approval rests on, read and checked.

    Raises
    ------
    WrongUsage
        Neither or both are given, or it is not of this model.
    """
    if bool(evaluation) == (pilot_id is not None):
        raise WrongUsage(
            f"{row.name} {row.version} is approved on an evaluation of your own images (`kerma evaluate --model "
            f"{row.name}@{row.version} --json`) or on a pilot that was signed off: give one of both"
        )
    if pilot_id is not None:
        return _pilot_evidence(kernel, row, pilot_id)
    return read_evaluation(evaluation, row)


def _pilot_evidence(kernel: Kernel, row: ModelRow, pilot_id: int) -> Evidence:
    with kernel.database.read() as connection:
        one = pilots.pilot_by_id(connection, pilot_id)
    if one["model_id"] != row.id or not one["is_signed_off"]:
        raise WrongUsage(f"pilot {pilot_id} is no pilot of {row.name} {row.version} that was signed off")
    report = one["report"]
    figures = {"pilot_id": pilot_id, **{key: report[key] for key in FIGURES_OF_PILOT}}
    return rules.Evidence("pilot", _text_digest(json.dumps(report, sort_keys=True)), figures)


def read_evaluation(evaluation: bytes, row: ModelRow) -> Evidence:
    """Return what the bytes of an evaluation say of a model.

    Raises
    ------
    WrongUsage
        They are no evaluation of exactly this model.
    """
    if len(evaluation) > rules.MOST_EVALUATION_BYTES:
        raise TooLarge(f"the evaluation has {len(evaluation) >> 20} MB; at most {rules.MOST_EVALUATION_BYTES >> 20} MB")
    try:
        document = json.loads(evaluation)
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"the evaluation is no JSON: give what `kerma evaluate --json` printed ({error})") from error
    return rules.read_evaluation(document, digest_of(evaluation).hexdigest(), row)


def _asked(kernel: Kernel, actor: Actor, declared: Action[Any, Any], model_id: int) -> ModelRow:
    """Return the model that an action is about, once the actor holds its permission."""
    if not is_granted(declared.name, actor.permissions):
        refuse(kernel, actor, declared.name)
    with kernel.database.read() as connection:
        return queries.model_of(connection, model_id)


def _weights_kept(kernel: Kernel, row: ModelRow) -> str:
    """Keep the weights with the blobs, also those that shipped: the next Kerma may bring others of that name."""
    content = queries.weights_of(kernel, row)
    return row.weights_sha256 or kernel.blobs.put(content)


def _locked(act: Act, model_id: int) -> ModelRow:
    """Return a model as it is now; nobody else changes it in this moment."""
    act.connection.execute(sa.select(model.c.id).where(model.c.id == model_id).with_for_update())
    return queries.model_of(act.connection, model_id)


def _change(
    act: Act, row: ModelRow, state: str, reason: str, *, weights: str = "", evidence: Evidence | None = None
) -> None:
    rules.demand_follows(row, state)
    if weights and not row.weights_sha256:
        act.connection.execute(sa.update(model).where(model.c.id == row.id).values(weights_sha256=weights))
    claim(act, weights, evidence.sha256 if evidence and evidence.kind == "evaluation" else "")
    try:
        _set_state(act, row, state, reason, evidence)
    except sa.exc.IntegrityError as error:
        raise Conflict(f"somebody has made another version of '{row.name}' active meanwhile: look again") from error
    act.record(model_id=row.id, model=row.name, version=row.version, sha256=row.sha256, state=state, before=row.state)
    act.record(reason_sha256=_text_digest(reason))
    if evidence is not None:
        act.record(evidence=evidence.kind, evidence_sha256=evidence.sha256)


def _set_state(act: Act, row: ModelRow, state: str, reason: str, evidence: Evidence | None = None) -> None:
    act.connection.execute(sa.update(model).where(model.c.id == row.id).values(state=state))
    _tell(act, row.id, state, reason, evidence)


def _insert(act: Act, values: Mapping[str, Any], reason: str) -> int:
    row = {**values, "added_by": act.actor.key, "added_at": act.at_text}
    number = int(act.connection.execute(sa.insert(model).values(row).returning(model.c.id)).scalar_one())
    _tell(act, number, values["state"], reason)
    return number


def _tell(act: Act, model_id: int, state: str, reason: str, evidence: Evidence | None = None) -> None:
    """Write a line of the history."""
    kept = evidence.sha256 if evidence and evidence.kind == "evaluation" else ""
    values = {
        "model_id": model_id,
        "state": state,
        "reason": reason,
        "figures": evidence.as_json() if evidence else {},
        "evidence_sha256": kept,
        "by": act.actor.key,
        "at": act.at_text,
    }
    act.connection.execute(sa.insert(model_state).values(values))


def _demand_new(connection: sa.Connection, name: str, version: str) -> None:
    there = next((row for row in queries.versions_of(connection, name) if row.version == version), None)
    if there is not None:
        raise Conflict(f"there is {name} {version} already, {there.state}: give changed weights a version of their own")


def _text_digest(text: str) -> str:
    return digest_of(text.encode()).hexdigest()
