"""The 22 base tasks, the 50 compositions and how a composition is named.

Source: Furuta et al., "Exposing Limitations of Language Model Agents in Sequential-Task
Compositions on the Web" (arXiv 2311.18751) and the names of its public pages; a page's name is its
parts in execution order, with the suffix ``-transition`` where later parts appear on a new view.
"""

from __future__ import annotations

from dataclasses import dataclass

from measurand.errors import InputError
from schemas.compwob.params import BASE_TASKS, MEDIUM, Layout

_TWO = (
    "click-button-sequence_click-checkboxes",
    "click-button-sequence_click-option",
    "click-button-sequence_login-user-popup",
    "click-button_click-checkboxes",
    "click-button_click-checkboxes-transfer",
    "click-button_click-dialog",
    "click-button_click-link",
    "click-button_click-option",
    "click-link_click-button",
    "click-link_click-dialog",
    "click-link_click-widget",
    "click-link_enter-text",
    "click-option_enter-text",
    "click-option_login-user",
    "click-option_navigate-tree",
    "click-widget_enter-password",
    "click-widget_multi-layouts",
    "enter-password_click-option",
    "login-user_navigate-tree",
    "multi-layouts_login-user",
)
_TWO_MEDIUM = (
    "click-button-sequence_use-autocomplete",
    "click-button_click-tab-2-hard",
    "click-checkboxes-soft_enter-password",
    "click-checkboxes-soft_multi-layouts",
    "click-dialog-2_click-widget",
    "click-dialog-2_login-user-popup",
    "click-dialog_search-engine",
    "click-widget_click-checkboxes-soft",
    "enter-date_login-user",
    "use-autocomplete_click-dialog",
)
_THREE = (
    "click-button-sequence_click-option_login-user",
    "click-button_click-option_login-user",
    "click-checkboxes-transfer_click-button-sequence_enter-password",
    "click-checkboxes-transfer_enter-password_click-dialog",
    "click-checkboxes_click-widget_click-button-sequence",
    "click-dialog_click-button-sequence_enter-password",
    "click-dialog_click-checkboxes-transfer_click-widget",
    "click-link_click-button_click-dialog",
    "click-widget_click-option_click-dialog",
    "enter-password_click-checkboxes_login-user-popup",
)
_MORE = (
    "click-link_click-button_click-checkboxes_click-dialog",
    "click-link_click-button_click-checkboxes_click-option_click-dialog",
    "click-widget_click-link_click-button_click-checkboxes_click-option_click-dialog",
    "click-button-sequence_click-widget_click-link_click-button_click-checkboxes_click-option"
    "_click-dialog",
    "click-button-sequence_click-widget_click-link_click-button_click-checkboxes_click-option"
    "_click-dialog_login-user",
)
_TRANSITION = (
    "click-option_login-user-transition",
    "login-user_navigate-tree-transition",
    "login-user-popup_email-inbox-forward-nl-turk-transition",
    "click-checkboxes-transfer_multi-layouts_email-inbox-forward-nl-transition",
    "click-option_multi-layouts_click-widget_login-user-popup-transition",
)
PAIRED_VIEWS = "click-option_multi-layouts_click-widget_login-user-popup-transition"
"""The one published page whose views hold two parts each."""
NAMES = (*_TWO, *_TWO_MEDIUM, *_THREE, *_MORE, *_TRANSITION)
"""The 50 published compositions."""
SUFFIX = "-transition"


@dataclass(frozen=True)
class Composition:
    """A sequence of base tasks on one page.

    Attributes:
        name: parts joined by ``_``, with ``-transition`` where there are views.
        parts: base tasks in execution order.
        category: ``base``, ``two``, ``two_medium``, ``three``, ``more``, ``transition``, ``extra``.
        layout: ``single``: all panels at once; ``transition``: one view after the other.
        views: indices of the parts that are shown together.
    """

    name: str
    parts: tuple[str, ...]
    category: str
    layout: Layout
    views: tuple[tuple[int, ...], ...]


def compose(parts: tuple[str, ...], *, transition: bool = False) -> Composition:
    """The composition of these base tasks.

    Raises:
        InputError: a part is no base task, or there is none.
    """
    if unknown := [part for part in parts if part not in BASE_TASKS]:
        raise InputError(
            f"no such base task: {', '.join(unknown)}", hint=f"one of {', '.join(BASE_TASKS)}"
        )
    if not parts:
        raise InputError("a composition needs a part", hint="list base tasks")
    name = "_".join(parts) + (SUFFIX if transition else "")
    every = range(len(parts))
    views: tuple[tuple[int, ...], ...] = (
        tuple((i,) for i in every) if transition else (tuple(every),)
    )
    if name == PAIRED_VIEWS:
        views = ((0, 1), (2, 3))
    layout: Layout = "transition" if transition else "single"
    return Composition(name, parts, _category(name, parts), layout, views)


def composition(name: str) -> Composition:
    """A base task or composition by its name.

    Raises:
        InputError: a part is no base task.
    """
    transition = name.endswith(SUFFIX)
    return compose(tuple(name.removesuffix(SUFFIX).split("_")), transition=transition)


def _category(name: str, parts: tuple[str, ...]) -> str:
    if len(parts) == 1:
        return "base"
    groups = {
        "two": _TWO,
        "two_medium": _TWO_MEDIUM,
        "three": _THREE,
        "more": _MORE,
        "transition": _TRANSITION,
    }
    return next((group for group, names in groups.items() if name in names), "extra")


def is_easy(task: str) -> bool:
    """Whether a base task is one of the 16 easy ones."""
    return task in BASE_TASKS and task not in MEDIUM
