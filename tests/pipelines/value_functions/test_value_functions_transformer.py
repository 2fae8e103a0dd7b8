from __future__ import annotations

import torch

from pipelines.value_functions import networks
from pipelines.value_functions.net import Net


def test_blocks_are_those_of_torch() -> None:
    net = Net(12, 32, 3, "transformer", channels=4, blocks=2)
    own = networks.beginning(net, 2, "a")
    x = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(1))
    found = networks.features(net, own, x)
    for seed in range(2):
        w = {name: one[seed].detach() for name, one in own.items()}
        seen = x[seed].view(5, 3, 4) @ w["w_cells"] + w["b_cells"] + w["w_places"]
        for block in range(2):
            layer = torch.nn.TransformerEncoderLayer(
                32, 2, 128, 0.0, batch_first=True, norm_first=True
            )
            with torch.no_grad():
                layer.self_attn.in_proj_weight.copy_(w[f"w_{block}_see"].T)
                layer.self_attn.in_proj_bias.copy_(w[f"b_{block}_see"][0])
                layer.self_attn.out_proj.weight.copy_(w[f"w_{block}_say"].T)
                layer.self_attn.out_proj.bias.copy_(w[f"b_{block}_say"][0])
                layer.linear1.weight.copy_(w[f"w_{block}_wide"].T)
                layer.linear1.bias.copy_(w[f"b_{block}_wide"][0])
                layer.linear2.weight.copy_(w[f"w_{block}_back"].T)
                layer.linear2.bias.copy_(w[f"b_{block}_back"][0])
                seen = layer(seen)
        last = torch.nn.functional.layer_norm(seen, (32,)).mean(1)
        torch.testing.assert_close(
            found[seed], (last @ w["w_last"] + w["b_last"]).relu(), rtol=1e-4, atol=1e-5
        )
