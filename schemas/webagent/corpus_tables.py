"""Tables of the corpus of pages."""

from __future__ import annotations

import pyarrow as pa

from measurand.tables import SHA256, Column, Table
from schemas.webagent.corpus import SPLITS

_DOC = (
    Column("doc_id", pa.string(), "source and path or address of the page"),
    Column("source", pa.string(), "name of the source"),
    Column("licence", pa.string(), "licence of the page"),
    Column("split", pa.string(), "what it is used for; all of a page alike", enum=SPLITS),
)

PAGES = Table(
    name="webagent.pages",
    version="1.0.0",
    key=("doc_id",),
    doc="One row per page that was read.",
    columns=(
        *_DOC,
        Column("bytes", pa.int64(), "size of the page as it came", "bytes", minimum=1),
        Column("sha256", pa.string(), "hash of these bytes", pattern=SHA256),
        Column("encoding", pa.string(), "how its characters were coded"),
        Column("elements", pa.int32(), "elements that are kept", minimum=1),
        Column("symbols", pa.int64(), "words and signs of its clean HTML", minimum=1),
        Column("parts", pa.int32(), "parts that were cut out of it", minimum=0),
        Column("parts_left", pa.int32(), "parts beyond the most that a page gives", minimum=0),
    ),
)

PARTS = Table(
    name="webagent.parts",
    version="1.0.0",
    key=("doc_id", "part"),
    doc="One row per part of a page: the smallest subtree around a label that is long enough.",
    columns=(
        *_DOC,
        Column("part", pa.int32(), "0-based, in the order of the page", minimum=0),
        Column("label", pa.string(), "tag of the first label that it was cut around"),
        Column("symbols", pa.int32(), "its words and signs", minimum=1),
        Column("html", pa.string(), "clean HTML"),
        Column("html_sha", pa.string(), "hash of it", pattern=SHA256),
    ),
)

REPEATS = Table(
    name="webagent.repeats",
    version="1.0.0",
    key=("doc_id", "part"),
    doc="One row per part that is left out, since an earlier one says the same.",
    columns=(
        Column("doc_id", pa.string(), "the page"),
        Column("part", pa.int32(), "the part", minimum=0),
        Column("of_doc", pa.string(), "page of the part that stays"),
        Column("of_part", pa.int32(), "that part", minimum=0),
        Column("similarity", pa.float64(), "Jaccard similarity of their shingles; 1 for equal "
               "texts", minimum=0, maximum=1),
    ),
)  # fmt: skip

TOKENIZER = Table(
    name="webagent.tokenizer",
    version="1.0.0",
    key=("name",),
    doc="One row: the tokenizer that the parts of training pages gave.",
    columns=(
        Column("name", pa.string(), "what it is"),
        Column("json", pa.string(), "the file that the package `tokenizers` reads"),
        Column("sha256", pa.string(), "hash of it", pattern=SHA256),
        Column("tokens", pa.int32(), "tokens in all", minimum=1),
        Column("bytes_per_token", pa.float64(), "UTF-8 bytes of the training parts a token",
               "bytes", minimum=0),
    ),
)  # fmt: skip

CUT = Table(
    name="webagent.cut",
    version="1.0.0",
    key=("doc_id",),
    doc="One row per page: what became of its parts.",
    columns=(
        *_DOC,
        Column("parts", pa.int32(), "parts that were cut out of it", minimum=0),
        Column("repeats", pa.int32(), "of them repeats of others", minimum=0),
        Column("short", pa.int32(), "of them too few tokens to mask", minimum=0),
        Column("examples", pa.int32(), "examples made of the others", minimum=0),
    ),
)

EXAMPLES = Table(
    name="webagent.examples",
    version="1.0.0",
    key=("doc_id", "example_id"),
    doc="One row per masked part of a page; input with target spans put in is the part again.",
    columns=(
        *_DOC,
        Column("example_id", pa.string(), "page, part, epoch or probe", unique=True),
        Column("part", pa.int32(), "the part", minimum=0),
        Column("epoch", pa.int32(), "0-based; 0 for probes", minimum=0),
        Column("probe", pa.bool_(), "whether its mean span length was set, not drawn"),
        Column("mu", pa.int16(), "mean span length asked for", "tokens", minimum=1),
        Column("n_full", pa.int32(), "tokens of the part", minimum=2),
        Column("n_tokens", pa.int32(), "of them used", minimum=2),
        Column("n_noise", pa.int32(), "masked tokens", minimum=1),
        Column("n_spans", pa.int32(), "masked spans", minimum=1),
        Column("capped", pa.bool_(), "whether there were too few sentinels for as many spans as mu "
               "asks for"),
        Column("span_lengths", pa.list_(pa.int16()), "tokens of every span", minimum=1),
        Column("input_ids", pa.list_(pa.int32()), "tokens with a sentinel for every span"),
        Column("target_ids", pa.list_(pa.int32()), "sentinel, span, ..., last sentinel"),
        Column("target_kinds", pa.list_(pa.int8()), "what each target token is part of: text, tag, "
               "attribute's name, its value, sentinel", minimum=0, maximum=4),
        Column("tag_fraction", pa.float64(), "share of masked tokens within markup", minimum=0,
               maximum=1),
        Column("html_sha", pa.string(), "hash of the part", pattern=SHA256),
    ),
)  # fmt: skip

MASKS = Table(
    name="webagent.masks",
    version="1.0.0",
    key=("split", "probe", "mu"),
    doc="One row per split, kind of example and mean span length: what the masks are like.",
    columns=(
        Column("split", pa.string(), "the split", enum=SPLITS),
        Column("probe", pa.bool_(), "probes, or drawn from the mixture"),
        Column("mu", pa.int16(), "mean span length asked for", "tokens", minimum=1),
        Column("examples", pa.int64(), "examples", minimum=1),
        Column("tokens", pa.int64(), "their tokens", minimum=1),
        Column("noise", pa.int64(), "masked tokens", minimum=1),
        Column("spans", pa.int64(), "masked spans", minimum=1),
        Column("density", pa.float64(), "masked tokens over tokens", minimum=0, maximum=1),
        Column("mean_span", pa.float64(), "masked tokens over spans", "tokens", minimum=0),
        Column("tag_fraction", pa.float64(), "share of masked tokens within markup", minimum=0,
               maximum=1),
        Column("markup_only", pa.float64(), "share of spans without a token of text", minimum=0,
               maximum=1),
        Column("truncated", pa.float64(), "share of examples whose part was cut off", minimum=0,
               maximum=1),
        Column("capped", pa.float64(), "share of examples with too few sentinels", minimum=0,
               maximum=1),
        Column("input_length", pa.float64(), "mean tokens of the input", minimum=0),
        Column("target_length", pa.float64(), "mean tokens of the target", minimum=0),
    ),
)  # fmt: skip
