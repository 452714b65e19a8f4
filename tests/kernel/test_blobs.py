"""Blobs: kept once, whole or not at all, unaltered, in a folder, in S3 and in memory."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerma.errors import Altered, NotFound, WrongUsage
from kerma.kernel import blobs as module
from kerma.kernel.blobs import Blobs, key_of

KINDS = ("folder", "s3", "memory")


@pytest.fixture(scope="session")
def s3_options() -> Iterator[dict[str, object]]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "endpoint": f"http://{host}:{port}",
        "access_key_id": "tester",
        "secret_access_key": "tester",
        "region": "us-east-1",
        "client_options": {"allow_http": True},
    }
    server.stop()


@pytest.fixture
def bucket(s3_options: dict[str, object], request: pytest.FixtureRequest) -> str:
    import boto3

    name = f"kerma-{abs(hash(request.node.nodeid))}"
    boto3.client(
        "s3",
        endpoint_url=s3_options["endpoint"],
        aws_access_key_id="tester",
        aws_secret_access_key="tester",
        region_name="us-east-1",
    ).create_bucket(Bucket=name)
    return name


@pytest.fixture(params=KINDS)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return Blobs(tmp_path.as_uri())
    if request.param == "memory":
        return Blobs("memory:///")
    options = request.getfixturevalue("s3_options")
    return Blobs(f"s3://{request.getfixturevalue('bucket')}/site", **options)


def overwrite(blobs: Blobs, sha256: str, data: bytes) -> None:
    """Do what no code of Kerma does: change the bytes behind an address."""
    store = blobs._store
    if hasattr(store, "root"):
        path = store.root / key_of(sha256)
        path.chmod(0o640)
        path.write_bytes(data)
    else:
        store.delete(key_of(sha256))
        assert store.write(key_of(sha256), data)


def test_what_was_put_comes_back_under_its_digest(blobs: Blobs) -> None:
    data = os.urandom(3_000_000)
    sha256 = blobs.put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert blobs.get(sha256) == data
    assert b"".join(blobs.stream(sha256, 1000)) == data
    assert blobs.size(sha256) == len(data)
    assert blobs.exists(sha256)
    assert blobs.check(sha256)


def test_empty_content_is_content(blobs: Blobs) -> None:
    sha256 = blobs.put(b"")
    assert blobs.get(sha256) == b""
    assert blobs.check(sha256)


def test_putting_again_changes_nothing(blobs: Blobs) -> None:
    assert blobs.put(b"film") == blobs.put(b"film")
    assert [size for _, size in blobs.iterate()] == [4]


@pytest.mark.parametrize("size_bytes", [0, 1, 5000, 17 << 20], ids=["empty", "one", "small", "large"])
def test_a_file_is_kept_like_its_bytes(blobs: Blobs, tmp_path: Path, size_bytes: int) -> None:
    path = tmp_path / "film.dcm"
    data = os.urandom(1000) * (size_bytes // 1000) + os.urandom(size_bytes % 1000)
    path.write_bytes(data)
    sha256, size = blobs.put_file(path)
    assert (sha256, size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert blobs.put_file(path) == (sha256, size)
    assert list(blobs.iterate()) == [(sha256, size)]
    assert blobs.check(sha256)
    assert path.read_bytes() == data


def test_a_missing_blob_is_not_found(blobs: Blobs) -> None:
    absent = "0" * 64
    assert not blobs.exists(absent)
    assert not blobs.check(absent)
    for call in (blobs.get, blobs.stream, blobs.size, blobs.delete):
        with pytest.raises(NotFound, match=absent):
            call(absent)


@pytest.mark.parametrize("address", ["../../etc/passwd", "A" * 64, "", "0" * 63, "0" * 64 + "\n"])
def test_an_address_never_becomes_another_path(blobs: Blobs, address: str) -> None:
    with pytest.raises(WrongUsage, match="SHA-256"):
        blobs.get(address)


def test_delete_removes_only_this_blob(blobs: Blobs) -> None:
    first, second = blobs.put(b"first"), blobs.put(b"second")
    blobs.delete(first)
    assert not blobs.exists(first)
    assert blobs.get(second) == b"second"


@pytest.mark.parametrize("changed", [b"filM", b"fil", b"film!", b""], ids=["flipped", "cut", "longer", "emptied"])
def test_altered_content_is_found_and_never_taken_for_success(blobs: Blobs, changed: bytes) -> None:
    sha256 = blobs.put(b"film")
    overwrite(blobs, sha256, changed)
    assert not blobs.check(sha256)
    with pytest.raises(Altered, match=sha256):
        blobs.put(b"film")
    assert blobs.get(sha256) == changed


def test_a_large_blob_cut_short_is_never_taken_for_success(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMPARED_BYTES", 10)
    path = tmp_path / "film.dcm"
    path.write_bytes(bytes(1000))
    sha256, _ = blobs.put_file(path)
    overwrite(blobs, sha256, bytes(999))
    with pytest.raises(Altered):
        blobs.put_file(path)


def test_when_somebody_is_faster_the_content_decides(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def faster(content: bytes):
        def write(key: str, data: bytes) -> bool:
            original(key, content)
            return False

        return write

    original = blobs._store.write
    monkeypatch.setattr(blobs._store, "write", faster(b"film"))
    assert blobs.check(blobs.put(b"film"))
    monkeypatch.setattr(blobs._store, "write", faster(b"forged"))
    with pytest.raises(Altered):
        blobs.put(b"another film")


def test_many_writers_of_the_same_content(blobs: Blobs) -> None:
    data = os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        addresses = set(pool.map(lambda _: blobs.put(data), range(24)))
    assert addresses == {hashlib.sha256(data).hexdigest()}
    assert blobs.check(addresses.pop())
    assert len(list(blobs.iterate())) == 1


def test_an_object_store_takes_its_credentials_from_the_environment(
    s3_options: dict[str, object], bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": str(s3_options["endpoint"]),
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "tester",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    blobs = Blobs(f"s3://{bucket}")
    assert blobs.check(blobs.put(b"film"))


@settings(max_examples=30, deadline=None)
@given(contents=st.lists(st.binary(max_size=200), max_size=12))
def test_the_store_is_the_set_of_what_was_put(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    blobs = Blobs(str(tmp_path_factory.mktemp("blobs")))
    addresses = [blobs.put(content) for content in contents]
    assert dict(blobs.iterate()) == {
        hashlib.sha256(content).hexdigest(): len(content) for content in contents
    }
    assert [blobs.get(address) for address in addresses] == contents


WRITER = """
import sys, time
from kerma.kernel.blobs import Blobs
blobs = Blobs(sys.argv[1])
def chunks():
    yield b"half a film"
    print("half", flush=True)
    time.sleep(60)
blobs._store.stage(chunks())
"""


@pytest.fixture
def half_way(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that stands in the middle of a put."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_killed_in_the_middle_of_a_put_leaves_nothing(half_way: subprocess.Popen[str], tmp_path: Path) -> None:
    half_way.send_signal(signal.SIGKILL)
    half_way.wait()
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    blobs = Blobs(str(tmp_path))
    assert blobs.swept == 1
    assert list(blobs.iterate()) == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_opening_leaves_the_half_written_file_of_a_living_writer_alone(
    half_way: subprocess.Popen[str], tmp_path: Path
) -> None:
    blobs = Blobs(str(tmp_path))
    assert blobs.swept == 0
    assert half_way.poll() is None
    assert len(list((tmp_path / "temporary").iterdir())) == 1


def test_a_failing_source_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("the cable was pulled")

    blobs = Blobs(str(tmp_path))
    with pytest.raises(OSError, match="cable"):
        blobs._store.stage(broken())
    assert list((tmp_path / "temporary").iterdir()) == []


def test_old_temporary_objects_of_a_bucket_are_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from kerma.kernel import blobs_object

    blobs = Blobs("memory:///")
    blobs._store.stage([b"half"])
    assert blobs._store.sweep() == 0
    monkeypatch.setattr(blobs_object, "ORPHANED_AFTER", timedelta(0))
    assert blobs._store.sweep() == 1
    assert list(blobs._store.iterate("temporary")) == []


def test_every_put_is_flushed_before_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File first, then its folder and each folder above it that may be new, all before put returns."""
    flushed: list[str] = []
    fsync = os.fsync

    def recording(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    blobs = Blobs(str(tmp_path))
    monkeypatch.setattr(os, "fsync", recording)
    path = tmp_path / key_of(blobs.put(b"film"))
    above = [str(parent) for parent in list(path.parents)[2::-1]]
    assert flushed[0].startswith(str(tmp_path / "temporary"))
    assert flushed[1:] == above, "the folder last, when the file stands in it"
    flushed.clear()
    blobs.put(b"film")
    assert flushed == above[-1:]
    flushed.clear()
    blobs.put(b"other film")
    assert len(flushed) == 2, "the file and its folder: folders made together are flushed together"
    flushed.clear()
    Blobs(str(tmp_path)).put(b"film")
    assert flushed == above, "another process may have made the folders and not yet flushed them"
