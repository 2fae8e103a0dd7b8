"""Tables, each declared once."""

from __future__ import annotations

import pyarrow as pa

from measurand.results import STATUSES
from measurand.tables import SHA256, Column, Table
from schemas.soft_labels.params import LABEL_KINDS, ORDERS, SPLITS

_PAIR = Column("pair_id", pa.string(), "SHA-256 of set and both responses", pattern=SHA256)
_SET = Column("set", pa.string(), "the pair set")
_SPLIT = Column("split", pa.string(), "what it is used for", enum=SPLITS)


def _share(name: str, doc: str, *, nullable: bool = False) -> Column:
    return Column(name, pa.float64(), doc, nullable=nullable, minimum=0, maximum=1)


_RUN = Column("run", pa.string(), "`<run>-s<seed>`, or `reference` for the policy before training")

PAIRS = Table(
    name="soft_labels.pairs",
    version="1.0.0",
    key=("pair_id",),
    doc="One row per pair; the first response is the one preferred by the pair's own label.",
    columns=(
        _PAIR,
        _SET,
        _SPLIT,
        Column("variant", pa.string(), "histogram of labels that was asked for"),
        Column("prompt", pa.large_string(), "what both responses answer"),
        Column("item_1", pa.string(), "identity of the first response in its source"),
        Column("item_2", pa.string(), "identity of the second"),
        Column("text_1", pa.large_string(), "the first response"),
        Column("text_2", pa.large_string(), "the second"),
        Column("label_kind", pa.string(), "where the label comes from", enum=LABEL_KINDS),
        _share("p", "own label: probability that the first is preferred"),
        Column("p_num", pa.int64(), "numerator of p, where it is a count", nullable=True),
        Column("p_den", pa.int64(), "its denominator", nullable=True),
        Column("n_raters_1", pa.int32(), "ratings of the first response", nullable=True),
        Column("n_raters_2", pa.int32(), "ratings of the second", nullable=True),
        _share("p_half_a", "label by one half of the raters", nullable=True),
        _share("p_half_b", "label by the other half", nullable=True),
        Column("swapped", pa.bool_(), "the source had the responses the other way round"),
        Column("n_words_1", pa.int32(), "length of the first response", "words", minimum=1),
        Column("n_words_2", pa.int32(), "length of the second", "words", minimum=1),
    ),
)

ITEMS = Table(
    name="soft_labels.items",
    version="1.0.0",
    key=("set", "item_id"),
    doc="One row per response of a set whose worth is known apart from pairs.",
    columns=(
        _SET,
        Column("item_id", pa.string(), "identity in its source"),
        _SPLIT,
        Column("text", pa.large_string(), "the response"),
        Column("text_sha256", pa.string(), "hash of the normalised text", pattern=SHA256),
        Column("ratings", pa.list_(pa.float64()), "single ratings, -4 to 4; empty where none"),
        Column("worth", pa.float64(), "mean rating, or reward of the known preference model"),
    ),
)

JUDGEMENTS = Table(
    name="soft_labels.judgements",
    version="1.0.0",
    key=("pair_id", "judge", "wording", "order"),
    doc="One row per pair, judge, wording and order; both orders are always there.",
    columns=(
        _PAIR,
        _SET,
        _SPLIT,
        Column("judge", pa.string(), "name of the judge"),
        Column("model", pa.string(), "its model string"),
        Column("wording", pa.string(), "name of the wording"),
        Column("order", pa.string(), "12: first response shown first; 21: second", enum=ORDERS),
        Column(
            "logprob_shown_first", pa.float64(), "log P of the first answer", "nats", nullable=True
        ),
        Column(
            "logprob_shown_second",
            pa.float64(),
            "log P of the second answer",
            "nats",
            nullable=True,
        ),
        _share("p_1", "P(first response preferred)", nullable=True),
        Column(
            "mass",
            pa.float64(),
            "probability of both answers together",
            nullable=True,
            minimum=0,
            maximum=1.000001,
        ),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no judgement", nullable=True),
        Column("prompt_sha256", pa.string(), "hash of the prompt", pattern=SHA256),
        Column("prompt_tokens", pa.int32(), "length", "tokens", nullable=True, minimum=0),
    ),
)

REFERENCE = Table(
    name="soft_labels.reference",
    version="1.0.0",
    key=("pair_id",),
    doc="One row per pair: log-probabilities of both responses under the policy before training.",
    columns=(
        _PAIR,
        Column("logp_1", pa.float64(), "log P(first response, end | prompt)", "nats"),
        Column("logp_2", pa.float64(), "log P(second response, end | prompt)", "nats"),
        Column("n_tokens_1", pa.int32(), "first response with its end", "tokens", minimum=1),
        Column("n_tokens_2", pa.int32(), "second response with its end", "tokens", minimum=1),
        Column("n_prompt_tokens", pa.int32(), "prompt", "tokens", minimum=1),
        Column("policy_sha256", pa.string(), "fingerprint of the policy", pattern=SHA256),
    ),
)

TRAINING = Table(
    name="soft_labels.training",
    version="1.0.0",
    key=("run", "step"),
    doc="One row per run and step: the loss, and dev pairs where they were measured.",
    columns=(
        _RUN,
        Column("run_id", pa.string(), "the run without its seed"),
        Column("seed", pa.int32(), "0-based repeat", minimum=0),
        _SET,
        Column("method", pa.string(), "the loss"),
        Column("labels", pa.string(), "whose labels"),
        Column("beta", pa.float64(), "of the loss"),
        Column("step", pa.int32(), "steps done before this row was measured", minimum=0),
        Column(
            "loss", pa.float64(), "mean loss of the batch; null after the last step", nullable=True
        ),
        Column("factor", pa.float64(), "mean |weight| of the batch's pairs", nullable=True),
        Column("grad_norm", pa.float64(), "before clipping", nullable=True),
        Column("tokens", pa.int64(), "tokens of the batch, no padding", nullable=True),
        Column("dev_accuracy", pa.float64(), "share of dev pairs ordered right", nullable=True),
        Column("dev_margin", pa.float64(), "mean beta u of dev pairs", nullable=True),
        Column("dev_absolute_u", pa.float64(), "mean |u| of dev pairs", "nats", nullable=True),
        Column("dev_near_tie_u", pa.float64(), "largest |u| with p < .6", "nats", nullable=True),
        Column("dev_logratio_1", pa.float64(), "mean log-ratio, preferred", "nats", nullable=True),
        Column("dev_logratio_2", pa.float64(), "mean log-ratio, other", "nats", nullable=True),
        Column("dev_brier", pa.float64(), "mean (sigma(beta u) - p)^2", nullable=True),
        Column(
            "train_gap", pa.float64(), "mean |sigma(beta u) - p|, training pairs", nullable=True
        ),
        Column("train_margin", pa.float64(), "mean beta u, training pairs", nullable=True),
    ),
)

PAIR_SCORES = Table(
    name="soft_labels.pair_scores",
    version="1.0.0",
    key=("run", "pair_id"),
    doc="One row per run and held-out pair of its set: what the trained policy prefers.",
    columns=(
        _RUN,
        Column("run_id", pa.string(), "the run without its seed"),
        Column("seed", pa.int32(), "0-based repeat", minimum=0),
        Column("method", pa.string(), "the loss"),
        Column("labels", pa.string(), "whose labels it was trained on"),
        Column("beta", pa.float64(), "of the loss"),
        _PAIR,
        _SET,
        _share("p", "the pair's own label"),
        Column("logratio_1", pa.float64(), "log pi - log reference, first response", "nats"),
        Column("logratio_2", pa.float64(), "log pi - log reference, second response", "nats"),
        Column("u", pa.float64(), "difference of the log-ratios", "nats"),
        Column("h", pa.float64(), "beta u: log-odds of the implied preference"),
    ),
)

SAMPLES = Table(
    name="soft_labels.samples",
    version="1.0.0",
    key=("run", "set", "prompt_id"),
    doc="One row per policy and beginning: what it wrote. The reference writes twice.",
    columns=(
        _RUN,
        Column("run_id", pa.string(), "the run without its seed; `reference`, `reference_again`"),
        Column("seed", pa.int32(), "0-based repeat", minimum=0),
        _SET,
        Column("prompt_id", pa.string(), "SHA-256 of the whole prompt", pattern=SHA256),
        Column("beginning", pa.large_string(), "words that were given"),
        Column("text", pa.large_string(), "beginning and continuation", nullable=True),
        Column("n_tokens", pa.int32(), "tokens written", "tokens", nullable=True, minimum=0),
        Column("n_words", pa.int32(), "words of the text", "words", nullable=True, minimum=0),
        Column(
            "logp_policy", pa.float64(), "log P(continuation), own policy", "nats", nullable=True
        ),
        Column(
            "logp_reference", pa.float64(), "log P(continuation), reference", "nats", nullable=True
        ),
        Column("reward", pa.float64(), "reward learned from ratings", nullable=True),
        Column("reward_known", pa.float64(), "reward of the known model", nullable=True),
        Column("status", pa.string(), "what became of the call", enum=STATUSES),
        Column("reason", pa.string(), "why there is no text", nullable=True),
    ),
)

COMPARISONS = Table(
    name="soft_labels.comparisons",
    version="1.0.0",
    key=("judge", "set", "run_a", "run_b", "prompt_id"),
    doc="One row per judge, two policies and beginning: whose continuation is preferred.",
    columns=(
        Column("judge", pa.string(), "a judge's name, `learned` (from ratings) or `known`"),
        _SET,
        Column("run_a", pa.string(), "a run"),
        Column("run_b", pa.string(), "another one, or the reference"),
        Column("prompt_id", pa.string(), "the beginning", pattern=SHA256),
        _share("p_12", "P(a preferred), a shown first", nullable=True),
        _share("p_21", "P(a preferred), b shown first", nullable=True),
        _share("p_a", "their mean over orders and wordings", nullable=True),
        Column("n_words_a", pa.int32(), "length of a's text", "words", nullable=True),
        Column("n_words_b", pa.int32(), "length of b's text", "words", nullable=True),
        Column("status", pa.string(), "what became of the calls", enum=STATUSES),
        Column("reason", pa.string(), "why there is no preference", nullable=True),
    ),
)

JUDGE_QUALITY = Table(
    name="soft_labels.judge_quality",
    version="1.0.0",
    key=("judge", "pair_id"),
    doc="One row per instrument that compares policies and held-out pair: what it says of it.",
    columns=(
        Column("judge", pa.string(), "`learned` or `known`"),
        _PAIR,
        _SET,
        _share("p", "the pair's own label"),
        _share("p_1", "P(first preferred) by the instrument"),
    ),
)

BANDIT = Table(
    name="soft_labels.bandit",
    version="1.0.0",
    key=("temperature", "beta", "method", "step"),
    doc="One row per setting, loss and step of the exact bandit.",
    columns=(
        Column("temperature", pa.string(), "of the preferences"),
        Column("beta", pa.string(), "of the loss"),
        Column("method", pa.string(), "the loss"),
        Column("step", pa.int32(), "steps done", minimum=0),
        Column("mean_reward", pa.float64(), "expected reward"),
        Column("mode", pa.float64(), "place of the likeliest action"),
        _share("high", "probability of the high hill"),
        _share("total_variation", "distance to the policy that reproduces the labels"),
        Column("policy", pa.list_(pa.float64()), "(100,) probabilities of the actions"),
    ),
)
