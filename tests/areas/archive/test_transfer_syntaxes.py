"""Whatever the transfer syntax and the way in, the bytes that come out are those that went in."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import UID
from pynetdicom import AE, build_role, evt
from tests.areas.archive.webs import client_of, parts_of

import callers
from films import Archive, uid
from kerma.areas.archive import actions, import_folder, routes_stow, routes_wado
from kerma.areas.archive.dimse import STUDY_ROOT_GET
from kerma.areas.archive.import_folder import Import, Taken
from kerma.areas.archive.model import image
from kerma.kernel.action import Kernel
from stow import KIND, STUDIES, parts
from transfer_syntaxes import BIG_ENDIAN, MPEG_4, data_set_of, every

FILES = every()
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
DX = callers.DX


@pytest.fixture
def backend() -> str:
    """Which database holds the index makes no difference to bytes."""
    return "sqlite"


@pytest.fixture
def kernel(kernel: Kernel) -> Kernel:
    return callers.trusting(kernel)


def by_stow(archive: Archive, _: Path) -> None:
    client = client_of(archive, [routes_stow.router], "engineer")
    answer = client.post(STUDIES, content=parts(*FILES.values()), headers=KIND)
    client.app.state.keeper.close()
    assert answer.status_code == 200, answer.headers.get("warning")


def by_folder(archive: Archive, folder: Path) -> None:
    for number, data in enumerate(FILES.values()):
        (folder / f"IM{number:03d}").write_bytes(data)
    told: list[Taken] = []
    import_folder.run(archive.kernel, archive.actor, Import((folder,)), told.append)
    assert {taken.outcome for taken in told} == {"stored"}, [taken.reason for taken in told]


def by_store(archive: Archive, _: Path) -> None:
    """Send every file over one association, each in a presentation context of its own, as it is."""
    entity = AE("SENDER")
    for syntax_uid in FILES:
        entity.add_requested_context(DX, syntax_uid)
    with callers.door(archive.kernel) as (_, port):
        association = entity.associate("127.0.0.1", port, ae_title="KERMA")
        assert association.is_established
        refused = [context.transfer_syntax[0] for context in association.rejected_contexts]
        assert not refused, [UID(one).name for one in refused]
        for syntax_uid, data in FILES.items():
            status = association.send_c_store(pydicom.dcmread(io.BytesIO(data)))
            assert status.Status == 0, (UID(syntax_uid).name, status)
        association.release()


WAYS_IN: dict[str, Callable[[Archive, Path], None]] = {"stow": by_stow, "folder": by_folder, "store": by_store}


@pytest.mark.parametrize("way_in", WAYS_IN)
def test_bytes_come_out_as_they_went_in(archive: Archive, tmp_path: Path, way_in: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    WAYS_IN[way_in](archive, folder)
    # the file meta information of what comes over the DICOM network is written by the receiver (PS3.10, 7.1)
    kept = _bytes_of_store if way_in == "store" else bytes
    rows = {row["transfer_syntax_uid"]: row for row in archive.rows(image.select())}
    assert set(rows) == set(FILES)
    wrong: list[str] = []
    client = client_of(archive, [routes_wado.router])
    for syntax_uid, data in FILES.items():
        row, name = rows[syntax_uid], UID(syntax_uid).name
        out = tmp_path / "out" / str(row["id"])
        manifest = actions.export(archive.kernel, archive.actor, exam_pk=row["exam_pk"], folder=out)
        exported = (out / manifest["files"][0]["path"]).read_bytes()
        wrong += [] if kept(exported) == kept(data) else [f"export: {name}"]
        address = f"{STUDIES}/{_exam_uid(data)}"
        answer = client.get(address, headers={"Accept": AS_STORED})
        assert answer.status_code == 200, (name, answer.text)
        (part,) = parts_of(answer)
        assert part.headers["content-type"].endswith(f"transfer-syntax={syntax_uid}"), part.headers
        wrong += [] if part.content == exported else [f"WADO-RS: {name}"]
    wrong += [f"C-GET: {UID(one).name}" for one in _differing(archive.kernel)]
    assert not wrong


def _bytes_of_store(file: bytes) -> bytes:
    return data_set_of(file)


def _exam_uid(data: bytes) -> str:
    return str(pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True).StudyInstanceUID)


def _differing(kernel: Kernel) -> list[str]:
    """Return the transfer syntaxes in which C-GET gives other bytes than were kept."""
    came: dict[str, bytes] = {}

    def keep(event: evt.Event) -> int:
        came[str(event.request.AffectedSOPInstanceUID)] = event.request.DataSet.getvalue() or _received(event)
        return 0x0000

    differing = []
    with callers.door(kernel) as (_, port):
        for syntax_uid, data in FILES.items():
            entity = AE("GETTER")
            entity.add_requested_context(STUDY_ROOT_GET)
            entity.add_requested_context(DX, syntax_uid)
            association = entity.associate(
                "127.0.0.1", port, ae_title="KERMA", ext_neg=[build_role(DX, scp_role=True)],
                evt_handlers=[(evt.EVT_C_STORE, keep)],
            )  # fmt: skip
            asked = pydicom.Dataset()
            asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", _exam_uid(data)
            statuses = [status.Status for status, _ in association.send_c_get(asked, STUDY_ROOT_GET)]
            association.release()
            assert statuses[-1] == 0, (UID(syntax_uid).name, statuses)
            image_uid = str(pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True).SOPInstanceUID)
            if came.get(image_uid) != data_set_of(data):
                differing.append(syntax_uid)
    return differing


def _received(event: evt.Event) -> bytes:
    """Return what a pynetdicom that writes to files (as the network door has it do) has received."""
    return data_set_of(event.dataset_path.read_bytes())


def test_the_set_is_whole() -> None:
    assert {BIG_ENDIAN, MPEG_4} < set(FILES)
    assert len({_exam_uid(data) for data in FILES.values()}) == len(FILES) > 20
    assert uid(1) in {_exam_uid(data) for data in FILES.values()}
