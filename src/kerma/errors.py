"""Every error Kerma raises on purpose, as one tree.

::

    KermaError                500  something went wrong that we name
    ├── WrongUsage            400  the call, option or form makes no sense              (CLI exit 2)
    ├── NotSignedIn           401  nobody is signed in, or the session has ended
    ├── NotAllowed            403  the permission for this action is missing
    │   └── Withheld          403  hidden for now, so that the actor's own read stays independent
    ├── NotFound              404  no such subject, exam, image, record
    ├── Gone                  410  it was here and has been deleted
    ├── NotAcceptable         406  the form that is asked for cannot be given             (says which can)
    ├── Conflict              409  the thing has changed or exists with other content
    ├── TooLarge              413  beyond a limit that protects the machine
    ├── Unreadable            415  bytes that are not an image we can read
    │   └── Hostile           415  bytes that would harm the reader (bomb, depth, lying length)
    ├── OutsideTable          422  a published table does not cover this value
    ├── TooManyRequests       429  slow down; says for how long
    ├── Altered               409  a proof does not hold: something was changed        (verify exit 1)
    ├── Unusable              422  an export or package that cannot be checked at all    (verify exit 2)
    └── Unreachable           502  a node on the network does not answer, or refuses

A message says what was wrong, with value and unit, and what to do. "Not measurable" is no error: it is a
result (:class:`kerma.science.results.NotMeasurable`).
"""

from __future__ import annotations

from typing import ClassVar


class KermaError(Exception):
    """Something went wrong that Kerma can name; ``str(error)`` is one sentence that teaches."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Kerma could not do this"

    def problem(self) -> dict[str, object]:
        """Return the RFC 9457 problem document of this error."""
        slug = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in type(self).__name__)
        return {
            "type": f"urn:kerma:error:{slug.lstrip('-')}",
            "title": self.title,
            "status": self.status,
            "detail": str(self),
        }


class WrongUsage(KermaError):
    """The call, option or form makes no sense."""

    status = 400
    title = "The request makes no sense as it stands"


class NotSignedIn(KermaError):
    """Nobody is signed in, or the session has ended."""

    status = 401
    title = "Sign in first"


class NotAllowed(KermaError):
    """The permission for this action is missing."""

    status = 403
    title = "Not permitted"


class Withheld(NotAllowed):
    """Something is hidden from this actor for now, so that their own read stays independent."""

    title = "Withheld for now"


class NotFound(KermaError):
    """No such subject, exam, image or record (or none that the asker may know of)."""

    status = 404
    title = "Not found"


class Gone(KermaError):
    """It was here and has been deleted by a rule; the ledger knows when and why."""

    status = 410
    title = "Deleted"


class NotAcceptable(KermaError):
    """The form that is asked for cannot be given; the message lists the forms that can."""

    status = 406
    title = "Not available in this form"


class Conflict(KermaError):
    """The thing has changed meanwhile, or exists with other content."""

    status = 409
    title = "Conflict"


class TooLarge(KermaError):
    """Beyond a limit that protects the machine."""

    status = 413
    title = "Too large"


class Unreadable(KermaError):
    """Bytes that are not an image Kerma can read."""

    status = 415
    title = "Unreadable image"


class Hostile(Unreadable):
    """Bytes that would harm the reader: a decompression bomb, endless nesting, a lying length."""

    title = "Refused as harmful"


class OutsideTable(KermaError):
    """A published table does not cover this value; it is never extended by guessing."""

    status = 422
    title = "Outside the table"


class TooManyRequests(KermaError):
    """Asked too often; ``retry_after_s`` says when to come back."""

    status = 429
    title = "Too many requests"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Altered(KermaError):
    """A proof does not hold: something was changed, removed, reordered or back-dated."""

    status = 409
    title = "Altered"


class Unusable(KermaError):
    """An export, package or report that cannot be checked at all."""

    status = 422
    title = "Cannot be checked"


class Unreachable(KermaError):
    """A node on the network does not answer, refuses the association, or ends it too early."""

    status = 502
    title = "The other side does not answer"
