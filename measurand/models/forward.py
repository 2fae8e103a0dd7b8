"""Forward passes of a transformers model over rows that share prefixes; log-probs where asked.

A shared run of tokens is computed once and its keys and values are handed to every row that goes on
from it. Rows go through in batches padded on the right; holes in the past are masked and positions
are given explicitly, so a token sees exactly what it would see alone. The output head is applied to
the positions that are read, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat
from typing import Any, Protocol

from measurand.models import kv
from measurand.models.tokens import Leaf, Node, Plan, Tokens, filled, micro_batches, plan_rows


@dataclass(frozen=True)
class Row:
    """Tokens to run and what to read from them.

    Attributes:
        tokens: the input.
        shareable: leading tokens that another row may compute; all before the first read position.
        reads: (position in the row, token ids whose log-prob to read there).
    """

    tokens: Tokens
    shareable: int
    reads: tuple[tuple[int, Tokens], ...]


@dataclass(frozen=True)
class Read:
    """What came of one row: log-probs per read, and how many tokens were computed for it."""

    logprobs: list[list[float]]
    computed: int


class Writer(Protocol):
    """Draws one completion, token by token."""

    @property
    def most(self) -> int:
        """Most tokens that it may still draw; 0 ends it."""
        ...

    def take(self, logits: Any) -> int:
        """Draw a token from float32 logits over the vocabulary."""
        ...


class Forward:
    """A causal language model and how it is run.

    Args:
        model: a transformers causal language model, in evaluation mode.
        budget: most tokens of one forward pass.
        least_gain: tokens that a shared run must save.
        share: False computes every row in full.

    Attributes:
        model: the model.
        context: its context length, None where unknown.
        end_tokens: tokens that end a text.
    """

    def __init__(self, model: Any, *, budget: int, least_gain: int, share: bool) -> None:
        self.model, self._budget, self._least_gain = model, budget, least_gain
        self._plain = kv.is_plain(model.config)
        self._share = share and self._plain
        self._base, self._head = model.base_model, model.get_output_embeddings()
        self._plain_head = self._head_is_all()
        # An accelerator has larger passes, of which a packed mask would be the square.
        cpu = model.device.type == "cpu"
        self._root: tuple[Tokens, Any] = ((), None)
        self._packing = self._share and cpu and self._packing_is_exact()
        self._room = max(_KV_BYTES[model.device.type] // kv.bytes_per_token(model), 1)
        self.context: int | None = getattr(model.config, "max_position_embeddings", None)
        end = model.generation_config.eos_token_id
        self.end_tokens = frozenset([end] if isinstance(end, int) else end or ())

    def logprobs(self, rows: Sequence[Row]) -> list[Read]:
        """Read log-probs (natural, float32 log-softmax over the whole vocabulary).

        The answer depends on ``rows`` alone, not on earlier calls.
        """
        import torch

        with torch.inference_mode():
            return self._logprobs(rows)

    def _logprobs(self, rows: Sequence[Row]) -> list[Read]:
        tokens = [row.tokens for row in rows]
        plan, kept, computed = self._shared(tokens, [row.shareable for row in rows])
        out: list[Read | None] = [None] * len(rows)
        packs, alone = self._packs(plan.leaves, tokens)
        batches = micro_batches(
            alone,
            lambda leaf: len(tokens[leaf[0]]) - leaf[1],
            lambda leaf: leaf[1],
            self._budget,
            self._room,
        )
        for leaves, packed in chain(zip(packs, repeat(True)), zip(batches, repeat(False))):
            owns = [tokens[row][start:] for row, start, _ in leaves]
            begins = [0, *accumulate(map(len, owns))]
            where = [
                (0, begins[at] + position - start) if packed else (at, position - start)
                for at, (row, start, _) in enumerate(leaves)
                for position, _ in rows[row].reads
            ]
            nodes = [node for _, _, node in leaves]
            inputs = (self._packed if packed else self._inputs)(owns, nodes, kept)
            table = self._logits(inputs, where).float().log_softmax(-1)
            ids = [wanted for row, _, _ in leaves for _, wanted in rows[row].reads]
            values = iter(_pick(table, ids))
            for own, (row, _, _) in zip(owns, leaves, strict=True):
                read = [next(values) for _ in rows[row].reads]
                out[row] = Read(read, computed[row] + len(own))
        return [read for read in out if read is not None]

    def _packs(
        self, leaves: Sequence[Leaf], tokens: Sequence[Tokens]
    ) -> tuple[list[list[Leaf]], list[Leaf]]:
        """Leaves that go on from one long past, in packs of bounded size; and all others."""
        after: dict[Node, list[Leaf]] = {}
        for leaf in leaves:
            if self._packing and leaf[2] is not None and leaf[1] >= _LONG:
                after.setdefault(leaf[2], []).append(leaf)
        packs = [
            pack
            for own in after.values()
            for pack in filled(own, lambda leaf: len(tokens[leaf[0]]) - leaf[1], self._budget)
            if len(pack) > 1
        ]
        taken = {leaf[0] for pack in packs for leaf in pack}
        return packs, [leaf for leaf in leaves if leaf[0] not in taken]

    def _shared(
        self, tokens: Sequence[Tokens], shareable: Sequence[int]
    ) -> tuple[Plan, dict[Node, Any], list[int]]:
        """Plan the rows and compute what they share.

        Returns:
            The plan, keys and values of its shared runs, and per row the tokens of those runs that
            count as its own.
        """
        plan = plan_rows(tokens, shareable if self._share else [0] * len(tokens), self._least_gain)
        computed = [0] * len(tokens)
        kept: dict[Node, Any] = {}
        for level in plan.levels:
            for nodes in micro_batches(
                level, lambda n: n.stop - n.start, lambda n: n.start, self._budget, self._room
            ):
                self._keep(nodes, tokens, kept)
            for node in level:
                computed[node.row] += node.stop - node.start
        return plan, kept, computed

    def generate(self, prompts: Sequence[Tokens], writers: Sequence[Writer]) -> list[int]:
        """Let each writer draw tokens after its prompt until it has enough.

        Returns:
            Per prompt, how many of its tokens were computed for it.
        """
        import torch

        with torch.inference_mode():
            plan, kept, computed = self._shared(prompts, [len(prompt) - 1 for prompt in prompts])
            for leaves in micro_batches(
                plan.leaves,
                lambda leaf: len(prompts[leaf[0]]) - leaf[1],
                lambda leaf: leaf[1] + writers[leaf[0]].most,
                # A window counts what it holds, padding too, so such rows go one by one.
                self._budget if self._plain else 1,
                self._room,
            ):
                owns = [prompts[row][start:] for row, start, _ in leaves]
                parents = [node for _, _, node in leaves]
                self._write(owns, parents, kept, [writers[row] for row, _, _ in leaves])
                for own, (row, _, _) in zip(owns, leaves, strict=True):
                    computed[row] += len(own)
        return computed

    def _write(
        self,
        owns: Sequence[Tokens],
        parents: Sequence[Node | None],
        kept: dict[Node, Any],
        writers: Sequence[Writer],
    ) -> None:
        import torch

        device = self.model.device
        most = max(writer.most for writer in writers)
        inputs = self._inputs(owns, parents, kept, keep=True, more=most)
        mask = torch.nn.functional.pad(inputs["attention_mask"], (0, most), value=1)
        where = [(at, len(own) - 1) for at, own in enumerate(owns)]
        ends = [(0 if p is None else p.stop) + len(o) for p, o in zip(parents, owns, strict=True)]
        position = torch.tensor(ends, device=device)[:, None]
        width = mask.shape[1] - most
        while any(writer.most for writer in writers):
            logits = self._logits(inputs, where).float().cpu().numpy()
            drawn = [
                writer.take(row) if writer.most else 0
                for writer, row in zip(writers, logits, strict=True)
            ]
            live = [at for at, writer in enumerate(writers) if writer.most]
            if 2 * len(live) <= len(writers):
                # The others are done; they would only be computed on.
                index = torch.tensor(live, dtype=torch.long, device=device)
                inputs["past_key_values"].batch_select_indices(index)
                mask, position = mask[index], position[index]
                writers, drawn = [writers[at] for at in live], [drawn[at] for at in live]
            width += 1
            inputs = {
                **inputs,
                "input_ids": torch.tensor(drawn, device=device)[:, None],
                "attention_mask": mask[:, :width],
                "position_ids": position,
            }
            position = position + 1
            where = [(at, 0) for at in range(len(writers))]

    def _keep(self, nodes: list[Node], tokens: Sequence[Tokens], kept: dict[Node, Any]) -> None:
        """Compute shared runs and keep their keys and values: (layers, heads, tokens, width)."""
        import torch

        runs = [tokens[node.row][node.start : node.stop] for node in nodes]
        root = len(nodes) == 1 and nodes[0].parent is None
        if root and self._root[0] == runs[0]:
            kept[nodes[0]] = self._root[1]
            return
        inputs = self._inputs(runs, [node.parent for node in nodes], kept, keep=True)
        cache = self._base(**inputs).past_key_values
        longest = max(map(len, runs))
        keys = torch.stack([layer.keys[:, :, -longest:] for layer in cache.layers])
        values = torch.stack([layer.values[:, :, -longest:] for layer in cache.layers])
        for at, (node, run) in enumerate(zip(nodes, runs, strict=True)):
            kept[node] = (keys[:, at, :, : len(run)].clone(), values[:, at, :, : len(run)].clone())
        if root:
            self._root = (runs[0], kept[nodes[0]])

    def _inputs(
        self,
        runs: Sequence[Tokens],
        parents: Sequence[Node | None],
        kept: dict[Node, Any],
        keep: bool = False,
        more: int = 0,
    ) -> dict[str, Any]:
        """Padded inputs of one forward pass, with the past of each row.

        The cache, where there is one, holds the pass and ``more`` tokens after it.
        """
        import torch

        device = self.model.device
        longest = max(map(len, runs))
        starts = [0 if node is None else node.stop for node in parents]
        past = max(starts)
        ids = torch.tensor([[*run, *[0] * (longest - len(run))] for run in runs], device=device)
        begin = torch.tensor(starts, device=device)[:, None]
        length = torch.tensor([len(run) for run in runs], device=device)[:, None]
        here = torch.arange(longest, device=device)[None]
        before = torch.arange(past, device=device)[None]
        inputs = {
            "input_ids": ids,
            "attention_mask": torch.cat([before < begin, here < length], 1).long(),
            "position_ids": begin + here,
            "use_cache": keep or past > 0,
        }
        if past:
            inputs["past_key_values"] = kv.joined(parents, kept, past, longest + more)
        elif keep:
            inputs["past_key_values"] = kv.empty(self.model.config, longest + more)
        return inputs

    def _packed(
        self, runs: Sequence[Tokens], parents: Sequence[Node | None], kept: dict[Node, Any]
    ) -> dict[str, Any]:
        """Runs after one past as one row, in which a run sees that past and itself.

        Their past is laid out once instead of once a run.
        """
        import torch

        device, node = self.model.device, parents[0]
        assert node is not None
        run = torch.tensor([at for at, own in enumerate(runs) for _ in own], device=device)
        place = torch.tensor([at for own in runs for at in range(len(own))], device=device)
        here = (run[:, None] == run[None]) & (place[:, None] >= place[None])
        seen = torch.nn.functional.pad(here, (node.stop, 0), value=True)
        # Numbers to be added, which every kind of attention takes.
        mask = torch.zeros(seen.shape, dtype=self.model.dtype, device=device)
        mask.masked_fill_(~seen, torch.finfo(self.model.dtype).min)
        return {
            "input_ids": torch.tensor([[token for own in runs for token in own]], device=device),
            "attention_mask": mask[None, None],
            "position_ids": (node.stop + place)[None],
            "use_cache": True,
            "past_key_values": kv.joined([node], kept, node.stop, len(run)),
        }

    def _packing_is_exact(self) -> bool:
        """Whether a packed row gives what its runs give alone; some models read masks otherwise."""
        import torch

        try:
            with torch.inference_mode():
                ids = tuple(range(8))
                kept: dict[Node, Any] = {}
                node = Node(0, 4, 0)
                self._keep([node], [ids], kept)
                self._root = ((), None)
                runs, where = [ids[4:6], ids[5:8]], [(0, 1), (1, 2)]
                alone = self._logits(self._inputs(runs, [node, node], kept), where)
                packed = self._logits(self._packed(runs, [node, node], kept), [(0, 1), (0, 4)])
        except (RuntimeError, ValueError, TypeError, IndexError):
            return False
        return bool(torch.allclose(alone, packed, rtol=1e-3, atol=1e-3))

    def _logits(self, inputs: dict[str, Any], where: Sequence[tuple[int, int]]) -> Any:
        """Logits at (row, position) pairs: (pairs, vocabulary)."""
        import torch

        device = self.model.device
        row = torch.tensor([at for at, _ in where], device=device)
        position = torch.tensor([at for _, at in where], device=device)
        if self._plain_head:
            hidden = self._base(**inputs).last_hidden_state
            return self._head(hidden[row, position])
        some, index = position.unique(return_inverse=True)
        return self.model(**inputs, logits_to_keep=some).logits[row, index]

    def _head_is_all(self) -> bool:
        """Whether logits are the output layer of the last hidden state and nothing more.

        Some models scale or cap them; those go through the model's own forward.
        """
        import torch

        if self._head is None:
            return False
        with torch.inference_mode():
            ids = torch.arange(4, device=self.model.device)[None]
            hidden = self._base(input_ids=ids, use_cache=False).last_hidden_state
            whole = self.model(input_ids=ids, use_cache=False).logits
            return bool(torch.allclose(self._head(hidden), whole, rtol=1e-3, atol=1e-3))


# Tokens of a past from which on laying it out for every row costs more than a mask.
_LONG = 256
# Keys and values of one pass. On a processor larger ones cost more to lay out than passes cost.
_KV_BYTES = {"cpu": 1 << 29, "cuda": 1 << 30}


def _pick(table: Any, ids: Sequence[Tokens]) -> list[list[float]]:
    """Entries ``ids[i]`` of row i, as Python floats (exact float32 values)."""
    import torch

    row = torch.tensor([at for at, wanted in enumerate(ids) for _ in wanted], device=table.device)
    column = torch.tensor([token for wanted in ids for token in wanted], device=table.device)
    flat = iter(table[row, column].tolist())
    return [[next(flat) for _ in wanted] for wanted in ids]
