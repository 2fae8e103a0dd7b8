from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import webagent_planners as small
from webagent_pages import rows

from measurand.errors import InputError
from pipelines.webagent import pairs, tokenizer
from pipelines.webagent.html import parse
from pipelines.webagent.pairs import Coder
from pipelines.webagent.tokenizer import END
from schemas.webagent.params import Params
from schemas.webagent.training import Finetuning

GIVEN = Finetuning(
    input=64, target=16, steps=1, batch=1, lr=1e-3, planners=({"name": "x"},), renumber=False
)


@pytest.fixture(scope="module")
def coder(built: Path) -> Coder:
    return Coder.of(built)


def test_a_number_has_the_tokens_that_it_has_in_a_page(coder: Coder) -> None:
    for ref in (1, 7, 10, 99, 123, 1000, 2718):
        page = coder.read("", (), f'<p><a class="x" data-ref="{ref}" href="/a">b</a></p>').tolist()
        at = page.index(coder.ref)
        assert tuple(page[at + 1 : at + 1 + len(coder.number(ref))]) == coder.number(ref)
        assert [coder.made.id_to_token(one) for one in coder.number(ref)] == list(str(ref))
        after = tokenizer.decode(coder.made, page[at + 1 + len(coder.number(ref)) :])
        assert after.startswith('"')


def test_an_answer_is_understood_as_it_was_meant(coder: Coder) -> None:
    for said, refs in (('Type "a b" into "Où?".', (12, 3)), ("END", ()), ('Open "1".', (1,))):
        ids = coder.answer(said, refs)
        assert ids[-1] == END
        assert coder.understood(ids[:-1]) == (said, refs)
    # Of an answer that was cut off the last number may be the beginning of another.
    cut = coder.answer('Open "1".', (12, 345))[:-2]
    assert coder.understood(cut, ended=False) == ('Open "1".', (12,))


def test_the_instruction_and_what_was_done_stand_before_the_page(coder: Coder) -> None:
    html = small.numbered(1)
    text = tokenizer.decode(coder.made, coder.read("Buy it", ('Press "A".', 'Press "B".'), html))
    done = '<ol><li>Press "A".</li><li>Press "B".</li></ol>'
    assert text == f"<p>Buy it</p>{done}{parse(html).html()}"
    assert 'data-ref="' in text
    assert "track(" not in text
    assert tokenizer.decode(coder.made, coder.read("Buy", (), "")) == "<p>Buy</p><ol></ol>"


def test_every_step_of_the_experience_is_a_pair(planners: tuple[Path, Params]) -> None:
    dataset = planners[0] / "dataset"
    found, coder = pairs.read(dataset, GIVEN), Coder.of(dataset)
    steps = rows(dataset, "experience")
    assert len(found) == len(steps) == 6
    ids, lengths, target = found.batch(np.arange(6), "cpu", None)
    assert lengths.max() == 64
    for at, row in enumerate(steps):
        whole = coder.read(row["instruction"], row["history"], row["html"])
        assert ids[at].tolist() == whole[:64].tolist()
        wanted = coder.answer(row["sub_instruction"], row["refs"])[:16]
        assert target[at].tolist()[: len(wanted)] == wanted


def test_numbers_are_told_from_all_other_tokens(coder: Coder) -> None:
    ids = coder.read("Buy 12 of 3", ('Press "7".',), small.numbered(1) + '<a data-ref="">5</a>')
    page = coder.parted(ids)
    said = [int(one) for one in re.findall(r'data-ref="(\d+)"', parse(small.numbered(1)).html())]
    assert page.refs == said
    assert page.every == sorted(said)
    assert page.read(coder.number, {ref: ref for ref in said}).tolist() == ids.tolist()
    none = coder.parted(ids[:3])
    assert (none.words.tolist(), none.refs, none.every) == (ids[:3].tolist(), [], [])


def test_a_table_without_a_step_is_said(planners: tuple[Path, Params], tmp_path: Path) -> None:
    (tmp_path / "tokenizer").symlink_to(planners[0] / "dataset" / "tokenizer")
    with pytest.raises(InputError, match="no experience"):
        pairs.read(small.with_experience(tmp_path, []), GIVEN)
