"""Instructions of the real estate site."""

from __future__ import annotations

import numpy as np

from pipelines.webagent import words
from pipelines.webagent.estate import SORTS, matching
from pipelines.webagent.goals import Act, Goal, Template, Want
from pipelines.webagent.records import homes, split_of

TRIES = 500
_POOLS = {
    "city": words.CITIES,
    "type": words.TYPE_SLOTS,
    "beds": words.BED_SLOTS,
    "baths": words.BATH_SLOTS,
    "price": words.PRICE_SLOTS,
    "pets": words.PET_SLOTS,
    "amenity": words.AMENITY_SLOTS,
}
TEMPLATES = (
    Template("estate-cheapest-beds", "train", (
        "Find the cheapest home with {beds} bedrooms in {city} and open it.",
        "I need {beds} bedrooms in {city}; show me the page of the one with the lowest rent.",
    ), ("city", "beds", "sort:cheap", "open")),
    Template("estate-filter-type", "train", (
        "List every {type} in {city} that costs at most {price} a month.",
        "Show what {city} has in the way of a {type}, up to a rent of {price}.",
    ), ("city", "type", "price")),
    Template("estate-pets-amenity", "train", (
        "Which homes in {city} take {pets} and have a {amenity}? Show the list.",
        "Look in {city} for homes where {pets} are allowed and there is a {amenity}.",
    ), ("city", "pets", "amenity")),
    Template("estate-contact-cheap", "train", (
        "In {city}, take the cheapest {type} and tell its agent: {message}",
        'Write "{message}" to the agent of the {type} with the lowest rent in {city}.',
    ), ("city", "type", "sort:cheap", "open", "contact")),
    Template("estate-save-cheap", "train", (
        "Save the cheapest home in {city} that has a {amenity}.",
        "Of the homes in {city} with a {amenity}, remember the one with the lowest rent.",
    ), ("city", "amenity", "sort:cheap", "open", "save")),
    Template("estate-rooms", "train", (
        "Show homes in {city} with {beds} bedrooms and {baths} bathroom below {price}.",
        "I look for {beds} bedrooms, {baths} bathroom, rent up to {price}, in {city}.",
    ), ("city", "beds", "baths", "price")),
    Template("estate-newest-contact", "train", (
        "Ask the agent of the home in {city} that was offered last and has {beds} bedrooms: "
        "{message}",
        'The newest home in {city} with {beds} bedrooms: send its agent "{message}"',
    ), ("city", "beds", "open", "contact")),
    Template("estate-newest-save", "train", (
        "Keep the most recent {type} in {city} that allows {pets}.",
        "Save the {type} in {city} that was offered most recently among those taking {pets}.",
    ), ("city", "type", "pets", "open", "save")),
    Template("estate-largest", "eval", (
        "What is the biggest place in {city} for at most {price} a month? Open its page.",
        "Get me to the page of the most spacious home of {city} with a rent within {price}.",
    ), ("city", "price", "sort:large", "open")),
    Template("estate-largest-pets", "eval", (
        "My {pets} and I want lots of room: put the largest {type} in {city} on my saved homes.",
        "Add to my saved homes the {type} in {city} with most square metres, {pets} welcome.",
    ), ("city", "type", "pets", "sort:large", "open", "save")),
    Template("estate-family", "eval", (
        "We are a family moving to {city} and want {beds} bedrooms, {baths} bathrooms and a "
        "{amenity}. Show us all there is.",
        "Bring up {city} offers: {beds} bedrooms, {baths} bathrooms, {amenity}.",
    ), ("city", "beds", "baths", "amenity")),
    Template("estate-largest-ask", "eval", (
        'Contact whoever offers the largest home with a {amenity} in {city}, with the words '
        '"{message}"',
        "For the most spacious home in {city} that comes with a {amenity}, put this question to "
        "the agent: {message}",
    ), ("city", "amenity", "sort:large", "open", "contact")),
    Template("estate-budget", "eval", (
        "A {type} in {city}, {beds} bedrooms, nothing above {price}: what is on offer?",
        "Narrow {city} down to each {type} of {beds} bedrooms within {price} monthly.",
    ), ("city", "type", "beds", "price")),
    Template("estate-latest-ask-save", "eval", (
        "Take the latest {type} on the market in {city}, keep it, and ask: {message}",
        'The {type} in {city} that came up last: save it and then write "{message}"',
    ), ("city", "type", "open", "save", "contact")),
)  # fmt: skip


def fill(template: Template, rng: np.random.Generator, records: int) -> Goal | None:
    """Fill a template's slots so that two homes at least are left; None where none are found."""
    split, parts = split_of(records), template.parts
    filters = [part for part in parts if part in _POOLS]
    sort = next((part.split(":")[1] for part in parts if part.startswith("sort:")), "")
    for _ in range(TRIES):
        slots = {key: str(rng.choice(_POOLS[key][split])) for key in filters}
        query = {**slots, **({"sort": sort} if sort else {})}
        found = matching(homes(records), query)
        if len(found) >= 2:
            break
    else:
        return None
    wants = [Want("query", key, value) for key, value in query.items()]
    acts = [Act("type", "city", slots["city"]), Act("press", "search")]
    narrow = [_narrow(key, slots[key]) for key in filters if key != "city"]
    if sort:
        narrow.append(Act("choose", "sort", dict(SORTS)[sort]))
    if narrow:
        acts += [*narrow, Act("press", "apply")]
    if "open" in parts:
        wants.append(Want("opened", "", found[0].id))
        acts.append(Act("follow", found[0].title))
    if "save" in parts:
        wants.append(Want("save", "home", found[0].id))
        acts.append(Act("press", "save"))
    if "contact" in parts:
        slots["message"] = str(rng.choice(words.SAID[split]))
        wants += [
            Want("contact", "home", found[0].id),
            Want("contact", "message", slots["message"]),
        ]
        acts += [Act("type", "message", slots["message"]), Act("press", "send")]
    return Goal(slots, tuple(acts), tuple(wants), "homes")


def _narrow(key: str, value: str) -> Act:
    if key == "amenity":
        return Act("tick", value.capitalize())
    shown = {
        "type": words.TYPES.get(value, ""),
        "price": f"{value} a month",
        "pets": words.PETS.get(value, ""),
    }
    return Act("choose", key, shown.get(key, value))
