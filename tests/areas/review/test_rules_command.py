"""`kerma rules` and `kerma calc verdict`: packs listed, shown, copied, checked; and a verdict for people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerma import cli
from kerma.science.judge import load_pack, pack_names

Run = tuple[int, str, str]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Run:
    code = cli.run(lambda: None, list(words))  # type: ignore[arg-type,return-value]
    out, err = capsys.readouterr()
    return code, out, err


def test_the_list_names_every_pack_with_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules", "list")
    plain = json.loads(run(capsys, "rules", "list", "--json")[1])["packs"]
    assert code == 0
    assert {row["name"].partition("@")[0] for row in plain} == {name.partition("@")[0] for name in pack_names()}
    law = next(row for row in plain if row["name"] == "french-arrete-1978")
    assert (law["status"], law["is_binding"], law["rules"]) == ("public-law", True, 6)
    for row in plain:
        assert row["name"] in out
        assert load_pack(row["name"]).name == row["table"]


def test_a_pack_is_shown_with_what_it_allows_and_its_clauses(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules", "show", "french-arrete-1978")
    assert code == 0
    assert "min(t/3, 6 mm)" in out
    assert "Tableau IV" in out
    assert max(map(len, out.splitlines())) <= 120
    rows = json.loads(run(capsys, "rules", "show", "french-arrete-1978", "--json")[1])["rules"]
    assert rows[1]["allowed"] == "min(t/3, 6 mm)"
    assert {"clause", "status", "source", "of", "when"} <= rows[1].keys()


def test_a_copy_is_a_good_pack_and_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.csv"
    assert run(capsys, "rules", "copy", "french-arrete-1978", "--out", str(mine))[0] == 0
    code, out, _ = run(capsys, "rules", "check", str(mine))
    assert (code, "good; 6 rules, status public-law" in out) == (0, True)
    before = mine.read_bytes()
    code, _, err = run(capsys, "rules", "copy", "ufgs-15216n", "--out", str(mine))
    assert (code, "exists already" in err) == (2, True)
    assert mine.read_bytes() == before
    assert run(capsys, "rules", "copy", "none", "--out", str(tmp_path / "b.csv"))[0] == 3
    assert not (tmp_path / "b.csv").exists()


def test_mistakes_are_listed_with_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.csv"
    run(capsys, "rules", "copy", "french-arrete-1978", "--out", str(mine))
    text = mine.read_text(encoding="utf-8-sig").replace("forbidden", "verboten").replace("smaller", "least")
    mine.write_text(text, encoding="utf-8")
    code, out, _ = run(capsys, "rules", "check", str(mine))
    assert code == 1
    assert "line 7" in out and "verboten" in out and "window-count" in out
    plain = json.loads(run(capsys, "rules", "check", str(mine), "--json")[1])
    assert not plain["is_good"]
    assert {(one["line"], one["column"]) for one in plain["mistakes"]} >= {(7, "kind"), (8, "limit_choice")}


def test_what_is_no_table_is_unusable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "odd.csv").write_bytes(b"\xff\x81\x00" * 50)
    assert run(capsys, "rules", "check", str(tmp_path / "odd.csv"))[0] in (1, 2)
    (tmp_path / "big.csv").write_bytes(b"x" * 5_000_000)
    code, out, err = run(capsys, "rules", "check", str(tmp_path / "big.csv"))
    assert (code, out) == (2, "")
    assert "at most" in err
    code, _, err = run(capsys, "rules", "check", str(tmp_path / "none.csv"))
    assert (code, "none.csv" in err) == (2, True)


@pytest.fixture
def findings(tmp_path: Path) -> str:
    file = tmp_path / "F.json"
    plain = [{"label": "porosity", "measurements": [{"name": "diameter_mm", "value": 4.5}]}]
    file.write_text(json.dumps(plain), encoding="utf-8")
    return str(file)


def test_a_verdict_is_asked_with_a_file_of_findings(findings: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("calc", "verdict", "--rules", "french-arrete-1978", "--thickness-mm", "12", "--findings", findings)
    code, out, _ = run(capsys, *words, "--json")
    assert code == 0
    values = json.loads(out)["values"]
    assert (values["verdict"], values["failed"][0]["limit"]) == ("fail", pytest.approx(4))
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert out.startswith("FAIL  by Arrêté")
    assert "BROKEN" in out and "above the limit of 4 mm" in out and "Tableau IV" in out


def test_a_verdict_by_a_sites_own_table(findings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = "# title: Ours\n# source: us\n# edition: 1\n# clause: 1\n# status: own\n"
    (tmp_path / "ours.csv").write_text(
        head + "rule,kind,labels,measure,limit_absolute,unit,clause\npore,size,@gas,diameter_mm,5,mm,A\n",
        encoding="utf-8",
    )
    words = ("calc", "verdict", "--rules", str(tmp_path / "ours.csv"), "--findings", findings, "--json")
    code, out, _ = run(capsys, *words)
    assert (code, json.loads(out)["values"]["verdict"]) == (0, "pass")


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_a_file_that_is_no_list_of_findings_is_wrong_usage(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "F.json"
    file.write_text(text, encoding="utf-8")
    for name in (str(file), str(tmp_path / "none.json")):
        code, out, err = run(capsys, "calc", "verdict", "--rules", "french-arrete-1978", "--findings", name)
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 1


def test_confirmed_needs_no_value(findings: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("calc", "verdict", "--rules", "asme-viii-uw-51", "--thickness-mm", "12", "--findings", findings, "--json")
    assert json.loads(run(capsys, *words)[1])["values"]["verdict"] == "advisory-fail"
    assert json.loads(run(capsys, *words, "--confirmed")[1])["values"]["verdict"] == "fail"
