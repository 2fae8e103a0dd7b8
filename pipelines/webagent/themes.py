"""Looks of pages: each theme has its own markup, class names and labels for the same things."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from schemas.webagent.params import THEMES

LABELS: Mapping[str, tuple[str, str, str, str]] = {
    # real estate
    "city": ("City", "Town", "Location", "Where"),
    "type": ("Property type", "Kind of home", "Type", "What"),
    "beds": ("Bedrooms", "Beds", "Number of bedrooms", "Sleeping rooms"),
    "baths": ("Bathrooms", "Baths", "Number of bathrooms", "Washrooms"),
    "price": ("Maximum rent", "Rent up to", "Price limit", "Highest price"),
    "pets": ("Pets allowed", "Pets", "Pet policy", "Animals welcome"),
    "amenity": ("Amenities", "Features", "Comforts", "Must have"),
    "sort": ("Sort by", "Order", "Sorted", "Show first"),
    "search": ("Search homes", "Find a home", "Search", "Look for homes"),
    "apply": ("Apply filters", "Update list", "Refine", "Show matches"),
    "message": ("Your message", "Message", "Write to the agent", "Your question"),
    "send": ("Send message", "Send", "Contact agent", "Submit question"),
    "save": ("Save home", "Keep this home", "Add to saved", "Remember this one"),
    # forum
    "words": ("Search posts", "Search for", "Keywords", "Looking for"),
    "find": ("Search", "Go", "Find posts", "Find"),
    "community": ("Community", "Group", "In community", "Circle"),
    "comment": ("Your comment", "Add a comment", "Reply", "Join the talk"),
    "publish_comment": ("Post comment", "Comment", "Send reply", "Say it"),
    "up": ("Upvote", "Vote up", "Like", "Agree"),
    "down": ("Downvote", "Vote down", "Dislike", "Disagree"),
    "subscribe": ("Subscribe", "Join", "Follow community", "Become a member"),
    "keep_post": ("Save post", "Bookmark", "Keep post", "Read later"),
    "login": ("Log in", "Sign in", "Member login", "Enter"),
    "user": ("User name", "Handle", "Member name", "Nickname"),
    "password": ("Password", "Passphrase", "Your password", "Secret word"),
    "enter": ("Log me in", "Continue", "Open my account", "Let me in"),
    "new_post": ("Create post", "New post", "Write a post", "Start a topic"),
    "title": ("Title", "Headline", "Subject", "Topic"),
    "body": ("Text", "Body", "What do you want to say?", "Your words"),
    "publish": ("Publish", "Post it", "Submit post", "Send topic"),
    # map
    "place": ("Search places", "Place or address", "Find a place", "Look on the map for"),
    "look": ("Search map", "Find places", "Show on map", "Look"),
    "kind": ("Category", "Kind", "Type of place", "Sort of place"),
    "open": ("Open now", "Only open places", "Currently open", "Open at this hour"),
    "rating": ("Minimum rating", "Rated at least", "Stars from", "Lowest rating"),
    "narrow": ("Filter", "Update map", "Narrow down", "Show these"),
    "list": ("Save to list", "List", "Add to", "Which list"),
    "keep": ("Save place", "Add", "Keep place", "Put on list"),
    "planner": ("Route planner", "Plan a trip", "Trips", "Journeys"),
    "directions": ("Directions", "Route to here", "Get directions", "How to get there"),
    "from": ("From", "Start", "Starting point", "Where you are"),
    "to": ("To", "Destination", "End point", "Where you go"),
    "mode": ("Travel mode", "Means of travel", "Travel by", "How you travel"),
    "avoid": ("Avoid", "Stay away from", "Route without", "Leave out"),
    "route": ("Show route", "Plan route", "Calculate route", "Find my way"),
    "keep_route": ("Save route", "Keep route", "Store this route", "Remember the way"),
    # everywhere
    "any": ("Any", "No preference", "All", "Whatever"),
    "home": ("Home", "Start page", "Overview", "Front"),
    "help": ("Help pages", "Ask us", "Search the help", "Questions"),
    "accept": ("Accept cookies", "Fine with me", "Agree and close", "All right"),
}


@dataclass(frozen=True)
class Theme:
    """One layout.

    Attributes:
        name: of ``params.THEMES``.
    """

    name: str

    @property
    def at(self) -> int:
        """Its place among the themes."""
        return THEMES.index(self.name)

    def label(self, key: str) -> str:
        """What the theme calls something."""
        return LABELS[key][self.at]

    def cls(self, word: str) -> str:
        """The class name that the theme has for something: it says nothing, as build tools do."""
        made = hashlib.sha256(f"{self.name}|{word}".encode()).hexdigest()
        return f"{'abcdefghijklmnop'[int(made[0], 16)]}{made[1:7]}"
