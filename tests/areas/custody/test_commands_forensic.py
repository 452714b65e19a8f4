"""``kerma forensics``: files without an archive, one document, errors that teach."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from forensic_pictures import jpeg, pasted, picture, png, to_8_bit
from servers import KERMA


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(KERMA), "forensics", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_files_are_compared_and_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(picture(1)))
    (tmp_path / "b.png").write_bytes(png(pasted(to_8_bit(picture(1)))[5:, 7:], Software="GIMP 2.10"))
    (tmp_path / "c.jpg").write_bytes(jpeg(to_8_bit(picture(2)), 85))
    (tmp_path / "bad.dcm").write_bytes(b"no image")
    done = run(tmp_path, "a.png", "b.png", "c.jpg", "bad.dcm", "none.dcm", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [bool(image["problem"]) for image in document["images"]] == [False, False, False, True, True]
    (pair,) = document["duplicates"]
    assert (pair["image"], pair["other"]) == ("a.png", "b.png")
    found = {trace["check"] for trace in document["images"][1]["traces"] if trace["outcome"] == "found"}
    assert found == {"copied-exactly"}
    assert [one["image"] for one in document["contradictions"] if one["rule"] == "picture-editor"] == ["b.png"]
    told = run(tmp_path, "a.png", "b.png").stdout
    assert (
        "False alarms" in told and "no proof that an image is untouched" in told and "▲ found, copied-exactly" in told
    )


def test_a_file_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.dcm").write_bytes(b"no image")
    done = run(tmp_path, "bad.dcm")
    assert done.returncode == 3 or done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1 and not done.stdout
