"""Compositional web episodes: does an agent that solves single web tasks solve their sequences?

A *base task* is one page of MiniWoB with its own sentence and reward. A *composition* shows several
of them on one page and asks for all in one sentence, in order ("A, and then b") or *reversed* ("B,
after doing A"; the order to act in is the same). An *episode* is one agent's attempt at one task
with one seed, in a real browser: it sees the sentence and the page's HTML, and clicks and types.
Success is the pages' own reward (Furuta et al. 2023, arXiv 2311.18751). What is measured is the gap
between single tasks, compositions and reversed sentences, paired by task and seed.
"""
