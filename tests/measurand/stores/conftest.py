"""One real S3 server for all of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import s3_server
from s3_server import Store


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with s3_server.running(tmp_path_factory.mktemp("weed")) as found:
        yield found


@pytest.fixture
def store(server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The server, with its user's key in the environment."""
    s3_server.use(server, monkeypatch)
    return server
