"""Training that can be killed: whoever trains writes a model, batches and a loss, and no loop.

::

    weights = dict(model.named_parameters())
    plan = Plan(steps=1000, rates=partial(warm_then, peak=1e-3, steps=1000, warmup=50))
    done = fit(weights, batch, loss, plan, State(journal / "train" / "a.safetensors", identity))
    tensors.save(out / "a.safetensors", weights, {"rows": done.rows})

``batch(step)`` depends on the step alone, ``loss(batch)`` is a tensor. :func:`~.fit.fit` saves
weights, moments, random state and rows in one file, whole or not at all, and goes on from it; on
one thread of a processor to the same bytes as if nothing had happened. ``schedules`` are functions
of the step, ``device`` knows processors, precision and peaks, ``tensors`` the files, ``processes``
deals models to processes, ``ranks`` is what the processes of ``torchrun`` share. PyTorch is
imported inside functions only.
"""
