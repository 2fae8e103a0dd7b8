"""Built datasets: checked against their manifests, and published."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measurand import extras, stores
from measurand.api.result import Result, columns
from measurand.errors import InputError
from measurand.progress import Where, reporting

if TYPE_CHECKING:
    from measurand.publishing.publication import Publication
    from measurand.reporting.document import Document

HUB = "hub:"
"""What a destination on the Hugging Face Hub begins with."""


class Verification(Result):
    """What of a dataset's files differs from its manifests."""

    _columns = columns(problem="text")

    @property
    def problems(self) -> tuple[str, ...]:
        """A sentence a problem, each naming its file; empty where all is well."""
        return tuple(self.record["problems"])

    def __bool__(self) -> bool:
        """Whether all is well."""
        return not self.problems

    def rows(self) -> list[dict[str, Any]]:
        """A row a problem."""
        return [{"problem": one} for one in self.problems]

    def render(self, form: str = "text") -> str:
        """As :meth:`Result.render`; text is that of ``measurand verify``."""
        if form != "text":
            return super().render(form)
        return "\n".join([*self.problems, f"{self.record['path']}: {self._count()}"]) + "\n"

    def _count(self) -> str:
        n = len(self.problems)
        return f"{n} problem{'s' if n > 1 else ''}" if n else "fine"

    def document(self) -> Document:
        """The problems as a page."""
        from measurand.reporting.document import Document, Section, Table, Text

        table = Table("Problems", ("problem",), tuple((one,) for one in self.problems))
        blocks = (table,) if self.problems else (Text("Nothing differs from the manifests."),)
        about = f"{self.record['path']}: {self._count()}"
        return Document("Verification", about, None, (Section("Problems", blocks),))


def verify(path: str | Path, *, progress: Where = None) -> Verification:
    """Recompute hashes, counts, logical hash and rules of every dataset below a path.

    Args:
        path: a dataset folder, or a folder of such folders; or a URL of what was published.
        progress: a callback, ``"stderr"``, or None for silence.

    Returns:
        The problems; true in a condition where there is none.

    Raises:
        InputError: code ``no_file``: there is no such folder, or nothing is published there.
        StoreError: the store failed.

    >>> import measurand, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = measurand.verify(folder)
    >>> bool(found), found.problems[0].endswith("no dataset manifest.json in it or below it")
    (False, True)
    """
    if stores.is_url(path):
        from measurand.verification import verify as check

        with reporting(progress):
            found = stores.problems(str(path), check)
        return Verification({"path": stores.shown(str(path)), "problems": found})
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such folder", hint="check the path", code="no_file")
    from measurand.verification import verify as problems_of

    with reporting(progress):
        return Verification({"path": str(path), "problems": problems_of(path)})


class Published(Result):
    """What was published, or would be.

    Attributes:
        address: the folder, or the address on the Hub; None after a dry run.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(record)
        self.address: str | None = record["published"]

    def rows(self) -> list[dict[str, Any]]:
        """A row a file."""
        return [dict(one) for one in self.record["files"]]

    def render(self, form: str = "text") -> str:
        """As :meth:`Result.render`; text is that of ``measurand publish``."""
        if form != "text":
            return super().render(form)
        lines = [f"{one['bytes']:>14,} B  {one['path']}" for one in self.record["files"]]
        lines += ["", *map(_told, self.record["tables"]), ""]
        lines += [f"{one['licence']}: {one['name']}" for one in self.record["sources"]]
        lines += ["", f"logical hash: {self.record['logical_hash']}", self._outcome()]
        return "\n".join(lines) + "\n"

    def _outcome(self) -> str:
        return f"published: {self.address}" if self.address else "dry run: nothing was written"

    def document(self) -> Document:
        """Tables, sources and files as a page."""
        from measurand.reporting.document import Document, Section, Table

        def table(caption: str, key: str) -> Table:
            found = self.record[key]
            columns = tuple(found[0]) if found else ("none",)
            return Table(caption, columns, tuple(tuple(one.values()) for one in found))

        blocks = (table("Tables", "tables"), table("Sources", "sources"), table("Files", "files"))
        title = f"Publication of {self.record['system']}"
        about = f"{self._outcome()}; logical hash {self.record['logical_hash']}"
        return Document(title, about, None, (Section("Contents", blocks),))


def _told(table: dict[str, Any]) -> str:
    return f"{table['table']}: {table['rows']:,} rows, {table['rejected']:,} rejected on the way"


def publish(
    system: str,
    *,
    to: str | Path,
    data: str | Path | None = None,
    licence: str = "Apache-2.0",
    private: bool = False,
    dry_run: bool = False,
    progress: Where = None,
) -> Published:
    """Check a built dataset and write it as a Hugging Face folder or repository.

    Args:
        system: name of a system of the project here.
        to: a folder, a URL of an object store, or ``hub:<owner>/<name>``.
        data: dataset folder or URL; ``data/<system>/dataset`` without.
        licence: SPDX identifier for what the project itself made.
        private: make a new repository private.
        dry_run: check and list; write nothing.
        progress: a callback, ``"stderr"``, or None for silence.

    Raises:
        InputError: there is no such system, the dataset is unbuilt, or the folder holds something
            else.
        MeasurandError: a file is not what its manifest says, a licence is missing, or the upload
            failed.

    >>> import measurand
    >>> try:
    ...     measurand.publish("no_such_system", to="shared", dry_run=True)
    ... except measurand.InputError as error:
    ...     print(error.code)
    bad_input
    """
    with reporting(progress), extras.named("publish"), ExitStack() as stack:
        from measurand import project
        from measurand.publishing import hub, publication

        root = project.find_root()
        project.make_importable(root)
        one = project.system(root, system)
        target = str(to)
        repo = target.removeprefix(HUB) if target.startswith(HUB) else None
        if repo is not None:
            hub.check(repo, send=not dry_run)
        found = publication.prepare(
            one.name,
            stack.enter_context(stores.sources(one.dataset if data is None else data, [""])),
            about=one.module("schemas").__doc__ or "",
            own=licence,
            repo=repo,
        )
        refuse_others(found, set(project.systems(root)) - {one.name})
        published = None
        if not dry_run and repo is None:
            with stores.target(to) as folder:
                publication.write(found, folder)
            published = stores.shown(target) if stores.is_url(to) else target
        elif not dry_run and repo is not None:
            published = _upload(found, repo, private)
        contents = _contents(found)
    return Published({"system": one.name, "published": published, **contents})


def refuse_others(found: Publication, others: set[str]) -> None:
    """Refuse tables of another system, which a shared folder may hold.

    Raises:
        InputError: it has some.
    """
    names = [part.spec.name for part in found.parts if part.spec.name.split(".")[0] in others]
    if names:
        raise InputError(
            f"the folder also holds {', '.join(names)}, of another system",
            hint="build into a folder of its own",
        )


def _upload(found: Publication, repo: str, private: bool) -> str:
    from measurand.publishing import hub, publication

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "publication"
        publication.copy(found, folder)
        message = f"measurand publish {found.name}: {found.digest[:12]}"
        return hub.upload(folder, repo, message=message, private=private)


def _contents(found: Publication) -> dict[str, Any]:
    """Tables, sources and files, as plain values."""
    from measurand.reporting.text import one_line

    def size(content: bytes | Path) -> int:
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    return {
        "logical_hash": found.digest,
        "tables": [
            {
                "table": part.name,
                "rows": part.manifest.rows,
                "rejected": sum(part.manifest.rejected.values()),
            }
            for part in found.parts
        ],
        "sources": [
            {
                "licence": one.licence.identifier if one.licence else "texts withheld",
                "name": one_line(one.source.name),
            }
            for one in found.origins
        ],
        "files": [{"path": path, "bytes": size(file)} for path, file in found.files.items()],
    }
