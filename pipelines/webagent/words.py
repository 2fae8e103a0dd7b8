"""Words that record sets are made of: each split has its own names, both share the language."""

from __future__ import annotations

from collections.abc import Mapping

Split = str
"""``train`` or ``eval``."""

CITIES: Mapping[Split, tuple[str, ...]] = {
    "train": ("Alderholt", "Brindley", "Carrowmere", "Dunstead", "Eastwick Bay", "Fernhurst"),
    "eval": ("Kelworth", "Larchmont Vale", "Millbrook Hythe", "Northolme", "Oakhaven", "Penrose"),
}
STREETS: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "Ash Lane", "Beech Road", "Canal Street", "Dovecote Row", "Elm Terrace", "Foundry Street",
        "Garden Walk", "Harbour Road", "Ivy Close", "Juniper Way", "Kiln Street", "Linden Avenue",
    ),
    "eval": (
        "Market Street", "Nursery Lane", "Orchard Road", "Priory Close", "Quay Street",
        "Rosemary Way", "Station Road", "Tannery Lane", "Union Street", "Vineyard Row",
        "Willow Avenue", "Yew Tree Close",
    ),
}  # fmt: skip
PEOPLE: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "Ada Brook", "Ben Carver", "Cleo Dane", "Dara Ellis", "Edwin Frost", "Fay Grove",
        "Gil Harper", "Hana Irving", "Ian Joss", "June Keller",
    ),
    "eval": (
        "Kit Lowell", "Lena Marsh", "Milo Norton", "Nora Osborn", "Otto Pell", "Pia Quill",
        "Rafe Stroud", "Sana Tully", "Theo Upton", "Una Vance",
    ),
}  # fmt: skip
HANDLES: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "amber_owl", "basalt7", "copperkite", "drizzle_dan", "evenkeel", "fernwalker", "gritstone",
        "halfpenny", "inkwell_9", "jackdaw",
    ),
    "eval": (
        "kestrel_k", "lowtide", "mossy_mo", "nightbus", "old_orchard", "pebblebed", "quietquarry",
        "rainshadow", "saltmarsh", "tin_lantern",
    ),
}  # fmt: skip
COMMUNITIES: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "allotments", "bookbinding", "cycling", "darning", "espresso", "fermenting", "guitars",
        "hiking",
    ),
    "eval": (
        "inkpens", "jigsaws", "kayaking", "lathes", "mapmaking", "narrowboats", "origami",
        "pottery",
    ),
}  # fmt: skip
THINGS: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "old tool chest", "first repair", "winter routine", "cheap starter set", "broken clasp",
        "weekend project", "storage shelf", "loose thread", "leaking joint", "spare wheel",
        "favourite beginner book", "noisy bearing", "spring clean", "second attempt", "lost manual",
        "shared workshop",
    ),
    "eval": (
        "blunt edge", "cracked handle", "rainy season plan", "worn-out strap", "club evening",
        "travel kit", "left-handed setup", "uneven glaze", "squeaky hinge", "first big order",
        "quiet corner", "faded label", "missing piece", "long crossing", "night session",
        "summer exchange",
    ),
}  # fmt: skip
ASKING = (
    "How do you deal with a {}?", "My {} after one year", "What I learned from a {}",
    "Help with a {}", "A short guide to the {}", "Is a {} worth it?", "Show us your {}",
    "The {} that changed my mind", "Looking for a {}", "Why every {} is different",
)  # fmt: skip
PLACE_NAMES: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "Acorn", "Blue Door", "Copper Kettle", "Dancing Crane", "Evergreen", "Fox and Lantern",
        "Golden Mean", "Hollow Oak", "Iron Bridge", "Jade Garden", "Kingfisher", "Little Owl",
        "Meridian", "Nine Elms",
    ),
    "eval": (
        "Old Mill", "Paper Boat", "Quiet Hour", "Red Barn", "Silver Birch", "Three Larks",
        "Umber", "Velvet Fig", "Weathervane", "Yellow Heron", "Zephyr", "Stone Ferry",
        "Open Gate", "Northern Light",
    ),
}  # fmt: skip
PLACE_KINDS = {
    "cafe": "Cafe",
    "restaurant": "Restaurant",
    "museum": "Museum",
    "pharmacy": "Pharmacy",
    "library": "Library",
    "park": "Park",
    "bakery": "Bakery",
    "hotel": "Hotel",
}
SAID: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "Please call me back this week", "I would like to see it on Monday",
        "Is it still available?", "Could you send me the floor plan?",
        "May I visit in the afternoon?", "When could I move in?",
    ),
    "eval": (
        "I can come by on Thursday", "What are the running costs?", "Is parking nearby easy?",
        "Please tell me more about the street", "Could we meet at noon?",
        "How long has it been empty?",
    ),
}  # fmt: skip
REPLIES: Mapping[Split, tuple[str, ...]] = {
    "train": (
        "Thanks, this helped me a lot", "I had the same trouble last year",
        "Try it with less pressure", "Could you post a picture?", "Well explained",
        "I would start with the smaller one",
    ),
    "eval": (
        "Good advice, saved for later", "Mine lasted ten years", "Let it dry over night first",
        "Which supplier do you use?", "That is a neat trick", "I disagree with the second point",
    ),
}  # fmt: skip
OPENERS = (
    "The house stands", "Neighbours say", "In the morning", "On most evenings", "A short walk away",
    "Since last spring", "For many visitors", "At the back", "Seen from the street", "After rain",
)  # fmt: skip
MIDDLES = (
    "there is more light than one would expect", "people stop to talk for a while",
    "the rooms keep the warmth of the day", "somebody has planted herbs along the wall",
    "the bells can be heard from the square", "a small stair leads to the upper floor",
    "everything has been painted in a pale green", "the old boards were kept and oiled",
    "the bus leaves every twenty minutes", "there is room for two bicycles and a bench",
    "the water tastes of the hills", "the owner has written down how it all works",
)  # fmt: skip
ENDINGS = (
    "which is rare in this part of town", "and nobody seems to mind", "as it has been for years",
    "so bring good shoes", "though not on Sundays", "and the view is open to the river",
    "with a key from the office", "while the market is on", "and that is all one needs",
    "if the gate is left open",
)  # fmt: skip

AMENITIES = (
    "dishwasher", "parking", "balcony", "garden", "lift", "fireplace", "storage", "bicycle room"
)  # fmt: skip
AMENITY_SLOTS = {
    "train": ("dishwasher", "parking", "balcony", "storage"),
    "eval": ("garden", "lift", "fireplace", "bicycle room"),
}
TYPES = {"flat": "Flat", "house": "House", "studio": "Studio", "townhouse": "Townhouse"}
TYPE_SLOTS = {"train": ("flat", "studio"), "eval": ("house", "townhouse")}
BED_SLOTS = {"train": ("1", "3"), "eval": ("2", "4")}
BATH_SLOTS = {"train": ("1",), "eval": ("2",)}
PRICES = ("900", "1100", "1300", "1500", "1700", "1900", "2100", "2300")
PRICE_SLOTS = {
    "train": ("1100", "1500", "1900", "2300"),
    "eval": ("1300", "1700", "2100"),
}
PETS = {"cats": "Cats", "dogs": "Dogs"}
PET_SLOTS = {"train": ("cats",), "eval": ("dogs",)}
KIND_SLOTS = {
    "train": ("cafe", "museum", "library", "bakery"),
    "eval": ("restaurant", "pharmacy", "park", "hotel"),
}
RATINGS = ("3", "3.5", "4", "4.5")
RATING_SLOTS = {"train": ("3", "4"), "eval": ("3.5", "4.5")}
LISTS = {
    "favourites": "Favourites",
    "wanted": "Want to go",
    "starred": "Starred",
    "travel": "Travel plans",
}
LIST_SLOTS = {"train": ("favourites", "wanted"), "eval": ("starred", "travel")}
MODES = {"drive": "By car", "walk": "On foot", "cycle": "By bicycle", "bus": "By bus"}
MODE_SLOTS = {"train": ("drive", "walk"), "eval": ("cycle", "bus")}
AVOID = {"tolls": "Tolls", "ferries": "Ferries", "highways": "Highways", "hills": "Hills"}
AVOID_SLOTS = {"train": ("tolls", "hills"), "eval": ("ferries", "highways")}
PASSWORDS = {
    "train": ("maple-41", "river-17", "stone-88", "cloud-23"),
    "eval": ("ember-52", "slate-90", "birch-64", "tidal-35"),
}
