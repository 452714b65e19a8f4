"""Models of the registry look at an exam's images: in the processes for heavy work, each failing alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kerma.errors import Conflict, KermaError, NotFound, Unreadable, WrongUsage
from kerma.kernel import apart

if TYPE_CHECKING:
    from kerma.areas.flagging.trial import IsolatedNetwork
    from kerma.science.detect.learned import Network
    from kerma.science.detect.looking import LearnedModel, Look
    from kerma.science.imaging.image import Image
    from kerma.science.results import Finding


def look_apart(images: Sequence[Image], model: LearnedModel) -> Look:
    """Return what a model marks, looked for in a process for heavy work; one that ends the process has failed.

    A network of strangers has a process of its own, with limits of memory and time.
    """
    from kerma.areas.flagging.trial import IsolatedNetwork, is_brought
    from kerma.science.detect import looking
    from kerma.science.detect.purpose import not_for

    try:
        if images and all(not_for(image, model.card) for image in images):
            return looking.look(images, model)  # nothing is computed, and the pictures need not be sent anywhere
        if not is_brought(model.card) or model.trouble:
            return apart.run(looking.look, images, model)
        with IsolatedNetwork(model.content, model.card) as network:
            return looking.look_with(images, model, lambda: network)
    except Conflict as error:
        return looking.failed(images, model, f"the process it ran in was ended ({error})")
    except KermaError as error:
        return looking.failed(images, model, str(error))


def explain_apart(image: Image, model: LearnedModel, finding: Finding) -> bytes:
    """Return the heat that a finding was picked from as a PNG, made where the model looks.

    Raises
    ------
    WrongUsage, NotFound
        The model gives no heat, does not mark this place, or cannot be run.
    """
    from kerma.areas.flagging.trial import IsolatedNetwork, is_brought

    if model.trouble:
        raise NotFound(model.trouble)
    if not is_brought(model.card):
        return apart.run(_explained, image, model, finding)
    with IsolatedNetwork(model.content, model.card) as network:
        return network.explain(image, finding)


def _explained(image: Image, model: LearnedModel, finding: Finding) -> bytes:
    from kerma.science.detect.looking import ready

    return explained(image, ready(model), finding)


def explained(image: Image, network: Network | IsolatedNetwork, finding: Finding) -> bytes:
    """Return the heat that a network picked a finding from, wherever it runs."""
    from kerma.areas.flagging.trial import IsolatedNetwork
    from kerma.science.detect import explaining

    if isinstance(network, IsolatedNetwork):
        return network.explain(image, finding)
    return explaining.picture(image, network, finding)


def model_by_name(name: str) -> LearnedModel:
    """Return a model that ships by its name, or one of a file ``NAME.onnx`` with its card ``NAME.json`` beside it.

    Raises
    ------
    WrongUsage
        There is no such model, or the name is a detector's, which needs no asking.
    NotFound, Unreadable, Altered
        The file or its card is missing or damaged.
    """
    from kerma.areas.flagging.detecting import model_named
    from kerma.areas.flagging.trial import is_brought
    from kerma.science.detect import learned
    from kerma.science.detect.looking import LearnedModel, ready

    if name.endswith(".onnx"):
        weights = Path(name)
    else:
        found = model_named(name)
        if found.card is None:
            raise WrongUsage(f"'{name}' is a detector without weights: the industry's plan says which of those run")
        weights = learned.shipped()[found.name].with_suffix(".onnx")
    card = weights.with_suffix(".json")
    for path in (weights, card):
        if not path.is_file():
            raise NotFound(f"there is no file {path}: a model is two files, NAME.onnx and its card NAME.json")
    try:
        told = json.loads(card.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Unreadable(f"the card {card.name} of the model is no JSON: {error}") from error
    made = LearnedModel(told, weights.read_bytes())
    if not is_brought(told):
        ready(made)
    return made
