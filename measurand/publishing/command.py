"""``measurand publish S --to FOLDER | hub:<owner>/<name>``."""

from __future__ import annotations

from collections.abc import Sequence

from measurand.arguments import Parser, folder
from measurand.outputs import FORMATS


def main(argv: Sequence[str]) -> int:
    """Publish a system's dataset.

    Raises:
        MeasurandError: the dataset is unbuilt or damaged, a licence is missing, the folder holds
            something else, or the upload failed.
    """
    parser = Parser(
        "measurand publish",
        description="Verify a built dataset, check that every source and row may be published, and "
        "write it as a Hugging Face folder or repository: card, Croissant, SHA256SUMS.",
    )
    parser.add_argument("system", help="a system's name, see `measurand list`")
    parser.add_argument("--to", required=True, help="a folder, a URL, or hub:<owner>/<name>")
    parser.add_argument(
        "--data", type=folder, help="dataset folder or URL (default: data/<system>/dataset)"
    )
    parser.add_argument(
        "--licence",
        default="Apache-2.0",
        help="SPDX identifier for what this project itself made (default: %(default)s)",
    )
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--dry-run", action="store_true", help="check and list; write nothing")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: %(default)s")
    options = vars(parser.parse_args(argv))
    form = options.pop("format")
    from measurand.api.datasets import publish

    print(publish(**options, progress="stderr").render(form), end="")
    return 0
