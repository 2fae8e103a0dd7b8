from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.webagent.pretraining import Network, Pretraining

NET = {"width": 64, "heads": 4, "mlp": 128, "encoder_layers": 2, "decoder_layers": 2}


def test_defaults_are_those_of_the_paper_s_encoder() -> None:
    net = Network.model_validate(NET)
    assert (net.radius, net.block, net.buckets, net.distance) == (127, 16, 32, 128)


@pytest.mark.parametrize("given", [{"buckets": 10}, {"buckets": 32, "distance": 16}, {"heads": 0}])
def test_sizes_that_fit_no_formula_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Network.model_validate(NET | given)
    with pytest.raises(ValidationError):
        Pretraining.model_validate(
            {"network": NET | given, "input": 64, "target": 32, "steps": 1, "batch": 1, "lr": 1}
        )
