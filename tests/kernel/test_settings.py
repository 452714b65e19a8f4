import re
from dataclasses import fields
from pathlib import Path

import pytest

from kerma.errors import WrongUsage
from kerma.kernel.settings import SETTINGS, Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_table_is_exactly_the_dataclass_in_its_order() -> None:
    assert [setting.name for setting in SETTINGS] == [field.name for field in fields(Settings)]
    assert len({setting.environment for setting in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented_with_its_default_and_meaning(setting) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if f"`{setting.environment}`" in line]
    assert len(rows) == 1
    assert f"`{setting.shown_default}`" in rows[0] and setting.help in rows[0]


def test_the_page_documents_no_setting_that_is_gone() -> None:
    named = re.findall(r"^\| `(KERMA_\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(setting.environment for setting in SETTINGS)


def test_everything_embedded_lies_in_the_home(tmp_path: Path) -> None:
    settings = Settings.load({"KERMA_HOME": str(tmp_path / "{odd} home")})
    assert settings.database_url == f"sqlite:///{tmp_path}/{{odd}} home/kerma.db"
    assert settings.blobs_url == f"file://{tmp_path}/{{odd}} home/blobs"


def test_what_a_process_was_told_can_be_told_to_another(tmp_path: Path) -> None:
    given = {"KERMA_HOME": str(tmp_path), "KERMA_DICOM_PORT": "off", "KERMA_DICOM_IDLE_S": "1.5", "KERMA_PORT": "81"}
    settings = Settings.load(given)
    assert Settings.load(settings.as_environment()) == settings
    assert settings.dicom_port is None and settings.dicom_tls_port is None


def test_an_empty_variable_means_the_default() -> None:
    assert Settings.load({"KERMA_PORT": ""}).port == 8080


WRONG = {
    "KERMA_HOME": "  ",
    "KERMA_DATABASE_URL": "mysql://kerma:hidden@host/kerma",
    "KERMA_BLOBS_URL": "/just/a/folder",
    "KERMA_PORT": "80800",
    "KERMA_DICOM_PORT": "-1",
    "KERMA_DICOM_TLS_PORT": "on",
    "KERMA_DICOM_UNKNOWN_CLASSES": "perhaps",
    "KERMA_DICOM_IDLE_S": "0",
    "KERMA_DICOM_ASSOCIATIONS": "none",
    "KERMA_AE_TITLE": "LONGER THAN SIXTEEN",
    "KERMA_DICOM_TRUST": "everybody",
    "KERMA_ORIGIN": "kerma.example.org",
    "KERMA_PLAIN_HTTP": "yes",
    "KERMA_SESSION_IDLE_S": "nan",
    "KERMA_SESSION_ABSOLUTE_S": "0",
    "KERMA_SIGN_IN_PER_ACCOUNT": "0",
    "KERMA_SIGN_IN_PER_ADDRESS": "many",
    "KERMA_UPLOAD_LIMIT_BYTES": "2 GB",
    "KERMA_JOB_THREADS": "1.5",
}


@pytest.mark.parametrize("variable", WRONG)
def test_a_wrong_value_is_told_with_what_is_expected(variable: str) -> None:
    with pytest.raises(WrongUsage, match=variable) as refused:
        Settings.load({variable: WRONG[variable]})
    assert "expected" in str(refused.value) and "hidden" not in str(refused.value)


def test_all_wrong_values_are_told_at_once() -> None:
    with pytest.raises(WrongUsage) as refused:
        Settings.load(WRONG)
    assert all(variable in str(refused.value) for variable in WRONG)


def test_a_misspelt_setting_is_not_passed_over_but_strangers_are() -> None:
    with pytest.raises(WrongUsage, match="KERMA_DATABASE_URL was probably meant"):
        Settings.load({"KERMA_DATABSE_URL": "sqlite:////tmp/kerma.db"})
    assert Settings.load({"KERMA_TEST_DATA": "x", "HOME": "/root"}).port == 8080


@pytest.mark.parametrize(
    "url",
    ["postgresql://kerma:s3cret@db/kerma", "postgresql://kerma:s3cr@et:s3cret@db/kerma", "s3://bucket?key=s3cret"],
)
def test_secrets_are_in_no_text_made_of_the_settings(url: str) -> None:
    variable = "KERMA_BLOBS_URL" if url.startswith("s3") else "KERMA_DATABASE_URL"
    settings = Settings.load({variable: url})
    assert "s3c" not in repr(settings) + str(settings) + str(settings.shown())
    assert url in (settings.database_url, settings.blobs_url)
