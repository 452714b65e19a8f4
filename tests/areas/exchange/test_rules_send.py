"""Presentation contexts: none too many, each image has one, nothing lossy is offered decoded."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kerma.areas.exchange import rules_send

JPEG, J2K_LOSSLESS, JPEG_LS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"
syntaxes = st.sampled_from([*sorted(rules_send.LOSSLESS), JPEG, "1.2.840.10008.1.2.4.81", "1.2.3.4"])
images = st.builds(
    lambda number, kind, syntax: {"id": number, "sop_class_uid": f"1.2.3.{kind}", "transfer_syntax_uid": syntax},
    st.integers(1, 10**6),
    st.integers(1, 200),
    syntaxes,
)


@given(st.lists(images, max_size=150), st.lists(syntaxes, max_size=3))
def test_every_image_goes_in_order_and_no_association_has_too_many_contexts(
    given_images: list[dict[str, Any]], taken: list[str]
) -> None:
    groups = list(rules_send.groups(given_images, taken))
    assert [image for group in groups for image in group.images] == given_images
    for group in groups:
        assert 0 < len(group.contexts) <= rules_send.MOST_CONTEXTS
        for image in group.images:
            assert all(context in group.contexts for context in rules_send.contexts_of(image, taken))


@given(images)
def test_what_is_lossy_is_never_offered_in_another_syntax(image: dict[str, Any]) -> None:
    offered = {syntax for _, transfers in rules_send.contexts_of(image, ()) for syntax in transfers}
    stored = image["transfer_syntax_uid"]
    assert stored in offered
    if stored not in rules_send.LOSSLESS:
        assert offered == {stored}
        everything = {(image["sop_class_uid"], syntax): 1 for syntax in rules_send.NATIVE}
        assert rules_send.choice(image, everything) is None


def test_the_stored_syntax_is_preferred_then_explicit() -> None:
    image = {"sop_class_uid": "1.2", "transfer_syntax_uid": J2K_LOSSLESS}
    assert rules_send.choice(image, {("1.2", J2K_LOSSLESS): 1, ("1.2", rules_send.EXPLICIT): 3}) == (J2K_LOSSLESS, 1)
    assert rules_send.choice(image, {("1.2", rules_send.IMPLICIT): 5}) == (rules_send.IMPLICIT, 5)
    assert rules_send.choice(image, {("9.9", J2K_LOSSLESS): 1}) is None


def test_a_node_that_states_what_it_takes_is_offered_nothing_else() -> None:
    image = {"sop_class_uid": "1.2", "transfer_syntax_uid": J2K_LOSSLESS}
    assert rules_send.contexts_of(image, [JPEG_LS]) == [("1.2", rules_send.NATIVE)]
    assert ("1.2", (J2K_LOSSLESS,)) in rules_send.contexts_of(image, [J2K_LOSSLESS])


def test_a_second_copy_and_a_warning_are_no_failures() -> None:
    assert [rules_send.is_stored(status) for status in (0, 0x0111, 0xB007, 0xA700, 0xC000, 0x0122)] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_comments_of_peers_are_shortened_to_plain_letters() -> None:
    assert rules_send.status_words(0xA700, "disk\x00 full\n" + "x" * 99).endswith(f"disk full{'x' * 55})")
