"""Uploading a publication with the Hub's own client, and comparing what arrived."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from measurand.errors import InfraError, InputError, VerifyError
from measurand.manifest import file_sha256

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_HINTS = {
    401: "log in with `hf auth login`, or set HF_TOKEN",
    403: "this token may not write there: make one that can, or choose another repository",
    404: "check the repository's name and HF_ENDPOINT",
}


def check(repo: str, *, send: bool = True) -> None:
    """Refuse what cannot be uploaded before any work is done for it.

    Args:
        repo: ``owner/name``.
        send: whether it will be sent; a dry run needs no network.

    Raises:
        InputError: the Hub has no such name.
        InfraError: code ``offline``: ``HF_HUB_OFFLINE`` is set.
    """
    from huggingface_hub import constants
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise InputError(f"hub:{repo}: {error}", hint="give hub:<owner>/<name>") from error
    if repo.count("/") != 1:
        raise InputError(f"hub:{repo}: no owner", hint="give hub:<owner>/<name>")
    if send and constants.is_offline_mode():
        hint = "unset it to upload, or publish to a folder"
        raise InfraError("HF_HUB_OFFLINE is set", hint=hint, code="offline")


def upload(folder: Path, repo: str, *, message: str, private: bool) -> str:
    """Make the repository's files those of ``folder``; data files of an earlier one go.

    Interrupted, it can be run again: files that arrived are not sent twice. The endpoint is
    ``HF_ENDPOINT`` where that is set.

    Args:
        folder: a written publication.
        repo: ``owner/name``.
        message: of the commit.
        private: whether a repository that does not exist yet is made private.

    Returns:
        Address of the commit.

    Raises:
        InfraError: code ``upload_refused`` or ``upload_failed``.
        VerifyError: a file there is not the one here.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=folder,
            commit_message=message,
            delete_patterns=["data/*"],
        )
        problems = differences(api, repo, folder)
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        told = " ".join((error.server_message or "").split())[:200]
        raise InfraError(
            f"{repo}: {_first_line(error)}{': ' if told else ''}{told}",
            hint=_unknown_token()
            if status == 401
            else _HINTS.get(status, "run it again: files that arrived are not sent twice"),
            code="upload_refused" if status in _HINTS else "upload_failed",
        ) from error
    except (httpx2.HTTPError, OSError, RuntimeError, ValueError) as error:
        raise InfraError(
            f"{repo}: {type(error).__name__}: {_first_line(error)}",
            hint="run it again: files that arrived are not sent twice",
            code="upload_failed",
        ) from error
    if problems:
        raise VerifyError(f"{repo}: {'; '.join(problems[:3])}", hint="run it again")
    return str(commit.commit_url)


def differences(api: HfApi, repo: str, folder: Path) -> list[str]:
    """What differs between the repository and a folder, by the hashes that the server states."""
    from huggingface_hub.hf_api import RepoFile

    there = {
        entry.path: entry
        for entry in api.list_repo_tree(repo, repo_type="dataset", recursive=True)
        if isinstance(entry, RepoFile)
    }
    problems = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        entry = there.get(name)
        if entry is None:
            problems.append(f"{name} did not arrive")
        elif entry.lfs is not None:
            if entry.lfs.sha256 != file_sha256(path):
                problems.append(f"{name} arrived with another sha256")
        elif entry.blob_id != _blob_id(path):
            problems.append(f"{name} arrived with other bytes")
    return problems


def _unknown_token() -> str:
    """What to do where nobody is known there: a token was sent, or none."""
    from huggingface_hub import get_token

    if not get_token():
        return f"no token was sent: {_HINTS[401]}"
    whose = "in HF_TOKEN" if os.environ.get("HF_TOKEN") else "that `hf auth login` keeps"
    return f"the token {whose} is not known there: it may have been withdrawn; make another"


def _blob_id(path: Path) -> str:
    """Git's name of a file's bytes, by which the Hub lists files outside LFS."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
