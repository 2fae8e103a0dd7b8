"""Pre-train HTML-T5, then train the planners."""

from __future__ import annotations

from pathlib import Path

from measurand.manifest import MANIFEST, write_text
from pipelines.webagent.finetuning import finetune
from pipelines.webagent.pretraining import pretrain
from schemas.webagent.params import Params


def train(params: Params, dataset: Path, out: Path, *, journal: Path) -> None:
    """Write the models and the tables of their trainings; see the two functions it calls.

    Planners are left out, and that is said, where the data set has no experience.

    Args:
        params: parameters; ``train: null`` trains nothing.
        dataset: folder of the corpus and the experience.
        out: folder of the checkpoints.
        journal: folder of unfinished states, outside what DVC empties.
    """
    given = params.train and params.train.seeded
    if given is None:
        write_text(out / MANIFEST, '{\n "system": "webagent",\n "trained": false\n}\n')
        print("train webagent: nothing to train (train: null)")
        return
    pretrain(given.pretraining, dataset, out, journal=journal)
    if given.finetuning is None:
        return
    if not (dataset / "experience" / MANIFEST).exists():
        print("train webagent: planners are left out, since the data set has no experience")
        return
    finetune(given, dataset, out, journal=journal)
