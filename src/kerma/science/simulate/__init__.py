"""Scenes to labelled radiographs: what is in the beam, how it is exposed, and the truth about every flaw.

The same seed gives the same bytes. Each ready scene is one line of :data:`SCENES`; its builder answers with pictures,
or with a scene document that is rendered here. A document of one's own goes to :func:`rendered`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerma.errors import NotFound, WrongUsage
from kerma.science.options import Option, parse_all
from kerma.science.simulate.scenes import medical, ndt

if TYPE_CHECKING:
    from kerma.science.simulate.document import Scene
    from kerma.science.simulate.scene import SimulatedImage

SIZE = Option("size_px", "whole", "rows and columns of the picture; default the scene's own")
"""The option of every scene whose picture can be made smaller or larger."""
PACKING = (
    Option(
        "threat", "text", "what is hidden: none, random (in half of them), any, a category such as firearm, or a thing",
        default="random",
    ),
    Option("count", "whole", "how many threats, where there is one", default=1),
    Option("clutter", "choice", "how full it is packed", choices=("low", "medium", "high"), default="medium"),
    Option("labels", "choice", "whose boxes and masks are told", choices=("threats", "all"), default="threats"),
    SIZE,
)  # fmt: skip
"""The options of packed baggage."""


@dataclass(frozen=True)
class ReadyScene:
    """One entry of the registry: a name, whose scene it is, what it shows, which function builds it, its options."""

    name: str
    industry: str
    summary: str
    function: str
    """``module:function`` in this package; called with the seed and the options."""
    options: tuple[Option, ...] = ()
    truth: str = ""
    """``module:function`` in this package that says, of the document and a picture, what a measurement should find."""

    def build(self, seed: int, /, **options: Any) -> tuple[SimulatedImage, ...]:
        """Simulate the scene, one picture per view; options as values or as text.

        Raises
        ------
        WrongUsage
            The scene has no such option, or a value makes no sense.
        """
        from kerma.science.simulate.scene import SimulatedImage

        made = self._made(seed, options)
        if isinstance(made, SimulatedImage):
            return (made,)
        return made if isinstance(made, tuple) else self._with_truth(made, rendered(made))

    def document(self, seed: int, /, **options: Any) -> Scene:
        """Return the scene document of this seed.

        Raises
        ------
        WrongUsage
            As for :meth:`build`, or the scene is drawn without a document.
        """
        from kerma.science.simulate.document import Scene

        made = self._made(seed, options)
        if not isinstance(made, Scene):
            raise WrongUsage(f"the scene '{self.name}' is drawn without a document; only its pictures can be had")
        return made

    def parsed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return options as values, with the defaults of those not given; refuse what the scene does not take."""
        return parse_all(self.options, dict(options), self.name)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form of the row."""
        options = [option.as_json() for option in self.options]
        return {"name": self.name, "industry": self.industry, "summary": self.summary, "options": options}

    def _made(self, seed: int, options: dict[str, Any]) -> Any:
        return _function(self.function)(seed, **self.parsed(options))

    def _with_truth(self, document: Scene, images: tuple[SimulatedImage, ...]) -> tuple[SimulatedImage, ...]:
        if not self.truth:
            return images
        tell = _function(self.truth)
        return tuple(replace(image, truth={**image.truth, **tell(document, image)}) for image in images)


def _function(place: str) -> Any:
    module, name = place.split(":")
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


SCENES: Mapping[str, ReadyScene] = {
    scene.name: scene
    for scene in (
        ReadyScene(
            "weld", "ndt", "butt weld in 10 mm steel: pores, slag, cracks, tungsten, wire indicator", "weld:weld",
            (Option("flaws", "choice", "how many flaws", choices=("random", "few", "many"), default="random"),),
        ),
        ReadyScene(
            "casting", "ndt", "aluminium pump cover: gas pores, shrinkage, a dense inclusion", "casting:casting"
        ),
        ReadyScene(
            "bag", "security", "dual-energy suitcase; in half of them a knife and an opaque block", "bag:bag",
            (
                Option(
                    "threat", "choice", "what is hidden", choices=("random", "none", "knife and block"),
                    default="random",
                ),
            ),
        ),
        ReadyScene(
            "step-wedge", "ndt", "steel step wedge, 2 to 20 mm of known signal and noise", "step_wedge:step_wedge",
            (Option("snr", "number", "signal-to-noise ratio behind 10 mm of steel", default=200.0),),
        ),
        ReadyScene(
            "cabin-bag", "security", "packed cabin bag, dual energy, from above and from the side",
            "scenes.baggage:cabin_bag", PACKING,
        ),
        ReadyScene(
            "hold-bag", "security", "packed suitcase for the hold, dual energy, two views", "scenes.baggage:hold_bag",
            PACKING,
        ),
        ReadyScene("parcel", "security", "packed parcel, dual energy, two views", "scenes.baggage:parcel", PACKING),
        ReadyScene(
            "tip-bag", "security", "cabin bag with a threat projected into both views", "scenes.tip_bag:tip_bag",
            (
                Option("threat", "text", "any, a category such as sharp, or a thing such as pistol", default="any"),
                Option(
                    "kind", "choice", "projected into a clean bag, or packed with it",
                    choices=("fictional", "combined"), default="fictional",
                ),
                PACKING[2], SIZE,
            ),
        ),
        ReadyScene(
            "pallet", "security", "cargo on a pallet at 6 and 9 MV, from the side", "scenes.pallet:pallet",
            (
                Option(
                    "threat", "text", "what is hidden: none, random, any, or one such as shielded-box",
                    default="random",
                ),
                SIZE,
            ),
        ),
        ReadyScene(
            "bag-ct", "security", "small bag in a tomograph: projections over a full turn",
            "scenes.bag_tomography:bag_ct",
            (*PACKING[:2], Option("angles", "whole", "how many, over 360°", default=120), SIZE),
        ),
        *(ReadyScene(*row) for row in (*ndt.rows(), *medical.rows())),
        ReadyScene(
            "test-object-ctp", "security", "test object of wires, steps, gratings and materials, dual energy",
            "scenes.test_object_ctp:test_object_ctp",
            (
                SIZE, Option("snr", "number", "signal-to-noise ratio of the open beam", default=300.0),
                Option("turn_deg", "signed", "turn on the belt; default drawn within 8 degrees"),
                Option("face", "choice", "which face is up", choices=("random", "up", "down"), default="random"),
            ),
        ),
    )
}  # fmt: skip
"""Every scene that can be simulated, by name."""


def ready_scene(name: str) -> ReadyScene:
    """Return a ready scene by its name; hyphens and underscores are the same.

    Raises
    ------
    NotFound
        No such scene; the message lists them.
    """
    found = SCENES.get(name.replace("_", "-"))
    if found is None:
        raise NotFound(f"there is no scene '{name}'; there are {', '.join(SCENES)}")
    return found


def simulate(name: str, seed: int, **options: Any) -> SimulatedImage:
    """Simulate a scene by its name and return its first view; :meth:`ReadyScene.build` gives all of them."""
    return ready_scene(name).build(seed, **options)[0]


def rendered(document: Scene, *, folder: Path | None = None) -> tuple[SimulatedImage, ...]:
    """Return the pictures of a scene document, one per view; ``folder`` holds the files of its meshes."""
    from kerma.science.simulate.render import render_views

    return tuple(_as_examined(view) for view in render_views(document, folder=folder))


def _as_examined(view: SimulatedImage) -> SimulatedImage:
    """Return a picture that names the body part and view its technique tells."""
    told = view.image.technique
    if "body_part" not in told:
        return view
    image = replace(view.image, body_part=str(told["body_part"]), view=str(told.get("view", "")))
    return replace(view, image=image)
