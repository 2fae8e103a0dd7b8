from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from measurand.errors import InputError
from measurand.models.prompts import Prompts, check_choices, load_prompts
from measurand.models.protocol import ModelSpec, Request

WORDS = ("<s>", "<u>", "</u>", "<a>", "is", "it", "fine", "?", "4", "5", "yes", "no", "!")
TEMPLATE = (
    "{% for m in messages %}<s> <u> {{ m['content'] }} </u>{% endfor %}"
    "{% if add_generation_prompt %} <a>{% endif %}"
)


def save(folder: Path, *, template: str | None) -> Any:
    """A real fast tokenizer of whole words that begins every text with <s>."""
    tokenizers = pytest.importorskip("tokenizers")
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: i for i, word in enumerate(("<unk>", *WORDS))}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", vocabulary["<s>"])]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", bos_token="<s>")
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return tokenizer


def ids(*words: str) -> tuple[int, ...]:
    return tuple(WORDS.index(word) + 1 for word in words)


@pytest.mark.integration
def test_the_template_wraps_the_prompt_once(tmp_path: Path) -> None:
    save(tmp_path, template=TEMPLATE)
    prompts = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert prompts.chat
    assert prompts.text("is it fine ?") == "<s> <u> is it fine ? </u> <a>"
    # The template wrote <s>; the tokenizer must not write it again.
    assert prompts.tokens("fine") == ids("<s>", "<u>", "fine", "</u>", "<a>")
    raw = load_prompts(ModelSpec.parse(f"hf:{tmp_path}?template=none"), tmp_path)
    assert raw.tokens("fine") == ids("<s>", "fine")
    assert raw.split("fine ?", [" 4", " yes !"]) == (
        ids("<s>", "fine", "?"),
        [ids("4"), ids("yes", "!")],
    )


@pytest.mark.integration
def test_a_tokenizer_without_a_template(tmp_path: Path) -> None:
    save(tmp_path, template=None)
    assert not load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path).chat
    with pytest.raises(InputError, match="has no chat template"):
        load_prompts(ModelSpec.parse(f"hf:{tmp_path}?template=chat"), tmp_path)
    with pytest.raises(InputError, match="template='jinja' is not possible"):
        load_prompts(ModelSpec.parse(f"hf:{tmp_path}?template=jinja"), tmp_path)
    with pytest.raises(InputError, match="no tokenizer can be loaded"):
        load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path / "nothing")


class Letters:
    """Tokenizer of single letters, except that "n" and "o" after each other are one token."""

    chat_template = None

    def __call__(self, texts: list[str], add_special_tokens: bool) -> dict[str, Any]:
        letters = [text.replace("no", "N") for text in texts]
        begin = [0] * add_special_tokens
        return {"input_ids": [begin + [ord(letter) for letter in one] for one in letters]}


def test_a_choice_that_merges_with_the_prompt_is_found() -> None:
    prompts = Prompts(Letters(), chat=False)
    tokens, tails = prompts.split("an", ["o", "y"])
    assert tokens == (0, ord("a"))
    assert tails == [(ord("N"),), (ord("n"), ord("y"))]


def test_many_prompts_with_choices_of_their_own_split_as_each_alone() -> None:
    prompts = Prompts(Letters(), chat=False)
    requests = [Request("an"), Request("was", choices=("p",)), Request("no", choices=("n", "o"))]
    found = prompts.split_all(requests, ("o", "y"))
    alone = [("an", ["o", "y"]), ("was", ["p"]), ("no", ["n", "o"])]
    assert found == [prompts.split(prompt, choices) for prompt, choices in alone]
    assert prompts.split_all([], ("o",)) == []
    with pytest.raises(InputError, match="cannot be told apart"):
        prompts.split_all([Request("an", choices=("o", "o"))], ("o", "y"))


@pytest.mark.parametrize("choices", [[], [""], ["1", ""], ["1", "2", "1"]])
def test_choices_that_cannot_be_told_apart(choices: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        check_choices(choices)
    assert caught.value.code == "bad_choices"
    check_choices(["1", "2"])


THINKING = TEMPLATE.replace(" <a>", " <a>{% if think | default(true) %} <think>\n{% endif %}")


def test_an_answer_that_opens_a_turn_has_no_blank_of_its_own(tmp_path: Path) -> None:
    save(tmp_path, template=TEMPLATE)
    chat = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert [chat.turn(c) for c in (" 4", "4", "\n4", "    4", " ")] == ["4", "4", "4", "    4", " "]
    raw = load_prompts(ModelSpec.parse(f"hf:{tmp_path}?template=none"), tmp_path)
    assert raw.turn(" 4") == " 4"
    with pytest.raises(InputError, match="cannot be told apart"):
        chat.split("fine ?", [" 4", "4"])


def test_the_blank_that_the_template_puts_before_an_answer_belongs_to_it(tmp_path: Path) -> None:
    between = (
        "{% for m in messages %}{% if m.role == 'user' %}<u> {{ m.content }} </u>"
        "{% else %} {{ m.content }}{% endif %}{% endfor %}"
    )
    save(tmp_path, template=between)
    prompts = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert prompts.lead == " "
    assert [prompts.turn(c) for c in (" 4", "4")] == [" 4", " 4"]


def test_a_template_that_cannot_open_a_turn_shows_how_in_a_finished_one(tmp_path: Path) -> None:
    closed = "{% for m in messages %}<|{{ m.role }}|> {{ m.content }} {% endfor %}"
    save(tmp_path, template=closed)
    prompts = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert prompts.text("fine") == "<|user|> fine <|assistant|>"
    assert (prompts.lead, prompts.turn("4")) == (" ", " 4")


def test_a_date_in_the_template_is_noticed_and_part_of_the_probe(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dated = "{{ date_string | default(strftime_now('%Y-%m-%d'), true) }} " + TEMPLATE
    save(tmp_path, template=dated)
    today = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert "writes today's date" in caplog.text
    fixed = f'hf:{tmp_path}?template_args={{"date_string": "2024-07-26"}}'
    probe = load_prompts(ModelSpec.parse(fixed), tmp_path).probe()
    assert probe.startswith("2024-07-26 <s>")
    assert probe != today.probe()


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('no system message') }}",
        "{% for m in messages %}{{ m.content",
        "{{ messages[7].content }}",
        "{{ messages | nothing }}",
        "{{ ''.__class__.__mro__ }}",
    ],
)
def test_a_template_that_cannot_be_used_is_named(template: str, tmp_path: Path) -> None:
    save(tmp_path, template=template)
    with pytest.raises(InputError, match="template=none") as caught:
        load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert (caught.value.code, "\n" in str(caught.value)) == ("bad_model", False)
    assert not load_prompts(ModelSpec.parse(f"hf:{tmp_path}?template=none"), tmp_path).chat


SEEING = (
    "{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}",
    "{{ m.content[0].text }}",
    "{% if m.content is string %}{% else %}{{ m.content[0]['text'] | trim }}{% endif %}",
)


@pytest.mark.parametrize("inner", SEEING)
def test_a_template_that_reads_parts_of_a_message_gets_parts(inner: str, tmp_path: Path) -> None:
    """Given a text such a template writes a prompt without it, and nothing fails."""
    loop = f"{{% for m in messages %}}<s> <u> {inner} </u>{{% endfor %}}"
    save(tmp_path, template=loop + "{% if add_generation_prompt %} <a>{% endif %}")
    prompts = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert prompts.text("is it fine ?") == "<s> <u> is it fine ? </u> <a>"
    assert prompts.tokens("fine") == ids("<s>", "<u>", "fine", "</u>", "<a>")


@pytest.mark.parametrize(
    "inner",
    [
        "{% if m.role == 'system' %}{{ m.content }}{% endif %}",
        "{{ m.content[:20] }}",
        "{{ m.content | upper }}",
        "{{ m.text }}",
        "{{ m.content | truncate(30) }}",
    ],
)
def test_a_template_that_does_not_give_the_message_back_is_refused(
    inner: str, tmp_path: Path
) -> None:
    save(tmp_path, template=f"{{% for m in messages %}}<s> {inner}{{% endfor %}} <a>")
    with pytest.raises(InputError, match="leaves out the user's message, or changes it") as caught:
        load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert caught.value.code == "bad_model"


def test_the_token_that_ends_a_turn_is_what_the_template_writes_behind_an_answer(
    tmp_path: Path,
) -> None:
    def end_of(template: str, *special: str) -> int | None:
        tokenizer = save(tmp_path, template=template)
        tokenizer.add_special_tokens({"additional_special_tokens": list(special)})
        tokenizer.save_pretrained(tmp_path)
        return load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path).turn_end

    assert end_of(TEMPLATE, "</u>") == ids("</u>")[0]
    assert end_of(TEMPLATE) is None
    assert end_of(TEMPLATE.replace(" </u>", "\n </u>\n"), "</u>") == ids("</u>")[0]
    assert end_of("{% for m in messages %}{{ m.content }}\n{% endfor %} <a>", "</u>") is None
    refusing = "{% if messages | length > 1 %}{{ raise_exception('one') }}{% endif %}" + TEMPLATE
    assert end_of(refusing, "</u>") is None


def test_an_opened_thought_is_known_and_can_be_closed(tmp_path: Path) -> None:
    save(tmp_path, template=THINKING)
    assert load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path).close == "</think>"
    closed = load_prompts(ModelSpec.parse(f"hf:{tmp_path}?thought=none"), tmp_path)
    assert (closed.close, closed.text("fine").endswith("<think>\n\n\n</think>\n\n")) == ("", True)
    off = f'hf:{tmp_path}?template_args={{"think": false}}'
    assert load_prompts(ModelSpec.parse(off), tmp_path).text("fine").endswith("<a>")


def test_an_end_mark_that_the_tokenizer_appends_is_left_out(tmp_path: Path) -> None:
    import json

    save(tmp_path, template=None)
    plain = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    file = tmp_path / "tokenizer.json"
    whole = json.loads(file.read_text())
    end = {"SpecialToken": {"id": "!", "type_id": 0}}
    whole["post_processor"]["single"].append(end)
    whole["post_processor"]["special_tokens"]["!"] = {"id": "!", "ids": [13], "tokens": ["!"]}
    file.write_text(json.dumps(whole))
    ending = load_prompts(ModelSpec.parse(f"hf:{tmp_path}"), tmp_path)
    assert ending.tokenizer("fine")["input_ids"] == [*plain.tokens("fine"), 13]
    assert (ending.ends, plain.ends) == (1, 0)
    assert ending.tokens("fine") == plain.tokens("fine")
    assert ending.split("fine ?", [" 4"]) == plain.split("fine ?", [" 4"])
