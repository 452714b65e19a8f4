import json

import pytest
import typer
from typer.testing import CliRunner

from kerma.areas.people import commands
from kerma.errors import KermaError
from kerma.kernel.action import Kernel
from kerma.kernel.identity import actor_of_token, sign_in

pytestmark = pytest.mark.usefixtures("quick_hashes")
PASSWORD = "blue giraffe 41 crossing"


@pytest.fixture
def kerma(kernel: Kernel):
    class Wiring:
        def kernel(self) -> Kernel:
            return kernel

    cli = typer.Typer()
    commands.register(cli)

    def run(*arguments: str, given: str = "") -> str:
        done = CliRunner().invoke(cli, list(arguments), obj=Wiring(), input=given)
        if done.exception is not None and isinstance(done.exception, KermaError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_the_life_of_an_account(kernel: Kernel, kerma) -> None:
    said = kerma("user", "add", "ann", "--name", "Ann Example", "--role", "lead", given=PASSWORD + "\n")
    assert said == "added ann (lead)\n"
    assert sign_in(kernel, "ann", PASSWORD, "10.0.0.1").actor.name == "Ann Example"
    assert "Ann Example (lead)" in kerma("user", "list")
    kerma("user", "role", "ann", "auditor")
    kerma("user", "role", "ann", "lead", "--withdraw")
    kerma("user", "password", "ann", given="another 77 plain sentence\n")
    assert sign_in(kernel, "ann", "another 77 plain sentence", "10.0.0.1").actor.kind == "person"
    kerma("user", "disable", "ann")
    listed = json.loads(kerma("user", "list", "--json"))
    assert [(row["login"], row["roles"], row["is_disabled"]) for row in listed] == [("ann", ["auditor"], True)]
    kerma("user", "enable", "ann")
    assert not json.loads(kerma("user", "list", "--json"))[0]["is_disabled"]


def test_a_token_is_printed_alone_and_works(kernel: Kernel, kerma) -> None:
    bearer = kerma("token", "create", "line-3", "--role", "engineer").strip()
    assert actor_of_token(kernel, bearer).name == "line-3"
    assert kerma("token", "revoke", "line-3") == "revoked line-3\n"


@pytest.mark.parametrize(
    ("arguments", "given", "told"),
    [
        (("user", "add", "ann", "--name", "Ann"), "short\n", "at least 8"),
        (("user", "disable", "nobody"), "", "kerma user list"),
        (("token", "create", "x", "--role", "wizard"), "", "the roles are administrator"),
    ],
)
def test_mistakes_are_told(kerma, arguments: tuple[str, ...], given: str, told: str) -> None:
    with pytest.raises(KermaError, match=told):
        kerma(*arguments, given=given)


def test_sites_and_languages_of_a_person(kernel: Kernel, kerma) -> None:
    kerma("user", "add", "ann", "--name", "Ann Example", "--role", "lead", given=PASSWORD + "\n")
    said = kerma("user", "posting", "ann", "--site", "Nord", "--site", "Nord ", "--language", "FR")
    assert said == "ann: sites Nord; languages fr\n"
    (row,) = json.loads(kerma("user", "list", "--json"))
    assert row["posting"] == {"sites": ["Nord"], "languages": ["fr"]}
    with pytest.raises(KermaError, match="no language"):
        kerma("user", "posting", "ann", "--language", "French")
    kerma("user", "posting", "ann")
    assert json.loads(kerma("user", "list", "--json"))[0]["posting"] == {"sites": [], "languages": []}
