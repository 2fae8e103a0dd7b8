"""Ten small tables for each verb, as files and as frames."""

from __future__ import annotations

import numpy as np


def items(seed: int) -> dict[str, list]:
    """Two models on 30 items in passages; every third table is continuous, every fifth has gaps."""
    rng = np.random.default_rng(seed)
    n = 30
    value = rng.random(2 * n) if seed % 3 == 0 else (rng.random(2 * n) < 0.6).astype(float)
    found: list[float | None] = [float(v) for v in value]
    if seed % 5 == 0:
        found[3] = None
    return {
        "item_id": [f"q{i}" for i in range(n)] * 2,
        "model": ["A"] * n + ["B"] * n,
        "value": found,
        "passage": [f"p{i // 3}" for i in range(n)] * 2,
    }


def answers(seed: int) -> dict[str, list]:
    """25 people on five items of five points."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=25)
    return {
        f"q{j}": np.clip(np.round(3 + trait + rng.normal(size=25)), 1, 5).astype(int).tolist()
        for j in range(5)
    }


def ratings(seed: int) -> dict[str, list]:
    """Three raters of 20 texts, some ratings missing."""
    rng = np.random.default_rng(seed)
    true = rng.integers(1, 5, 20)
    return {
        name: [
            None if rng.random() < 0.2 else int(np.clip(t + rng.integers(-1, 2), 1, 5))
            for t in true
        ]
        for name in ("anna", "ben", "cara")
    }


def taken(seed: int) -> dict[str, list]:
    """Twelve models on twelve items."""
    rng = np.random.default_rng(seed)
    ability, ease = rng.normal(size=12), rng.normal(size=12)
    right = (rng.random((12, 12)) < 1 / (1 + np.exp(-ability[:, None] - ease))).astype(float)
    return {
        "model": [f"m{i}" for i in range(12) for _ in range(12)],
        "item_id": [f"q{j}" for _ in range(12) for j in range(12)],
        "value": right.ravel().tolist(),
    }


def said(seed: int) -> dict[str, list]:
    """Two models' answers to 20 questions, some without a number, with scores that miss some."""
    rng = np.random.default_rng(seed)
    right = rng.integers(0, 5, 40)
    told = np.where(rng.random(40) < 0.7, right, rng.integers(0, 5, 40))
    read = rng.random(40)
    return {
        "model": ["A"] * 20 + ["B"] * 20,
        "item_id": [f"q{i}" for i in range(20)] * 2,
        "answer": ["?" if r < 0.1 else f"It is {t}." for t, r in zip(told, read, strict=True)],
        "right": [str(r) for r in right],
        "value": [float(t == x and r < 0.8) for t, x, r in zip(told, right, read, strict=True)],
    }
