"""HTTP: signing in and out, who am I, who works here, which permissions exist."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from kerma.areas.people import actions, queries
from kerma.areas.people.rules_posting import MOST_WORDS, SITE_LETTERS, Posting
from kerma.errors import NotAllowed
from kerma.kernel import identity, requests
from kerma.kernel.action import ACTIONS, Actor, Kernel
from kerma.kernel.permissions import is_granted

router = APIRouter(prefix="/api/v1", tags=["people"])

KernelNow = Annotated[Kernel, Depends(requests.kernel_of)]
ActorNow = Annotated[Actor, Depends(requests.actor_of)]


class SignIn(BaseModel):
    """Login and password."""

    model_config = ConfigDict(extra="forbid")
    login: str = Field(max_length=256)
    password: str = Field(max_length=4096)


class WhoAmI(BaseModel):
    """Who is signed in, and what that one may do."""

    kind: str
    id: str
    name: str
    permissions: list[str]


class PostingRow(BaseModel):
    """At which sites a person works and which languages they read; none of either is all."""

    model_config = ConfigDict(extra="forbid")
    sites: list[Annotated[str, Field(max_length=SITE_LETTERS)]] = Field(default_factory=list, max_length=MOST_WORDS)
    languages: list[Annotated[str, Field(max_length=16)]] = Field(default_factory=list, max_length=MOST_WORDS)


class PersonRow(BaseModel):
    """One person of the list."""

    id: int
    login: str
    name: str
    roles: list[str]
    created_at: str
    is_disabled: bool
    posting: PostingRow


class SessionRow(BaseModel):
    """One open session of mine."""

    id: int
    created_at: str
    last_seen_at: str
    address: str
    user_agent: str


class Preference(BaseModel):
    """What I have set for myself; any JSON of at most 64 KiB."""

    model_config = ConfigDict(extra="forbid")
    value: Any


class PermissionRow(BaseModel):
    """One permission: the name of an action, and what it does."""

    name: str
    description: str


@router.post("/session", status_code=201)
def sign_in(request: Request, response: Response, kernel: KernelNow, given: SignIn) -> WhoAmI:
    """Sign in; the session is in the cookie of the answer."""
    begun = identity.sign_in(
        kernel,
        given.login,
        given.password,
        requests.address_of(request),
        request.headers.get("user-agent", ""),
        replaces=requests.session_token(request),
    )
    requests.set_session_cookie(request, response, begun.token)
    return _who(begun.actor)


@router.get("/session")
def who_am_i(actor: ActorNow) -> WhoAmI:
    """Who is signed in, with every permission held now."""
    return _who(actor)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, kernel: KernelNow) -> None:
    """Sign out; the browser forgets what the pages stored."""
    token = requests.session_token(request)
    if token is not None:
        identity.sign_out(kernel, token)
    requests.clear_session_cookie(request, response)


@router.get("/sessions")
def my_sessions(kernel: KernelNow, actor: ActorNow) -> list[SessionRow]:
    """My open sessions on every computer."""
    return [SessionRow.model_validate(row) for row in identity.sessions_of(kernel, _person_id(actor))]


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(session_id: requests.RowNumber, kernel: KernelNow, actor: ActorNow) -> None:
    """End one of my sessions."""
    identity.end_own_session(kernel, actor, session_id)


@router.get("/preferences")
def my_preferences(kernel: KernelNow, actor: ActorNow) -> dict[str, Any]:
    """All that I have set for myself at the workstation, by name."""
    with kernel.database.read() as connection:
        return queries.preferences(connection, _person_id(actor))


@router.put("/preferences/{name}", status_code=204)
def prefer(kernel: KernelNow, actor: ActorNow, name: str, given: Preference) -> None:
    """Set something for myself at the workstation."""
    actions.prefer(kernel, actor, name=name, value=given.value)


@router.get("/people")
def people(kernel: KernelNow, actor: ActorNow) -> list[PersonRow]:
    """Everybody, with roles."""
    return [PersonRow.model_validate(asdict(member)) for member in actions.view(kernel, actor)]


@router.put("/people/{person_id}/posting")
def set_posting(kernel: KernelNow, actor: ActorNow, person_id: requests.RowNumber, given: PostingRow) -> PostingRow:
    """Set at which sites a person works and which languages they read."""
    where = Posting(tuple(given.sites), tuple(given.languages))
    actions.set_posting(kernel, actor, person_id=person_id, where=where)
    with kernel.database.read() as connection:
        return PostingRow.model_validate(asdict(queries.posting_of(connection, f"person:{person_id}")))


@router.get("/permissions")
def permissions(actor: ActorNow) -> list[PermissionRow]:
    """Every permission there is, for whoever is signed in."""
    return [PermissionRow.model_validate(row) for row in queries.permissions()]


def _who(actor: Actor) -> WhoAmI:
    granted = [name for name in sorted(ACTIONS) if is_granted(name, actor.permissions)]
    return WhoAmI(kind=actor.kind, id=actor.id, name=actor.name, permissions=granted)


def _person_id(actor: Actor) -> int:
    if actor.kind != "person":
        raise NotAllowed("a program with a bearer token has no sessions and no preferences; only people do")
    return int(actor.id)
