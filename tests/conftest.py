"""What all tests share: fixed examples in property tests, a tiny real language model, Chromium."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import forked
import pytest
from hypothesis import settings

# The same examples at every run: a red test is the change's doing, never the dice's.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.load_profile("fixed")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay to the end: looking through them for garbage again and again while
    they are read takes every process a third of that time. What tests import later stays too."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold a test with a time limit of its own come first: begun last, one of them is
    what all other processes wait for."""
    long = {item.path for item in items if item.get_closest_marker("timeout")}
    items.sort(key=lambda item: item.path not in long)


CORPUS = [
    "The statement describes me. RATING: 1",
    "Please rate how accurate it is from 1 to 5. RATING: 2",
    "I like music, I like dogs. RATING: 3",
    "very accurate, very inaccurate, neither. RATING: 4",
    "I worry about things and I make friends easily. RATING: 5",
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """What is written is not waited for: no test here cuts the power, and thousands of them write.

    That files are on the disk before they get their name is asked in ``test_manifest.py``,
    ``test_parquet.py`` and ``test_journal.py``. Processes that tests start wait as users' do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Name and content of files at the moments when it is waited for them."""
    found = []

    def noted(descriptor: int) -> None:
        own = Path(f"/proc/self/fd/{descriptor}")
        found.append((own.readlink().name, own.read_bytes()))

    monkeypatch.setattr(os, "fsync", noted)
    return found


@pytest.fixture
def warm_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that jobs are dealt to import nothing anew; ``test_training_processes.py`` has
    them begin as users' do."""
    context = forked.warm()
    monkeypatch.setattr(multiprocessing, "get_context", lambda method: context)


@pytest.fixture
def other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType], None]:
    """Lets a module of ``pipelines.S`` find that a line of its code is another one."""

    def change(module: ModuleType) -> None:
        own = Path(str(module.__file__))
        for room in ("pipelines", "schemas"):
            source = own.parents[2] / room / own.parent.name
            shutil.copytree(source, tmp_path / "other" / room / source.name)
        copy = tmp_path / "other" / "pipelines" / own.parent.name / own.name
        copy.write_text(copy.read_text() + "\nMORE = 1\n")
        monkeypatch.setattr(module, "__file__", str(copy))

    return change


@pytest.fixture(scope="session")
def toy_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random weights, 3 layers and 96 positions, with a byte-level BPE tokenizer."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("toy")
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = ["<|user|>", "<|assistant|>", "<|end|>"]
    core.train_from_iterator(
        CORPUS * 4,
        trainers.BpeTrainer(
            vocab_size=420,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<|end|>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=48,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=96,
        initializer_range=0.2,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; without one its tests are skipped.

    Of one module: while it is open an event loop runs in this thread, and no other can begin.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on the PATH: install it to run this")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()
