"""What a network looks like: its sizes, its trunk, and the cells that its inputs make."""

from __future__ import annotations

from dataclasses import dataclass

from measurand.errors import ParamsError
from schemas.value_functions.params import Trunk


@dataclass(frozen=True)
class Net:
    """What a network looks like.

    Attributes:
        inputs: numbers that go in.
        width: units of the last hidden layer.
        outputs: numbers that come out.
        trunk: what lies below it.
        channels: numbers a cell.
        side: of a square board, whose planes follow one another; 0 where the inputs are a row of
            cells, each with its channels together.
        experts: of a mixture.
        blocks: of a ResNet or a transformer.
        scale: what inputs are multiplied by.

    Raises:
        ParamsError: a ResNet without a board.
    """

    inputs: int
    width: int
    outputs: int
    trunk: Trunk = "dense"
    channels: int = 1
    side: int = 0
    experts: int = 1
    blocks: int = 2
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.trunk == "resnet" and not self.side:
            raise ParamsError(
                "a ResNet needs a board: chess, digits, MinAtar or Atari",
                hint="take trunk dense, moe or transformer",
            )

    @property
    def cells(self) -> int:
        """Cells of the board or the row."""
        return self.side**2 if self.side else -(-self.inputs // self.channels)
